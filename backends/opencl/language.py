"""OpenCL C as a record. Text that is to run fast on PoCL reads and writes vectors through a pointer to an under-aligned type, has
`?:` for min and max, and functions of our own for the library's, which PoCL may have compiled for another CPU than the kernel
and then never inlines: a call spills every accumulator (a matmul ran at 10-36 instead of 100-130 GF on a Zen 3, October 2026).
"""

from __future__ import annotations

from ..c.language import C_KEYWORDS, Call, CLanguage

_SCALARS = {
    "i1": "bool",
    "i8": "char",
    "u8": "uchar",
    "i16": "short",
    "u16": "ushort",
    "i32": "int",
    "u32": "uint",
    "i64": "long",
    "u64": "ulong",
    "f16": "ushort",
    "bf16": "ushort",
    "f32": "float",
    "f64": "double",
}

_MASKS = {"m8": "char", "m16": "short", "m32": "int", "m64": "long"}


def _vector(code: str, lanes: int) -> str:
    return f"{_MASKS.get(code) or _SCALARS[code]}{lanes}"


def _convert(type_: str, source: str, target: str) -> Call:
    return Call("convert_{type}") if target in ("f16", "bf16") else Call("rung_convert_{type}", "convert")


def _ours(name: str, helper: str | None = None) -> tuple[Call, Call]:
    """A function of the prelude; scalar and vector form differ by their type only."""
    call = Call(f"rung_{name}_{{type}}", helper or name)
    return call, call


def _library(name: str) -> tuple[Call, Call]:
    return Call(name), Call(name)


_LIBRARY = {
    "arith.remf": "fmod",
    "math.fma": "fma",
    "math.powf": "pow",
    "math.roundeven": "rint",
    **{
        f"math.{name}": name
        for name in "acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cosh erf exp expm1 floor log log10 log1p "
        "round sinh tan tanh".split()
    },
}
"""Ops for which the library is good enough, because they are rare."""


def _math() -> dict[tuple[str, str], tuple[Call, Call]]:
    found = {(op, code): _library(name) for op, name in _LIBRARY.items() for code in ("f32", "f64")}
    for name in ("exp2", "log2", "sin", "cos"):
        found[f"math.{name}", "f32"] = _ours(name)
        found[f"math.{name}", "f64"] = _library(name)
    for code in ("f32", "f64"):
        found["math.absf", code] = _ours("fabs")
        found["math.trunc", code] = _ours("trunc")
        found["math.sqrt", code] = _ours("sqrt", f"sqrt_{code}")
    for bits in (8, 16, 32, 64):
        found["math.ctlz", f"i{bits}"] = _library("clz")
        found["math.ctpop", f"i{bits}"] = _library("popcount")
    return found


OPENCL = CLanguage(
    name="opencl",
    comment="// OpenCL C 1.2",
    kernel="__kernel __attribute__((reqd_work_group_size({x}, {y}, {z})))\nvoid",
    kernel_of_any_size="__kernel void",
    global_memory="__global ",
    workgroup_memory="__local ",
    restrict="restrict ",
    array_alignment=" __attribute__((aligned({bytes})))",
    barrier="barrier(CLK_LOCAL_MEM_FENCE)",
    barrier_global="barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE)",
    ids={
        f"gpu.{op}": {axis: f"{function}({number})" for number, axis in enumerate("xyz")}
        for op, function in (
            ("block_id", "get_group_id"),
            ("thread_id", "get_local_id"),
            ("block_dim", "get_local_size"),
            ("grid_dim", "get_num_groups"),
            ("global_id", "get_global_id"),
        )
    },
    scalars=_SCALARS,
    vector=_vector,
    vector_bits=256,
    max_lanes=16,
    lane=".s{digit}",
    halves=("{vector}.lo", "{vector}.hi"),
    mask_true=-1,
    wide_suffix="L",
    infinity={"f32": "INFINITY", "f64": "(double)INFINITY"},
    nan={"f32": "NAN", "f64": "(double)NAN"},
    convert=_convert,
    bitcast=Call("as_{type}"),
    select=lambda lanes: "",
    build="({type})({lanes})",
    aligned_access=None,
    access=("*({qualifier}{type}_u *){address}", "*({qualifier}{type}_u *){address} = {value}"),
    access_helper="unaligned",
    math=_math(),
    helpers={
        "maximum": _ours("maximum"),
        "minimum": _ours("minimum"),
        "maxnum": _ours("maxnum"),
        "minnum": _ours("minnum"),
        "absolute": _ours("abs"),
        "divide": _ours("divide"),
        "remainder": _ours("remainder"),
        "divide_unsigned": _ours("divide", "divide_unsigned"),
        "remainder_unsigned": _ours("remainder", "remainder_unsigned"),
        "floor_divide": _ours("floor_divide"),
        "floor_remainder": _ours("floor_remainder"),
        "ceil_divide": _ours("ceil_divide"),
        "from_f16": _ours("from_f16"),
        "to_f16": _ours("to_f16"),
        "from_bf16": _ours("from_bf16"),
        "to_bf16": _ours("to_bf16"),
        "round_to_odd": _ours("round_to_odd"),
    },
    keywords=C_KEYWORDS
    | frozenset(
        (
            "kernel global local constant private generic pipe read_only write_only read_write image2d_t sampler_t event_t "
            "vec_step complex imaginary quad"
        ).split()
    )
    | frozenset(f"{scalar}{lanes}" for scalar in (*_SCALARS.values(), *_MASKS.values()) for lanes in (2, 3, 4, 8, 16)),
)
