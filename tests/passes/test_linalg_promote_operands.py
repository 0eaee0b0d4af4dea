"""Packed copies of operands keep the numbers, whatever the tile leaves over, and are made only where they can be."""

import numpy as np
import pytest
from linalg_kernels import KERNELS, matmul
from xdsl.dialects import linalg
from xdsl.dialects.builtin import DenseArrayBase, DictionaryAttr, ModuleOp, i64
from xdsl.utils.exceptions import PassFailedException

from rung.backends.machine import CPU
from rung.backends.reference import evaluate
from rung.dialects.upstream import make_context, parse
from rung.passes.linalg_promote_operands import LinalgPromoteOperandsPass
from rung.passes.linalg_tile_to_forall import LinalgTileToForallPass
from rung.pipeline import lower
from rung.schedules.default import default_schedule
from rung.schedules.nests import Group, kernels

TRANSPOSED = matmul(16, 24, 8).replace("(d0, d1, d2) -> (d2, d1)", "(d0, d1, d2) -> (d1, d2)").replace("8x24x", "24x8x")
"""a @ b.T: what is read along the lanes lies apart in memory."""


def scheduled(text: str, *, tile: tuple[int, ...], promote: tuple[int, ...], vector: tuple[int, ...] = (2, 8)) -> ModuleOp:
    module = parse(text)
    func = next(kernels(module))
    spine = len(tile)
    fields = {"tile": tile, "vector": vector, "vector_dims": (0, 1), "threads": (1,) * spine, "promote": promote}
    func.attributes["schedule"] = DictionaryAttr({name: DenseArrayBase.from_list(i64, v) for name, v in fields.items()})
    return module


def promoted(module: ModuleOp) -> ModuleOp:
    LinalgTileToForallPass().apply(make_context(), module)
    LinalgPromoteOperandsPass().apply(make_context(), module)
    module.verify()
    return module


def copies(module: ModuleOp) -> list[linalg.ops.GenericOp]:
    return [op for op in module.walk() if isinstance(op, linalg.ops.GenericOp) and "vector" in op.attributes]


@pytest.mark.parametrize("tile", [(17, 33), (8, 16), (4, 5), (16, 32), (1, 1)])
@pytest.mark.parametrize("promote", [(1,), (0,), (0, 1)])
def test_numbers_stay_at_tiles_that_leave_edges(tile, promote, rng, mlir_opt) -> None:
    kernel = KERNELS["matmul_17x33x65"]
    inputs = kernel.inputs(rng)
    module = promoted(scheduled(kernel.text, tile=tile, promote=promote))
    mlir_opt(module)
    (got,) = evaluate(module, "k", inputs, thread_order="shuffled")
    np.testing.assert_allclose(got, kernel.want(*inputs), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("stop_at", ["loops", "vector", "gpu"])
def test_numbers_stay_on_the_way_down_with_an_epilogue(stop_at, rng, mlir_opt) -> None:
    kernel = KERNELS["matmul_bias_relu"]
    inputs = kernel.inputs(rng)
    main = "func.func @main(%a: tensor<9x11xf32>, %b: tensor<11x20xf32>, %c: tensor<20xf32>) -> tensor<9x20xf32> {\n"
    main += "%r = func.call @k(%a, %b, %c) : (tensor<9x11xf32>, tensor<11x20xf32>, tensor<20xf32>) -> tensor<9x20xf32>\n"
    main += "return %r : tensor<9x20xf32>\n}\n"
    module = scheduled(main + kernel.text, tile=(4, 16), promote=(1,))
    lower(make_context(), module, CPU, stop_at=stop_at)
    mlir_opt(module)
    (got,) = evaluate(module, "main", inputs, thread_order="shuffled")
    np.testing.assert_allclose(got, kernel.want(*inputs), rtol=1e-5, atol=1e-5)


def test_an_operand_read_across_its_rows_is_transposed_on_the_way(rng, mlir_opt) -> None:
    a, b = rng.standard_normal((16, 8), np.float32), rng.standard_normal((24, 8), np.float32)
    module = promoted(scheduled(TRANSPOSED, tile=(8, 8), promote=(1,)))
    mlir_opt(module)
    (copy,) = copies(module)
    assert [str(attr.data) for attr in copy.indexing_maps] == ["(d0, d1) -> (d1, d0)", "(d0, d1) -> (d0, d1)"]
    assert copy.attributes["vector"] == DenseArrayBase.from_list(i64, [8, 8])
    (got,) = evaluate(module, "k", [a, b])
    np.testing.assert_allclose(got, a @ b.T, rtol=1e-5, atol=1e-5)


def test_an_operand_of_windows_stays_where_it_is() -> None:
    module = promoted(scheduled(KERNELS["conv1d"].text, tile=(2, 5), promote=(0,)))
    assert not copies(module)


HALVES = """
func.func private @k(%x: tensor<36xf64>) -> tensor<2xf64> attributes {kernel, spine = 1 : i64} {
  %zero = arith.constant 0.0 : f64
  %e = tensor.empty() : tensor<2xf64>
  %f = linalg.fill ins(%zero : f64) outs(%e : tensor<2xf64>) -> tensor<2xf64>
  %window = tensor.empty() : tensor<18xf64>
  %s = linalg.generic {
    indexing_maps = [affine_map<(i, k) -> (i * 18 + k)>, affine_map<(i, k) -> (k)>, affine_map<(i, k) -> (i)>],
    iterator_types = ["parallel", "reduction"]
  } ins(%x, %window : tensor<36xf64>, tensor<18xf64>) outs(%f : tensor<2xf64>) {
  ^bb0(%a: f64, %unused: f64, %acc: f64):
    %t = arith.addf %acc, %a fastmath<reassoc> : f64
    linalg.yield %t : f64
  } -> tensor<2xf64>
  return %s : tensor<2xf64>
}
"""


def test_an_operand_that_only_says_how_large_the_window_is_stays_as_nobody_wrote_it() -> None:
    assert copies(promoted(scheduled(HALVES, tile=(2,), promote=(0, 1)))) == []


def test_a_kernel_that_reduces_nothing_stays_as_it_is() -> None:
    module = promoted(scheduled(KERNELS["transpose_5x9"].text, tile=(4, 2), promote=(0,)))
    assert not copies(module)


def test_without_promote_nothing_is_packed() -> None:
    assert not copies(promoted(scheduled(KERNELS["matmul_17x33x65"].text, tile=(8, 16), promote=())))


def test_an_operand_that_is_not_there_is_named() -> None:
    with pytest.raises(PassFailedException, match=r"schedule promotes operand 2, expected 0\.\.1"):
        promoted(scheduled(KERNELS["matmul_17x33x65"].text, tile=(8, 16), promote=(2,)))


@pytest.mark.parametrize(
    ("text", "promote"),
    [
        (matmul(512, 512, 512), ()),  # 128 KiB of columns stay in reach
        (matmul(1024, 1024, 1024), (1,)),
        (matmul(1024, 1024, 8192), ()),  # 2 MiB belong on no thread's stack
        (matmul(8, 1024, 1024), ()),  # one panel of rows: nothing to share a copy
        (TRANSPOSED, (1,)),  # neighbours lie apart
    ],
)
def test_the_default_packs_what_is_large_or_lies_apart_and_is_read_again(text: str, promote: tuple[int, ...]) -> None:
    assert default_schedule(Group.of(next(kernels(parse(text)))), CPU).promote == promote
