"""What a lowering gets wrong in one op is felt by a random program: miscompiles of one line, seeded at every rung.

Each fault changes every op of one kind where it stands after a pass; programs are tried until one computes something else. A
program is judged right after the fault only, and on one machine.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from xdsl.dialects import affine, arith, memref, scf, vector
from xdsl.dialects.builtin import AffineMapAttr, IntegerAttr, ModuleOp
from xdsl.ir import Operation
from xdsl.ir.affine import AffineMap
from xdsl.passes import ModulePass

from rung.dialects import nd
from rung.judges.fuzzing import generate, ladder
from rung.judges.fuzzing.case import Case
from rung.judges.fuzzing.choices import Choices
from rung.judges.fuzzing.hunt import SMALL
from rung.pipeline import PIPELINE, Step

MOST_SEEDS = 400


@dataclass(frozen=True)
class Fault:
    """A change to every op for which `hits` holds."""

    name: str
    after: str
    change: Callable[[Operation], bool]
    """Changes an op, or answers False."""
    kind: str | None = None
    """Programs without an nd op of this kind cannot feel it, and are not tried: it saves time only."""
    machine: str = "cpu"


def becomes(old: type[Operation], new: type[Operation]) -> Callable[[Operation], bool]:
    """One op of two operands for another."""

    def change(op: Operation) -> bool:
        if type(op) is not old:
            return False
        other = new(*op.operands, *([op.results[0].type] if len(op.operands) == 1 else []))
        op.parent_block().insert_op_before(other, op)
        op.results[0].replace_all_uses_with(other.results[0])
        op.detach()
        op.erase()
        return True

    return change


def swapped(kind: type[Operation], first: int = 0) -> Callable[[Operation], bool]:
    """Two operands change places."""

    def change(op: Operation) -> bool:
        if type(op) is not kind or len(op.operands) < first + 2 or op.operands[first].type != op.operands[first + 1].type:
            return False
        operands = list(op.operands)
        operands[first], operands[first + 1] = operands[first + 1], operands[first]
        op.operands = operands
        return True

    return change


def predicate(kind: type[Operation], old: str, new: str) -> Callable[[Operation], bool]:
    """A comparison asks another question."""
    names = arith.CMPI_COMPARISON_OPERATIONS if kind is arith.CmpiOp else arith.CMPF_COMPARISON_OPERATIONS

    def change(op: Operation) -> bool:
        if type(op) is not kind or names[op.predicate.value.data] != old:
            return False
        op.properties["predicate"] = IntegerAttr(names.index(new), 64)
        return True

    return change


def kind_of(op_class: type[Operation], old: str, new: str) -> Callable[[Operation], bool]:
    """An nd op of another kind."""

    def change(op: Operation) -> bool:
        if type(op) is not op_class or op.attributes["kind"].data != old:
            return False
        op.attributes["kind"] = type(op.attributes["kind"])(new)
        return True

    return change


def shorter_loop(op: Operation) -> bool:
    """The last iteration is left out."""
    if type(op) is not scf.ForOp or not isinstance(op.ub.owner, arith.ConstantOp) or op.ub.owner.value.value.data < 2:
        return False
    less = arith.ConstantOp(IntegerAttr(op.ub.owner.value.value.data - 1, op.ub.type))
    op.parent_block().insert_op_before(less, op)
    op.operands = [op.lb, less.result, *op.operands[2:]]
    return True


def index_off_by_one(op: Operation) -> bool:
    """An affine index, one too small where it is not 0."""
    if type(op) is not affine.ApplyOp:
        return False
    map_ = op.map.data
    results = tuple((result + (-1)) if "floordiv" in str(result) or "*" in str(result) else result for result in map_.results)
    if results == map_.results:
        return False
    op.properties["map"] = AffineMapAttr(AffineMap(map_.num_dims, map_.num_symbols, results))
    return True


def unmasked(op: Operation) -> bool:
    """A guard that always holds."""
    if type(op) is not scf.IfOp:
        return False
    yes = arith.ConstantOp(IntegerAttr(1, 1))
    op.parent_block().insert_op_before(yes, op)
    op.operands = [yes.result]
    return True


def no_store(op: Operation) -> bool:
    if type(op) is not memref.StoreOp and type(op) is not vector.TransferWriteOp:
        return False
    op.detach()
    op.erase()
    return True


FAULTS = [
    Fault("sub with its operands swapped", "nd-simplify", swapped(nd.BinaryOp)),
    Fault("a max that is a min", "nd-simplify", kind_of(nd.BinaryOp, "max", "min")),
    Fault("select with its branches swapped", "nd-simplify", swapped(nd.SelectOp, 1)),
    Fault("signed division for unsigned", "nd-to-linalg", becomes(arith.DivUIOp, arith.DivSIOp), "idiv"),
    Fault("unsigned division for signed", "nd-to-linalg", becomes(arith.DivSIOp, arith.DivUIOp), "idiv"),
    Fault("unsigned remainder for signed", "nd-to-linalg", becomes(arith.RemSIOp, arith.RemUIOp), "mod"),
    Fault("logical shift for arithmetic", "nd-to-linalg", becomes(arith.ShRSIOp, arith.ShRUIOp), "shr"),
    Fault("arithmetic shift for logical", "nd-to-linalg", becomes(arith.ShRUIOp, arith.ShRSIOp), "shr"),
    Fault("zeros for sign bits", "nd-to-linalg", becomes(arith.ExtSIOp, arith.ExtUIOp)),
    Fault("signed max for unsigned", "nd-to-linalg", becomes(arith.MaxUIOp, arith.MaxSIOp), "max"),
    Fault("signed numbers become floats as if unsigned", "nd-to-linalg", becomes(arith.SIToFPOp, arith.UIToFPOp)),
    Fault("max that forgets NaN", "nd-to-linalg", becomes(arith.MaximumfOp, arith.MaxnumfOp), "max"),
    Fault("less that holds for NaN", "nd-to-linalg", predicate(arith.CmpfOp, "olt", "ult"), "cmplt"),
    Fault("equal that holds for NaN", "nd-to-linalg", predicate(arith.CmpfOp, "oeq", "ueq"), "cmpeq"),
    Fault("unequal that fails for NaN", "nd-to-linalg", predicate(arith.CmpfOp, "une", "one"), "cmpne"),
    Fault("unsigned less for signed", "nd-to-linalg", predicate(arith.CmpiOp, "slt", "ult")),
    Fault("an index off by one", "linalg-to-loops", index_off_by_one),
    Fault("a loop without its last iteration", "linalg-to-loops", shorter_loop),
    Fault("a store left out", "linalg-to-loops", no_store),
    Fault("a store left out of vectors", "loops-to-vector", no_store),
    Fault("a loop around vectors without its last iteration", "loops-to-vector", shorter_loop),
    Fault("a loop of threads without its last iteration", "vector-to-gpu", shorter_loop, machine="nvidia"),
    Fault("a guard of threads that always holds", "vector-to-gpu", unmasked, machine="nvidia"),
    Fault("a guard of padding that always holds", "nd-to-linalg", unmasked),
]


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_a_random_program_feels(fault, monkeypatch):
    at = next(number for number, step in enumerate(PIPELINE) if step.name == fault.after)
    changed = [False]

    class Faulty(ModulePass):
        name = fault.after

        def apply(self, ctx, op: ModuleOp) -> None:
            PIPELINE[at].make(ladder.MACHINES[fault.machine]).apply(ctx, op)
            changes = [fault.change(each) for each in list(op.walk()) if each.parent is not None or each is op]
            changed[0] = any(changes)

    class Wrong(Step):
        def make(self, machine):
            return Faulty()

    wrong = Wrong(fault.after, PIPELINE[at].rung, "a seeded fault")
    monkeypatch.setattr(ladder, "PIPELINE", (*PIPELINE[:at], wrong))
    monkeypatch.setattr(
        ladder, "AFTER_PASSES", [lambda stop: ladder.same_numbers(stop) if stop.step is wrong and changed[0] else None]
    )
    for seed in range(MOST_SEEDS):
        program, changed[0] = generate(seed, SMALL), False
        if fault.kind is not None and all(node.about.get("kind") != fault.kind for node in program.nodes):
            continue
        found = ladder.judge_passes(Case.of(program, Choices(0)), fault.machine)
        if found is not None:
            assert fault.after in found.where
            return
    pytest.fail(f"{MOST_SEEDS} programs do not feel it")
