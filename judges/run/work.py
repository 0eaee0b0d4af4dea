"""What running a function will cost, estimated from its text alone: a run that would take minutes is not begun.

The unit is a step, one op that the evaluator runs on one number or register, about a microsecond. Arrays cost by their size.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    DenseArrayBase,
    IntegerAttr,
    ModuleOp,
    ShapedType,
    StringAttr,
    SymbolRefAttr,
    VectorType,
)
from xdsl.dialects.linalg.abstract_ops import LinalgStructuredOperation
from xdsl.ir import Operation, Region, SSAValue
from xdsl.ir.affine import AffineDimExpr

ELEMENTS_A_STEP = 50
"""Elements of a tensor that NumPy takes through one op in a microsecond or so, memory of temporaries included."""

UNKNOWN_TRIPS = 16
"""What a loop counts whose bounds are not constants."""


def steps(module: ModuleOp, function: str) -> float:
    """About how many steps the evaluator takes for `@function` of `module`, calls and launches included."""
    return _Estimate(module).of_symbol(function)


class _Estimate:
    def __init__(self, module: ModuleOp):
        self.symbols = dict(_symbols(module, ""))
        self.known: dict[str, float] = {}

    def of_symbol(self, name: str) -> float:
        if name not in self.known:
            self.known[name] = 0.0  # a recursive call adds nothing
            op = self.symbols.get(name)
            self.known[name] = 0.0 if op is None else sum(map(self.of_region, op.regions))
        return self.known[name]

    def of_region(self, region: Region) -> float:
        return sum(self.of_op(op) for block in region.blocks for op in block.ops)

    def of_op(self, op: Operation) -> float:
        match op.name:
            case "func.call":
                return 1 + self.of_symbol(_callee(op.properties.get("callee")))
            case "gpu.launch_func":
                threads = prod(UNKNOWN_TRIPS if n is None else n for n in map(_constant, op.operands[:6]))
                return 10 + threads * (2 + self.of_symbol(_callee(op.properties.get("kernel"))))
            case "scf.for":
                return 1 + _trips(*(_constant(value) for value in op.operands[:3])) * self.of_region(op.regions[0])
            case "scf.parallel":
                return 2 + _parallel_trips(op) * (1 + self.of_region(op.regions[0]))
            case "scf.forall":
                return 5 + _forall_trips(op) * (3 + self.of_region(op.regions[0]))
            case name if name.startswith("linalg."):
                sizes = [_size(value) for value in op.operands]
                inner = sum(1 for region in op.regions for block in region.blocks for _ in block.ops)
                return 30 + _points(op, sizes) * max(inner, 1) / ELEMENTS_A_STEP
            case _:
                array = sum(_size(value) for value in op.results)
                return 1 + array / ELEMENTS_A_STEP + sum(map(self.of_region, op.regions))


def _symbols(module: Operation, prefix: str) -> Iterator[tuple[str, Operation]]:
    for region in module.regions:
        for block in region.blocks:
            for op in block.ops:
                name = op.properties.get("sym_name", op.attributes.get("sym_name"))
                if isinstance(name, StringAttr):
                    yield prefix + name.data, op
                    if op.name in ("gpu.module", "builtin.module"):
                        yield from _symbols(op, f"{prefix}{name.data}::")


def _callee(ref: object) -> str:
    if not isinstance(ref, SymbolRefAttr):
        return ""
    return "::".join([ref.root_reference.data, *(part.data for part in ref.nested_references)])


def _constant(value: SSAValue) -> int | None:
    owner = value.owner
    held = owner.properties.get("value") if isinstance(owner, Operation) and owner.name == "arith.constant" else None
    return held.value.data if isinstance(held, IntegerAttr) else None


def _trips(low: int | None, high: int | None, by: int | None) -> int:
    if low is None or high is None or not by:
        return UNKNOWN_TRIPS
    return max(0, -(-(high - low) // by))


def _parallel_trips(op: Operation) -> int:
    rank = len(op.regions[0].block.args)
    bounds = [_constant(value) for value in op.operands[: 3 * rank]]
    return prod(_trips(*bounds[at::rank]) for at in range(rank))


def _forall_trips(op: Operation) -> int:
    bounds = [op.properties.get(name) for name in ("staticLowerBound", "staticUpperBound", "staticStep")]
    low, high, by = (list(each.get_values()) if isinstance(each, DenseArrayBase) else [] for each in bounds)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType, reportUnknownVariableType]
    known = zip(low, high, by)  # pyright: ignore[reportUnknownArgumentType]
    return prod(UNKNOWN_TRIPS if DYNAMIC_INDEX in each else _trips(*each) for each in known)


def _size(value: SSAValue) -> int:
    """Elements of a tensor or memref; a vector is one register."""
    type_ = value.type
    if not isinstance(type_, ShapedType) or isinstance(type_, VectorType):
        return 0
    return prod(UNKNOWN_TRIPS if extent == DYNAMIC_INDEX else extent for extent in type_.get_shape())


def _points(op: Operation, sizes: list[int]) -> int:
    """Iterations of a structured op: the product of the extents that its maps name, else its largest operand."""
    if not isinstance(op, LinalgStructuredOperation):
        return max(sizes, default=1)
    extents: dict[int, int] = {}
    for attr, value in zip(op.get_indexing_maps().data, op.operands):
        shape = value.type.get_shape() if isinstance(value.type, ShapedType) else ()
        for expr, extent in zip(attr.data.results, shape):
            if isinstance(expr, AffineDimExpr):
                extents[expr.position] = UNKNOWN_TRIPS if extent == DYNAMIC_INDEX else extent
    return prod(extents.values())
