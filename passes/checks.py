"""The structural judge between passes: op verifiers, dominance, and the contract of a rung where one is claimed.

xDSL checks no dominance (its issue 1033): a use before its definition, or of a value from a sibling region, verifies.
"""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.irdl.dominance import DominanceInfo

from rung.dialects.contract_rules import Refusal, names_itself
from rung.dialects.contracts import check_rung


def verify_dominance(root: Operation) -> None:
    """Raise Refusal where an op inside `root` uses a value whose definition does not dominate it."""
    seen: set[SSAValue] = set()
    for region in root.regions:
        _verify_region(region, seen)


def _verify_region(region: Region, seen: set[SSAValue]) -> None:
    """Check a region; `seen` holds what is visible at its start, and is the same again at its end."""
    first = region.blocks.first
    if first is None:
        return
    if first.next_block is None:
        defined = list[SSAValue](first.args)
        seen.update(defined)
        _verify_block(first, seen, defined)
        seen.difference_update(defined)
        return
    blocks = list(region.blocks)
    dominance = DominanceInfo(region)
    defs = {block: {*block.args, *(result for op in block.ops for result in op.results)} for block in blocks}
    for block in blocks:
        visible = set(block.args).union(*(defs[other] for other in blocks if dominance.strictly_dominates(other, block)))
        seen |= visible
        defined: list[SSAValue] = []
        _verify_block(block, seen, defined)
        seen -= visible
        seen.difference_update(defined)


def _verify_block(block: Block, seen: set[SSAValue], defined: list[SSAValue]) -> None:
    for op in block.ops:
        for operand in op.operands:
            if operand not in seen:
                _refuse(op, operand)
        for region in op.regions:
            _verify_region(region, seen)
        if results := op.results:
            seen.update(results)
            defined.extend(results)


def _refuse(op: Operation, operand: SSAValue) -> None:
    index = next(i for i, value in enumerate(op.operands) if value is operand)
    name = f" %{operand.name_hint}" if operand.name_hint else ""
    owner = operand.owner
    if isinstance(owner, Operation):
        where = f"the result of {names_itself(owner)}"
    else:
        parent = owner.parent_op()
        where = f"an argument of {names_itself(parent)}" if parent is not None else "an argument of a detached block"
    raise Refusal(op, f"operand {index}{name} is {where}, which does not dominate the use")


def check_module(module: ModuleOp, rung: str | None = None, *, workgroup_bytes: int | None = None) -> None:
    """Raise Refusal naming op, function and reason, unless `module` is well formed and keeps the contract of `rung`."""
    try:
        module.verify()
    except Exception as problem:
        raise _first_problem(module, problem) from None
    verify_dominance(module)
    if rung is not None:
        check_rung(module, rung, workgroup_bytes=workgroup_bytes)


def _first_problem(module: ModuleOp, problem: Exception) -> Refusal:
    """Which op it is that does not verify, and what it says; xDSL names it only in a print of the whole module."""
    for op in module.walk(region_first=True):
        try:
            op.verify(verify_nested_ops=False)
        except Exception as own:
            return Refusal(op, str(own).strip() or type(own).__name__)
    return Refusal(module, str(problem))
