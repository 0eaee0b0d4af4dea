"""`rung cost`: the table, its numbers as JSON, and what it says where a file or an option does not fit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rung.backends.target import target
from rung.cli import main
from rung.cli_cost import short
from rung.judges.cost.roofline import Roofline, path_of, save

GATHER = """
func.func private @gather(%x: memref<50xf32>, %at: memref<20xi32>, %out: memref<20xf32>) attributes {kernel, outs = 1 : i64} {
  %c50 = arith.constant 50 : index
  %zero = arith.constant 0.0 : f32
  scf.forall (%i) in (20) {
    %raw = memref.load %at[%i] : memref<20xi32>
    %row = arith.index_cast %raw : i32 to index
    %inside = arith.cmpi ult, %row, %c50 : index
    %v = scf.if %inside -> (f32) {
      %loaded = memref.load %x[%row] : memref<50xf32>
      scf.yield %loaded : f32
    } else {
      scf.yield %zero : f32
    }
    memref.store %v, %out[%i] : memref<20xf32>
  }
  return
}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RUNG_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path


def cells(line: str, head: str) -> dict[str, str]:
    """A line of the table by the titles of its columns, which are apart by two spaces or more."""
    return dict(zip((t.strip() for t in head.split("  ") if t.strip()), (c.strip() for c in line.split("  ") if c.strip())))


def test_table_of_a_matmul(folder: Path, repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", str(repository / "examples/matmul.mlir"), "--target", "cuda"]) == 0
    head, line, *rest = capsys.readouterr().out.splitlines()
    row = cells(line, head)
    assert row["kernel"] == "product" and row["flops"] == "268.4M" and row["compulsory B"] == "3.146M" and row["flop/B"] == "85.3"
    assert rest == ["no roofline: the peaks of this machine are not measured; `rung cost --measure --target cuda` does"]


@pytest.mark.parametrize("rung", ["loops", "vector", "gpu"])
def test_json_is_exact_on_each_rung(folder: Path, repository: Path, capsys: pytest.CaptureFixture[str], rung: str) -> None:
    assert main(["cost", str(repository / "examples/matmul.mlir"), "--rung", rung, "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out).values()
    assert found["flops"] == {"f32": 2 * 512**3} and found["exact"] and found["compulsory_exact"]
    assert found["compulsory_read_bytes"] == 2 * 4 * 512**2 and found["compulsory_written_bytes"] == 4 * 512**2
    assert "roofline_ms" not in found


def test_measured_machine_adds_the_roofline(
    folder: Path, repository: Path, capsys: pytest.CaptureFixture[str], pocl: None
) -> None:
    where = target("opencl")
    save(Roofline("opencl", "device", {"f32": 100e9, "f64": 50e9}, 10e9, "2026-11-24", True), where)
    assert main(["cost", str(repository / "examples/matmul.mlir"), "--run"]) == 0
    head, line, last = capsys.readouterr().out.splitlines()
    row = cells(line, head)
    assert row["roofline ms"] == "2.68" and row["by"] == "flops" and row["reached"].endswith("%") and float(row["ms"]) > 0
    assert last.startswith("roofline of device") and last.endswith("the machine was busy, measure again when it is not")
    path_of(where).write_text("{")
    assert main(["cost", str(repository / "examples/matmul.mlir")]) == 0
    assert "no roofline" in capsys.readouterr().out


def test_bound_is_marked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "gather.mlir"
    path.write_text(GATHER)
    assert main(["cost", str(path), "--rung", "loops"]) == 0
    head, line, _ = capsys.readouterr().out.splitlines()
    assert cells(line, head)["read B"] == "<=160"


def test_mistakes_are_located_messages(folder: Path, capsys: pytest.CaptureFixture[str], repository: Path) -> None:
    unbounded = folder / "unbounded.mlir"
    unbounded.write_text(
        """func.func @f(%n: memref<1xindex>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %end = memref.load %n[%c0] : memref<1xindex>
  scf.for %i = %c0 to %end step %c1 {
    %v = memref.load %n[%c0] : memref<1xindex>
  }
  return
}
"""
    )
    gathers = folder / "gather.mlir"
    gathers.write_text("module { func.func @f( }")
    matmul = str(repository / "examples/matmul.mlir")
    for arguments, message in (
        ([str(unbounded), "--rung", "loops"], f"{unbounded}:5:3: rung loops: scf.for"),
        ([str(gathers)], f"{gathers}:1:"),
        ([str(folder / "absent.mlir")], "absent.mlir: No such file"),
        ([], "no file given"),
        ([matmul, "--target", "abacus"], "--target: "),
        ([matmul, "--run", "--rung", "loops"], "--run times the gpu rung"),
        ([matmul, "--measure", "--target", "reference"], "the reference evaluator is no machine"),
    ):
        assert main(["cost", *arguments]) == 2, arguments
        assert message in capsys.readouterr().err


def test_program_below_the_rung_that_is_asked_for(folder: Path, capsys: pytest.CaptureFixture[str], repository: Path) -> None:
    assert main(["ladder", str(repository / "examples/matmul.mlir"), "--rung", "gpu"]) == 0
    path = folder / "gpu.mlir"
    path.write_text(capsys.readouterr().out)
    assert main(["cost", str(path)]) == 0
    assert "268.4M" in capsys.readouterr().out
    assert main(["cost", str(path), "--rung", "loops"]) == 2
    assert "is on the gpu rung, which is below loops" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (9999, "9999"), (10_000, "10k"), (268435456, "268.4M"), (999_999, "1000k"), (10**12, "1T"), (10**19, "1e+04P")],
)
def test_short_numbers(number: int, text: str) -> None:
    assert short(number) == text
