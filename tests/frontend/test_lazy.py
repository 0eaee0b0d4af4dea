"""Laziness, sharing, memory and depth: what realize compiles, runs and lets go."""

import copy
import gc
import pickle
import weakref

import numpy as np
import pytest

import rung
from rung import Tensor
from rung.frontend import graph, runtime


@pytest.fixture
def compiled(monkeypatch):
    """The modules compiled during the test, by an empty memory of programs."""
    modules = []
    real = runtime.compile_nd

    def compile_nd(module, target):
        modules.append(module)
        return real(module, target)

    monkeypatch.setattr(runtime, "compile_nd", compile_nd)
    monkeypatch.setattr(runtime, "_programs", type(runtime._programs)())
    return modules


def normal(*shape):
    return np.random.default_rng(7).standard_normal(shape).astype(np.float32)


def ops(module):
    return [op.name for op in module.walk()]


def test_building_compiles_nothing(compiled):
    x = Tensor(normal(3, 5))
    y = (x @ x.T).softmax().sum()
    repr(y), y.shape, y.dtype, len(x)
    assert compiled == []
    assert "lazy" in repr(y) and "shape=()" in repr(y)
    y.item()
    assert len(compiled) == 1
    assert "realized" in repr(y)


def test_a_second_look_computes_nothing(compiled, monkeypatch):
    y = Tensor(normal(4)) + 1
    first = y.numpy()
    monkeypatch.setattr(runtime, "program", None)
    np.testing.assert_array_equal(y.numpy(), first)


def test_the_same_expression_on_new_data_is_one_program(compiled):
    a, b = normal(3, 4), normal(3, 4) * 2
    for data in (a, b):
        np.testing.assert_allclose((Tensor(data, name="x").exp() + 1).numpy(), np.exp(data) + 1, rtol=1e-6)
    assert len(compiled) == 1
    (Tensor(a).exp() + 2).numpy()  # another constant is another program
    (Tensor(a.T).exp() + 1).numpy()  # and another shape
    assert len(compiled) == 3


def test_zero_and_negative_zero_are_two_programs(compiled):
    x = Tensor(np.array([2.0], np.float32))
    assert (x / 0.0).item() == np.inf
    assert (x / -0.0).item() == -np.inf
    assert len(compiled) == 2


def test_one_and_true_are_two_programs(compiled):
    assert Tensor.full((2,), True).tolist() == [True, True]
    assert Tensor.full((2,), 1).tolist() == [1, 1]
    assert Tensor.full((2,), 1.0).dtype.name == "float32"


def test_the_wiring_is_part_of_the_program(compiled):
    a, b = Tensor(np.array([5.0])), Tensor(np.array([3.0]))
    assert ((a - b).item(), (b - a).item(), (a - a).item()) == (2, -2, 0)
    assert len(compiled) == 2  # a - b and b - a are alike; a - a has one input


def test_tensors_realized_together_share_what_they_share(compiled):
    x = Tensor(normal(4, 4), name="x")
    heavy = x @ x
    a, b = heavy + 1, heavy * 2
    rung.realize(a, b, a)
    assert len(compiled) == 1
    assert ops(compiled[0]).count("nd.reduce") == 1
    main = next(op for op in compiled[0].walk() if op.name == "func.func")
    assert len(main.function_type.inputs) == 1 and len(main.function_type.outputs) == 2
    np.testing.assert_allclose(b.numpy(), 2 * (a.numpy() - 1), rtol=1e-5)


def test_what_was_built_on_a_tensor_uses_its_elements_once_it_is_realized(compiled):
    x = Tensor(normal(4))
    y = x.exp()
    z = y + 1
    y.realize()
    z.realize()
    assert "nd.unary" not in ops(compiled[1])
    np.testing.assert_allclose(z.numpy(), y.numpy() + 1)


def test_realize_returns_self_and_contiguous_cuts_the_graph(compiled):
    y = Tensor(normal(4)) + 1
    assert y.realize() is y and y.contiguous() is y and y.is_realized


def test_names_reach_the_program(compiled):
    (Tensor(normal(3), name="x") @ Tensor(normal(3, 2), name="w")).softmax().realize()
    text = str(compiled[0])
    assert "@main(%x: tensor<3xf32>, %w: tensor<3x2xf32>)" in text
    assert "%softmax = nd.binary" in text and "%matmul" in text
    (Tensor(normal(3)) + 1).named("logits").realize()
    assert "return %logits" in str(compiled[1])


def test_a_name_that_cannot_stand_in_ir_is_refused():
    with pytest.raises(ValueError, match='"my input" cannot name a value'):
        Tensor([1.0], name="my input")


def test_upstream_accepts_the_function(compiled, mlir_opt):
    x = Tensor(normal(5, 3), name="x")
    (x.cumsum(0).pad([(1, 2), None], value=float("-inf"))[::-2] @ x.T).argmax(1).realize()
    assert "func.func @main" in mlir_opt(compiled[0])


def test_dropped_expressions_leave_no_uses_behind():
    x = Tensor(normal(4)) + 1  # lazy and alive: every expression below uses its one value
    for _ in range(10_000):
        (x * 2).exp()
    assert x._value.uses.get_length() == 0
    assert len(graph._held) < 1000
    leaf = Tensor(normal(4))
    for _ in range(10_000):
        leaf * 2
    assert leaf._use().uses.get_length() == 0


def test_a_dropped_expression_frees_its_inputs_at_once():
    gc.disable()  # reference counts alone must do it: a device's memory cannot wait for the collector
    try:
        mask = Tensor.arange(4) < 2
        x = Tensor(normal(4))
        buffer = weakref.ref(x._buffer)
        y = mask.where(x, 0)
        del x
        assert buffer() is not None
        del y
        assert buffer() is None
        assert mask._value.uses.get_length() == 0
    finally:
        gc.enable()


def test_a_realized_tensor_forgets_its_inputs():
    gc.disable()
    try:
        x = Tensor(normal(4))
        buffer = weakref.ref(x._buffer)
        y = x + 1
        z = y * 2
        del x
        y.realize()
        assert buffer() is None
        np.testing.assert_allclose(z.numpy(), (normal(4) + 1) * 2, rtol=1e-6)
    finally:
        gc.enable()


def test_a_chain_of_ten_thousand_ops_realizes_and_dies_without_recursion():
    x = Tensor(normal(3))
    y = x
    for _ in range(10_000):
        y = y + 1
    np.testing.assert_allclose(y.numpy(), normal(3) + 10_000, rtol=1e-3)
    y = x
    for _ in range(10_000):
        y = y + 1
    del y


def test_a_failing_compile_leaves_the_tensor_lazy(monkeypatch):
    y = Tensor(normal(3)) + 41

    def broken(module, target):
        raise RuntimeError("no device")

    with monkeypatch.context() as patch:
        patch.setattr(runtime, "compile_nd", broken)
        with pytest.raises(RuntimeError, match="no device"):
            y.realize()
    assert not y.is_realized
    np.testing.assert_allclose(y.numpy(), normal(3) + 41)


def test_an_unknown_target_is_refused_at_realize():
    y = Tensor([1.0]) + 1
    with rung.using("abacus"), pytest.raises(ValueError, match="abacus"):
        y.realize()


def test_using_is_undone_and_nests(target):
    with rung.using("opencl"):
        assert rung.get_target() == "opencl"
        with rung.using("cuda"):
            assert rung.get_target() == "cuda"
        assert rung.get_target() == "opencl"
    assert rung.get_target() == target


def test_to_and_from_numpy_keep_the_numbers():
    data = normal(3, 4)
    np.testing.assert_array_equal(Tensor(data[::2, ::-1]).numpy(), data[::2, ::-1])
    np.testing.assert_array_equal(np.asarray(Tensor(data)), data)
    assert np.asarray(Tensor(data), dtype=np.float64).dtype == np.float64
    np.testing.assert_array_equal(Tensor(data.astype(">f4")).numpy(), data)


def test_tensor_copies_and_from_numpy_shares():
    data = normal(3)
    copied, shared = Tensor(data), Tensor.from_numpy(data)
    data[0] = 5
    assert copied.tolist()[0] != 5 and shared.tolist()[0] == 5
    shared.numpy()[1] = 7  # an array of the caller's own
    assert data[1] != 7


def test_item_tolist_and_conversions():
    assert Tensor([[2.5]]).item() == 2.5
    assert isinstance(Tensor([3]).item(), int) and isinstance(Tensor(True).item(), bool)
    assert Tensor([[1, 2], [3, 4]]).tolist() == [[1, 2], [3, 4]]
    assert Tensor([0.5], "bfloat16").tolist() == [0.5]
    assert float(Tensor(2)) == 2.0 and int(Tensor(2.9)) == 2 and bool(Tensor([1.0])) and [10, 20][Tensor(1)] == 20


def test_misuse_names_the_shape():
    x = Tensor(normal(2, 3))
    with pytest.raises(ValueError, match=r"item\(\) wants one element, found shape \(2, 3\)"):
        x.item()
    with pytest.raises(ValueError, match=r"shape \(2, 3\) is ambiguous"):
        bool(x)
    with pytest.raises(TypeError, match="0-d"):
        len(Tensor(1.0))
    with pytest.raises(TypeError, match="iteration over a 0-d tensor"):
        list(Tensor(1.0))
    with pytest.raises(TypeError, match="complex128"):
        Tensor(1j)


def test_copies_share_and_pickles_carry_the_elements():
    x = Tensor([1.0, 2.0]) + 1
    for twin in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert twin is not x and twin.tolist() == [2, 3]
        twin += 1
        assert x.tolist() == [2, 3]


def test_a_tensor_of_a_tensor_shares_its_elements():
    x = Tensor([1.5, 2.5], name="x")
    assert Tensor(x).tolist() == [1.5, 2.5]
    assert Tensor(x, "int32").tolist() == [1, 2]
    lazy = x + 1
    again = Tensor(lazy)
    lazy.realize()
    assert again.tolist() == [2.5, 3.5]
