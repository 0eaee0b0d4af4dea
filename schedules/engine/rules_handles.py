"""Ops that find payload and move handles about; the payload stays as it is, but for annotations."""

from __future__ import annotations

from xdsl.dialects import scf
from xdsl.dialects.builtin import IntegerAttr, IntegerType, UnitAttr, i64
from xdsl.dialects.linalg.abstract_ops import LinalgStructuredOperation
from xdsl.dialects.tensor import PadOp
from xdsl.ir import Attribute, Operation
from xdsl.utils.hints import isa

from rung.dialects.upstream.scf import ForallOp
from rung.dialects.upstream.transform.handles import (
    AnnotateOp,
    CastOp,
    MergeHandlesOp,
    NumAssociationsOp,
    ParamConstantOp,
    PrintOp,
    ReplicateOp,
    SelectOp,
    SplitHandleOp,
    VerifyOp,
)
from rung.dialects.upstream.transform.structured import MatchOp
from rung.dialects.upstream.transform.types import OperationType, ParamType
from rung.schedules.engine.failures import DefiniteFailure, SilenceableFailure
from rung.schedules.engine.interpreter import Interpreter, rule
from rung.schedules.engine.state import Payload

_LOOPS = (scf.ForOp, scf.WhileOp, scf.ParallelOp, ForallOp)
_INTERFACES: tuple[tuple[type[Operation], ...], ...] = (
    (LinalgStructuredOperation,),
    (LinalgStructuredOperation, PadOp),
    _LOOPS,
)
"""The ops of each of MatchOp's interfaces, in the order of `structured.INTERFACES`."""


@rule(MatchOp)
def match(run: Interpreter, op: MatchOp) -> list[list[Payload]]:
    """Below and including the targets, inner ops before outer. Several targets are fine here; upstream wants one."""
    targets = run.state.ops(op.target)
    if not targets:
        raise DefiniteFailure(op, "target is an empty handle, expected an op to look below")
    found: dict[int, Operation] = {}
    for target in targets:
        for each in target.walk(region_first=True):
            if _fits(op, each):
                found.setdefault(id(each), each)
    return [list(found.values())]


def _fits(op: MatchOp, each: Operation) -> bool:
    if op.ops is not None and each.name not in {name.data for name in op.ops}:
        return False
    if op.interface is not None and not isinstance(each, _INTERFACES[op.interface.value.data]):
        return False
    if op.op_attrs is not None:
        for name, value in op.op_attrs.data.items():
            if each.attributes.get(name, each.properties.get(name)) != value:
                return False
    if op.filter_result_type is not None and (len(each.results) != 1 or each.results[0].type != op.filter_result_type):
        return False
    if op.filter_operand_types is None:
        return True
    wanted = list(op.filter_operand_types)
    if len(wanted) == 1:  # one type stands for all operands
        return bool(each.operands) and all(type_ == wanted[0] for type_ in each.operand_types)
    return list(each.operand_types) == wanted


@rule(SplitHandleOp)
def split_handle(run: Interpreter, op: SplitHandleOp) -> list[list[Payload]]:
    payload, count = run.state.payload(op.handle), len(op.parts)
    if not payload and op.pass_through_empty_handle.value.data:
        return [[] for _ in op.parts]
    overflow = None if op.overflow_result is None else op.overflow_result.value.data
    few = len(payload) < count and bool(op.fail_on_payload_too_small.value.data)
    if few or (len(payload) > count and overflow is None):
        raise SilenceableFailure(op, f"handle holds {len(payload)} payloads, expected {count}, one for each result")
    parts: list[list[Payload]] = [[] for _ in op.parts]
    for number, each in enumerate(payload):
        parts[number if number < count or overflow is None else overflow].append(each)
    return parts


@rule(MergeHandlesOp)
def merge_handles(run: Interpreter, op: MergeHandlesOp) -> list[list[Payload]]:
    joined = [each for value in op.handles for each in run.state.payload(value)]
    return [_once(joined) if op.deduplicate is not None else joined]


def _once(payload: list[Payload]) -> list[Payload]:
    """Each payload where it stands first. Attributes are equal by value, ops and values by identity."""
    seen: set[object] = set()
    kept: list[Payload] = []
    for each in payload:
        key: object = each if isinstance(each, Attribute) else id(each)
        if key not in seen:
            seen.add(key)
            kept.append(each)
    return kept


@rule(CastOp)
def cast(run: Interpreter, op: CastOp) -> list[list[Payload]]:
    payload = run.state.ops(op.input)
    if isinstance(op.output.type, OperationType):
        for each in payload:
            if each.name != op.output.type.operation.data:
                raise SilenceableFailure(op, f"payload is {each.name}, expected {op.output.type.operation.data}", each)
    return [list(payload)]


@rule(ParamConstantOp)
def param_constant(run: Interpreter, op: ParamConstantOp) -> list[list[Payload]]:
    return [[op.value]]


@rule(NumAssociationsOp)
def num_associations(run: Interpreter, op: NumAssociationsOp) -> list[list[Payload]]:
    count = len(run.state.payload(op.handle))
    type_ = op.num.type.type if isinstance(op.num.type, ParamType) else i64
    assert isa(type_, IntegerType)
    return [[IntegerAttr(count, type_)]]


@rule(SelectOp)
def select(run: Interpreter, op: SelectOp) -> list[list[Payload]]:
    return [[each for each in run.state.ops(op.target) if each.name == op.op_name.data]]


@rule(ReplicateOp)
def replicate(run: Interpreter, op: ReplicateOp) -> list[list[Payload]]:
    times = len(run.state.ops(op.pattern))
    return [run.state.payload(value) * times for value in op.handles]


@rule(PrintOp)
def print_(run: Interpreter, op: PrintOp) -> None:
    """Upstream's heading, then the IR."""
    if op.skip_regions is not None:
        raise DefiniteFailure(op, "skip_regions is legal upstream, not supported here")
    name = "" if op.print_name is None else f" {op.print_name.data}"
    if op.target is None:
        run.say(f"[[[ IR printer:{name} top-level ]]]\n{run.root}")
        return
    run.say(f"[[[ IR printer:{name} ]]]")
    for each in run.state.ops(op.target):
        run.say(str(each))


@rule(VerifyOp)
def verify(run: Interpreter, op: VerifyOp) -> None:
    for each in run.state.ops(op.target):
        try:
            each.verify()
        except Exception as problem:  # whatever a verifier raises, the payload is not sound
            raise DefiniteFailure(op, f"failed to verify payload op: {problem}", each) from problem


@rule(AnnotateOp)
def annotate(run: Interpreter, op: AnnotateOp) -> None:
    value: Attribute = UnitAttr()
    if op.param is not None:
        given = run.state.payload(op.param)
        if len(given) != 1 or not isinstance(given[0], Attribute):
            raise DefiniteFailure(op, f"parameter holds {len(given)} attributes, expected 1")
        value = given[0]
    for each in run.state.ops(op.target):
        each.attributes[op.attribute_name.data] = value
