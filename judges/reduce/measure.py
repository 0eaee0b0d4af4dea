"""How large a module is, as a tuple to compare: each step of a reduction must make it smaller, so that reductions end."""

from __future__ import annotations

from xdsl.dialects.builtin import (
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    MemRefType,
    ModuleOp,
    TensorType,
    VectorType,
    f32,
    i32,
)
from xdsl.ir import Attribute, SSAValue
from xdsl.utils.hints import isa

SOURCES = frozenset({"arith.constant", "nd.const", "tensor.empty", "memref.alloc", "memref.alloca"})
"""Ops that stand for a value and compute nothing."""

Size = tuple[int, ...]


def size_of(module: ModuleOp, text: str) -> Size:
    """Ops; ops that compute; arguments, operands, blocks; attributes; extents; odd element types; digits of constants; text."""
    ops = computing = wires = attributes = extents = odd = digits = 0
    known: dict[int, tuple[int, int]] = {}
    for op in module.walk():
        ops += 1
        computing += op.name not in SOURCES
        wires += len(op.operands)
        attributes += len(op.attributes) + len(op.properties)
        values: list[SSAValue] = list(op.results)
        for region in op.regions:
            for block in region.blocks:
                wires += len(block.args) + 1
                values += block.args
        for value in values:
            kind = value.type
            if id(kind) not in known:
                known[id(kind)] = _of_type(kind)
            more, odder = known[id(kind)]
            extents += more
            odd += odder
        for held in (op.properties, op.attributes):
            for name in ("value", "initial_value"):
                if name in held:
                    digits += _digits(held[name])
            for attribute in held.values():
                if isa(attribute, DenseArrayBase[IntegerType]):
                    digits += sum(abs(int(number)) for number in attribute.get_values() if abs(int(number)) < 1 << 40)
    return (ops, computing, wires, attributes, extents, odd, digits, len(text))


def _of_type(kind: Attribute) -> tuple[int, int]:
    if isa(kind, TensorType) or isa(kind, MemRefType) or isa(kind, VectorType):
        return sum(kind.get_shape()), _oddness(kind.get_element_type())
    return 0, _oddness(kind)


def _oddness(element: Attribute) -> int:
    """f32 and i32 are plain; a sign makes an integer odd, so does any other width."""
    text = str(element)
    return 0 if element in (f32, i32) or not text.strip("usibf0123456789") == "" else 1 if text == "ui32" else 2


def _digits(constant: Attribute) -> int:
    """0 for a zero, 1 for a one, more for longer numbers."""
    if isinstance(constant, IntegerAttr):
        return _of_number(constant.value.data)
    if isinstance(constant, FloatAttr):
        return _of_number(constant.value.data)
    if isinstance(constant, DenseIntOrFPElementsAttr):
        values = constant.get_values()  # pyright: ignore
        return _of_number(values[0]) if constant.is_splat() else 2 + sum(map(_of_number, values))  # pyright: ignore
    return 0


def _of_number(value: object) -> int:
    return 0 if value == 0 else 1 if value == 1 else 1 + len(repr(value))
