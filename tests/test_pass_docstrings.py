"""The docstring of each pass is executed: its `before`, run through the pass, is its `after`, whatever the values are called.

Upstream accepts both texts, and `after` keeps the contract of the rung that the pipeline says the pass leaves.
"""

from __future__ import annotations

import difflib
import re
import sys
import textwrap

import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import PassPipeline

from rung.dialects.contracts import RUNGS
from rung.dialects.upstream import make_context, parse
from rung.judges.structure import check_module
from rung.judges.upstream import upstream_judge
from rung.pipeline import PIPELINE
from rung.universe import PASSES, load_pass

LEAVES = {step.name: step.rung for step in PIPELINE}


def docstring(name: str) -> str:
    pass_ = load_pass(PASSES[name])
    text = sys.modules[pass_.__module__].__doc__
    assert text, f"{pass_.__module__} has no docstring"
    return text


def block(text: str, word: str) -> str:
    """The IR that is indented under the line `word`."""
    found = re.search(rf"^{word}\n((?:    .*\n|\s*\n)+)", text + "\n", re.M)
    assert found, f"no line `{word}` with IR indented by 4 under it"
    return textwrap.dedent(found.group(1))


def nameless(module: ModuleOp) -> str:
    """The module's text with values numbered in order, for a diff that shows the first difference that counts."""
    module = module.clone()
    for op in module.walk():
        for value in (*op.results, *(a for region in op.regions for b in region.blocks for a in b.args)):
            value.name_hint = None
    return str(module)


def run(name: str, module: ModuleOp) -> None:
    options = re.search(r"^options\s+(\{.*\})\s*$", docstring(name), re.M)
    spec = name + (options.group(1) if options else "")
    PassPipeline.parse_spec({name: lambda: load_pass(PASSES[name])}, spec).apply(make_context(), module)


@pytest.mark.parametrize("name", PASSES)
def test_before_becomes_after(name, verdict):
    text = docstring(name)
    module, after = parse(block(text, "before"), f"{name}, before"), parse(block(text, "after"), f"{name}, after")
    check_module(module)
    run(name, module)
    check_module(module)
    if not module.is_structurally_equivalent(after):
        found, want = nameless(module).splitlines(), nameless(after).splitlines()
        difference = "\n".join(difflib.unified_diff(want, found, "after, as documented", "after, as made", lineterm="", n=2))
        pytest.fail(difference or f"the attributes differ; made:\n{module!s}\ndocumented:\n{after!s}", pytrace=False)
    verdict(name, "docstring")


@pytest.mark.parametrize("name", PASSES)
def test_upstream_accepts_before_and_after(name, mlir_opt, verdict):
    for word in ("before", "after"):
        upstream_judge()(parse(block(docstring(name), word)))
    verdict(name, "upstream")


@pytest.mark.parametrize("name", [name for name in PASSES if name in LEAVES])
def test_after_keeps_the_rung_that_the_pipeline_declares(name):
    check_module(parse(block(docstring(name), "after")), LEAVES[name])


@pytest.mark.parametrize("name", PASSES)
def test_docstring_begins_with_what_it_does_and_ends_with_why_here(name):
    text = docstring(name).strip()
    assert text.splitlines()[0].endswith((".", ":")) or text.split("\n\n")[0].rstrip().endswith((".", ":"))
    last = text.split("\n\n")[-1]
    assert last.startswith("Why here: "), f"the last paragraph is {last!r}, expected `Why here: ..`"
    assert any(rung in last for rung in RUNGS), f"{last!r} names no rung, expected what it needs and keeps or leaves"


def test_block_of_ir_ends_where_the_next_word_begins():
    text = "Do.\n\noptions  {size=3}\nbefore\n    a\n    b\nafter\n    c\n\nWhy here: nd.\n"
    assert block(text, "before") == "a\nb\n"
    assert block(text, "after").strip() == "c"
