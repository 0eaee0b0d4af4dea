"""`rung run` names the argument that does not fit, with what was found and expected."""

from __future__ import annotations

from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from rung.cli_run import arguments
from rung.dialects.upstream import parse
from rung.files import UsageError, entry

PROGRAM = """\
func.func @main(%x: tensor<2x3xf32>, %mask: tensor<3xi1>, %b: tensor<2xbf16>) -> tensor<2x3xf32> {
  return %x : tensor<2x3xf32>
}
"""


def saved(folder: Path, *arrays: np.ndarray) -> list[str]:
    paths = [str(folder / f"{position}.npy") for position in range(len(arrays))]
    for path, array in zip(paths, arrays):
        np.save(path, array)
    return paths


def fit(files: list[str], seed: int | None = None, program: str = PROGRAM) -> list[np.ndarray]:
    return arguments(entry(parse(program)), files, seed)


def refusal(files: list[str], seed: int | None = 0, program: str = PROGRAM) -> str:
    with pytest.raises(UsageError) as caught:
        fit(files, seed, program)
    return str(caught.value)


def test_fitting_files_are_loaded_bfloat16_too(tmp_path: Path, rng: np.random.Generator) -> None:
    arrays = [
        rng.standard_normal((2, 3)).astype(np.float32),
        np.array([True, False, True]),
        np.array([1.5, -2.0], dtype=ml_dtypes.bfloat16),
    ]
    for found, expected in zip(fit(saved(tmp_path, *arrays)), arrays, strict=True):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)


def test_transposed_file_is_made_contiguous(tmp_path: Path, rng: np.random.Generator) -> None:
    x = np.asfortranarray(rng.standard_normal((2, 3)).astype(np.float32))
    found = fit(saved(tmp_path, x), seed=0)[0]
    assert found.flags.c_contiguous
    np.testing.assert_array_equal(found, x)


def test_seed_fills_what_no_file_gives_the_same_each_time() -> None:
    first, again, other = fit([], 7), fit([], 7), fit([], 8)
    assert [array.dtype for array in first] == [np.float32, np.bool_, ml_dtypes.bfloat16]
    np.testing.assert_array_equal(first[0], again[0])
    assert not np.array_equal(first[0], other[0])


def test_wrong_shape_names_the_parameter_and_both_shapes(tmp_path: Path) -> None:
    (path,) = saved(tmp_path, np.ones((3, 2), np.float32))
    assert refusal([path]) == f"argument 0 (%x) of @main: {path} is float32[3, 2], expected float32[2, 3]"


def test_wrong_dtype_names_the_parameter_and_both_dtypes(tmp_path: Path) -> None:
    (path,) = saved(tmp_path, np.ones((2, 3)))
    assert refusal([path]) == f"argument 0 (%x) of @main: {path} is float64[2, 3], expected float32[2, 3]"


def test_pickle_is_refused_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "p.npy"
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    assert "Object arrays cannot be loaded when allow_pickle=False" in refusal([str(path)])


def test_missing_file_and_no_array_at_all_are_named(tmp_path: Path) -> None:
    assert refusal([str(tmp_path / "no.npy")]).endswith("no.npy: No such file or directory")
    (tmp_path / "t.npy").write_text("text")
    assert "argument 0 (%x) of @main" in refusal([str(tmp_path / "t.npy")])


def test_too_few_and_too_many_arguments_are_counted(tmp_path: Path) -> None:
    few = refusal([], None)
    assert few == (
        "@main takes 3 arguments, found 0 times --arg; missing tensor<2x3xf32>, tensor<3xi1>, tensor<2xbf16> (or --random SEED)"
    )
    assert refusal(["a.npy"] * 4) == "@main takes 3 arguments, found 4 times --arg"


def test_parameter_that_is_no_static_tensor_is_refused() -> None:
    program = "func.func @main(%n: index) -> index {\n  return %n : index\n}\n"
    assert refusal([], 0, program).endswith("argument 0 (%n) of @main is index, expected a tensor of static shape")


@pytest.mark.parametrize("shape", ["100000000000000", "99999999999999999999999", "x".join(["1"] * 300)])
def test_random_argument_larger_than_numpy_can_make_is_refused(shape: str) -> None:
    program = f"func.func @main(%x: tensor<{shape}xf32>) -> tensor<{shape}xf32> {{\n  return %x : tensor<{shape}xf32>\n}}\n"
    assert "argument 0 (%x) of @main is tensor<" in (told := refusal([], 0, program))
    assert "which NumPy cannot make: " in told


def test_archive_of_arrays_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.ones((2, 3), np.float32))
    assert refusal([str(tmp_path / "a.npz")]).endswith("a.npz is an archive of several arrays, expected a .npy file")
    (tmp_path / "b.npy").write_bytes((tmp_path / "a.npz").read_bytes()[:60])
    assert "argument 0 (%x) of @main: " in refusal([str(tmp_path / "b.npy")])


def test_parameter_of_an_unknown_element_type_is_refused_by_that() -> None:
    program = "func.func @main(%x: tensor<2xf80>) -> tensor<2xf80> {\n  return %x : tensor<2xf80>\n}\n"
    assert "argument 0 (%x) of @main is tensor<2xf80>, f80 is not an element type of nd, expected one of i1, " in refusal(
        [], 0, program
    )
