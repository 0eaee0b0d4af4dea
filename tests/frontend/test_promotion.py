"""The promotion rules against a frozen table, against torch where it is installed, and through operators."""

import numpy as np
import pytest

from rung import Tensor, dtypes
from rung.frontend.promotion import promote, with_scalar

ORDER = [dtype.name for dtype in dtypes.ALL]
# Row and column in the order of dtypes.ALL. Written down once from torch 2.13's promote_types; the columns and rows of uint16 to
# uint64, which torch refuses to mix, by the rule in frontend/promotion.py.
SHORT = {"b": "bool", "i1": "int8", "i2": "int16", "i4": "int32", "i8": "int64", "u1": "uint8", "u2": "uint16", "u4": "uint32",
         "u8": "uint64", "h": "float16", "bf": "bfloat16", "f": "float32", "d": "float64"}  # fmt: skip
TABLE = """
b   b  i1 i2 i4 i8 u1 u2 u4 u8 h  bf f d
i1  i1 i1 i2 i4 i8 i2 i4 i8 d  h  bf f d
i2  i2 i2 i2 i4 i8 i2 i4 i8 d  h  bf f d
i4  i4 i4 i4 i4 i8 i4 i4 i8 d  h  bf f d
i8  i8 i8 i8 i8 i8 i8 i8 i8 d  h  bf f d
u1  u1 i2 i2 i4 i8 u1 u2 u4 u8 h  bf f d
u2  u2 i4 i4 i4 i8 u2 u2 u4 u8 h  bf f d
u4  u4 i8 i8 i8 i8 u4 u4 u4 u8 h  bf f d
u8  u8 d  d  d  d  u8 u8 u8 u8 h  bf f d
h   h  h  h  h  h  h  h  h  h  h  f  f d
bf  bf bf bf bf bf bf bf bf bf f  bf f d
f   f  f  f  f  f  f  f  f  f  f  f  f d
d   d  d  d  d  d  d  d  d  d  d  d  d d
"""
ROWS = [
    (ORDER[i], ORDER[j], SHORT[cell]) for i, row in enumerate(TABLE.split("\n")[1:-1]) for j, cell in enumerate(row.split()[1:])
]


def test_pairs_promote_as_in_the_table():
    found = [(a, b, promote(dtypes.to_dtype(a), dtypes.to_dtype(b)).name) for a, b, _ in ROWS]
    assert found == ROWS


def test_the_table_is_torchs():
    torch = pytest.importorskip("torch", reason="torch is not among rung's dependencies (2026-11)")
    wide = {"uint16", "uint32", "uint64"}
    for a, b, expected in ROWS:
        if not wide & {a, b}:
            assert str(torch.promote_types(getattr(torch, a), getattr(torch, b))) == f"torch.{expected}", (a, b)


@pytest.mark.parametrize(
    ("dtype", "scalar", "expected"),
    [
        ("bool", True, "bool"),
        ("bool", 2, "int32"),  # int64 in torch: default_int
        ("bool", 2.0, "float32"),
        ("uint8", 2, "uint8"),
        ("int16", True, "int16"),
        ("int64", 2.5, "float32"),
        ("float16", 3, "float16"),
        ("bfloat16", 1e30, "bfloat16"),
        ("float64", np.float32(2), "float64"),
        ("float16", np.float64(2), "float16"),  # NumPy's scalars are weak, as in torch
    ],
)
def test_a_scalar_takes_the_tensors_dtype_unless_its_kind_is_higher(dtype, scalar, expected):
    assert with_scalar(dtypes.to_dtype(dtype), scalar).name == expected
    assert (Tensor.ones(3, dtype=dtype) * scalar).dtype.name == expected
    assert (scalar * Tensor.ones(3, dtype=dtype)).dtype.name == expected


def test_a_scalar_that_does_not_fit_is_refused():
    with pytest.raises(OverflowError, match="300 does not fit uint8, expected 0 to 255"):
        Tensor.ones(3, dtype="uint8") + 300


def test_a_comparison_with_a_scalar_that_does_not_fit_is_exact():
    x = Tensor(np.array([0, 255], np.uint8))
    assert (x < 300).tolist() == [True, True]
    assert (x > -1).tolist() == [True, True]


@pytest.mark.parametrize("dtype", ["bool", "int8", "int32", "uint64"])
def test_true_division_of_integers_is_float32(dtype):
    x = Tensor(np.array([1, 1, 0]), dtype)
    assert (x / Tensor(np.array([1, 1, 1]), dtype)).dtype is dtypes.float32


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("bool", "int64"),
        ("uint8", "int64"),
        ("int32", "int64"),
        ("uint64", "uint64"),
        ("float16", "float16"),
        ("float64", "float64"),
    ],
)
def test_sums_of_integers_are_int64_and_of_floats_keep_their_dtype(dtype, expected):
    assert Tensor.ones(3, dtype=dtype).sum().dtype.name == expected
    assert Tensor.ones(3, dtype=dtype).prod().dtype.name == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (True, "bool"),
        (3, "int32"),
        (1 << 40, "int64"),
        (3.0, "float32"),
        ([1, 2], "int32"),
        ([1, 1 << 40], "int64"),
        ([1, 2.5], "float32"),
        ([], "float32"),
        (np.float64(3), "float64"),
        (np.arange(3), "int64"),
        (np.zeros(2, np.float16), "float16"),
    ],
)
def test_data_without_a_dtype_gets_the_default_and_arrays_keep_theirs(data, expected):
    assert Tensor(data).dtype.name == expected
