"""Compiles a function's ops to Python closures over numbered slots, once, and runs them.

A value of the IR is a slot of its function's frame (a list). A rule looks at one op and returns the step that computes it, or
None where there is nothing to do; a block is the list of its steps. An op that can reach a `gpu.barrier` becomes a generator
step, which yields a `Meeting` each time its thread has to wait for others; everything else stays a plain call.

Inside the body of a linalg op the same steps run on whole arrays, one entry an iteration (`Scope.wide`); what then depends on the
data (scf.if, a guarded load) looks at the mask in the slot `MASK`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from itertools import product
from typing import Any, TypeAlias

import numpy as np
from xdsl.dialects.builtin import ModuleOp, StringAttr, SymbolRefAttr
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from .races import Clock, Race
from .values import EvaluationError, TooMuch, Unsupported, counted

Frame: TypeAlias = list[Any]
Step: TypeAlias = Callable[[Frame], Any]
Rule: TypeAlias = Callable[["Scope", Operation], Step | None]
Observer: TypeAlias = Callable[[Operation, Callable[[SSAValue], Any]], None]
"""Called before an op runs, with the op and what looks up the value that one of its operands has now."""

Wait: TypeAlias = Generator["Meeting", Any, None]
"""What a generator step returns: it yields meetings, and is sent what came of them."""

THREAD, MASK = 0, 1
"""Slots every frame has: the gpu thread it runs in, and (in wide mode) which iterations of a linalg op run."""


MEETINGS = frozenset(("gpu.barrier", "gpu.shuffle", "gpu.subgroup_reduce", "gpu.all_reduce"))
"""Ops at which the threads of a block wait for each other."""


class Meeting:
    """A thread waits at `op`, bringing the values of its operands."""

    __slots__ = ("op", "values")

    def __init__(self, op: Operation, values: list[Any]):
        self.op, self.values = op, values


class Body:
    """A compiled block. `yields` are the slots of the terminator's operands."""

    def __init__(self, scope: Scope, ops: list[Operation], steps: list[Step], args: list[int], terminator: Operation | None):
        self.args, self.terminator = args, terminator
        self.yields = scope.slots(terminator.operands) if terminator else []
        waits = [scope.program.suspends(op) for op in ops]
        self.suspends = any(waits)

        def blame(step: Step | None, problem: Exception) -> Exception:
            """The error with its op named: what a race or NumPy says knows nothing of the program."""
            if step is None:
                return problem
            return scope.error(ops[steps.index(step)], _reason(problem))

        def run(frame: Frame) -> None:
            step = None
            try:
                for step in steps:
                    step(frame)
            except EvaluationError:
                raise
            except Exception as problem:
                raise blame(step, problem) from problem

        def generate(frame: Frame) -> Wait:
            step = None
            try:
                for wait, step in zip(waits, steps):
                    if wait:
                        yield from step(frame)
                    else:
                        step(frame)
            except EvaluationError:
                raise
            except Exception as problem:
                raise blame(step, problem) from problem

        self.run = run
        self.generate = generate


class Function:
    """A compiled func.func or gpu.func. `template` is a frame that already holds the constants."""

    def __init__(self, name: str, op: Operation, body: Body, template: Frame):
        self.name, self.op, self.body, self.template = name, op, body, template

    def frame(self, args: Sequence[Any], thread: Any) -> Frame:
        frame = self.template.copy()
        frame[THREAD] = thread
        for slot, value in zip(self.body.args, args):
            frame[slot] = value
        return frame

    def results(self, frame: Frame) -> list[Any]:
        return [frame[slot] for slot in self.body.yields]


class Program:
    """One evaluation of a module: its symbols, the order of parallel iterations, the clock that finds races."""

    def __init__(self, module: ModuleOp, rules: Mapping[str, Rule], order: str, seed: int, observer: Observer | None):
        if order not in ("forward", "reversed", "shuffled"):
            raise ValueError(f'thread_order is "{order}", expected forward, reversed or shuffled')
        self.rules, self.observer = rules, observer
        self.clock = Clock()
        self.globals: dict[Operation, Any] = {}
        self._order, self._rng = order, np.random.default_rng(seed)
        self._compiled: dict[Operation, Function] = {}
        self._suspends: dict[Operation, bool] = {}
        self.symbols: dict[str, Operation] = {}
        self._collect(module.body, "")

    def _collect(self, region: Region, prefix: str) -> None:
        for block in region.blocks:
            for op in block.ops:
                name = op.properties.get("sym_name", op.attributes.get("sym_name"))
                if isinstance(name, StringAttr):
                    self.symbols[prefix + name.data] = op
                    if op.name in ("gpu.module", "builtin.module"):
                        self._collect(op.regions[0], f"{prefix}{name.data}::")

    def lookup(self, ref: Attribute | None, near: str = "") -> Operation:
        """The op a symbol reference names, seen from a function whose full name is `near` (so `kernels::f` sees `kernels::g`)."""
        assert isinstance(ref, SymbolRefAttr)
        name = "::".join([ref.root_reference.data, *(part.data for part in ref.nested_references)])
        scope = near
        while True:
            scope = scope.rpartition("::")[0]
            found = self.symbols.get(f"{scope}::{name}" if scope else name)
            if found is not None:
                return found
            if not scope:
                known = ", ".join(f"@{symbol}" for symbol in self.symbols) or "nothing"
                raise EvaluationError(f"reference: there is no @{name}; the module has {known}")

    def ordered(self, ranges: Sequence[range]) -> Iterable[tuple[int, ...]]:
        """Every point of a box, in the order in which parallel iterations are to run. Raises TooMuch."""
        count = counted(*ranges)
        if count == 0:
            return ()
        if self._order == "shuffled":
            points = list(_box(ranges))
            return [points[int(i)] for i in self._rng.permutation(count)]
        return _box([one[::-1] for one in ranges] if self._order == "reversed" else ranges)

    def name_of(self, op: Operation) -> str:
        for name, found in self.symbols.items():
            if found is op:
                return name
        return "?"

    def compiled(self, op: Operation) -> Function:
        """The function of a func.func or gpu.func. Raises EvaluationError for a declaration or several blocks."""
        if op not in self._compiled:
            name = self.name_of(op)
            if not op.regions or not op.regions[0].blocks:
                raise Unsupported(f"reference: @{name} is a declaration, expected a body to run")
            scope = Scope(self, name)
            body = scope.region(op.regions[0])
            self._compiled[op] = Function(name, op, body, scope.template)
        return self._compiled[op]

    def suspends(self, op: Operation) -> bool:
        """Whether the op can reach a meeting of the threads of a block."""
        if op not in self._suspends:
            self._suspends[op] = False  # a recursive call adds nothing
            if op.name in MEETINGS:
                found = True
            elif op.name == "func.call":
                found = self.suspends(self.lookup(op.properties.get("callee"), self._enclosing(op)))
            elif op.name == "gpu.launch":
                found = False
            else:
                found = any(self.suspends(inner) for region in op.regions for block in region.blocks for inner in block.ops)
            self._suspends[op] = found
        return self._suspends[op]

    def _enclosing(self, op: Operation) -> str:
        parent = op.parent_op()
        while parent is not None and parent.name not in ("func.func", "gpu.func"):
            parent = parent.parent_op()
        return self.name_of(parent) if parent is not None else ""


def _reason(problem: Exception) -> str:
    """What an error says is told of an exception."""
    if isinstance(problem, Race | TooMuch):
        return str(problem)
    if isinstance(problem, RecursionError):
        return "nested too deeply, or a function that calls itself"
    return f"{type(problem).__name__}: {problem}"


def _box(ranges: Sequence[range]) -> Iterable[tuple[int, ...]]:
    """Every point of a box, the last coordinate running fastest."""
    if all(len(one) < 1 << 16 for one in ranges):
        return product(*ranges)  # which holds all of each range in memory
    return ((first, *rest) for first in ranges[0] for rest in _box(ranges[1:]))


class Scope:
    """What a rule sees while one function is compiled: slots for values, blocks, and the words of an error."""

    def __init__(self, program: Program, name: str):
        self.program, self.name = program, name
        self.clock = program.clock
        self.template: Frame = [None, None]
        self.wide = False
        self.dims: list[int] = []
        """Slots of the loop indices of the linalg op whose body is being compiled."""
        self.skipped: set[Operation] = set()
        """Ops that the rule around them computes itself: no steps are made for them."""
        self._slots: dict[SSAValue, int] = {}

    def fresh(self) -> int:
        """A slot for the rule's own use."""
        self.template.append(None)
        return len(self.template) - 1

    def slot(self, value: SSAValue) -> int:
        found = self._slots.get(value)
        if found is None:
            found = self._slots[value] = self.fresh()
        return found

    def slots(self, values: Iterable[SSAValue]) -> list[int]:
        return [self.slot(value) for value in values]

    def constant(self, result: SSAValue, value: Any) -> None:
        """The value is known now: it goes into the template and needs no step."""
        self.template[self.slot(result)] = value

    def error(self, op: Operation, reason: str) -> EvaluationError:
        hint = op.results[0].name_hint if op.results else None
        return EvaluationError(f"reference: {op.name}{f' (%{hint})' if hint else ''} in @{self.name}: {reason}")

    def region(self, region: Region) -> Body:
        """The body of a region of at most one block; an empty region is a body that does nothing."""
        if not region.blocks:
            return Body(self, [], [], [], None)
        if len(region.blocks) > 1:
            parent = region.parent_op()
            raise Unsupported(
                f"reference: {parent.name if parent else 'a region'} in @{self.name} has {len(region.blocks)} blocks, "
                "expected structured control flow (one block)"
            )
        return self.block(region.blocks.first)

    def block(self, block: Block | None) -> Body:
        assert block is not None
        program, ops, steps = self.program, list[Operation](), list[Step]()
        args = self.slots(block.args)
        last = block.last_op
        terminator = last if last is not None and last.name in TERMINATORS else None
        for op in block.ops:
            for i, operand in enumerate(op.operands):
                if operand not in self._slots:
                    raise self.error(op, f"operand {i} is used before its definition")
            if op is terminator and op.name not in program.rules:
                break
            if op in self.skipped:
                self.slots(op.results)
                continue
            rule = program.rules.get(op.name)
            if rule is None:
                raise Unsupported(f"reference: no rule for {op.name} in @{self.name}")
            try:
                step = rule(self, op)
            except EvaluationError:
                raise
            except Exception as problem:  # an op that verifies but means nothing, such as a constant of a type it cannot have
                raise self.error(op, _reason(problem)) from problem
            self.slots(op.results)
            if step is None:
                continue
            if program.observer is not None:
                step = _observed(self, step, op, program.observer)
            ops.append(op)
            steps.append(step)
        return Body(self, ops, steps, args, terminator)


TERMINATORS = frozenset(
    (
        "func.return gpu.return gpu.terminator gpu.yield scf.yield scf.condition scf.reduce scf.reduce.return "
        "scf.forall.in_parallel linalg.yield tensor.yield affine.yield memref.alloca_scope.return vector.yield"
    ).split()
)
"""Ops that end a block. The op around the block reads their operands; none has a step of its own."""


def _observed(scope: Scope, step: Step, op: Operation, observer: Observer) -> Step:
    def observed(frame: Frame) -> Any:
        observer(op, lambda operand: frame[scope.slot(operand)])
        return step(frame)

    return observed
