"""The table of targets, and one from another package."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from types import ModuleType

import numpy as np
import pytest

from rung.backends import target as targets
from rung.dialects.upstream import parse


def test_every_target_of_the_table_is_one() -> None:
    for name in targets.TARGETS:
        found = targets.target(name)
        assert found.name == name
        assert found.machine.kind in ("cpu", "gpu")
        assert found.available() is None or isinstance(found.available(), str)


def test_an_unknown_target_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="no target 'vulkan', expected one of opencl, cuda, cuda-cpu, cpu, reference"):
        targets.target("vulkan")


def test_a_package_outside_adds_a_target(monkeypatch: pytest.MonkeyPatch) -> None:
    package = ModuleType("other_package")
    package.TARGET = type("Webgpu", (), {"name": "webgpu"})()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "other_package", package)
    point = EntryPoint("webgpu", "other_package:TARGET", targets.ENTRY_POINT_GROUP)

    def entry_points(group: str, name: str | None = None) -> list[EntryPoint]:
        return [point] if group == "rung.targets" and name in (None, "webgpu") else []

    monkeypatch.setattr(targets, "entry_points", entry_points)
    targets.target.cache_clear()
    assert targets.target_names() == ["opencl", "cuda", "cuda-cpu", "cpu", "reference", "webgpu"]
    assert targets.target("webgpu").name == "webgpu"
    targets.target.cache_clear()


def test_the_reference_target_runs_the_gpu_rung() -> None:
    text = """module attributes {gpu.container_module} {
  func.func @main(%x: memref<4xf32>, %out: memref<4xf32>) attributes {outs = 1 : i64} {
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    gpu.launch_func @kernels::@k blocks in (%c4, %c1, %c1) threads in (%c1, %c1, %c1)
        args(%x : memref<4xf32>, %out : memref<4xf32>)
    return
  }
  gpu.module @kernels {
    gpu.func @k(%x: memref<4xf32>, %out: memref<4xf32>) kernel attributes {known_block_size = array<i32: 1, 1, 1>} {
      %i = gpu.block_id x
      %v = memref.load %x[%i] : memref<4xf32>
      %w = arith.addf %v, %v : f32
      memref.store %w, %out[%i] : memref<4xf32>
      gpu.return
    }
  }
}"""
    reference = targets.target("reference")
    program = reference.build(parse(text))
    x = reference.from_numpy(np.arange(4, dtype=np.float32))
    assert program.run([x])[0].numpy().tolist() == [0, 2, 4, 6]
    out = reference.empty((4,), np.float32)
    program.run([x], [out])
    assert out.numpy().tolist() == [0, 2, 4, 6]
    assert "gpu.func @k" in program.source
    assert [name for name, _ in program.profile([x], rounds=1)] == ["main"]
