"""+ - * / and comparisons, bits, choice: operands are promoted (`promotion.py`) and broadcast, then one `nd` op does the work."""

from __future__ import annotations

from typing import Any, Self
from typing import cast as typed

import numpy as np
import numpy.typing as npt

from . import build, dtypes
from .build import Value
from .dtypes import DType, DTypeLike, to_dtype
from .lazy import Lazy
from .movement import Movement
from .promotion import Scalar, comparable, floating, of_scalar, promote, to_scalar, with_scalar
from .shapes import ArgumentError, broadcast

Operand = Lazy | Scalar | npt.NDArray[Any]
"""The other side of an operator."""

_BOOL = {"add": "or", "mul": "and", "max": "or", "min": "and"}
"""What an operator means for two bools, as in torch and NumPy."""


class Elementwise(Movement):
    """Operators and their named twins. Errors name both shapes, or the dtype that an operation does not take."""

    __slots__ = ()

    def _common(self, op: str, *operands: Operand, dtype: DType | None = None) -> list[Value]:
        """The operands in one dtype (their promotion, unless one is asked for) and one shape."""
        tensors = [self._lift(op, operand) for operand in operands]
        known = [tensor.dtype for tensor in tensors if isinstance(tensor, Lazy)]
        scalars = [operand for operand in tensors if not isinstance(operand, Lazy)]
        if dtype is None:
            dtype = promote(*known) if known else of_scalar(scalars[0])
            for scalar in scalars:
                dtype = with_scalar(dtype, scalar)
        shape = broadcast(op, *(tensor.shape if isinstance(tensor, Lazy) else () for tensor in tensors))
        values: list[Value] = []
        for tensor in tensors:
            if isinstance(tensor, Lazy):
                value = tensor._use()
                value = value if tensor.dtype is dtype else build.cast(value, dtype.element)
                values.append(build.broadcast(value, shape))
            else:
                values.append(build.const(to_scalar(tensor, dtype), dtype.element, shape))
        return values

    def _lift(self, op: str, operand: object) -> Lazy | Scalar:
        if isinstance(operand, Lazy | bool | int | float):
            return operand
        if isinstance(operand, np.generic):
            return self._lift(op, typed("np.generic[Any]", operand).item())
        if isinstance(operand, np.ndarray):
            return Lazy(operand)
        raise TypeError(f"{op}: found {type(operand).__name__}, expected a tensor, a number or a NumPy array")

    def _binary(self, op: str, kind: str, left: Operand, right: Operand) -> Self:
        lhs, rhs = self._common(op, left, right)
        if build.element_of(lhs) == dtypes.bool.element:
            kind = _BOOL.get(kind, kind)
        return self._of(build.binary(kind, lhs, rhs)).hinted(op)

    def _unary(self, kind: str) -> Self:
        return self._make(build.unary, kind, self)

    # dtypes

    def cast(self, dtype: DTypeLike) -> Self:
        """The same numbers in another dtype: floats to integers toward zero, anything to bool as `!= 0`."""
        want = to_dtype(dtype)
        return self if want is self.dtype else self._make(build.cast, self, want.element)

    def bitcast(self, dtype: DTypeLike) -> Self:
        """The same bits as another dtype of the same width. Raises TypeError for other widths and for bool."""
        want = to_dtype(dtype)
        if want.bits != self.dtype.bits or want.is_bool:
            raise TypeError(f"bitcast: {self.dtype.name} to {want.name}: expected two dtypes of one width, none of them bool")
        return self if want is self.dtype else self._make(build.bitcast, self, want.element)

    def _floating(self) -> Self:
        return self.cast(floating(self.dtype))

    # arithmetic

    def add(self, other: Operand) -> Self:
        """self + other; of bools, or."""
        return self._binary("add", "add", self, other)

    def sub(self, other: Operand, reverse: bool = False) -> Self:
        """self - other. Raises TypeError for bools."""
        left, right = (other, self) if reverse else (self, other)
        lhs, rhs = self._common("sub", left, right)
        if build.element_of(lhs) == dtypes.bool.element:
            raise TypeError("sub: bool has no difference; use ^ for 'one of them', or cast first")
        return self._of(build.binary("sub", lhs, rhs))

    def mul(self, other: Operand) -> Self:
        """self * other; of bools, and."""
        return self._binary("mul", "mul", self, other)

    def div(self, other: Operand, reverse: bool = False) -> Self:
        """self / other, the true quotient: integers and bools are divided as float32."""
        left, right = (other, self) if reverse else (self, other)
        kind = [self._lift("div", operand) for operand in (left, right)]
        known = promote(*(operand.dtype for operand in kind if isinstance(operand, Lazy)))
        for operand in kind:
            known = known if isinstance(operand, Lazy) else with_scalar(known, operand)
        return self._of(build.binary("div", *self._common("div", left, right, dtype=floating(known))))

    def neg(self) -> Self:
        """-self. Raises TypeError for bools."""
        if self.dtype.is_bool:
            raise TypeError("neg: takes integers and floats, found bool; use ~ or logical_not")
        return self._unary("neg")

    def abs(self) -> Self:
        """The distance from zero; the smallest integer stays what it is."""
        return self if self.dtype.is_bool or self.dtype.is_unsigned else self._unary("abs")

    def maximum(self, other: Operand) -> Self:
        """The larger of two, element by element; NaN if one is."""
        return self._binary("maximum", "max", self, other)

    def minimum(self, other: Operand) -> Self:
        """The smaller of two, element by element; NaN if one is."""
        return self._binary("minimum", "min", self, other)

    def clip(self, min: Operand | None = None, max: Operand | None = None) -> Self:
        """Not below `min` and not above `max`; where they cross, `max`. Raises ValueError without either."""
        if min is None and max is None:
            raise ArgumentError("clip: found neither min nor max, expected at least one")
        low = self if min is None else self.maximum(min)
        return (low if max is None else low.minimum(max)).hinted("clip", self)

    clamp = clip

    def __add__(self, other: Operand) -> Self:
        return self.add(other)

    def __radd__(self, other: Operand) -> Self:
        return self._binary("add", "add", other, self)

    def __sub__(self, other: Operand) -> Self:
        return self.sub(other)

    def __rsub__(self, other: Operand) -> Self:
        return self.sub(other, reverse=True)

    def __mul__(self, other: Operand) -> Self:
        return self.mul(other)

    def __rmul__(self, other: Operand) -> Self:
        return self._binary("mul", "mul", other, self)

    def __truediv__(self, other: Operand) -> Self:
        return self.div(other)

    def __rtruediv__(self, other: Operand) -> Self:
        return self.div(other, reverse=True)

    def __neg__(self) -> Self:
        return self.neg()

    def __abs__(self) -> Self:
        return self.abs()

    # comparisons

    def _compare(self, op: str, kind: str, left: Operand, right: Operand) -> Self:
        # a Python integer may lie outside the tensor's dtype: then compare in one that holds both
        sides = [self._lift(op, left), self._lift(op, right)]
        tensors = [side for side in sides if isinstance(side, Lazy)]
        want = promote(*(tensor.dtype for tensor in tensors))
        for side in sides:
            want = want if isinstance(side, Lazy) else comparable(want, side)
        return self._of(build.binary(kind, *self._common(op, *sides, dtype=want)))

    def __lt__(self, other: Operand) -> Self:
        return self._compare("<", "cmplt", self, other)

    def __gt__(self, other: Operand) -> Self:
        return self._compare(">", "cmplt", other, self)

    def __le__(self, other: Operand) -> Self:
        return (self < other) | (self == other)  # not ~(self > other): all comparisons with NaN are false

    def __ge__(self, other: Operand) -> Self:
        return (self > other) | (self == other)

    def __eq__(self, other: object) -> Self:  # pyright: ignore[reportIncompatibleMethodOverride] - elementwise, as in NumPy
        if not isinstance(other, Lazy | bool | int | float | np.generic | np.ndarray):
            return NotImplemented
        return self._compare("==", "cmpeq", self, other)  # pyright: ignore[reportUnknownArgumentType] - an array of anything

    def __ne__(self, other: object) -> Self:  # pyright: ignore[reportIncompatibleMethodOverride]
        if not isinstance(other, Lazy | bool | int | float | np.generic | np.ndarray):
            return NotImplemented
        return self._compare("!=", "cmpne", self, other)  # pyright: ignore[reportUnknownArgumentType]

    __hash__ = Lazy.__hash__

    # bits

    def _bits(self, op: str, kind: str, left: Operand, right: Operand, takes_bool: bool = True) -> Self:
        lhs, rhs = self._common(op, left, right)
        found = dtypes.of_element(build.element_of(lhs))
        if found.is_float or (found.is_bool and not takes_bool):
            raise TypeError(f"{op}: takes {'bool and ' if takes_bool else ''}integers, found {found.name}")
        return self._of(build.binary(kind, lhs, rhs))

    def __and__(self, other: Operand) -> Self:
        return self._bits("&", "and", self, other)

    def __or__(self, other: Operand) -> Self:
        return self._bits("|", "or", self, other)

    def __xor__(self, other: Operand) -> Self:
        return self._bits("^", "xor", self, other)

    def __lshift__(self, other: Operand) -> Self:
        return self._bits("<<", "shl", self, other, takes_bool=False)

    def __rshift__(self, other: Operand) -> Self:
        return self._bits(">>", "shr", self, other, takes_bool=False)

    def __rand__(self, other: Operand) -> Self:
        return self._bits("&", "and", other, self)

    def __ror__(self, other: Operand) -> Self:
        return self._bits("|", "or", other, self)

    def __rxor__(self, other: Operand) -> Self:
        return self._bits("^", "xor", other, self)

    def __rlshift__(self, other: Operand) -> Self:
        return self._bits("<<", "shl", other, self, takes_bool=False)

    def __rrshift__(self, other: Operand) -> Self:
        return self._bits(">>", "shr", other, self, takes_bool=False)

    def __invert__(self) -> Self:
        if self.dtype.is_float:
            raise TypeError(f"~: takes bool and integers, found {self.dtype.name}")
        return self._unary("not")

    def logical_not(self) -> Self:
        """Whether each element is zero."""
        return ~self.cast(dtypes.bool)

    # choice

    def where(self, on_true: Operand, on_false: Operand) -> Self:
        """`on_true` where this bool tensor holds, else `on_false`. Raises TypeError for a condition that is not bool."""
        if not self.dtype.is_bool:
            raise TypeError(f"where: the condition is {self.dtype.name}, expected bool")
        yes, no = self._common("where", on_true, on_false)
        shape = broadcast("where", self.shape, build.shape_of(yes))
        cond = build.broadcast(self._use(), shape)
        return self._of(build.select(cond, build.broadcast(yes, shape), build.broadcast(no, shape)))
