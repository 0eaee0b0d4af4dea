"""What each op on integers and truths makes of its operands; an op without a rule gives something unknown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, cast

from xdsl.dialects.builtin import AffineMapAttr, DenseIntOrFPElementsAttr, IntegerAttr, VectorType
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.utils.hints import isa

from .linear import (
    ALWAYS,
    MAX_ALTERNATIVES,
    NEVER,
    Condition,
    Dim,
    Linear,
    at_least_0,
    both,
    constant,
    differs_from_0,
    either,
    equals_0,
    negated,
    variable,
)
from .values import Lanes, Rule, Truth, Values, bits_of, name_of


def _operands(values: Values, op: Operation, lanes: Lanes) -> list[Linear]:
    return [values.linear(operand, lanes) for operand in op.operands]


def _constant(values: Values, op: Operation, lanes: Lanes, result: SSAValue) -> Linear | None:
    found = op.properties["value"]
    if isa(found, IntegerAttr):
        return constant(found.value.data)
    if isinstance(found, DenseIntOrFPElementsAttr):
        numbers = [int(number) for number in cast(Sequence[Any], found.get_values())]
        if found.is_splat():
            return constant(numbers[0])
        if len(lanes) == 1 and len(numbers) <= MAX_ALTERNATIVES:
            return _table(values, numbers, lanes[0])
    return None


def _table(values: Values, numbers: list[int], lane: Dim) -> Linear:
    """The number of each lane: linear where they step evenly, else one alternative a lane."""
    step = numbers[1] - numbers[0]
    if all(b - a == step for a, b in pairwise(numbers)):
        return Linear({lane: step} if step else {}, numbers[0])

    def facts(value: Linear) -> Condition:
        result = NEVER
        for k, number in enumerate(numbers):
            result = either(result, both(equals_0(Linear({lane: 1}, -k)), equals_0(value.shifted(-number))))
        return result

    return values.derived("table", min(numbers), max(numbers), facts)


def _apply(values: Values, op: Operation, lanes: Lanes, result: SSAValue) -> Linear | None:
    map_ = op.properties["map"]
    assert isinstance(map_, AffineMapAttr)
    if map_.data.num_symbols:
        return None
    return values.affine(map_.data.results[0], _operands(values, op, lanes))


def _extended(values: Values, op: Operation, lanes: Lanes, result: SSAValue) -> Linear | None:
    """extui, index_castui: the number read as unsigned."""
    found = values.linear(op.operands[0], lanes)
    if found.interval()[0] >= 0:
        return found
    bits = bits_of(op.operands[0].type)
    if bits_of(result.type) <= bits:
        return None
    return values.unknown(name_of(result), 0, (1 << bits) - 1) if bits < 63 else None


def _divided(kind: str) -> Rule:
    def rule(values: Values, op: Operation, lanes: Lanes, result: SSAValue) -> Linear | None:
        a, b = _operands(values, op, lanes)
        if b.terms or b.const <= 0:
            return None
        low, _ = a.interval()
        if kind == "floor":
            return values.floordiv(a, b.const)
        if kind == "ceil":
            return values.floordiv(a.shifted(b.const - 1), b.const)
        if low < 0:  # rounded toward zero, or unsigned
            return _toward_zero(values, kind, a, b.const, name_of(result))
        return values.mod(a, b.const) if kind in ("remsi", "remui") else values.floordiv(a, b.const)

    return rule


def _toward_zero(values: Values, kind: str, a: Linear, by: int, name: str) -> Linear | None:
    if kind in ("divui", "remui"):
        return None
    positive = at_least_0(a)
    quotient = values.choose(name, positive, values.floordiv(a, by), values.floordiv(a.times(-1), by).times(-1))
    return quotient if kind == "divsi" else a.plus(quotient, -by)


def _extreme(sign: int, signed: bool) -> Rule:
    """max (sign 1) or min (sign -1) of two."""

    def rule(values: Values, op: Operation, lanes: Lanes, result: SSAValue) -> Linear | None:
        a, b = _operands(values, op, lanes)
        if not signed and (a.interval()[0] < 0 or b.interval()[0] < 0):
            return None
        return values.choose(name_of(result), at_least_0(a.plus(b, -1).times(sign)), a, b)

    return rule


def _select(values: Values, op: Operation, lanes: Lanes, result: SSAValue) -> Linear | None:
    chosen, yes, no = op.operands
    condition = values.condition(chosen, lanes if isinstance(chosen.type, VectorType) else ())
    return values.choose(name_of(result), condition, values.linear(yes, lanes), values.linear(no, lanes))


def _branches(op: Operation, result: SSAValue) -> tuple[SSAValue, SSAValue] | None:
    """What the two regions of an scf.if yield for its result."""
    number = list(op.results).index(result)  # pyright: ignore[reportArgumentType]
    last = [region.blocks[0].last_op if region.blocks else None for region in op.regions]
    if any(end is None or len(end.operands) <= number for end in last):
        return None
    yes, no = (end.operands[number] for end in last if end is not None)
    return yes, no


def _if(values: Values, op: Operation, lanes: Lanes, result: SSAValue) -> Linear | None:
    sides = _branches(op, result)
    if sides is None:
        return None
    yes, no = (values.linear(side, lanes) for side in sides)
    return values.choose(name_of(result), values.condition(op.operands[0]), yes, no)


def _id(values: Values, op: Operation, lanes: Lanes, result: SSAValue) -> Linear | None:
    dimension = op.properties.get("dimension")
    axis = str(getattr(dimension, "data", "x")) if dimension is not None else ""
    return values.ids.get((op.name.removeprefix("gpu."), axis))


def _shape(value: SSAValue) -> tuple[int, ...]:
    """The shape of a vector; () for a scalar."""
    type_: Attribute = value.type
    return cast(Any, type_).get_shape() if isinstance(type_, VectorType) else ()


def _broadcast(values: Values, op: Operation, lanes: Lanes, result: SSAValue) -> Linear | None:
    source = op.operands[0]
    return values.linear(source, lanes[len(lanes) - len(_shape(source)) :]) if _spreads(source, result) else None


def _spreads(source: SSAValue, result: SSAValue) -> bool:
    """A broadcast that repeats whole vectors: none of the source's axes is stretched."""
    inner, outer = _shape(source), _shape(result)
    return outer[len(outer) - len(inner) :] == inner


def _shifted_left(values: Values, op: Operation, lanes: Lanes, result: SSAValue) -> Linear | None:
    a, b = _operands(values, op, lanes)
    return a.times(1 << b.const) if not b.terms and 0 <= b.const < 63 else None


def _shifted_right(values: Values, op: Operation, lanes: Lanes, result: SSAValue) -> Linear | None:
    a, b = _operands(values, op, lanes)
    unsigned = op.name == "arith.shrui" and a.interval()[0] < 0
    return values.floordiv(a, 1 << b.const) if not b.terms and 0 <= b.const < 63 and not unsigned else None


def _masked(values: Values, op: Operation, lanes: Lanes, result: SSAValue) -> Linear | None:
    """andi with 2**n - 1 is a remainder."""
    a, b = _operands(values, op, lanes)
    if not a.terms:
        a, b = b, a
    if b.terms or b.const < 0 or b.const & (b.const + 1):
        return None
    return values.mod(a, b.const + 1)


RULES: dict[str, Rule] = {
    "arith.constant": _constant,
    "affine.apply": _apply,
    "arith.addi": lambda v, op, lanes, r: v.linear(op.operands[0], lanes).plus(v.linear(op.operands[1], lanes)),
    "arith.subi": lambda v, op, lanes, r: v.linear(op.operands[0], lanes).plus(v.linear(op.operands[1], lanes), -1),
    "arith.muli": lambda v, op, lanes, r: v.product(*_operands(v, op, lanes)),
    "arith.index_cast": lambda v, op, lanes, r: v.linear(op.operands[0], lanes),
    "arith.extsi": lambda v, op, lanes, r: v.linear(op.operands[0], lanes) if _wider_than_bool(op) else None,
    "arith.trunci": lambda v, op, lanes, r: v.linear(op.operands[0], lanes),
    "arith.extui": _extended,
    "arith.index_castui": _extended,
    "arith.floordivsi": _divided("floor"),
    "arith.ceildivsi": _divided("ceil"),
    "arith.divsi": _divided("divsi"),
    "arith.divui": _divided("divui"),
    "arith.remsi": _divided("remsi"),
    "arith.remui": _divided("remui"),
    "arith.maxsi": _extreme(1, True),
    "arith.minsi": _extreme(-1, True),
    "arith.maxui": _extreme(1, False),
    "arith.minui": _extreme(-1, False),
    "arith.select": _select,
    "arith.shli": _shifted_left,
    "arith.shrsi": _shifted_right,
    "arith.shrui": _shifted_right,
    "arith.andi": _masked,
    "scf.if": _if,
    "gpu.block_id": _id,
    "gpu.thread_id": _id,
    "gpu.block_dim": _id,
    "gpu.grid_dim": _id,
    "gpu.global_id": _id,
    "vector.broadcast": _broadcast,
    "vector.step": lambda v, op, lanes, r: variable(lanes[0]) if lanes else None,
}


def _wider_than_bool(op: Operation) -> bool:
    return bits_of(op.operands[0].type) != 1


def _compare(values: Values, op: Operation, lanes: Lanes, result: SSAValue) -> Condition | None:
    predicate = op.properties["predicate"]
    assert isinstance(predicate, IntegerAttr)
    kind = predicate.value.data
    if kind in (0, 1) and not _wider_than_bool(op):
        a, b = (values.condition(operand, lanes) for operand in op.operands)
        same = either(both(a, b), both(negated(a), negated(b)))
        return same if kind == 0 else negated(same)
    a, b = _operands(values, op, lanes)
    return compare(kind, a, b)


def compare(kind: int, a: Linear, b: Linear) -> Condition | None:
    """arith.cmpi's predicate by number: eq ne slt sle sgt sge ult ule ugt uge. None for unsigned ones that are not followed."""
    difference = a.plus(b, -1)
    if kind == 0:
        return equals_0(difference)
    if kind == 1:
        return differs_from_0(difference)
    if kind >= 6:
        first, second = a.interval()[0] >= 0, b.interval()[0] >= 0
        kind -= 4
        if not (first and second):
            if second and kind in (2, 3):  # a number below 0 is a large one
                return both(at_least_0(a), _signed(kind, difference))
            if second:
                return either(at_least_0(a.times(-1).shifted(-1)), _signed(kind, difference))
            if first and kind in (4, 5):
                return both(at_least_0(b), _signed(kind, difference))
            if first:
                return either(at_least_0(b.times(-1).shifted(-1)), _signed(kind, difference))
            return None
    return _signed(kind, difference)


def _signed(kind: int, difference: Linear) -> Condition:
    match kind:
        case 2:
            return at_least_0(difference.times(-1).shifted(-1))
        case 3:
            return at_least_0(difference.times(-1))
        case 4:
            return at_least_0(difference.shifted(-1))
        case _:
            return at_least_0(difference)


def _truths(combine: Callable[[Condition, Condition], Condition]) -> Truth:
    return lambda values, op, lanes, result: combine(*(values.condition(operand, lanes) for operand in op.operands))


def _differ(a: Condition, b: Condition) -> Condition:
    return either(both(a, negated(b)), both(negated(a), b))


def _chosen(values: Values, chosen: Condition, yes: Condition, no: Condition) -> Condition:
    return either(both(chosen, yes), both(negated(chosen), no))


def _truth_constant(values: Values, op: Operation, lanes: Lanes, result: SSAValue) -> Condition | None:
    found = op.properties["value"]
    if isa(found, IntegerAttr):
        return ALWAYS if found.value.data else NEVER
    if isinstance(found, DenseIntOrFPElementsAttr):
        numbers: Sequence[Any] = found.get_values()
        if len(set(numbers)) == 1:
            return ALWAYS if numbers[0] else NEVER
        if len(lanes) == 1:
            result_ = NEVER
            for k, number in enumerate(numbers):
                result_ = either(result_, equals_0(Linear({lanes[0]: 1}, -k))) if number else result_
            return result_
    return None


def _truth_if(values: Values, op: Operation, lanes: Lanes, result: SSAValue) -> Condition | None:
    sides = _branches(op, result)
    if sides is None:
        return None
    yes, no = (values.condition(side, lanes) for side in sides)
    return _chosen(values, values.condition(op.operands[0]), yes, no)


def _truth_select(values: Values, op: Operation, lanes: Lanes, result: SSAValue) -> Condition | None:
    chosen, yes, no = op.operands
    which = values.condition(chosen, lanes if isinstance(chosen.type, VectorType) else ())
    return _chosen(values, which, values.condition(yes, lanes), values.condition(no, lanes))


def _create_mask(values: Values, op: Operation, lanes: Lanes, result: SSAValue) -> Condition | None:
    """vector.create_mask, vector.constant_mask: the lanes below a bound along each axis."""
    if op.name == "vector.create_mask":
        bounds = [values.linear(operand) for operand in op.operands]
    else:
        sizes: Any = op.properties.get("mask_dim_sizes")
        if sizes is None:
            return None
        bounds = [constant(int(size)) for size in sizes.get_values()]
    if len(bounds) != len(lanes):
        return None
    found = ALWAYS
    for lane, bound in zip(lanes, bounds):
        found = both(found, at_least_0(bound.plus(variable(lane), -1).shifted(-1)))
    return found


def _truth_broadcast(values: Values, op: Operation, lanes: Lanes, result: SSAValue) -> Condition | None:
    source = op.operands[0]
    return values.condition(source, lanes[len(lanes) - len(_shape(source)) :]) if _spreads(source, result) else None


CONDITIONS: dict[str, Truth] = {
    "arith.constant": _truth_constant,
    "arith.cmpi": _compare,
    "arith.andi": _truths(both),
    "arith.ori": _truths(either),
    "arith.xori": _truths(_differ),
    "arith.select": _truth_select,
    "scf.if": _truth_if,
    "vector.create_mask": _create_mask,
    "vector.constant_mask": _create_mask,
    "vector.broadcast": _truth_broadcast,
}
