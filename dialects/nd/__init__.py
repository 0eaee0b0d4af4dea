"""`nd`: what to compute. No loops, memory or threads; four kinds of op, no op for matmul. Removed by `lowering/nd_to_linalg.py`.

Unary, binary (with select), reduce and movement, over static shapes; sources are constants, iota and function arguments.
No regions and builtin attributes only, so that stock mlir-opt can check `nd` from its IRDL export.
"""

from xdsl.ir import Dialect

from .elementwise import BINARY, COMPARISONS, UNARY, BinaryOp, BitcastOp, CastOp, SelectOp, UnaryOp
from .movement import ExpandOp, FlipOp, PadOp, PermuteOp, ReshapeOp, ShrinkOp
from .reduce import REDUCE, ReduceOp
from .sources import ConstOp, IotaOp, splat

MOVEMENT = (ReshapeOp, PermuteOp, ExpandOp, PadOp, ShrinkOp, FlipOp)
"""The movement ops: each result element is one source element, or the pad value."""

Nd = Dialect("nd", [UnaryOp, BinaryOp, SelectOp, CastOp, BitcastOp, ReduceOp, *MOVEMENT, ConstOp, IotaOp], [])

__all__ = [
    "BINARY",
    "COMPARISONS",
    "MOVEMENT",
    "REDUCE",
    "UNARY",
    "BinaryOp",
    "BitcastOp",
    "CastOp",
    "ConstOp",
    "ExpandOp",
    "FlipOp",
    "IotaOp",
    "Nd",
    "PadOp",
    "PermuteOp",
    "ReduceOp",
    "ReshapeOp",
    "SelectOp",
    "ShrinkOp",
    "UnaryOp",
    "splat",
]
