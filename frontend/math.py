"""Functions of one tensor, made of `nd`'s primitives (exp2, log2, sin, sqrt, recip, trunc, pow) so that no digits are lost.

The bounds in the docstrings are for float32 and primitives that are exact to the last bit; float64 scales, except for `erf`.
Half floats are computed in float32 and rounded once at the end; integers and bool are computed in float32.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from math import e, log2, pi
from math import log as natural
from typing import Concatenate, ParamSpec, Self, TypeVar

from . import dtypes
from .promotion import floating
from .reduce import Reduce
from .shapes import ArgumentError, to_axes, to_axis

LOG2_E = log2(e)
LN_2 = natural(2)

T = TypeVar("T", bound="Math")
P = ParamSpec("P")


def _in_float(function: Callable[Concatenate[T, P], T]) -> Callable[Concatenate[T, P], T]:
    """Run on floats of 32 bits at least, come back to the half float it was, and call the result by the function's name."""

    @wraps(function)
    def run(self: T, *args: P.args, **kwargs: P.kwargs) -> T:
        dtype = floating(self.dtype)
        wide = self.cast(dtypes.float32 if dtype.is_half else dtype)
        return function(wide, *args, **kwargs).cast(dtype).hinted(function.__name__, self)

    return run


class Math(Reduce):
    """Exponentials, trigonometry, activations, softmax, and questions about floats."""

    __slots__ = ()

    # exponentials and logarithms

    @_in_float
    def exp2(self) -> Self:
        """2 to the power of each element."""
        return self._unary("exp2")

    @_in_float
    def exp(self) -> Self:
        """e to the power of each element, as exp2(x log2 e). Relative error about |x| * 1e-7: the product is rounded first."""
        return (self * LOG2_E)._unary("exp2")

    @_in_float
    def expm1(self) -> Self:
        """exp(x) - 1, with full precision near 0.

        Source   Kahan: with u the rounded exp(x), (u - 1) / log(u) is smooth, so u's error in both cancels
        """
        u = self.exp()
        near = (u == 1).where(self, (u - 1) * self / u.log())
        return (self.abs() < 1).where(near, u - 1)

    @_in_float
    def log2(self) -> Self:
        """The logarithm to base 2; -inf at 0, NaN below."""
        return self._unary("log2")

    @_in_float
    def log(self) -> Self:
        """The natural logarithm; -inf at 0, NaN below."""
        return self._unary("log2") * LN_2

    @_in_float
    def log10(self) -> Self:
        """The logarithm to base 10; -inf at 0, NaN below."""
        return self._unary("log2") * (LN_2 / natural(10))

    @_in_float
    def log1p(self) -> Self:
        """log(1 + x), with full precision near 0. Source as for `expm1`."""
        u = self + 1
        near = u.log() * (self / (u - 1))  # the quotient first: it is near 1, where the product may overflow
        return (u == 1).where(self, (u == float("inf")).where(u, near))

    @_in_float
    def rsqrt(self) -> Self:
        """1 / sqrt(x)."""
        return self.sqrt().reciprocal()

    # trigonometry

    @_in_float
    def sin(self) -> Self:
        """The sine; NaN of infinities."""
        return self._unary("sin")

    @_in_float
    def cos(self) -> Self:
        """The cosine, as 1 - 2 sin(x/2)^2: halving is exact, where pi/2 - x loses the last bits of x. Absolute error 5e-7."""
        half = (self * 0.5)._unary("sin")
        return 1 - 2 * (half * half)

    @_in_float
    def tan(self) -> Self:
        """The tangent, as sin / cos; near its poles with the relative error of cos near 0."""
        return self.sin() / self.cos()

    @_in_float
    def sinh(self) -> Self:
        """The hyperbolic sine; overflows only where the result does."""
        # e^x / 2 = (e^(x/2))^2 / 2 for large x; below, expm1 keeps the digits near 0
        size = self.abs()
        t, half = size.expm1(), (size * 0.5).exp()
        up = (size < 20).where((t + t / (t + 1)) * 0.5, half * (half * 0.5))
        return (self < 0).where(-up, up)

    @_in_float
    def cosh(self) -> Self:
        """The hyperbolic cosine; overflows only where the result does."""
        half = (self.abs() * 0.5).exp()
        return half * (half * 0.5) + (-self.abs()).exp() * 0.5

    @_in_float
    def tanh(self) -> Self:
        """The hyperbolic tangent: full precision near 0, exactly 1 and -1 far out.

        Source   in f32 a rational fit in x squared, 5.3 ulp at most; it costs one division where exp costs a polynomial too
        """
        if self.dtype == dtypes.float32:
            x = self.clip(-9, 9)
            square = x * x
            return (x * _polynomial(square, _TANH_ABOVE) / _polynomial(square, _TANH_BELOW)).clip(-1, 1)
        t = (self * 2).clip(-40, 40).expm1()  # beyond 20 it is 1 in every dtype, and expm1 must not overflow
        return t / (t + 2)

    @_in_float
    def erf(self) -> Self:
        """The error function, to 2e-7 relative in every dtype.

        Source   two polynomials fitted to math.erf by least squares, reweighted until the errors were even (Lawson)
        """
        size, square = self.abs(), self * self
        near = self * _polynomial(square, _ERF_NEAR)
        far = 1 - _polynomial(size.minimum(4.2), _ERF_FAR).exp()  # 1 to the last bit beyond 4.2
        return (size < 0.92).where(near, (self < 0).where(-far, far))

    # activations

    def relu(self) -> Self:
        """max(x, 0)."""
        return self.maximum(0).hinted("relu")

    @_in_float
    def sigmoid(self) -> Self:
        """1 / (1 + exp(-x)); 0 and 1 far out, without overflow."""
        return ((-self).exp() + 1).reciprocal()

    @_in_float
    def silu(self) -> Self:
        """x * sigmoid(x), also called swish."""
        return self * self.sigmoid()

    @_in_float
    def gelu(self, approximate: str = "none") -> Self:
        """x times the normal distribution's mass below x; "tanh" takes the usual approximation. Raises ValueError otherwise."""
        if approximate == "tanh":
            return (
                self * (self * (1 + 0.044715 * self * self) * (2 * (2 / pi) ** 0.5)).sigmoid()
            )  # (1 + tanh(a)) / 2 = sigmoid(2a)
        if approximate != "none":
            raise ArgumentError(f'gelu: approximate is "{approximate}", expected "none" or "tanh"')
        return 0.5 * self * (1 + (self * 0.5**0.5).erf())

    @_in_float
    def softplus(self, beta: float = 1.0) -> Self:
        """log(1 + exp(beta x)) / beta, without overflow."""
        x = self * beta
        return (x.maximum(0) + (-x.abs()).exp().log1p()) / beta

    def leaky_relu(self, slope: float = 0.01) -> Self:
        """x, or slope * x below 0."""
        return (self < 0).where(self * slope, self).hinted("leaky_relu")

    @_in_float
    def elu(self, alpha: float = 1.0) -> Self:
        """x, or alpha * (exp(x) - 1) below 0."""
        return (self < 0).where(self.minimum(0).expm1() * alpha, self)

    # over an axis

    @_in_float
    def softmax(self, axis: int = -1) -> Self:
        """exp(x) / sum(exp(x)) along an axis, shifted by its maximum so that nothing overflows."""
        at = to_axis("softmax", axis, self.shape)
        if 0 in self.shape:
            return self
        powers = (self - self.max(at, keepdim=True)).exp()
        return powers / powers.sum(at, keepdim=True)

    @_in_float
    def log_softmax(self, axis: int = -1) -> Self:
        """log(softmax(x)), without taking the logarithm of something that became 0."""
        at = to_axis("log_softmax", axis, self.shape)
        if 0 in self.shape:
            return self
        low = self - self.max(at, keepdim=True)
        return low - low.exp().sum(at, keepdim=True).log()

    @_in_float
    def logsumexp(self, axis: int | tuple[int, ...] | None = None, keepdim: bool = False) -> Self:
        """log(sum(exp(x))), shifted so that nothing overflows; -inf where all elements are."""
        axes = to_axes("logsumexp", axis, self.shape)
        top = self.max(axes, keepdim=True)
        shift = top.isfinite().where(top, 0)
        total = (self - shift).exp().sum(axes, keepdim=True).log() + shift
        return total if keepdim else total.squeeze(axes)

    @_in_float
    def layernorm(self, axis: int | tuple[int, ...] = -1, eps: float = 1e-5) -> Self:
        """Shifted and scaled to mean 0 and variance 1 along axes; eps is added to the variance."""
        apart = self - self.mean(axis, keepdim=True)
        return apart * ((apart * apart).mean(axis, keepdim=True) + eps).rsqrt()

    # questions

    def sign(self) -> Self:
        """-1, 0 or 1; NaN stays NaN, and -0.0 stays -0.0."""
        if self.dtype.is_bool:
            return self
        below = self if self.dtype.is_unsigned else (self < 0).where(self.full_like(-1), self)
        return (self > 0).where(1, below).hinted("sign")

    def isnan(self) -> Self:
        """Whether each element is NaN; never for integers."""
        return (self != self).hinted("isnan")

    def isinf(self) -> Self:
        """Whether each element is inf or -inf; never for integers."""
        return (self.abs() == float("inf")).hinted("isinf") if self.dtype.is_float else self.full_like(False, dtypes.bool)

    def isfinite(self) -> Self:
        """Whether each element is neither NaN nor infinite; always for integers."""
        return (self.abs() < float("inf")).hinted("isfinite") if self.dtype.is_float else self.full_like(True, dtypes.bool)


_ERF_NEAR = (-5.99940657e-4, 4.99483058e-3, -2.67677195e-2, 1.12818457e-1, -3.76124978e-1, 1.128379107)
"""erf(x) / x in powers of x * x, highest first; to 2e-8 for |x| < 0.92."""
_ERF_FAR = (1.95937260e-4, -3.04321758e-3, 2.22269204e-2, -1.03931598e-1, -6.37182236e-1, -1.127675653, -1.95675369e-4)
"""log(1 - erf(x)) in powers of x, highest first; erf to 2e-9 for 0.92 <= x <= 4.2."""


_TANH_ABOVE = (1.33546437e-8, 2.06090687e-5, 3.49558727e-3, 0.133810249, 0.999999979)
_TANH_BELOW = (7.77655079e-7, 3.28563343e-4, 2.58769789e-2, 0.467143405, 1.0)


def _polynomial(x: T, coefficients: tuple[float, ...]) -> T:
    """By Horner's rule."""
    made = x * coefficients[0] + coefficients[1]
    for coefficient in coefficients[2:]:
        made = made * x + coefficient
    return made
