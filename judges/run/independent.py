"""What a program computes by somebody else's lowering: upstream's passes and mlir-runner, from the same text, on the same arrays.

The module is printed, given a main that calls each function once for each round of inputs, lowered by mlir-opt-22 and run by
mlir-runner-22. Bytes go in by standard input and come out by standard output, both plain files, so that every bit arrives: NaNs,
subnormals and zeros with their signs. A program on nd first goes through our `nd-to-linalg`; one on gpu cannot be run, because
upstream has no path that runs a grid on a CPU.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import MemRefType, ModuleOp, NoneAttr, StringAttr, SymbolRefAttr, TensorType
from xdsl.dialects.func import CallOp, FuncOp
from xdsl.ir import Attribute

from rung.backends.reference.evaluate import outs_of
from rung.backends.reference.values import Array, dtype_of, element_type, is_shaped, poison, shape_of
from rung.judges.upstream import ToolAbsent, find_mlir_opt, first_error

PASSES = (
    # tensors to memory; a function's parameters are ours, so copies are made where it would write into them
    "one-shot-bufferize{bufferize-function-boundaries=true function-boundary-type-conversion=identity-layout-map}",
    "convert-linalg-to-loops",
    "func.func(scf-forall-to-for)",
    "func.func(lower-vector-multi-reduction)",
    "convert-vector-to-scf{full-unroll=true}",
    "expand-strided-metadata",
    "lower-affine",
    "convert-scf-to-cf",
    "math-expand-ops{ops=rsqrt,fpowi}",  # else the JIT looks for a function rsqrtf
    "convert-math-to-llvm",  # first: convert-math-to-libm refuses math.absi
    "convert-math-to-libm",
    "convert-vector-to-llvm",
    "expand-strided-metadata",
    "lower-affine",
    "finalize-memref-to-llvm",
    "convert-func-to-llvm",
    "convert-cf-to-llvm",
    "convert-arith-to-llvm",
    "convert-index-to-llvm",
    "convert-ub-to-llvm",
    "reconcile-unrealized-casts",
)
"""Upstream's way from linalg, loops or vector to LLVM. No optimisation, and nothing of ours."""

LIBRARIES = ("libmlir_runner_utils.so.22.1", "libmlir_c_runner_utils.so.22.1", "libmlir_float16_utils.so.22.1")
TIMEOUT_SECONDS = 120
MAIN = "rung_judge_main"
_CALL = "(i32, !llvm.ptr, i64, i64) -> i64"
"""Of libc's pread64 and pwrite64, which runs find without a library: file, memory, bytes, place in the file."""


class NotRun(Exception):
    """Upstream cannot run this program; the text says why. It may be right all the same."""


def find_mlir_runner() -> str | None:
    """The path of mlir-runner 22: what RUNG_MLIR_RUNNER names, else mlir-runner-22 where it is installed."""
    return shutil.which(os.environ.get("RUNG_MLIR_RUNNER") or "mlir-runner-22")


def tools() -> tuple[str, str]:
    """mlir-opt and mlir-runner. Raises ToolAbsent."""
    found = find_mlir_opt(), find_mlir_runner()
    for tool, name in zip(found, ("mlir-opt-22", "mlir-runner-22")):
        if tool is None:
            raise ToolAbsent(f"{name} is absent, expected it on the path (Debian package mlir-22-tools)")
    assert found[0] is not None and found[1] is not None
    return found[0], found[1]


def execute(module: ModuleOp, name: str, rounds: Sequence[Sequence[Array]], ctx: Context | None = None) -> list[list[Array]]:
    """The results of `@name` for each round of inputs, as `rung.judges.run.judge.run` orders them.

    Raises NotRun where upstream has no way to run it, ToolAbsent.
    """
    opt, runner = tools()
    prefixes = {op.name.partition(".")[0] for op in module.walk()}
    if "gpu" in prefixes:
        raise NotRun("upstream has no path that runs a grid on a CPU")
    module = _renamed(_below_nd(module, ctx) if "nd" in prefixes else module.clone())
    harness = _Harness(module, f"payload_{name}")
    with TemporaryDirectory(prefix="rung-judge-") as folder:
        program, lowered, given, came = (Path(folder) / part for part in ("program.mlir", "lowered.mlir", "in", "out"))
        program.write_text("\n".join([*(str(op) for op in module.ops), harness.text(len(rounds))]), encoding="utf-8")
        given.write_bytes(b"".join(harness.bytes_of(each) for each in rounds))
        pipeline = f"--pass-pipeline=builtin.module({','.join(PASSES)})"
        _tool([opt, str(program), pipeline, "-o", str(lowered)])
        command = [runner, str(lowered), "-e", MAIN, "--entry-point-result=void", f"--shared-libs={','.join(_libraries(runner))}"]
        with given.open("rb") as stdin, came.open("wb") as stdout:
            _tool(command, stdin=stdin, stdout=stdout)
        return harness.results(came.read_bytes(), len(rounds))


def _tool(command: list[str], stdin: IO[bytes] | None = None, stdout: IO[bytes] | None = None) -> None:
    try:
        done = subprocess.run(command, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, timeout=TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        raise NotRun(f"{Path(command[0]).name} took more than {TIMEOUT_SECONDS} s") from None
    if done.returncode != 0:
        said = first_error(done.stderr.decode(errors="replace"))
        raise NotRun(f"{Path(command[0]).name} says: {said or f'exit status {done.returncode}'}")


def _libraries(runner: str) -> list[str]:
    """The runner's own libraries: beside its real place, `lib/llvm-22/bin` and `lib/llvm-22/lib`."""
    folder = Path(runner).resolve().parent.parent / "lib"
    return [str(folder / name) for name in LIBRARIES if (folder / name).exists()]


def _below_nd(module: ModuleOp, ctx: Context | None) -> ModuleOp:
    from rung.dialects.upstream import make_context
    from rung.universe import PASSES as OURS
    from rung.universe import load_pass

    clone, ctx = module.clone(), ctx or make_context()
    for name in ("nd-mark-kernels", "nd-outline-kernels", "nd-to-linalg"):
        load_pass(OURS[name])().apply(ctx, clone)
    return clone


def _renamed(module: ModuleOp) -> ModuleOp:
    """Functions with names of their own: a kernel called exp2 would be taken for the one of libm. Changes `module`."""
    for op in module.walk():
        if isinstance(op, FuncOp):
            op.properties["sym_name"] = StringAttr(f"payload_{op.sym_name.data}")
        elif isinstance(op, CallOp):
            op.properties["callee"] = SymbolRefAttr(f"payload_{op.callee.string_value()}")
    return module


class _Harness:
    """The main around one function: what it reads, calls and writes."""

    def __init__(self, module: ModuleOp, name: str):
        func = next(op for op in module.ops if isinstance(op, FuncOp) and op.sym_name.data == name)
        self.name = name
        self.parameters: list[Attribute] = list(func.function_type.inputs)
        self.returned: list[Attribute] = list(func.function_type.outputs)
        self.outs = outs_of(func)
        for type_ in (*self.parameters, *self.returned):
            _check(type_)
        written = range(len(self.parameters) - self.outs, len(self.parameters)) if self.outs else range(len(self.parameters))
        self.written = [at for at in written if _is_memref(self.parameters[at])]
        first = [self.parameters[at] for at in self.written]
        self.results_types = [*first, *self.returned] if self.outs else [*self.returned, *first]

    def bytes_of(self, inputs: Sequence[Array]) -> bytes:
        """A round's input: the arguments, and what is in the memory of results before."""
        outs = [poison(shape_of(type_), type_) for type_ in self.parameters[len(self.parameters) - self.outs :]]
        return b"".join(np.ascontiguousarray(array).tobytes() for array in (*inputs, *outs))

    def results(self, data: bytes, rounds: int) -> list[list[Array]]:
        expected = rounds * sum(map(_bytes, self.results_types))
        if len(data) != expected:
            raise NotRun(f"mlir-runner wrote {len(data)} bytes, expected {expected}")
        found: list[list[Array]] = []
        at = 0
        for _ in range(rounds):
            found.append([])
            for type_ in self.results_types:
                size = _bytes(type_)
                shape = shape_of(type_) if is_shaped(type_) else ()
                found[-1].append(np.frombuffer(data[at : at + size], dtype_of(type_)).reshape(shape))
                at += size
        return found

    def text(self, rounds: int) -> str:
        """The main, as text."""
        lines = [
            f"llvm.func @pread64{_CALL}",
            f"llvm.func @pwrite64{_CALL}",
            f"func.func @{MAIN}() {{",
            "  %zero = arith.constant 0 : index",
            "  %one = arith.constant 1 : index",
            f"  %rounds = arith.constant {rounds} : index",
            "  %stdin = arith.constant 0 : i32",
            "  %stdout = arith.constant 1 : i32",
            "  scf.for %round = %zero to %rounds step %one {",
            "    %number = arith.index_cast %round : index to i64",
        ]
        lines += self._base("read", sum(map(_bytes, self.parameters)))
        names: list[str] = []
        offset = 0
        for at, type_ in enumerate(self.parameters):
            lines += [f"    %m{at} = memref.alloc() : {_memory(type_)}"]
            lines += self._moved("pread64", "stdin", f"m{at}", type_, "read", offset)
            offset += _bytes(type_)
            if _is_tensor(type_):
                lines.append(f"    %a{at} = bufferization.to_tensor %m{at} restrict : {_memory(type_)} to {type_}")
            elif not is_shaped(type_):
                lines.append(f"    %a{at} = memref.load %m{at}[] : {_memory(type_)}")
            names.append(f"%m{at}" if _is_memref(type_) else f"%a{at}")
        results = ", ".join(f"%r{at}" for at in range(len(self.returned)))
        types = f"({', '.join(map(str, self.parameters))}) -> ({', '.join(map(str, self.returned))})"
        lines.append(f"    {results}{' = ' if results else ''}func.call @{self.name}({', '.join(names)}) : {types}")
        lines += self._base("write", sum(map(_bytes, self.results_types)))
        held: list[tuple[str, Attribute]] = []
        for at, type_ in enumerate(self.returned):
            if _is_tensor(type_):
                lines.append(f"    %h{at} = bufferization.to_buffer %r{at} : {type_} to {_memory(type_)}")
            elif not is_shaped(type_):
                lines.append(f"    %h{at} = memref.alloc() : {_memory(type_)}")
                lines.append(f"    memref.store %r{at}, %h{at}[] : {_memory(type_)}")
            held.append((f"r{at}" if _is_memref(type_) else f"h{at}", type_))
        first = [(f"m{at}", self.parameters[at]) for at in self.written]
        offset = 0
        for name, type_ in [*first, *held] if self.outs else [*held, *first]:
            lines += self._moved("pwrite64", "stdout", name, type_, "write", offset)
            offset += _bytes(type_)
        return "\n".join([*lines, "  }", "  return", "}", ""])

    def _base(self, what: str, size: int) -> list[str]:
        """Where a round's bytes begin in the file."""
        return [f"    %{what}_size = arith.constant {size} : i64", f"    %{what} = arith.muli %number, %{what}_size : i64"]

    def _moved(self, function: str, file: str, memory: str, type_: Attribute, base: str, offset: int) -> list[str]:
        new = f"{function}_{memory}"
        return [
            f"    %{new}_p = memref.extract_aligned_pointer_as_index %{memory} : {_memory(type_)} -> index",
            f"    %{new}_i = arith.index_cast %{new}_p : index to i64",
            f"    %{new}_q = llvm.inttoptr %{new}_i : i64 to !llvm.ptr",
            f"    %{new}_n = arith.constant {_bytes(type_)} : i64",
            f"    %{new}_o = arith.constant {offset} : i64",
            f"    %{new}_at = arith.addi %{base}, %{new}_o : i64",
            f"    %{new}_done = llvm.call @{function}(%{file}, %{new}_q, %{new}_n, %{new}_at) : {_CALL}",
        ]


def _is_tensor(type_: Attribute) -> bool:
    return isinstance(type_, TensorType)


def _is_memref(type_: Attribute) -> bool:
    return isinstance(type_, MemRefType)


def _check(type_: Attribute) -> None:
    """Raises NotRun for a type whose bytes the main cannot read or write."""
    if is_shaped(type_) and -1 in shape_of(type_):
        raise NotRun(f"{type_} has extents that are not known")
    if isinstance(type_, MemRefType) and not (isinstance(type_.layout, NoneAttr) and isinstance(type_.memory_space, NoneAttr)):
        raise NotRun(f"{type_} has a layout or a memory space")


def _memory(type_: Attribute) -> str:
    shape = shape_of(type_) if is_shaped(type_) else ()
    return f"memref<{''.join(f'{extent}x' for extent in shape)}{element_type(type_)}>"


def _bytes(type_: Attribute) -> int:
    shape = shape_of(type_) if is_shaped(type_) else ()
    return int(np.prod(shape, dtype=np.int64)) * dtype_of(type_).itemsize
