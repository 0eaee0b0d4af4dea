"""Extents of an nd program: each becomes smaller alone, and whatever has to follow it does.

nd says which axes have one extent: those of an elementwise op, of a permutation, of what is not reduced. They are one class. A
pad, shrink or reshape ties classes together: when one side changes, the other is computed again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import prod

from xdsl.dialects import func
from xdsl.dialects.builtin import DenseArrayBase, FunctionType, ModuleOp, TensorType, i64
from xdsl.ir import Operation, SSAValue
from xdsl.rewriter import Rewriter
from xdsl.utils.hints import isa

from rung.dialects import nd

from .edits import Declined, Edit
from .shapes import smaller_than
from .signatures import functions

Axis = tuple[int, int]
"""The id of a value, and the number of an axis of it."""


def nd_extents(module: ModuleOp) -> Sequence[Edit]:
    """An extent of an nd program becomes smaller, and with it those that have to be equal."""
    if not _on_nd(module):
        return []
    axes = Axes(module)
    return [
        _changing(module, root, new)
        for root, extent in sorted(axes.classes().items(), key=lambda each: -each[1])
        for new in smaller_than(extent)
    ]


def nd_amounts(module: ModuleOp) -> Sequence[Edit]:
    """A pad pads by less; a shrink begins at 0 and goes by steps of 1."""
    if not _on_nd(module):
        return []
    found: list[Edit] = []
    for op in module.walk():
        if isinstance(op, nd.PadOp):
            for name, amounts in (("low", op.low), ("high", op.high)):
                for axis, amount in enumerate(amounts.get_values()):
                    found += [_repadding(module, op, name, axis, new) for new in (0, 1, 2) if new < amount]
        elif isinstance(op, nd.ShrinkOp):
            for axis, (start, step) in enumerate(zip(op.start.get_values(), op.step.get_values())):
                if start > 0:
                    found.append(_reshrinking(module, op, axis, False))
                if step > 1:
                    found.append(_reshrinking(module, op, axis, True))
    return found


def _on_nd(module: ModuleOp) -> bool:
    names = {op.name.partition(".")[0] for op in module.walk()}
    return "nd" in names and names <= {"nd", "func", "builtin"}


def _changing(module: ModuleOp, root: int, new: int) -> Edit:
    def edit() -> None:
        axes = Axes(module)
        axes.change(axes.in_order[root], new)
        axes.apply()

    return edit


def _repadding(module: ModuleOp, op: nd.PadOp, name: str, axis: int, new: int) -> Edit:
    def edit() -> None:
        axes = Axes(module)
        old = [int(each) for each in getattr(op, name).get_values()]
        extent = _shape(op.res)[axis] - old[axis] + new
        old[axis] = new
        op.attributes[name] = DenseArrayBase.from_list(i64, old)
        axes.change((id(op.res), axis), extent)
        axes.apply()

    return edit


def _reshrinking(module: ModuleOp, op: nd.ShrinkOp, axis: int, step: bool) -> Edit:
    def edit() -> None:
        axes = Axes(module)
        starts, stops, steps = (list(each.get_values()) for each in (op.start, op.stop, op.step))
        n = _shape(op.res)[axis]
        if step:
            steps[axis] = 1
        else:
            starts[axis] = 0
        stops[axis] = starts[axis] + (n - 1) * steps[axis] + 1 if n else starts[axis]
        _set(op, starts, stops, steps)
        axes.apply()

    return edit


def _set(op: nd.ShrinkOp, starts: Sequence[int], stops: Sequence[int], steps: Sequence[int]) -> None:
    for name, values in (("start", starts), ("stop", stops), ("step", steps)):
        op.attributes[name] = DenseArrayBase.from_list(i64, list(values))


def _shape(value: SSAValue) -> tuple[int, ...]:
    kind = value.type
    return tuple(kind.get_shape()) if isa(kind, TensorType) else ()


@dataclass
class Axes:
    """The classes of equal axes of a module, and what ties them. `new`: the extents of classes that change, by their root."""

    module: ModuleOp
    parent: dict[Axis, Axis] = field(default_factory=dict[Axis, Axis])
    values: dict[int, SSAValue] = field(default_factory=dict[int, SSAValue])
    ties: dict[Axis, list[Callable[[], None]]] = field(default_factory=dict[Axis, list[Callable[[], None]]])
    new: dict[Axis, int] = field(default_factory=dict[Axis, int])
    in_order: list[Axis] = field(default_factory=list[Axis])

    def __post_init__(self) -> None:
        ties: list[tuple[list[Axis], Callable[[], None]]] = []
        for op in self.module.walk():
            for value in (*op.results, *(a for region in op.regions for block in region.blocks for a in block.args)):
                self.values[id(value)] = value
                self.in_order += [(id(value), axis) for axis in range(len(_shape(value)))]
        for op in self.module.walk():
            self._join_op(op, ties)
        for axes, tie in ties:
            for axis in axes:
                self.ties.setdefault(self.root(axis), []).append(tie)

    def root(self, axis: Axis) -> Axis:
        while (up := self.parent.get(axis)) is not None:
            axis = up
        return axis

    def classes(self) -> dict[int, int]:
        """The number of the first axis of each class whose extent is more than 1, and that extent."""
        found: dict[int, int] = {}
        met: set[Axis] = set()
        for number, axis in enumerate(self.in_order):
            root = self.root(axis)
            if root not in met and self.extent(axis) > 1:
                found[number] = self.extent(axis)
            met.add(root)
        return found

    def extent(self, axis: Axis) -> int:
        """What it will be."""
        return self.new.get(self.root(axis), _shape(self.values[axis[0]])[axis[1]])

    def change(self, axis: Axis, extent: int) -> None:
        """Give a class another extent, and what is tied to it. Raises Declined where that does not fit together."""
        root = self.root(axis)
        if self.extent(axis) == extent:
            return
        if root in self.new or extent < min(1, self.extent(axis)):
            raise Declined(f"an axis would have to be {self.new.get(root)} and {extent}")
        self.new[root] = extent
        for tie in self.ties.get(root, ()):
            tie()

    def apply(self) -> None:
        """Write the new extents into the types."""
        for value in list(self.values.values()):
            if isa(value.type, TensorType):
                shape = [self.extent((id(value), axis)) for axis in range(len(_shape(value)))]
                if tuple(shape) != _shape(value):
                    kind = TensorType(value.type.element_type, shape, value.type.encoding)
                    replaced = Rewriter.replace_value_with_new_type(value, kind)
                    assert replaced is not None
        for function in functions(self.module):
            entry = function.body.blocks.first
            if entry is not None and entry.last_op is not None:
                types = [argument.type for argument in entry.args]
                function.function_type = FunctionType.from_lists(types, [v.type for v in entry.last_op.operands])

    def _join(self, one: Axis, other: Axis) -> None:
        a, b = self.root(one), self.root(other)
        if a != b:
            self.parent[a] = b

    def _join_all(self, one: SSAValue, other: SSAValue) -> None:
        for axis in range(len(_shape(one))):
            self._join((id(one), axis), (id(other), axis))

    def _join_op(self, op: Operation, ties: list[tuple[list[Axis], Callable[[], None]]]) -> None:
        match op:
            case nd.UnaryOp() | nd.BinaryOp() | nd.SelectOp() | nd.CastOp() | nd.BitcastOp() | nd.FlipOp():
                for operand in op.operands:
                    self._join_all(operand, op.results[0])
            case nd.ReduceOp():
                gone = op.axes.get_values()
                for at, axis in enumerate(axis for axis in range(len(_shape(op.src))) if axis not in gone):
                    self._join((id(op.src), axis), (id(op.res), at))
            case nd.PermuteOp():
                for at, axis in enumerate(op.permutation.get_values()):
                    self._join((id(op.src), axis), (id(op.res), at))
            case nd.ExpandOp():
                for axis, (before, after) in enumerate(zip(_shape(op.src), _shape(op.res))):
                    if before == after:
                        self._join((id(op.src), axis), (id(op.res), axis))
            case nd.PadOp():
                for axis in range(len(_shape(op.src))):
                    pair: list[Axis] = [(id(op.src), axis), (id(op.res), axis)]
                    ties.append((pair, lambda op=op, axis=axis: self._tie_pad(op, axis)))
            case nd.ShrinkOp():
                for axis in range(len(_shape(op.src))):
                    pair = [(id(op.src), axis), (id(op.res), axis)]
                    ties.append((pair, lambda op=op, axis=axis: self._tie_shrink(op, axis)))
            case nd.ReshapeOp():
                for before, after in _groups(op):
                    if len(before) == len(after) == 1:
                        self._join(before[0], after[0])
                    else:
                        ties.append(([*before, *after], lambda one=before, other=after: self._tie_reshape(one, other)))
            case func.CallOp():
                for callee in functions(self.module):
                    entry = callee.body.blocks.first
                    if callee.sym_name.data == op.callee.string_value() and entry is not None and entry.last_op is not None:
                        for inner, outer in zip((*entry.args, *entry.last_op.operands), (*op.operands, *op.results)):
                            self._join_all(inner, outer)
            case _:
                pass

    def _tie_pad(self, op: nd.PadOp, axis: int) -> None:
        amount = int(op.low.get_values()[axis]) + int(op.high.get_values()[axis])
        before, after = (id(op.src), axis), (id(op.res), axis)
        if self.root(before) in self.new:
            self.change(after, self.extent(before) + amount)
        elif self.extent(before) + amount != self.extent(after):
            self.change(before, self.extent(after) - amount)

    def _tie_shrink(self, op: nd.ShrinkOp, axis: int) -> None:
        starts, stops, steps = (list(map(int, each.get_values())) for each in (op.start, op.stop, op.step))
        before, after = self.extent((id(op.src), axis)), self.extent((id(op.res), axis))
        if self.root((id(op.res), axis)) not in self.new:
            starts[axis] = min(starts[axis], max(before - 1, 0))
            stops[axis] = min(max(stops[axis], starts[axis] + 1), before)
            self.change((id(op.res), axis), -((starts[axis] - stops[axis]) // steps[axis]))
        else:
            stops[axis] = starts[axis] + (after - 1) * steps[axis] + 1
            if stops[axis] > before:
                starts[axis], stops[axis] = 0, (after - 1) * steps[axis] + 1
        _set(op, starts, stops, steps)

    def _tie_reshape(self, one: list[Axis], other: list[Axis]) -> None:
        """The side that has not changed, or has fewer axes, follows."""
        changed = [axis for axis in one if self.root(axis) in self.new]
        first, second = (one, other) if changed else (other, one)
        size = prod(map(self.extent, first))
        if prod(map(self.extent, second)) == size:
            return
        free = [axis for axis in second if self.root(axis) not in self.new]
        if not free:
            raise Declined("both sides of a reshape have changed")
        largest = max(free, key=self.extent)
        rest = prod(self.extent(axis) for axis in second if axis != largest)
        if rest and size % rest == 0:
            self.change(largest, size // rest)
            return
        for axis in free:
            if axis != largest:
                self.change(axis, 1)
        rest = prod(self.extent(axis) for axis in second if axis != largest)
        if not rest or size % rest:
            raise Declined("no extents of a reshape fit")
        self.change(largest, size // rest)


def _groups(op: nd.ReshapeOp) -> list[tuple[list[Axis], list[Axis]]]:
    """Axes before and after that hold the same elements. Extents of 1 belong to none; a program without elements has none."""
    before = [((id(op.src), axis), extent) for axis, extent in enumerate(_shape(op.src)) if extent != 1]
    after = [((id(op.res), axis), extent) for axis, extent in enumerate(_shape(op.res)) if extent != 1]
    if any(extent == 0 for _, extent in (*before, *after)):
        return []
    found: list[tuple[list[Axis], list[Axis]]] = []
    while before and after:
        left, right = [before.pop(0)], [after.pop(0)]
        while (a := prod(extent for _, extent in left)) != (b := prod(extent for _, extent in right)):
            (left if a < b else right).append((before if a < b else after).pop(0))
        found.append(([axis for axis, _ in left], [axis for axis, _ in right]))
    return found
