"""Scripts on the command line: rung-opt --schedule, rung run --schedule, and the example that is shipped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rung.backends.machine import CPU
from rung.backends.reference.evaluate import evaluate
from rung.dialects.upstream import make_context, parse
from rung.dialects.upstream.scf import ForallOp
from rung.passes.runner import PassFailure, PassRunner
from rung.pipeline import lower
from rung.schedules.engine.space import bind

from .conftest import MATMUL, computes, located, scheduled, script

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
SMALL = (EXAMPLES / "matmul.mlir").read_text().replace("512", "64")
TEXT = (EXAMPLES / "matmul_schedule.mlir").read_text()


@pytest.mark.parametrize("stop_at", ["linalg", "loops", "vector", "gpu"])
def test_the_example_goes_down_the_ladder_as_it_says(stop_at: str):
    kernel = bind(parse(TEXT), {"rows": 32, "columns": 64})
    module = lower(make_context(), parse(SMALL), CPU, stop_at=stop_at, runner=PassRunner(crash_dir=None), schedule=kernel)
    rng = np.random.default_rng(2)
    a, b = (rng.standard_normal((64, 64)).astype(np.float32) for _ in range(2))
    np.testing.assert_allclose(evaluate(module, "main", [a, b])[0], a @ b, rtol=1e-4, atol=1e-4)
    if stop_at in ("linalg", "loops", "vector"):
        (grid,) = [op for op in module.walk() if isinstance(op, ForallOp)]
        assert grid.static_bounds() == [(0, 64, 32), (0, 64, 64)]


def test_a_step_that_fails_on_the_road_is_told_with_its_place_in_the_script():
    text = script('  %g = transform.structured.match ops{["linalg.generic"]} in %root : (A) -> A\n'
                  "  %t, %f = transform.structured.tile_using_forall %g tile_sizes [0, 0, 8] : (A) -> (A, A)")  # fmt: skip
    with pytest.raises(PassFailure, match=r"pass apply-schedule: .*s\.mlir:4:3: error: .*racy") as caught:
        lower(make_context(), parse(SMALL), CPU, runner=PassRunner(crash_dir=None), schedule=located(text))
    assert caught.value.reproducer_path is None


def test_a_module_below_linalg_takes_no_schedule():
    loops = lower(make_context(), parse(SMALL), CPU, stop_at="loops", runner=PassRunner(crash_dir=None))
    with pytest.raises(ValueError, match="module is on rung loops, expected nd or linalg"):
        lower(make_context(), loops, CPU, schedule=parse(TEXT))


def test_rung_opt_applies_a_script_and_prints_what_it_says_on_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    from rung.opt import main

    steps = """  %m = transform.structured.match ops{["linalg.matmul"]} in %root : (A) -> A
  %t, %f = transform.structured.tile_using_forall %m tile_sizes [4] : (A) -> (A, A)
  transform.debug.emit_remark_at %f, "the grid" : A"""
    (tmp_path / "p.mlir").write_text(MATMUL)
    (tmp_path / "s.mlir").write_text(script(steps))
    assert main([str(tmp_path / "p.mlir"), "--schedule", str(tmp_path / "s.mlir")]) == 0
    out, err = capsys.readouterr()
    assert "remark: the grid" in err
    want, _ = scheduled(MATMUL, script(steps))
    np.testing.assert_array_equal(computes(parse(out))[0], computes(want)[0])
    (tmp_path / "s.mlir").write_text(script(steps.replace("[4]", "[0, 0, 4]")))
    assert main([str(tmp_path / "p.mlir"), "--schedule", str(tmp_path / "s.mlir")]) == 1
    assert f"{tmp_path / 's.mlir'}:4:3: error: transform.structured.tile_using_forall: racy" in capsys.readouterr().err


def test_rung_run_takes_a_script(tmp_path: Path):
    pytest.importorskip("pyopencl")
    from rung.cli import main

    (tmp_path / "p.mlir").write_text(SMALL)
    plain, ours = tmp_path / "plain", tmp_path / "ours"
    assert main(["run", str(tmp_path / "p.mlir"), "--random", "1", "--out", str(plain)]) == 0
    arguments = ["run", str(tmp_path / "p.mlir"), "--random", "1", "--schedule", str(EXAMPLES / "matmul_schedule.mlir")]
    assert main([*arguments, "--out", str(ours)]) == 0
    np.testing.assert_allclose(np.load(ours / "0.npy"), np.load(plain / "0.npy"), rtol=1e-4, atol=1e-4)
