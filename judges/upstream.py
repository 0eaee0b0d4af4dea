"""mlir-opt of LLVM 22 as a second opinion on a module: it parses and verifies our text by upstream's own rules."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from io import StringIO

from xdsl.dialects.builtin import ModuleOp
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

TIMEOUT_SECONDS = 120


class ToolAbsent(Exception):
    """A tool that was asked for is not on this machine; the text names the package to install."""


def find_mlir_opt() -> str | None:
    """The path of mlir-opt 22: what RUNG_MLIR_OPT names, else mlir-opt-22 where it is installed."""
    return shutil.which(os.environ.get("RUNG_MLIR_OPT") or "mlir-opt-22")


def generic_text(module: ModuleOp) -> str:
    """The module in generic form: the one syntax in which upstream reads ops that it does not know, those of `nd`."""
    out = StringIO()
    Printer(stream=out, print_generic_format=True).print_op(module)
    return out.getvalue()


def upstream_judge(tool: str | None = None) -> Callable[[ModuleOp], None]:
    """A judge for PassRunner. Raises ToolAbsent where mlir-opt 22 is not there."""
    found = tool or find_mlir_opt()
    if found is None:
        raise ToolAbsent("mlir-opt-22 is absent, expected it on the path (Debian package mlir-22-tools)")

    def judge(module: ModuleOp) -> None:
        # Unknown ops are admitted for `nd` and for plug-ins only: in a dialect that upstream knows, it still refuses them.
        command = [found, "--allow-unregistered-dialect"]
        try:
            done = subprocess.run(command, input=generic_text(module), capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            raise VerifyException(f"mlir-opt took more than {TIMEOUT_SECONDS} s") from None
        if done.returncode != 0:
            raise VerifyException(f"upstream refuses: {first_error(done.stderr) or f'exit status {done.returncode}'}")

    return judge


def first_error(stderr: str) -> str:
    """`message` and the line of IR of mlir-opt's first complaint."""
    lines = stderr.splitlines()
    for number, line in enumerate(lines):
        _, mark, message = line.partition(": error: ")
        if mark:
            context = lines[number + 1].strip() if number + 1 < len(lines) else ""
            return f"{message}; at `{context}`" if context else message
    return stderr.strip()[:1000]
