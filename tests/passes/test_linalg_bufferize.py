"""Bufferization keeps the numbers, copies only where it must, and says what it cannot do."""

import numpy as np
import pytest
from linalg_kernels import KERNELS
from xdsl.dialects import memref
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import PassFailedException

from rung.backends.reference import evaluate
from rung.dialects.upstream import make_context, parse
from rung.passes.linalg_bufferize import LinalgBufferizePass
from rung.schedules.nests import kernels
from rung.schedules.tiling import tile_to_forall

COPY = 'linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}'
DOUBLE = """ ^bb0(%v: f32, %w: f32):
        %s = arith.addf %v, %v : f32
        linalg.yield %s : f32
      } -> tensor<6xf32>"""
ACCUMULATE = """ ^bb0(%v: f32, %w: f32):
        %s = arith.addf %v, %w : f32
        linalg.yield %s : f32
      } -> tensor<6xf32>"""
KERNEL = f"""
    func.func private @twice(%a: tensor<6xf32>) -> tensor<6xf32> {{
      %e = tensor.empty() : tensor<6xf32>
      %r = {COPY} ins(%a : tensor<6xf32>) outs(%e : tensor<6xf32>) {{{DOUBLE}
      return %r : tensor<6xf32>
    }}
"""


def bufferized(text: str) -> ModuleOp:
    module = parse(text)
    LinalgBufferizePass().apply(make_context(), module)
    module.verify()
    assert "tensor<" not in str(module)
    return module


def count(module: ModuleOp, kind: type) -> int:
    return sum(isinstance(op, kind) for op in module.walk())


@pytest.mark.parametrize("name", KERNELS)
def test_tiled_kernel_keeps_numbers_without_a_copy(name: str, rng, mlir_opt) -> None:
    kernel = KERNELS[name]
    module = parse(kernel.text)
    tile_to_forall(next(kernels(module)), kernel.tile)
    LinalgBufferizePass().apply(make_context(), module)
    module.verify()
    mlir_opt(module)
    assert count(module, memref.CopyOp) == count(module, memref.AllocOp) == 0
    inputs = kernel.inputs(rng)
    (got,) = evaluate(module, "k", inputs, thread_order="shuffled")
    np.testing.assert_allclose(got, kernel.want(*inputs), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", KERNELS)
def test_untiled_public_function_keeps_numbers(name: str, rng, mlir_opt) -> None:
    """What a user brings: linalg in a public function, no kernel mark, no forall."""
    kernel = KERNELS[name]
    module = bufferized(kernel.text.replace("private @k", "@k").replace("kernel, ", ""))
    mlir_opt(module)
    inputs = kernel.inputs(rng)
    (got,) = evaluate(module, "k", inputs)
    np.testing.assert_allclose(got, kernel.want(*inputs), rtol=1e-5, atol=1e-5)


def test_host_allocates_only_what_is_not_returned(rng, mlir_opt) -> None:
    module = bufferized(
        """
    func.func @main(%x: tensor<6xf32>) -> (tensor<6xf32>, tensor<6xf32>) {
      %a = call @twice(%x) : (tensor<6xf32>) -> tensor<6xf32>
      %b = call @twice(%a) : (tensor<6xf32>) -> tensor<6xf32>
      %c = call @twice(%b) : (tensor<6xf32>) -> tensor<6xf32>
      return %c, %b : tensor<6xf32>, tensor<6xf32>
    }"""
        + KERNEL
    )
    mlir_opt(module)
    assert (count(module, memref.AllocOp), count(module, memref.CopyOp)) == (1, 0)
    x = rng.standard_normal(6, np.float32)
    eight, four = evaluate(module, "main", [x])
    np.testing.assert_array_equal(eight, 8 * x)
    np.testing.assert_array_equal(four, 4 * x)


def test_value_returned_twice_and_returned_argument_are_copied(rng, mlir_opt) -> None:
    module = bufferized(
        """
    func.func @main(%x: tensor<6xf32>) -> (tensor<6xf32>, tensor<6xf32>, tensor<6xf32>) {
      %a = call @twice(%x) : (tensor<6xf32>) -> tensor<6xf32>
      return %a, %a, %x : tensor<6xf32>, tensor<6xf32>, tensor<6xf32>
    }"""
        + KERNEL
    )
    mlir_opt(module)
    assert count(module, memref.CopyOp) == 2
    x = rng.standard_normal(6, np.float32)
    for got, want in zip(evaluate(module, "main", [x]), (2 * x, 2 * x, x)):
        np.testing.assert_array_equal(got, want)


def test_init_that_is_read_again_is_not_overwritten(rng) -> None:
    module = bufferized(f"""
    func.func @f(%x: tensor<6xf32>, %y: tensor<6xf32>) -> (tensor<6xf32>, tensor<6xf32>) {{
      %e = tensor.empty() : tensor<6xf32>
      %a = {COPY} ins(%x : tensor<6xf32>) outs(%e : tensor<6xf32>) {{{DOUBLE}
      %b = {COPY} ins(%y : tensor<6xf32>) outs(%a : tensor<6xf32>) {{{ACCUMULATE}
      %c = {COPY} ins(%a : tensor<6xf32>) outs(%b : tensor<6xf32>) {{{ACCUMULATE}
      return %b, %c : tensor<6xf32>, tensor<6xf32>
    }}""")
    x, y = rng.standard_normal((2, 6)).astype(np.float32)
    b, c = evaluate(module, "f", [x, y])
    np.testing.assert_allclose(b, 2 * x + y, rtol=1e-6)
    np.testing.assert_allclose(c, 4 * x + y, rtol=1e-6)


def test_argument_as_init_is_copied_so_that_the_caller_keeps_it(rng) -> None:
    module = bufferized(f"""
    func.func @f(%x: tensor<6xf32>, %y: tensor<6xf32>) -> tensor<6xf32> {{
      %a = {COPY} ins(%x : tensor<6xf32>) outs(%y : tensor<6xf32>) {{{ACCUMULATE}
      return %a : tensor<6xf32>
    }}""")
    x, y = rng.standard_normal((2, 6)).astype(np.float32)
    kept = y.copy()
    np.testing.assert_allclose(evaluate(module, "f", [x, y])[0], x + kept, rtol=1e-6)
    np.testing.assert_array_equal(y, kept)


def test_argument_as_init_of_a_tiled_kernel_is_copied(rng, mlir_opt) -> None:
    module = parse(f"""
    func.func private @k(%x: tensor<6xf32>, %y: tensor<6xf32>) -> tensor<6xf32> attributes {{kernel, spine = 1 : i64}} {{
      %a = {COPY} ins(%x : tensor<6xf32>) outs(%y : tensor<6xf32>) {{{ACCUMULATE}
      return %a : tensor<6xf32>
    }}""")
    tile_to_forall(next(kernels(module)), (4,))
    LinalgBufferizePass().apply(make_context(), module)
    mlir_opt(module)
    x, y = rng.standard_normal((2, 6)).astype(np.float32)
    np.testing.assert_allclose(evaluate(module, "k", [x, y])[0], x + y, rtol=1e-6)


def test_fill_shared_by_two_ops_is_not_clobbered(rng) -> None:
    module = bufferized(f"""
    func.func @f(%x: tensor<6xf32>) -> (tensor<6xf32>, tensor<6xf32>) {{
      %one = arith.constant 1.0 : f32
      %e = tensor.empty() : tensor<6xf32>
      %i = linalg.fill ins(%one : f32) outs(%e : tensor<6xf32>) -> tensor<6xf32>
      %a = {COPY} ins(%x : tensor<6xf32>) outs(%i : tensor<6xf32>) {{{ACCUMULATE}
      %b = {COPY} ins(%a : tensor<6xf32>) outs(%i : tensor<6xf32>) {{{ACCUMULATE}
      return %a, %b : tensor<6xf32>, tensor<6xf32>
    }}""")
    x = rng.standard_normal(6, np.float32)
    a, b = evaluate(module, "f", [x])
    np.testing.assert_allclose(a, x + 1, rtol=1e-6)
    np.testing.assert_allclose(b, x + 2, rtol=1e-6)


def test_iteration_result_that_is_elsewhere_is_copied_into_its_slice(rng, mlir_opt) -> None:
    """By hand, or by another tool: the tile is computed beside the shared out."""
    module = bufferized(f"""
    func.func @f(%x: tensor<24xf32>) -> tensor<24xf32> {{
      %e = tensor.empty() : tensor<24xf32>
      %r = scf.forall (%i) = (0) to (24) step (6) shared_outs(%o = %e) -> (tensor<24xf32>) {{
        %xt = tensor.extract_slice %x[%i] [6] [1] : tensor<24xf32> to tensor<6xf32>
        %et = tensor.empty() : tensor<6xf32>
        %t = {COPY} ins(%xt : tensor<6xf32>) outs(%et : tensor<6xf32>) {{{DOUBLE}
        scf.forall.in_parallel {{
          tensor.parallel_insert_slice %t into %o[%i] [6] [1] : tensor<6xf32> into tensor<24xf32>
        }}
      }}
      return %r : tensor<24xf32>
    }}""")
    mlir_opt(module)
    x = rng.standard_normal(24, np.float32)
    np.testing.assert_array_equal(evaluate(module, "f", [x])[0], 2 * x)


def test_splat_constant_is_filled_and_never_overwritten(rng) -> None:
    module = bufferized(f"""
    func.func @f(%x: tensor<6xf32>) -> (tensor<6xf32>, tensor<6xf32>) {{
      %c = arith.constant dense<3.0> : tensor<6xf32>
      %a = {COPY} ins(%x : tensor<6xf32>) outs(%c : tensor<6xf32>) {{{ACCUMULATE}
      return %a, %c : tensor<6xf32>, tensor<6xf32>
    }}""")
    x = rng.standard_normal(6, np.float32)
    a, c = evaluate(module, "f", [x])
    np.testing.assert_allclose(a, x + 3, rtol=1e-6)
    np.testing.assert_array_equal(c, np.full(6, 3, np.float32))


def test_reshape_on_the_host_is_a_view(rng, mlir_opt) -> None:
    module = bufferized(
        """
    func.func @main(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {
      %flat = tensor.collapse_shape %x [[0, 1]] : tensor<2x3xf32> into tensor<6xf32>
      %a = call @twice(%flat) : (tensor<6xf32>) -> tensor<6xf32>
      %r = tensor.expand_shape %a [[0, 1]] output_shape [3, 2] : tensor<6xf32> into tensor<3x2xf32>
      return %r : tensor<3x2xf32>
    }"""
        + KERNEL
    )
    mlir_opt(module)
    x = rng.standard_normal((2, 3)).astype(np.float32)
    np.testing.assert_array_equal(evaluate(module, "main", [x])[0], 2 * x.reshape(3, 2))


def test_returned_reshape_of_an_argument_is_copied(rng) -> None:
    module = bufferized("""
    func.func @main(%x: tensor<6xf32>) -> tensor<3x2xf32> {
      %r = tensor.expand_shape %x [[0, 1]] output_shape [3, 2] : tensor<6xf32> into tensor<3x2xf32>
      return %r : tensor<3x2xf32>
    }""")
    x = rng.standard_normal(6).astype(np.float32)
    np.testing.assert_array_equal(evaluate(module, "main", [x])[0], x.reshape(3, 2))


def test_attributes_of_parameters_and_results_follow(mlir_opt) -> None:
    text = 'func.func @f(%x: tensor<4xf32> {a.b}, %n: i32) -> (tensor<4xf32> {c.d = "e"}) {\n return %x : tensor<4xf32>\n}'
    module = bufferized(text)
    assert '(%x: memref<4xf32> {a.b}, %n: i32, %out: memref<4xf32> {c.d = "e"}) attributes {outs = 1' in str(module)
    mlir_opt(module)


def test_declaration_follows() -> None:
    module = bufferized("func.func private @f(tensor<4xf32>, i32) -> tensor<2xi1>")
    assert "@f(memref<4xf32>, i32, memref<2xi1>) -> () attributes {outs = 1 : i64}" in str(module)


def test_function_on_memrefs_is_left_alone() -> None:
    text = "func.func @f(%x: memref<4xf32>) {\n  return\n}"
    module = parse(text)
    before = str(module)
    LinalgBufferizePass().apply(make_context(), module)
    assert str(module) == before


BAD = {
    "scalar_result": (
        "func.func @f(%x: tensor<2xf32>, %y: f32) -> f32 {\n return %y : f32\n}",
        "func.func in @f: result 0 is f32, expected a ranked tensor",
    ),
    "dynamic_shape": (
        "func.func @f(%x: tensor<?xf32>) -> tensor<?xf32> {\n return %x : tensor<?xf32>\n}",
        r"type is tensor<\?xf32>, expected a static shape",
    ),
    "weights_in_the_text": (
        "func.func @f() -> tensor<2xf32> {\n %c = arith.constant dense<[1., 2.]> : tensor<2xf32>\n return %c : tensor<2xf32>\n}",
        "arith.constant in @f: a constant tensor of several values; pass it to the function as an argument",
    ),
    "op_without_rule": (
        "func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {\n %c = math.sin %x : tensor<2xf32>\n return %c : tensor<2xf32>\n}",
        "math.sin in @f: linalg-bufferize has no rule for this op on tensors",
    ),
    "slice_that_drops_a_dim": (
        "func.func @f(%x: tensor<1x2xf32>) -> tensor<2xf32> {\n"
        " %c = tensor.extract_slice %x[0, 0] [1, 2] [1, 1] : tensor<1x2xf32> to tensor<2xf32>\n return %c : tensor<2xf32>\n}",
        "tensor.extract_slice in @f: drops unit extents",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_has_no_rule_is_told(name: str) -> None:
    text, message = BAD[name]
    with pytest.raises(PassFailedException, match=message):
        bufferized(text)
