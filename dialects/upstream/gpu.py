"""`gpu` as MLIR 22 has it: our ops where xDSL 0.74 lacks them or their syntax, xDSL's for the rest.

Import every gpu name from here. The ops are in `gpu_func`, `gpu_launch`, `gpu_host`, `gpu_ops` (inside a kernel) and `gpu_attrs`.
"""

from __future__ import annotations

from xdsl.dialects import gpu as xdsl_gpu
from xdsl.dialects.gpu import (
    AsyncTokenType,
    DimensionAttr,
    DimensionEnum,
    LaunchOp,
    LoopDimMapAttr,
    ProcessorAttr,
    ProcessorEnum,
    TerminatorOp,
)
from xdsl.ir import Dialect

from . import gpu_attrs, gpu_host, gpu_ops
from .gpu_attrs import (
    AddressSpace,
    AddressSpaceAttr,
    AllReduceKind,
    AllReduceKindAttr,
    BlockMappingAttr,
    LaneMappingAttr,
    MappingId,
    MemorySpaceMappingAttr,
    ShuffleMode,
    ShuffleModeAttr,
    ThreadMappingAttr,
    WarpgroupMappingAttr,
    WarpMappingAttr,
)
from .gpu_func import FuncOp, ModuleOp, ReturnOp
from .gpu_host import AllocOp, DeallocOp, MemcpyOp, MemsetOp, WaitOp, YieldOp
from .gpu_launch import LaunchFuncOp
from .gpu_ops import (
    AllReduceOp,
    BarrierOp,
    BlockDimOp,
    BlockIdOp,
    GlobalIdOp,
    GridDimOp,
    LaneIdOp,
    NumSubgroupsOp,
    ShuffleOp,
    SubgroupIdOp,
    SubgroupReduceOp,
    SubgroupSizeOp,
    ThreadIdOp,
)

_OURS = {thing.name: thing for thing in (ModuleOp, FuncOp, ReturnOp, LaunchFuncOp, *gpu_ops.OPERATIONS, *gpu_host.OPERATIONS)}
_OUR_ATTRIBUTES = {thing.name: thing for thing in gpu_attrs.ATTRIBUTES}

Gpu = Dialect(
    "gpu",
    [*_OURS.values(), *(op for op in xdsl_gpu.GPU.operations if op.name not in _OURS)],
    [*_OUR_ATTRIBUTES.values(), *(attr for attr in xdsl_gpu.GPU.attributes if attr.name not in _OUR_ATTRIBUTES)],
)

__all__ = [
    "AddressSpace", "AddressSpaceAttr", "AllReduceKind", "AllReduceKindAttr", "AllReduceOp", "AllocOp",
    "AsyncTokenType", "BarrierOp", "BlockDimOp", "BlockIdOp", "BlockMappingAttr", "DeallocOp", "DimensionAttr",
    "DimensionEnum", "FuncOp", "GlobalIdOp", "Gpu", "GridDimOp", "LaneIdOp", "LaneMappingAttr", "LaunchFuncOp",
    "LaunchOp", "LoopDimMapAttr", "MappingId", "MemcpyOp", "MemorySpaceMappingAttr", "MemsetOp", "ModuleOp",
    "NumSubgroupsOp", "ProcessorAttr", "ProcessorEnum", "ReturnOp", "ShuffleMode", "ShuffleModeAttr", "ShuffleOp",
    "SubgroupIdOp", "SubgroupReduceOp", "SubgroupSizeOp", "TerminatorOp", "ThreadIdOp", "ThreadMappingAttr",
    "WaitOp", "WarpMappingAttr", "WarpgroupMappingAttr", "YieldOp",
]  # fmt: skip
