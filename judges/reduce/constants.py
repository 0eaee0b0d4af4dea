"""Constants become simple ones: 1, 0, and for indices, which are bounds of loops, whatever is smaller."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import isfinite
from typing import Any

from xdsl.dialects.builtin import (
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    FloatAttr,
    IntegerAttr,
    ModuleOp,
    i32,
)
from xdsl.ir import Attribute, Operation

from rung.dialects.upstream import gpu

from .edits import Declined, Edit, constant_attribute, constant_before, erase_dead
from .signatures import functions

Held = tuple[dict[str, Attribute], str]


def _constants(module: ModuleOp) -> Iterator[Held]:
    """Where ops keep the number that they are or pad with."""
    for op in module.walk():
        for held in (op.properties, op.attributes):
            for name in ("value", "initial_value"):
                if isinstance(held.get(name), FloatAttr | IntegerAttr | DenseIntOrFPElementsAttr):
                    yield held, name


def _to(number: int) -> Callable[[ModuleOp], Sequence[Edit]]:
    def edits(module: ModuleOp) -> Sequence[Edit]:
        def edit_of(held: dict[str, Attribute], name: str) -> Edit:
            def edit() -> None:
                old = held[name]
                new = constant_attribute(old.type, number)  # pyright: ignore
                if new == old:
                    raise Declined("it is that number")
                held[name] = new

            return edit

        return [edit_of(*held) for held in _constants(module)]

    edits.__doc__ = f"A constant becomes {number}."
    return edits


to_one, to_zero, to_two = _to(1), _to(0), _to(2)


def smaller(module: ModuleOp) -> Sequence[Edit]:
    """An integer becomes half of itself, or one less; a float the whole number next to it."""

    def edit_of(held: dict[str, Attribute], name: str, half: bool) -> Edit:
        def edit() -> None:
            old = held[name]
            kind: Any = getattr(old, "type", None)
            if isinstance(old, IntegerAttr) and abs(old.value.data) > 2:
                value = old.value.data
                held[name] = IntegerAttr(int(value / 2) if half else value - (1 if value > 0 else -1), kind)
            elif isinstance(old, FloatAttr) and isfinite(old.value.data) and not half:
                held[name] = constant_attribute(kind, round(old.value.data))
            else:
                raise Declined("simple already")

        return edit

    return [edit_of(*held, half) for held in _constants(module) for half in (True, False)]


def one_block_or_thread(module: ModuleOp) -> Sequence[Edit]:
    """All launches of a kernel get one block, or one thread, along an axis, and the kernel knows it."""

    def edit_of(kernel: gpu.FuncOp, launches: Sequence[gpu.LaunchFuncOp], what: str, axis: int, number: int) -> Edit:
        def edit() -> None:
            known = kernel.properties.get(f"known_{what}_size")
            if isinstance(known, DenseArrayBase):
                sizes = [int(size) for size in known.get_values()]
                if sizes[axis] <= number:
                    raise Declined("as few already")
                sizes[axis] = number
                kernel.properties[f"known_{what}_size"] = DenseArrayBase.from_list(i32, sizes)
            for launch in launches:
                at = (1 if what == "grid" else 4) + axis - 1 + len(launch.async_dependencies)
                old = launch.operands[at]
                launch.operands[at] = constant_before(launch, old.type, number)
                erase_dead([old])

        return edit

    found: list[Edit] = []
    all_launches = [op for op in module.walk() if isinstance(op, gpu.LaunchFuncOp)]
    for kernel in functions(module):
        if isinstance(kernel, gpu.FuncOp):
            name = kernel.sym_name.data
            launches = [op for op in all_launches if op.kernel.string_value().rpartition(".")[2] == name]
            found += [
                edit_of(kernel, launches, what, axis, number)
                for number in (1, 2)
                for what in ("grid", "block")
                for axis in range(3)
                if not all(_is_at_most(launch, what, axis, number) for launch in launches)
            ]
    return found


def _is_at_most(launch: gpu.LaunchFuncOp, what: str, axis: int, number: int) -> bool:
    size = (launch.grid if what == "grid" else launch.block)[axis]
    value = size.owner.properties.get("value") if isinstance(size.owner, Operation) else None
    return isinstance(value, IntegerAttr) and value.value.data <= number
