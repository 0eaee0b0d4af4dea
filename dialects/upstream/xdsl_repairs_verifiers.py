"""What `xdsl_repairs` adds to the verifiers of xDSL 0.74: slices have the sizes of their types and lie in their whole; vectors
are not empty; constants can be held.

xDSL looks at none of it; upstream refuses the first two, and an evaluator or printer finds out one element after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from xdsl.dialects import memref, tensor
from xdsl.dialects.builtin import DYNAMIC_INDEX, Float80Type, Float128Type, FloatAttr, VectorType
from xdsl.ir import Attribute, Operation
from xdsl.utils.exceptions import VerifyException


def check_slice(op: Any, whole: Attribute, part: Attribute) -> None:
    """Raise VerifyException unless `part`, perhaps without axes of extent 1, is that slice of `whole` which `op` names."""
    shape: Sequence[int] = cast(Any, whole).get_shape()
    found: Sequence[int] = cast(Any, part).get_shape()
    offsets, sizes, strides = (
        cast("Sequence[int]", static.get_values()) for static in (op.static_offsets, op.static_sizes, op.static_strides)
    )
    for what, given in (("offsets", offsets), ("sizes", sizes), ("strides", strides)):
        if len(given) != len(shape):
            raise VerifyException(f"{len(given)} {what}, expected {len(shape)}, one for each axis of {whole}")
    if not _is_without_units(found, sizes):
        shown = "x".join("?" if size == DYNAMIC_INDEX else str(size) for size in sizes)
        raise VerifyException(f"the slice has type {part}, expected the sizes {shown}")
    for axis, (extent, start, size, stride) in enumerate(zip(shape, offsets, sizes, strides)):
        if (start != DYNAMIC_INDEX and start < 0) or (size != DYNAMIC_INDEX and size < 0):
            raise VerifyException(f"offset {start} and size {size} of axis {axis}, expected none below 0")
        if DYNAMIC_INDEX in (extent, size, stride) or size == 0:
            continue
        last = (0 if start == DYNAMIC_INDEX else start) + (size - 1) * stride
        if not 0 <= last < extent:
            raise VerifyException(f"the slice reaches {last} of axis {axis}, expected it within 0 to {extent - 1}")


def _is_without_units(found: Sequence[int], sizes: Sequence[int]) -> bool:
    """Is `found` what remains of `sizes` when some 1s are dropped?"""
    at = 0
    for size in sizes:
        if at < len(found) and found[at] == size:
            at += 1
        elif size != 1:
            return False
    return at == len(found)


def _also(op: type[Operation], check: Callable[[Any], None]) -> None:
    before = op.verify_

    def verify_(self: Any) -> None:
        before(self)
        check(self)

    op.verify_ = verify_


def repair_vectors() -> None:
    """Refuse a vector type of no elements, as upstream does."""
    before = VectorType.verify

    def verify(self: VectorType) -> None:
        before(self)
        if any(extent < 1 for extent in self.get_shape()):
            raise VerifyException(f"vector extents are {list(self.get_shape())}, expected positive ones")

    VectorType.verify = verify


def repair_wide_floats() -> None:
    """Refuse constants of f80 and f128, which xDSL reads, rounded to f64, and cannot print."""

    def verify(self: FloatAttr[Any]) -> None:
        if isinstance(self.type, Float80Type | Float128Type):
            raise VerifyException(f"a constant has type {self.type}, expected a float of at most 64 bits")

    FloatAttr.verify = verify


def repair_slices() -> None:
    """Have the slicing ops of tensor and memref look at their types."""
    _also(tensor.ExtractSliceOp, lambda op: check_slice(op, op.source.type, op.result.type))
    _also(tensor.InsertSliceOp, lambda op: check_slice(op, op.dest.type, op.source.type))
    _also(memref.SubviewOp, lambda op: check_slice(op, op.source.type, op.result.type))
