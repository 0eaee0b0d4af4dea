"""Bodies: calls of named sequences, sequences with a failure mode of their own, loops over payload, and tries."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.ir import Block, Operation

from rung.dialects.upstream.transform import TransformOp
from rung.dialects.upstream.transform.calls import IncludeOp, SequenceOp
from rung.dialects.upstream.transform.control import AlternativesOp, ForeachOp
from rung.dialects.upstream.transform.match import MatchOperationEmptyOp, MatchOperationNameOp, MatchParamCmpIOp
from rung.dialects.upstream.transform.sequences import FAILURES
from rung.schedules.engine.failures import DefiniteFailure, SilenceableFailure
from rung.schedules.engine.interpreter import Interpreter, rule
from rung.schedules.engine.state import Payload

_COMPARE: tuple[Callable[[int, int], bool], ...] = (
    lambda a, b: a == b,
    lambda a, b: a != b,
    lambda a, b: a < b,
    lambda a, b: a <= b,
    lambda a, b: a > b,
    lambda a, b: a >= b,
)
"""In the order of `match.COMPARES`."""


def _body(run: Interpreter, op: TransformOp, block: Block, given: Sequence[list[Payload]], mode: int) -> list[list[Payload]]:
    """Run a body with its arguments mapped; where it fails silenceably and that is suppressed, all results are empty."""
    for argument, payload in zip(block.args, given, strict=True):
        run.state.set(argument, payload, op)
    try:
        return run.block(block)
    except SilenceableFailure:
        if FAILURES[mode] != "suppress":
            raise
        run.state.forget_erased()
        return [[] for _ in op.results]


@rule(IncludeOp)
def include(run: Interpreter, op: IncludeOp) -> list[list[Payload]]:
    callee = op.callee
    if callee is None or callee.is_declaration:
        raise DefiniteFailure(op, f"found no body of {op.target}, expected one in the script")
    given = [run.state.payload(value) for value in op.arguments]
    return _body(run, op, callee.body.block, given, op.failure_propagation_mode.value.data)


@rule(SequenceOp)
def sequence(run: Interpreter, op: SequenceOp) -> list[list[Payload]]:
    if op.root is None:
        raise DefiniteFailure(op, "a sequence without operands is legal upstream, supported here only with them")
    given = [run.state.payload(value) for value in op.operands]
    return _body(run, op, op.body.block, given, op.failure_propagation_mode.value.data)


@rule(ForeachOp)
def foreach(run: Interpreter, op: ForeachOp) -> list[list[Payload]]:
    payloads = [run.state.payload(value) for value in op.targets]
    counts = [len(payload) for payload in payloads]
    if op.with_zip_shortest is None and len(set(counts)) > 1:
        raise DefiniteFailure(op, f"operands hold {counts} payloads, expected as many each (or with_zip_shortest)")
    results: list[list[Payload]] = [[] for _ in op.results]
    for row in zip(*payloads, strict=False):
        for argument, each in zip(op.body.block.args, row, strict=True):
            run.state.set(argument, [each], op)
        for result, part in zip(results, run.block(op.body.block), strict=True):
            result += part
    return results


@rule(AlternativesOp)
def alternatives(run: Interpreter, op: AlternativesOp) -> list[list[Payload]]:
    """Each region works on a copy of the scope, which takes the scope's place when the region has not failed."""
    if op.scope is None:
        raise DefiniteFailure(op, "alternatives without a scope are legal upstream, supported here only with one")
    results: list[list[Payload]] = [[] for _ in op.results]
    scopes = run.state.ops(op.scope)
    if not scopes:
        return results
    if any(scope.parent is None for scope in scopes):
        raise DefiniteFailure(op, "scope is the whole payload, which cannot be put back; expected ops inside it")
    last: SilenceableFailure | None = None
    for region in op.alternatives:
        copies: list[Operation] = []
        for scope in scopes:
            copy = scope.clone()
            assert scope.parent is not None
            scope.parent.insert_op_after(copy, scope)
            scope.detach()  # two functions of one name would not do
            copies.append(copy)
        try:
            run.state.set(region.block.args[0], list(copies), op)
            found = run.block(region.block)
        except SilenceableFailure as failure:
            last = failure
            for scope, copy in zip(scopes, copies, strict=True):
                assert copy.parent is not None
                copy.parent.insert_op_after(scope, copy)
                copy.detach()
                copy.erase()
            run.state.forget_erased()
            continue
        for scope in scopes:
            scope.erase()
        return found
    raise SilenceableFailure(op, f"all alternatives failed, the last with: {last and last.message}")


@rule(MatchParamCmpIOp)
def match_param_cmpi(run: Interpreter, op: MatchParamCmpIOp) -> None:
    found, wanted = run.state.ints(op, op.param), run.state.ints(op, op.reference)
    if len(found) != len(wanted):
        raise SilenceableFailure(op, f"parameters hold {len(found)} and {len(wanted)} numbers, expected as many each")
    word = ("equal to", "not equal to", "less than", "less than or equal to", "greater than", "greater than or equal to")
    number = op.predicate.value.data
    for left, right in zip(found, wanted, strict=True):
        if not _COMPARE[number](left, right):
            raise SilenceableFailure(op, f"found parameter {left}, expected one {word[number]} {right}")


@rule(MatchOperationNameOp)
def match_operation_name(run: Interpreter, op: MatchOperationNameOp) -> None:
    names = [name.data for name in op.op_names]
    for each in run.state.ops(op.operand_handle):
        if each.name not in names:
            raise SilenceableFailure(op, f"payload is {each.name}, expected {' or '.join(names)}", each)


@rule(MatchOperationEmptyOp)
def match_operation_empty(run: Interpreter, op: MatchOperationEmptyOp) -> None:
    if run.state.payload(op.operand_handle):
        raise SilenceableFailure(op, "handle holds payload, expected an empty one")
