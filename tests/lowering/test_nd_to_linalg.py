"""nd to linalg: what becomes a map, a guard, a stage; what is refused; and that the numbers stay."""

import numpy as np
import pytest
from xdsl.dialects.linalg.ops import GenericOp
from xdsl.utils.exceptions import VerifyException

from rung.backends.reference import evaluate
from rung.dialects.upstream import make_context, parse
from rung.lowering.nd_to_linalg import NdToLinalgPass

SOFTMAX = """
func.func private @softmax(%x: tensor<{r}x{c}xf32>) -> tensor<{r}x{c}xf32> attributes {{kernel}} {{
  %m = nd.reduce "max" %x axes [1] : tensor<{r}x{c}xf32> -> tensor<{r}xf32>
  %mr = nd.reshape %m : tensor<{r}xf32> -> tensor<{r}x1xf32>
  %me = nd.expand %mr : tensor<{r}x1xf32> -> tensor<{r}x{c}xf32>
  %d = nd.binary "sub" %x, %me : tensor<{r}x{c}xf32> -> tensor<{r}x{c}xf32>
  %e = nd.unary "exp2" %d : tensor<{r}x{c}xf32>
  %s = nd.reduce "sum" %e axes [1] : tensor<{r}x{c}xf32> -> tensor<{r}xf32>
  %sr = nd.reshape %s : tensor<{r}xf32> -> tensor<{r}x1xf32>
  %se = nd.expand %sr : tensor<{r}x1xf32> -> tensor<{r}x{c}xf32>
  %q = nd.binary "div" %e, %se : tensor<{r}x{c}xf32> -> tensor<{r}x{c}xf32>
  return %q : tensor<{r}x{c}xf32>
}}
"""

PADDED = """
func.func private @padded(%x: tensor<4x6xf32>) -> tensor<6x7xf32> attributes {kernel} {
  %f = nd.flip %x axes [1] : tensor<4x6xf32> -> tensor<4x6xf32>
  %p = nd.pad %f low [1, 0] high [1, 1] value 7.5 : f32 : tensor<4x6xf32> -> tensor<6x7xf32>
  return %p : tensor<6x7xf32>
}
"""

WINDOWS = """
func.func private @sums(%x: tensor<11xf32>) -> tensor<9xf32> attributes {kernel} {
  %p1 = nd.reshape %x : tensor<11xf32> -> tensor<1x11xf32>
  %p2 = nd.expand %p1 : tensor<1x11xf32> -> tensor<4x11xf32>
  %p3 = nd.reshape %p2 : tensor<4x11xf32> -> tensor<44xf32>
  %p4 = nd.shrink %p3 start [0] stop [36] step [1] : tensor<44xf32> -> tensor<36xf32>
  %p5 = nd.reshape %p4 : tensor<36xf32> -> tensor<3x12xf32>
  %p6 = nd.shrink %p5 start [0, 0] stop [3, 9] step [1, 1] : tensor<3x12xf32> -> tensor<3x9xf32>
  %s = nd.reduce "sum" %p6 axes [0] : tensor<3x9xf32> -> tensor<9xf32>
  return %s : tensor<9xf32>
}
"""


def lowered(text: str):
    module = parse(text)
    NdToLinalgPass().apply(make_context(), module)
    module.verify()
    return module


def generics(module) -> list[GenericOp]:
    return [op for op in module.walk() if isinstance(op, GenericOp)]


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (37, 10), (5, 17), (1, 13), (13, 1)])
def test_softmax_is_three_stages_over_shared_rows(rows, columns, mlir_opt, rng):
    module = lowered(SOFTMAX.format(r=rows, c=columns))
    assert len(generics(module)) == 3
    mlir_opt(module)
    x = rng.standard_normal((rows, columns)).astype(np.float32)
    want = evaluate(parse(SOFTMAX.format(r=rows, c=columns)), "softmax", [x])
    np.testing.assert_allclose(evaluate(module, "softmax", [x])[0], want[0], rtol=1e-6)


def test_pad_of_flip_is_a_guarded_extract(mlir_opt, rng):
    module = lowered(PADDED)
    text = str(module)
    assert "scf.if" in text and "tensor.extract" in text and "((d0 * -1) + 5)" in text
    mlir_opt(module)
    x = rng.standard_normal((4, 6)).astype(np.float32)
    want = np.pad(x[:, ::-1], ((1, 1), (0, 1)), constant_values=7.5)
    np.testing.assert_array_equal(evaluate(module, "padded", [x])[0], want)


def test_windows_made_by_movement_are_one_indexing_map(mlir_opt, rng):
    module = lowered(WINDOWS)
    assert "affine_map<(d0, d1) -> ((d0 + d1))>" in str(module)
    assert "tensor.extract" not in str(module)
    mlir_opt(module)
    x = rng.standard_normal(11).astype(np.float32)
    want = x[:9] + x[1:10] + x[2:]
    np.testing.assert_allclose(evaluate(module, "sums", [x])[0], want, rtol=1e-5)


def test_matmul_reads_its_operands_by_maps_alone(mlir_opt):
    module = lowered("""
func.func private @matmul(%a: tensor<5x3xf32>, %b: tensor<3x4xf32>) -> tensor<5x4xf32> attributes {kernel} {
  %a1 = nd.reshape %a : tensor<5x3xf32> -> tensor<5x1x3xf32>
  %a2 = nd.expand %a1 : tensor<5x1x3xf32> -> tensor<5x4x3xf32>
  %b0 = nd.permute %b [1, 0] : tensor<3x4xf32> -> tensor<4x3xf32>
  %b1 = nd.reshape %b0 : tensor<4x3xf32> -> tensor<1x4x3xf32>
  %b2 = nd.expand %b1 : tensor<1x4x3xf32> -> tensor<5x4x3xf32>
  %m = nd.binary "mul" %a2, %b2 : tensor<5x4x3xf32> -> tensor<5x4x3xf32>
  %s = nd.reduce "sum" %m axes [2] : tensor<5x4x3xf32> -> tensor<5x4xf32>
  return %s : tensor<5x4xf32>
}""")
    maps = [str(m.data) for m in generics(module)[0].indexing_maps]
    assert maps == ["(d0, d1, d2) -> (d0, d2)", "(d0, d1, d2) -> (d2, d1)", "(d0, d1, d2) -> (d0, d1)"]
    mlir_opt(module)


def test_unsigned_types_leave_their_meaning_in_the_ops():
    text = str(
        lowered("""
func.func private @f(%x: tensor<4xui8>, %y: tensor<4xui8>) -> tensor<4xui8> attributes {kernel} {
  %m = nd.binary "max" %x, %y : tensor<4xui8> -> tensor<4xui8>
  return %m : tensor<4xui8>
}""")
    )
    assert "arith.maxui" in text and "ui8" not in text


def test_integer_division_by_a_constant_has_no_guard():
    text = str(
        lowered("""
func.func private @f(%x: tensor<4xi32>) -> tensor<4xi32> attributes {kernel} {
  %c = nd.const 3 : i32 -> tensor<4xi32>
  %m = nd.binary "idiv" %x, %c : tensor<4xi32> -> tensor<4xi32>
  return %m : tensor<4xi32>
}""")
    )
    assert "arith.divsi" in text and "arith.select" not in text


def test_reduction_needed_beyond_its_row_is_refused_by_name():
    with pytest.raises(
        VerifyException, match=r'"max" \(%m\) is needed at more than one element for each row .*mark it {realize}'
    ):
        lowered("""
func.func private @f(%x: tensor<4x4xf32>) -> tensor<4xf32> attributes {kernel} {
  %m = nd.reduce "max" %x axes [1] : tensor<4x4xf32> -> tensor<4xf32>
  %r = nd.flip %m axes [0] : tensor<4xf32> -> tensor<4xf32>
  return %r : tensor<4xf32>
}""")


def test_reduction_needed_at_two_indices_is_refused():
    with pytest.raises(VerifyException, match="two different indices"):
        lowered("""
func.func private @f(%x: tensor<4x4xf32>) -> tensor<4x4xf32> attributes {kernel} {
  %m = nd.reduce "max" %x axes [1] : tensor<4x4xf32> -> tensor<4xf32>
  %a = nd.reshape %m : tensor<4xf32> -> tensor<4x1xf32>
  %b = nd.expand %a : tensor<4x1xf32> -> tensor<4x4xf32>
  %c = nd.permute %b [1, 0] : tensor<4x4xf32> -> tensor<4x4xf32>
  %d = nd.binary "add" %b, %c : tensor<4x4xf32> -> tensor<4x4xf32>
  return %d : tensor<4x4xf32>
}""")


def test_nd_left_outside_kernels_is_named():
    with pytest.raises(VerifyException, match=r"nd\.unary left outside kernels"):
        lowered("""
func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  %r = nd.unary "neg" %x : tensor<4xf32>
  return %r : tensor<4xf32>
}""")


def test_kernel_of_two_results_is_refused():
    with pytest.raises(VerifyException, match="returns 2 values, expected 1"):
        lowered("""
func.func private @f(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) attributes {kernel} {
  return %x, %x : tensor<4xf32>, tensor<4xf32>
}""")


def test_chain_of_3000_ops_lowers_without_recursion():
    ops = "\n".join(f'  %v{i + 1} = nd.unary "neg" %v{i} : tensor<4xf32>' for i in range(3000))
    head = "func.func private @f(%v0: tensor<4xf32>) -> tensor<4xf32> attributes {kernel} {"
    module = lowered(f"{head}\n{ops}\n  return %v3000 : tensor<4xf32>\n}}")
    assert str(module).count("arith.negf") == 3000
