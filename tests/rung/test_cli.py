"""`rung ladder`, `rung run`, `rung doctor` as a user meets them: what they print, one message where something does not fit."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rung.backends.reference import evaluate
from rung.cli import main
from rung.dialects.upstream import parse

SOFTMAX = """\
func.func @main(%x: tensor<96x40xf32>) -> tensor<96x40xf32> {
  %m = nd.reduce "max" %x axes [1] : tensor<96x40xf32> -> tensor<96xf32>
  %m1 = nd.reshape %m : tensor<96xf32> -> tensor<96x1xf32>
  %m2 = nd.expand %m1 : tensor<96x1xf32> -> tensor<96x40xf32>
  %d = nd.binary "sub" %x, %m2 : tensor<96x40xf32> -> tensor<96x40xf32>
  %e = nd.unary "exp2" %d : tensor<96x40xf32>
  %s = nd.reduce "sum" %e axes [1] : tensor<96x40xf32> -> tensor<96xf32>
  %s1 = nd.reshape %s : tensor<96xf32> -> tensor<96x1xf32>
  %s2 = nd.expand %s1 : tensor<96x1xf32> -> tensor<96x40xf32>
  %y = nd.binary "div" %e, %s2 : tensor<96x40xf32> -> tensor<96x40xf32>
  return %y : tensor<96x40xf32>
}
"""
RUNGS = ["nd", "linalg", "loops", "vector", "gpu", "source"]


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp2(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "softmax.mlir"
    path.write_text(SOFTMAX)
    return str(path)


@pytest.fixture
def x(tmp_path: Path, rng: np.random.Generator) -> tuple[str, np.ndarray]:
    array = rng.standard_normal((96, 40)).astype(np.float32)
    np.save(tmp_path / "x.npy", array)
    return str(tmp_path / "x.npy"), array


def refused(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    assert main(args) == 2
    said = capsys.readouterr()
    assert said.out == ""
    return said.err


def test_ladder_prints_every_rung_under_its_question(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ladder", file]) == 0
    heads = [line for line in capsys.readouterr().out.splitlines() if line.startswith("// ====")]
    assert [head.split()[2].rstrip(":") for head in heads] == RUNGS
    assert "which kernels, over which index space. 1 kernels, " in heads[1]


@pytest.mark.parametrize("rung", RUNGS[:-1])
def test_ladder_prints_text_that_runs_and_that_upstream_reads(
    file: str, rung: str, capsys: pytest.CaptureFixture[str], rng: np.random.Generator, mlir_opt: Callable[..., str]
) -> None:
    assert main(["ladder", file, "--rung", rung]) == 0
    text = capsys.readouterr().out
    mlir_opt(text)
    x = rng.standard_normal((96, 40)).astype(np.float32)
    np.testing.assert_allclose(evaluate(parse(text), "main", [x])[0], softmax(x), rtol=2e-6)


def test_ladder_narrows_to_a_kernel_by_number_or_name(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ladder", file, "--kernel", "0", "--rung", "loops"]) == 0
    by_number = capsys.readouterr().out
    assert "@main" not in by_number
    name = by_number.split("kernel @")[1].split(",")[0]
    assert main(["ladder", file, "--kernel", name, "--rung", "loops"]) == 0
    assert capsys.readouterr().out == by_number


def test_ladder_sizes_has_a_row_for_each_kernel(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ladder", file, "--sizes"]) == 0
    head, row, *_ = capsys.readouterr().out.splitlines()
    assert head.split() == ["kernel", *RUNGS]
    assert all(int(size) > 3 for size in row.split()[2:])


def test_ladder_refuses_what_is_not_there(file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "ladder", file, "--kernel", "7").startswith("rung ladder: no kernel 7; found 0 @")
    assert "no target 'metal', expected one of opencl" in refused(capsys, "ladder", file, "--target", "metal")
    assert main(["ladder", file, "--rung", "linalg"]) == 0
    (tmp_path / "l.mlir").write_text(capsys.readouterr().out)
    assert "is on the linalg rung, which is below nd" in refused(capsys, "ladder", str(tmp_path / "l.mlir"), "--rung", "nd")


def test_ladder_of_a_program_with_a_mistake_is_one_located_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.mlir"
    path.write_text(SOFTMAX.replace("axes [1]", "axes [2]", 1))
    said = refused(capsys, "ladder", str(path))
    assert f"{path}:2:3: error: " in said
    assert said.count("\n") == 1


def test_run_prints_results_and_writes_them(
    file: str, x: tuple[str, np.ndarray], tmp_path: Path, capsys: pytest.CaptureFixture[str], pocl: None
) -> None:
    path, array = x
    assert main(["run", file, "--arg", path]) == 0
    assert capsys.readouterr().out.startswith("result 0: float32[96, 40]\n[[")
    assert main(["run", file, "--arg", path, "--out", str(tmp_path / "out"), "--time", "3"]) == 0
    said = capsys.readouterr()
    assert "found in the kernel cache" in said.err
    assert "3 runs" in said.out
    np.testing.assert_allclose(np.load(tmp_path / "out/0.npy"), softmax(array), rtol=2e-6)


@pytest.mark.parametrize("rung", ["linalg", "loops", "vector", "gpu"])
def test_run_takes_a_lower_rung(
    file: str, rung: str, x: tuple[str, np.ndarray], tmp_path: Path, capsys: pytest.CaptureFixture[str], pocl: None
) -> None:
    path, array = x
    assert main(["ladder", file, "--rung", rung]) == 0
    lower = tmp_path / "lower.mlir"
    lower.write_text(capsys.readouterr().out)
    for target in ("reference", "opencl") if rung == "linalg" else ("reference",):
        assert main(["run", str(lower), "--arg", path, "--target", target, "--out", str(tmp_path / target)]) == 0
        np.testing.assert_allclose(np.load(tmp_path / target / "0.npy"), softmax(array), rtol=2e-6)


def test_run_refuses_what_does_not_fit(file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "t.npy", np.ones((40, 96), np.float32))
    said = refused(capsys, "run", file, "--arg", str(tmp_path / "t.npy"))
    assert said == f"rung run: argument 0 (%x) of @main: {tmp_path}/t.npy is float32[40, 96], expected float32[96, 40]\n"
    assert "--time is 0, expected at least 1" in refused(capsys, "run", file, "--random", "0", "--time", "0")
    assert "no public function @other; found @main" in refused(capsys, "run", file, "--random", "0", "--function", "other")


def test_run_without_a_device_names_doctor(
    file: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, pocl: None
) -> None:
    from rung.backends.opencl.runtime import _opened

    monkeypatch.setenv("RUNG_OPENCL_DEVICE", "no such device")
    _opened.cache_clear()
    try:
        assert "rung doctor" in refused(capsys, "run", file, "--random", "0")
    finally:
        _opened.cache_clear()


def test_doctor_tries_the_device_and_names_every_judge(capsys: pytest.CaptureFixture[str], pocl: None) -> None:
    assert main(["doctor", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    opencl = [finding for finding in report["devices"] if finding["name"] == "opencl"]
    assert any(finding["ok"] and "built and ran a kernel" in finding["detail"] for finding in opencl)
    (judges,) = [findings for title, findings in report.items() if title.startswith("judges")]
    assert [finding["name"] for finding in judges] == ["mlir-opt-22", "mlir-runner-22", "oclgrind", "cuda-cpu", "clang"]
    assert all(finding["ok"] or finding["remedy"] for finding in judges)


def test_doctor_says_what_a_cache_folder_that_cannot_be_written_means(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RUNG_CACHE_DIR", str(tmp_path / "file" / "cache"))
    main(["doctor"])
    assert "read-only (by RUNG_CACHE_DIR)" in (said := capsys.readouterr().out)
    assert "kernels still compile, in every process anew" in said


def test_run_refuses_a_seed_target_or_folder_that_cannot_be(
    file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "--random is -3, expected at least 0" in refused(capsys, "run", file, "--random", "-3")
    told = refused(capsys, "run", file, "--random", "0", "--target", "nonsense")
    assert "no target 'nonsense', expected one of opencl, cuda, cuda-cpu, cpu, reference" in told
    (tmp_path / "taken").write_text("a file")
    told = refused(capsys, "run", file, "--random", "0", "--target", "reference", "--out", str(tmp_path / "taken"))
    assert told == f"rung run: {tmp_path / 'taken'}: File exists\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("command", [["rung.cli", "ladder"], ["rung.opt"]])
def test_full_disk_behind_stdout_is_one_message(file: str, command: list[str]) -> None:
    module, *rest = command
    program = f"import sys; from {module} import main; sys.exit(main())"
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-c", program, *rest, file], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode != 0
    assert done.stderr.splitlines() == [
        f"{' '.join((rest and ['rung', *rest]) or ['rung-opt'])}: <stdout>: No space left on device"
    ]


@pytest.mark.parametrize("command", [["rung.cli", "ladder"], ["rung.opt"]])
def test_closed_stdout_is_no_traceback(file: str, command: list[str]) -> None:
    module, *rest = command
    program = f"import sys; from {module} import main; sys.exit(main())"
    words = " ".join(shlex.quote(word) for word in [sys.executable, "-c", program, *rest, file])
    done = subprocess.run(["bash", "-c", f"{words} >&-"], stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_run_takes_its_target_from_the_environment(
    file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RUNG_TARGET", "nonsense")
    assert "no target 'nonsense'" in refused(capsys, "run", file, "--random", "0")


def test_run_of_a_program_that_reads_out_of_bounds_is_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "p.mlir").write_text("""
func.func @main(%x: memref<8xf32>, %o: memref<8xf32>) attributes {outs = 1 : i64} {
  %c8 = arith.constant 8 : index
  %v = memref.load %x[%c8] : memref<8xf32>
  memref.store %v, %o[%c8] : memref<8xf32>
  return
}
""")
    told = refused(capsys, "run", str(tmp_path / "p.mlir"), "--random", "0", "--target", "reference")
    assert "p.mlir:4:3: reference: memref.load (%v) in @main: index (8,) is out of bounds" in told


@pytest.mark.parametrize("command", [["rung.cli", "ladder", "-"], ["rung.opt"]])
def test_interrupt_ends_a_command_at_once_without_a_traceback(command: list[str]) -> None:
    module, *rest = command
    program = f"import sys; from {module} import main; print('ready', file=sys.stderr, flush=True); sys.exit(main())"
    # stands at reading standard input, in C, until it is interrupted
    with subprocess.Popen(
        [sys.executable, "-c", program, *rest],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None and process.stderr.readline() == "ready\n"
        time.sleep(1.0)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == -signal.SIGINT
        assert process.stderr.read() == ""
