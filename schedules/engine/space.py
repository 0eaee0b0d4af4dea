"""The space of schedules that a script with knobs stands for: what may be chosen, which choices fit, and a script with one made.

found = space(script)               its knobs and constraints; nothing is run
for choice in found.points(): ..    every assignment that meets the constraints
script = bind(script, choice)       the script with `selected` filled in and nothing else changed: it runs in mlir-opt
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, IndexType, IntegerAttr, IntegerType, ModuleOp, StringAttr
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.utils.hints import isa

from rung.dialects.upstream.transform.handles import ParamConstantOp
from rung.dialects.upstream.transform.tune import AlternativesOp, ConstrainParamsOp, KnobOp
from rung.files import place
from rung.schedules.engine.smt_ints import NotEvaluated, evaluate_body

Value = int | str
Assignment = Mapping[str, Value]


class SpaceError(ValueError):
    """A script whose space cannot be told, or an assignment that is not in it; says where, what was found and expected."""


@dataclass(frozen=True)
class Condition:
    """A choice that matters only where another was made: knob `name` is `value`."""

    name: str
    value: int


@dataclass(frozen=True)
class Knob:
    """A choice. `options` of alternatives are the numbers of their regions."""

    name: str
    options: tuple[Value, ...]
    selected: Value | None
    op: KnobOp | AlternativesOp
    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class Constraint:
    """What has to hold between knobs: the body of `op`, over each a knob's name or a number."""

    op: ConstrainParamsOp
    params: tuple[str | int, ...]
    conditions: tuple[Condition, ...]

    def holds(self, chosen: Assignment) -> bool:
        numbers: list[int] = []
        for param in self.params:
            value = chosen[param] if isinstance(param, str) else param
            if not isinstance(value, int):
                raise SpaceError(f"{place(self.op)}: knob {param!r} is {value!r}, expected an integer in a constraint")
            numbers.append(value)
        try:
            return evaluate_body(self.op.body.block, numbers).broken is None
        except NotEvaluated as problem:
            raise SpaceError(f"{place(problem.op)}: {problem}") from problem


@dataclass(frozen=True)
class Space:
    """Knobs in the order of the script, those of a region after the alternatives it belongs to; and the constraints."""

    knobs: tuple[Knob, ...]
    constraints: tuple[Constraint, ...]

    @property
    def size(self) -> int:
        """How many points there are, constraints not looked at and no region left out."""
        total = 1
        for knob in self.knobs:
            total *= len(knob.options)
        return total

    def points(self) -> Iterator[dict[str, Value]]:
        """Every legal assignment, first options first. Knobs of regions that are not chosen are not in it."""
        yield from self._extend({}, 0)

    def _extend(self, chosen: dict[str, Value], number: int) -> Iterator[dict[str, Value]]:
        if number == len(self.knobs):
            if self.allows(chosen):
                yield dict(chosen)
            return
        knob = self.knobs[number]
        if not _met(knob.conditions, chosen):
            yield from self._extend(chosen, number + 1)
            return
        for option in knob.options:
            yield from self._extend({**chosen, knob.name: option}, number + 1)

    def allows(self, chosen: Assignment) -> bool:
        """Whether the constraints that count hold."""
        return all(each.holds(chosen) for each in self.constraints if _met(each.conditions, chosen))

    def sample(self, rng: np.random.Generator, tries: int = 1000) -> dict[str, Value]:
        """A random legal assignment: each knob that counts drawn evenly, until the constraints hold. SpaceError after `tries`."""
        for _ in range(tries):
            chosen: dict[str, Value] = {}
            for knob in self.knobs:
                if _met(knob.conditions, chosen):
                    chosen[knob.name] = knob.options[int(rng.integers(len(knob.options)))]
            if self.allows(chosen):
                return chosen
        raise SpaceError(f"found no assignment that meets the constraints in {tries} draws")


def _met(conditions: tuple[Condition, ...], chosen: Assignment) -> bool:
    return all(chosen.get(each.name) == each.value for each in conditions)


def space(script: ModuleOp) -> Space:
    """The knobs and constraints of a script.

    Raises SpaceError: two knobs of a name; options that are neither an array of integers or strings nor {lb, ub, step}; a
    constraint over a parameter that is neither a knob nor a constant.
    """
    knobs: dict[str, Knob] = {}
    constraints: list[Constraint] = []
    for op in script.walk():
        if isinstance(op, KnobOp | AlternativesOp):
            if isinstance(op, AlternativesOp) and op.selected_region_param is not None:
                continue  # chosen by the knob that is its parameter
            name = op.knob_name.data
            if name in knobs:
                raise SpaceError(
                    f'{place(op)}: a second knob is named "{name}", the first at {place(knobs[name].op)}; expected each name once'
                )
            knobs[name] = Knob(name, _options(op), _selected(op), op, _conditions(op))
        elif isinstance(op, ConstrainParamsOp):
            if op.results:
                raise SpaceError(f"{place(op)}: {op.name} has results, expected none: knobs are chosen, not solved for")
            constraints.append(Constraint(op, tuple(_param(op, value) for value in op.params), _conditions(op)))
    return Space(tuple(knobs.values()), tuple(constraints))


def _options(op: KnobOp | AlternativesOp) -> tuple[Value, ...]:
    if isinstance(op, AlternativesOp):
        return tuple(range(len(op.alternatives)))
    options = op.options
    if isa(options, ArrayAttr[Attribute]) and len(options):
        return tuple(_value(op, each) for each in options)
    if isinstance(options, DictionaryAttr) and {"lb", "ub"} <= options.data.keys() <= {"lb", "ub", "step"}:
        numbers = {key: each.value.data for key, each in options.data.items() if isa(each, IntegerAttr)}
        if len(numbers) == len(options.data) and numbers.get("step", 1) > 0:
            return tuple(range(numbers["lb"], numbers["ub"] + 1, numbers.get("step", 1)))
    raise SpaceError(f"{place(op)}: options are {options}, expected [8, 16, ..] or {{lb = 1, ub = 4, step = 1}}")


def _value(op: Operation, attr: Attribute | None) -> Value:
    if isa(attr, IntegerAttr[IntegerType | IndexType]):
        return attr.value.data
    if isinstance(attr, StringAttr):
        return attr.data
    raise SpaceError(f"{place(op)}: an option is {attr}, expected an integer or a string")


def _selected(op: KnobOp | AlternativesOp) -> Value | None:
    found = op.selected if isinstance(op, KnobOp) else op.selected_region_attr
    return None if found is None else _value(op, found)


def _conditions(op: Operation) -> tuple[Condition, ...]:
    """The alternatives around an op, and which of their regions it is in."""
    found: list[Condition] = []
    at = op
    while (block := at.parent) is not None and (above := at.parent_op()) is not None:
        if isinstance(above, AlternativesOp):
            number = next(n for n, region in enumerate(above.alternatives) if region is block.parent)
            if above.selected_region_param is None:
                found.append(Condition(above.knob_name.data, number))
            else:
                source = _param(above, above.selected_region_param)
                if isinstance(source, int):
                    raise SpaceError(f"{place(above)}: selected_region is the constant {source}, expected a number or a knob")
                found.append(Condition(source, number))
        at = above
    return tuple(reversed(found))


def _param(op: Operation, value: SSAValue) -> str | int:
    """The knob, or the number, that a parameter is."""
    owner = value.owner
    if isinstance(owner, KnobOp):
        return owner.knob_name.data
    if isinstance(owner, ParamConstantOp) and isa(owner.value, IntegerAttr):
        return owner.value.value.data
    what = owner.name if isinstance(owner, Operation) else "an argument"
    raise SpaceError(f"{place(op)}: a parameter comes from {what}, expected a knob or a constant")


def bind(script: ModuleOp, assignment: Assignment) -> ModuleOp:
    """A copy of the script in which the knobs that `assignment` names are chosen; the script itself stays as it is.

    Knobs that it does not name stay as they are, chosen or not. Raises SpaceError: a name that no knob has, a value that is none
    of its options, a constraint that does not hold for what is chosen then.
    """
    copy = script.clone()
    found = space(copy)
    knobs = {knob.name: knob for knob in found.knobs}
    for name, value in assignment.items():
        if name not in knobs:
            raise SpaceError(f"no knob is named {name!r}, expected one of {', '.join(knobs) or 'none'}")
        knob = knobs[name]
        if value not in knob.options or isinstance(value, bool):
            raise SpaceError(f"{place(knob.op)}: {name!r} is {value!r}, expected one of {list(knob.options)}")
        if isinstance(knob.op, AlternativesOp):
            assert isinstance(value, int)
            knob.op.properties["selected_region_attr"] = IntegerAttr(value, IndexType())
        else:
            knob.op.properties["selected"] = _attribute(knob.op, knob.options.index(value))
    chosen = {knob.name: knob.selected for knob in space(copy).knobs if knob.selected is not None}
    for constraint in found.constraints:
        known = all(not isinstance(param, str) or param in chosen for param in constraint.params)
        if known and _met(constraint.conditions, chosen) and not constraint.holds(chosen):
            said = ", ".join(f"{param} = {chosen[param]}" for param in constraint.params if isinstance(param, str))
            raise SpaceError(f"{place(constraint.op)}: constraint does not hold for {said}")
    return copy


def _attribute(op: KnobOp, number: int) -> Attribute:
    """The option as the attribute that it is in the list; one of a range gets the type of its lower bound."""
    options = op.options
    if isa(options, ArrayAttr[Attribute]):
        return options.data[number]
    assert isinstance(options, DictionaryAttr)
    low, step = options.data["lb"], options.data.get("step")
    assert isa(low, IntegerAttr)
    width = step.value.data if isa(step, IntegerAttr) else 1
    return IntegerAttr(low.value.data + number * width, low.type)
