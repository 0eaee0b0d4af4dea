"""A reduction over part of a split axis streams through its data: it is rows, not a window (it ran scalar, 6x slower)."""

from rung.backends.machine import CPU
from rung.dialects.upstream import make_context, parse
from rung.pipeline import lower


def test_partial_sums_of_a_long_vector_are_vectorized_rows():
    module = parse("""
func.func @main(%x: tensor<1048576xf32>) -> tensor<64xf32> {
  %r = nd.reshape %x : tensor<1048576xf32> -> tensor<64x16384xf32>
  %s = nd.reduce "sum" %r axes [1] : tensor<64x16384xf32> -> tensor<64xf32>
  return %s : tensor<64xf32>
}""")
    lower(make_context(), module, CPU, stop_at="vector")
    assert 'class = "row"' in str(module)
    assert "vector<32xf32>" in str(module)
