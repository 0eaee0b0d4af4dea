"""Every way in which two C-like kernel languages differ, as one record."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from .elements import BITS, is_mask


@dataclass(frozen=True)
class Call:
    """A function of the language or of the prelude.

    `name` may hold `{type}`, the C type of the result, and `{source}`, that of the first operand. `helper` is the prelude block
    that defines it, if it is ours.
    """

    name: str
    helper: str | None = None


@dataclass(frozen=True)
class CLanguage:
    """How a kernel language spells what MLIR means. Everything not listed here is plain C99."""

    name: str
    comment: str
    """The first line of a source."""
    kernel: str
    """What stands before a kernel's name; `{threads}` is their number in a block, `{x}`, `{y}`, `{z}` its extents."""
    kernel_of_any_size: str
    """The same where the IR leaves the size of a block open."""
    global_memory: str
    """Qualifier of a pointer into device memory, with a blank after it."""
    workgroup_memory: str
    """Qualifier of an array shared by a block, likewise."""
    restrict: str
    array_alignment: str
    """How an array declares its alignment of `{bytes}`, after its type and before its name."""
    barrier: str
    barrier_global: str
    """A barrier that also orders device memory."""
    ids: Mapping[str, Mapping[str, str]]
    """gpu op -> dimension -> text."""
    scalars: Mapping[str, str]
    """code -> C type. f16 and bf16 are the integers that store them."""
    vector: Callable[[str, int], str]
    """(code, lanes) -> vector type, lanes > 1."""
    vector_bits: int
    """Registers of the machine: with the widest element of a kernel they give its lanes."""
    max_lanes: int
    lane: str
    """How a lane of a vector is written after it, by its `{number}` or as the hexadecimal `{digit}`."""
    halves: tuple[str, str]
    """Formats of the lower and upper lanes of `{vector}`."""
    mask_true: int
    """What a lane of a comparison holds where it is true."""
    wide_suffix: str
    """Of a 64-bit literal."""
    infinity: Mapping[str, str]
    nan: Mapping[str, str]
    convert: Callable[[str, str, str], Call]
    """(type, from code, to code) -> element-wise conversion of a vector."""
    bitcast: Call
    """Reinterpret the bits of a scalar or vector as `{type}`."""
    select: Callable[[int], str]
    """lanes -> format of a choice by a mask, from `{condition}`, `{on_true}`, `{on_false}`; "" for C's `?:`."""
    build: str
    """Format of a vector from its lanes, `{type}` and `{lanes}`."""
    aligned_access: tuple[str, str] | None
    """How a vector is read and written where it provably lies at a multiple of its size; None where that is no gain."""
    access: tuple[str, str]
    """How a vector is read and written at any element, by `{qualifier}` (of the memory), `{type}`, `{address}` and `{value}`."""
    access_helper: str | None
    """The prelude block that `access` needs."""
    math: Mapping[tuple[str, str], tuple[Call, Call]]
    """(op name, code) -> how it is called for a scalar, and for a vector."""
    helpers: Mapping[str, tuple[Call, Call]] = field(default_factory=dict[str, tuple[Call, Call]])
    """Functions that MLIR has an op for and C has none, by what they do (`maximum`, `divide`, ...); scalar and vector form."""
    vector_helper: str | None = None
    """The prelude block that a vector type of this language needs."""
    special_helper: str | None = None
    """The prelude block that defines infinity and NaN, if the language does not."""
    keywords: frozenset[str] = frozenset()
    """Names that a variable may not have."""

    @cached_property
    def reserved(self) -> frozenset[str]:
        """Names that no variable may have: keywords, and the functions that a kernel may call."""
        forms = [*self.math.values(), *self.helpers.values()]
        called = [form.name for pair in forms for form in pair] + [self.barrier, self.barrier_global]
        called += [text for texts in self.ids.values() for text in texts.values()]
        return self.keywords | frozenset(word for text in called for word in re.findall(r"(?<![.\w])[A-Za-z_]\w*", text))

    def type(self, code: str, lanes: int = 1, index: str = "i32") -> str:
        """The C type of a value. A mask of one lane is a bool."""
        if code == "index":
            code = index
        if lanes == 1:
            return self.scalars["i1" if is_mask(code) else code]
        return self.vector(code, lanes)

    def memory_type(self, code: str, lanes: int = 1) -> str:
        """The C type of what memory holds: a bool is a byte there, an index has 64 bits."""
        return self.type({"i1": "u8", "index": "i64"}.get(code, code), lanes)

    def lanes_for(self, widest_bits: int) -> int:
        """Lanes of a kernel's parts whose widest element has this many bits."""
        return max(1, min(self.max_lanes, self.vector_bits // widest_bits))


C_KEYWORDS = frozenset(
    "auto break case char const continue default do double else enum extern float for goto if inline int long register restrict "
    "return short signed sizeof static struct switch typedef union unsigned void volatile while bool true false half main "
    "uchar ushort uint ulong size_t ptrdiff_t intptr_t NAN INFINITY NULL asm".split()
)


def bits_of_memory(code: str) -> int:
    """Bits of an element in memory, where a bool has eight."""
    return max(8, BITS[code])
