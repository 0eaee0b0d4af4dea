"""`rung-opt`: run any passes of xDSL, of rung and of installed plug-ins on any file of any rung.

    rung-opt softmax.mlir -p 'nd-mark-kernels,nd-outline-kernels,nd-to-linalg'     xDSL's pipeline syntax
    rung-opt kernel.mlir -p canonicalize,cse --verify-rung loops                   hold the result to a rung's contract
    rung-opt kernel.mlir -p loops-to-vector --print-ir-after-all --timing          both on stderr
    rung-opt softmax.mlir -p my-pass --judge run                                   run it before and after, on awkward inputs
    rung-opt kernel.mlir --schedule s.mlir -p cse               a transform script first, then the passes
    rung-opt kernel.mlir --verify-total                                            prove it total, or say for which thread not

Ops are verified, and dominance and claimed contracts checked, before the first pass and after each. A pass that fails names
itself, the op and the reason, and leaves a file whose first line reruns just that pass.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from io import StringIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, ClassVar

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass, PassPipeline
from xdsl.utils.exceptions import ArgSpecParseError, DiagnosticException, VerifyException
from xdsl.xdsl_opt_main import xDSLOptMain

from rung.blame import located
from rung.cli import ended_by_interrupt
from rung.dialects.contract_rules import Refusal
from rung.dialects.contracts import RUNGS
from rung.dialects.upstream import register_dialects
from rung.files import UsageError, read_module, replacing
from rung.judges.upstream import ToolAbsent, find_mlir_opt
from rung.opt_help import close_names, print_help
from rung.parsing import Malformed, check_input, parse_bytes
from rung.passes.runner import PassFailure, PassRunner
from rung.plugins import everything

if TYPE_CHECKING:
    from rung.judges.run import RunJudge, UpstreamJudge

EACH = "each"
JUDGES = ("run", "upstream")


class RungOpt(xDSLOptMain):
    """xDSL's driver with the overlays, our checks between passes, and errors that have a place."""

    version_format: ClassVar[str] = f"rung-opt of rung {version('rung')} on xdsl {{xdsl_version}}"

    def __init__(self, args: Sequence[str] | None = None):
        self.universe = everything()
        self.parse_seconds = 0.0
        self.waiting: list[tuple[str, StringIO]] = []
        self.judges: list[RunJudge | UpstreamJudge] = []
        self.notes: list[str] = []
        super().__init__("Run passes on IR of any rung; see the end of this text for what each pass does.", args)

    def register_all_dialects(self) -> None:
        register_dialects(self.ctx, self.universe.all_dialects)

    def register_all_passes(self) -> None:
        self.available_passes.update(self.universe.all_passes)

    def register_all_targets(self) -> None:
        self.available_targets.update(self.universe.all_targets)

    def register_all_frontends(self) -> None:
        def parse(stream: IO[bytes]) -> ModuleOp:
            module = self._parse(stream.read(), 0)
            assert module is not None  # only parse_chunk, which is what runs, is asked to go on after an error
            return module

        self.available_frontends["mlir"] = parse

    def register_all_arguments(self, arg_parser: argparse.ArgumentParser) -> None:
        super().register_all_arguments(arg_parser)
        arg_parser.prog = "rung-opt"
        for action in arg_parser._actions:  # pyright: ignore[reportPrivateUsage]
            if action.dest == "passes":
                action.help = "passes to run, in xDSL's syntax: 'a,b{option=1 other=2,3},c'"
            elif action.dest == "target":
                action.help = f"what to print: mlir (default) or one of {', '.join(self.available_targets)}"
            elif action.dest == "disable_verify":
                action.help = "switch all checks between passes off"
            elif action.dest in ("print_between_passes", "time_passes"):
                action.help = argparse.SUPPRESS  # xDSL prints them between the IR on stdout; here they mean their stderr twins
        group = arg_parser.add_argument_group("checks and reports of rung (reports go to stderr)")
        group.add_argument(
            "--verify-rung",
            metavar="RUNG",
            choices=(*RUNGS, EACH),
            help=f"hold the result to the contract of {', '.join(RUNGS)}; {EACH}: the contract that each pass declares, after it",
        )
        group.add_argument(
            "--verify-total",
            action="store_true",
            help="prove the result (on loops, vector or gpu) total: in bounds, outputs written once, no races, uniform barriers",
        )
        group.add_argument("--print-ir-after-all", action="store_true", help="print the module after each pass")
        group.add_argument("--timing", action="store_true", help="print how long parsing, each pass and the checks took")
        group.add_argument(
            "--judge",
            action="append",
            choices=JUDGES,
            default=[],
            help="after each pass: run: NumPy runs the program before and after, on awkward inputs, and must get the same; "
            "upstream: mlir-opt-22 reads it, and mlir-runner-22, where it can, must compute what NumPy does (repeatable)",
        )
        group.add_argument("--judge-seed", type=int, default=0, metavar="N", help="what the judges' inputs are drawn from")
        group.add_argument(
            "--judge-limit", type=float, metavar="STEPS", help="the most that a run may cost, in steps of the evaluator"
        )
        # what `--judge upstream` was called at first
        group.add_argument("--upstream", action="append_const", const="upstream", dest="judge", help=argparse.SUPPRESS)
        group.add_argument(
            "--crash-dir",
            type=Path,
            default=Path(),
            metavar="FOLDER",
            help="where a failing pass leaves its input (default: here)",
        )
        group.add_argument(
            "--schedule",
            metavar="FILE.mlir",
            help="apply a transform script to the module, before the passes; what it prints goes to stderr",
        )
        group.add_argument(
            "--workgroup-bytes", type=int, metavar="N", help="what --verify-rung gpu and --verify-total allow a block"
        )
        arg_parser.print_help = lambda file=None: print_help(arg_parser, self.available_passes)

    def setup_pipeline(self) -> None:
        try:
            self.pipeline = PassPipeline.parse_spec(self.available_passes, self.args.passes)
        except ArgSpecParseError as problem:
            raise UsageError(f"-p {self.args.passes}: {str(problem).strip()}") from None
        except Exception as problem:
            hints = close_names(self.args.passes, self.available_passes)
            raise UsageError(f"-p {self.args.passes}: {problem}{hints}") from None
        self.judges = self._judges()
        self.runner = PassRunner(
            check=not self.args.disable_verify,
            judges=self.judges,
            workgroup_bytes=self.args.workgroup_bytes,
            dump=_dump if self.args.print_ir_after_all or self.args.print_between_passes else None,
            crash_dir=self.args.crash_dir,
        )

    def _judges(self) -> list[RunJudge | UpstreamJudge]:
        """What --judge asks for. Raises ToolAbsent."""
        asked = list(dict.fromkeys(self.args.judge))
        if not asked:
            return []
        from rung.judges.run import JUDGES
        from rung.judges.run.judge import LIMIT

        limit = LIMIT if self.args.judge_limit is None else self.args.judge_limit
        return [JUDGES[name](self.args.judge_seed, limit) for name in asked]

    def get_input_stream(self) -> tuple[IO[bytes], str]:
        if self.args.input_file in (None, "-"):
            return sys.stdin.buffer, "mlir"
        return open(self.args.input_file, "rb"), "mlir"  # whatever its extension: rung reads MLIR

    def get_input_name(self) -> str:
        return "<stdin>" if self.args.input_file in (None, "-") else self.args.input_file

    def parse_chunk(self, chunk: IO[bytes], file_extension: str, start_offset: int = 0) -> ModuleOp | None:
        if file_extension != "mlir":
            return super().parse_chunk(chunk, file_extension, start_offset)
        return self._parse(chunk.read(), start_offset)

    def _parse(self, data: bytes, line_offset: int) -> ModuleOp | None:
        started = time.perf_counter()
        implicit = not self.args.no_implicit_module
        try:
            return parse_bytes(data, self.get_input_name(), self.ctx, line_offset=line_offset, implicit_module=implicit)
        except Malformed as problem:
            if not self.args.parsing_diagnostics:
                raise
            print(problem)
            return None
        finally:
            self.parse_seconds += time.perf_counter() - started

    def apply_passes(self, prog: ModuleOp) -> None:
        try:
            self._apply_passes(prog)
        except (Malformed, PassFailure) as problem:
            if self.args.verify_diagnostics:
                raise DiagnosticException(str(problem)) from None  # xDSL's driver prints it and goes on
            raise

    def _apply_passes(self, prog: ModuleOp) -> None:
        passes = self.pipeline.passes
        asked = self.args.verify_rung
        final = None if asked == EACH else asked
        if not self.args.disable_verify:
            check_input(prog, None if passes or self.args.schedule else final)
        if self.args.schedule:
            self._schedule(prog, None if passes else final)
        try:
            self.runner.run(self.ctx, prog, [])  # which shows the input to the judges
        except VerifyException as problem:
            raise Malformed(f"{self.get_input_name()}:1:1: error: {problem}") from None
        if asked == EACH:
            self.runner.run(self.ctx, prog, passes, _declared(passes))
        else:
            self.runner.run(self.ctx, prog, passes[:-1])
            self.runner.run(self.ctx, prog, passes[-1:], {passes[-1].name: final} if passes and final is not None else None)
        if self.args.verify_total:
            self._prove(prog)

    def _schedule(self, prog: ModuleOp, final: str | None) -> None:
        from rung.schedules.engine import ScriptError, apply_schedule

        script = read_module(self.args.schedule, self.ctx)
        try:
            apply_schedule(prog, script, out=sys.stderr)
        except ScriptError as problem:
            raise Malformed(str(problem)) from None
        if not self.args.disable_verify:
            check_input(prog, final)

    def _prove(self, prog: ModuleOp) -> None:
        from rung.passes.rung_verify_total import require_total

        try:
            report = require_total(prog, self.args.workgroup_bytes)
        except Refusal as problem:
            raise Malformed(located(problem, prog, f"error: {problem}")) from None
        self.notes.append(f"{report} in {report.seconds * 1e3:.1f} ms")

    def prepare_output(self) -> IO[str]:
        # Kept back until everything has gone well: `rung-opt x.mlir -o x.mlir` must not lose x.mlir to a failing pass.
        if self.args.output_file is None:
            return super().prepare_output()
        held = _Held()
        self.waiting.append((self.args.output_file, held))
        return held

    def finish(self) -> None:
        """Write the output file, print the timings."""
        for name, held in self.waiting:
            with replacing(name) as file:
                file.write(held.getvalue().encode("utf-8"))
        for line in self.notes:
            print(f"rung-opt: {line}", file=sys.stderr)
        for judge in self.judges:
            for line in (*judge.notes, judge.summary()):
                print(f"rung-opt: {line}", file=sys.stderr)
        if self.args.timing or self.args.time_passes:
            _print_timings(self.parse_seconds, self.runner)


class _Held(StringIO):
    """Output that outlives the `close` of xDSL's driver."""

    def close(self) -> None:
        pass


def _declared(passes: Sequence[ModulePass]) -> dict[str, str]:
    """The rung that holds after each pass: what the pipeline says of ours, the class attribute `rung_after` of others."""
    from rung.pipeline import PIPELINE

    ours = {step.name: step.rung for step in PIPELINE}
    found = {pass_.name: ours.get(pass_.name, getattr(pass_, "rung_after", None)) for pass_ in passes}
    return {name: rung for name, rung in found.items() if rung is not None}


def _dump(pass_name: str, module: ModuleOp) -> None:
    print(f"// -----// IR after {pass_name} //----- //\n{module!s}\n", file=sys.stderr)


def _print_timings(parse_seconds: float, runner: PassRunner) -> None:
    rows = [("parse", parse_seconds), *runner.timings, ("checks", runner.checking_seconds)]
    for name, seconds in (*rows, ("total", sum(seconds for _, seconds in rows))):
        print(f"{seconds * 1e3:10.2f} ms  {name}", file=sys.stderr)


def main(args: Sequence[str] | None = None) -> int:
    """The console script. 0: done; 1: the input, a pass or a check failed, said on stderr; 2: wrong arguments."""
    if (tool := find_mlir_opt()) is not None:
        os.environ.setdefault("XDSL_MLIR_OPT", tool)  # read by xDSL's pass mlir-opt when it is imported
    driver: RungOpt | None = None
    if sys.stdout is None:  # pyright: ignore[reportUnnecessaryComparison] - it is None where a shell closed it
        sys.stdout = open(os.devnull, "w")
    try:
        with ended_by_interrupt():
            driver = RungOpt(args)
            driver.run()
            driver.finish()
        sys.stdout.flush()
    except Malformed as problem:
        print(problem, file=sys.stderr)  # bare, so that the line starts with the place, as editors expect
    except (UsageError, ToolAbsent, PassFailure) as problem:
        print(f"rung-opt: {problem}", file=sys.stderr)
    except BrokenPipeError:  # the reader of a pipe has gone, as `head` does
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as problem:
        print(f"rung-opt: {problem.filename or '<stdout>'}: {problem.strerror or problem}", file=sys.stderr)
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
