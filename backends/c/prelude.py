"""A header of helper functions, of which a source gets just those it uses, for just the types it uses them with.

The file is a list of blocks, each headed by `//: name` and perhaps `needs other, other`. `name:1` is the form for scalars, if it
differs. What a block needs has its own type and lanes, but for `other(u32)`, another element type, and `other/2`, half the lanes.
In a block stand: `$T` for the type of the result, `$S` for that of one lane, `$half` for half the lanes, `$I`, `$U` and `$M` for
the signed and the unsigned integer and the comparison result of its width, `$F`, `$D`, `$V` and `$H` for a float, a double, a
uint and a ushort of as many lanes, `$B` for the bytes of an element, `$n` for the number of lanes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Template

from .elements import BITS, bytes_of, is_mask, mask_of
from .language import CLanguage
from .printer import Helper


@dataclass(frozen=True)
class Need:
    """A block that another one uses: its name, and how its type differs."""

    name: str
    code: str | None
    halved: bool


@dataclass(frozen=True)
class Block:
    text: str
    needs: tuple[Need, ...]


@cache
def read(package: str) -> dict[str, Block]:
    """The blocks of `prelude.h` in a package."""
    source = (files(package) / "prelude.h").read_text()
    _, *pieces = re.split(r"^//: ", source, flags=re.MULTILINE)
    blocks: dict[str, Block] = {}
    for piece in pieces:
        head, _, text = piece.partition("\n")
        name, _, needs = head.partition(" needs ")
        found = [re.fullmatch(r"([\w:]+)(?:\((\w+)\))?(/2)?", need.strip()) for need in needs.split(",") if need.strip()]
        blocks[name.strip()] = Block(text.strip(), tuple(Need(m[1], m[2], bool(m[3])) for m in found if m is not None))
    return blocks


def paste(language: CLanguage, package: str, wanted: Iterable[Helper]) -> str:
    """The text of the helpers wanted and of those they need, each once, in an order that C++ accepts.

    All forms for scalars come first: a template for vectors sees only the overloads for its lanes that stand above it, and takes
    the one for int for lanes of any other integer whose own comes later.
    """
    blocks, scalars, vectors = read(package), dict[str, None](), dict[str, None]()

    def add(name: str, code: str, lanes: int) -> None:
        if name.endswith(":1"):
            lanes = 1
        block = blocks.get(f"{name}:1") if lanes == 1 else None
        block = block or blocks[name]
        for need in block.needs:
            add(need.name, need.code or code, lanes // 2 if need.halved else lanes)
        done = scalars if lanes == 1 else vectors
        done.setdefault(Template(block.text).substitute(_types(language, code, lanes)))

    for name, code, lanes in wanted:
        add(name, code, lanes)
    return "\n".join(scalars | vectors)


def _types(language: CLanguage, code: str, lanes: int) -> dict[str, str]:
    bits = BITS[code]
    integer = max(8, bits)
    return {
        "T": language.type(code, lanes),
        "S": language.type("i1" if is_mask(code) else code),
        "half": language.type(code, max(1, lanes // 2)),
        "I": language.type(f"i{integer}", lanes),
        "U": language.type(f"u{integer}", lanes),
        "M": language.type(mask_of(code), lanes) if lanes > 1 else language.type("i32"),
        "F": language.type("f32", lanes),
        "D": language.type("f64", lanes),
        "V": language.type("u32", lanes),
        "H": language.type("u16", lanes),
        "B": str(bytes_of(code)),
        "n": str(lanes),
    }
