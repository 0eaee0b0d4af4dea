"""Make one loop of neighbouring loops that every operand walks as one, so that a tile is long whatever the shape was.

A kernel over (64, 3, 7, 7) whose operands are all read in order is a kernel over 9408 elements; a vector then never meets the
edge of a row of 7. Operands are seen through tensor.collapse_shape, which moves nothing.

before
    func.func private @double(%x: tensor<4x8xf32>) -> tensor<4x8xf32> attributes {kernel, spine = 2 : i64} {
      %e = tensor.empty() : tensor<4x8xf32>
      %y = linalg.generic {
        indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>],
        iterator_types = ["parallel", "parallel"]
      } ins(%x : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
      ^bb0(%a: f32, %o: f32):
        %s = arith.addf %a, %a : f32
        linalg.yield %s : f32
      } -> tensor<4x8xf32>
      return %y : tensor<4x8xf32>
    }
after
    func.func private @double(%x: tensor<4x8xf32>) -> tensor<4x8xf32> attributes {kernel, spine = 1 : i64} {
      %e = tensor.empty() : tensor<32xf32>
      %c = tensor.collapse_shape %x [[0, 1]] : tensor<4x8xf32> into tensor<32xf32>
      %y = linalg.generic {
        indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]
      } ins(%c : tensor<32xf32>) outs(%e : tensor<32xf32>) {
      ^bb0(%a: f32, %o: f32):
        %s = arith.addf %a, %a : f32
        linalg.yield %s : f32
      } -> tensor<32xf32>
      %z = tensor.expand_shape %y [[0, 1]] output_shape [4, 8] : tensor<32xf32> into tensor<4x8xf32>
      return %z : tensor<4x8xf32>
    }

Why here: before schedules are chosen, because it changes which loops there are. Needs and keeps rung linalg.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from xdsl.context import Context
from xdsl.dialects import func, tensor
from xdsl.dialects.builtin import AffineMapAttr, ArrayAttr, IntegerAttr, ModuleOp, TensorType, i64
from xdsl.dialects.linalg.ops import FillOp, GenericOp, IndexOp
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.ir.affine import AffineDimExpr, AffineExpr, AffineMap
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from rung.dialects.nd.base import element_of, shape_of

Groups = list[list[int]]


@dataclass(frozen=True)
class LinalgCollapseDimsPass(ModulePass):
    """Collapse neighbouring loops of each kernel that all operands walk in order."""

    name = "linalg-collapse-dims"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for kernel in op.body.block.ops:
            if isinstance(kernel, func.FuncOp) and "kernel" in kernel.attributes and not kernel.is_declaration:
                collapse_kernel(kernel)


def collapse_kernel(kernel: func.FuncOp) -> None:
    """Collapse the loops of one kernel in place. A kernel that a user has tiled or scheduled already is left alone."""
    spine = kernel.attributes.get("spine")
    ops = list(kernel.body.block.ops)
    generics = [op for op in ops if isinstance(op, GenericOp)]
    if not isinstance(spine, IntegerAttr) or not generics or "schedule" in kernel.attributes:
        return
    if any(op.name == "scf.forall" for op in ops) or not all(len(op.results) == 1 for op in generics):
        return
    if any(0 in shape_of(value) for op in generics for value in op.operands if isinstance(value.type, TensorType)):
        return  # nothing to walk
    groups = _kernel_groups(generics, spine.value.data)
    if all(len(group) == 1 for grouping in groups for group in grouping):
        return
    views = _Views()
    for op, grouping in zip(generics, groups):
        _collapse_generic(op, grouping, views)
    returned = kernel.body.block.last_op
    assert isinstance(returned, func.ReturnOp)
    _expand_result(returned, groups[-1], generics[-1], kernel)
    for op in reversed(ops):  # the empty and filled tensors of the old shapes
        if isinstance(op, tensor.EmptyOp | FillOp) and not op.results[0].uses:
            op.detach()
            op.erase()
    kernel.attributes["spine"] = IntegerAttr(sum(group[0] < spine.value.data for group in groups[-1]), i64)


def _kernel_groups(generics: Sequence[GenericOp], spine: int) -> list[Groups]:
    """For each structured op, its loops in groups to be made one. On the spine, all ops must agree."""
    links = [[_linked(op, p) for p in range(len(op.iterator_types) - 1)] for op in generics]
    found: list[Groups] = []
    for op, own in zip(generics, links):
        groups: Groups = [[0]] if len(op.iterator_types) else []
        for p in range(len(op.iterator_types) - 1):
            joined = all(link[p] for link in links) if p + 1 < spine else own[p] and p >= spine
            if joined:
                groups[-1].append(p + 1)
            else:
                groups.append([p + 1])
        found.append(groups)
    return found


def _linked(op: GenericOp, p: int) -> bool:
    """Do all operands of `op` walk loops p and p + 1 as one?"""
    if op.iterator_types.data[p] != op.iterator_types.data[p + 1]:
        return False
    if any(isinstance(inner, IndexOp) and inner.dim.value.data in (p, p + 1) for inner in op.walk()):
        return False
    first, second = AffineDimExpr(p), AffineDimExpr(p + 1)
    for map_attr in op.indexing_maps:
        results = map_attr.data.results
        used = {d for e in results for d in e.used_dims()}
        if p not in used and p + 1 not in used:
            continue
        places = [r for r, e in enumerate(results) if e == first and r + 1 < len(results) and results[r + 1] == second]
        mentions = sum(p in e.used_dims() or p + 1 in e.used_dims() for e in results)
        if len(places) != 1 or mentions != 2:
            return False
    return True


class _Views:
    """The collapsed views of a kernel's tensors, each made once; fills and empties are made anew in the collapsed shape."""

    def __init__(self) -> None:
        self._made: dict[tuple[SSAValue, str], SSAValue] = {}

    def of(self, value: SSAValue, groups: Groups, before: Operation) -> SSAValue:
        shape = shape_of(value)
        collapsed = TensorType(element_of(value), [prod(shape[a] for a in group) for group in groups])
        if collapsed == value.type or isinstance(value.owner, GenericOp):
            return value
        key = (value, str(groups))
        if key not in self._made:
            self._made[key] = self._make(value, groups, collapsed, before)
            self._made[key].name_hint = value.name_hint
        return self._made[key]

    def _make(self, value: SSAValue, groups: Groups, collapsed: TensorType[Attribute], before: Operation) -> SSAValue:
        block = before.parent
        assert block is not None
        owner = value.owner
        if isinstance(owner, tensor.EmptyOp):
            op: Operation = tensor.EmptyOp([], collapsed)
        elif isinstance(owner, FillOp):
            op = FillOp(list(owner.inputs), [self.of(owner.outputs[0], groups, owner)], [collapsed])
        else:
            op = tensor.CollapseShapeOp(
                operands=[value], result_types=[collapsed], properties={"reassociation": reassociation(groups)}
            )
        block.insert_op_before(op, owner if isinstance(owner, tensor.EmptyOp | FillOp) else before)
        return op.results[0]


def reassociation(groups: Groups) -> ArrayAttr[ArrayAttr[IntegerAttr]]:
    """The attribute of collapse_shape and expand_shape."""
    return ArrayAttr([ArrayAttr([IntegerAttr(axis, i64) for axis in group]) for group in groups])


def _axis_groups(results: Sequence[AffineExpr], grouping: Groups) -> Groups:
    """The axes of an operand in groups, from the loops its map names."""
    joined = {group[i]: group[i - 1] for group in grouping for i in range(1, len(group))}
    groups: Groups = []
    for axis, e in enumerate(results):
        previous = results[axis - 1] if axis else None
        if isinstance(e, AffineDimExpr) and isinstance(previous, AffineDimExpr) and joined.get(e.position) == previous.position:
            groups[-1].append(axis)
        else:
            groups.append([axis])
    return groups


def _collapse_generic(op: GenericOp, grouping: Groups, views: _Views) -> None:
    where = {p: new for new, group in enumerate(grouping) for p in group}
    renamed: list[AffineExpr] = [AffineDimExpr(where[p]) for p in range(len(op.iterator_types))]
    maps: list[AffineMapAttr] = []
    for number, (value, map_attr) in enumerate(zip(list(op.operands), op.indexing_maps)):
        axes = _axis_groups(map_attr.data.results, grouping)
        kept = [map_attr.data.results[group[0]].replace_dims_and_symbols(renamed, []) for group in axes]
        maps.append(AffineMapAttr(AffineMap(len(grouping), 0, tuple(kept))))
        if not isinstance(value.owner, GenericOp):
            op.operands[number] = views.of(value, axes, op)
    op.properties["indexing_maps"] = ArrayAttr(maps)
    op.properties["iterator_types"] = ArrayAttr([op.iterator_types.data[group[0]] for group in grouping])
    for inner in op.walk():
        if isinstance(inner, IndexOp):
            inner.properties["dim"] = IntegerAttr(where[inner.dim.value.data], i64)
    result = op.results[0]
    new_type = op.outputs[0].type
    if result.type != new_type:
        Rewriter.replace_value_with_new_type(result, new_type)


def _expand_result(returned: func.ReturnOp, grouping: Groups, last: GenericOp, kernel: func.FuncOp) -> None:
    result = last.results[0]
    wanted = kernel.function_type.outputs.data[0]
    if result.type == wanted:
        return
    shape, axes, start = shape_of(wanted), list[list[int]](), 0
    for extent in shape_of(result):
        axes.append([])
        size = 1
        while start < len(shape) and (size < extent or not axes[-1]):
            size *= shape[start]
            axes[-1].append(start)
            start += 1
    axes[-1].extend(range(start, len(shape)))
    expand = tensor.ExpandShapeOp(result, [], reassociation(axes), list(shape), TensorType(element_of(wanted), shape))
    expand.result.name_hint = result.name_hint
    block = returned.parent
    assert block is not None
    block.insert_op_before(expand, returned)
    returned.operands[0] = expand.result
