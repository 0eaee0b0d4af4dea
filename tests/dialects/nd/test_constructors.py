"""Constructors infer the result type, and refuse with ValueError what cannot have one."""

from collections.abc import Callable

import pytest
from xdsl.dialects import test
from xdsl.ir import Operation, SSAValue

from rung.dialects.nd import (
    BinaryOp,
    BitcastOp,
    CastOp,
    ConstOp,
    ExpandOp,
    FlipOp,
    IotaOp,
    PadOp,
    PermuteOp,
    ReduceOp,
    ReshapeOp,
    SelectOp,
    ShrinkOp,
    UnaryOp,
    splat,
)
from rung.dialects.nd.dtype import bf16, f16, f32, f64, i1, i8, i32, tensor, ui8

INFERRED: dict[str, tuple[Callable[[SSAValue, SSAValue], Operation], str]] = {
    "unary": (lambda x, b: UnaryOp("neg", x), "tensor<4x6xf32>"),
    "binary": (lambda x, b: BinaryOp("add", x, x), "tensor<4x6xf32>"),
    "comparison": (lambda x, b: BinaryOp("cmpne", x, x), "tensor<4x6xi1>"),
    "select": (lambda x, b: SelectOp(b, x, x), "tensor<4x6xf32>"),
    "cast": (lambda x, b: CastOp(x, ui8), "tensor<4x6xui8>"),
    "bitcast": (lambda x, b: BitcastOp(x, i32), "tensor<4x6xi32>"),
    "reduce": (lambda x, b: ReduceOp("sum", x, [0]), "tensor<6xf32>"),
    "reduce over an axis from the end": (lambda x, b: ReduceOp("max", x, [-1]), "tensor<4xf32>"),
    "reduce over all, unsorted": (lambda x, b: ReduceOp("max", x, [1, 0]), "tensor<f32>"),
    "reshape": (lambda x, b: ReshapeOp(x, [2, 12]), "tensor<2x12xf32>"),
    "permute": (lambda x, b: PermuteOp(x, [1, 0]), "tensor<6x4xf32>"),
    "expand": (lambda x, b: ExpandOp(x, [4, 6]), "tensor<4x6xf32>"),
    "pad": (lambda x, b: PadOp(x, [1, 0], [2, 3], splat(0, f32)), "tensor<7x9xf32>"),
    "shrink": (lambda x, b: ShrinkOp(x, [1, 0], [4, 6], [2, 4]), "tensor<2x2xf32>"),
    "shrink to nothing": (lambda x, b: ShrinkOp(x, [4, 0], [4, 6]), "tensor<0x6xf32>"),
    "flip from the end": (lambda x, b: FlipOp(x, [-1]), "tensor<4x6xf32>"),
    "const": (lambda x, b: ConstOp(splat(True, i1), []), "tensor<i1>"),
    "iota": (lambda x, b: IotaOp(1, [3, 5], i8), "tensor<3x5xi8>"),
}

REFUSED: dict[str, tuple[Callable[[SSAValue, SSAValue], object], str]] = {
    "binary, shapes that differ": (
        lambda x, b: BinaryOp("add", x, ReduceOp("sum", x, [0]).res),
        "operands are tensor<4x6xf32> and tensor<6xf32>, expected one type; broadcast with nd.expand first",
    ),
    "select, sides that differ": (
        lambda x, b: SelectOp(b, x, b),
        "sides are tensor<4x6xf32> and tensor<4x6xi1>, expected one type",
    ),
    "reduce, axis out of range": (lambda x, b: ReduceOp("sum", x, [2]), "axis 2 is out of range for rank 2"),
    "reduce, axis named twice": (lambda x, b: ReduceOp("sum", x, [1, -1]), r"axes \[1, -1\] name an axis twice"),
    "flip, axis out of range": (lambda x, b: FlipOp(x, [-3]), "axis -3 is out of range for rank 2"),
    "reshape, another count": (lambda x, b: ReshapeOp(x, [5, 5]), r"shape \(5, 5\) has 25 elements, expected 24 as in \(4, 6\)"),
    "permute, short": (lambda x, b: PermuteOp(x, [0]), r"permutation is \[0\], expected each of the 2 axes once"),
    "permute, out of range": (lambda x, b: PermuteOp(x, [0, 2]), r"permutation is \[0, 2\]"),
    "pad, short": (lambda x, b: PadOp(x, [1], [0, 0], splat(0, f32)), r"low is \[1\], expected 2 entries, one for each axis"),
    "shrink, short": (lambda x, b: ShrinkOp(x, [0, 0], [4]), r"stop is \[4\], expected 2 entries, one for each axis"),
    "shrink, step 0": (lambda x, b: ShrinkOp(x, [0, 0], [4, 6], [0, 1]), r"step is \[0, 1\], expected at least 1 for each axis"),
    "splat, too large": (lambda x, b: splat(128, i8), "128 does not fit i8, expected -128 to 127"),
    "splat, negative for unsigned": (lambda x, b: splat(-1, ui8), "-1 does not fit ui8, expected 0 to 255"),
}


@pytest.fixture
def values() -> tuple[SSAValue, SSAValue]:
    x, b = test.TestOp(result_types=[tensor(f32, [4, 6]), tensor(i1, [4, 6])]).results
    return x, b


@pytest.mark.parametrize("what", INFERRED)
def test_result_type_is_inferred_and_verifies(what: str, values: tuple[SSAValue, SSAValue]) -> None:
    make, want = INFERRED[what]
    op = make(*values)
    op.verify()
    assert str(op.results[0].type) == want


@pytest.mark.parametrize("what", REFUSED)
def test_refused_with_value_error(what: str, values: tuple[SSAValue, SSAValue]) -> None:
    make, message = REFUSED[what]
    with pytest.raises(ValueError, match=message):
        make(*values)


def test_a_scalar_operand_is_refused() -> None:
    (scalar,) = test.TestOp(result_types=[f32]).results
    with pytest.raises(TypeError, match="nd works on ranked tensors, found f32"):
        ReduceOp("sum", scalar, [0])


@pytest.mark.parametrize(
    ("value", "element", "text"),
    [
        (0.1, f16, "9.997560e-02 : f16"),
        (1e30, f16, "0x7c00 : f16"),
        (float("-inf"), bf16, "0xff80 : bf16"),
        (float("nan"), f64, "0x7ff8000000000000 : f64"),
        (-0.0, f32, "-0.000000e+00 : f32"),
        (2.7, i32, "2 : i32"),
        (0.5, i1, "true"),
    ],
)
def test_splat_rounds_to_the_element_type(value: float, element: object, text: str) -> None:
    assert str(splat(value, element)) == text  # pyright: ignore[reportArgumentType]
