"""Which transform ops upstream has, and what is said of one that we have not."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest
from xdsl.utils.exceptions import ParseError

from rung.dialects.upstream import make_context, parse
from rung.dialects.upstream.transform import Transform
from rung.dialects.upstream.transform.names import upstream_names
from rung.files import UsageError
from rung.parsing import parse_bytes

DEAD = ["transform.structured.tile", "transform.structured.tile_to_forall_op", "transform.tune.select"]


def script(line: str) -> str:
    return (
        "module attributes {transform.with_named_sequence} {\n"
        "  transform.named_sequence @s(%x: !transform.any_op) {\n"
        f"    {line}\n    transform.yield\n  }}\n}}\n"
    )


def test_mlir_opt_knows_every_name_of_the_table_and_none_that_died():
    tool = shutil.which("mlir-opt-22")
    if tool is None:
        pytest.skip("mlir-opt-22 is absent (Debian package mlir-22-tools)")
    names = [*sorted(upstream_names()), *DEAD]
    # the generic form of a known op is refused for its operands, of an unknown one for its name
    chunks = "\n// -----\n".join(f'"{name}"() : () -> ()' for name in names)
    done = subprocess.run([tool, "--split-input-file"], input=chunks, capture_output=True, text=True)
    unknown = re.findall(r"unregistered operation '([\w.]+)'|`([\w.]+)` created with unregistered", done.stderr)
    assert sorted(filter(None, (name for pair in unknown for name in pair))) == sorted(DEAD)


def test_table_has_every_op_that_we_have():
    assert {op.name for op in Transform.operations} <= upstream_names()
    assert len(upstream_names()) == 224


@pytest.mark.parametrize(
    "line", ["%0 = transform.structured.scalarize %x : (A) -> A", '"transform.structured.scalarize"(%x) : (A) -> ()']
)
def test_op_of_upstream_that_we_lack_says_so_at_its_name(line):
    with pytest.raises(ParseError) as caught:
        parse(script(line))
    assert caught.value.msg == '"transform.structured.scalarize" is legal upstream, not supported here'
    assert caught.value.span.text == "transform.structured.scalarize"


@pytest.mark.parametrize("name", sorted(upstream_names() - {op.name for op in Transform.operations}))
def test_each_op_that_we_lack_is_called_legal(name):
    with pytest.raises(ParseError, match=f'"{name}" is legal upstream, not supported here'):
        parse(script(name))


def test_slip_of_the_pen_gets_the_names_it_may_mean():
    with pytest.raises(ParseError) as caught:
        parse(script("%0 = transform.loop.unrol %x"))
    assert caught.value.msg.startswith('no op "transform.loop.unrol", did you mean transform.loop.unroll')


def test_name_like_no_other_gets_no_advice():
    with pytest.raises(ParseError) as caught:
        parse(script("%0 = transform.zzzzzzzz %x"))
    assert caught.value.msg == 'no op "transform.zzzzzzzz"'


def test_command_line_reader_names_file_line_and_column():
    with pytest.raises(UsageError) as caught:
        parse_bytes(script("%0 = transform.structured.scalarize %x").encode(), "s.mlir", make_context())
    assert str(caught.value).splitlines()[0] == (
        's.mlir:3:10: error: "transform.structured.scalarize" is legal upstream, not supported here'
    )


def test_context_does_not_import_the_dialect_before_a_script_is_met():
    code = (
        "import sys\nfrom rung.dialects.upstream import make_context\nctx = make_context()\n"
        "assert not any('upstream.transform' in name or name.endswith('upstream.smt') for name in sys.modules)\n"
        "assert ctx.get_optional_op('transform.yield') is not None\n"
        "assert 'xdsl.dialects.transform' not in sys.modules and 'xdsl.dialects.smt' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
