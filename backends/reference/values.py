"""What a value of the IR is while it is evaluated, and the errors of the evaluator.

A tensor and a vector are NumPy arrays that nobody writes into; a memref is a `Memref`, a view of memory that is written in place;
a scalar is a NumPy scalar of its own dtype (so it wraps and rounds as its type does), but an `index` is a Python int where it can
be. Signless integers are held signed; the ops that mean unsigned numbers reread the bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, cast

import ml_dtypes
import numpy as np
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    BFloat16Type,
    DenseIntOrFPElementsAttr,
    Float16Type,
    Float32Type,
    Float64Type,
    FloatAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
    ShapedType,
    Signedness,
    VectorType,
)
from xdsl.ir import Attribute
from xdsl.utils.hints import isa

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
DType: TypeAlias = np.dtype[Any]
Unary: TypeAlias = Callable[[Any], Any]
Binary: TypeAlias = Callable[[Any, Any], Any]
Ternary: TypeAlias = Callable[[Any, Any, Any], Any]
"""What computes an op's result from its operands' values."""


class EvaluationError(Exception):
    """The program did something that its rung gives no meaning to, or that the evaluator has no rule for."""


class Unsupported(EvaluationError):
    """The evaluator has no rule for something in the program, which may be right all the same."""


class TooMuch(Exception):
    """A loop that would take hours here. The block that runs the op adds the op's name."""


MOST_ITERATIONS = 10**8
"""Of one loop. It does 10,000 to a million a second: what asks for more has a slip in its bounds, or wants another target."""


def counted(*ranges: range) -> int:
    """The iterations of a nest of loops. Raises TooMuch."""
    count = 1
    for one in ranges:
        # len() of a range is refused by Python beyond 2**63
        count *= max(0, -(-(one.stop - one.start) // one.step))
    if count > MOST_ITERATIONS:
        raise TooMuch(f"{count} iterations, expected at most {MOST_ITERATIONS} where the evaluator runs them")
    return count


class Root:
    """One allocation. `written` is when it was last written and `born` when it was made, on the clock of `races.py`."""

    __slots__ = ("address", "array", "born", "shadow", "written")

    def __init__(self, array: Array, born: int = 0):
        self.array = array
        self.born = born
        self.written = -1
        self.shadow: Array | None = None
        self.address = 0


class Memref:
    """A view of an allocation: `array` shares the memory of `root`."""

    __slots__ = ("array", "root", "writers")

    def __init__(self, array: Array, root: Root):
        self.array = array
        self.root = root
        self.writers: Array | None = None

    def view(self, array: Array) -> Memref:
        """Another view of the same allocation."""
        return Memref(array, self.root)


_SIGNED = {8: np.dtype(np.int8), 16: np.dtype(np.int16), 32: np.dtype(np.int32), 64: np.dtype(np.int64)}
_UNSIGNED = {8: np.dtype(np.uint8), 16: np.dtype(np.uint16), 32: np.dtype(np.uint32), 64: np.dtype(np.uint64)}
BOOL, INDEX = np.dtype(np.bool_), np.dtype(np.int64)


def element_type(type_: Attribute) -> Attribute:
    """The type of one element: of a shaped type its element type, else the type itself."""
    if isinstance(type_, ShapedType):
        return type_.get_element_type()  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType, reportAttributeAccessIssue]
    return type_


def is_shaped(type_: Attribute) -> bool:
    return isinstance(type_, ShapedType)


def is_vector(type_: Attribute) -> bool:
    return isinstance(type_, VectorType)


def shape_of(type_: Attribute) -> tuple[int, ...]:
    """The static shape, -1 for an extent that is dynamic."""
    assert isinstance(type_, ShapedType)
    return tuple(-1 if extent == DYNAMIC_INDEX else extent for extent in type_.get_shape())


def dtype_of(type_: Attribute) -> DType:
    """The NumPy dtype of the elements of a type. Raises EvaluationError for an element type without a twin."""
    element = element_type(type_)
    match element:
        case IntegerType():
            width = element.width.data
            if width == 1:
                return BOOL
            table = _UNSIGNED if element.signedness.data is Signedness.UNSIGNED else _SIGNED
            if width in table:
                return table[width]
        case IndexType():
            return INDEX
        case Float32Type():
            return np.dtype(np.float32)
        case Float64Type():
            return np.dtype(np.float64)
        case Float16Type():
            return np.dtype(np.float16)
        case BFloat16Type():
            return np.dtype(ml_dtypes.bfloat16)
        case _:
            pass
    raise Unsupported(f"reference: element type {element} has no NumPy twin")


def width_of(type_: Attribute) -> int:
    """Bits of an integer type; 64 for index."""
    element = element_type(type_)
    return element.width.data if isa(element, IntegerType) else 64


def is_float_dtype(dtype: DType) -> bool:
    return dtype.kind == "f" or dtype == ml_dtypes.bfloat16


def wrap(value: int, width: int) -> int:
    """The signed number whose low `width` bits are those of `value`."""
    half = 1 << (width - 1)
    return ((value + half) & ((1 << width) - 1)) - half


def scalar(value: float | bool, type_: Attribute) -> Any:
    """A Python number as a value of the scalar type: an int for index, else a NumPy scalar."""
    if isinstance(type_, IndexType):
        return int(value)
    dtype = dtype_of(type_)
    if dtype.kind == "u":
        return dtype.type(int(value) & ((1 << width_of(type_)) - 1))
    if dtype.kind == "i":
        return dtype.type(wrap(int(value), width_of(type_)))
    return dtype.type(bool(value) if dtype == BOOL else value)


def constant(attr: Attribute, type_: Attribute) -> Any:
    """The value of a constant attribute: a scalar, or the array of a `dense<..>`."""
    if isinstance(attr, IntegerAttr):
        return scalar(attr.value.data, type_)
    if isinstance(attr, FloatAttr):
        return scalar(attr.value.data, type_)
    if isinstance(attr, DenseIntOrFPElementsAttr):
        element, shape = element_type(type_), shape_of(type_)
        found: Sequence[Any] = attr.get_values()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType, reportAssignmentType]
        numbers = np.array([scalar(v, element) for v in found], dtype=dtype_of(type_))
        if len(numbers) == 1:
            return np.full(shape, numbers[0])
        return numbers.reshape(shape)
    raise Unsupported(f"reference: no rule for the constant {attr}")


def poison(shape: Sequence[int], type_: Attribute) -> Array:
    """Memory nobody has written: NaN, the smallest integer, true. Zero would make a missing write look right."""
    dtype = dtype_of(type_)
    if is_float_dtype(dtype):
        value: Any = np.nan
    elif dtype.kind == "i":
        value = np.iinfo(dtype).min
    elif dtype.kind == "u":
        value = np.iinfo(dtype).max
    else:
        value = True
    return np.full(tuple(shape), value, dtype=dtype)


def blend(cond: Any, on_true: Any, on_false: Any) -> Array:
    """np.where, typed."""
    return cast(Array, np.where(cond, on_true, on_false))


def word(attr: Attribute | None) -> str:
    """The word an enum attribute holds, `add` of `#vector.kind<add>`."""
    data: Any = getattr(attr, "data", None)
    return str(data.value)
