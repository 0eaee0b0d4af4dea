"""One LLVM function in progress: names, lines, and the parts that each value of the program is held in."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Sequence
from math import gcd
from typing import TYPE_CHECKING

from xdsl.ir import Operation, SSAValue

from ..c.elements import FLOATS
from ..errors import BackendError
from .types import Type, rows_of

if TYPE_CHECKING:
    from .memory import View

Parts = tuple[str, ...]
"""The LLVM operands that hold a value, one for each row of a vector; equal rows are the same string."""


class Emitter:
    """Collects the body of one function. Helper functions and declarations it needs are asked of `module`."""

    def __init__(self, kernel: str, needs: dict[str, str]):
        self.kernel = kernel
        self.needs = needs
        """Text of each helper function and declaration that is called, by name; shared by all kernels of a module."""
        self.lines: list[str] = []
        self.entry: list[str] = []
        """Allocations, which LLVM wants at the head of a function."""
        self.block = "entry"
        """The label of the block that is being written."""
        self.values: dict[SSAValue, Parts] = {}
        self.views: dict[SSAValue, View] = {}
        self.multiples: dict[str, int] = {}
        """Of index values: a number that is known to divide them. What is not here may be anything."""
        self.ids: dict[tuple[str, str], str] = {}
        """("block_id", "x"): the value; those that are known to be 0 are "0"."""
        self.extents: dict[tuple[str, str], int] = {}
        """("grid_dim", "x"): how many."""
        self._names: dict[str, int] = {}

    # Names and lines

    def fresh(self, hint: str) -> str:
        """A name that nobody has: `x`, `x.1`, .."""
        hint = re.sub(r"[^A-Za-z0-9_]", "_", hint)
        count = self._names.get(hint, 0)
        self._names[hint] = count + 1
        return f"{hint}.{count}" if count or hint == "entry" else hint

    def set(self, text: str, hint: str = "t") -> str:
        """`%hint = text`; the name."""
        name = f"%{self.fresh(hint)}"
        self.lines.append(f"  {name} = {text}")
        return name

    def do(self, text: str) -> None:
        self.lines.append(f"  {text}")

    def open(self, label: str) -> None:
        """Begin the block of that label."""
        self.lines.append(f"{label}:")
        self.block = label

    # Values

    def error(self, op: Operation, what: str = "") -> BackendError:
        return BackendError(f"cpu: no rule for {f'{op.name} {what}'.strip()} in kernel @{self.kernel}")

    def expect(self, holds: bool, op: Operation, what: str) -> None:
        if not holds:
            raise self.error(op, what)

    def get(self, value: SSAValue) -> Parts:
        return self.values[value]

    def scalar(self, value: SSAValue) -> str:
        (part,) = self.values[value]
        return part

    def bind(self, value: SSAValue, parts: Iterable[str]) -> None:
        self.values[value] = tuple(parts)

    @staticmethod
    def hint(value: SSAValue) -> str:
        return value.name_hint or "t"

    def rows(self, value: SSAValue) -> list[str]:
        """The parts of a vector, as many as it has rows even if they are all one."""
        parts = self.values[value]
        count = rows_of(value.type)
        return list(parts) * count if len(parts) == 1 else list(parts)

    # Instructions

    def call(
        self, name: str, result: Type | str, args: Sequence[tuple[Type | str, str]], hint: str = "t", flags: str = ""
    ) -> str:
        """Call a function that is declared as it is called."""
        self.needs.setdefault(name, f"declare {result} @{name}({', '.join(str(type_) for type_, _ in args)})")
        return self.set(f"call {flags + ' ' if flags else ''}{result} @{name}({', '.join(f'{t} {a}' for t, a in args)})", hint)

    def splat(self, text: str, type_: Type) -> str:
        """A scalar in every lane."""
        if not type_.lanes:
            return text
        if text[0] != "%":
            return splat_constant(text, type_)
        scalar = Type(type_.code)
        one = self.set(f"insertelement {type_} poison, {scalar} {text}, i64 0")
        return self.set(f"shufflevector {type_} {one}, {type_} poison, <{type_.lanes} x i32> zeroinitializer")

    def lane(self, part: str, type_: Type, number: int) -> str:
        return self.set(f"extractelement {type_} {part}, i64 {number}")

    def vector(self, lanes: Sequence[str], type_: Type) -> str:
        """A vector of single lanes."""
        if all(lane == lanes[0] for lane in lanes):
            return self.splat(lanes[0], type_)
        if all(lane[0] != "%" for lane in lanes):
            return f"<{', '.join(f'{Type(type_.code)} {lane}' for lane in lanes)}>"
        found = "poison"
        for number, lane in enumerate(lanes):
            found = self.set(f"insertelement {type_} {found}, {Type(type_.code)} {lane}, i64 {number}")
        return found

    def literal(self, number: float, type_: Type) -> str:
        """A constant in every lane."""
        return splat_constant(literal(number, type_.code), type_)

    # Index arithmetic: constants are folded here, so that what is printed is what depends on something

    def add(self, a: str, b: str) -> str:
        if a.lstrip("-").isdigit() and b.lstrip("-").isdigit():
            return str(int(a) + int(b))
        if "0" in (a, b):
            return b if a == "0" else a
        found = self.set(f"add nsw i64 {a}, {b}", "i")
        self.multiples[found] = gcd(self.multiple(a), self.multiple(b))
        return found

    def mul(self, a: str, by: int) -> str:
        if by == 0:
            return "0"
        if a.lstrip("-").isdigit():
            return str(int(a) * by)
        if by == 1:
            return a
        found = self.set(f"mul nsw i64 {a}, {by}", "i")
        self.multiples[found] = self.multiple(a) * abs(by)
        return found

    def multiple(self, text: str) -> int:
        """A number that divides an index value; 0 for the constant 0, which all numbers divide."""
        return abs(int(text)) if text.lstrip("-").isdigit() else self.multiples.get(text, 1)


def literal(number: float, code: str) -> str:
    """One constant: floats by their bits as LLVM writes them, those of f32 as the double of the same value."""
    if code == "i1":
        return "true" if number else "false"
    if code in FLOATS:
        value = float(number)
        if code == "f32" and value == value and abs(value) != float("inf"):
            (value,) = struct.unpack("f", struct.pack("f", value))
        return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"
    if code in ("f16", "bf16"):
        half = struct.unpack("<H", struct.pack("<e", number))[0] if code == "f16" else _bf16_bits(float(number))
        return f"0x{'H' if code == 'f16' else 'R'}{half:04X}"
    return str(int(number))


def _bf16_bits(value: float) -> int:
    import ml_dtypes
    import numpy as np

    return int(np.array(value, dtype=ml_dtypes.bfloat16).view(np.uint16))


def splat_constant(text: str, type_: Type) -> str:
    return f"splat ({Type(type_.code)} {text})" if type_.lanes else text


__all__ = ["Emitter", "Parts", "literal", "splat_constant"]
