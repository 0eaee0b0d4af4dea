"""Dtypes by name, by NumPy, by Python type."""

import numpy as np
import pytest

from rung import Tensor, dtypes


@pytest.mark.parametrize("dtype", dtypes.ALL)
def test_a_dtype_is_found_by_name_by_numpy_and_by_element(dtype):
    assert dtypes.to_dtype(dtype.name) is dtype
    assert dtypes.to_dtype(dtype.numpy) is dtype
    assert dtypes.of_element(dtype.element) is dtype
    assert getattr(dtypes, dtype.name) is dtype
    assert dtype.itemsize == dtype.numpy.itemsize


def test_python_types_and_aliases():
    assert [dtypes.to_dtype(t) for t in (bool, int, float)] == [dtypes.bool, dtypes.int32, dtypes.float32]
    assert dtypes.to_dtype("half") is dtypes.float16
    assert dtypes.to_dtype(np.float32) is dtypes.float32


def test_an_unknown_name_is_an_attribute_error_that_lists_the_known():
    with pytest.raises(AttributeError, match='no dtype is called "float23", expected one of bool, int8'):
        Tensor([1.0], "float23")
    with pytest.raises(TypeError, match="complex64"):
        Tensor([1.0], np.complex64)


@pytest.mark.parametrize("dtype", [d for d in dtypes.ALL if d.is_integer])
def test_lowest_and_highest_are_numpys(dtype):
    assert (dtype.lowest, dtype.highest) == (np.iinfo(dtype.numpy).min, np.iinfo(dtype.numpy).max)


@pytest.mark.parametrize("dtype", dtypes.ALL)
def test_data_survives_the_trip_in_every_dtype(dtype):
    data = np.array([0, 1, 1, 0, 1]).astype(dtype.numpy) if dtype.is_bool else np.array([0, 1, 7, 100, 3]).astype(dtype.numpy)
    tensor = Tensor(data)
    assert tensor.dtype is dtype
    assert tensor.numpy().dtype == dtype.numpy
    np.testing.assert_array_equal(tensor.numpy(), data)
    assert (tensor | tensor if dtype.is_bool else tensor + tensor).dtype is dtype


def test_casts_by_every_name():
    x = Tensor(np.array([-1.5, 0.0, 2.7], np.float32))
    assert x.cast("int32").tolist() == [-1, 0, 2]
    assert x.astype(np.int64).dtype is dtypes.int64
    assert x.to("bool").tolist() == [True, False, True]
    casts = (x.int(), x.long(), x.half(), x.double(), x.bool(), x.float())
    assert [t.dtype.name for t in casts] == ["int32", "int64", "float16", "float64", "bool", "float32"]
    assert x.float() is x


def test_bitcast_reads_the_same_bits():
    data = np.array([1.0, -2.5, np.inf], np.float32)
    np.testing.assert_array_equal(Tensor(data).bitcast("int32").numpy(), data.view(np.int32))
    with pytest.raises(TypeError, match="float32 to int16: expected two dtypes of one width"):
        Tensor(data).bitcast("int16")
