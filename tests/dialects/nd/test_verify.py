"""Each verifier message of nd, beside a program that earns it."""

import pytest
from corpus import parse
from xdsl.utils.exceptions import VerifyException

REFUSED = {
    "unary, unknown kind": (
        '%r = nd.unary "exp" %x : tensor<4x6xf32>',
        'kind is "exp", expected one of neg, abs, recip',
    ),
    "unary, kind for floats given integers": ('%r = nd.unary "exp2" %i : tensor<4x6xi32>', '"exp2" takes floats, found i32'),
    "unary, neg of bool": ('%r = nd.unary "neg" %b : tensor<4x6xi1>', '"neg" takes integers and floats, found i1'),
    "unary, not of floats": ('%r = nd.unary "not" %x : tensor<4x6xf32>', '"not" takes bool and integers, found f32'),
    "unary, dynamic shape": ('%r = nd.unary "neg" %dyn : tensor<?xf32>', "operand is tensor<?xf32>, expected a static shape"),
    "unary, foreign element type": (
        '%r = nd.unary "neg" %idx : tensor<4xindex>',
        "operand has element type index, expected one of i1, i8, i16",
    ),
    "unary, encoding": ('%r = nd.unary "neg" %enc : tensor<4xf32, "csr">', "expected no encoding"),
    "binary, unknown kind": (
        '%r = nd.binary "plus" %x, %x : tensor<4x6xf32> -> tensor<4x6xf32>',
        'kind is "plus", expected one of add',
    ),
    "binary, idiv of floats": (
        '%r = nd.binary "idiv" %x, %x : tensor<4x6xf32> -> tensor<4x6xf32>',
        '"idiv" takes integers, found f32',
    ),
    "binary, div of integers": (
        '%r = nd.binary "div" %i, %i : tensor<4x6xi32> -> tensor<4x6xi32>',
        '"div" takes floats, found i32',
    ),
    "binary, add of bools": (
        '%r = nd.binary "add" %b, %b : tensor<4x6xi1> -> tensor<4x6xi1>',
        '"add" takes integers and floats, found i1',
    ),
    "binary, comparison that is not i1": (
        '%r = nd.binary "cmplt" %x, %x : tensor<4x6xf32> -> tensor<4x6xf32>',
        "result type is tensor<4x6xf32>, expected tensor<4x6xi1>",
    ),
    "binary, result of another shape": (
        '%r = nd.binary "add" %x, %x : tensor<4x6xf32> -> tensor<6x4xf32>',
        "result type is tensor<6x4xf32>, expected tensor<4x6xf32>",
    ),
    "select, condition of another shape": (
        "%r = nd.select %c, %x, %x : tensor<6xi1>, tensor<4x6xf32>",
        "condition type is tensor<6xi1>, expected tensor<4x6xi1>",
    ),
    "select, condition that is not i1": (
        "%r = nd.select %i, %x, %x : tensor<4x6xi32>, tensor<4x6xf32>",
        "condition type is tensor<4x6xi32>, expected tensor<4x6xi1>",
    ),
    "cast, another shape": (
        "%r = nd.cast %x : tensor<4x6xf32> -> tensor<24xi32>",
        "result shape is (24,), expected (4, 6)",
    ),
    "cast, to a foreign type": (
        "%r = nd.cast %x : tensor<4x6xf32> -> tensor<4x6xi4>",
        "result has element type i4, expected one of",
    ),
    "bitcast, another width": (
        "%r = nd.bitcast %x : tensor<4x6xf32> -> tensor<4x6xi64>",
        "width of the result's elements is 64, expected 32",
    ),
    "bitcast, bool": (
        "%r = nd.bitcast %u : tensor<4x6xui8> -> tensor<4x6xi1>",
        "bitcast from ui8 to i1, expected no bool",
    ),
    "bitcast, another shape": (
        "%r = nd.bitcast %x : tensor<4x6xf32> -> tensor<6x4xi32>",
        "result shape is (6, 4), expected (4, 6)",
    ),
    "reduce, unknown combiner": (
        '%r = nd.reduce "mean" %x axes [0] : tensor<4x6xf32> -> tensor<6xf32>',
        'combiner is "mean", expected one of sum, prod, max, min',
    ),
    "reduce, sum of bools": (
        '%r = nd.reduce "sum" %b axes [0] : tensor<4x6xi1> -> tensor<6xi1>',
        '"sum" takes integers and floats, found i1; cast first',
    ),
    "reduce, axis out of range": (
        '%r = nd.reduce "sum" %x axes [2] : tensor<4x6xf32> -> tensor<4xf32>',
        "axis 2 is out of range, expected 0 <= axis < 2",
    ),
    "reduce, axis repeated": (
        '%r = nd.reduce "sum" %x axes [1, 1] : tensor<4x6xf32> -> tensor<4xf32>',
        "axes are [1, 1], expected them sorted and without repeats",
    ),
    "reduce, axes unsorted": (
        '%r = nd.reduce "sum" %x axes [1, 0] : tensor<4x6xf32> -> tensor<f32>',
        "axes are [1, 0], expected them sorted",
    ),
    "reduce, axis kept": (
        '%r = nd.reduce "sum" %x axes [1] : tensor<4x6xf32> -> tensor<4x1xf32>',
        "result shape is (4, 1), expected (4,)",
    ),
    "reduce, another element type": (
        '%r = nd.reduce "sum" %x axes [1] : tensor<4x6xf32> -> tensor<4xf64>',
        "result element type is f64, expected f32",
    ),
    "reshape, another count": (
        "%r = nd.reshape %x : tensor<4x6xf32> -> tensor<5x5xf32>",
        "number of elements of the result is 25, expected 24",
    ),
    "reshape, another element type": (
        "%r = nd.reshape %x : tensor<4x6xf32> -> tensor<24xf16>",
        "result element type is f16, expected f32",
    ),
    "permute, axis twice": (
        "%r = nd.permute %x [0, 0] : tensor<4x6xf32> -> tensor<4x4xf32>",
        "permutation is [0, 0], expected each of the 2 axes once",
    ),
    "permute, result not permuted": (
        "%r = nd.permute %x [1, 0] : tensor<4x6xf32> -> tensor<4x6xf32>",
        "result shape is (4, 6), expected (6, 4)",
    ),
    "expand, extent that is not 1": (
        "%r = nd.expand %x : tensor<4x6xf32> -> tensor<8x6xf32>",
        "axis 0 grows from 4 to 8, expected an extent of 1 or 8",
    ),
    "expand, to nothing": ("%r = nd.expand %x : tensor<4x6xf32> -> tensor<4x0xf32>", "axis 1 grows from 6 to 0"),
    "expand, another rank": (
        "%r = nd.expand %x : tensor<4x6xf32> -> tensor<2x4x6xf32>",
        "result shape is (2, 4, 6), expected rank 2 as the operand (4, 6)",
    ),
    "pad, one entry short": (
        "%r = nd.pad %x low [1] high [0, 0] value 0.0 : f32 : tensor<4x6xf32> -> tensor<5x6xf32>",
        "low has 1 entries, expected 2, one for each axis",
    ),
    "pad, negative": (
        "%r = nd.pad %x low [0, -1] high [0, 0] value 0.0 : f32 : tensor<4x6xf32> -> tensor<4x5xf32>",
        "expected no negative amount; use nd.shrink",
    ),
    "pad, value of another type": (
        "%r = nd.pad %x low [0, 1] high [0, 0] value 0 : i32 : tensor<4x6xf32> -> tensor<4x7xf32>",
        "type of the value is i32, expected f32",
    ),
    "pad, wrong result": (
        "%r = nd.pad %x low [0, 1] high [0, 2] value 0.0 : f32 : tensor<4x6xf32> -> tensor<4x8xf32>",
        "result shape is (4, 8), expected (4, 9)",
    ),
    "shrink, past the end": (
        "%r = nd.shrink %x start [0, 0] stop [5, 6] step [1, 1] : tensor<4x6xf32> -> tensor<5x6xf32>",
        "axis 0 keeps 0 to 5, expected 0 <= start <= stop <= 4",
    ),
    "shrink, step 0": (
        "%r = nd.shrink %x start [0, 0] stop [4, 6] step [1, 0] : tensor<4x6xf32> -> tensor<4x6xf32>",
        "step of axis 1 is 0, expected at least 1; use nd.flip",
    ),
    "shrink, wrong result": (
        "%r = nd.shrink %x start [0, 0] stop [4, 6] step [1, 4] : tensor<4x6xf32> -> tensor<4x1xf32>",
        "result shape is (4, 1), expected (4, 2)",
    ),
    "shrink, one entry short": (
        "%r = nd.shrink %x start [0, 0] stop [4] step [1, 4] : tensor<4x6xf32> -> tensor<4x2xf32>",
        "stop has 1 entries, expected 2",
    ),
    "flip, axis out of range": (
        "%r = nd.flip %x axes [2] : tensor<4x6xf32> -> tensor<4x6xf32>",
        "axis 2 is out of range, expected 0 <= axis < 2",
    ),
    "flip, another shape": (
        "%r = nd.flip %x axes [0] : tensor<4x6xf32> -> tensor<6x4xf32>",
        "result shape is (6, 4), expected (4, 6)",
    ),
    "const, value of another type": ("%r = nd.const 1.0 : f32 -> tensor<4xf64>", "type of the value is f32, expected f64"),
    "const, dynamic": ("%r = nd.const 1.0 : f32 -> tensor<?xf32>", "result is tensor<?xf32>, expected a static shape"),
    "iota, of floats": ("%r = nd.iota 0 -> tensor<4xf32>", "element type is f32, expected an integer"),
    "iota, of bools": ("%r = nd.iota 0 -> tensor<2xi1>", "element type is i1, expected an integer"),
    "iota, axis out of range": ("%r = nd.iota 0 -> tensor<i32>", "axis 0 is out of range, expected 0 <= axis < 0"),
    "iota, type too narrow": (
        "%r = nd.iota 1 -> tensor<2x129xi8>",
        "axis 1 has 129 elements, expected at most 128: i8 holds no larger index",
    ),
}

ARGUMENTS = (
    "%x: tensor<4x6xf32>, %i: tensor<4x6xi32>, %b: tensor<4x6xi1>, %u: tensor<4x6xui8>, %c: tensor<6xi1>, "
    '%dyn: tensor<?xf32>, %idx: tensor<4xindex>, %enc: tensor<4xf32, "csr">'
)


@pytest.mark.parametrize("what", REFUSED)
def test_refused_with_a_message_that_says_found_and_expected(what: str) -> None:
    line, message = REFUSED[what]
    with pytest.raises(VerifyException) as refusal:
        parse(f"func.func @f({ARGUMENTS}) {{\n  {line}\n  return\n}}")
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    "line",
    [
        "%r = nd.iota 1 -> tensor<2x128xi8>",
        "%r = nd.iota 0 -> tensor<256xui8>",
        '%r = nd.unary "not" %b : tensor<4x6xi1>',
        '%r = nd.reduce "max" %b axes [0, 1] : tensor<4x6xi1> -> tensor<i1>',
        "%r = nd.shrink %x start [4, 0] stop [4, 6] step [9, 1] : tensor<4x6xf32> -> tensor<0x6xf32>",
        "%r = nd.expand %x : tensor<4x6xf32> -> tensor<4x6xf32>",
        '%r = nd.reduce "sum" %x axes [] : tensor<4x6xf32> -> tensor<4x6xf32>',
    ],
)
def test_accepted_at_the_edge_of_what_is_legal(line: str) -> None:
    parse(f"func.func @f({ARGUMENTS}) {{\n  {line}\n  return\n}}")


def test_operands_of_different_types_are_refused_by_name() -> None:
    text = 'func.func @f(%x: tensor<4xf32>, %y: tensor<4xf64>) {\n  %r = "nd.binary"(%x, %y) {kind = "add"} : '
    with pytest.raises(VerifyException, match="tensor<4xf64>"):
        parse(text + "(tensor<4xf32>, tensor<4xf64>) -> tensor<4xf32>\n  return\n}")
