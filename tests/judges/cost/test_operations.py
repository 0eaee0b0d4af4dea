"""The table of what each op costs has a line for whatever can stand below linalg."""

from __future__ import annotations

import pytest

from rung.backends.c.expressions import ELEMENTWISE
from rung.backends.c.indexing import INDEX
from rung.backends.c.memory import MEMORY
from rung.backends.c.statements import STATEMENTS
from rung.backends.c.vectors import VECTORS
from rung.backends.reference.evaluate import RULES
from rung.dialects.contracts import RUNGS
from rung.dialects.upstream import make_context, parse
from rung.judges.cost.operations import (
    ARITHMETIC,
    CALLS,
    CASTS,
    COMBINING,
    COPIES,
    FREE,
    INDEX_CASTS,
    READS,
    WRITES,
    CostError,
    arithmetic,
    lanes,
)

GROUPS = (ARITHMETIC, CALLS, CASTS, INDEX_CASTS, COMBINING, FREE, READS, WRITES, COPIES)
KNOWN = {name for group in GROUPS for name in group}
UNCOUNTED = {
    "gpu.launch",  # kernels are outlined on the gpu rung: its contract says so
}


@pytest.mark.parametrize(
    "table", [ELEMENTWISE, STATEMENTS, MEMORY, VECTORS, INDEX], ids=["math", "flow", "memory", "vector", "index"]
)
def test_what_the_c_printer_spells_has_a_cost(table: dict[str, object]) -> None:
    assert set(table) - KNOWN == set()


def test_what_the_contracts_below_linalg_allow_has_a_cost() -> None:
    context = make_context()
    for dialect in ("func", "arith", "math", "affine", "scf", "memref", "vector", "gpu", "ub"):
        context.load_registered_dialect(dialect)
    names = {op.name for dialect in context.loaded_dialects for op in dialect.operations}
    names |= {name for name in RULES if name.partition(".")[0] in ("arith", "math", "memref", "vector", "gpu", "scf")}
    allowed: set[str] = set()
    for rung in ("loops", "vector", "gpu"):
        patterns = RUNGS[rung].allows | (RUNGS[rung].device or frozenset())
        allowed |= {name for name in names if name in patterns or f"{name.partition('.')[0]}.*" in patterns}
    assert len(allowed) > 150
    assert allowed - KNOWN - UNCOUNTED == set()


def test_an_op_stands_in_one_group() -> None:
    counted = [name for group in (ARITHMETIC, CALLS, CASTS, INDEX_CASTS, FREE) for name in group]
    assert len(counted) == len(set(counted))
    assert not FREE & (READS | WRITES | COPIES | set(COMBINING))


def test_an_op_without_a_line_is_named() -> None:
    (op,) = parse("%t = tensor.empty() : tensor<4xf32>").body.block.ops
    with pytest.raises(CostError, match=r"tensor\.empty: the table of costs has no line for it"):
        arithmetic(op)


VECTOR = """
func.func @f(%v: vector<4x8xf32>, %s: f32, %r: vector<8xf32>, %l: vector<4xf32>, %w: vector<4x8xi32>, %i: index, %b: i1) {
  OP
  return
}
"""


@pytest.mark.parametrize(
    ("text", "kind", "amount"),
    [
        ("%x = arith.addf %v, %v : vector<4x8xf32>", ("flops", "f32"), 32),
        ("%x = vector.fma %v, %v, %v : vector<4x8xf32>", ("flops", "f32"), 64),
        ("%x = math.fma %s, %s, %s : f32", ("flops", "f32"), 2),
        ("%x = math.rsqrt %s : f32", ("flops", "f32"), 2),
        ("%x = arith.cmpf olt, %v, %v : vector<4x8xf32>", ("flops", "f32"), 32),
        ("%x = math.exp2 %v : vector<4x8xf32>", ("calls", "exp2"), 32),
        ("%x = vector.reduction <add>, %r : vector<8xf32> into f32", ("flops", "f32"), 7),
        ("%x = vector.reduction <add>, %r, %s : vector<8xf32> into f32", ("flops", "f32"), 8),
        ("%x = vector.multi_reduction <add>, %v, %l [1] : vector<4x8xf32> to vector<4xf32>", ("flops", "f32"), 32),
        ("%x = vector.outerproduct %l, %r, %v : vector<4xf32>, vector<8xf32>", ("flops", "f32"), 64),
        ("%x = vector.outerproduct %l, %r : vector<4xf32>, vector<8xf32>", ("flops", "f32"), 32),
        ("%x = arith.muli %w, %w : vector<4x8xi32>", ("integer", ""), 32),
        ("%x = arith.andi %b, %b : i1", ("integer", ""), 1),
        ("%x = arith.select %b, %s, %s : f32", ("moves", ""), 1),
        ("%x = arith.sitofp %w : vector<4x8xi32> to vector<4x8xf32>", ("moves", ""), 32),
        ("%x = arith.muli %i, %i : index", ("index", ""), 1),
        ("%x = affine.apply affine_map<(d0) -> (d0 floordiv 8 + d0 * 3)>(%i)", ("index", ""), 3),
        ("%x = vector.broadcast %s : f32 to vector<4x8xf32>", None, 0),
    ],
)  # fmt: skip
def test_amount_of_one_execution(text: str, kind: tuple[str, str] | None, amount: int) -> None:
    (function,) = parse(VECTOR.replace("OP", text)).body.block.ops
    op = function.regions[0].block.first_op
    assert op is not None
    assert arithmetic(op) == ({} if kind is None else {kind: amount})


def test_contract_is_a_product_and_a_sum_for_each_point() -> None:
    text = """
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @f(%a: vector<4x3xf32>, %b: vector<3x8xf32>, %c: vector<4x8xf32>) {
  %x = vector.contract {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"],
    kind = #vector.kind<add>} %a, %b, %c : vector<4x3xf32>, vector<3x8xf32> into vector<4x8xf32>
  return
}
"""
    (function,) = parse(text).body.block.ops
    op = function.regions[0].block.first_op
    assert op is not None and lanes(op.results[0].type) == 32
    assert arithmetic(op) == {("flops", "f32"): 2 * 4 * 8 * 3}
