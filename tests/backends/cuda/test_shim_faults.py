"""Seeded faults in CUDA kernels, beside their correct siblings, under every order of threads: which order shows which fault."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cuda_faults import FAULTS, Fault
from cuda_kernels import KERNELS, Kernel

from rung.backends.cuda.shim import compile
from rung.backends.cuda.shim.runs import ORDERS, WHEN, How, KernelFault, When, run

LETTERS = "FRSI"


@pytest.fixture(scope="module")
def program(cuda_cpu: Any) -> compile.Program:
    """All kernels, and after them all broken ones, by one call of the compiler."""
    return compile.build(*(kernel.text for kernel in KERNELS.values()), *(fault.text() for fault in FAULTS))


def verdict(program: compile.Program, number: int, kernel: Kernel, how: How) -> str | None:
    """What is wrong with one run; None if nothing is."""
    data = kernel.data()
    try:
        (got,) = run(program, number, kernel.plan(), data, how).outs
    except KernelFault as fault:
        return str(fault)
    return None if np.allclose(got, kernel.meaning(*data), rtol=2e-5, atol=2e-4) else "wrong numbers"


@pytest.mark.parametrize("name", KERNELS)
def test_a_correct_kernel_is_right_in_every_order(name: str, program: compile.Program) -> None:
    number, kernel = list(KERNELS).index(name), KERNELS[name]
    for order in ORDERS:
        for copies in WHEN:
            for races in (True, False):
                assert verdict(program, number, kernel, How(order, 1, copies, races)) is None


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_shows_in_these_orders(fault: Fault, program: compile.Program) -> None:
    number, kernel = len(KERNELS) + FAULTS.index(fault), KERNELS[fault.of]

    def shows(copies: When) -> str:
        found = [verdict(program, number, kernel, How(order, 1, copies, races=False)) for order in ORDERS]
        return "".join(letter if wrong else "-" for letter, wrong in zip(LETTERS, found))

    assert shows("early") == fault.shows
    if fault.late is not None:
        assert shows("late") == fault.late
    copies: When = "early" if fault.late is None or "F" in fault.shows else "late"
    said = verdict(program, number, kernel, How("forward", 1, copies))
    assert said is not None
    assert fault.says in said if fault.says else said == "wrong numbers"


def test_every_kernel_is_broken_and_each_kind_of_fault_there() -> None:
    """What the issue asks for by name; and one fault that no order shows, only looking for races."""
    assert len(FAULTS) >= 45
    assert {fault.of for fault in FAULTS} == set(KERNELS)
    for kind in ("no barrier", "wrong index", "early release", "released early", "divergent barrier", "beyond", "misaligned"):
        assert any(kind in fault.name for fault in FAULTS), kind
    assert any(fault.shows == "----" and fault.late is None for fault in FAULTS)
