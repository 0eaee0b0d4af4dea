"""A header of helper functions, of which a source gets just those it uses, for just the types it uses them with.

The file is a list of blocks, each headed by `//: name` and perhaps `needs other, other`. In a block stand for the types wanted:
`$T` the result's type, `$I`, `$U` and `$M` the signed and unsigned integers and the comparison result of its width, `$F`, `$W` and
`$H` a float, a 32-bit integer and a ushort of as many lanes, `$E` the element type, `$B` its bytes, `$n` the number of lanes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Template

from .elements import BITS, bytes_of, mask_of
from .language import CLanguage
from .printer import Helper


@dataclass(frozen=True)
class Block:
    text: str
    needs: tuple[str, ...]


@cache
def read(package: str) -> dict[str, Block]:
    """The blocks of `prelude.h` in a package."""
    source = (files(package) / "prelude.h").read_text()
    _, *pieces = re.split(r"^//: ", source, flags=re.MULTILINE)
    blocks: dict[str, Block] = {}
    for piece in pieces:
        head, _, text = piece.partition("\n")
        name, _, needs = head.partition(" needs ")
        blocks[name.strip()] = Block(text.strip(), tuple(re.findall(r"\w+", needs)))
    return blocks


def paste(language: CLanguage, package: str, wanted: Iterable[Helper]) -> str:
    """The text of the helpers wanted and of those they need, each once, in an order that C accepts."""
    blocks, done = read(package), dict[str, None]()

    def add(name: str, code: str, lanes: int) -> None:
        block = blocks[name]
        for needed in block.needs:
            add(needed, code, lanes)
        text = Template(block.text).substitute(_types(language, code, lanes))
        done.setdefault(text)

    for name, code, lanes in wanted:
        add(name, code, lanes)
    return "\n".join(done)


def _types(language: CLanguage, code: str, lanes: int) -> dict[str, str]:
    bits = BITS[code]
    integer = max(8, bits)
    return {
        "T": language.type(code, lanes),
        "I": language.type(f"i{integer}", lanes),
        "U": language.type(f"u{integer}", lanes),
        "M": language.type(mask_of(code), lanes) if lanes > 1 else language.type("i32"),
        "F": language.type("f32", lanes),
        "D": language.type("f64", lanes),
        "W": language.type("i32", lanes),
        "V": language.type("u32", lanes),
        "L": language.type("i64", lanes),
        "H": language.type("u16", lanes),
        "E": language.type(code),
        "B": str(bytes_of(code)),
        "b": str(bits),
        "n": str(lanes),
    }
