"""The points of integer sets: closed forms against enumeration."""

from __future__ import annotations

import random
import time

import islpy as isl
import pytest

from rung.judges.cost.points import count


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("{ [] }", 1),
        ("{ [i] : 1 = 0 }", 0),
        ("{ [i, j, k] : 0 <= i < 4096 and 0 <= j < 4096 and 0 <= k < 512 }", 4096 * 4096 * 512),
        # the guard of the last block leaves the other dims a box
        (
            "{ [b, t, i, j] : 0 <= b < 40 and 0 <= t < 128 and 0 <= i < 400 and 0 <= j < 4000 and 128b + t < 5000 }",
            5000 * 1600000,
        ),
        ("{ [b, t] : 0 <= b <= 125000 and 0 <= t < 128 and 128b + t < 16000011 }", 16000011),
        ("{ [i, j] : 0 <= i < 40960 and 0 <= j <= i }", 40960 * 40961 // 2),
        ("{ [i, j] : 0 <= i < 9 and 0 <= j <= i and (i + j) mod 3 = 0 }", 15),
        # a 3x3 window over 60x61, inside its border
        (
            "{ [i, j, k, l] : 0 <= i < 60 and 0 <= j < 61 and 0 <= k, l < 3 and 0 < i + k <= 60 and 0 < j + l <= 61 }",
            (3 * 60 - 2) * (3 * 61 - 2),
        ),
        ("{ [i] : 0 <= i < 5 or 3 <= i < 9 }", 9),
        ("{ [i] : 0 <= i < 40 and i mod 4 = 1 }", 10),
    ],
)
def test_known_sets(text: str, points: int) -> None:
    assert count(isl.Set(text)) == points


def test_unbounded_set_is_refused() -> None:
    with pytest.raises(ValueError, match="is not bounded"):
        count(isl.Set("{ [i] : i >= 0 }"))


def test_closed_forms_take_no_time_where_enumeration_takes_long() -> None:
    guarded = isl.Set("{ [b, t, i, j] : 0 <= b < 40 and 0 <= t < 128 and 0 <= i < 4000 and 0 <= j < 4000 and 128b + t < 5000 }")
    start = time.perf_counter()
    count(guarded)
    assert time.perf_counter() - start < 0.5  # enumeration: 20 s


def test_random_sets_have_as_many_points_as_enumeration_finds() -> None:
    rng = random.Random(0)
    nonempty = 0
    for _ in range(1500):
        names = [f"x{i}" for i in range(rng.randint(1, 4))]
        found = isl.Set(f"{{ [{', '.join(names)}] : {_constraints(rng, names)} }}")
        want = found.count_val().to_python()
        nonempty += want > 0
        assert count(found) == want, str(found)
    assert nonempty > 800


def _constraints(rng: random.Random, names: list[str]) -> str:
    """Bounds of every dim, some further constraints with and without floors, sometimes a union."""
    box = [f"{rng.randint(-3, 2)} <= {name} < {rng.randint(1, 7)}" for name in names]
    for _ in range(rng.randint(0, 3)):
        expr = " + ".join(f"{rng.randint(-2, 3)}{name}" for name in names)
        box.append(
            rng.choice(
                [
                    f"{expr} <= {rng.randint(0, 9)}",
                    f"({expr}) mod {rng.randint(2, 4)} <= {rng.randint(0, 2)}",
                    f"floor(({expr}) / {rng.randint(2, 4)}) <= {rng.randint(0, 2)}",
                ]
            )
        )
    body = " and ".join(box)
    if rng.random() < 0.3:
        other = " and ".join(f"{rng.randint(-3, 2)} <= {name} < {rng.randint(1, 7)}" for name in names)
        body = f"({body}) or ({other})"
    return body
