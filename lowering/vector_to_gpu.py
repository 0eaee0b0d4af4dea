"""Make each parallel region of a kernel a GPU kernel, and each call of it a launch on the host.

before
    func.func private @twice(%x: memref<8xf32>, %out: memref<8xf32>) attributes {kernel, outs = 1 : i64} {
      %two = arith.constant 2.0 : f32
      scf.forall (%i) in (8) {
        %a = memref.load %x[%i] : memref<8xf32>
        %b = arith.mulf %a, %two : f32
        memref.store %b, %out[%i] : memref<8xf32>
      }
      return
    }
    func.func @main(%x: memref<8xf32>, %out: memref<8xf32>) attributes {outs = 1 : i64} {
      func.call @twice(%x, %out) : (memref<8xf32>, memref<8xf32>) -> ()
      return
    }
after
    builtin.module attributes {gpu.container_module} {
      func.func @main(%x: memref<8xf32>, %out: memref<8xf32>) attributes {outs = 1 : i64} {
        %c8 = arith.constant 8 : index
        %c1 = arith.constant 1 : index
        gpu.launch_func @kernels::@twice blocks in (%c8, %c1, %c1) threads in (%c1, %c1, %c1)
            args(%x : memref<8xf32>, %out : memref<8xf32>)
        return
      }
      gpu.module @kernels {
        gpu.func @twice(%x: memref<8xf32>, %out: memref<8xf32>) kernel
            attributes {known_block_size = array<i32: 1, 1, 1>, known_grid_size = array<i32: 8, 1, 1>} {
          %two = arith.constant 2.0 : f32
          %i = gpu.block_id x
          %a = memref.load %x[%i] : memref<8xf32>
          %b = arith.mulf %a, %two : f32
          memref.store %b, %out[%i] : memref<8xf32>
          gpu.return
        }
      }
    }

The last dim of an scf.forall becomes x, the one before it y, all others together z. `threads` in the schedule says how many
iterations along each dim make a block; where they do not divide the count, a guard keeps the surplus threads out. A kernel with
several regions (a tile that does not divide leaves edges) becomes `@name`, `@name_edge1`, ..., launched in that order. Equal
kernels are kept once. A kernel function that nobody calls, or that is public, stays as the host function of its own launches.

Why here: everything that is chosen per element is vectors and loops by now, what is left is which block and thread does it.
Needs rung `vector`, leaves rung `gpu`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import I64, DenseArrayBase, DictionaryAttr, ModuleOp, SymbolRefAttr, UnitAttr
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException
from xdsl.utils.hints import isa

from rung.dialects.upstream import gpu
from rung.dialects.upstream.scf import ForallOp
from rung.lowering.constant_pool import ConstantPool
from rung.lowering.gpu_kernel import Launch, outline

MODULE = "kernels"
KERNEL_ATTRIBUTES = ("kernel", "schedule", "spine", "class")
"""What a function says about itself as a kernel; a host function says none of it."""


@dataclass(frozen=True)
class VectorToGpuPass(ModulePass):
    """Parallel regions into gpu.func, calls of kernels into launches."""

    name = "vector-to-gpu"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        functions = [function for function in op.ops if isinstance(function, func.FuncOp)]
        kernels = {f.sym_name.data: f for f in functions if "kernel" in f.attributes and f.body.blocks}
        device = _Device(set(kernels))
        launches = {name: device.kernels_of(function) for name, function in kernels.items()}
        called: set[str] = set()
        for function in functions:
            if function.body.blocks and function.sym_name.data not in kernels:
                called |= _launch_calls(function, launches)
        for name, function in kernels.items():
            public = function.sym_visibility is None or function.sym_visibility.data == "public"
            if public or name not in called:
                _become_host(function, launches[name])
            else:
                function.detach()
                function.erase()
        op.attributes["gpu.container_module"] = UnitAttr()
        if device.kernels:
            op.body.block.add_op(gpu.ModuleOp(MODULE, device.kernels))
        _nothing_left(op)


class _Device:
    """The kernels made so far; equal ones are made once."""

    def __init__(self, taken: set[str]):
        self.kernels: list[gpu.FuncOp] = []
        self._taken = taken
        self._same: dict[object, list[gpu.FuncOp]] = {}

    def kernels_of(self, function: func.FuncOp) -> list[Launch]:
        """A launch for each parallel region of `function`, which loses them."""
        name = function.sym_name.data
        threads = _threads(function)
        launches: list[Launch] = []
        for op in list(function.body.block.ops):
            match op:
                case ForallOp():
                    own = name if not launches else self._free(f"{name}_edge{len(launches)}")
                    launch = outline(function, op, own, threads)
                    if launch is not None:
                        launches.append(self._share(launch))
                case func.ReturnOp():
                    pass
                case _ if op.regions or not op.results:
                    raise PassFailedException(f"vector-to-gpu: @{name} has {op.name} outside of scf.forall, expected it inside")
                case _:
                    pass
        return launches

    def _free(self, name: str) -> str:
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name

    def _share(self, launch: Launch) -> Launch:
        kernel = launch.kernel
        key = (
            kernel.function_type,
            kernel.known_grid_size,
            kernel.known_block_size,
            tuple(op.name for op in kernel.body.walk()),
        )
        for other in self._same.setdefault(key, []):
            if kernel.body.is_structurally_equivalent(other.body):
                kernel.erase()
                return Launch(other, launch.places, launch.grid, launch.block)
        self._same[key].append(kernel)
        self.kernels.append(kernel)
        return launch


def _threads(function: func.FuncOp) -> tuple[int, ...]:
    schedule = function.attributes.get("schedule")
    threads = schedule.data.get("threads") if isinstance(schedule, DictionaryAttr) else None
    return threads.get_values() if isa(threads, DenseArrayBase[I64]) else ()


def _launch_calls(function: func.FuncOp, launches: dict[str, list[Launch]]) -> set[str]:
    """Replace the calls of kernels in a host function by launches; the names of those that were called."""
    pool = ConstantPool(function.body.block)
    called: set[str] = set()
    for block in function.body.blocks:
        for op in list(block.ops):
            if isinstance(op, func.CallOp) and (name := op.callee.root_reference.data) in launches:
                called.add(name)
                block.insert_ops_before(_launches(pool, launches[name], op.arguments), op)
                op.detach()
                op.erase()
    return called


def _launches(pool: ConstantPool, launches: Sequence[Launch], arguments: Sequence[SSAValue]) -> list[Operation]:
    return [
        gpu.LaunchFuncOp(
            SymbolRefAttr(MODULE, [launch.kernel.sym_name.data]),
            [pool.index(size) for size in launch.grid],
            [pool.index(size) for size in launch.block],
            [arguments[place] for place in launch.places],
        )
        for launch in launches
    ]


def _become_host(function: func.FuncOp, launches: Sequence[Launch]) -> None:
    """A kernel function that can be called from outside: the same signature around its own launches."""
    block = function.body.block
    for op in reversed(list(block.ops)):
        if not isinstance(op, func.ReturnOp):
            op.detach()
            op.erase()
    for name in KERNEL_ATTRIBUTES:
        function.attributes.pop(name, None)
    last = block.last_op
    assert last is not None
    block.insert_ops_before(_launches(ConstantPool(block), launches, block.args), last)


def _nothing_left(module: ModuleOp) -> None:
    for function in module.ops:
        if isinstance(function, func.FuncOp) and any(isinstance(op, ForallOp) for op in function.walk()):
            name = function.sym_name.data
            raise PassFailedException(f"vector-to-gpu: scf.forall is left in @{name}, which has no attribute kernel")
