"""Index sums: their text, range and divisor; names; precedence; dead declarations."""

from __future__ import annotations

import pytest

from rung.backends.c.linear import Atom, Linear
from rung.backends.c.lines import Assignment, Declarations, render
from rung.backends.c.names import Names

I = Linear.of(Atom("i", low=0, high=9))  # noqa: E741
J = Linear.of(Atom("j", low=0, high=3, multiple=4))
ONE = Linear.of(1)


@pytest.mark.parametrize(
    ("linear", "text"),
    [
        (Linear(), "0"),
        (Linear.of(-3), "-3"),
        (I + ONE, "i + 1"),
        (I + Linear.of(-1), "i - 1"),
        (Linear.of(7) + I * -1, "7 - i"),
        (I * -1, "-i"),
        (I * 512 + J, "i * 512 + j"),
        ((I + J) * 64 + ONE, "(i + j) * 64 + 1"),
        (I * -2 + J, "j - i * 2"),
        (I * -2 + Linear.of(-5), "-i * 2 - 5"),
        (I + I * -1, "0"),
        (I + I, "i * 2"),
    ],
)
def test_sums_read_as_a_person_writes_them(linear: Linear, text: str) -> None:
    assert linear.spell()[0] == text
    value = eval(text, {"i": 5, "j": 3})
    assert value == sum(times * {"i": 5, "j": 3}[atom.text] for atom, times in linear.terms) + linear.constant


def test_ranges_add_up_with_their_signs() -> None:
    assert (I * 2 + J * -3 + ONE).range == (-8, 19)
    assert (I * 2 + J * -3 + ONE).peak == 28


def test_divisors_are_common_to_all_terms() -> None:
    assert (J * 3 + Linear.of(8)).multiple == 4
    assert (I * 16 + J).multiple == 4
    assert (I + J).multiple == 1
    assert Linear().multiple == 0


def test_a_quotient_in_a_sum_keeps_its_parentheses() -> None:
    half = Linear.of(Atom("n ? a : b", precedence=4))
    assert (half * 2 + I).spell()[0] == "(n ? a : b) * 2 + i"
    assert (half + I).spell()[0] == "(n ? a : b) + i"


def test_names_are_unique_where_both_are_seen() -> None:
    names = Names(frozenset({"for"}))
    assert names.fresh("acc") == "acc"
    assert names.fresh("acc") == "acc_1"
    assert names.fresh("for") == "for_1"
    assert names.fresh("2x.y") == "v2x_y"
    assert names.fresh("größe").isascii()
    names.open()
    assert names.fresh("acc") == "acc_2"
    assert names.fresh("inner") == "inner"
    names.close()
    assert names.fresh("inner") == "inner"


def test_numbered_names_do_not_run_into_their_number() -> None:
    names = Names(frozenset())
    assert names.fresh("x1", ("0", "1")) == "x1_"
    assert names.fresh("y", ("0", "1")) == "y"
    assert names.fresh("y0") == "y0_1"


def test_declarations_that_nothing_mentions_are_dropped_with_what_only_they_used() -> None:
    lines = [
        Declarations("  ", [("float", "a", "x[0]"), ("float", "b", "x[1]")]),
        Declarations("  ", [("int", "i", ""), ("float", "c", "b * 2")]),
        "  out[i] = a;",
    ]
    assert render(lines) == ["  float a = x[0];", "  int i;", "  out[i] = a;"]


def test_variables_that_are_only_assigned_are_dropped() -> None:
    lines = [
        Declarations("", [("int", "kept", "0"), ("int", "dead", "0")]),
        "for (;;) {",
        Assignment("  dead += kept;", "dead", "dead + kept"),
        Assignment("  kept = 1;", "kept", "1"),
        "}",
        "out[0] = kept;",
    ]
    assert render(lines) == ["int kept = 0;", "for (;;) {", "  kept = 1;", "}", "out[0] = kept;"]


def test_declarations_of_one_type_share_a_line_up_to_its_end() -> None:
    many = [("float", f"acc{n}", "0.0f") for n in range(12)]
    lines = render([Declarations("", many), " ".join(name for _, name, _ in many)])
    assert len(lines) == 3
    assert all(len(line) <= 125 for line in lines)
    assert lines[0].startswith("float acc0 = 0.0f, acc1 = 0.0f, ")
