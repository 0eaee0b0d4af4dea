"""nd prints and parses without loss: every op, every element type, infinities and NaN, through xDSL and past upstream."""

import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from corpus import parse, programs
from xdsl.dialects.builtin import ModuleOp, StringAttr

from rung.dialects.nd import ConstOp, Nd
from rung.dialects.nd.dtype import NUMPY, ElementType, from_numpy, to_numpy
from rung.dialects.nd.folding import attribute_of, scalar_of


@pytest.mark.parametrize("each", programs(), ids=lambda p: p.name)
def test_programs_of_the_corpus_round_trip(each: object) -> None:
    text = str(each.module())  # pyright: ignore[reportAttributeAccessIssue]
    assert str(parse(text)) == text


def test_the_corpus_holds_every_op_kind_and_type() -> None:
    from rung.dialects.nd import BINARY, REDUCE, UNARY

    text = "\n".join(p.module_text for p in programs())
    assert not [op.name for op in Nd.operations if f"{op.name} " not in text]
    assert not [k for k in (*UNARY, *BINARY, *REDUCE) if f'"{k}"' not in text]
    assert not [str(t) for t in NUMPY if f"x{t}>" not in text]


@pytest.mark.parametrize("element", NUMPY, ids=str)
def test_constants_keep_every_bit(element: ElementType, rng: np.random.Generator) -> None:
    dtype = to_numpy(element)
    if dtype == np.bool_:
        values = np.array([False, True])
    else:
        values = rng.integers(0, 256, 60 * dtype.itemsize, dtype=np.uint8).view(dtype)
    module = ModuleOp([ConstOp(attribute_of(v, element), [2]) for v in values])
    again = [scalar_of(op.value) for op in parse(str(module)).body.block.ops if isinstance(op, ConstOp)]
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(np.array(again, dtype).astype(np.float64), values.astype(np.float64))


@pytest.mark.parametrize("text", ["0x7F800000 : f32", "0xFF800000 : f32", "0x7FC00000 : f32", "0xFC00 : f16", "0x7F80 : bf16"])
def test_infinities_and_nan_are_written_as_bits(text: str) -> None:
    op = parse(f"%c = nd.const {text} -> tensor<2xf32>".replace("2xf32", f"2x{text.split()[-1]}")).body.block.first_op
    assert isinstance(op, ConstOp)
    assert str(op.value).lower() == text.lower()
    assert not np.isfinite(scalar_of(op.value).astype(np.float32))


def test_signless_bits_above_the_sign_are_read_as_negative() -> None:
    op = parse("%c = nd.const 255 : i8 -> tensor<i8>").body.block.first_op
    assert isinstance(op, ConstOp)
    assert scalar_of(op.value) == -1


def test_the_mark_of_a_kernel_root_prints_and_parses() -> None:
    text = 'func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {\n  %y = nd.unary "neg" %x {realize} : tensor<4xf32>\n'
    assert '"neg" %x {realize} : tensor<4xf32>' in str(parse(text + "  return %y : tensor<4xf32>\n}"))


def test_attributes_are_of_builtin_so_that_irdl_can_describe_them() -> None:
    for each in programs():
        for op in each.module().walk():
            if op.name.startswith("nd."):
                assert {type(a).__module__ for a in op.attributes.values()} <= {StringAttr.__module__}, op
                assert not op.properties, f"{op.name} has properties, which dynamic ops of mlir-opt lack"
    assert not list(Nd.attributes)


def test_upstream_accepts_the_generic_form(mlir_opt: Callable[..., str]) -> None:
    for name in ("softmax_rows", "zero_size_pad", "cast_from_bool", "rank0_add"):
        mlir_opt(next(p for p in programs() if p.name == name).module())


def test_a_plain_xdsl_opt_reads_nd_and_lists_the_passes(repository: Path) -> None:
    tool = Path(sys.executable).with_name("xdsl-opt")
    program = repository / "tests" / "corpus" / "softmax_rows.mlir"
    done = subprocess.run([tool, program, "-p", "canonicalize,nd-simplify"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "nd.reduce" in done.stdout


@pytest.mark.parametrize("dtype", [np.complex64, np.dtype("U4"), np.longdouble])
def test_numpy_types_without_a_twin_are_refused(dtype: object) -> None:
    with pytest.raises(TypeError, match="has no nd element type, expected one of bool"):
        from_numpy(dtype)  # pyright: ignore[reportArgumentType]


def test_bfloat16_is_the_upper_half_of_f32() -> None:
    value = attribute_of(1.0 + 2.0**-7, from_numpy(to_numpy(next(e for e in NUMPY if str(e) == "bf16"))))
    (bits,) = struct.unpack("<I", struct.pack("<f", float(scalar_of(value))))
    assert bits == 0x3F810000
