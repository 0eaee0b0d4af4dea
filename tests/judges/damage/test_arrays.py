"""Hostile and damaged .npy files: the array that was asked for, or one message. Nothing is unpickled or evaluated."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rung.judges.damage.arrays import hostile, hunt_arrays, judge
from rung.judges.damage.server import run_case

HOSTILE = hostile()
HARMLESS = {"pickle behind a header of floats", "header of Python 2"}
"""Read as the floats that their headers say, whatever follows them."""

_seen: list[str] | None = None


def _watch(event: str, args: tuple[object, ...]) -> None:
    if _seen is not None and event.startswith(("pickle.", "marshal.", "exec", "os.system", "subprocess.")):
        _seen.append(event)


sys.addaudithook(_watch)  # it cannot be taken back, so it listens only while a test asks it to


@pytest.mark.filterwarnings("ignore:Reading `.npy`")
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_array_is_told_and_never_unpickled(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    global _seen
    for first in ("other shape", "archive with a pickle"):  # imports are over when we listen
        judge(HOSTILE[first], tmp_path)
    monkeypatch.chdir(tmp_path)
    _seen = []
    try:
        found = judge(HOSTILE[name], tmp_path)
        assert _seen == []
    finally:
        _seen = None
    assert found == ("array" if name in HARMLESS else "message")
    assert [path.name for path in tmp_path.iterdir()] == ["x.npy"]


@pytest.mark.filterwarnings("ignore")
def test_damaged_arrays_are_read_or_told() -> None:
    found = hunt_arrays(500, seed=0)
    assert found["message"] > 300 and found["array"] > 5, found


def test_run_tells_of_a_hostile_array_in_one_line_and_writes_nothing() -> None:
    program = b"func.func @main(%x: tensor<3x4xf32>) -> tensor<3x4xf32> {\n  return %x : tensor<3x4xf32>\n}\n"
    files = {"p.mlir": program, **{f"{number}.npy": data for number, data in enumerate(HOSTILE.values())}}
    commands = [["rung", "run", "p.mlir", "--target", "reference", "--arg", f"{number}.npy"] for number in range(len(HOSTILE))]
    for name, outcome in zip(HOSTILE, run_case(files, commands), strict=True):
        assert outcome.status == (0 if name in HARMLESS else 2), (name, outcome)
        assert outcome.files == ()
        if outcome.status:
            assert outcome.err.startswith("rung run: argument 0 (%x) of @main: ") and outcome.err.count("\n") == 1, name
