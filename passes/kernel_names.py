"""Names for kernels, from the program: the name of the value a kernel makes, else what it does. Unique, and free in C."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

from xdsl.ir import Operation, SSAValue

from rung.dialects.nd import MOVEMENT, BinaryOp, ConstOp, ExpandOp, IotaOp, ReduceOp, UnaryOp

MAX_WORDS = 4
"""Longer names say no more: what follows the fourth op is epilogue."""

_TAKEN_TEXT = """
alignas alignof asm auto bool break case catch char class const constant constexpr continue default delete do double else enum
event explicit export extern false float for friend global goto half if image inline int kernel local long main mutable
namespace generic new operator pipe private protected public queue register restrict return sampler short signed sizeof static
struct switch template this throw true try typedef typename uchar uint uniform ulong union unsigned ushort using virtual void
volatile while abs acos acosh asin asinh atan atan2 atanh barrier bitselect cbrt ceil clamp clz convert copysign cos cosh cospi
cross degrees distance dot erf erfc exp exp10 exp2 expm1 fabs fdim floor fma fmax fmin fmod fract frexp hadd hypot ilogb
isequal isfinite isinf isnan ldexp length lgamma log log10 log1p log2 logb mad max max3 min min3 mix mod modf mul24 mul_hi nan
nextafter norm normalize pow powf pown powr prefetch printf radians recip remainder remquo rhypot rint rnorm rootn rotate round
rsqrt select shuffle sign sin sincos sinh sinpi smoothstep sqrt step sub_sat tan tanh tgamma transpose trunc upsample vload4
vstore4 y0 y1 yn j0 j1 jn add and divide div idiv neg not or xor sub mul shl shr sum prod all any and_eq bitand bitor compl
concept const_cast decltype dim3 dynamic_cast gridDim blockDim blockIdx threadIdx warpSize noexcept not_eq nullptr or_eq
reinterpret_cast requires static_assert static_cast thread_local typeid wchar_t xor_eq std malloc free assert memcpy memset
clock clock64
"""
TAKEN = frozenset(_TAKEN_TEXT.split())
"""Keywords and built-in functions of OpenCL C, CUDA C or C++, and bare kinds of ours: no good as the name of a kernel alone."""

_FAMILIES = re.compile(
    r"[A-Z0-9_]{2,}"  # macros: NAN, M_PI
    r"|\w+_t|(bool|u?(char|short|int|long)|half|float|double)\d+"  # types: size_t, float4
    r"|(as|async|atom|atomic|convert|create|enqueue|fast|get|half|mem|native|read|release|retain|sub_group|to|wait|work_group|write)_\w+"
    r"|v(load|store)\w*|is[a-z]+|signbit"  # functions: native_sin, vload8, isordered
)
"""Families of such names. A kernel's name is global, so that it may not even be that of a function it does not call."""


def kernel_name(root: Operation, ops: Sequence[Operation], inputs: Sequence[SSAValue], used: Container[str]) -> str:
    """A C identifier for the kernel that computes `root` by `ops` from `inputs`, not in `used`."""
    hint = root.results[0].name_hint
    if any(value.name_hint == hint for value in inputs):
        hint = None  # a view of x is called %x as well, which says nothing of the kernel
    words = re.sub(r"\W+", "_", hint).strip("_") if hint is not None else ""
    base = words if words and not words[0].isdigit() else _from_ops(ops)
    if base in TAKEN or base.removesuffix("f") in TAKEN or _FAMILIES.fullmatch(base):  # sinf is C's, too
        base += "_kernel"
    name, number = base, 2
    while name in used:
        name, number = f"{base}_{number}", number + 1
    return name


def _from_ops(ops: Sequence[Operation]) -> str:
    words: list[str] = []
    for op in ops:
        word = _word(op)
        if isinstance(op, ReduceOp) and word == "sum" and words[-1:] == ["mul"] and any(isinstance(o, ExpandOp) for o in ops):
            words[-1] = "contract"
        elif word is not None and words[-1:] != [word]:
            words.append(word)
    if not words:
        words = [op.name.removeprefix("nd.") for op in ops if isinstance(op, MOVEMENT)][-1:]
        words = [*words, "copy"] if words else ["fill"]
    return "_".join(words[:MAX_WORDS])


def _word(op: Operation) -> str | None:
    match op:
        case UnaryOp() | BinaryOp():
            return op.kind.data
        case ReduceOp():
            return op.combiner.data
        case ConstOp() | IotaOp():
            return None
        case _ if isinstance(op, MOVEMENT):
            return None
        case _:
            return op.name.removeprefix("nd.")
