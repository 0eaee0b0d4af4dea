"""What a property of a transform op is in Python, both ways: flags, numbers, names, lists, and the texts of attributes."""

from __future__ import annotations

from typing import Any

from xdsl.dialects.builtin import (
    ArrayAttr,
    BoolAttr,
    DenseArrayBase,
    IntegerAttr,
    IntegerType,
    StringAttr,
    UnitAttr,
    i1,
    i32,
    i64,
)
from xdsl.ir import Attribute
from xdsl.parser import Parser
from xdsl.utils.hints import isa

from rung.dialects.upstream import make_context
from rung.dialects.upstream.transform import (
    TransformOp,
    packing,
    structured,
    tiling,
)

LISTS: dict[type[TransformOp], dict[str, tuple[str, str]]] = {
    tiling.TileUsingForOp: {"tile_sizes": ("dynamic_sizes", "static_sizes")},
    tiling.TileUsingForallOp: {
        "num_threads": ("num_threads", "static_num_threads"),
        "tile_sizes": ("tile_sizes", "static_tile_sizes"),
    },
    tiling.FuseOp: {
        "tile_sizes": ("tile_sizes", "static_tile_sizes"),
        "interchange": ("tile_interchange", "static_tile_interchange"),
    },
    structured.VectorizeOp: {"vector_sizes": ("vector_sizes", "static_vector_sizes")},
    packing.PadOp: {"pad_to_multiple_of": ("pad_to_multiple_of", "static_pad_to_multiple_of")},
    packing.PackOp: {"packed_sizes": ("packed_sizes", "static_packed_sizes")},
}
"""For ops with mixed lists: what a list is called in a call, the operands that hold its values, the property of its numbers."""

FLAGS = {"static_sizes": "scalable_sizes", "static_vector_sizes": "scalable_sizes"}
"""Lists whose numbers may be scalable: upstream keeps a flag for each. The builder makes none that are."""

_TEXTS = ("mapping", "padding_values", "filter_operand_types")
"""Lists whose strings are texts of attributes, not names."""


def _text(word: str) -> Attribute:
    return Parser(make_context(), word, "<argument>").parse_attribute()


def to_item(word: Any, is_text: bool) -> Attribute:
    if isinstance(word, bool):
        return BoolAttr.from_bool(word)
    if isinstance(word, int):
        return IntegerAttr(word, i64)
    if isinstance(word, str):
        return _text(word) if is_text else StringAttr(word)
    return ArrayAttr([to_item(inner, is_text) for inner in word])


def to_attribute(cls: type[TransformOp], name: str, word: Any) -> Attribute:
    """The property that a Python value stands for. Raises TypeError for a name that is no property of the op."""
    definition = cls.get_irdl_definition().properties.get(name)
    if definition is None:
        known = ", ".join(sorted(cls.get_irdl_definition().properties))
        raise TypeError(f"{cls.name} has no `{name}`, expected one of {known}")
    bases = definition.constr.get_bases() or set[type[Attribute]]()
    if name in cls.ENUMS:
        words = cls.ENUMS[name]
        if word not in words:
            raise ValueError(f"{name} is {word!r}, expected one of {', '.join(filter(None, words))}")
        return IntegerAttr(words.index(word), i32)
    if UnitAttr in bases:
        return UnitAttr()
    if DenseArrayBase in bases:
        return DenseArrayBase.from_list(i64, word)
    if bases & {StringAttr, IntegerAttr, ArrayAttr}:
        return to_item(word, name in _TEXTS)
    return _text(word) if isinstance(word, str) else to_item(word, False)


def to_word(attribute: Attribute) -> Any:
    """The Python value that `_attribute` and `_item` make the attribute of."""
    if isinstance(attribute, UnitAttr):
        return True
    if isinstance(attribute, StringAttr):
        return attribute.data
    if isa(attribute, IntegerAttr[IntegerType]) and attribute.type in (i1, i64):
        return bool(attribute.value.data) if attribute.type == i1 else attribute.value.data
    if isa(attribute, DenseArrayBase[IntegerType]):
        return list(attribute.get_values())
    if isa(attribute, ArrayAttr[Attribute]):
        return [to_word(inner) for inner in attribute]
    return str(attribute)
