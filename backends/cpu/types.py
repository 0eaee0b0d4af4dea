"""What MLIR's types are in LLVM IR. A vector of several dims is as many LLVM vectors as it has innermost rows."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from xdsl.ir import Attribute

from ..c.elements import BITS, code_of, shape_of

WORDS = {"i1": "i1", "index": "i64", "f16": "half", "bf16": "bfloat", "f32": "float", "f64": "double"} | {
    f"i{bits}": f"i{bits}" for bits in (8, 16, 32, 64)
}
"""LLVM's word for the type that has each code (see `backends.c.elements`). Signedness is the operations' affair in both."""


@dataclass(frozen=True, slots=True)
class Type:
    """A scalar (`lanes` 0) or one LLVM vector."""

    code: str
    lanes: int = 0

    def __str__(self) -> str:
        return self.of(WORDS[self.code])

    def of(self, word: str) -> str:
        """The type with as many lanes of another element."""
        return f"<{self.lanes} x {word}>" if self.lanes else word

    def like(self, code: str) -> Type:
        """As many lanes of another code."""
        return Type(code, self.lanes)

    @property
    def bits(self) -> int:
        return BITS[self.code]

    @property
    def integer(self) -> str:
        """The integer type of the same bits."""
        return self.of(f"i{self.bits}")

    @property
    def suffix(self) -> str:
        """The type in the name of an intrinsic: `v8f32`."""
        code = "i64" if self.code == "index" else self.code
        return f"v{self.lanes}{code}" if self.lanes else code


def part_of(type_: Attribute) -> Type:
    """The LLVM type of each part of a value."""
    shape = shape_of(type_)
    if shape is None:
        return Type(code_of(type_))
    return Type(code_of(type_), shape[-1] if shape else 1)


def rows_of(type_: Attribute) -> int:
    """How many parts a value has."""
    shape = shape_of(type_)
    return prod(shape[:-1]) if shape else 1


def extents_of(type_: Attribute) -> tuple[int, ...]:
    """The shape of a vector; () for a scalar, as for a vector without dims."""
    return shape_of(type_) or ()
