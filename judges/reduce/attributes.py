"""Attributes go where an op does without them, and the lists of numbers in those that stay become ones."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import DenseArrayBase, DictionaryAttr, ModuleOp
from xdsl.ir import Attribute, Operation
from xdsl.irdl import IRDLOperation, OptAttributeDef, OptPropertyDef

from .edits import Declined, Edit

KEPT = frozenset(
    {"outs", "sym_visibility", "operandSegmentSizes", "resultSegmentSizes", "workgroup_attributions", "gpu.container_module"}
)
"""What says how a function is called and operands are counted, and what upstream needs to read the rest."""


def drop_attributes(module: ModuleOp) -> Sequence[Edit]:
    """Drop an attribute that the op's definition does not demand."""

    def drop(held: dict[str, Attribute], name: str) -> Edit:
        def edit() -> None:
            del held[name]

        return edit

    return [drop(held, name) for op in module.walk() for held, name in _optional(op)]


def _optional(op: Operation) -> list[tuple[dict[str, Attribute], str]]:
    """The attributes and properties that an op does without."""
    found = [(op.attributes, name) for name in op.attributes if name not in KEPT]
    if isinstance(op, IRDLOperation):
        definition = type(op).get_irdl_definition()
        needed = {name for name, each in definition.attributes.items() if not isinstance(each, OptAttributeDef)}
        found = [(held, name) for held, name in found if name not in needed]
        free = {name for name, each in definition.properties.items() if isinstance(each, OptPropertyDef)}
        found += [(op.properties, name) for name in op.properties if name in free and name not in KEPT]
    return found


def ones_in_attributes(module: ModuleOp) -> Sequence[Edit]:
    """Lists of numbers inside of optional attributes, such as the tiles of a schedule, become ones."""

    def edit_of(held: dict[str, Attribute], name: str) -> Edit:
        def edit() -> None:
            new = _ones(held[name])
            if new == held[name]:
                raise Declined("nothing but ones")
            held[name] = new

        return edit

    return [edit_of(held, name) for op in module.walk() for held, name in _optional(op) if _has_numbers(held[name])]


def _has_numbers(attribute: Attribute) -> bool:
    if isinstance(attribute, DictionaryAttr):
        return any(map(_has_numbers, attribute.data.values()))
    return isinstance(attribute, DenseArrayBase)


def _ones(attribute: Attribute) -> Attribute:
    if isinstance(attribute, DictionaryAttr):
        return DictionaryAttr({name: _ones(value) for name, value in attribute.data.items()})
    if isinstance(attribute, DenseArrayBase):
        return DenseArrayBase.from_list(attribute.elt_type, [1] * len(attribute))  # pyright: ignore
    return attribute
