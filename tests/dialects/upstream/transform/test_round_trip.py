"""Every transform op, in both of upstream's syntaxes, read and written: mlir-opt finds no difference, and nor does structure.

samples/ holds upstream's own spelling, a file a group; mlir-opt reads all files in one go, as it is slow to start.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rung.dialects.upstream import parse
from rung.dialects.upstream.transform import Transform
from rung.judges.upstream import generic_text

SAMPLES = Path(__file__).parent / "samples"
FILES = sorted(path.name for path in SAMPLES.glob("*.mlir"))
TEXTS = {name: (SAMPLES / name).read_text() for name in FILES}
GENERIC = ("--mlir-print-op-generic", "--mlir-print-local-scope")
CUT = "\n// -----\n"


@pytest.fixture(scope="module")
def upstream(mlir_opt):
    """`upstream(texts, *flags)`: what mlir-opt prints for each of the files' texts."""

    def run(texts: list[str], *flags: str) -> dict[str, str]:
        chunks = mlir_opt(CUT.join(texts), "--split-input-file", *flags).split("// -----\n")
        assert len(chunks) == len(texts)
        return dict(zip(FILES, chunks, strict=True))

    return run


@pytest.fixture(scope="module")
def wanted(upstream):
    return upstream(list(TEXTS.values()))


@pytest.fixture(scope="module")
def wanted_generic(upstream):
    return upstream(list(TEXTS.values()), *GENERIC)


@pytest.fixture(scope="module")
def modules():
    return {name: parse(text, name) for name, text in TEXTS.items()}


def test_samples_verify(modules):
    for module in modules.values():
        module.verify()


def test_upstream_reads_our_custom_text_as_the_same_scripts(upstream, wanted, wanted_generic, modules):
    texts = [str(module) for module in modules.values()]
    assert upstream(texts) == wanted
    assert upstream(texts, *GENERIC) == wanted_generic


def test_upstream_reads_our_generic_text_as_the_same_scripts(upstream, wanted, modules):
    assert upstream([generic_text(module) for module in modules.values()]) == wanted


@pytest.mark.parametrize("name", FILES)
def test_what_upstream_prints_is_read_as_the_same_structure(name, wanted, wanted_generic, modules):
    for text in (wanted[name], wanted_generic[name]):
        again = parse(text, name)
        again.verify()
        assert modules[name].is_structurally_equivalent(again)


@pytest.mark.parametrize("name", FILES)
def test_own_text_is_read_as_the_same_structure_and_printed_the_same(name, modules):
    again = parse(str(modules[name]), name)
    assert modules[name].is_structurally_equivalent(again)
    assert str(again) == str(modules[name])


@pytest.mark.parametrize("name", FILES)
def test_clone_of_sample_is_equivalent(name, modules):
    modules[name].clone().verify()
    assert modules[name].is_structurally_equivalent(modules[name].clone())


@pytest.mark.parametrize("op", sorted(op.name for op in Transform.operations))
def test_every_op_has_a_sample(op):
    assert any(re.search(rf"(?<![\w.]){re.escape(op)}(?![\w.])", text) for text in TEXTS.values())


@pytest.mark.parametrize(
    ("written", "as_printed"),
    [
        ("tile_using_forall %0 tile_sizes [4] num_threads [2]", "tile_using_forall %0 num_threads [2] tile_sizes [4]"),
        ("fuse %0 interchange [0] tile_sizes [4]", "fuse %0 tile_sizes [4] interchange [0]"),
        ("get_parent_op %0 {nth_parent = 1 : i64}", "get_parent_op %0 :"),
        ("split_handle %0 {pass_through_empty_handle = true}", "split_handle %0 :"),
        ("loop.outline %0 {func_name = \"f\", note}", "{func_name = \"f\", note}"),
    ],
    ids=["forall clauses swapped", "fuse clauses swapped", "default spelled out", "true default spelled out", "own attribute"],
)  # fmt: skip
def test_spelling_that_upstream_allows_is_printed_as_upstream_prints_it(written, as_printed, mlir_opt):
    group = "" if written.startswith(("get_", "split_handle", "loop.")) else "structured."
    results = ", ".join(["!transform.any_op"] * (1 if written.startswith("get_") else 2))
    text = (
        "module attributes {transform.with_named_sequence} {\ntransform.named_sequence @s(%0: !transform.any_op) {\n"
        f"%1{'' if 'get_' in written else ':2'} = transform.{group}{written} : (!transform.any_op) -> ({results})\n"
        "transform.yield\n}\n}"
    )
    ours, theirs = str(parse(text)), mlir_opt(text)
    assert as_printed.replace("%0", "%arg0") in theirs
    assert as_printed in ours
