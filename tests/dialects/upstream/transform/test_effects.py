"""What an op consumes and whether it changes the payload, against what mlir-opt infers of the same op."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from xdsl.dialects.builtin import FunctionType, ModuleOp, StringAttr, UnitAttr
from xdsl.ir import Block, Region

from rung.dialects.upstream import parse
from rung.dialects.upstream.transform import FunctionalOp, Transform, TransformOp
from rung.dialects.upstream.transform.calls import IncludeOp
from rung.dialects.upstream.transform.match_structured import MatchStructuredOp, MatchStructuredYieldOp
from rung.dialects.upstream.transform.patterns import PatternOp
from rung.dialects.upstream.transform.sequences import NamedSequenceOp, YieldOp
from rung.dialects.upstream.transform.types import ANY_OP

SAMPLES = Path(__file__).parent / "samples"
HELPERS = ("sub", "empty", "match", "match2", "match3", "action", "action2")
"""The named sequences that samples call."""


def _alone(op: TransformOp, number: int) -> NamedSequenceOp:
    """A named sequence that does just this op, on its arguments: the operands, then what its regions use."""
    block = Block(arg_types=op.operand_types)
    clone = op.clone()
    for place, argument in enumerate(block.args):
        clone.operands[place] = argument
    for inner in clone.walk():
        for place, value in enumerate(inner.operands):
            owner = value.owner.parent_op() if isinstance(value.owner, Block) else value.owner
            if inner is not clone and (owner is None or not clone.is_ancestor(owner)):
                inner.operands[place] = block.insert_arg(value.type, len(block.args))
    block.add_ops([clone, YieldOp()])
    return NamedSequenceOp.create(
        properties={
            "sym_name": StringAttr(f"s{number}"),
            "sym_visibility": StringAttr("private"),
            "function_type": FunctionType.from_lists(list(block.arg_types), []),
        },
        regions=[Region(block)],
    )


@pytest.fixture(scope="module")
def alone():
    """For each op of the samples that stands in a named sequence: a sequence of it alone; and the module of all of those."""
    found: list[NamedSequenceOp] = []
    helpers: list[NamedSequenceOp] = []
    for path in sorted(SAMPLES.glob("*.mlir")):
        if path.name in ("spellings.mlir", "sequence_older.mlir"):
            continue
        for op in parse(path.read_text()).walk():
            if isinstance(op, NamedSequenceOp) and op.sym_name.data in HELPERS:
                helpers.append(op.clone())
            elif isinstance(op, TransformOp) and isinstance(op.parent_op(), NamedSequenceOp) and op.operands:
                if not isinstance(op, YieldOp):
                    found.append(_alone(op, len(found)))
    return ModuleOp([*helpers, *found], {"transform.with_named_sequence": UnitAttr()}), found


def _first(sequence: NamedSequenceOp) -> TransformOp:
    op = sequence.body.block.first_op
    assert isinstance(op, TransformOp)
    return op


def test_consumed_operands_are_those_that_upstream_infers(alone, mlir_opt):
    module, sequences = alone
    inferred = {
        op.sym_name.data: op.argument_effects()
        for op in parse(mlir_opt(module, "--transform-infer-effects")).ops
        if isinstance(op, NamedSequenceOp)
    }
    wrong = {}
    for sequence in sequences:
        op = _first(sequence)
        theirs = tuple(i for i, consumed in enumerate(inferred[sequence.sym_name.data][: len(op.operands)]) if consumed)
        if theirs != op.consumed_operands():
            wrong[str(op)] = (theirs, op.consumed_operands())
    assert wrong == {}
    assert {_first(sequence).name for sequence in sequences} == TESTED


TESTED = {
    op.name
    for op in Transform.operations
    if not issubclass(op, PatternOp)
    and not re.search(r"yield|named_sequence|param\.constant|tune\.knob|match\.structured\.", op.name)
}
"""All but ops without operands, ends of bodies, and what stands in transform.match.structured, where nothing is consumed."""


def test_what_changes_no_payload_is_what_upstream_drops_when_unused(alone, mlir_opt):
    module, sequences = alone
    left = {
        op.sym_name.data: [inner.name for inner in op.body.block.ops]
        for op in parse(mlir_opt(module, "--canonicalize")).ops
        if isinstance(op, NamedSequenceOp) and not op.is_declaration
    }
    wrong = {}
    for sequence in sequences:
        op = _first(sequence)
        # upstream keeps calls, whatever they call, and what prints
        if isinstance(op, IncludeOp) or op.name == "transform.print":
            continue
        keeps = bool(op.consumed_operands()) or op.modifies_payload()
        if keeps != (op.name in left[sequence.sym_name.data]):
            wrong[str(op)] = keeps
    assert wrong == {}


def test_include_consumes_and_changes_what_its_callee_does():
    text = (SAMPLES / "control.mlir").read_text().replace(
        "  transform.named_sequence @dispatch",
        "  transform.named_sequence @calls(%a: !transform.any_op {transform.consumed}) {\n"
        "    %b = transform.include @action2 failures(propagate) (%a) : (!transform.any_op) -> !transform.any_op\n"
        "    transform.include @action failures(propagate) (%b) : (!transform.any_op) -> ()\n"
        "    transform.yield\n  }\n  transform.named_sequence @dispatch",
    )  # fmt: skip
    module = parse(text)
    module.verify()
    first, second = [op for op in module.walk() if isinstance(op, IncludeOp)]
    assert (first.consumed_operands(), first.modifies_payload()) == ((0,), True)
    assert (second.consumed_operands(), second.modifies_payload()) == ((), False)


def test_ops_that_match_are_those_that_upstream_lets_into_a_matcher():
    tool = shutil.which("mlir-opt-22")
    if tool is None:
        pytest.skip("mlir-opt-22 is absent (Debian package mlir-22-tools)")
    lines = {}
    for path in sorted(SAMPLES.glob("*.mlir")):
        for op in parse(path.read_text()).walk():
            if isinstance(op, TransformOp) and isinstance(op.parent_op(), NamedSequenceOp) and not op.regions:
                if op.results and op.operands and not isinstance(op, YieldOp | IncludeOp):
                    lines.setdefault(op.name, _alone(op, 0))
    texts, names = [], list(lines)
    for name in names:
        sequence = lines[name]
        op = _first(sequence)
        op.detach()
        current = sequence.body.block.insert_arg(ANY_OP, 0)
        body = Region(Block([op, MatchStructuredYieldOp()], arg_types=[current.type]))
        sequence.body.block.insert_ops_before(
            [MatchStructuredOp.build(operands=[current], result_types=[[]], regions=[body])], sequence.body.block.first_op
        )
        sequence.properties["function_type"] = FunctionType.from_lists(list(sequence.body.block.arg_types), [])
        texts.append(str(ModuleOp([sequence], {"transform.with_named_sequence": UnitAttr()})))
    text = "\n// -----\n".join(texts)
    done = subprocess.run([tool, "--split-input-file"], input=text, capture_output=True, text=True)
    refused = set(re.findall(r"note: offending operation\n *(?:%[\w:, %]+ = )?([\w.]+)", done.stderr))
    classes = {op.name: op for op in Transform.operations}
    assert {name for name in names if not classes[name].MATCHES} == refused


@pytest.mark.parametrize("op", [op for op in Transform.operations if not issubclass(op, PatternOp)], ids=lambda op: op.name)
def test_results_and_consumed_operands_are_named_as_the_definition_names_them(op):
    definition = op.get_irdl_definition()
    assert set(op.RESULTS) == {name for name, _ in definition.results}
    assert set(op.CONSUMES) <= {name for name, _ in definition.operands}
    assert not issubclass(op, FunctionalOp) or (op.CONSUMES and op.MODIFIES)
