"""Get on at any rung: its text, read again, compiles to the same numbers; a schedule edited by hand is kept."""

import re

import numpy as np
import pytest

from rung.backends.machine import CPU
from rung.compile import compile_module, spell
from rung.dialects.upstream import make_context, parse
from rung.frontend.runtime import HostBuffer
from rung.pipeline import LADDER, lower, rung_of

PROGRAM = """
func.func @main(%x: tensor<37x64xf32>, %w: tensor<64x24xf32>) -> tensor<37x24xf32> {
  %x1 = nd.reshape %x : tensor<37x64xf32> -> tensor<37x1x64xf32>
  %x2 = nd.expand %x1 : tensor<37x1x64xf32> -> tensor<37x24x64xf32>
  %w1 = nd.permute %w [1, 0] : tensor<64x24xf32> -> tensor<24x64xf32>
  %w2 = nd.reshape %w1 : tensor<24x64xf32> -> tensor<1x24x64xf32>
  %w3 = nd.expand %w2 : tensor<1x24x64xf32> -> tensor<37x24x64xf32>
  %p = nd.binary "mul" %x2, %w3 : tensor<37x24x64xf32> -> tensor<37x24x64xf32>
  %y = nd.reduce "sum" %p axes [2] : tensor<37x24x64xf32> -> tensor<37x24xf32>
  %m = nd.reduce "max" %y axes [1] : tensor<37x24xf32> -> tensor<37xf32>
  %m1 = nd.reshape %m : tensor<37xf32> -> tensor<37x1xf32>
  %m2 = nd.expand %m1 : tensor<37x1xf32> -> tensor<37x24xf32>
  %d = nd.binary "sub" %y, %m2 : tensor<37x24xf32> -> tensor<37x24xf32>
  return %d : tensor<37x24xf32>
}
"""


@pytest.fixture(scope="module")
def rungs() -> dict[str, str]:
    """The program's text at each rung."""
    found: dict[str, str] = {}
    lower(make_context(), parse(PROGRAM), CPU, on_rung=lambda rung, module: found.__setitem__(rung, str(module)))
    return found


def expected(x, w):
    y = x @ w
    return y - y.max(1, keepdims=True)


def test_each_rung_is_shown_once(rungs):
    assert tuple(rungs) == LADDER


@pytest.mark.parametrize("rung", LADDER)
def test_text_of_a_rung_compiles_to_the_same_numbers(rung, rungs, rng):
    x, w = rng.standard_normal((37, 64)).astype(np.float32), rng.standard_normal((64, 24)).astype(np.float32)
    (out,) = compile_module(parse(rungs[rung]), "opencl", cache=False).run([HostBuffer(x), HostBuffer(w)])
    np.testing.assert_allclose(out.numpy(), expected(x, w), rtol=1e-4, atol=1e-4)


def test_schedule_edited_by_hand_is_the_one_that_runs(rng):
    module, context = parse(PROGRAM), make_context()
    texts: list[str] = []
    for step in ("nd-mark-kernels", "nd-outline-kernels", "nd-to-linalg", "linalg-choose-schedule"):
        from rung.universe import PASSES, load_pass

        load_pass(PASSES[step])().apply(context, module)
    texts.append(str(module))
    edited, count = re.subn(r"tile = array<i64: 37, 24>", "tile = array<i64: 16, 8>", texts[0], count=1)
    assert count == 1, texts[0]
    edited = re.sub(r"vector = array<i64: \d+, \d+>", "vector = array<i64: 2, 8>", edited, count=1)
    lowered = lower(make_context(), parse(edited), CPU)
    assert "vector<2x8xf32>" in str(lowered)
    assert "i0 += 2" in spell(lowered, "opencl")
    x, w = rng.standard_normal((37, 64)).astype(np.float32), rng.standard_normal((64, 24)).astype(np.float32)
    (out,) = compile_module(parse(edited), "opencl", cache=False).run([HostBuffer(x), HostBuffer(w)])
    np.testing.assert_allclose(out.numpy(), expected(x, w), rtol=1e-4, atol=1e-4)


def test_module_with_two_public_functions_asks_which():
    text = "func.func @a(%x: tensor<2xf32>) -> tensor<2xf32> {\n  return %x : tensor<2xf32>\n}\n"
    with pytest.raises(ValueError, match="public functions are @a, @b, expected one"):
        compile_module(parse(text + text.replace("@a", "@b")))


def test_second_compilation_comes_from_the_cache(rng):
    x, w = rng.standard_normal((37, 64)).astype(np.float32), rng.standard_normal((64, 24)).astype(np.float32)
    first = compile_module(parse(PROGRAM))
    first.run([HostBuffer(x), HostBuffer(w)])[0].numpy()
    second = compile_module(parse(PROGRAM))
    assert second.from_cache
    np.testing.assert_allclose(second.run([HostBuffer(x), HostBuffer(w)])[0].numpy(), expected(x, w), rtol=1e-4, atol=1e-4)


def test_program_that_returns_its_argument_is_on_nd_and_runs(rng):
    module = parse("func.func @main(%x: tensor<5xf32>) -> tensor<5xf32> {\n  return %x : tensor<5xf32>\n}")
    assert rung_of(module) == "nd"
    x = rng.standard_normal(5).astype(np.float32)
    (out,) = compile_module(module, "opencl", cache=False).run([HostBuffer(x)])
    np.testing.assert_array_equal(out.numpy(), x)
