"""The integers of smt: constants as upstream keeps them, and xDSL's ops that take them too."""

from __future__ import annotations

import pytest
from xdsl.utils.exceptions import ParseError, VerifyException

from rung.dialects.upstream import parse
from rung.dialects.upstream.smt import IntConstantOp
from rung.judges.upstream import generic_text

NUMBERS = [0, 1, 7, 8, -8, 9, -1, 10, 16, 99, 100, -100, 127, 128, 1000, 4095, -4096, 10**18, -(10**18), 2**64]


@pytest.mark.parametrize("number", NUMBERS)
def test_constant_has_the_number_that_was_written(number):
    assert IntConstantOp(number).value == number


def test_constants_are_kept_in_as_many_bits_as_upstream_does(mlir_opt):
    text = "".join(f"smt.int.constant {number}\n" for number in NUMBERS)
    module = parse(text)
    generic = mlir_opt(text, "--mlir-print-op-generic", "--mlir-print-local-scope")
    assert module.is_structurally_equivalent(parse(generic))
    assert mlir_opt(generic_text(module)) == mlir_opt(text)
    assert [op.value for op in parse(mlir_opt(text)).walk() if isinstance(op, IntConstantOp)] == NUMBERS


def test_quantifier_of_xdsl_still_ends_in_the_repaired_yield():
    text = (
        "%0 = smt.exists {\n^bb0(%a: !smt.int):\n %c = smt.int.constant 4\n"
        " %1 = smt.eq %a, %c : !smt.int\n smt.yield %1 : !smt.bool\n}"
    )
    module = parse(text)
    module.verify()
    assert parse(str(module)).is_structurally_equivalent(module)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("%a = smt.int.constant 1\n%0 = smt.int.add %a", "expected integer >= 2, got 1"),
        ("%a = smt.constant true\n%0 = smt.int.abs %a", "used with type !smt.int"),
        ("%a = smt.int.constant 1\n%0 = smt.int.cmp less %a, %a", "found `less`, expected one of lt, le, gt, ge"),
        (
            '%a = smt.int.constant 1\n%0 = "smt.int.cmp"(%a, %a) <{pred = 4 : i64}> : (!smt.int, !smt.int) -> !smt.bool',
            "pred is 4, expected 0 to 3",
        ),
        ('%a = "test.op"() : () -> i64\n%0 = smt.eq %a, %a : i64', "i64"),
    ],
    ids=[
        "sum of one",
        "absolute value of a bool",
        "compare by another word",
        "compare by another number",
        "equality of machine integers",
    ],
)
def test_refused(text, message):
    with pytest.raises((ParseError, VerifyException)) as caught:
        parse(text).verify()
    assert message in str(caught.value)
