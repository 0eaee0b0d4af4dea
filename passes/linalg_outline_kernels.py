"""Give every structured op of a linalg program a kernel function of its own, as nd programs have after outlining.

This is where programs from other producers get on: named ops are made generic first, and loops are ordered parallel before
reduced. An init that is neither empty nor filled is refused.

before
    func.func @main(%x: tensor<4x8xf32>) -> tensor<4xf32> {
      %zero = arith.constant 0.0 : f32
      %e = tensor.empty() : tensor<4xf32>
      %i = linalg.fill ins(%zero : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
      %s = linalg.generic {
        indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>],
        iterator_types = ["parallel", "reduction"]
      } ins(%x : tensor<4x8xf32>) outs(%i : tensor<4xf32>) {
      ^bb0(%a: f32, %acc: f32):
        %n = arith.addf %acc, %a : f32
        linalg.yield %n : f32
      } -> tensor<4xf32>
      return %s : tensor<4xf32>
    }
after
    func.func @main(%x: tensor<4x8xf32>) -> tensor<4xf32> {
      %s = func.call @s(%x) : (tensor<4x8xf32>) -> tensor<4xf32>
      return %s : tensor<4xf32>
    }
    func.func private @s(%x: tensor<4x8xf32>) -> tensor<4xf32> attributes {kernel, spine = 1 : i64} {
      %zero = arith.constant 0.0 : f32
      %e = tensor.empty() : tensor<4xf32>
      %i = linalg.fill ins(%zero : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
      %s = linalg.generic {
        indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>],
        iterator_types = ["parallel", "reduction"]
      } ins(%x : tensor<4x8xf32>) outs(%i : tensor<4xf32>) {
      ^bb0(%a: f32, %acc: f32):
        %n = arith.addf %acc, %a : f32
        linalg.yield %n : f32
      } -> tensor<4xf32>
      return %s : tensor<4xf32>
    }

Why here: schedules are chosen a kernel at a time. Needs and keeps rung linalg.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import arith, func, linalg, tensor
from xdsl.dialects.builtin import AffineMapAttr, IntegerAttr, ModuleOp, UnitAttr, i64
from xdsl.dialects.linalg.abstract_ops import NamedOperation
from xdsl.dialects.linalg.attrs import IteratorType
from xdsl.dialects.linalg.ops import FillOp, GenericOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.ir.affine import AffineDimExpr, AffineExpr, AffineMap
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter
from xdsl.utils.exceptions import VerifyException

STAYS = (arith.ConstantOp, tensor.EmptyOp, tensor.CollapseShapeOp, tensor.ExpandShapeOp, FillOp, func.ReturnOp, func.CallOp)
"""What a host function may hold beside structured ops. Empty and filled tensors are cloned into kernels that start from them."""


@dataclass(frozen=True)
class LinalgOutlineKernelsPass(ModulePass):
    """Outline each linalg op of a function that is no kernel into a kernel function."""

    name = "linalg-outline-kernels"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for host in list(op.body.block.ops):
            if not isinstance(host, func.FuncOp) or host.is_declaration or "kernel" in host.attributes:
                continue
            if any(o.name.startswith("linalg.") for o in host.body.block.ops):
                _generalize(host)
                _outline(host, op)


def _generalize(host: func.FuncOp) -> None:
    """Named ops become linalg.generic; linalg.fill stays, because a kernel starts from it."""
    for named in list(host.body.block.ops):
        if isinstance(named, NamedOperation) and not isinstance(named, FillOp):
            generic = GenericOp(
                named.inputs,
                named.outputs,
                named.body.clone(),
                named.get_indexing_maps(),
                named.get_iterator_types(),
                named.results.types,
            )
            generic.results[0].name_hint = named.results[0].name_hint or named.name.partition(".")[2]
            Rewriter.replace_op(named, generic)


def _outline(host: func.FuncOp, module: ModuleOp) -> None:
    names = {f.sym_name.data for f in module.body.block.ops if isinstance(f, func.FuncOp)}
    for op in list(host.body.block.ops):
        if isinstance(op, GenericOp):
            kernel = _kernel_of(op, _unique(op.results[0].name_hint if op.results else None, names), host)
            module.body.block.add_op(kernel)
            call = func.CallOp(kernel.sym_name.data, _arguments(op), op.result_types)
            call.res[0].name_hint = op.results[0].name_hint
            host.body.block.insert_op_before(call, op)
            op.results[0].replace_all_uses_with(call.res[0])
            op.detach()
            op.erase()
        elif not isinstance(op, STAYS):
            raise VerifyException(f"no rule for {op.name} in @{host.sym_name.data}, expected linalg ops, constants and reshapes")
    for op in reversed(list(host.body.block.ops)):
        if isinstance(op, arith.ConstantOp | tensor.EmptyOp) and not any(r.uses for r in op.results):
            op.detach()
            op.erase()
        elif isinstance(op, FillOp):
            if op.results and op.results[0].uses:
                raise VerifyException(f"linalg.fill in @{host.sym_name.data} is used beyond the init of a structured op")
            op.detach()
            op.erase()


def _unique(hint: str | None, names: set[str]) -> str:
    base = hint or "kernel"
    name, count = base, 1
    while name in names:
        name, count = f"{base}_{count}", count + 1
    names.add(name)
    return name


def _is_fresh(init: SSAValue) -> bool:
    return isinstance(init.owner, FillOp | tensor.EmptyOp)


def _arguments(op: GenericOp) -> list[SSAValue]:
    """The tensors a kernel for `op` reads: operands, and tensors its body captures, each once."""
    found: dict[SSAValue, None] = {}
    for value in op.inputs:
        if not isinstance(value.owner, tensor.EmptyOp):
            found[value] = None
    for init in op.outputs:
        if not _is_fresh(init):
            found[init] = None
    for inner in op.walk():
        for value in inner.operands:
            if value not in found and isinstance(inner, tensor.ExtractOp) and value is inner.tensor:
                found[value] = None
    return list(found)


def _kernel_of(op: GenericOp, name: str, host: func.FuncOp) -> func.FuncOp:
    where = f"linalg.generic in @{host.sym_name.data}"
    if len(op.results) != 1:
        raise VerifyException(f"{where} has {len(op.results)} results, expected 1")
    if not _is_fresh(op.outputs[0]):
        raise VerifyException(f"{where} accumulates into a tensor from elsewhere, expected a filled or an empty init")
    arguments = _arguments(op)
    block = Block(arg_types=[a.type for a in arguments])
    mapped: dict[SSAValue, SSAValue] = {}
    for before, after in zip(arguments, block.args):
        after.name_hint = before.name_hint
        mapped[before] = after
    for value in _captured(op):
        _clone_into(value, block, mapped, where)
    body = op.clone(mapped)
    order_loops(body)
    block.add_ops([body, func.ReturnOp(body.results[0])])
    kernel = func.FuncOp(name, ([a.type for a in block.args], [op.results[0].type]), Region(block), visibility="private")
    kernel.attributes["kernel"] = UnitAttr()
    parallel = sum(it.data is IteratorType.PARALLEL for it in body.iterator_types)
    kernel.attributes["spine"] = IntegerAttr(parallel, i64)
    return kernel


def _captured(op: GenericOp) -> list[SSAValue]:
    """Every value from outside that `op` or its body uses, in order."""
    inside = {result for inner in op.walk() for result in inner.results} | set(op.body.block.args)
    for inner in op.walk():
        for region in inner.regions:
            for block in region.blocks:
                inside |= set(block.args)
    return [value for inner in op.walk() for value in inner.operands if value not in inside]


def _clone_into(value: SSAValue, block: Block, mapped: dict[SSAValue, SSAValue], where: str) -> None:
    """Copy what makes a scalar constant, an empty or a filled tensor into the kernel."""
    if value in mapped:
        return
    owner = value.owner
    if not isinstance(owner, Operation) or not isinstance(owner, arith.ConstantOp | tensor.EmptyOp | FillOp):
        raise VerifyException(
            f"{where} uses %{value.name_hint or '?'} : {value.type}, which is neither an operand nor a constant"
        )
    for operand in owner.operands:
        _clone_into(operand, block, mapped, where)
    clone = owner.clone(mapped)
    block.add_op(clone)
    for before, after in zip(owner.results, clone.results):
        mapped[before] = after


def order_loops(op: GenericOp) -> None:
    """Number the loops of `op` anew, parallel before reduced, each group in its old order."""
    kinds = [it.data for it in op.iterator_types]
    order = sorted(range(len(kinds)), key=lambda p: kinds[p] is not IteratorType.PARALLEL)
    if order == list(range(len(kinds))):
        return
    where = {old: new for new, old in enumerate(order)}
    renamed: list[AffineExpr] = [AffineDimExpr(where[p]) for p in range(len(kinds))]
    maps = [
        AffineMapAttr(AffineMap(len(kinds), 0, tuple(e.replace_dims_and_symbols(renamed, []) for e in m.data.results)))
        for m in op.indexing_maps
    ]
    op.properties["indexing_maps"] = type(op.indexing_maps)(maps)
    op.properties["iterator_types"] = type(op.iterator_types)([op.iterator_types.data[p] for p in order])
    for inner in op.walk():
        if isinstance(inner, linalg.ops.IndexOp):
            inner.properties["dim"] = IntegerAttr(where[inner.dim.value.data], i64)
