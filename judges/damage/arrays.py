"""Damaged and hostile .npy files before `rung run --arg`: the array that was asked for, or one message; nothing is unpickled.

Not checked: a flipped byte in the elements gives other elements, as the format has no checksum.
"""

from __future__ import annotations

import io
import pickle
import struct
import tempfile
import zipfile
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .mutations import BYTES

SHAPE, DTYPE = (3, 4), np.dtype(np.float32)
"""What the program asks for."""


class _Trap:
    """Unpickling it writes a file called `sprung` into the working folder."""

    def __reduce__(self) -> tuple[Any, ...]:
        return open, ("sprung", "w")


def _saved(array: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def _headed(header: str | bytes, data: bytes = b"\0" * 48, version: bytes = b"\x01\x00") -> bytes:
    text = header.encode("latin-1") if isinstance(header, str) else header
    length = struct.pack("<H" if version == b"\x01\x00" else "<I", len(text))
    return b"\x93NUMPY" + version + length + text + data


def _described(descr: str = "'<f4'", order: str = "False", shape: str = "(3, 4)") -> bytes:
    return _headed(f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n")


def hostile() -> dict[str, bytes]:
    """Files that mean harm, or that claim much, by name."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("x.npy", _saved(np.array([_Trap()], dtype=object)))
    trap = pickle.dumps(_Trap())
    return {
        "object array": _saved(np.array([_Trap()], dtype=object)),
        "bare pickle": trap,
        "pickle behind a header of floats": _described() + trap,
        "header of objects": _described("'|O'") + trap,
        "record with an object": _described("[('a', '|O'), ('b', '<f4')]") + trap,
        "archive with a pickle": archive.getvalue(),
        "broken archive": archive.getvalue()[:60],
        "archive of a future version": archive.getvalue().replace(b"PK\x01\x02\x14", b"PK\x01\x02\xff"),
        "shape of 2**62": _described(shape=f"({2**62},)"),
        "shape whose product overflows": _described(shape=f"({2**40}, {2**40}, 4)"),
        "shape of 16 GB": _described(shape=f"({2**32},)"),
        "shape that is negative": _described(shape="(-3, -4)"),
        "shape of floats": _described(shape="(3.0, 4.0)"),
        "shape of a thousand axes": _described(shape=f"({'1, ' * 1000})"),
        "shape that is a call": _described(shape="(open('sprung', 'w'),)"),
        "shape of many digits": _described(shape="(" + "1" * 5000 + ",)"),
        "header that nests": _described(shape="(" * 5000 + ")" * 5000),
        "header of minus signs": _described(shape="-" * 60000 + "1"),
        "header that claims 4 GB": b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + b"{" * 100,
        "header that is open": _headed("{'descr': '''<f4', "),
        "header that is no mapping": _headed("[1, 2]"),
        "header of Python 2": _described(shape="(3L, 4L)"),
        "header that is not UTF-8": _headed(b"\xff\xfe", version=b"\x03\x00"),
        "type that is no text": _described("{}"),
        "type that is a mapping": _described("{'names': ['a'], 'formats': ['<f4'], 'offsets': [99999999999]}"),
        "type of 2 GB": _described("'|V2147483647'"),
        "type that NumPy does not know": _described("'<q99'"),
        "version 9": _headed("{}", version=b"\x09\x00"),
        "nothing": b"",
        "text": b"1 2 3\n",
        "too short": _saved(np.zeros(SHAPE, DTYPE))[:-1],
        "other byte order": _saved(np.zeros(SHAPE, ">f4")),
        "other type": _saved(np.zeros(SHAPE, np.float64)),
        "other shape": _saved(np.zeros((4, 3), DTYPE)),
    }


def judge(data: bytes, folder: Path) -> str:
    """`array` or `message`: what `rung run` makes of the bytes. Raises AssertionError for anything else."""
    from rung.cli_run import load
    from rung.files import UsageError

    path = folder / "x.npy"
    path.write_bytes(data)
    try:
        array = load(str(path), DTYPE, SHAPE, "argument 0 of @main")
    except UsageError as problem:
        assert str(problem).startswith(f"argument 0 of @main: {path}"), problem
        assert "\n" not in str(problem) and len(str(problem)) < 500, problem
        return "message"
    assert (array.dtype, array.shape) == (DTYPE, SHAPE) and array.flags.c_contiguous
    return "array"


def hunt_arrays(count: int, seed: int = 0) -> Counter[str]:
    """Judge that many damaged files, most of them in their header."""
    found = Counter[str]()
    donors = list(hostile().values())
    whole = _saved(np.random.default_rng(0).standard_normal(SHAPE).astype(DTYPE))
    with tempfile.TemporaryDirectory(prefix="rung-damage-") as name:
        for number in range(count):
            rng = Random(f"{seed} {number}")
            data = rng.choice((whole, whole, rng.choice(donors)))
            for _ in range(rng.choice((1, 1, 2, 4))):
                head, rest = (data[:128], data[128:]) if rng.random() < 0.8 else (data, b"")
                data = rng.choice(list(BYTES.values()))(rng, head, rng.choice(donors)[:200]) + rest
            found[judge(data, Path(name))] += 1
    return found
