"""What a kernel on the linalg rung iterates over: the loop dims of each op, and the group that the ops of a kernel form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from xdsl.dialects import linalg, tensor
from xdsl.dialects.builtin import IntegerAttr, MemRefType, ModuleOp, TensorType, UnknownLoc
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.ir.affine import AffineBinaryOpExpr, AffineBinaryOpKind, AffineConstantExpr, AffineDimExpr, AffineExpr, AffineMap
from xdsl.utils.exceptions import PassFailedException
from xdsl.utils.hints import isa

Structured = linalg.ops.GenericOp | linalg.ops.FillOp
"""The two linalg ops that nd-to-linalg leaves. Named ops of a user are generalized before."""


def fail(op: Operation, message: str) -> PassFailedException:
    """The error of a pass at `op`: names the op, its function and, where the input had one, its place."""
    parent: Operation | None = op
    while parent is not None and not isinstance(parent, FuncOp):
        parent = parent.parent_op()
    where = "" if parent is None else f" in @{parent.sym_name.data}"
    place = "" if isinstance(op.location, UnknownLoc) else f"{op.location}: "

    return PassFailedException(f"{place}{op.name}{where}: {message}")


def shape_of(value: SSAValue) -> tuple[int, ...]:
    """The static shape of a tensor or memref. Raises where the type is another or a dim is dynamic."""
    type_ = value.type
    if not (isa(type_, TensorType[Attribute]) or isa(type_, MemRefType[Attribute])):
        raise PassFailedException(f"type is {type_}, expected a ranked tensor or memref")
    shape = type_.get_shape()
    if any(extent < 0 for extent in shape):
        raise PassFailedException(f"type is {type_}, expected a static shape")
    return shape


@dataclass(frozen=True)
class Linear:
    """A sum of loop dims times positive factors, plus a constant: all that an indexing map may say of one axis."""

    factors: tuple[tuple[int, int], ...]
    """(loop dim, factor) for each dim that occurs."""
    constant: int

    @staticmethod
    def of(expr: AffineExpr) -> Linear:
        """Raises ValueError where `expr` has a division, a modulo, a symbol or a negative factor."""
        factors: dict[int, int] = {}
        constant = _gather(expr, 1, factors)
        if any(factor < 0 for factor in factors.values()):
            raise ValueError(f"{expr} has a negative factor")
        return Linear(tuple((dim, factor) for dim, factor in factors.items() if factor), constant)

    @cached_property
    def dim(self) -> int | None:
        """The loop dim that this is, alone and once; else None."""
        return self.factors[0][0] if len(self.factors) == 1 and self.factors[0][1] == 1 and self.constant == 0 else None

    def factor(self, dim: int) -> int:
        return dict(self.factors).get(dim, 0)

    def extent(self, sizes: Sequence[int]) -> int:
        """How many places the axis spans while each dim runs through its size."""
        return sum(factor * (sizes[dim] - 1) for dim, factor in self.factors) + 1

    def expr(self, with_constant: bool = True) -> AffineExpr:
        total: AffineExpr | None = None
        for dim, factor in self.factors:
            term: AffineExpr = AffineDimExpr(dim) if factor == 1 else AffineDimExpr(dim) * factor
            total = term if total is None else total + term
        constant = AffineConstantExpr(self.constant if with_constant else 0)
        if total is None:
            return constant
        return total + constant.value if constant.value else total


def _gather(expr: AffineExpr, times: int, factors: dict[int, int]) -> int:
    """Add `times * expr` to `factors`; the constant part is returned."""
    match expr:
        case AffineDimExpr(position=position):
            factors[position] = factors.get(position, 0) + times
            return 0
        case AffineConstantExpr(value=value):
            return times * value
        case AffineBinaryOpExpr(kind=AffineBinaryOpKind.Add, lhs=lhs, rhs=rhs):
            return _gather(lhs, times, factors) + _gather(rhs, times, factors)
        case AffineBinaryOpExpr(kind=AffineBinaryOpKind.Mul, lhs=lhs, rhs=AffineConstantExpr(value=value)):
            return _gather(lhs, times * value, factors)
        case _:
            raise ValueError(f"{expr} is no sum of loop dims")


@dataclass(frozen=True)
class Nest:
    """One structured op as loops: how often each loop dim runs, and where each operand is touched."""

    op: Structured
    operands: tuple[SSAValue, ...]
    """The shaped operands, the inits (outs) last; a fill has its init only."""
    axes: tuple[tuple[Linear, ...], ...]
    """For each operand, for each of its axes, the index there."""
    extents: tuple[int, ...]
    reductions: frozenset[int]

    @staticmethod
    def of(op: Structured) -> Nest:
        """Errors: an index that is no sum of dims; a loop dim that no operand's shape determines, or two differently."""
        if isinstance(op, linalg.ops.FillOp):
            extents = shape_of(op.outputs[0])
            identity = tuple(Linear(((axis, 1),), 0) for axis in range(len(extents)))
            return Nest(op, (op.outputs[0],), (identity,), extents, frozenset())
        operands = (*op.inputs, *op.outputs)
        maps = [attr.data for attr in op.indexing_maps]
        if len(maps) != len(operands):
            raise fail(op, f"has {len(maps)} indexing maps, expected {len(operands)}, one for each operand")
        dims = maps[0].num_dims
        try:
            axes = tuple(tuple(Linear.of(expr) for expr in map_.results) for map_ in maps)
        except ValueError as error:
            raise fail(op, f"indexing map: {error}") from error
        found: list[int | None] = [None] * dims
        for value, indices in zip(operands, axes):
            shape = shape_of(value) if indices else ()
            for extent, index in zip(shape, indices):
                if index.dim is None:
                    continue
                if found[index.dim] not in (None, extent):
                    raise fail(op, f"loop dim d{index.dim} is {found[index.dim]} by one operand and {extent} by another")
                found[index.dim] = extent
        missing = [f"d{dim}" for dim, extent in enumerate(found) if extent is None]
        if missing:
            raise fail(op, f"no operand's shape says how often {', '.join(missing)} runs; add a tensor.empty of that extent")
        reductions = frozenset(d for d, kind in enumerate(op.iterator_types) if kind.data != linalg.attrs.IteratorType.PARALLEL)
        return Nest(op, operands, axes, tuple(extent or 0 for extent in found), reductions)

    @property
    def parallel(self) -> tuple[int, ...]:
        return tuple(dim for dim in range(len(self.extents)) if dim not in self.reductions)

    @property
    def out_axes(self) -> tuple[Linear, ...]:
        return self.axes[-1]

    @property
    def init(self) -> SSAValue:
        return self.operands[-1]

    @property
    def points(self) -> int:
        total = 1
        for extent in self.extents:
            total *= extent
        return total


def map_of(dims: int, axes: Sequence[Linear], with_constant: bool = True) -> AffineMap:
    return AffineMap(dims, 0, tuple(axis.expr(with_constant) for axis in axes))


@dataclass(frozen=True)
class Group:
    """The structured ops of one kernel function, which share their first `spine` loop dims."""

    func: FuncOp
    nests: tuple[Nest, ...]
    root: Nest
    """The op whose result the kernel returns."""
    spine: int

    @property
    def spine_extents(self) -> tuple[int, ...]:
        return self.root.extents[: self.spine]

    @property
    def main(self) -> Nest:
        """The op with most points: a schedule is chosen for it."""
        return max(self.nests, key=lambda nest: (nest.points, len(nest.reductions)))

    @staticmethod
    def of(func: FuncOp) -> Group:
        """The group of a kernel on tensors. Errors: not one returned structured op; several results; a wrong spine."""
        last = func.body.block.last_op
        if not isinstance(last, ReturnOp) or len(last.arguments) != 1:
            raise fail(func, "a kernel returns exactly one tensor")
        returned = last.arguments[0].owner
        if isinstance(returned, tensor.ExpandShapeOp):
            returned = returned.src.owner  # collapsed loops: the result is shown in its own shape at the end
        if not isinstance(returned, Structured):
            raise fail(func, "a kernel returns the result of a linalg.generic or linalg.fill")
        nests = tuple(Nest.of(op) for op in func.body.block.ops if isinstance(op, Structured))
        for nest in nests:
            if len(nest.op.outputs) != 1:
                raise fail(nest.op, f"has {len(nest.op.outputs)} outs, expected 1; split it into one op for each result")
        root = next(nest for nest in nests if nest.op is returned)
        spine = _spine(func, root, nests)
        for nest in nests:
            if isinstance(nest.op, linalg.ops.GenericOp) and nest.extents[:spine] != root.extents[:spine]:
                raise fail(
                    nest.op,
                    f"first loop dims are {list(nest.extents[:spine])}, expected the kernel's spine {list(root.extents[:spine])}",
                )
            if any(dim < spine for dim in nest.reductions):
                raise fail(nest.op, f"reduces one of its first {spine} loop dims, which the kernel's ops share as parallel ones")
        return Group(func, nests, root, spine)


def _spine(func: FuncOp, root: Nest, nests: Sequence[Nest]) -> int:
    written = func.attributes.get("spine")
    generics = sum(isinstance(nest.op, linalg.ops.GenericOp) for nest in nests)
    if written is None:
        if generics > 1:
            raise fail(func, "has several linalg ops and no attribute 'spine = k : i64' that counts the loop dims they share")
        return next((dim for dim in range(len(root.extents)) if dim in root.reductions), len(root.extents))
    if not isinstance(written, IntegerAttr):
        raise fail(func, f"spine is {written}, expected an integer")
    spine = written.value.data
    if not 0 <= spine <= len(root.extents):
        raise fail(func, f"spine is {spine}, expected 0..{len(root.extents)}, the loop dims of the returned op")
    return spine


def is_kernel(func: FuncOp) -> bool:
    return "kernel" in func.attributes and not func.is_declaration


def kernels(module: ModuleOp) -> Iterator[FuncOp]:
    """The kernel functions of a module: those that carry the unit attribute `kernel`."""
    for op in module.body.block.ops:
        if isinstance(op, FuncOp) and is_kernel(op):
            yield op
