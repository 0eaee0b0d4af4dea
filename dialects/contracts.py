"""What holds on each rung, as data, and the one function that checks it.

A contract says which ops may occur; its rules say the rest: static shapes, bounded loops, no recursion, uniform barriers. What
the op verifiers and dominance say is checked before (`passes/checks.py`); that every access is in bounds is proved elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from .contract_rules import (
    Facts,
    Refusal,
    barriers_are_uniform,
    bounds_are_affine,
    calls_do_not_recurse,
    iterators_are_true,
    launches_match_kernels,
    shape_problem,
    workgroup_fits,
)

Rule = Callable[[Facts], None]


@dataclass(frozen=True)
class Contract:
    """What a rung allows.

    allows   ops by name, whole dialects as `arith.*`
    device   the same inside gpu.module; None where the rung has no such inside
    instead  for an op or dialect that one might expect here: why not, and what to use
    rules    run over the whole module once every op is allowed
    """

    rung: str
    says: str
    allows: frozenset[str]
    rules: tuple[Rule, ...]
    device: frozenset[str] | None = None
    instead: Mapping[str, str] | None = None


def _names(*groups: str) -> frozenset[str]:
    return frozenset(name for group in groups for name in group.split())


_FRAME = "builtin.module func.func func.return func.call"
_SCALAR = "arith.* math.* affine.apply"
_CONTROL = "scf.for scf.if scf.yield"
_FORALL = "scf.forall scf.forall.in_parallel"
_PARALLEL = "scf.parallel scf.reduce scf.reduce.return"
_MEMORY = (
    "memref.alloc memref.alloca memref.dealloc memref.copy memref.load memref.store memref.subview memref.view memref.cast "
    "memref.collapse_shape memref.expand_shape memref.reinterpret_cast memref.global memref.get_global"
)
_HOST = "arith.constant gpu.module gpu.launch_func gpu.alloc gpu.dealloc gpu.memcpy gpu.memset gpu.wait"
_BOUNDED = {
    "scf.while": "its trip count has no bound; use scf.for",
    "cf": "jumps have no bound; use scf.for and scf.if",
    "affine": "of affine only affine.apply is on the rungs; use scf.for and memref.load",
}
_NO_TENSORS = {"tensor": "tensors are gone; use memref", "linalg": "structured ops are gone; use loops"}
_DYNAMIC = {"memref.dim": "shapes are static; use arith.constant", "tensor.dim": "shapes are static; use arith.constant"}

RUNGS: dict[str, Contract] = {
    contract.rung: contract
    for contract in (
        Contract(
            "nd",
            "what to compute: four kinds of op over static shapes, a DAG",
            _names(_FRAME, "nd.*"),
            (calls_do_not_recurse,),
            instead={**_BOUNDED, "scf": "nd has no control flow; use nd.select", "linalg": "this is a rung above linalg"},
        ),
        Contract(
            "linalg",
            "which kernels, over which index space: structured ops and fused groups, on tensors, then on memrefs",
            _names(_FRAME, _SCALAR, _CONTROL, _FORALL, _MEMORY, "linalg.* tensor.*"),
            (iterators_are_true, bounds_are_affine, calls_do_not_recurse),
            instead={**_BOUNDED, **_DYNAMIC, "nd": "nd-to-linalg leaves nothing of nd", "vector": "this is a rung above vector"},
        ),
        Contract(
            "loops",
            "in which order, in which memory: static or affine bounds, no tensors",
            _names(_FRAME, _SCALAR, _CONTROL, _FORALL, _PARALLEL, _MEMORY),
            (bounds_are_affine, calls_do_not_recurse),
            instead={**_BOUNDED, **_DYNAMIC, **_NO_TENSORS, "vector": "this is a rung above vector"},
        ),
        Contract(
            "vector",
            "in which registers: static vector shapes, scf.parallel is gone",
            _names(_FRAME, _SCALAR, _CONTROL, _FORALL, _MEMORY, "vector.* ub.poison"),
            (bounds_are_affine, calls_do_not_recurse),
            instead={
                **_BOUNDED,
                **_DYNAMIC,
                **_NO_TENSORS,
                "scf.parallel": "it is gone here; use scf.for",
                "gpu": "this is a rung above gpu",
            },
        ),
        Contract(
            "gpu",
            "which block, which thread: the host launches and copies, kernels are in gpu.module",
            _names(_FRAME, _MEMORY, _HOST),
            (
                bounds_are_affine,
                calls_do_not_recurse,
                launches_match_kernels,
                barriers_are_uniform,
                workgroup_fits,
            ),
            device=_names(_SCALAR, _CONTROL, _MEMORY, "vector.* gpu.* ub.poison"),
            instead={
                **_BOUNDED,
                **_DYNAMIC,
                **_NO_TENSORS,
                "scf.forall": "parallel loops are gone; use gpu.block_id and gpu.thread_id",
                "scf.parallel": "parallel loops are gone; use gpu.block_id and gpu.thread_id",
                "scf": "the host is launches and copies; a loop belongs into a kernel",
                "gpu.launch": "kernels are outlined; use gpu.launch_func of a gpu.func",
                "gpu": "the host is launches and copies; this op belongs into a kernel",
            },
        ),
    )
}
"""The rungs of IR, top to bottom."""


def check_rung(module: ModuleOp, rung: str, *, workgroup_bytes: int | None = None) -> None:
    """Raise Refusal (a VerifyException) naming op, function and reason, unless `module` keeps the contract of `rung`.

    workgroup_bytes   what a block may use of workgroup memory on the machine; None: any amount
    Raises ValueError for a rung that is not in RUNGS.
    """
    if rung not in RUNGS:
        raise ValueError(f"no rung {rung!r}, expected one of {', '.join(RUNGS)}")
    contract = RUNGS[rung]
    facts = Facts(module, workgroup_bytes)
    _visit(module, contract, contract.allows, facts)
    for rule in contract.rules:
        try:
            rule(facts)
        except Refusal as problem:
            raise Refusal(problem.op, problem.reason, rung) from None


def _visit(op: Operation, contract: Contract, allows: frozenset[str], facts: Facts) -> None:
    """Check names and shapes of `op` and of all that is in it, and note what the rules will ask about."""
    name = op.name
    if name not in allows and f"{name.partition('.')[0]}.*" not in allows:
        raise Refusal(op, _why_not(op, contract), contract.rung)
    known = facts.shapes
    for result in op.results:
        # by identity: most types of a module are shared, and hashing one costs ten times as much as all else here
        if id(result.type) not in known:
            facts.note_shape(result.type)
        problem = known[id(result.type)][1]
        if problem is not None:
            raise Refusal(op, f"result {problem}", contract.rung)
    if op.regions:
        if name == "gpu.module" and contract.device is not None:
            allows = contract.device
        facts.note(op)
        for region in op.regions:
            for block in region.blocks:
                for argument in block.args:
                    if (problem := shape_problem(argument.type)) is not None:
                        raise Refusal(op, f"block argument {problem}", contract.rung)
                for inner in block.ops:
                    _visit(inner, contract, allows, facts)
    elif name in facts.NOTED:
        facts.note(op)


def _why_not(op: Operation, contract: Contract) -> str:
    instead = contract.instead or {}
    dialect = op.name.partition(".")[0]
    if (reason := instead.get(op.name, instead.get(dialect))) is not None:
        return reason
    dialects = sorted({name.partition(".")[0] for name in (*contract.allows, *(contract.device or ()))} - {"builtin", "ub"})
    return f"it has no place on this rung, which has ops of {', '.join(dialects)}"
