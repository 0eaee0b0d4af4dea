"""Names in C: those of the program where they may be, and else ones that no header and no compiler has taken."""

from __future__ import annotations

import pytest

from rung.backends.c.names import Names
from rung.backends.cuda.language import CUDA
from rung.backends.opencl.language import OPENCL


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ("x", "x"),
        ("_", "_"),
        ("_x", "_x"),
        ("W_Q", "W_Q"),
        ("x.y-z", "x_y_z"),
        ("0", "v0"),
        ("__global", "v__global"),
        ("__LINE__", "v__LINE__"),
        ("_Bool", "v_Bool"),
        ("M_PI", "m_pi"),
        ("FLT_MAX", "flt_max"),
        ("NAN", "nan_1"),
        ("for", "for_1"),
        ("generic", "generic_1"),
        ("pipe", "pipe_1"),
        ("read_only", "read_only_1"),
    ],
)
def test_name_of_a_value_is_legal_in_opencl_c(wanted: str, given: str) -> None:
    assert Names(OPENCL.reserved | {"nan"}).fresh(wanted) == given


def test_names_of_the_compiler_are_no_names_in_cuda() -> None:
    names = Names(CUDA.reserved)
    assert [names.fresh(wanted) for wanted in ("__shared__", "dim3", "CUDART_INF", "operator")] == [
        "v__shared__",
        "dim3_1",
        "cudart_inf",
        "operator_1",
    ]
