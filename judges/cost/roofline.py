"""What this machine can do at most, measured once by small kernels of our own, and how long a kernel takes at least by that.

Two numbers a target: flops a second (chains of multiply and add on vectors that stay in registers, the best of several shapes; on
a GPU one chain in each of many threads), and bytes a second (a negation of 128 MiB: read and written). They lie as JSON beside
the kernel cache, by device and driver. A file that is absent, damaged or of another device counts as not measured.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from rung.backends.kernel_cache import cache_folder
from rung.backends.target import Buffer, Executable, Target

from .analysis import Cost, cost

FORMAT = "rung-roofline-1"
SHAPES = ((4, 16), (4, 32), (8, 16), (8, 32))
"""Rows and columns of registers of the flops probe. Which one is fastest depends on how many registers the machine has."""
COPY_ELEMENTS = 32 << 20
SECONDS_EACH = 0.02
"""What one launch of the flops probe should take at least."""
FIRST_STEPS = 20_000
LONG_CHAINS = 1 << 22
"""Elements of the flops probe for GPUs."""
ROUNDS = 7
NOISY = 1.3


@dataclass(frozen=True)
class Roofline:
    """Peaks of one target on one machine."""

    target: str
    device: str
    flops_per_second: dict[str, float]
    """By element type, f32 and f64."""
    bytes_per_second: float
    measured: str
    """The day."""
    disturbed: bool
    """Whether the runs differed so much that other work must have been running."""

    def seconds(self, found: Cost) -> tuple[float, str]:
        """The least time one launch can take, and which side binds it: `flops` or `bytes`.

        A call of exp2 or another function counts as one flop, a type that was not measured as f32: both make the bound lower.
        """
        slowest = self.flops_per_second["f32"]
        computing = sum(n / self.flops_per_second.get(type_, slowest) for type_, n in found.flops_by_type.items())
        computing += sum(found.calls.values()) / slowest
        moving = found.compulsory / self.bytes_per_second
        return (computing, "flops") if computing > moving else (moving, "bytes")


def path_of(target: Target) -> Path:
    """Where the numbers of a target lie; its device and driver are in the name."""
    device = hashlib.sha256(target.fingerprint().encode()).hexdigest()[:16]
    return cache_folder() / f"roofline-{target.name}-{device}.json"


def load(target: Target) -> Roofline | None:
    """What was measured of this machine; None where nothing was, or the file is damaged."""
    try:
        data: Any = json.loads(path_of(target).read_text(encoding="utf-8"))
        if data.pop("format") != FORMAT:
            return None
        peaks = {str(name): float(value) for name, value in data["flops_per_second"].items()}
        bandwidth, disturbed = float(data["bytes_per_second"]), bool(data["disturbed"])
        found = Roofline(str(data["target"]), str(data["device"]), peaks, bandwidth, str(data["measured"]), disturbed)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    numbers = (*found.flops_per_second.values(), found.bytes_per_second)
    return found if "f32" in found.flops_per_second and all(0 < number < float("inf") for number in numbers) else None


def save(found: Roofline, target: Target) -> Path:
    """Keep the numbers, all of the file or nothing. Raises OSError where the folder cannot be written to."""
    path = path_of(target)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"format": FORMAT, **asdict(found)}, file, indent=1)
    os.replace(temporary, path)
    return path


def measure(target: Target, progress: Callable[[str], None] = lambda line: None) -> Roofline:
    """Measure the peaks of a target on this machine: a few seconds. Raises DeviceError, BuildError where it cannot run."""
    peaks: dict[str, float] = {}
    noise: list[bool] = []
    for type_ in ("f32", "f64"):
        best = 0.0
        for number, shape in enumerate(SHAPES if target.machine.kind == "cpu" else (None,), 1):
            progress(f"peak of {type_}, shape {number}")
            reached, noisy = _flops(target, type_, shape)
            noise.append(noisy)
            best = max(best, reached)
        peaks[type_] = best
    progress("bandwidth")
    bandwidth, noisy = _bandwidth(target)
    fingerprint = [line for line in target.fingerprint().splitlines() if line]
    device = next((line for line in fingerprint[3:4]), target.name)
    disturbed = noisy or 2 * sum(noise) > len(noise)
    return Roofline(target.name, device, peaks, bandwidth, date.today().isoformat(), disturbed)


def _flops(target: Target, type_: str, shape: tuple[int, int] | None) -> tuple[float, bool]:
    """Flops a second of chains acc = acc * scale + shift, counted by our own cost; and whether the runs were disturbed.

    shape   rows and columns of registers that a block on a CPU keeps; None for many threads with a few chains each
    """
    dtype, blocks, steps = np.float32 if type_ == "f32" else np.float64, 8 * target.machine.parallel_units, FIRST_STEPS
    while True:
        if shape is None:
            text, inputs = _long_chain(type_), np.full(LONG_CHAINS, 0.5, dtype)
        else:
            inputs = np.random.default_rng(0).standard_normal((shape[0] + 2, shape[1])).astype(dtype)
            inputs[shape[0] :] *= 0.01
            text = _chains(type_, *shape, blocks, steps)
        module, executable = _built(target, text)
        seconds, noisy = _least_seconds(executable, [target.from_numpy(inputs)])
        if shape is None or seconds > SECONDS_EACH / 4:
            return sum(found.flops for found in cost(module).values()) / seconds, noisy
        steps = int(steps * min(100.0, max(2.0, SECONDS_EACH / max(seconds, 1e-6))))


def _bandwidth(target: Target) -> tuple[float, bool]:
    """Bytes a second of the negation of an array that no cache holds; and whether the runs were disturbed."""
    module, executable = _built(target, NEGATION.format(n=COPY_ELEMENTS))
    moved = sum(found.compulsory for found in cost(module).values())
    ones = np.ones(COPY_ELEMENTS, np.float32)  # not zeros: pages that were never written are all one page
    seconds, noisy = _least_seconds(executable, [target.from_numpy(ones)])
    return moved / seconds, noisy


def _least_seconds(executable: Executable, inputs: list[Buffer]) -> tuple[float, bool]:
    """The best of some runs, as a peak is what the machine can do undisturbed; and whether the median is far from it."""
    times = sorted(sum(seconds for _, seconds in executable.profile(inputs, 1)) for _ in range(ROUNDS))
    return times[0], times[len(times) // 2] > NOISY * times[0]


def _built(target: Target, text: str) -> tuple[ModuleOp, Executable]:
    """The lowered module and its program."""
    from rung.dialects.upstream import make_context, parse
    from rung.passes.runner import PassRunner
    from rung.pipeline import lower

    module = lower(make_context(), parse(text, "probe"), target.machine, runner=PassRunner(crash_dir=None))
    return module, target.build(module)


NEGATION = """
func.func @main(%x: tensor<{n}xf32>) -> tensor<{n}xf32> {{
  %negated = nd.unary "neg" %x : tensor<{n}xf32>
  return %negated : tensor<{n}xf32>
}}
"""


def _long_chain(type_: str) -> str:
    """256 multiplications and additions on each element: far more work than its 8 bytes, and as many threads as elements."""
    tensor = f"tensor<{LONG_CHAINS}x{type_}>"
    steps = "".join(
        f"""  %scaled{i} = nd.binary "mul" %x{i}, %scale : {tensor} -> {tensor}
  %x{i + 1} = nd.binary "add" %scaled{i}, %shift : {tensor} -> {tensor}
"""
        for i in range(256)
    )
    return f"""
func.func @main(%x0: {tensor}) -> {tensor} {{
  %scale = nd.const 0.99 : {type_} -> {tensor}
  %shift = nd.const 0.01 : {type_} -> {tensor}
{steps}  return %x256 : {tensor}
}}
"""


def _chains(type_: str, rows: int, columns: int, blocks: int, steps: int) -> str:
    """Each block carries rows x columns chains through a loop. Their starts come from memory: the compiler knows none of them."""
    vector, memory = f"vector<{rows}x{columns}x{type_}>", f"memref<{rows + 2}x{columns}x{type_}>"
    result = f"memref<{blocks * rows}x{columns}x{type_}>"
    return f"""
func.func private @chains(%seeds: {memory}, %out: {result}) attributes {{kernel, outs = 1 : i64}} {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %rows = arith.constant {rows} : index
  %next_row = arith.constant {rows + 1} : index
  %steps = arith.constant {steps} : index
  %pad = arith.constant 0.0 : {type_}
  scf.forall (%block) = (0) to ({blocks * rows}) step ({rows}) {{
    %start = vector.transfer_read %seeds[%c0, %c0], %pad {{in_bounds = [true, true]}} : {memory}, {vector}
    %scale = memref.load %seeds[%rows, %c0] : {memory}
    %shift = memref.load %seeds[%next_row, %c0] : {memory}
    %scales = vector.broadcast %scale : {type_} to {vector}
    %shifts = vector.broadcast %shift : {type_} to {vector}
    %last = scf.for %step = %c0 to %steps step %c1 iter_args(%acc = %start) -> ({vector}) {{
      %scaled = arith.mulf %acc, %scales : {vector}
      %shifted = arith.addf %scaled, %shifts : {vector}
      scf.yield %shifted : {vector}
    }}
    vector.transfer_write %last, %out[%block, %c0] {{in_bounds = [true, true]}} : {vector}, {result}
  }}
  return
}}
func.func @main(%seeds: {memory}, %out: {result}) attributes {{outs = 1 : i64}} {{
  func.call @chains(%seeds, %out) : ({memory}, {result}) -> ()
  return
}}
"""
