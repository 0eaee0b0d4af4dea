"""An error that knows no place is told with the nearest one in the user's file."""

from __future__ import annotations

from pathlib import Path

import pytest

from rung.backends.errors import BackendError
from rung.blame import located, telling_where
from rung.cli import main
from rung.files import UsageError, read_module
from rung.opt import main as opt_main
from rung.passes.runner import PassFailure

PROGRAM = """\
func.func @first() {
  func.return
}
func.func @second(%x: f32) -> f32 {
  %y = arith.addf %x, %x : f32
  func.return %y : f32
}
"""


@pytest.fixture
def module(tmp_path: Path):
    path = tmp_path / "p.mlir"
    path.write_text(PROGRAM)
    return read_module(str(path))


def test_function_that_the_text_names_is_the_place(module) -> None:
    assert located(ValueError("no rule in kernel @second"), module).endswith("p.mlir:4:1: no rule in kernel @second")
    assert located(ValueError("no rule in @kernels::@second"), module).endswith("p.mlir:4:1: no rule in @kernels::@second")


def test_first_function_is_the_place_where_nothing_is_named(module) -> None:
    assert located(ValueError("no rule"), module).endswith("p.mlir:1:1: no rule")


def test_op_that_was_looked_at_is_the_place(module) -> None:
    def rule(op) -> None:
        raise KeyError(op.name)

    add = next(op for op in module.walk() if op.name == "arith.addf")
    with pytest.raises(KeyError) as caught:
        rule(add)
    assert located(caught.value, module, "KeyError in @first").endswith("p.mlir:5:3: KeyError in @first")


def test_text_with_a_place_stays(module) -> None:
    assert located(ValueError("q.mlir:7:8: wrong"), module) == "q.mlir:7:8: wrong"


def test_what_a_backend_refuses_becomes_a_mistake_with_a_place(module) -> None:
    with pytest.raises(UsageError, match=r"p\.mlir:4:1: opencl: no rule for x in kernel @second"), telling_where(module):
        raise BackendError("opencl: no rule for x in kernel @second")


def test_what_a_check_refuses_on_the_way_gets_a_place_too(module) -> None:
    with pytest.raises(UsageError, match=r"p\.mlir:4:1: pass rung-verify-total: memref.load in @second: "), telling_where(module):
        raise PassFailure("rung-verify-total", "memref.load in @second: not followed")


BY_VALUE = """\
gpu.module @kernels {
  gpu.func @k(%x: memref<4xbf16>) kernel attributes {known_block_size = array<i32: 1, 1, 1>, known_grid_size = array<i32: 1, 1, 1>} {
    %c0 = arith.constant 0 : index
    %v = memref.load %x[%c0] : memref<4xbf16>
    %a = math.absf %v : bf16
    memref.store %a, %x[%c0] : memref<4xbf16>
    gpu.return
  }
}
func.func @main(%x: memref<4xbf16>) attributes {outs = 1 : i64} {
  %c1 = arith.constant 1 : index
  gpu.launch_func @kernels::@k blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%x : memref<4xbf16>)
  func.return
}
"""  # noqa: E501 - lines of IR stay whole


def test_ladder_of_what_no_target_spells_names_the_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.mlir"
    path.write_text(BY_VALUE)
    assert main(["ladder", str(path), "--target", "opencl"]) == 2
    assert capsys.readouterr().err == f"rung ladder: {path}:5:5: opencl: no rule for math.absf on bf16 in kernel @k\n"


def test_failing_pass_names_a_line_although_its_ops_are_new(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.mlir"
    path.write_text(
        "// a comment\nfunc.func private @k(%x: tensor<4xf32>) -> tensor<4xf32> "
        "attributes {kernel, spine = 1 : i64, schedule = {tile = array<i8: 4>}} {\n"
        "  %e = tensor.empty() : tensor<4xf32>\n"
        "  %y = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], "
        'iterator_types = ["parallel"]} ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) {\n'
        "  ^bb0(%a: f32, %b: f32):\n    linalg.yield %a : f32\n  } -> tensor<4xf32>\n  func.return %y : tensor<4xf32>\n}\n"
    )
    assert opt_main([str(path), "-p", "linalg-tile-to-forall", "--crash-dir", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith(f"rung-opt: pass linalg-tile-to-forall: {path}:2:1: schedule of @k has tile = ")
