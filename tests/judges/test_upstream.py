"""mlir-opt as a judge: what it accepts, what it refuses, and what is said where it is absent."""

# ruff: noqa: E501 - lines of IR stay whole

from __future__ import annotations

import pytest
from xdsl.utils.exceptions import VerifyException

from rung.dialects.upstream import parse
from rung.judges.upstream import ToolAbsent, find_mlir_opt, generic_text, upstream_judge

ND = (
    'func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {\n  %y = nd.unary "neg" %x : tensor<4xf32>\n  return %y : tensor<4xf32>\n}'
)


@pytest.fixture
def judge(mlir_opt):
    return upstream_judge()


def test_nd_and_upstream_ops_are_accepted(judge):
    judge(parse(ND))
    judge(parse("func.func @f(%v: vector<4xf32>) {\n  %w = vector.shape_cast %v : vector<4xf32> to vector<2x2xf32>\n  return\n}"))


def test_what_xdsl_lets_pass_and_upstream_does_not_is_refused_with_its_line(judge):
    module = parse(
        "func.func @f(%m: memref<8x8xf32>) {\n  %s = memref.subview %m[0, 0] [4, 4] [1, 1] : memref<8x8xf32> to memref<4x4xf32>\n  return\n}"
    )
    module.verify()
    with pytest.raises(VerifyException) as refused:
        judge(module)
    assert str(refused.value).startswith("upstream refuses: ")
    assert "memref.subview" in str(refused.value)


def test_module_is_sent_in_generic_form():
    assert '"nd.unary"' in generic_text(parse(ND))


def test_absent_tool_is_named_with_its_package(monkeypatch):
    monkeypatch.setenv("RUNG_MLIR_OPT", "no-such-mlir-opt")
    assert find_mlir_opt() is None
    with pytest.raises(ToolAbsent, match=r"mlir-opt-22 is absent, expected it on the path .Debian package mlir-22-tools"):
        upstream_judge()


def test_tool_without_a_message_is_told_by_its_status():
    with pytest.raises(VerifyException, match="upstream refuses: exit status 1"):
        upstream_judge("false")(parse(ND))
