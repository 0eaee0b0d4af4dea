"""What the op classes of `nd` share: type access, the static-shape check, assembly of `a -> b` types."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import DYNAMIC_INDEX, NoneAttr, TensorType
from xdsl.interfaces import HasCanonicalizationPatternsInterface
from xdsl.ir import Attribute, SSAValue
from xdsl.pattern_rewriter import RewritePattern
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa

from .dtype import NUMPY


class Canonicalizes(HasCanonicalizationPatternsInterface):
    """An op with rules in `canonicalize.py`; xDSL's `canonicalize` finds them here."""

    @classmethod
    def get_canonicalization_patterns(cls) -> tuple[RewritePattern, ...]:
        from .canonicalize import NdCanonicalization  # imports every op class

        return (NdCanonicalization(),)


def tensor_type(value: SSAValue | Attribute) -> TensorType[Attribute]:
    """The tensor type of a value (or the type itself). Raises TypeError for anything but a ranked tensor."""
    type_ = value.type if isinstance(value, SSAValue) else value
    if type(type_) is TensorType:  # what `isa` says of every tensor type, without its 5 us
        return type_  # pyright: ignore[reportUnknownVariableType]
    if not isa(type_, TensorType[Attribute]):
        raise TypeError(f"nd works on ranked tensors, found {type_}")
    return type_


def shape_of(value: SSAValue | Attribute) -> tuple[int, ...]:
    return tensor_type(value).get_shape()


def element_of(value: SSAValue | Attribute) -> Attribute:
    return tensor_type(value).element_type


def verify_nd_type(type_: Attribute, what: str) -> None:
    """Refuse dynamic extents, encodings and element types that `nd` does not know."""
    tensor = tensor_type(type_)
    if DYNAMIC_INDEX in tensor.get_shape():
        raise VerifyException(f"{what} is {tensor}, expected a static shape")
    if not isinstance(tensor.encoding, NoneAttr):
        raise VerifyException(f"{what} is {tensor}, expected no encoding")
    if tensor.element_type not in NUMPY:
        raise VerifyException(f"{what} has element type {tensor.element_type}, expected one of {', '.join(map(str, NUMPY))}")


def expect(what: str, found: object, expected: object) -> None:
    """Raise VerifyException `what is found, expected expected` unless the two are equal."""
    if found != expected:
        raise VerifyException(f"{what} is {found}, expected {expected}")


def expect_lengths(rank: int, **values: Sequence[int]) -> None:
    """Raise ValueError for a list that does not hold one entry for each axis, before zip would cut it short."""
    for what, found in values.items():
        if len(found) != rank:
            raise ValueError(f"{what} is {list(found)}, expected {rank} entries, one for each axis")


def normalize_axes(axes: Sequence[int], rank: int) -> tuple[int, ...]:
    """Axes counted from the front and sorted. Raises ValueError for one out of range or named twice."""
    found = sorted(axis + rank if axis < 0 else axis for axis in axes)
    for axis in axes:
        if not -rank <= axis < rank:
            raise ValueError(f"axis {axis} is out of range for rank {rank}")
    if len(set(found)) != len(found):
        raise ValueError(f"axes {list(axes)} name an axis twice")
    return tuple(found)


def verify_axes(axes: Sequence[int], rank: int) -> None:
    for axis in axes:
        if not 0 <= axis < rank:
            raise VerifyException(f"axis {axis} is out of range, expected 0 <= axis < {rank}")
    if list(axes) != sorted(set(axes)):
        raise VerifyException(f"axes are {list(axes)}, expected them sorted and without repeats")
