"""Functions against the standard library's in double precision: a bound on the error, special values, half floats, overflow."""

import math

import ml_dtypes
import numpy as np
import pytest

from rung import Tensor

RNG = np.random.default_rng(9)
NORMAL = RNG.standard_normal(2000).astype(np.float32)
SMALL = np.concatenate([NORMAL * 10.0**-k for k in (1, 3, 6, 20)]).astype(np.float32)
LARGE = np.concatenate([NORMAL * 8, NORMAL * 30])
INF, NAN = float("inf"), float("nan")


def exactly(name):
    """The function, in double precision, element by element."""
    own = {
        "exp2": lambda v: 2.0**v, "rsqrt": lambda v: 1 / math.sqrt(v), "reciprocal": lambda v: 1 / v, "square": lambda v: v * v,
        "sigmoid": lambda v: 1 / (1 + math.exp(-v)), "silu": lambda v: v / (1 + math.exp(-v)), "relu": lambda v: max(v, 0.0),
        "gelu": lambda v: 0.5 * v * math.erfc(-v / math.sqrt(2)), "softplus": lambda v: max(v, 0) + math.log1p(math.exp(-abs(v))),
        "leaky_relu": lambda v: v if v > 0 else 0.01 * v, "elu": lambda v: v if v > 0 else math.expm1(v),
    }  # fmt: skip
    scalar = own.get(name) or getattr(math, name)
    return lambda data: np.array([scalar(float(v)) for v in data])


@pytest.mark.parametrize(
    ("name", "data", "rtol", "atol"),
    [
        ("exp2", LARGE, 3e-7, 0),
        ("exp", LARGE[:2000], 5e-6, 0),  # the error grows with |x|: 32 * 1e-7
        ("exp", SMALL, 3e-7, 0),
        ("expm1", SMALL, 5e-7, 0),
        ("expm1", NORMAL, 1e-6, 0),
        ("log", abs(LARGE), 3e-7, 1e-7),
        ("log2", abs(LARGE), 3e-7, 1e-7),
        ("log10", abs(LARGE), 3e-7, 1e-7),
        ("log1p", SMALL, 5e-7, 0),
        ("log1p", abs(LARGE), 5e-7, 0),
        ("sqrt", abs(LARGE), 1e-7, 0),
        ("rsqrt", abs(LARGE), 3e-7, 0),
        ("reciprocal", LARGE, 1e-7, 0),
        ("square", LARGE, 1e-7, 0),
        ("sin", LARGE, 1e-6, 1e-7),
        ("cos", LARGE, 0, 5e-7),
        ("cos", NORMAL * 1000, 0, 5e-7),
        ("tan", NORMAL, 2e-4, 0),
        ("sinh", SMALL, 6e-7, 0),
        ("sinh", LARGE, 1e-5, 0),
        ("cosh", LARGE, 1e-5, 0),
        ("tanh", SMALL, 6e-7, 0),
        ("tanh", LARGE, 6e-7, 0),
        ("erf", SMALL, 3e-7, 0),
        ("erf", NORMAL, 3e-7, 0),
        ("sigmoid", LARGE, 1e-5, 1e-37),
        ("silu", LARGE, 1e-5, 1e-36),
        ("relu", LARGE, 0, 0),
        ("gelu", LARGE, 1e-6, 2e-7),
        ("softplus", LARGE, 1e-5, 1e-37),
        ("leaky_relu", LARGE, 2e-7, 0),
        ("elu", LARGE, 1e-6, 0),
    ],
)
def test_a_function_keeps_its_error_bound(name, data, rtol, atol):
    found = getattr(Tensor(data), name)()
    assert found.dtype.name == "float32"
    with np.errstate(over="ignore"):
        expected = exactly(name)(data).astype(np.float32)
    np.testing.assert_allclose(found.numpy(), expected, rtol=rtol, atol=atol)


@pytest.mark.parametrize(
    ("name", "pairs"),
    [
        ("exp", [(INF, INF), (-INF, 0), (NAN, NAN), (200, INF), (-200, 0), (0, 1)]),
        ("exp2", [(INF, INF), (-INF, 0), (NAN, NAN), (0, 1), (127, 2.0**127)]),
        ("expm1", [(INF, INF), (-INF, -1), (NAN, NAN), (200, INF), (0, 0)]),
        ("log", [(0, -INF), (-1, NAN), (INF, INF), (NAN, NAN), (1, 0)]),
        ("log2", [(8, 3), (0, -INF), (-1, NAN), (INF, INF)]),
        ("log1p", [(-1, -INF), (-2, NAN), (INF, INF), (0, 0), (NAN, NAN), (3.4e38, math.log(3.4e38))]),
        ("sqrt", [(-1, NAN), (INF, INF), (4, 2)]),
        ("rsqrt", [(0, INF), (4, 0.5), (INF, 0), (-1, NAN)]),
        ("reciprocal", [(0, INF), (-0.0, -INF), (INF, 0), (4, 0.25)]),
        ("sin", [(INF, NAN), (0, 0)]),
        ("cos", [(INF, NAN), (0, 1)]),
        ("tanh", [(INF, 1), (-INF, -1), (NAN, NAN), (100, 1), (-100, -1), (0, 0)]),
        ("sinh", [(INF, INF), (-INF, -INF), (0, 0), (89, math.sinh(89)), (-89, -math.sinh(89))]),
        ("cosh", [(INF, INF), (-INF, INF), (89, math.cosh(89))]),
        ("erf", [(INF, 1), (-INF, -1), (NAN, NAN), (0, 0), (50, 1)]),
        ("sigmoid", [(INF, 1), (-INF, 0), (NAN, NAN), (200, 1), (-200, 0), (0, 0.5)]),
        ("relu", [(INF, INF), (-INF, 0), (NAN, NAN)]),
        ("softplus", [(INF, INF), (-INF, 0), (200, 200)]),
        ("elu", [(INF, INF), (-INF, -1), (NAN, NAN)]),
        ("sign", [(INF, 1), (-INF, -1), (NAN, NAN), (0, 0), (-3, -1)]),
        ("isnan", [(NAN, True), (INF, False), (0, False)]),
        ("isinf", [(NAN, False), (INF, True), (-INF, True), (3e38, False)]),
        ("isfinite", [(NAN, False), (INF, False), (-INF, False), (3e38, True)]),
    ],
)
def test_a_function_at_its_edges(name, pairs):
    given, expected = zip(*pairs)
    found = getattr(Tensor(np.array(given, np.float32)), name)().numpy()
    np.testing.assert_allclose(found, np.array(expected), rtol=1e-5)


@pytest.mark.parametrize(
    "name", ["exp", "expm1", "log", "log1p", "tanh", "sigmoid", "sin", "cos", "sqrt", "softplus", "sinh", "cosh"]
)
def test_float64_keeps_double_precision(name):
    data = abs(RNG.standard_normal(500)) * 3
    found = getattr(Tensor(data), name)()
    assert found.dtype.name == "float64"
    np.testing.assert_allclose(found.numpy(), exactly(name)(data), rtol=2e-14, atol=1e-15)


@pytest.mark.parametrize("name", ["exp", "tanh", "erf", "gelu", "softmax", "log_softmax", "layernorm", "softplus", "cos"])
@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16], ids=["float16", "bfloat16"])
def test_half_floats_are_rounded_once_at_the_end(name, dtype):
    data = NORMAL[:100].astype(dtype)
    found = getattr(Tensor(data), name)().numpy()
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, getattr(Tensor(data.astype(np.float32)), name)().numpy().astype(dtype))


def test_integers_and_bools_are_computed_in_float32():
    found = Tensor(np.array([0, 1, 2])).exp()
    assert found.dtype.name == "float32"
    np.testing.assert_allclose(found.numpy(), np.exp([0, 1, 2]), rtol=1e-6)
    assert Tensor([True, False]).sigmoid().dtype.name == "float32"


def test_gelu_with_tanh_and_bad_names():
    x = LARGE.astype(np.float64)
    expected = 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    np.testing.assert_allclose(Tensor(LARGE).gelu("tanh").numpy(), expected, rtol=2e-5, atol=1e-6)
    with pytest.raises(ValueError, match='approximate is "erf", expected "none" or "tanh"'):
        Tensor(LARGE).gelu("erf")


def test_signs_and_questions_of_integers():
    ints = np.array([-3, 0, 5], np.int32)
    np.testing.assert_array_equal(Tensor(ints).sign().numpy(), np.sign(ints))
    np.testing.assert_array_equal(Tensor(ints.astype(np.uint8)).sign().numpy(), [1, 0, 1])
    assert (
        not Tensor(ints).isnan().any().item() and not Tensor(ints).isinf().any().item() and Tensor(ints).isfinite().all().item()
    )
    assert Tensor(np.array([-0.0], np.float32)).sign().numpy().tobytes() == np.array([-0.0], np.float32).tobytes()


def softmax(data, axis):
    powers = np.exp(data - data.max(axis, keepdims=True))
    return powers / powers.sum(axis, keepdims=True)


@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (37, 1), (2, 3, 5)])
@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_softmax_and_its_kin_on_large_numbers(shape, axis):
    data = RNG.standard_normal(shape) * 200
    wide = data.astype(np.float32).astype(np.float64)
    x = Tensor(data.astype(np.float32))
    np.testing.assert_allclose(x.softmax(axis).numpy(), softmax(wide, axis), rtol=1e-4, atol=1e-30)
    np.testing.assert_allclose(x.softmax(axis).sum(axis).numpy(), 1, rtol=1e-5)
    total = np.log(np.exp(wide - wide.max(axis, keepdims=True)).sum(axis, keepdims=True)) + wide.max(axis, keepdims=True)
    np.testing.assert_allclose(x.log_softmax(axis).numpy(), wide - total, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(x.logsumexp(axis).numpy(), total.squeeze(axis), rtol=1e-6)
    np.testing.assert_allclose(x.logsumexp(axis, keepdim=True).numpy(), total, rtol=1e-6)


def test_logsumexp_of_minus_infinities_and_of_everything():
    assert Tensor([-INF, -INF]).logsumexp().item() == -INF
    assert Tensor([INF, 1.0]).logsumexp().item() == INF
    assert Tensor(NORMAL[:6].reshape(2, 3)).logsumexp().shape == ()


def test_layernorm_has_mean_0_and_variance_1():
    data = (RNG.standard_normal((4, 33)) * 7 + 100).astype(np.float32)
    wide = data.astype(np.float64)
    expected = (wide - wide.mean(1, keepdims=True)) / np.sqrt(wide.var(1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(Tensor(data).layernorm().numpy(), expected, rtol=1e-4, atol=1e-4)


def test_functions_agree_with_torch():
    torch = pytest.importorskip("torch", reason="torch is not among rung's dependencies (2026-11)")
    x = RNG.standard_normal((5, 9)).astype(np.float32) * 4
    functional = torch.nn.functional
    for name in ("gelu", "silu", "softplus", "elu", "leaky_relu", "relu"):
        np.testing.assert_allclose(
            getattr(Tensor(x), name)().numpy(), getattr(functional, name)(torch.tensor(x)).numpy(), rtol=1e-5, atol=1e-6
        )
    for name in ("var", "std", "logsumexp", "softmax", "cumsum", "argmax"):
        np.testing.assert_allclose(
            getattr(Tensor(x), name)(1).numpy(), getattr(torch.tensor(x), name)(1).numpy(), rtol=1e-4, atol=1e-5
        )


def test_softmax_of_no_elements_has_none_and_a_wrong_axis_is_named():
    for name in ("softmax", "log_softmax"):
        assert getattr(Tensor.zeros(0, 3), name)(0).numpy().shape == (0, 3)
        with pytest.raises(IndexError, match=f"^{name}: axis 4 is out of range"):
            getattr(Tensor.zeros(2, 3), name)(4)
