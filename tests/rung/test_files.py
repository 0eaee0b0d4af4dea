"""A mistake in a program file is told with its place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from xdsl.dialects.func import FuncOp

from rung.files import UsageError, entry, place, read_module, replacing

GOOD = """\
func.func @main(%x: tensor<4x8xf32>) -> tensor<4xf32> {
  %r = nd.reduce "sum" %x axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  return %r : tensor<4xf32>
}
"""


def write(folder: Path, text: str) -> str:
    path = folder / "p.mlir"
    path.write_text(text)
    return str(path)


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(UsageError) as caught:
        read_module(write(folder, text))
    return str(caught.value).replace(str(folder), ".")


def test_good_program_gives_each_op_its_place(tmp_path: Path) -> None:
    module = read_module(write(tmp_path, GOOD))
    places = {op.name: place(op).rpartition("p.mlir:")[2] for op in module.walk()}
    assert places == {"builtin.module": "1:1", "func.func": "1:1", "nd.reduce": "2:3", "func.return": "3:3"}


def test_explicit_location_in_the_text_is_kept(tmp_path: Path) -> None:
    module = read_module(write(tmp_path, GOOD.replace("-> tensor<4xf32>\n", '-> tensor<4xf32> loc("model.py":7:5)\n')))
    assert [place(op) for op in module.walk() if op.name == "nd.reduce"] == ["model.py:7:5"]


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ("axes [1]", "axes [0]", "./p.mlir:2:3: error: nd.reduce %r in @main: result shape is (4,), expected (8,)"),
        ("return %r", "return %q", "./p.mlir:3:10: error: %q is used but not defined"),
        ("axes", "axs", "./p.mlir:2:27: error: "),
    ],
)
def test_mistake_in_the_text_is_located(tmp_path: Path, was: str, becomes: str, says: str) -> None:
    assert refusal(tmp_path, GOOD.replace(was, becomes, 1)).startswith(says)


def test_missing_file_and_binary_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.mlir: No such file"):
        read_module(str(tmp_path / "none.mlir"))
    (tmp_path / "b.mlir").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match=r"b\.mlir:1:1: error: found byte 0xff, expected UTF-8 text"):
        read_module(str(tmp_path / "b.mlir"))


def test_entry_prefers_main_then_the_only_public_function(tmp_path: Path) -> None:
    def name(text: str, wanted: str | None = None) -> str:
        function: FuncOp = entry(read_module(write(tmp_path, text)), wanted)
        return function.sym_name.data

    other = GOOD.replace("@main", "@other")
    assert name(GOOD + other) == "main"
    assert name(GOOD + other, "other") == "other"
    assert name(other + GOOD.replace("@main", "private @main")) == "other"
    with pytest.raises(UsageError, match=r"p\.mlir:1:1: no public function @main; found @other, @third"):
        name(other + GOOD.replace("@main", "@third"))


def test_function_with_branches_is_refused_with_its_place(tmp_path: Path) -> None:
    text = "func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {\n  cf.br ^end\n^end:\n  return %x : tensor<4xf32>\n}\n"
    with pytest.raises(UsageError, match=r"p\.mlir:1:1: @main has 2 blocks, expected 1"):
        entry(read_module(write(tmp_path, text)))


def test_file_is_replaced_with_its_mode_and_through_its_link(tmp_path: Path) -> None:
    path, link = tmp_path / "x.mlir", tmp_path / "link.mlir"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    with replacing(link) as file:
        file.write(b"new")
        assert path.read_text() == "old"
    assert (path.read_text(), path.stat().st_mode & 0o777, link.is_symlink()) == ("new", 0o640, True)
    assert sorted(other.name for other in tmp_path.iterdir()) == ["link.mlir", "x.mlir"]


def test_file_is_old_when_writing_it_fails(tmp_path: Path) -> None:
    path = tmp_path / "x.mlir"
    path.write_text("old")
    with pytest.raises(KeyError), replacing(path) as file:
        file.write(b"new")
        raise KeyError
    assert [other.name for other in tmp_path.iterdir()] == ["x.mlir"]
    assert path.read_text() == "old"


def test_new_file_has_the_mode_that_the_user_chose_for_new_files(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with replacing(tmp_path / "x.mlir") as file:
            file.write(b"new")
    finally:
        os.umask(before)
    assert (tmp_path / "x.mlir").stat().st_mode & 0o777 == 0o640


def test_what_is_no_file_is_written_in_place() -> None:
    with replacing("/dev/null") as file:
        file.write(b"new")
    assert Path("/dev/null").is_char_device()
