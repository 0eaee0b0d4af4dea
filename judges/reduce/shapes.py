"""Extents and element types become smaller or simpler, everywhere in the module at once.

Below nd nothing says which numbers belong together, so an extent is changed wherever its number stands: in types, bounds,
slices and index maps; in a second try also the products it is a factor of. What does not fit is refused by the verifier.
`nd_shapes.py` knows more, for programs on nd.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from operator import mul

from xdsl.dialects.builtin import (
    DenseArrayBase,
    IndexType,
    IntegerAttr,
    IntegerType,
    MemRefType,
    ModuleOp,
    Signedness,
    TensorType,
    VectorType,
    bf16,
    f16,
    f32,
    f64,
    i8,
    i16,
    i32,
    i64,
)
from xdsl.ir import Attribute
from xdsl.utils.hints import isa

from .edits import Declined, Edit
from .rewrite import NO_EXTENTS, Rewrite, splice_casts


def all_types(module: ModuleOp) -> Iterator[Attribute]:
    """The type of every value."""
    for op in module.walk():
        for result in op.results:
            yield result.type
        for region in op.regions:
            for block in region.blocks:
                for argument in block.args:
                    yield argument.type


def shapes(module: ModuleOp) -> list[tuple[int, ...]]:
    """Every shape that occurs, once."""
    found: dict[int, tuple[int, ...]] = {}
    for kind in all_types(module):
        if id(kind) not in found and (isa(kind, TensorType) or isa(kind, MemRefType) or isa(kind, VectorType)):
            found[id(kind)] = tuple(kind.get_shape())
    return list(dict.fromkeys(found.values()))


def _numbers(module: ModuleOp) -> set[int]:
    """Extents, constant indices, static bounds and sizes: what may be an extent of something."""
    found = {extent for shape in shapes(module) for extent in shape}
    for op in module.walk():
        for held in (op.properties, op.attributes):
            for name, attribute in held.items():
                if name in NO_EXTENTS:
                    continue
                if isa(attribute, IntegerAttr[IndexType]):
                    found.add(attribute.value.data)
                elif isa(attribute, DenseArrayBase[IntegerType]):
                    found.update(int(each) for each in attribute.get_values())
    return {number for number in found if 1 < number < 1 << 40}


def smaller_than(extent: int) -> list[int]:
    """What to try in place of an extent, the smallest first."""
    tried = [1, 2, 3, 4, 5, extent // 4, extent // 2, extent - 1]
    return sorted({each for each in tried if 0 < each < extent and (each != extent - 1 or extent < 12)})


def extents(module: ModuleOp) -> Sequence[Edit]:
    """A number of elements becomes a smaller one wherever it stands."""
    return [
        _renaming(module, old, new, together)
        for old in sorted(_numbers(module), reverse=True)
        for new in smaller_than(old)
        for together in (False, True)
    ]


def _renaming(module: ModuleOp, old: int, new: int, products: bool) -> Edit:
    def edit() -> None:
        table = _products(shapes(module), old, new) if products else {}
        if products and not table:
            raise Declined("it is a factor of nothing")
        table = {**table, old: new}

        def number(found: int) -> int:
            return table.get(found, found)

        Rewrite(number, number).module(module)

    return edit


def _products(found: Sequence[tuple[int, ...]], old: int, new: int) -> dict[int, int]:
    """What the products of neighbouring extents become: strides, and extents of reshaped values."""
    table: dict[int, int] = {}
    for shape in found:
        changed = [new if extent == old else extent for extent in shape]
        for start in range(len(shape) - 1):
            before, after = accumulate(shape[start:], mul), accumulate(changed[start:], mul)
            for one, other in zip(before, after):
                if one != other and one != old:
                    table.setdefault(one, other)
    return table


def ui(width: int) -> IntegerType:
    return IntegerType(width, Signedness.UNSIGNED)


SIMPLER: tuple[tuple[Attribute, Attribute], ...] = (
    *((kind, f32) for kind in (f64, f16, bf16)),
    *((kind, i32) for kind in (i64, i16, i8, ui(64), ui(32), ui(16), ui(8))),
    *((ui(width), ui(32)) for width in (64, 16, 8)),
)


def layouts(module: ModuleOp) -> Sequence[Edit]:
    """No memory has a layout."""
    return [lambda: Rewrite(plain_layouts=True).module(module)]


def element_types(module: ModuleOp) -> Sequence[Edit]:
    """An element type becomes a plainer one: f32, i32."""
    present = {str(kind.element_type) for kind in all_types(module) if isa(kind, TensorType | MemRefType | VectorType)}  # pyright: ignore
    present |= {str(kind) for kind in all_types(module)}
    return [_retyping(module, old, new) for old, new in SIMPLER if str(old) in present]


def _retyping(module: ModuleOp, old: Attribute, new: Attribute) -> Edit:
    def edit() -> None:
        Rewrite(elements={old: new}).module(module)
        splice_casts(module)

    return edit
