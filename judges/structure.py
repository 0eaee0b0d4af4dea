"""The structural judge between passes: op verifiers, dominance, and the contract of a rung where one is claimed.

xDSL checks no dominance (its issue 1033): a use before its definition, or of a value from a sibling region, verifies. And its
verifier takes 34 us an op, half of a compile with a check after each pass. So one walk here does it all, and remembers: what an
op's definition says depends on its class, types and attributes alone, and those come again after the next pass. That makes it
16 us an op, dominance included, and 3 us for the contract (nearest_neighbour of the corpus, 16 passes; 2-core EPYC, 2026-11).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.irdl import IRDLOperation
from xdsl.irdl.dominance import DominanceInfo
from xdsl.parser.core import ForwardDeclaredValue
from xdsl.traits import IsolatedFromAbove, IsTerminator, NoTerminator, OpTrait

from rung.dialects.contract_rules import Refusal, names_itself
from rung.dialects.contracts import check_rung

_LOCAL_DIALECTS = frozenset({"affine", "arith", "math", "memref", "nd", "tensor", "ub", "vector"})
"""Where the verifier of an op without regions looks at nothing but the op: not at users, parents or what gives the operands."""

_OF_THE_CLASS = ("IsolatedFromAbove", "_HasFolderInterfaceTrait", "_HasCanonicalizationPatternsInterfaceTrait")
"""Traits that an instance cannot break: the walk itself sees to isolation, the others look at the class only."""

_Verifier = Callable[[Operation], None]


@dataclass(frozen=True)
class _Known:
    """What the walk needs to know of an op class. `rest`: what to verify of an op whose definition has been found to hold."""

    rest: tuple[_Verifier, ...] | None
    is_terminator: bool
    is_isolated: bool
    needs_terminator: bool
    may_branch: bool


_known: dict[type[Operation], _Known] = {}
_verified: dict[tuple[object, ...], list[Attribute]] = {}
"""By class and the ids of types and attributes; the values are those objects, so that no id is used again."""
_verified_alike: set[tuple[object, ...]] = set()
"""The same by the types and attributes themselves."""
_VERIFIED_MAX = 50_000


def parts_of(module: ModuleOp) -> list[object]:
    """The objects that a module is made of, in order: ops, operands, types, attributes. Of an unchanged module, the same ones.

    They are held, not their addresses: what is freed may be followed by another object in its place.
    """
    found: list[object] = []

    def visit(op: Operation) -> None:
        found.append(op)
        found.extend(op.operands)
        found.extend([result.type for result in op.results])
        for held in (op.attributes, op.properties):
            if held:
                found.extend(held)
                found.extend(held.values())
        found.extend(op.successors)
        for region in op.regions:
            for block in region.blocks:
                found.append(block)
                found.extend([argument.type for argument in block.args])
                inner = block.first_op
                while inner is not None:
                    visit(inner)
                    inner = inner.next_op

    visit(module)
    return found


def same_parts(one: list[object], other: list[object]) -> bool:
    return len(one) == len(other) and all(map(operator.is_, one, other))


def check_module(module: ModuleOp, rung: str | None = None, *, workgroup_bytes: int | None = None) -> None:
    """Raise Refusal naming op, function and reason, unless `module` is well formed and keeps the contract of `rung`."""
    verify_structure(module)
    if rung is not None:
        check_rung(module, rung, workgroup_bytes=workgroup_bytes)


def verify_structure(root: Operation) -> None:
    """Raise Refusal where `root` or an op in it does not verify, or uses a value that does not dominate it.

    Refuses what xDSL's `root.verify()` refuses, and what it should: inner ops first, each before those that follow it.
    """
    _Walk(verify=True).op(root)


def verify_dominance(root: Operation) -> None:
    """Raise Refusal where an op inside `root` uses a value whose definition does not dominate it."""
    _Walk(verify=False).op(root)


class _Walk:
    """One walk over the IR; `seen` holds the ids of the values visible where it stands. (The hash of a value is slow Python.)"""

    def __init__(self, verify: bool):
        self.verify = verify
        self.seen: set[int] = set()

    def op(self, op: Operation) -> None:
        known = _of_class(op)
        self.regions(op, known)
        if self.verify:
            _verify_own(op, known, [operand.type for operand in op.operands])

    def regions(self, op: Operation, known: _Known) -> None:
        outer = self.seen
        if known.is_isolated:
            self.seen = set()
        for region in op.regions:
            self.region(region, op, known)
        self.seen = outer

    def region(self, region: Region, parent: Operation, known: _Known) -> None:
        first = region.blocks.first
        if first is None:
            return
        if first.next_block is None:
            self.block(first, parent, single=True, needs_terminator=known.needs_terminator)
            return
        blocks = list(region.blocks)
        for block in blocks:  # before DominanceInfo, which takes branches that stay in the region for granted
            if block.last_op is not None:
                _verify_successors(block.last_op, block)
        dominance = DominanceInfo(region)
        defs = {block: {*map(id, block.args), *(id(result) for op in block.ops for result in op.results)} for block in blocks}
        for block in blocks:
            visible = set[int]().union(*(defs[other] for other in blocks if dominance.strictly_dominates(other, block)))
            self.seen |= visible
            self.block(block, parent, single=False, needs_terminator=True)
            self.seen -= visible

    def block(self, block: Block, parent: Operation, *, single: bool, needs_terminator: bool) -> None:
        seen, verify = self.seen, self.verify
        defined = list(map(id, block.args))
        seen.update(defined)
        op = known = None
        for op in block.ops:
            known = _known.get(type(op)) or _of_class(op)
            if op.parent is not block:
                raise Refusal(op, "its parent is another block than the one it is in")
            types: list[Attribute] = []
            for operand in op.operands:
                if id(operand) not in seen:
                    _refuse_use(op, operand)
                types.append(operand.type)
            if op.regions:
                self.regions(op, known)
            if verify:
                if known.may_branch:
                    _verify_successors(op, block)
                _verify_own(op, known, types)
            for result in op.results:
                seen.add(id(result))
                defined.append(id(result))
        seen.difference_update(defined)
        if verify and needs_terminator:
            if op is None or known is None:
                if single:
                    raise Refusal(parent, "its only block is empty, expected at least a terminator")
            elif not known.is_terminator:
                raise Refusal(op, "it is the last of its block, expected a terminator")


def _verify_own(op: Operation, known: _Known, held: list[Attribute]) -> None:
    """What the op's verifier says; its definition is asked only where an op just like this has not been met.

    held  the types of the operands; what else the definition looks at is added
    """
    if known.rest is None:
        _run(op, type(op).verify_)
        return
    shape: list[object] = [type(op), len(held), len(op.successors) if known.may_branch else 0]
    for result in op.results:
        held.append(result.type)
    for names in (op.properties, op.attributes):
        if names:
            shape.append(len(held))
            shape.extend(names)
            held.extend(names.values())
    for region in op.regions:
        first = region.blocks.first
        shape.append((len(held), -1 if first is None else 1 if first.next_block is None else 2))
        if first is not None:
            held.extend(argument.type for argument in first.args)
    key = (*shape, *map(id, held))
    if key in _verified:
        for verifier in known.rest:
            _run(op, verifier)
        return
    # what is equal, but made anew: hashing it takes a fifth of what the definition does
    same = (*shape, *held)
    try:
        if same in _verified_alike:
            for verifier in known.rest:
                _run(op, verifier)
        else:
            _run(op, type(op).verify_)
            _verified_alike.add(same)
    except TypeError:  # an attribute of somebody else's that cannot be hashed
        _run(op, type(op).verify_)
    if len(_verified) >= _VERIFIED_MAX:
        _verified.clear()
        _verified_alike.clear()
    _verified[key] = held


def _run(op: Operation, verifier: _Verifier) -> None:
    try:
        verifier(op)
    except Exception as problem:
        raise Refusal(op, str(problem).strip() or type(problem).__name__) from None


def _of_class(op: Operation) -> _Known:
    cls = type(op)
    found = _known.get(cls)
    if found is None:
        found = _known[cls] = _Known(
            rest=_rest(cls),
            is_terminator=op.has_trait(IsTerminator),
            is_isolated=op.has_trait(IsolatedFromAbove, value_if_unregistered=False),
            needs_terminator=not op.has_trait(NoTerminator),
            may_branch=not issubclass(cls, IRDLOperation) or bool(cls.get_irdl_definition().successors),
        )
    return found


def _rest(cls: type[Operation]) -> tuple[_Verifier, ...] | None:
    """What of the class's verifier may find another answer for an op with the same types and attributes.

    None where that cannot be told: then everything runs each time. xDSL makes `verify_` of a definition and, where the class has
    written one, its own verifier; the latter is what is found in the closure here.
    """
    if not issubclass(cls, IRDLOperation):
        return None
    function: Any = cls.verify_  # its closure is read as inspect.getclosurevars would, which takes 100 us a class
    cells = zip(function.__code__.co_freevars, function.__closure__ or ())
    parts: dict[str, Any] = {name: cell.cell_contents for name, cell in cells}
    if "op_def" not in parts:
        return None
    rest: list[_Verifier] = [
        trait.verify
        for trait in cls.traits
        if type(trait).verify is not OpTrait.verify and type(trait).__name__ not in _OF_THE_CLASS
    ]
    definition = cls.get_irdl_definition()
    local = cls.name.partition(".")[0] in _LOCAL_DIALECTS and not definition.regions and not definition.successors
    if "custom_verify" in parts and not local:
        rest.append(parts["custom_verify"])
    return tuple(rest)


def _verify_successors(op: Operation, block: Block) -> None:
    if op.successors and op is not block.last_op:
        raise Refusal(op, "it has successors, expected it at the end of its block")
    for successor in op.successors:
        if successor.parent is not block.parent:
            raise Refusal(op, "it branches to a block of another region, expected one of its own")


def _refuse_use(op: Operation, operand: SSAValue) -> None:
    index = next(i for i, value in enumerate(op.operands) if value is operand)
    name = f" %{operand.name_hint}" if operand.name_hint else ""
    if isinstance(operand, ForwardDeclaredValue):  # it belongs to nothing, and asking xDSL for its owner raises
        raise Refusal(op, f"operand {index}{name} is defined inside the op that uses it")
    owner = operand.owner
    if isinstance(owner, Operation):
        where = f"the result of {names_itself(owner)}"
    else:
        parent = owner.parent_op()
        where = f"an argument of {names_itself(parent)}" if parent is not None else "an argument of a detached block"
    raise Refusal(op, f"operand {index}{name} is {where}, which does not dominate the use")
