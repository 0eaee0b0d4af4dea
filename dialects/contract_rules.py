"""The rules of the rungs' contracts: each takes the facts of a module and raises Refusal with op, function and reason."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import ClassVar, cast

from xdsl.dialects import affine, arith, func, linalg, memref, scf
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    FixedBitwidthType,
    IntegerAttr,
    MemRefType,
    ModuleOp,
    StringAttr,
    TensorType,
    UnrankedMemRefType,
    UnrankedTensorType,
    VectorType,
)
from xdsl.ir import Attribute, Block, Operation, OpResult, SSAValue
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa

from .upstream import gpu
from .upstream import scf as upstream_scf

_SHAPES: dict[int, tuple[Attribute, str | None]] = {}
"""By the id of a type, the type and what is wrong with it: types come again after the next pass."""
_SHAPES_MAX = 20_000


class Facts:
    """What one walk over a module notes for the rules."""

    NOTED: ClassVar = frozenset({"func.call", "gpu.launch_func", "gpu.barrier", "memref.alloca", "memref.alloc", "memref.global"})
    """Ops without regions that a rule asks about; ops with regions are all noted."""

    def __init__(self, module: ModuleOp, workgroup_bytes: int | None = None):
        self.module = module
        self.workgroup_bytes = workgroup_bytes
        self.ops: dict[str, list[Operation]] = {}
        if len(_SHAPES) > _SHAPES_MAX:
            _SHAPES.clear()
        self.shapes = _SHAPES

    def note(self, op: Operation) -> None:
        self.ops.setdefault(op.name, []).append(op)

    def note_shape(self, type_: Attribute) -> None:
        """Judge a type once; keeping it keeps its id from being used again."""
        self.shapes[id(type_)] = (type_, shape_problem(type_))

    def all(self, *names: str) -> Sequence[Operation]:
        return [op for name in names for op in self.ops.get(name, ())]


def function_of(op: Operation) -> str:
    """The name of the function an op is in, as it is written in the IR: `@main`, or `the module`."""
    found: Operation | None = op
    while found is not None:
        if isinstance(found, func.FuncOp | gpu.FuncOp):
            # not `found.sym_name`: this also names ops that lack what they should have
            name = found.properties.get("sym_name", found.attributes.get("sym_name"))
            return f"@{name.data}" if isinstance(name, StringAttr) else "a function without a name"
        found = found.parent_op()
    return "the module"


def names_itself(op: Operation) -> str:
    """How a message names an op: `memref.load %x in @softmax`."""
    hints = [f"%{result.name_hint}" for result in op.results if result.name_hint]
    return " ".join([op.name, *hints, "in", function_of(op)])


class Refusal(VerifyException):
    """An op that a check refuses: `op`, and why, as `[rung loops: ]memref.load %x in @f: reason`."""

    def __init__(self, op: Operation, reason: str, rung: str | None = None):
        super().__init__(f"{'' if rung is None else f'rung {rung}: '}{names_itself(op)}: {reason}")
        self.op = op
        self.reason = reason


def _refuse(op: Operation, reason: str) -> None:
    raise Refusal(op, reason)


def shape_problem(type_: Attribute) -> str | None:
    """Why a type has no place on any rung, or None: shapes are static."""
    if isinstance(type_, TensorType | MemRefType):
        shaped = cast(TensorType[Attribute] | MemRefType[Attribute], type_)
        return f"has type {type_}, expected a static shape" if DYNAMIC_INDEX in shaped.get_shape() else None
    if isinstance(type_, VectorType) and any(bool(dim) for dim in cast(VectorType[Attribute], type_).get_scalable_dims()):
        return f"has type {type_}, expected a vector of fixed length"
    if isinstance(type_, UnrankedTensorType | UnrankedMemRefType):
        return f"has type {type_}, expected a rank and a static shape"
    return None


def calls_do_not_recurse(facts: Facts) -> None:
    """No function calls itself, directly or through others."""
    calls: dict[str, list[func.CallOp]] = {}
    for op in facts.all("func.call"):
        calls.setdefault(function_of(op), []).append(cast(func.CallOp, op))
    done: set[str] = set()
    for start in calls:
        # iterative, because a chain of calls may be longer than Python's stack
        path, todo = [start], [iter(calls[start])]
        while todo:
            call = next(todo[-1], None)
            if call is None:
                todo.pop()
                done.add(path.pop())
                continue
            callee = f"@{call.callee.string_value()}"
            if callee in path:
                cycle = " -> ".join([*path[path.index(callee) :], callee])
                _refuse(call, f"calls {cycle}, expected no recursion")
            if callee not in done and callee in calls:
                path.append(callee)
                todo.append(iter(calls[callee]))


def iterators_are_true(facts: Facts) -> None:
    """In a linalg.generic a parallel dim is in every output map, a reduction dim in none."""
    for op in facts.all("linalg.generic"):
        generic = cast(linalg.ops.GenericOp, op)
        maps = generic.indexing_maps.data[len(generic.inputs) :]
        for dim, iterator in enumerate(generic.iterator_types.data):
            for map_attr in maps:
                used = any(dim in result.used_dims() for result in map_attr.data.results)
                if used != (iterator.data == linalg.attrs.IteratorType.PARALLEL):
                    place = "in" if used else "not in"
                    _refuse(op, f"d{dim} is {iterator.data.value} and {place} the output map {map_attr.data}, expected it true")


def bounds_are_affine(facts: Facts) -> None:
    """Bounds of loops are constants or affine in outer indices, steps are positive constants."""
    for op in facts.all("scf.for"):
        loop = cast(scf.ForOp, op)
        _check_bounds(op, (loop.lb, loop.ub), (loop.step,))
    for op in facts.all("scf.parallel"):
        parallel = cast(scf.ParallelOp, op)
        _check_bounds(op, (*parallel.lowerBound, *parallel.upperBound), parallel.step)
    for op in facts.all("scf.forall"):
        forall = cast(upstream_scf.ForallOp, op)
        _check_bounds(op, (*forall.dynamic_lower_bound, *forall.dynamic_upper_bound), forall.dynamic_step)


def _check_bounds(op: Operation, bounds: Sequence[SSAValue], steps: Sequence[SSAValue]) -> None:
    for bound in bounds:
        if not is_affine_index(bound):
            _refuse(op, f"bound {_shown(bound)}, expected a constant or affine in outer indices")
    for step in steps:
        constant = constant_of(step)
        if constant is None or constant <= 0:
            _refuse(op, f"step {_shown(step)}, expected a positive constant")


def _shown(value: SSAValue) -> str:
    name = f"%{value.name_hint}" if value.name_hint else "has no name and"
    constant = constant_of(value)
    if constant is not None:
        return f"{name} is {constant}"
    return f"{name} comes from {value.owner.name}" if isinstance(value.owner, Operation) else f"{name} is an argument"


def constant_of(value: SSAValue) -> int | None:
    """The integer that an arith.constant gives."""
    if isinstance(value, OpResult) and isinstance(value.op, arith.ConstantOp) and isa(value.op.value, IntegerAttr):
        return value.op.value.value.data
    return None


_IDS = ("gpu.block_id", "gpu.thread_id", "gpu.block_dim", "gpu.grid_dim", "gpu.global_id", "gpu.lane_id", "gpu.subgroup_id")


def is_affine_index(value: SSAValue) -> bool:
    """Is the value a constant, an index of an outer loop, a gpu id, or affine in those?"""
    if isinstance(value.owner, Block):
        parent = value.owner.parent_op()
        if isinstance(parent, scf.ForOp):
            return value is parent.body.block.args[0]
        if isinstance(parent, scf.ParallelOp):
            return True
        return isinstance(parent, upstream_scf.ForallOp) and value in parent.induction_variables
    op = value.owner
    if op.name in _IDS or constant_of(value) is not None:
        return True
    if isinstance(op, affine.ApplyOp | arith.AddiOp | arith.SubiOp):
        return all(is_affine_index(operand) for operand in op.operands)
    if isinstance(op, arith.MuliOp):
        constants = [constant_of(operand) is not None for operand in op.operands]
        return any(constants) and all(is_affine_index(operand) for operand in op.operands)
    return False


def launches_match_kernels(facts: Facts) -> None:
    """Constant sizes of a launch are the sizes its kernel knows."""
    kernels = {
        f"@{module.sym_name.data}::@{kernel.sym_name.data}": kernel
        for kernel in (cast(gpu.FuncOp, op) for op in facts.all("gpu.func"))
        if isinstance(module := kernel.parent_op(), gpu.ModuleOp)
    }
    for op in facts.all("gpu.launch_func"):
        launch = cast(gpu.LaunchFuncOp, op)
        kernel = kernels.get(str(launch.kernel))
        if kernel is None:
            continue
        for what, sizes, known in (
            ("grid", launch.grid, kernel.known_grid_size),
            ("block", launch.block, kernel.known_block_size),
        ):
            found = [constant_of(size) for size in sizes]
            if known is not None and None not in found and tuple(found) != known.get_values():
                _refuse(op, f"{what} is {found}, expected the known size {list(known.get_values())} of {launch.kernel}")


def barriers_are_uniform(facts: Facts) -> None:
    """Every thread of a block comes to the same barriers: none stands under a condition or bound that differs between threads."""
    for op in facts.all("gpu.barrier"):
        outer = op.parent_op()
        while outer is not None and not isinstance(outer, gpu.FuncOp):
            deciding: Sequence[SSAValue] = ()
            if isinstance(outer, scf.IfOp):
                deciding = (outer.cond,)
            elif isinstance(outer, scf.ForOp):
                deciding = (outer.lb, outer.ub, outer.step)
            for value in deciding:
                if _varies(value, set()):
                    found = f"stands under {outer.name} on {_name(value)}, which may differ between threads"
                    _refuse(op, f"{found}; expected the same for all")
            outer = outer.parent_op()


def _name(value: SSAValue) -> str:
    return f"%{value.name_hint}" if value.name_hint else "a value"


_VARYING = ("gpu.thread_id", "gpu.global_id", "gpu.lane_id", "gpu.subgroup_id", "gpu.shuffle", "memref.load", "memref.atomic_rmw")
"""Where a difference between threads comes from. A load counts: what it reads may have been written per thread."""


def _varies(value: SSAValue, visiting: set[SSAValue]) -> bool:
    """Can the value differ between threads of a block? What is found on a cycle of a loop is decided by its other inputs."""
    if value in visiting:
        return False
    visiting.add(value)
    if isinstance(value.owner, Block):
        parent = value.owner.parent_op()
        if not isinstance(parent, scf.ForOp):
            return False
        index = parent.body.block.args.index(value)
        sources = [parent.lb, parent.ub, parent.step]
        if index > 0:
            sources += [parent.iter_args[index - 1], cast(Operation, parent.body.block.last_op).operands[index - 1]]
        return any(_varies(source, visiting) for source in sources)
    op = value.owner
    if op.name in _VARYING or op.name.startswith(("vector.load", "vector.transfer_read", "vector.gather", "vector.maskedload")):
        return True
    sources = list(op.operands)
    for region in op.regions:
        sources += [operand for block in region.blocks if block.last_op is not None for operand in block.last_op.operands]
    return any(_varies(source, visiting) for source in sources)


def bytes_of(type_: MemRefType[Attribute]) -> int:
    """What a buffer of a static memref type takes."""
    element = type_.element_type
    width = 64 if not isinstance(element, FixedBitwidthType) else element.bitwidth
    return prod(type_.get_shape()) * max(1, (width + 7) // 8)


def _in_workgroup(type_: Attribute) -> int:
    """The bytes of workgroup memory that a buffer of this type takes."""
    if not isa(type_, MemRefType[Attribute]):
        return 0
    space = type_.memory_space
    workgroup = space == gpu.AddressSpaceAttr(gpu.AddressSpace.Workgroup) or (isa(space, IntegerAttr) and space.value.data == 3)
    return bytes_of(type_) if workgroup else 0


def workgroup_fits(facts: Facts) -> None:
    """What a kernel declares in workgroup memory is at most what the machine has."""
    if facts.workgroup_bytes is None:
        return
    shared = {module: 0 for module in facts.all("gpu.module")}
    for op in facts.all("memref.global"):
        if (module := op.parent_op()) in shared and module is not None:
            shared[module] += _in_workgroup(cast(memref.GlobalOp, op).type)
    for op in facts.all("gpu.func"):
        kernel = cast(gpu.FuncOp, op)
        used = shared.get(cast(Operation, op.parent_op()), 0) + sum(
            _in_workgroup(buffer.type) for buffer in kernel.workgroup_buffers
        )
        for alloc in facts.all("memref.alloca", "memref.alloc"):
            if function_of(alloc) == f"@{kernel.sym_name.data}":
                used += _in_workgroup(alloc.results[0].type)
        if used > facts.workgroup_bytes:
            _refuse(op, f"uses {used} bytes of workgroup memory, expected at most {facts.workgroup_bytes}")
