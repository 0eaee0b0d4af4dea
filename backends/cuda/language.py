"""CUDA C++ as a record. It has no vector arithmetic, so the prelude brings a small vector class with operators: the kernels then
read like their OpenCL twins, and 128-bit loads and stores come from its alignment.
"""

from __future__ import annotations

from ..c.language import C_KEYWORDS, Call, CLanguage

_SCALARS = {
    "i1": "bool",
    "i8": "signed char",
    "u8": "unsigned char",
    "i16": "short",
    "u16": "unsigned short",
    "i32": "int",
    "u32": "unsigned",
    "i64": "long long",
    "u64": "unsigned long long",
    "f16": "unsigned short",
    "bf16": "unsigned short",
    "f32": "float",
    "f64": "double",
}


def _vector(code: str, lanes: int) -> str:
    name = {"f16": "u16", "bf16": "u16"}.get(code, code)
    return f"boolx{lanes}" if code[0] == "m" else f"{name}x{lanes}"


def _convert(type_: str, source: str, target: str) -> Call:
    return Call("rung_convert<{type}>", "convert")


def _both(name: str, helper: str | None = None) -> tuple[Call, Call]:
    """A function of the prelude, overloaded for scalars and vectors."""
    call = Call(f"rung_{name}", helper or name)
    return call, call


_UNARY = (
    "acos acosh asin asinh atan atanh cbrt ceil cos cosh erf exp exp2 expm1 floor log log10 log1p log2 round sin sinh sqrt "
    "tan tanh trunc"
)
_BINARY = {"atan2": "atan2", "copysign": "copysign", "powf": "pow"}


def _math() -> dict[tuple[str, str], tuple[Call, Call]]:
    """The library's functions: by their own names for scalars, lane by lane for vectors."""
    functions = {f"math.{name}": (name, name) for name in _UNARY.split()}
    functions |= {f"math.{op}": (name, name) for op, name in _BINARY.items()}
    functions |= {
        "math.absf": ("fabs", "fabs"),
        "math.roundeven": ("rint", "rint"),
        "math.fma": ("fma", "fma"),
        "arith.remf": ("fmod", "fmod"),
    }
    found: dict[tuple[str, str], tuple[Call, Call]] = {}
    for op, (name, helper) in functions.items():
        for code, suffix in (("f32", "f"), ("f64", "")):
            found[op, code] = Call(name + suffix), Call(f"rung_{name}", helper)
    for op, name in (("ctlz", "clz"), ("ctpop", "popc")):
        for code, suffix in (("i32", ""), ("i64", "ll")):
            found[f"math.{op}", code] = Call(f"__{name}{suffix}"), Call(f"rung_{name}{suffix}", f"{name}{suffix}")
    return found


CUDA = CLanguage(
    name="cuda",
    comment="// CUDA C++",
    kernel='extern "C" __global__ void __launch_bounds__({threads})',
    kernel_of_any_size='extern "C" __global__ void',
    global_memory="",
    workgroup_memory="__shared__ ",
    restrict="__restrict__ ",
    array_alignment=" __align__(16)",
    barrier="__syncthreads()",
    barrier_global="__syncthreads()",
    ids={
        **{
            f"gpu.{op}": {axis: f"{variable}.{axis}" for axis in "xyz"}
            for op, variable in (
                ("block_id", "blockIdx"),
                ("thread_id", "threadIdx"),
                ("block_dim", "blockDim"),
                ("grid_dim", "gridDim"),
            )
        },
        "gpu.global_id": {axis: f"blockIdx.{axis} * blockDim.{axis} + threadIdx.{axis}" for axis in "xyz"},
    },
    scalars=_SCALARS,
    vector=_vector,
    vector_bits=128,
    max_lanes=16,
    lane="[{number}]",
    halves=("rung_low({vector})", "rung_high({vector})"),
    mask_true=1,
    wide_suffix="LL",
    infinity={"f32": "INFINITY", "f64": "(double)INFINITY"},
    nan={"f32": "NAN", "f64": "(double)NAN"},
    special_helper="special",
    convert=_convert,
    bitcast=Call("rung_bits<{type}>", "bits"),
    select=lambda lanes: "rung_select({condition}, {on_true}, {on_false})",
    build="{type}({lanes})",
    aligned_access=("*({qualifier}{type} *){address}", "*({qualifier}{type} *){address} = {value}"),
    access=("rung_load<{type}>{address}", "rung_store<{type}>({address}, {value})"),
    access_helper="access",
    math=_math(),
    helpers={
        "maximum": _both("maximum"),
        "minimum": _both("minimum"),
        "maxnum": _both("maxnum"),
        "minnum": _both("minnum"),
        "absolute": _both("abs"),
        "divide": _both("divide"),
        "remainder": _both("remainder"),
        "divide_unsigned": _both("divide", "divide_unsigned"),
        "remainder_unsigned": _both("remainder", "remainder_unsigned"),
        "floor_divide": _both("floor_divide"),
        "floor_remainder": _both("floor_remainder"),
        "ceil_divide": _both("ceil_divide"),
        "from_f16": _both("from_f16"),
        "to_f16": _both("to_f16"),
        "from_bf16": _both("from_bf16"),
        "to_bf16": _both("to_bf16"),
        "round_to_odd": _both("round_to_odd"),
    },
    vector_helper="vector",
    keywords=C_KEYWORDS
    | frozenset(
        "and and_eq asm bitand bitor catch class compl concept const_cast constexpr decltype delete dynamic_cast explicit export "
        "friend mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public reinterpret_cast "
        "requires static_assert static_cast template this thread_local throw try typeid typename using virtual wchar_t xor "
        "xor_eq dim3 warpSize threadIdx blockIdx blockDim gridDim float2 float3 float4 int2 int3 int4 double2".split()
    ),
)
