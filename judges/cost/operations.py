"""What one execution of each op costs: the one table that the static count and the counting evaluator share.

Counted, a vector op once a lane:

    flops            arithmetic on floats, by their type: add, sub, mul, div, neg, abs, min, max, compare, sqrt, rounding to whole
                     numbers are 1 each; fma and rsqrt 2. A reduction of n lanes is n - 1, and 1 more where it has a start.
    calls            functions that a machine computes by a routine (exp2, log2, sin, pow, ...), by name, in place of flops
    integer          arithmetic on integers that are data (i1 .. i64): arithmetic, compare, shifts, logic, 1 each
    moves            select, and casts that change how a number is represented (float to int, f16 to f32, i8 to i32), 1 each
    index            arithmetic on `index`, 1 each; an affine.apply is 1 for each operator in its map. It is what the IR says:
                     a target's compiler moves most of it out of the loops.
    read, written    bytes of each access to memory, by level: elements touched times their size (an i1 is a byte). A dim that a
                     transfer broadcasts is read once, not once a lane, and lanes outside of memory or mask are not touched.

Not counted: what decides control flow and names memory (loop variables and their increments, ids, barriers, subviews), constants,
and what only rearranges registers (broadcast, shuffle, extract, insert, bitcast). What a target adds of its own, such as the test
that keeps an integer division from trapping, is not part of the program and not counted either.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TypeAlias

from xdsl.dialects.builtin import AffineMapAttr, ArrayAttr, IndexType, IntegerAttr, IntegerType, ShapedType
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.ir.affine import AffineBinaryOpExpr, AffineExpr
from xdsl.utils.hints import isa

Key: TypeAlias = tuple[str, str]
"""A kind of work and its particular: ("flops", "f32"), ("calls", "exp2"), ("integer", ""), ("read", "global")."""

Tally: TypeAlias = dict[Key, int]
"""How much of each kind of work."""

INTEGER, MOVES, INDEX = ("integer", ""), ("moves", ""), ("index", "")


class CostError(Exception):
    """An op that the table of costs does not know; `op` is where."""

    def __init__(self, op: Operation, reason: str):
        self.op, self.reason = op, reason
        super().__init__(f"{op.name}: {reason}")


def _words(dialect: str, names: str) -> list[str]:
    return [f"{dialect}.{name}" for name in names.split()]


ARITHMETIC: dict[str, int] = {
    **dict.fromkeys(_words("arith", "addf subf mulf divf negf maximumf minimumf maxnumf minnumf cmpf"), 1),
    **dict.fromkeys(_words("arith", "addi subi muli divsi divui remsi remui floordivsi ceildivsi ceildivui"), 1),
    **dict.fromkeys(_words("arith", "maxsi maxui minsi minui cmpi andi ori xori shli shrsi shrui"), 1),
    **dict.fromkeys(_words("arith", "addui_extended mulsi_extended mului_extended"), 2),
    **dict.fromkeys(_words("math", "absf absi copysign sqrt ceil floor trunc round roundeven ctlz cttz ctpop"), 1),
    **dict.fromkeys(_words("math", "isfinite isinf isnan"), 1),
    "math.clampf": 2,
    "math.fma": 2,
    "math.rsqrt": 2,
    "vector.fma": 2,
}
"""op name -> operations a lane; of what kind, the type of the first operand says."""

CALLS: dict[str, str] = {
    **{
        f"math.{name}": name
        for name in (
            "acos acosh asin asinh atan atan2 atanh cbrt cos cosh erf erfc exp exp2 expm1 fpowi ipowi log log10 log1p log2 sin "
            "sinh tan tanh"
        ).split()
    },
    "math.powf": "pow",
    "arith.remf": "fmod",
}
"""op name -> the function it is listed as, one call a lane."""

CASTS = frozenset(_words("arith", "select extf truncf extsi extui trunci sitofp uitofp fptosi fptoui"))
"""Moves; of index lanes they are index arithmetic."""

INDEX_CASTS = frozenset(_words("arith", "index_cast index_castui"))

FREE = frozenset(
    (
        *_words("builtin", "module"),
        *_words("func", "func return call"),
        *_words("arith", "constant bitcast"),
        *_words("ub", "poison"),
        *_words("scf", "for if yield forall forall.in_parallel parallel reduce reduce.return execute_region"),
        *_words("vector", "broadcast splat shuffle extract insert transpose shape_cast bitcast step create_mask constant_mask"),
        *_words("vector", "extract_strided_slice insert_strided_slice from_elements to_elements print"),
        *_words("memref", "alloc alloca alloca_scope alloca_scope.return dealloc subview view cast collapse_shape expand_shape"),
        *_words("memref", "reinterpret_cast memory_space_cast assume_alignment global get_global dim rank"),
        *_words("memref", "extract_strided_metadata extract_aligned_pointer_as_index"),
        *_words("gpu", "module func return launch_func block_id thread_id block_dim grid_dim global_id lane_id subgroup_id"),
        *_words("gpu", "subgroup_size num_subgroups barrier shuffle alloc dealloc wait terminator yield"),
        *_words("gpu", "host_register host_unregister set_default_device"),
    )
)
"""Ops that cost nothing here: names, control, and the rearrangement of registers."""


def lanes(type_: Attribute) -> int:
    """How many numbers a value of the type holds."""
    return prod(type_.get_shape()) if isinstance(type_, ShapedType) else 1


def element(type_: Attribute) -> Attribute:
    if isinstance(type_, ShapedType):
        return type_.get_element_type()  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType, reportAttributeAccessIssue]
    return type_


def _kind(type_: Attribute) -> Key:
    """The kind of work that arithmetic on the type is."""
    found = element(type_)
    if isinstance(found, IndexType):
        return INDEX
    return INTEGER if isinstance(found, IntegerType) else ("flops", found.name)


def _operators(expr: AffineExpr) -> int:
    return 1 + _operators(expr.lhs) + _operators(expr.rhs) if isinstance(expr, AffineBinaryOpExpr) else 0


def _affine(op: Operation) -> Tally:
    """An operator each, and for min and max one comparison less than there are results."""
    map_ = op.properties["map"]
    assert isinstance(map_, AffineMapAttr)
    count = sum(map(_operators, map_.data.results)) + len(map_.data.results) - 1
    return {INDEX: count} if count else {}


def _combined(op: Operation, combines: int) -> Tally:
    return {_kind(op.results[0].type): combines} if combines else {}


def _reduction(op: Operation) -> Tally:
    source = op.operands[0].type
    return _combined(op, lanes(source) - 1 if len(op.operands) == 1 else lanes(source))


def _contract(op: Operation) -> Tally:
    """A product and a combine for each point of the iteration space."""
    maps = op.properties["indexing_maps"]
    assert isa(maps, ArrayAttr[AffineMapAttr])
    extents = dict[AffineExpr, int]()
    for attr, operand in zip(maps, op.operands):
        shape = operand.type.get_shape() if isinstance(operand.type, ShapedType) else ()
        extents.update(zip(attr.data.results, shape))
    return {_kind(op.results[0].type): 2 * prod(extents.values())}


def _outerproduct(op: Operation) -> Tally:
    return {_kind(op.results[0].type): lanes(op.results[0].type) * (len(op.operands) - 1)}


def _atomic(op: Operation) -> Tally:
    kind = op.properties["kind"]
    assert isinstance(kind, IntegerAttr)
    assigns = kind.value.data == 3
    return {} if assigns else {_kind(op.results[0].type): 1}


def _each_thread(op: Operation) -> Tally:
    """A thread brings one value, which is combined once."""
    return {_kind(op.operands[0].type): lanes(op.operands[0].type)}


COMBINING: dict[str, Callable[[Operation], Tally]] = {
    "affine.apply": _affine,
    "affine.min": _affine,
    "affine.max": _affine,
    "vector.reduction": _reduction,
    "vector.multi_reduction": lambda op: _combined(op, lanes(op.operands[0].type)),
    "vector.contract": _contract,
    "vector.outerproduct": _outerproduct,
    "memref.atomic_rmw": _atomic,
    "gpu.all_reduce": _each_thread,
    "gpu.subgroup_reduce": _each_thread,
}
"""op name -> the arithmetic of ops whose cost is not one operation a lane of the result."""

READS = frozenset((*_words("memref", "load atomic_rmw"), *_words("vector", "load transfer_read maskedload gather")))
WRITES = frozenset((*_words("memref", "store atomic_rmw"), *_words("vector", "store transfer_write maskedstore scatter")))
COPIES = frozenset(("memref.copy", "gpu.memcpy", "gpu.memset"))
"""Ops that touch memory: see `accesses`."""


def arithmetic(op: Operation) -> Tally:
    """What one execution of `op` computes, memory aside. Raises CostError for an op without a line in the table."""
    name = op.name
    if (each := ARITHMETIC.get(name)) is not None:
        return {_kind(op.operands[0].type): each * lanes(op.operands[0].type)}
    if name in CASTS:
        result = op.results[0].type
        return {INDEX if isinstance(element(result), IndexType) else MOVES: lanes(result)}
    if name in INDEX_CASTS:
        return {INDEX: lanes(op.results[0].type)}
    if (call := CALLS.get(name)) is not None:
        return {("calls", call): lanes(op.results[0].type)}
    if (rule := COMBINING.get(name)) is not None:
        return rule(op)
    if name in FREE or name in READS or name in WRITES or name in COPIES:
        return {}
    raise CostError(op, "the table of costs has no line for it")


def add(total: Tally, part: Tally, times: int = 1) -> None:
    """Add `times` executions of `part` to `total`."""
    for key, count in part.items():
        total[key] = total.get(key, 0) + times * count


VIEWS = frozenset(
    _words(
        "memref",
        "subview view cast collapse_shape expand_shape reinterpret_cast memory_space_cast assume_alignment",
    )
)


def root(memref: SSAValue) -> SSAValue:
    """The allocation or parameter that a memref is a view of."""
    while isinstance(memref.owner, Operation) and memref.owner.name in VIEWS:
        memref = memref.owner.operands[0]
    return memref


def level(memref: SSAValue) -> str:
    """The level of memory it lies in: `private` to a thread, of a `workgroup`, or `global`."""
    base = root(memref)
    space = getattr(base.type, "memory_space", None)
    named = str(space)
    if "workgroup" in named or named.startswith("3"):
        return "workgroup"
    if "private" in named or named.startswith("5"):
        return "private"
    return "private" if isinstance(base.owner, Operation) and base.owner.name == "memref.alloca" else "global"
