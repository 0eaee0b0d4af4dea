"""One tile of a structured op: the same op on slices of its operands, at given offsets, of static sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from xdsl.builder import Builder
from xdsl.dialects import linalg, tensor
from xdsl.dialects.affine import ApplyOp
from xdsl.dialects.builtin import DYNAMIC_INDEX, AffineMapAttr, ArrayAttr, DenseArrayBase, TensorType, i64
from xdsl.dialects.linalg.abstract_ops import LinalgStructuredOperation
from xdsl.dialects.linalg.attrs import IteratorType
from xdsl.dialects.utils import split_dynamic_index_list
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineExpr, AffineMap
from xdsl.rewriter import InsertPoint
from xdsl.utils.hints import isa

from rung.schedules.engine.failures import Unfit
from rung.schedules.nests import Linear, map_of

Offset = int | SSAValue


@dataclass(frozen=True)
class Loops:
    """A structured op on tensors as loops: how often each loop dim runs, and where each operand is touched."""

    op: LinalgStructuredOperation
    operands: tuple[SSAValue, ...]
    """Inputs, then outs; those that are no tensors have no axes."""
    axes: tuple[tuple[Linear, ...], ...]
    extents: tuple[int, ...]
    reductions: frozenset[int]

    @property
    def inputs(self) -> int:
        return len(self.op.inputs)

    @property
    def out_axes(self) -> tuple[tuple[Linear, ...], ...]:
        return self.axes[self.inputs :]

    @staticmethod
    def of(op: Operation) -> Loops:
        """Raises Unfit: no structured op, on memrefs, a dynamic shape, an index that is no sum of loop dims."""
        if not isinstance(op, LinalgStructuredOperation):
            raise Unfit(f"payload is {op.name}, expected a structured op such as linalg.generic")
        operands = (*op.inputs, *op.outputs)
        for value in operands:
            if isa(value.type, TensorType[Attribute]) and any(extent < 0 for extent in value.type.get_shape()):
                raise Unfit(f"{op.name} has an operand of type {value.type}, expected static shapes")
        if len(op.results) != len(op.outputs):
            raise Unfit(f"{op.name} has {len(op.results)} results for {len(op.outputs)} outs, expected tensors")
        maps, reductions = maps_of(op)
        try:
            axes = tuple(tuple(Linear.of(expr) for expr in map_.results) for map_ in maps)
        except ValueError as problem:
            raise Unfit(f"{op.name} has an indexing map whose result {problem}") from problem
        extents: list[int | None] = [None] * maps[0].num_dims
        for value, indices in zip(operands, axes, strict=True):
            for extent, index in zip(_shape(value), indices, strict=True):
                if index.dim is not None:
                    if extents[index.dim] not in (None, extent):
                        found = f"d{index.dim} is {extents[index.dim]} by one operand, {extent} by another"
                        raise Unfit(f"{op.name}: loop dim {found}")
                    extents[index.dim] = extent
        if None in extents:
            raise Unfit(f"{op.name}: no operand's shape says how often d{extents.index(None)} runs")
        return Loops(op, operands, axes, tuple(extent or 0 for extent in extents), reductions)


def _shape(value: SSAValue) -> tuple[int, ...]:
    return value.type.get_shape() if isa(value.type, TensorType[Attribute]) else ()


def maps_of(op: LinalgStructuredOperation) -> tuple[list[AffineMap], frozenset[int]]:
    """The indexing maps of any structured op, and which of its loop dims are reductions."""
    if isinstance(op, linalg.ops.FillOp):
        rank = len(_shape(op.outputs[0]))
        scalar = AffineMap(rank, 0, ())
        return [*(scalar for _ in op.inputs), AffineMap.identity(rank)], frozenset()
    if isinstance(op, linalg.ops.TransposeOp | linalg.ops.BroadcastOp | linalg.ops.ReduceOp):
        raise Unfit(f"{op.name} is not supported here; transform.structured.generalize is neither, write it as linalg.generic")
    maps = [attr.data for attr in op.get_indexing_maps()]
    kinds = [kind.data for kind in op.get_iterator_types()]
    if IteratorType.WINDOW in kinds:
        raise Unfit(f"{op.name} has a window iterator, expected parallel and reduction")
    return maps, frozenset(dim for dim, kind in enumerate(kinds) if kind is not IteratorType.PARALLEL)


@dataclass(frozen=True)
class Window:
    """A part of a tensor."""

    offsets: tuple[Offset, ...]
    sizes: tuple[int, ...]

    def is_all_of(self, value: SSAValue) -> bool:
        return self.sizes == _shape(value)


@dataclass
class Tile:
    """Makes the tile of `loops` at `offsets`, one for each loop dim, of `sizes`, where `builder` stands."""

    loops: Loops
    offsets: Sequence[Offset]
    sizes: Sequence[int]
    builder: Builder
    known: dict[Linear, Offset] = field(default_factory=dict[Linear, Offset])

    def make(self, outs: Sequence[SSAValue], *, always: bool = False) -> tuple[LinalgStructuredOperation, list[Window]]:
        """The op on slices, of the inputs and of `outs`, which stand for its outs; and the windows of the outs.

        always  outs are sliced even where the slice is all of them
        """
        loops, op = self.loops, self.loops.op
        whole = [*loops.operands[: loops.inputs], *outs]
        windows = [self.window(axes) for axes in loops.axes]
        parts = [
            self.slice(value, window, always and number >= loops.inputs)
            for number, (value, window) in enumerate(zip(whole, windows, strict=True))
        ]
        new = type(op).create(
            operands=parts,
            result_types=[value.type for value in parts[loops.inputs :]],
            properties=dict(op.properties),
            attributes=dict(op.attributes),
            regions=[region.clone() for region in op.regions],
        )
        new.location = op.location
        if isinstance(new, linalg.ops.GenericOp):
            dims = len(loops.extents)
            maps = [AffineMapAttr(map_of(dims, axes, with_constant=False)) for axes in loops.axes]
            new.indexing_maps = ArrayAttr(maps)
            self._shift_indices(new)
        self.builder.insert(new)
        for old, result in zip(op.results, new.results, strict=True):
            result.name_hint = old.name_hint
        return new, windows[loops.inputs :]

    def window(self, axes: Sequence[Linear]) -> Window:
        return Window(tuple(self.offset(axis) for axis in axes), tuple(axis.extent(self.sizes) for axis in axes))

    def slice(self, value: SSAValue, window: Window, always: bool = False) -> SSAValue:
        """The part of a tensor; a part of an empty tensor is an empty tensor, as upstream folds it."""
        type_ = value.type
        if not isa(type_, TensorType[Attribute]) or (window.is_all_of(value) and not always):
            return value
        part = TensorType(type_.element_type, window.sizes)
        if isinstance(value.owner, tensor.EmptyOp):
            op: Operation = tensor.EmptyOp([], part)
        else:
            op = tensor.ExtractSliceOp(value, list(window.offsets), list(window.sizes), [1] * len(window.sizes), part)
        self.builder.insert(op)
        hint = value.name_hint or "tile"
        op.results[0].name_hint = hint if hint.endswith("tile") else f"{hint}_tile"
        return op.results[0]

    def offset(self, axis: Linear) -> Offset:
        """The index `axis` at the tile's first point."""
        if axis in self.known:
            return self.known[axis]
        constant, operands = axis.constant, list[SSAValue]()
        expr: AffineExpr | None = None
        for dim, factor in axis.factors:
            offset = self.offsets[dim]
            if isinstance(offset, int):
                constant += factor * offset
                continue
            term: AffineExpr = AffineDimExpr(len(operands))
            term = term if factor == 1 else term * factor
            expr = term if expr is None else expr + term
            operands.append(offset)
        if expr is None:
            result: Offset = constant
        elif len(operands) == 1 and isinstance(expr, AffineDimExpr) and not constant:
            result = operands[0]
        else:
            whole = expr + AffineConstantExpr(constant) if constant else expr
            result = self.builder.insert(ApplyOp(operands, AffineMapAttr(AffineMap(len(operands), 0, (whole,))))).result
        self.known[axis] = result
        return result

    def _shift_indices(self, op: linalg.ops.GenericOp) -> None:
        """`linalg.index` counts within the tile from here on: what used it gets the tile's offset added."""
        for index in [inner for inner in op.body.walk() if isinstance(inner, linalg.ops.IndexOp)]:
            offset = self.offsets[index.dim.value.data]
            if isinstance(offset, int) and offset == 0:
                continue
            uses = list(index.result.uses)
            d0, d1 = AffineDimExpr(0), AffineDimExpr(1)
            if isinstance(offset, int):
                moved = ApplyOp([index.result], AffineMapAttr(AffineMap(1, 0, (d0 + offset,))))
            else:
                moved = ApplyOp([offset, index.result], AffineMapAttr(AffineMap(2, 0, (d0 + d1,))))
            Builder(InsertPoint.after(index)).insert(moved)
            moved.result.name_hint = index.result.name_hint
            for use in uses:
                use.operation.operands[use.index] = moved.result


def insert_slice(part: SSAValue, out: SSAValue, window: Window) -> tensor.InsertSliceOp:
    """`out` with `part` in that window; not inserted yet."""
    static, dynamic = split_dynamic_index_list(window.offsets, DYNAMIC_INDEX)
    return tensor.InsertSliceOp.build(
        operands=[part, out, dynamic, [], []],
        result_types=[out.type],
        properties={
            "static_offsets": DenseArrayBase.from_list(i64, static),
            "static_sizes": DenseArrayBase.from_list(i64, window.sizes),
            "static_strides": DenseArrayBase.from_list(i64, [1] * len(window.sizes)),
        },
    )
