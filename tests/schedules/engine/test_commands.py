"""Scripts on the command line: rung-opt --schedule, rung run --schedule, and the example that is shipped."""

# ruff: noqa: E501 - lines of scripts stay whole

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rung.backends.machine import CPU
from rung.backends.reference.evaluate import evaluate
from rung.dialects.upstream import make_context, parse
from rung.dialects.upstream.scf import ForallOp
from rung.passes.runner import PassFailure, PassRunner
from rung.pipeline import lower, steps_between
from rung.schedules.engine import apply_schedule
from rung.schedules.engine.space import bind

from .conftest import MATMUL, arguments, computes, located, scheduled, script

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


@pytest.mark.parametrize(("name", "size"), [("matmul", "512"), ("softmax", "1024")])
def test_the_examples_agree_with_mlir_opt_on_the_linalg_rung(name: str, size: str, mlir_opt: Callable[..., str]):
    small = (EXAMPLES / f"{name}.mlir").read_text().replace("4096", "256").replace(size, "128")
    payload, ctx = parse(small), make_context()
    for step in steps_between("nd", "linalg"):
        if step.name == "linalg-choose-schedule":
            break
        step.make(CPU).apply(ctx, payload)
    text = (EXAMPLES / f"{name}_schedule.mlir").read_text()
    ours = payload.clone()
    apply_schedule(ours, parse(text))
    ours.verify()
    with tempfile.NamedTemporaryFile("w", suffix=".mlir") as file:
        file.write(text)
        file.flush()
        preload = f"--transform-preload-library=transform-library-paths={file.name}"
        theirs = parse(mlir_opt(str(payload), preload, "--transform-interpreter"))
    (want,) = computes(payload)
    np.testing.assert_allclose(computes(ours)[0], want, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(computes(theirs)[0], want, rtol=1e-5, atol=1e-5)
    whole = [op for op in ours.walk() if isinstance(op, ForallOp)]
    assert len(whole) == 1 and not any(op.name == "linalg.fill" and op.parent_op() is not whole[0] for op in ours.walk())


@pytest.mark.parametrize("seed", range(12))
def test_random_tilings_of_a_matmul_compute_the_same_on_every_rung(seed: int):
    rng = np.random.default_rng(seed)
    extents = (20, 16, 12)
    outer = [int(rng.integers(1, extents[0] + 1)), int(rng.integers(0, extents[1] + 1))]
    least = [min(size or extent, extent % size if size and extent % size else extent) for size, extent in zip(outer, extents)]
    inner = [int(rng.integers(0, least[0] + 1)), int(rng.integers(0, least[1] + 1)), int(rng.integers(1, 13))]
    order = [int(dim) for dim in rng.permutation(3)]
    loops = sum(size != 0 for size in inner)
    text = script(f"""  %m = transform.structured.match ops{{["linalg.generic"]}} in %root : (A) -> A
  %fill = transform.structured.match ops{{["linalg.fill"]}} in %root : (A) -> A
  %t, %f = transform.structured.tile_using_forall %m tile_sizes {outer} : (A) -> (A, A)
  %b, %f2 = transform.structured.fuse_into_containing_op %fill into %f : (A, A) -> (A, A)
  %u, %l:{loops} = transform.structured.tile_using_for %t tile_sizes {inner} interchange = {order} : (A) -> ({", ".join(["A"] * (loops + 1))})""")
    stop_at = ("linalg", "loops", "vector", "gpu")[seed % 4]
    module = lower(make_context(), parse(MATMUL), CPU, stop_at=stop_at, runner=PassRunner(crash_dir=None), schedule=located(text))
    plain = parse(MATMUL)
    want = computes(plain)[0]
    np.testing.assert_allclose(evaluate(module, "main", arguments(plain))[0], want, rtol=1e-4, atol=1e-4)
