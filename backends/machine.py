"""What a schedule may know of a machine: data, so that choosing a schedule needs no device."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Machine:
    """One target's hardware, as far as the default schedules and the checks look at it."""

    name: str
    kind: Literal["cpu", "gpu"]
    """cpu: a block is one thread with a large tile, vectors are explicit. gpu: many threads a block, small tiles."""
    vector_bits: int
    """Width of the widest useful load or arithmetic: 256 for AVX2, 128 for a GPU's wide load."""
    parallel_units: int
    """Cores or multiprocessors: a kernel wants several times as many blocks."""
    max_threads: int
    """Threads (work-items) in a block (work-group), at most."""
    workgroup_bytes: int
    """Workgroup (shared, local) memory of one block, at most."""
    vector_registers: int = 16
    """How many vectors a thread can hold: a contraction's accumulators take half to three quarters of them."""
    native_floats: frozenset[str] = field(default=frozenset({"f32", "f64"}))
    """Float types with arithmetic of their own; the others are stored as such and computed in f32."""

    def __str__(self) -> str:
        """The same text in every process, unlike the representation of a set: kernels are kept under it."""
        facts = {**vars(self), "native_floats": sorted(self.native_floats)}
        return f"Machine({', '.join(f'{name}={value}' for name, value in facts.items())})"


CPU = Machine("cpu", "cpu", vector_bits=256, parallel_units=2, max_threads=4096, workgroup_bytes=512 * 1024)
"""A CPU behind PoCL, AVX2 assumed (PoCL splits wider vectors where there is less)."""

CPU512 = Machine(
    "cpu-512", "cpu", vector_bits=512, parallel_units=2, max_threads=4096, workgroup_bytes=512 * 1024, vector_registers=32
)
"""A CPU with AVX-512."""

NVIDIA = Machine("nvidia", "gpu", vector_bits=128, parallel_units=132, max_threads=1024, workgroup_bytes=48 * 1024)
"""An NVIDIA GPU of sm_80 and later. 48 KiB is what a block gets without asking."""

OPENCL_GPU = Machine("opencl-gpu", "gpu", vector_bits=128, parallel_units=64, max_threads=256, workgroup_bytes=32 * 1024)
"""The least an OpenCL GPU offers."""

MACHINES = {machine.name: machine for machine in (CPU, CPU512, NVIDIA, OPENCL_GPU)}
