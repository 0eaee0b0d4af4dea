"""Rounding, the division that rounds, powers, and operators in place."""

from __future__ import annotations

from typing import Self

from . import build, dtypes
from .elementwise import Elementwise, Operand
from .promotion import kind
from .shapes import ArgumentError


class Arithmetic(Elementwise):
    """Operators that take more than one `nd` op."""

    __slots__ = ()

    def trunc(self) -> Self:
        """Toward zero. Integers stay as they are, here and below."""
        return self._unary("trunc") if self.dtype.is_float else self

    def floor(self) -> Self:
        """Down."""
        whole = self.trunc()
        return self if whole is self else (self < whole).where(whole - 1, whole).hinted("floor")

    def ceil(self) -> Self:
        """Up."""
        whole = self.trunc()
        return self if whole is self else (whole < self).where(whole + 1, whole).hinted("ceil")

    def round(self) -> Self:
        """To the nearest, halves to even."""
        if not self.dtype.is_float:
            return self
        whole = self.trunc()
        left = (self - whole).abs()  # exact; adding 0.5 first would not be
        odd = (whole * 0.5).trunc() * 2 != whole
        away = (left > 0.5) | ((left == 0.5) & odd)
        return away.where(whole + (self < 0).where(self.full_like(-1), 1), whole).hinted("round")

    # division that rounds

    def floordiv(self, other: Operand, reverse: bool = False) -> Self:
        """The quotient rounded down, as Python's //. Integers by zero give 0, floats inf or NaN."""
        a, b = self._pair("floordiv", other, reverse)
        rest = a._make(build.binary, "mod", a, b)
        across = (rest != 0) & ((rest < 0) != (b < 0))
        if not a.dtype.is_float:
            whole = a._make(build.binary, "idiv", a, b)
            return whole if a.dtype.is_unsigned else across.where(whole - 1, whole).hinted("floordiv")
        # (a - rest) / b is whole but for rounding, where floor(a / b) would be 10 for 1.0 // 0.1
        quotient = (a - rest) / b
        return (b == 0).where(a / b, across.where(quotient - 1, quotient).round()).hinted("floordiv")

    def mod(self, other: Operand, reverse: bool = False) -> Self:
        """What `//` leaves over, with the sign of the divisor, as Python's %. Integers by zero give 0, floats NaN."""
        a, b = self._pair("mod", other, reverse)
        rest = a._make(build.binary, "mod", a, b)
        if a.dtype.is_unsigned:
            return rest
        return ((rest != 0) & ((rest < 0) != (b < 0))).where(rest + b, rest).hinted("mod")

    def fmod(self, other: Operand) -> Self:
        """What division toward zero leaves over, with the sign of the dividend, as C's % and fmod."""
        a, b = self._pair("fmod", other, False)
        return a._make(build.binary, "mod", a, b).hinted("fmod")

    def idiv(self, other: Operand) -> Self:
        """The quotient of integers rounded toward zero, as C's /. By zero: 0. Raises TypeError for floats."""
        a, b = self._pair("idiv", other, False)
        if a.dtype.is_float:
            raise TypeError(f"idiv: takes integers, found {a.dtype.name}; use // or (a / b).trunc()")
        return a._make(build.binary, "idiv", a, b)

    def _pair(self, op: str, other: Operand, reverse: bool) -> tuple[Self, Self]:
        """Both sides in one dtype and shape. Raises TypeError for two bools."""
        left, right = (other, self) if reverse else (self, other)
        lhs, rhs = self._common(op, left, right)
        if build.element_of(lhs) == dtypes.bool.element:
            raise TypeError(f"{op}: takes integers and floats, found two bools")
        return self._of(lhs), self._of(rhs)

    def __floordiv__(self, other: Operand) -> Self:
        return self.floordiv(other)

    def __rfloordiv__(self, other: Operand) -> Self:
        return self.floordiv(other, reverse=True)

    def __mod__(self, other: Operand) -> Self:
        return self.mod(other)

    def __rmod__(self, other: Operand) -> Self:
        return self.mod(other, reverse=True)

    # powers

    def square(self) -> Self:
        """self * self."""
        return (self * self).hinted("square")

    def sqrt(self) -> Self:
        """The square root, NaN below zero. Integers give float32."""
        return self._floating()._unary("sqrt")

    def reciprocal(self) -> Self:
        """1 / self. Integers give float32."""
        return self._floating()._unary("recip")

    def pow(self, other: Operand, reverse: bool = False) -> Self:
        """self to the power of other.

        Small whole powers of a number are multiplied out, 0.5 and -1 are sqrt and reciprocal. Integers stay integers and wrap;
        to a negative power they give 0, but for 1 and -1.
        Errors   ValueError for integers to a negative number; TypeError for two bools
        """
        if not reverse and isinstance(other, int | float) and not isinstance(other, bool):
            made = self._pow_number(other)
            if made is not None:
                return made.hinted("pow", self)
        a, b = self._pair("pow", other, reverse)
        if a.dtype.is_integer:
            return a._pow_integer(b).hinted("pow")
        wide = dtypes.float32 if a.dtype.is_half else a.dtype
        return a._make(build.binary, "pow", a.cast(wide), b.cast(wide)).cast(a.dtype)

    def _pow_number(self, power: float) -> Self | None:
        whole = self.dtype.is_integer and isinstance(power, int)
        if whole and power < 0:
            raise ArgumentError(f"pow: {self.dtype.name} to the power {power}, expected none below zero; cast to a float first")
        if not whole and not self.dtype.is_float:
            return None
        if power == 0.5:
            return self.sqrt()
        if power == -1:
            return self.reciprocal()
        if power not in range(17):
            return None
        result, base, left = None, self, int(power)
        while left:
            if left & 1:
                result = base if result is None else result * base
            left >>= 1
            base = base * base if left else base
        return self.ones_like() if result is None else result

    def _pow_integer(self, power: Self) -> Self:
        """By squaring, a bit of the exponent after the other."""
        result, base = self.ones_like(), self
        for bit in range(self.dtype.bits - (not self.dtype.is_unsigned)):
            result = ((power >> bit) & 1 == 1).where(result * base, result)
            base = base * base
        if self.dtype.is_unsigned:
            return result
        unit = (self == 1).where(1, (self == -1).where(1 - 2 * (power & 1), 0))
        return (power < 0).where(unit, result)

    def __pow__(self, other: Operand) -> Self:
        return self.pow(other)

    def __rpow__(self, other: Operand) -> Self:
        return self.pow(other, reverse=True)

    # in place

    def assign(self, other: Operand) -> Self:
        """Become `other`, broadcast to this shape and cast to this dtype. Expressions built before keep the old value.

        Errors   ValueError for a shape that does not repeat to this one; TypeError for a higher kind, as float into int
        """
        return self._become(self._fitted("assign", other, self.shape))

    def _fitted(self, op: str, other: Operand, shape: tuple[int, ...]) -> Self:
        value = self._of(self._common(op, other)[0])
        if kind(value.dtype) > kind(self.dtype):
            raise TypeError(f"{op}: {value.dtype.name} into {self.dtype.name}, expected no higher kind; cast first")
        return value.cast(self.dtype).broadcast_to(shape)

    def __iadd__(self, other: Operand) -> Self:
        return self.assign(self + other)

    def __isub__(self, other: Operand) -> Self:
        return self.assign(self - other)

    def __imul__(self, other: Operand) -> Self:
        return self.assign(self * other)

    def __itruediv__(self, other: Operand) -> Self:
        return self.assign(self / other)

    def __ifloordiv__(self, other: Operand) -> Self:
        return self.assign(self // other)

    def __imod__(self, other: Operand) -> Self:
        return self.assign(self % other)

    def __ipow__(self, other: Operand) -> Self:
        return self.assign(self**other)

    def __iand__(self, other: Operand) -> Self:
        return self.assign(self & other)

    def __ior__(self, other: Operand) -> Self:
        return self.assign(self | other)

    def __ixor__(self, other: Operand) -> Self:
        return self.assign(self ^ other)

    def __ilshift__(self, other: Operand) -> Self:
        return self.assign(self << other)

    def __irshift__(self, other: Operand) -> Self:
        return self.assign(self >> other)
