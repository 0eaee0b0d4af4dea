"""The judge from outside: what a report says, the pass, the flag of rung-opt, and what a compile does with it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from parallel_kernels import KERNELS
from xdsl.dialects.builtin import ModuleOp

import rung.compile
from rung.compile import compile_module
from rung.dialects.contract_rules import Refusal
from rung.dialects.upstream import make_context, parse
from rung.frontend.runtime import HostBuffer
from rung.judges.total import verify_total
from rung.opt import main
from rung.passes.rung_verify_total import RungVerifyTotalPass, require_total
from rung.passes.runner import PassFailure
from rung.pipeline import lower

PROVED = KERNELS["guarded surplus threads"]
BEYOND = PROVED.replace("cmpi slt, %i, %c50", "cmpi sle, %i, %c50")
SUM = """func.func @main(%x: tensor<6x5xf32>) -> tensor<6xf32> {
  %s = nd.reduce "sum" %x axes [1] : tensor<6x5xf32> -> tensor<6xf32>
  return %s : tensor<6xf32>
}"""


def test_report_counts_what_needed_a_guard_and_what_came_from_memory() -> None:
    whole = verify_total(parse(KERNELS["matmul of loops"]))
    assert (whole.proved, whole.guarded, whole.data_dependent) == (3, 0, 0)
    guarded = verify_total(parse(PROVED))
    assert (guarded.proved, guarded.guarded, guarded.data_dependent) == (0, 2, 0)
    data = verify_total(parse(KERNELS["table of indices behind a guard"]))
    assert (data.proved, data.guarded, data.data_dependent) == (2, 0, 1)
    assert str(data) == (
        "proved total: 1 function, 3 accesses in bounds (2 by loops alone, 0 behind guards, 1 at indices from memory)"
    )


def test_finding_names_function_access_map_and_run() -> None:
    (first, second) = verify_total(parse(BEYOND)).findings
    assert (first.function, first.op.name, second.op.name) == ("k::g", "memref.load", "memref.store")
    assert (first.root, first.element, first.address) == ("x", (50,), 50)
    assert first.map == "(block_x, thread_x) -> (16*block_x + thread_x) of %x"
    assert first.point is not None and (first.point.block, first.point.thread) == ((3, 0, 0), (2, 0, 0))
    assert str(first) == (
        "memref.load %v in @g: index [50] of %x is out of bounds at block (3, 0, 0), thread (2, 0, 0): "
        "16*block_x + thread_x is 50, expected within 0 to 49; its map is (block_x, thread_x) -> (16*block_x + thread_x) of %x"
    )


def test_race_tells_both_runs() -> None:
    text = KERNELS["exchange in workgroup memory"].replace("gpu.barrier", "")
    (finding,) = (found for found in verify_total(parse(text)).findings if found.kind == "race")
    assert finding.point is not None and finding.other is not None and finding.other_op is not None
    assert finding.point.block == finding.other.block and finding.point.thread != finding.other.thread
    assert (finding.op.name, finding.other_op.name) == ("memref.store", "memref.load")


def test_module_of_a_rung_above_loops_is_not_proved() -> None:
    (finding,) = verify_total(parse(SUM)).findings[:1]
    assert finding.kind == "not followed" and "expected loops, vector or gpu" in str(finding)


def test_set_that_is_too_hard_is_a_finding_and_no_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    from rung.judges.total.sets import CONTEXT, MAX_OPERATIONS

    module = parse(KERNELS["two buffers in turn"])
    CONTEXT.set_max_operations(20)
    try:
        (finding,) = verify_total(module).findings
    finally:
        CONTEXT.set_max_operations(MAX_OPERATIONS)
    assert finding.kind == "not followed" and "is too hard to prove" in str(finding)


def test_pass_refuses_with_the_first_finding_and_how_many_more() -> None:
    module = parse(BEYOND)
    with pytest.raises(Refusal, match=r"memref.load %v in @g: bounds: index \[50\] of %x .* \(1 more finding\)") as caught:
        RungVerifyTotalPass().apply(make_context(), module)
    assert caught.value.op.name == "memref.load"
    before = str(module := parse(PROVED))
    RungVerifyTotalPass().apply(make_context(), module)
    assert str(module) == before


def test_pass_holds_workgroup_memory_to_its_option() -> None:
    module = parse(KERNELS["tree of sums"])
    require_total(module, 32)
    with pytest.raises(Refusal, match=r"uses 32 bytes of workgroup memory \(%w 32\), expected at most 31"):
        require_total(module, 31)


@pytest.mark.parametrize("road", [["--verify-total"], ["-p", "rung-verify-total"]])
def test_rung_opt_proves_or_names_the_place_in_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], road: list[str]
) -> None:
    good, bad = tmp_path / "good.mlir", tmp_path / "bad.mlir"
    good.write_text(PROVED)
    bad.write_text(BEYOND)
    assert main([str(good), *road, "--crash-dir", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert "gpu.func @g" in said.out
    assert ("proved total: 2 functions, 2 accesses" in said.err) == (road == ["--verify-total"])
    assert main([str(bad), *road, "--crash-dir", str(tmp_path)]) == 1
    said = capsys.readouterr()
    line = 1 + next(number for number, text in enumerate(BEYOND.splitlines()) if "%v = memref.load" in text)
    assert re.search(rf"bad.mlir:{line}:\d+: .*index \[50\] of %x is out of bounds", said.err)
    assert said.out == ""


def test_first_compile_proves_and_the_cache_remembers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pocl: None) -> None:
    monkeypatch.setenv("RUNG_CACHE_DIR", str(tmp_path))
    first = compile_module(parse(SUM), "opencl")
    assert dict(first.pass_seconds)["total"] > 0
    first.run([HostBuffer(np.ones((6, 5), np.float32))])[0].numpy()  # what has run is kept
    monkeypatch.setattr(rung.compile, "_prove", lambda *args: pytest.fail("proved again"))
    assert compile_module(parse(SUM), "opencl").from_cache


def test_program_that_is_not_proved_is_built_only_when_asked(monkeypatch: pytest.MonkeyPatch, pocl: None) -> None:
    monkeypatch.setattr("rung.pipeline.lower", _dropping_a_store)
    with pytest.raises(PassFailure, match=r"missing write: element \[0\] of its output %\w+ is written by nothing.*total=False"):
        compile_module(parse(SUM), "opencl", cache=False)
    built = compile_module(parse(SUM), "opencl", cache=False, total=False)
    assert "total" not in dict(built.pass_seconds)


def _dropping_a_store(*args: Any, **options: Any) -> ModuleOp:
    """The pipeline with a mistake at its end."""
    module = lower(*args, **options)
    store = next(op for op in module.walk() if op.name in ("memref.store", "vector.transfer_write"))
    store.detach()
    store.erase()
    return module
