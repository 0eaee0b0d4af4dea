"""Seeded faults: each is one edit of a kernel that is proved; each is found, with a counterexample that the evaluator meets."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from parallel_kernels import KERNELS, SHARED

from rung.dialects.upstream import parse
from rung.judges.total import replay, verify_total


@dataclass(frozen=True)
class Fault:
    """`old` becomes `new` in the text of `kernel`, and `uses` is one more such pair; both are in the text.

    says   a part of the finding
    seen   the evaluator can meet it
    """

    kernel: str
    old: str
    new: str
    kind: str
    says: str
    seen: bool = True
    uses: tuple[str, str] = ("", "")


FAULTS: dict[str, Fault] = {
    # bounds of loops, and index maps
    "a loop that runs too long": Fault(
        "matmul of loops", "%c0 to %c5 step", "%c0 to %c8 step", "bounds", "of %x is out of bounds"
    ),
    "a loop that begins below 0": Fault(
        "rows with private memory",
        "scf.for %k = %c0 to %c5 step %c1 {\n        %a = memref.load %b",
        "%m = arith.constant -1 : index\n      scf.for %k = %m to %c5 step %c1 {\n        %a = memref.load %b",
        "bounds",
        "index [-1] of %b is out of bounds",
    ),
    "a tile of which the last reaches over the edge": Fault(
        "tiles with an edge", "= (16) to (19) step (3)", "= (17) to (20) step (3)", "bounds", "index [19] of %x"
    ),
    "an index shifted by one": Fault("tiles with an edge", "(d0 + d1)>", "(d0 + d1 + 1)>", "bounds", "index [19] of %o"),
    "swapped indices of a load": Fault("matmul of loops", "%x[%r, %k]", "%x[%k, %r]", "bounds", "index [0, 5] of %x"),
    "swapped indices of a store": Fault("matmul of loops", "%o[%r, %c]", "%o[%c, %r]", "bounds", "of %o is out of bounds"),
    "a vector one too far": Fault(
        "transposed by vectors", "(0, 0) to (8, 12)", "(0, 0) to (8, 13)", "bounds", "index [0, 12] of %x is out of bounds"
    ),
    "a vector transposed where it should not be": Fault(
        "transposed by vectors", "%o[%q, %p]", "%o[%p, %q]", "bounds", "of %o is out of bounds"
    ),
    "a clipped transfer that claims to be in bounds": Fault(
        "clipped vectors", "%pad {in_bounds = [false]}", "%pad {in_bounds = [true]}", "bounds", "index [10] of %x"
    ),
    "a clipped store that claims to be in bounds": Fault(
        "clipped vectors", "%o[%p] {in_bounds = [false]}", "%o[%p] {in_bounds = [true]}", "bounds", "index [10] of %o"
    ),
    "a mask of one lane too many": Fault(
        "masked vectors", "arith.constant 10", "arith.constant 11", "bounds", "index [10] of %x is out of bounds"
    ),
    "a subview that leaves its source": Fault(
        "rows with private memory",
        "memref.subview %x[%i, 0] [1, 5] [1, 1]",
        "memref.subview %x[%i, 1] [1, 5] [1, 1]",
        "bounds",
        "index [0, 5] of %x",
    ),
    "a triangle one too wide": Fault(
        "lower triangle", "arith.addi %i, %c1", "arith.addi %i, %c2", "bounds", "index [4, 5] of %x is out of bounds"
    ),
    "a quotient by the wrong extent": Fault(
        "reshape by div and mod", "d0 floordiv 7", "d0 floordiv 6", "bounds", "index [3, 4] of %o is out of bounds"
    ),
    "a remainder by the wrong extent": Fault(
        "reshape by div and mod", "d0 mod 7", "d0 mod 8", "bounds", "index [1, 7] of %o is out of bounds"
    ),
    "a remainder of a number that is negative": Fault(
        "reshape by div and mod",
        "%c = affine.apply affine_map<(d0) -> (d0 mod 7)>(%i)",
        "%c7 = arith.constant 7 : index\n      %less = arith.subi %i, %c7 : index\n      %c = arith.remsi %less, %c7 : index",
        "bounds",
        "of %o is out of bounds",
    ),
    "a private buffer too small": Fault(
        "rows with private memory", "memref<5xf32>", "memref<4xf32>", "bounds", "index [4] of %b"
    ),
    # guards
    "a guard that is gone": Fault(
        "guarded surplus threads", "scf.if %inside", "%all = arith.constant true\n      scf.if %all", "bounds", "index [50] of %x"
    ),
    "a guard that lets one more in": Fault(
        "guarded surplus threads", "cmpi slt, %i, %c50", "cmpi sle, %i, %c50", "bounds", "block (3, 0, 0), thread (2, 0, 0)"
    ),
    "a guard on the thread in place of the global number": Fault(
        "guarded surplus threads", "cmpi slt, %i, %c50", "cmpi slt, %t, %c50", "bounds", "index [50] of %x is out of bounds"
    ),
    "a guard with one side only": Fault(
        "padded window", "arith.andi %low, %high : i1", "arith.andi %high, %high : i1", "bounds", "index [-1] of %x"
    ),
    "a guard whose sides are joined by or": Fault(
        "padded window", "arith.andi %low, %high", "arith.ori %low, %high", "bounds", "of %x is out of bounds"
    ),
    "a guard that is turned around": Fault(
        "padded window", "cmpi sge, %at, %c0", "cmpi slt, %at, %c0", "bounds", "index [-1] of %x is out of bounds"
    ),
    "a load on the wrong side of its guard": Fault(
        "two sides of a branch", "cmpi slt, %i, %c4", "cmpi sge, %i, %c4", "bounds", "index [4] of %x is out of bounds"
    ),
    "a guard that does not follow the window": Fault(
        "padded window",
        "(d0 + d1 - 1)>(%t, %k)",
        "(d0 + d1 - 2)>(%t, %k)\n %al = arith.addi %at, %c1 : index",
        "bounds",
        "index [-1] of %x",
        uses=("cmpi sge, %at, %c0", "cmpi sge, %al, %c0"),
    ),
    # indices from memory
    "an index from memory without a guard": Fault(
        "table of indices behind a guard",
        "arith.andi %low, %high : i1",
        "arith.ori %low, %high : i1",
        "bounds",
        "it is read from memory, expected a guard that keeps it within 0 to 10",
    ),
    "an index from memory with its lower guard only": Fault(
        "table of indices behind a guard", "cmpi slt, %k, %c11", "cmpi sge, %k, %c0", "bounds", "of %x is out of bounds"
    ),
    "an index from memory guarded one too wide": Fault(
        "table of indices behind a guard", "arith.constant 11 : index", "arith.constant 12 : index", "bounds", "index [11] of %x"
    ),
    "an index from memory clamped below only": Fault(
        "index kept within by max and min", "%x[%in]", "%x[%low]", "bounds", "of %x is out of bounds"
    ),
    "an index from memory clamped one too wide": Fault(
        "index kept within by max and min", "arith.constant 10", "arith.constant 11", "bounds", "index [11] of %x"
    ),
    "lanes of a gather with a signed guard": Fault(
        "gathered lanes behind a mask", "cmpi ult, %n, %bound", "cmpi slt, %n, %bound", "bounds", "of %x is out of bounds"
    ),
    "lanes of a gather guarded one too wide": Fault(
        "gathered lanes behind a mask", "dense<11>", "dense<12>", "bounds", "index [3, 11] of %x is out of bounds"
    ),
    "a store to a place from memory": Fault(
        "table of indices behind a guard",
        "memref.store %v, %o[%i]",
        "%w = arith.remui %k, %c6 : index\n      memref.store %v, %o[%w]",
        "race",
        "two iterations of scf.forall meet",
        uses=("%c11 = ", "%c6 = arith.constant 6 : index\n    %c11 = "),
    ),
    # races
    "a swapped index that all iterations share": Fault(
        "matmul of loops", "%o[%r, %c]", "%o[%i, %c]", "race", "two iterations of scf.forall meet at [0, 0] of %o"
    ),
    "tiles that overlap": Fault(
        "tiles with an edge",
        "= (0) to (16) step (8)",
        "= (0) to (16) step (4)",
        "race",
        "two iterations of scf.forall meet",
        uses=("(%c0) to (%c8)", "(%c0) to (%c5)"),
    ),
    "a thread id that is ignored": Fault("guarded surplus threads", "%o[%i]", "%o[%b]", "race", "two threads meet at [0] of %o"),
    "a block id that is ignored": Fault(
        "exchange in workgroup memory", "%o[%i]", "%o[%t]", "race", "two blocks meet at [0] of %o"
    ),
    "blocks that overlap by one": Fault(
        "guarded surplus threads",
        "%o[%i]",
        "%o[%j]",
        "race",
        "two blocks meet",
        uses=("%inside = ", "%j = affine.apply affine_map<(d0, d1) -> (d0 * 15 + d1)>(%b, %t)\n      %inside = "),
    ),
    "a neighbour that is read while it is written": Fault(
        "sum in place",
        "%acc = memref.load %o[%i]",
        "%j = arith.remui %next, %c6 : index\n        %acc = memref.load %o[%j]",
        "race",
        "and read by memref.load",
        uses=(
            "scf.forall (%i) in (6) {",
            "%c6 = arith.constant 6 : index\n scf.forall (%i) in (6) {\n %next = arith.addi %i, %c1 : index",
        ),
    ),
    "a quotient where the remainder should be": Fault(
        "reshape by div and mod", "(d0 mod 7)", "(d0 floordiv 7)", "race", "two iterations of scf.forall meet"
    ),
    "digits of a thread id with a gap": Fault(
        "threads along two dims of ids", "(d0 floordiv 3) * 2 + d1", "(d0 floordiv 3) + d1", "race", "two threads meet"
    ),
    "a buffer allocated outside of the loop that uses it": Fault(
        "rows with private memory",
        "scf.forall (%i) in (7) {\n      %b = memref.alloca() : memref<5xf32>",
        "%b = memref.alloca() : memref<5xf32>\n    scf.forall (%i) in (7) {",
        "race",
        "iterations of scf.forall meet at [0] of %b",
    ),
    # barriers
    "a barrier that is gone": Fault("exchange in workgroup memory", "gpu.barrier", "", "race", "expected a barrier between them"),
    "a barrier that comes too early": Fault(
        "exchange in workgroup memory",
        f"memref.store %v, %w[%t] : memref<4xf32, {SHARED}>\n      gpu.barrier",
        f"gpu.barrier\n      memref.store %v, %w[%t] : memref<4xf32, {SHARED}>",
        "race",
        "two threads meet",
    ),
    "the barrier before the next tile is gone": Fault(
        "tiles of a matmul in workgroup memory", "gpu.barrier  // before the next tile", "", "race", "two threads meet"
    ),
    "the barrier before a tile is used is gone": Fault(
        "tiles of a matmul in workgroup memory", "gpu.barrier\n", "\n", "race", "two threads meet"
    ),
    "a tree that forgets its second barrier": Fault(
        "tree of sums", "gpu.barrier\n      %first", "%first", "race", "two threads meet"
    ),
    "a tree that halves wrongly": Fault("tree of sums", "(d0 + 4)>", "(d0 + 3)>", "race", "two threads meet at [3] of %w"),
    "one buffer where two are needed": Fault(
        "two buffers in turn", "((d0 + 1) mod 2)>", "(d0 mod 2)>", "race", "two threads meet"
    ),
    "a barrier that some threads skip": Fault(
        "tree of sums",
        "gpu.barrier\n      %first",
        "scf.if %four { gpu.barrier }\n      %first",
        "barrier",
        "enters and the one at",
    ),
    "two barriers on two sides of a condition": Fault(
        "tree of sums",
        "gpu.barrier\n      %first",
        "scf.if %four { gpu.barrier } else { gpu.barrier }\n      %first",
        "barrier",
        "expected all threads of a block to come to it",
    ),
    "a loop with a barrier, longer for some threads": Fault(
        "two buffers in turn", "%c0 to %c5 step", "%c0 to %t step", "barrier", "stands under scf.for"
    ),
    "a barrier under what memory says": Fault(
        "exchange in workgroup memory",
        "gpu.barrier",
        "%positive = arith.cmpf ogt, %v, %zero : f32\n      scf.if %positive { gpu.barrier }",
        "barrier",
        "stands under scf.if",
    ),
    # outputs
    "a tile that does not divide": Fault(
        "matmul of loops",
        "to (8, 12) step (4, 3)",
        "to (8, 10) step (4, 3)",
        "missing write",
        "is written by nothing",
        seen=True,
        uses=("(8, 10)", "(8, 9)"),
    ),
    "an edge that is forgotten": Fault(
        "tiles with an edge",
        "= (16) to (19) step (3)",
        "= (16) to (16) step (3)",
        "missing write",
        "element [16] of its output %o",
    ),
    "a last element that nobody writes": Fault(
        "guarded surplus threads", "arith.constant 50 : index", "arith.constant 49 : index", "missing write", "element [49]"
    ),
    "every second element only": Fault(
        "sum in place", "scf.forall (%i) in (6)", "scf.forall (%i) = (0) to (6) step (2)", "missing write", "element [1]"
    ),
    "too few blocks": Fault(
        "exchange in workgroup memory",
        "array<i32: 2, 1, 1>",
        "array<i32: 1, 1, 1>",
        "missing write",
        "element [4]",
        uses=("%s0 = arith.constant 2", "%s0 = arith.constant 1"),
    ),
    "an output that one side of a branch forgets": Fault(
        "two sides of a branch", "memref.store %zero, %o[%i] : memref<9xf32>", "", "missing write", "element [4] of its output %o"
    ),
    "an output written only if memory says so": Fault(
        "sum in place",
        "memref.store %zero, %o[%i] : memref<6xf32>",
        "%v = memref.load %x[%i, %c0] : memref<6x5xf32>\n      %p = arith.cmpf ogt, %v, %zero : f32\n"
        "      scf.if %p { memref.store %zero, %o[%i] : memref<6xf32> }",
        "missing write",
        "element [0]",
        uses=("memref.store %n, %o[%i] : memref<6xf32>", ""),
    ),
    "a result that is stored in place of the last one": Fault(
        "rows with private memory",
        "memref.store %a, %o[%i, %k]",
        "memref.store %a, %o[%i, %c0]",
        "double write",
        "twice",
        seen=False,
    ),
    "an edge that is computed twice": Fault(
        "tiles with an edge", "= (16) to (19) step (3)", "= (13) to (19) step (3)", "double write", "written before", seen=False
    ),
    "a sum that starts from nothing": Fault(
        "sum in place",
        "memref.store %zero, %o[%i] : memref<6xf32>",
        "",
        "unwritten read",
        "which nothing has written before",
        seen=False,
    ),
    "a store into an input": Fault(
        "tiles with an edge", "memref.store %v, %o[%a]", "memref.store %v, %x[%a]", "input written", "an input of @f"
    ),
    # buffers, memory and calls
    "buffers that share bytes while both are alive": Fault(
        "arena of the host", "arith.constant 32 : index", "arith.constant 16 : index", "race", "two blocks meet"
    ),
    "a buffer that is read before it is written": Fault(
        "arena of the host",
        "args(%p : memref<8xf32>, %q : memref<8xf32>)",
        "args(%x : memref<8xf32>, %q : memref<8xf32>)",
        "unwritten read",
        "",
        seen=False,
        uses=("args(%x : memref<8xf32>, %p : memref<8xf32>)", "args(%q : memref<8xf32>, %p : memref<8xf32>)"),
    ),
    "a buffer outside of its arena": Fault(
        "arena of the host",
        "arith.constant 32 : index",
        "arith.constant 64 : index",
        "not followed",
        "within 0 to 64",
        seen=False,
    ),
    "a buffer that does not begin at a multiple of its elements": Fault(
        "arena of the host", "arith.constant 32 : index", "arith.constant 30 : index", "not followed", "multiple of 4", seen=False
    ),
    "an output whose elements lie on each other": Fault(
        "rows with private memory",
        "%o: memref<7x5xf32>",
        "%o: memref<7x5xf32, strided<[4, 1]>>",
        "not followed",
        "expected strides that keep its elements apart",
        seen=False,
        uses=("%k] : memref<7x5xf32>", "%k] : memref<7x5xf32, strided<[4, 1]>>"),
    ),
    "an intermediate that no call writes": Fault(
        "functions that call",
        "func.call @g(%x, %a) : (memref<8xf32>, memref<8xf32>) -> ()",
        "",
        "unwritten read",
        "%a",
        seen=False,
    ),
    "a launch of more blocks than the kernel knows": Fault(
        "arena of the host",
        "%s0 = arith.constant 2",
        "%s0 = arith.constant 3",
        "launch",
        "launches (3, 1, 1) blocks of (4, 1, 1) threads, expected what @k::g knows: (2, 1, 1) of (4, 1, 1)",
        seen=False,
    ),
    "too much workgroup memory": Fault(
        "tree of sums", "memref<8xf32, #gpu", "memref<257xf32, #gpu", "workgroup memory", "uses 1028 bytes", seen=False
    ),
    "a function that calls itself": Fault(
        "functions that call", "func.call @g(%a, %o)", "func.call @f(%a, %o)", "recursion", "@f -> @f", seen=False
    ),
    "a loop whose end nobody knows": Fault(
        "rows with private memory",
        "scf.for %k = %c0 to %c5 step %c1 {\n        %a = memref.load %b",
        "scf.while () : () -> () {\n %go = arith.constant true\n scf.condition(%go)\n } do {\n scf.yield\n }\n"
        "      scf.for %k = %c0 to %c5 step %c1 {\n        %a = memref.load %b",
        "not followed",
        "its trip count has no bound",
        seen=False,
    ),
    "a loop with a step of 0": Fault(
        "sum in place", "%c0 to %c5 step %c1", "%c0 to %c5 step %c0", "not followed", "expected a positive constant", seen=False
    ),
    "an index divided by 0": Fault(
        "sum in place",
        "%a = memref.load %x[%i, %k]",
        "%d = arith.divui %c4, %k : index\n        %a = memref.load %x[%i, %k]",
        "division",
        "which is 0 at i = 0, k = 0",
    ),
}


def faulty(fault: Fault) -> str:
    text = KERNELS[fault.kernel]
    for old, new in ((fault.old, fault.new), fault.uses):
        assert old in text, f"{old!r} is not in the kernel"
        text = text.replace(old, new) if old else text
    return text


@pytest.mark.parametrize("name", KERNELS)
def test_kernel_without_a_fault_is_proved(name: str) -> None:
    report = verify_total(parse(KERNELS[name]), workgroup_bytes=1024)
    assert report.total, "\n".join(map(str, report.findings))


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_found_and_the_evaluator_meets_it(name: str) -> None:
    fault = FAULTS[name]
    module = parse(faulty(fault))
    findings = [finding for finding in verify_total(module, workgroup_bytes=1024).findings if finding.kind == fault.kind]
    assert findings
    assert any(fault.says in str(finding) for finding in findings), "\n".join(map(str, findings))
    said = [replay(module, finding) for finding in findings]
    assert any(said) == fault.seen, said
