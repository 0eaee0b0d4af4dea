"""Codes for the element types of a C kernel: what MLIR calls them, plus what C adds.

MLIR's integers are signless; C's are not. A value of type i32 has code `i32` while C holds it in an `int`, and `u32` while C has
the same bits in a `uint`: sums and products are computed unsigned, because C leaves signed overflow undefined. `m8` to `m64` are
lanes of a vector comparison: all bits set or none, as wide as what was compared. `f16` and `bf16` are stored bits, never computed
with.
"""

from __future__ import annotations

from xdsl.dialects.builtin import (
    BFloat16Type,
    Float16Type,
    Float32Type,
    Float64Type,
    IndexType,
    IntegerType,
    MemRefType,
    Signedness,
    VectorType,
)
from xdsl.ir import Attribute
from xdsl.utils.hints import isa

from ..errors import BackendError

BITS = {
    **{"i1": 1, "index": 64, "f16": 16, "bf16": 16, "f32": 32, "f64": 64},
    **{f"{kind}{bits}": bits for kind in "ium" for bits in (8, 16, 32, 64)},
}
"""Bits of each code. `index` is 32 or 64 in registers, as a kernel needs, and 64 in memory."""

FLOATS = ("f32", "f64")
STORAGE_FLOATS = ("f16", "bf16")
NARROW = ("i8", "u8", "i16", "u16")
"""What C computes as int."""


def code_of(type_: Attribute) -> str:
    """The code of a scalar type, or of the elements of a vector or memref. Raises BackendError for what C has no word for."""
    if isa(type_, VectorType) or isa(type_, MemRefType):
        return code_of(type_.element_type)
    match type_:
        case Float32Type():
            return "f32"
        case Float64Type():
            return "f64"
        case Float16Type():
            return "f16"
        case BFloat16Type():
            return "bf16"
        case IndexType():
            return "index"
        case IntegerType():
            prefix = "u" if type_.signedness.data is Signedness.UNSIGNED else "i"
            if (code := f"{prefix}{type_.width.data}") in BITS:
                return code
        case _:
            pass
    raise BackendError(f"no C type for {type_}, expected i1, i8 to i64, f16, bf16, f32, f64 or index")


def shape_of(type_: Attribute) -> tuple[int, ...] | None:
    """The shape of a vector type; None for a scalar."""
    return type_.get_shape() if isa(type_, VectorType) else None


def bytes_of(code: str) -> int:
    """Bytes of one element in memory."""
    return max(1, BITS[code] // 8)


def is_integer(code: str) -> bool:
    """True for integers of more than one bit, of either sign."""
    return code[0] in "iu" and code not in ("i1", "index")


def is_mask(code: str) -> bool:
    return code[0] == "m"


def signed(code: str) -> str:
    return "i" + code[1:] if is_integer(code) else code


def unsigned(code: str) -> str:
    return "u" + code[1:] if is_integer(code) else code


def mask_of(code: str) -> str:
    """The code of the lanes that comparing vectors of `code` gives."""
    return code if is_mask(code) else f"m{max(8, BITS[code])}"
