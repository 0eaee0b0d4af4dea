"""The roofline: kept numbers, damaged numbers, and the least time of a kernel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rung.backends.target import target
from rung.dialects.upstream import make_context, parse
from rung.judges.cost import Cost, cost
from rung.judges.cost import roofline as module
from rung.judges.cost.roofline import Roofline, load, measure, save
from rung.pipeline import lower

PEAKS = Roofline("opencl", "device", {"f32": 100e9, "f64": 50e9}, 10e9, "2026-11-24", False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RUNG_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_numbers_come_back_as_they_were_kept(folder: Path, pocl: None) -> None:
    where = target("opencl")
    assert load(where) is None
    assert save(PEAKS, where).parent == folder
    assert load(where) == PEAKS


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: text.replace("rung-roofline-1", "rung-roofline-0"),
        lambda text: text.replace("10000000000.0", "-1"),
        lambda text: text.replace("10000000000.0", "NaN"),
        lambda text: text.replace("10000000000.0", '"fast"'),
        lambda text: text.replace('"f32"', '"f31"'),
        lambda text: "[]",
        lambda text: '{"format": "rung-roofline-1", "flops_per_second": 1}',
        lambda text: "\udcff",
    ],
    ids=["empty", "half", "format", "negative", "nan", "word", "type", "list", "number", "bytes"],
)  # fmt: skip
def test_damaged_file_counts_as_not_measured(folder: Path, pocl: None, damage: Any) -> None:
    where = target("opencl")
    path = save(PEAKS, where)
    changed = damage(path.read_text())
    assert changed != path.read_text()
    path.write_bytes(changed.encode("utf-8", "surrogateescape"))
    assert load(where) is None


def test_slower_side_binds() -> None:
    moving = Cost({("flops", "f32"): 1000}, distinct_read=8000, distinct_written=2000)
    assert PEAKS.seconds(moving) == (pytest.approx(1e-6), "bytes")
    computing = Cost({("flops", "f32"): 10**6, ("flops", "f64"): 10**6, ("calls", "exp2"): 10**6}, distinct_read=4)
    assert PEAKS.seconds(computing) == (pytest.approx(40e-6), "flops")


def test_type_that_was_not_measured_counts_as_f32() -> None:
    assert PEAKS.seconds(Cost({("flops", "f16"): 100}))[0] == pytest.approx(1e-9)


def test_measuring_shows_progress_and_finds_plausible_peaks(pocl: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHAPES", ((4, 16),))
    monkeypatch.setattr(module, "COPY_ELEMENTS", 1 << 20)
    monkeypatch.setattr(module, "SECONDS_EACH", 1e-4)
    lines: list[str] = []
    where = target("opencl")
    found = measure(where, lines.append)
    assert lines[0].startswith("peak of f32") and lines[-1] == "bandwidth"
    assert 1e8 < found.flops_per_second["f64"] and 1e8 < found.flops_per_second["f32"] < 1e14
    assert 1e7 < found.bytes_per_second < 1e14


@pytest.mark.parametrize("shape", [None, (4, 16)], ids=["gpu", "cpu"])
def test_probe_is_counted_as_its_text_says(shape: tuple[int, int] | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONG_CHAINS", 1 << 10)
    text = module._long_chain("f32") if shape is None else module._chains("f32", *shape, blocks=6, steps=50)  # pyright: ignore[reportPrivateUsage]
    where = target("opencl" if shape else "cuda")
    (found,) = cost(lower(make_context(), parse(text), where.machine)).values()
    assert found.flops == (2 * 256 * 1024 if shape is None else 2 * 50 * 6 * 64)
