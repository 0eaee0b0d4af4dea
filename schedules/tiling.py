"""Tile a kernel on tensors: its fused group, over the spine, into static `scf.forall` regions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product

from xdsl.dialects import linalg, tensor
from xdsl.dialects.affine import ApplyOp
from xdsl.dialects.builtin import AffineMapAttr, ArrayAttr, TensorType
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, Operation, OpResult, SSAValue
from xdsl.ir.affine import AffineConstantExpr, AffineDimExpr, AffineExpr, AffineMap
from xdsl.utils.exceptions import PassFailedException
from xdsl.utils.hints import isa

from rung.dialects.upstream.scf import ForallOp
from rung.dialects.upstream.tensor import ParallelInsertSliceOp
from rung.schedules.nests import Group, Linear, Nest, Structured, fail, map_of, shape_of

Offset = int | SSAValue
"""Where a tile begins along a dim: known, or an induction variable of the forall."""


def tile_to_forall(func: FuncOp, sizes: Sequence[int]) -> list[ForallOp]:
    """Compute the kernel `func` tile by tile, `sizes` giving the tile's extent along each spine dim.

    The main region holds the full tiles; each dim that `sizes` does not divide splits every region in two, so that all shapes
    stay static. The regions are chained by their shared outs. A kernel without spine (a scalar result) gets a forall of one
    iteration. Returns the foralls in order, none if the result has no elements. Errors: a wrong number of sizes, or one outside
    1..extent; ops that do not form a group (see Group.of).
    """
    group = Group.of(func)
    if any(0 in nest.extents for nest in group.nests):
        _drop_empty_loops(group)
        group = Group.of(func)
    result = group.root.op.results[0]
    if 0 in shape_of(result):
        _return_nothing(group)
        return []
    extents = group.spine_extents
    if len(sizes) != len(extents):
        raise PassFailedException(
            f"@{func.sym_name.data} gets {len(sizes)} tile sizes, expected {len(extents)}, one for each spine dim {list(extents)}"
        )
    for axis, (size, extent) in enumerate(zip(sizes, extents)):
        if not 1 <= size <= extent:
            raise PassFailedException(f"tile size {axis} of @{func.sym_name.data} is {size}, expected 1..{extent}")
    block = func.body.block
    returned = _taker(block)
    old = [op for op in block.ops if isinstance(op, Structured)]
    destination = _destination(group)
    foralls: list[ForallOp] = []
    start, boxes = destination, regions(extents, sizes)
    for box in boxes:
        forall = _Tile(group, box, start, last=box is boxes[-1]).build(destination)
        block.insert_op_before(forall, returned)
        foralls.append(forall)
        destination = forall.results[0]
        destination.name_hint = result.name_hint
    returned.operands[0] = destination
    for op in reversed(old):
        op.detach()
        op.erase()
    _erase_dead_empties(block)
    return foralls


@dataclass(frozen=True)
class Range:
    """The tiles of one region along one dim: from `lower` to `upper`, `size` each, which divides the distance."""

    lower: int
    upper: int
    size: int

    @property
    def single(self) -> bool:
        return self.upper - self.lower == self.size


def regions(extents: Sequence[int], sizes: Sequence[int]) -> list[tuple[Range, ...]]:
    """Boxes of whole tiles that cover `extents`, the one of full tiles first."""
    choices: list[list[Range]] = []
    for extent, size in zip(extents, sizes):
        full = extent // size * size
        here = [Range(0, full, size)]
        if full < extent:
            here.append(Range(full, extent, extent - full))
        choices.append(here)
    return list(product(*choices))


def _drop_empty_loops(group: Group) -> None:
    """An op that iterates over nothing leaves its init as it is. (Upstream refuses slices of an empty tensor.)"""
    for nest in group.nests:
        if 0 in nest.extents and 0 not in shape_of(nest.op.results[0]):
            nest.op.results[0].replace_all_uses_with(nest.init)
            nest.op.detach()
            nest.op.erase()


def _return_nothing(group: Group) -> None:
    block = group.func.body.block
    returned = _taker(block)
    empty = tensor.EmptyOp([], group.root.op.results[0].type)
    block.insert_op_before(empty, returned)
    returned.operands[0] = empty.tensor
    for nest in reversed(group.nests):
        nest.op.detach()
        nest.op.erase()
    _erase_dead_empties(block)


def _taker(block: Block) -> Operation:
    """The op that takes the root's result: the return, or the expand_shape before it."""
    returned = block.last_op
    assert isinstance(returned, ReturnOp)
    owner = returned.arguments[0].owner
    return owner if isinstance(owner, tensor.ExpandShapeOp) else returned


def _destination(group: Group) -> SSAValue:
    """What the tiles are written into: where the chain of the root's inits begins, an empty tensor or an argument."""
    value = group.root.init
    while isinstance(value.owner, Structured):
        value = value.owner.outputs[0]
    return value


def _erase_dead_empties(block: Block) -> None:
    for op in list(block.ops):
        if isinstance(op, tensor.EmptyOp) and not op.tensor.uses:
            op.detach()
            op.erase()


@dataclass
class _Tile:
    """Builds the forall of one region."""

    group: Group
    region: tuple[Range, ...]
    start: SSAValue
    """The tensor in which the chain of the root's inits begins."""
    last: bool
    """The last region takes the bodies of the group's ops instead of copying them."""
    block: Block = field(init=False)
    offsets: tuple[Offset, ...] = field(init=False)
    tiled: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    """Tensor of the whole kernel: its tile, for results of the group's ops."""
    slices: dict[tuple[SSAValue, tuple[Linear, ...], tuple[int, ...]], SSAValue] = field(
        default_factory=dict[tuple[SSAValue, tuple[Linear, ...], tuple[int, ...]], SSAValue]
    )
    shifted: dict[Linear, Offset] = field(default_factory=dict[Linear, Offset])

    def build(self, destination: SSAValue) -> ForallOp:
        ranges = self.region or (Range(0, 1, 1),)
        lower, upper, step = ([r.lower for r in ranges], [r.upper for r in ranges], [r.size for r in ranges])
        forall = ForallOp(lower, upper, step, [destination])
        self.block = forall.body.block
        for dim, iv in enumerate(forall.induction_variables):
            iv.name_hint = f"tile{dim}" if len(ranges) > 1 else "tile"
        self.offsets = tuple(r.lower if r.single else iv for r, iv in zip(self.region, forall.induction_variables))
        (out,) = forall.region_out_args
        out.name_hint = self.group.root.op.results[0].name_hint or "out"
        terminator = forall.terminator
        terminator.detach()
        for nest in self.group.nests:
            self._add_nest(nest, out)
        root = self.group.root
        offsets, sizes = self._window(root.out_axes, self._sizes(root))
        self.block.add_op(terminator)
        insert = ParallelInsertSliceOp(self.tiled[root.op.results[0]], out, offsets, sizes, [1] * len(sizes))
        terminator.region.block.add_op(insert)
        return forall

    def _sizes(self, nest: Nest) -> tuple[int, ...]:
        """How often each loop dim of the op runs in the tile."""
        return (*(r.size for r in self.region), *nest.extents[len(self.region) :])[: len(nest.extents)]

    def _add_nest(self, nest: Nest, out: SSAValue) -> None:
        old = nest.op.results[0]
        init = self._init(nest, out)
        if isinstance(nest.op, linalg.ops.FillOp):
            new: Structured = linalg.ops.FillOp(list(nest.op.inputs), [init], [init.type])
            old.name_hint = self._writer(nest).op.results[0].name_hint
        else:
            sizes = self._sizes(nest)
            inputs = [self._input(nest, value, axes, sizes) for value, axes in zip(nest.operands[:-1], nest.axes[:-1])]
            maps = [AffineMapAttr(map_of(len(nest.extents), axes, with_constant=False)) for axes in nest.axes]
            body = nest.op.detach_region(nest.op.body) if self.last else nest.op.body.clone()
            self._shift_indices(body.block)
            new = linalg.ops.GenericOp(inputs, [init], body, ArrayAttr(maps), nest.op.iterator_types, [init.type])
            new.attributes.update(nest.op.attributes)
        self.block.add_op(new)
        new.results[0].name_hint = old.name_hint
        self.tiled[old] = new.results[0]

    def _init(self, nest: Nest, out: SSAValue) -> SSAValue:
        """The tile that `nest` writes: of the result if the op leads to it, else of a tensor of its own."""
        init = nest.init
        if init in self.tiled:
            return self.tiled[init]
        user = self._writer(nest)  # a fill has no loop dims of its own that count: it fills what its user accumulates into
        if init is self.start and self._leads_to_root(nest.op):
            return self._slice(out, user.out_axes, self._sizes(user))
        if isinstance(init.owner, tensor.EmptyOp):
            return self._empty(init, [axis.extent(self._sizes(user)) for axis in user.out_axes], user.op.results[0].name_hint)
        return self._slice(init, user.out_axes, self._sizes(user))

    def _writer(self, nest: Nest) -> Nest:
        """The op that ends the chain of inits that begins with `nest`: `nest` itself, unless it is a fill."""
        if isinstance(nest.op, linalg.ops.FillOp):
            for other in self.group.nests:
                if other.init is nest.op.results[0]:
                    return self._writer(other)
        return nest

    def _leads_to_root(self, op: Operation) -> bool:
        value: SSAValue = self.group.root.op.results[0]
        while isinstance(value, OpResult) and isinstance(value.op, Structured):
            if value.op is op:
                return True
            value = value.op.outputs[0]
        return False

    def _input(self, nest: Nest, value: SSAValue, axes: tuple[Linear, ...], sizes: tuple[int, ...]) -> SSAValue:
        if not axes:
            return self.tiled.get(value, value)
        if value in self.tiled:
            tile = self.tiled[value]
            found = [axis.extent(sizes) for axis in axes]
            if any(axis.constant for axis in axes) or list(shape_of(tile)) != found:
                raise fail(
                    nest.op,
                    f"reads the group's intermediate %{value.name_hint or '?'} at ({', '.join(str(a.expr()) for a in axes)}), "
                    f"expected each of the first {len(self.region)} loop dims in order",
                )
            return tile
        if isinstance(value.owner, tensor.EmptyOp):
            return self._empty(value, [axis.extent(sizes) for axis in axes])
        return self._slice(value, axes, sizes)

    def _empty(self, value: SSAValue, shape: Sequence[int], hint: str | None = None) -> SSAValue:
        type_ = value.type
        assert isa(type_, TensorType[Attribute])
        op = tensor.EmptyOp([], TensorType(type_.element_type, shape))
        self.block.add_op(op)
        op.tensor.name_hint = hint or value.name_hint
        return op.tensor

    def _slice(self, value: SSAValue, axes: tuple[Linear, ...], sizes: tuple[int, ...]) -> SSAValue:
        """The part of `value` that the tile touches; `value` itself if that is all of it."""
        type_ = value.type
        assert isa(type_, TensorType[Attribute])
        offsets, shape = self._window(axes, sizes)
        if tuple(shape) == type_.get_shape():
            return value
        key = (value, axes, tuple(shape))
        if key not in self.slices:
            strides = [1] * len(shape)
            op = tensor.ExtractSliceOp(value, offsets, shape, strides, TensorType(type_.element_type, shape))
            self.block.add_op(op)
            op.result.name_hint = f"{value.name_hint}_tile" if value.name_hint else "tile"
            self.slices[key] = op.result
        return self.slices[key]

    def _window(self, axes: tuple[Linear, ...], sizes: tuple[int, ...]) -> tuple[list[Offset], list[int]]:
        """Offset and extent, axis by axis, of what `axes` touch while each dim runs through its size."""
        return [self._offset(axis) for axis in axes], [axis.extent(sizes) for axis in axes]

    def _offset(self, axis: Linear) -> Offset:
        """The index `axis` at the tile's first point."""
        found = self.shifted.get(axis)
        if found is not None:
            return found
        constant, operands, expr = axis.constant, list[SSAValue](), AffineConstantExpr(0) + 0
        for dim, factor in axis.factors:
            offset = self.offsets[dim] if dim < len(self.offsets) else 0
            if isinstance(offset, int):
                constant += factor * offset
            else:
                expr = expr + AffineDimExpr(len(operands)) * factor
                operands.append(offset)
        result: Offset = self._apply(expr + constant, operands, self.block) if operands else constant
        self.shifted[axis] = result
        return result

    def _apply(self, expr: AffineExpr, operands: list[SSAValue], block: Block, before: Operation | None = None) -> SSAValue:
        if isinstance(expr, AffineDimExpr):
            return operands[expr.position]
        op = ApplyOp(operands, AffineMapAttr(AffineMap(len(operands), 0, (expr,))))
        if before is None:
            block.add_op(op)
        else:
            block.insert_op_before(op, before)
        return op.result

    def _shift_indices(self, body: Block) -> None:
        """`linalg.index` counts within the tile from here on: what used it gets the tile's offset added."""
        for op in list(body.walk()):
            if not isinstance(op, linalg.ops.IndexOp):
                continue
            dim = op.dim.value.data
            offset = self.offsets[dim] if dim < len(self.offsets) else 0
            if offset == 0 and isinstance(offset, int):
                continue
            block = op.parent
            assert block is not None
            uses = list(op.result.uses)
            first: AffineExpr = AffineDimExpr(0)
            if isinstance(offset, int):
                moved = ApplyOp([op.result], AffineMapAttr(AffineMap(1, 0, (first + offset,))))
            else:
                moved = ApplyOp([offset, op.result], AffineMapAttr(AffineMap(2, 0, (first + AffineDimExpr(1),))))
            block.insert_op_after(moved, op)
            moved.result.name_hint = op.result.name_hint
            for use in uses:
                use.operation.operands[use.index] = moved.result


__all__ = ["Range", "regions", "tile_to_forall"]
