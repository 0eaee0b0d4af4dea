"""Run a schedule on a payload: each op of the script is looked up in one table of rules and applied in turn.

    apply_schedule(payload, script)         from @__transform_main, in place; raises ScriptError

The script is upstream's: what an op consumes may not be used later, a silenceable failure ends the sequence it is in, and one
that nobody takes ends the script. Where upstream would go on with a wrong payload (`checks`), we stop.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, Literal, TextIO, TypeVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.utils.exceptions import PassFailedException

from rung.dialects.upstream.transform import FunctionalOp, TransformOp
from rung.dialects.upstream.transform.calls import IncludeOp
from rung.dialects.upstream.transform.names import explain
from rung.dialects.upstream.transform.sequences import NamedSequenceOp, YieldOp
from rung.files import place
from rung.schedules.engine.failures import DefiniteFailure, Failure, Note, SilenceableFailure, Unfit
from rung.schedules.engine.state import Payload, State

Check = Literal["structural", "off"]
Rule = Callable[["Interpreter", Any], "Sequence[Sequence[Payload]] | None"]
"""What an op does: gives the payload of each result, in order; None where the op has none."""
Op = TypeVar("Op", bound=Operation)

MAIN = "__transform_main"
RULES: dict[str, Rule] = {}


class ScriptError(PassFailedException):
    """A schedule that failed: the text has places, notes, and the payload around the step."""

    def __init__(self, failure: Failure):
        super().__init__(str(failure))
        self.failure = failure
        self.op = failure.op


def rule(cls: type[Op]) -> Callable[[Callable[[Interpreter, Op], Sequence[Sequence[Payload]] | None]], Callable[..., Any]]:
    """Enter a function into the table as what ops of class `cls` do."""

    def enter(function: Callable[[Interpreter, Op], Sequence[Sequence[Payload]] | None]) -> Callable[..., Any]:
        RULES[cls.name] = function
        return function

    return enter


class Interpreter:
    """One run of a script. `check`: "off" does what upstream does, racy or not."""

    def __init__(self, payload: ModuleOp, script: ModuleOp, check: Check = "structural", out: TextIO | None = None):
        self.state, self.script, self.check, self.out = State(payload), script, check, out
        self.steps = 0
        self._ctx: Context | None = None

    @property
    def ctx(self) -> Context:
        if self._ctx is None:
            from rung.dialects.upstream import make_context

            self._ctx = make_context()
        return self._ctx

    @property
    def root(self) -> ModuleOp:
        return self.state.root

    def say(self, text: str) -> None:
        print(text, file=self.out or sys.stdout)

    def run(self) -> None:
        main = _main(self.script)
        _refuse_recursion(main, [])
        block = main.body.block
        if len(block.args) != 1:
            raise DefiniteFailure(main, f"@{MAIN} takes {len(block.args)} arguments, expected 1: the payload")
        self.state.set(block.args[0], [self.root], main)
        self.block(block)

    def block(self, block: Block) -> list[list[Payload]]:
        """Run the ops of a body; gives what its yield hands on."""
        for op in block.ops:
            if isinstance(op, YieldOp):
                self.state.check_usable(op)
                return [self.state.payload(value) for value in op.arguments]
            self.step(op)
        return []

    def step(self, op: Operation) -> None:
        does = RULES.get(op.name)
        if not isinstance(op, TransformOp) or does is None:
            raise DefiniteFailure(op, explain(op.name))
        self.steps += 1
        self.state.check_usable(op)
        if isinstance(op, FunctionalOp):
            self._refuse_twice(op)
        self.state.consume(op)
        try:
            results = does(self, op) or ()
        except Unfit as problem:
            raise SilenceableFailure(op, str(problem)) from problem
        if len(results) != len(op.results):
            raise DefiniteFailure(op, f"gives {len(results)} results, expected {len(op.results)}")
        for value, payload in zip(op.results, results, strict=True):
            self.state.set(value, payload, op)
        if op.modifies_payload():
            self.state.forget_erased()

    def _refuse_twice(self, op: TransformOp) -> None:
        """An op that is consumed twice at once would be rewritten after it is gone."""
        for number in op.consumed_operands():
            payload = self.state.held[op.operands[number]]
            if len({id(each) for each in payload}) != len(payload):
                raise DefiniteFailure(
                    op, f"a handle passed as operand #{number} and consumed by this operation points to a payload more than once"
                )

    def fail_at(self, op: TransformOp, payload: Operation, message: str) -> SilenceableFailure:
        return SilenceableFailure(op, message, payload)

    def sizes(self, op: TransformOp, given: Sequence[int | SSAValue], count: int) -> list[list[int]]:
        """For each of `count` payload ops its sizes. A parameter has one number for all, or one for each."""
        columns: list[list[int]] = []
        for size in given:
            numbers = [size] if isinstance(size, int) else self.state.ints(op, size)
            if len(numbers) not in (1, count):
                raise DefiniteFailure(op, f"a parameter holds {len(numbers)} numbers, expected 1 or {count}, one for each target")
            columns.append(numbers * count if len(numbers) == 1 else numbers)
        return [[column[number] for column in columns] for number in range(count)]


def _main(script: ModuleOp) -> NamedSequenceOp:
    for op in script.body.block.ops:
        if isinstance(op, NamedSequenceOp) and op.sym_name.data == MAIN:
            if op.is_declaration:
                raise DefiniteFailure(op, f"@{MAIN} has no body, expected one")
            return op
    raise PassFailedException(f"{place(script)}: error: found no transform.named_sequence @{MAIN}, expected one in the script")


def _refuse_recursion(sequence: NamedSequenceOp, around: Sequence[NamedSequenceOp]) -> None:
    """Before the first step: what a call consumes cannot be told of a sequence that includes itself."""
    for op in sequence.walk():
        if isinstance(op, IncludeOp) and (callee := op.callee) is not None and not callee.is_declaration:
            if callee is sequence or any(callee is each for each in around):
                raise DefiniteFailure(op, f"{op.target} includes itself, expected no recursion", notes=[Note(callee, "this one")])
            _refuse_recursion(callee, [*around, sequence])


def apply_schedule(payload: ModuleOp, script: ModuleOp, *, check: Check = "structural", out: TextIO | None = None) -> None:
    """Change `payload` as `script` says. What transform.print and remarks say goes to `out` (default: standard output).

    check   "structural": refuse tilings that race, sizes out of range, reassociation that was not declared; "off": upstream's way
    Raises ScriptError; the payload may then be changed by the steps before the one that failed.
    """
    try:
        Interpreter(payload, script, check, out).run()
    except Failure as failure:
        raise ScriptError(failure) from failure
