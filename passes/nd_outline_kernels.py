"""Give each materialised value a kernel function of its own; what is left of a public function are calls.

before
    func.func @shares(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
      %e = nd.unary "exp2" %x : tensor<4x8xf32>
      %total = nd.reduce "sum" %e axes [0] {realize} : tensor<4x8xf32> -> tensor<8xf32>
      %t1 = nd.reshape %total : tensor<8xf32> -> tensor<1x8xf32>
      %t2 = nd.expand %t1 : tensor<1x8xf32> -> tensor<4x8xf32>
      %share = nd.binary "div" %e, %t2 {realize} : tensor<4x8xf32> -> tensor<4x8xf32>
      return %share : tensor<4x8xf32>
    }
after
    func.func @shares(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
      %total = func.call @total(%x) : (tensor<4x8xf32>) -> tensor<8xf32>
      %share = func.call @share(%x, %total) : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
      return %share : tensor<4x8xf32>
    }
    func.func private @total(%x: tensor<4x8xf32>) -> tensor<8xf32> attributes {kernel} {
      %e = nd.unary "exp2" %x : tensor<4x8xf32>
      %total = nd.reduce "sum" %e axes [0] : tensor<4x8xf32> -> tensor<8xf32>
      return %total : tensor<8xf32>
    }
    func.func private @share(%x: tensor<4x8xf32>, %total: tensor<8xf32>) -> tensor<4x8xf32> attributes {kernel} {
      %e = nd.unary "exp2" %x : tensor<4x8xf32>
      %t1 = nd.reshape %total : tensor<8xf32> -> tensor<1x8xf32>
      %t2 = nd.expand %t1 : tensor<1x8xf32> -> tensor<4x8xf32>
      %share = nd.binary "div" %e, %t2 : tensor<4x8xf32> -> tensor<4x8xf32>
      return %share : tensor<4x8xf32>
    }

A kernel reads function arguments and other kernels' results; whatever else it needs is computed inside, again in each kernel that
needs it. Kernels of the same structure are outlined once and called several times. A returned argument stays a returned argument.
Marks edited by hand are judged here: a reduction that a kernel needs at more than its rows is refused by name.

Why here: every pass below works on one kernel at a time. Needs kernels marked; keeps rung nd.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp, UnitAttr
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from rung.dialects.nd import Nd
from rung.schedules.nests import fail

from .kernel_legality import REALIZE, KernelWalk, reduction_of, result_roots
from .kernel_names import kernel_name

ND_OPS = tuple(Nd.operations)


@dataclass
class Kernels:
    """The kernel functions made so far, by structure."""

    names: set[str]
    functions: list[func.FuncOp] = field(default_factory=list[func.FuncOp])
    known: dict[object, str] = field(default_factory=dict[object, str])

    def outline(
        self, root: Operation, cone: Sequence[Operation], inputs: Sequence[SSAValue], shared: Container[Operation]
    ) -> str:
        """The name of a kernel that computes `root` by the ops of `cone` from `inputs`. Ops that are not `shared` with other
        kernels may be moved there, which takes a third of the time of a clone."""
        key = _structure(cone, inputs)
        if key in self.known:
            return self.known[key]
        name = kernel_name(root, cone, inputs, self.names)
        self.names.add(name)
        self.known[key] = name
        block = Block(arg_types=[value.type for value in inputs])
        values: dict[SSAValue, SSAValue] = {}
        for value, argument in zip(inputs, block.args):
            argument.name_hint = value.name_hint
            values[value] = argument
        for op in cone:
            new = op
            if op in shared:
                new = op.clone_without_regions(values)
            else:
                op.detach()
                op.operands = [values[operand] for operand in op.operands]
            values[op.results[0]] = new.results[0]
            new.attributes.pop(REALIZE, None)
            block.add_op(new)
        result = values[root.results[0]]
        block.add_op(func.ReturnOp(result))
        function = func.FuncOp(name, (block.arg_types, [result.type]), Region(block), "private")
        function.attributes["kernel"] = UnitAttr()
        self.functions.append(function)
        return name


@dataclass(frozen=True)
class NdOutlineKernelsPass(ModulePass):
    """Outline each `{realize}`d value into a private kernel function and call it."""

    name = "nd-outline-kernels"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        functions = [f for f in op.body.block.ops if isinstance(f, func.FuncOp)]
        kernels = Kernels({f.sym_name.data for f in functions})
        for function in functions:
            if not function.is_declaration and "kernel" not in function.attributes:
                _outline_function(function, kernels)
        op.body.block.add_ops(kernels.functions)


def _outline_function(function: func.FuncOp, kernels: Kernels) -> None:
    block = function.body.block
    ops = list(block.ops)
    work, returned = ops[:-1], ops[-1]
    if all(isinstance(op, func.CallOp) for op in work):
        return  # nothing to do, or outlined already
    for op in work:
        if not isinstance(op, ND_OPS):
            more = "; write the called function's ops here in its place" if isinstance(op, func.CallOp) else ""
            raise fail(op, f"found in a function to be cut into kernels, expected ops of nd only{more}")
    roots = result_roots(block) | {op for op in work if REALIZE in op.attributes}
    check_marks(function, roots)
    position = {op: i for i, op in enumerate(work)}
    results: dict[SSAValue, SSAValue] = {argument: argument for argument in block.args}
    cones = {root: _cone(root, roots, position) for root in work if root in roots}
    counts = Counter(op for cone, _ in cones.values() for op in cone)
    shared = {op for op, count in counts.items() if count > 1}
    for root, (cone, inputs) in cones.items():
        name = kernels.outline(root, cone, inputs, shared)
        call = func.CallOp(name, [results[value] for value in inputs], [root.results[0].type])
        call.res[0].name_hint = root.results[0].name_hint
        block.insert_op_before(call, returned)
        results[root.results[0]] = call.res[0]
    block.insert_op_before(func.ReturnOp(*(results[value] for value in returned.operands)), returned)
    for op in reversed(ops):
        if op.parent is block:
            block.erase_op(op)


def _cone(root: Operation, roots: set[Operation], position: dict[Operation, int]) -> tuple[list[Operation], list[SSAValue]]:
    """The ops that a kernel computes, in order, and the values it reads, in the order in which they are first read."""
    found = {root}
    work = [root]
    while work:
        for operand in work.pop().operands:
            owner = operand.owner
            if isinstance(owner, Operation) and owner not in roots and owner not in found:
                found.add(owner)
                work.append(owner)
    cone = sorted(found, key=position.__getitem__)
    inputs = dict.fromkeys(v for op in cone for v in op.operands if v.owner not in found)
    return cone, list(inputs)


def check_marks(function: func.FuncOp, roots: set[Operation]) -> None:
    """Refuse marks that leave a reduction inside a kernel that would have to compute it again, or in the wrong order.

    Raises PassFailedException naming the kernel's root, the reduction and what to do.
    """
    walk = KernelWalk()
    for op in reversed(list(function.body.block.ops)):
        if not isinstance(op, ND_OPS) or (op not in roots and not walk.uses_of(op)):
            continue
        reduction = reduction_of(op)
        if op in roots:
            walk.begin_kernel(op)
        elif reduction is not None:
            why = walk.refusal(reduction)
            if why is not None:
                user = next(iter(walk.uses_of(op))).root.results[0]
                raise fail(
                    reduction,
                    f"the kernel of {_name(user)} needs {_name(reduction.res)} "
                    f'(nd.reduce "{reduction.combiner.data}") {why}; mark it {{realize}}',
                )
            walk.fuse(reduction)
        walk.enter(op)


def _name(value: SSAValue) -> str:
    if value.name_hint is not None:
        return f"%{value.name_hint}"
    owner = value.owner
    return f"an unnamed {owner.name}" if isinstance(owner, Operation) else "an unnamed argument"


def _structure(cone: Sequence[Operation], inputs: Sequence[SSAValue]) -> object:
    """A key that two kernels share if and only if they are the same up to the names of values."""
    number: dict[SSAValue, int] = {value: i for i, value in enumerate(inputs)}
    parts: list[object] = [value.type for value in inputs]
    for op in cone:
        attributes = sorted((name, value) for name, value in op.attributes.items() if name != REALIZE)
        parts.append((op.name, tuple(attributes), tuple(number[v] for v in op.operands), op.results[0].type))
        number[op.results[0]] = len(number)
    return tuple(parts)
