"""Functions of `math`: instructions where the processor has one, our own vector code where it pays, else libm lane by lane.

Our own are the fits of the OpenCL prelude (there with their bounds), as one LLVM function for each vector type, inlined by LLVM.
"""

from __future__ import annotations

from collections.abc import Callable

from xdsl.ir import Operation

from ..c.elements import FLOATS
from .arith import Rule
from .emitter import Emitter
from .types import Type

EXP2 = (0.00015453163, 0.0013390863, 0.009618083, 0.055503584, 0.24022651, 0.6931472, 1.0)
LOG2 = (-0.107497894, 0.18476033, -0.19138838, 0.20485765, -0.23960812, 0.28855255, -0.36069655, 0.4808986, -0.72134733, 1.442695)
SINE = (-2.408019e-08, 2.7536464e-06, -0.00019841087, 0.008333335, -0.16666667)
PI = (3.140625, 0.0009670257568359375, 6.2771141529083251953e-07, 1.2154201256553420762e-10)
"""Pi in four parts, each short enough that its product with a small integer is exact."""
ROUNDS = 12582912.0
"""1.5 * 2^23: a sum with it is rounded to an integer, which its low bits hold."""


class _Function:
    """Short words for what the functions below are made of: all on the vector type of the argument, or integers of its lanes."""

    def __init__(self, e: Emitter, type_: Type):
        self.e, self.type, self.ints = e, type_, type_.like("i32")
        self.bit = type_.like("i1")

    def number(self, value: float) -> str:
        return self.e.literal(value, self.type)

    def int(self, value: int) -> str:
        return self.e.literal(value, self.ints)

    def add(self, a: str, b: str) -> str:
        return self.e.set(f"fadd contract {self.type} {a}, {b}")

    def sub(self, a: str, b: str) -> str:
        return self.e.set(f"fsub contract {self.type} {a}, {b}")

    def mul(self, a: str, b: str) -> str:
        return self.e.set(f"fmul contract {self.type} {a}, {b}")

    def whole(self, instruction: str, a: str, b: str) -> str:
        return self.e.set(f"{instruction} {self.ints} {a}, {b}")

    def bits(self, x: str) -> str:
        return self.e.set(f"bitcast {self.type} {x} to {self.ints}")

    def of_bits(self, x: str) -> str:
        return self.e.set(f"bitcast {self.ints} {x} to {self.type}")

    def compare(self, how: str, a: str, b: str) -> str:
        return self.e.set(f"fcmp {how} {self.type} {a}, {b}")

    def choose(self, condition: str, a: str, b: str, type_: Type | None = None) -> str:
        type_ = type_ or self.type
        return self.e.set(f"select {self.bit} {condition}, {type_} {a}, {type_} {b}")

    def polynomial(self, x: str, coefficients: tuple[float, ...]) -> str:
        """Horner's rule, the highest power first."""
        found = self.number(coefficients[0])
        for each in coefficients[1:]:
            found = self.add(self.mul(found, x), self.number(each))
        return found


def _exp2(f: _Function, x: str) -> str:
    low, high = f.number(-151.0), f.number(129.0)
    x = f.choose(f.compare("olt", x, low), low, x)
    x = f.choose(f.compare("ogt", x, high), high, x)
    shifted = f.add(x, f.number(ROUNDS))
    n = f.whole("sub", f.bits(shifted), f.int(0x4B400000))
    p = f.polynomial(f.sub(x, f.sub(shifted, f.number(ROUNDS))), EXP2)
    half = f.whole("ashr", n, f.int(1))  # in two steps, because 2^n alone leaves the range where the result does not
    for part in (half, f.whole("sub", n, half)):
        p = f.mul(p, f.of_bits(f.whole("shl", f.whole("add", part, f.int(127)), f.int(23))))
    return p


def _log2(f: _Function, x: str) -> str:
    zero, infinity = f.number(0.0), f.number(float("inf"))
    tiny = f.compare("olt", x, f.number(1.17549435e-38))
    bits = f.bits(f.choose(tiny, f.mul(x, f.number(33554432.0)), x))
    e = f.whole("ashr", f.whole("sub", bits, f.int(0x3F3504F3)), f.int(23))  # of sqrt(1/2), so that 1 + r is around 1
    r = f.sub(f.of_bits(f.whole("sub", bits, f.whole("shl", e, f.int(23)))), f.number(1.0))
    e = f.whole("sub", e, f.choose(tiny, f.int(25), f.int(0), f.ints))
    y = f.add(f.mul(f.polynomial(r, LOG2), r), f.e.set(f"sitofp {f.ints} {e} to {f.type}"))
    y = f.choose(f.compare("oeq", x, infinity), x, y)
    nothing = f.choose(f.compare("oeq", x, zero), f.number(-float("inf")), f.number(float("nan")))
    return f.choose(f.compare("ogt", x, zero), y, nothing)


def _sine(f: _Function, x: str, *, cosine: bool) -> str:
    """x - n pi, and the sign of n; cos(x) is -sin(x - (n + 1/2) pi), but for even n its opposite."""
    turns = f.mul(x, f.number(0.31830989))
    n = f.add(f.sub(turns, f.number(0.5)) if cosine else turns, f.number(ROUNDS))
    odd = f.bits(n)
    if cosine:
        odd = f.whole("xor", odd, f.int(-1))
    odd = f.whole("shl", odd, f.int(31))
    n = f.sub(n, f.number(ROUNDS))
    if cosine:
        n = f.add(n, f.number(0.5))
    r = x
    for part in PI:
        r = f.sub(r, f.mul(n, f.number(part)))
    s = f.mul(r, r)
    y = f.mul(f.add(f.mul(f.polynomial(s, SINE), s), f.number(1.0)), r)
    y = f.of_bits(f.whole("xor", f.bits(y), odd))
    return _far(f, x, y, "cos" if cosine else "sin")


def _far(f: _Function, x: str, y: str, name: str) -> str:
    """`y`, but libm's answer for a lane beyond 39000: only it reduces those exactly. That road is cold."""
    e, size = f.e, f.e.call(f"llvm.fabs.{f.type.suffix}", f.type, [(f.type, x)])
    far = f.compare("ugt", size, f.number(39000.0))
    some = e.call(f"llvm.vector.reduce.or.v{f.type.lanes}i1", "i1", [(f.bit, far)]) if f.type.lanes else far
    here, cold, done = e.block, e.fresh("far"), e.fresh("near")
    e.do(f"br i1 {some}, label %{cold}, label %{done}, !prof !0")
    e.open(cold)
    slow = f.choose(far, e.call(f"llvm.{name}.{f.type.suffix}", f.type, [(f.type, x)]), y)
    e.do(f"br label %{done}")
    e.open(done)
    return e.set(f"phi {f.type} [ {y}, %{here} ], [ {slow}, %{cold} ]")


OURS: dict[str, Callable[[_Function, str], str]] = {
    "exp2": _exp2,
    "log2": _log2,
    "sin": lambda f, x: _sine(f, x, cosine=False),
    "cos": lambda f, x: _sine(f, x, cosine=True),
}
"""Our own functions, of f32."""


def _ours(name: str) -> Rule:
    def rule(e: Emitter, op: Operation, type_: Type, args: list[str]) -> str:
        if type_.code != "f32":
            return _intrinsic(name)(e, op, type_, args)
        function = f"rung.{name}.{type_.suffix}"
        if function not in e.needs:
            e.needs[function] = ""  # its place is above what it is used in
            inner = Emitter(function, e.needs)
            result = OURS[name](_Function(inner, type_), "%x")
            head = f"define internal {type_} @{function}({type_} %x) alwaysinline #0 {{"
            e.needs[function] = "\n".join([head, "entry:", *inner.lines, f"  ret {type_} {result}", "}"])
        return e.set(f"call {type_} @{function}({type_} {args[0]})", op.results[0].name_hint or "t")

    return rule


def _intrinsic(name: str) -> Rule:
    def rule(e: Emitter, op: Operation, type_: Type, args: list[str]) -> str:
        e.expect(type_.code in FLOATS, op, f"on {type_.code}, which is stored but not computed with")
        hint = op.results[0].name_hint or "t"
        return e.call(f"llvm.{name}.{type_.suffix}", type_, [(type_, arg) for arg in args], hint, "contract")

    return rule


def _libm(name: str) -> Rule:
    """A function that LLVM has no intrinsic for, lane by lane."""

    def rule(e: Emitter, op: Operation, type_: Type, args: list[str]) -> str:
        e.expect(type_.code in FLOATS, op, f"on {type_.code}, which is stored but not computed with")
        function, scalar = name + ("f" if type_.code == "f32" else ""), Type(type_.code)
        if not type_.lanes:
            return e.call(function, scalar, [(scalar, arg) for arg in args])
        lanes = [
            e.call(function, scalar, [(scalar, e.lane(arg, type_, number)) for arg in args]) for number in range(type_.lanes)
        ]
        return e.vector(lanes, type_)

    return rule


def _rsqrt(e: Emitter, op: Operation, type_: Type, args: list[str]) -> str:
    root = _intrinsic("sqrt")(e, op, type_, args)
    return e.set(f"fdiv contract {type_} {e.literal(1.0, type_)}, {root}")


MATH: dict[str, Rule] = {
    **{f"math.{name}": _ours(name) for name in OURS},
    **{
        f"math.{name}": _intrinsic(name)
        for name in "ceil copysign exp floor fma log log10 round roundeven sqrt tan trunc".split()
    },
    "math.absf": _intrinsic("fabs"),
    "math.powf": _intrinsic("pow"),
    "vector.fma": _intrinsic("fma"),
    **{
        f"math.{name}": _libm(name)
        for name in "acos acosh asin asinh atan atan2 atanh cbrt cosh erf expm1 log1p sinh tanh".split()
    },
    "math.rsqrt": _rsqrt,
}
"""op name -> rule"""
