"""Operators against NumPy: all dtypes, broadcasting, reflected and in place, special values, and what they refuse."""

import operator

import numpy as np
import pytest

from rung import Tensor, where

RNG = np.random.default_rng(11)
FLOATS = RNG.standard_normal((3, 5)).astype(np.float32) * 3
SPECIAL = np.array([0.0, -0.0, 1.5, -2.5, np.inf, -np.inf, np.nan, 1e-40, 3e38], np.float32)
INTS = RNG.integers(-50, 50, (3, 5)).astype(np.int32)
INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]


def same(tensor, expected):
    assert tensor.shape == np.shape(expected)
    np.testing.assert_array_equal(tensor.numpy(), expected)


@pytest.mark.parametrize("op", [operator.add, operator.sub, operator.mul, operator.truediv])
def test_arithmetic_of_floats_is_numpys_on_special_values_too(op):
    a, b = SPECIAL[:, None], SPECIAL[None, :]
    with np.errstate(all="ignore"):
        same(op(Tensor(a), Tensor(b)), op(a, b))


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("op", [operator.add, operator.sub, operator.mul, operator.and_, operator.or_, operator.xor])
def test_arithmetic_of_integers_wraps_as_numpys(op, dtype):
    info = np.iinfo(dtype)
    a = RNG.integers(info.min, info.max, 40, dtype=dtype, endpoint=True)
    b = RNG.integers(info.min, info.max, 40, dtype=dtype, endpoint=True)
    with np.errstate(over="ignore"):
        same(op(Tensor(a), Tensor(b)), op(a, b))


@pytest.mark.parametrize("op", [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne])
@pytest.mark.parametrize("data", [SPECIAL, INTS[0], INTS[0] > 0, INTS[0].astype(np.uint8)], ids=["float", "int", "bool", "uint"])
def test_comparisons_are_numpys_with_nan_too(op, data):
    a, b = data[:, None], data[None, :]
    found = op(Tensor(a), Tensor(b))
    assert found.dtype.name == "bool"
    same(found, op(a, b))


@pytest.mark.parametrize(
    "op",
    [operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.lt, operator.ge],
)
def test_numbers_and_arrays_stand_on_either_side(op):
    x = Tensor(INTS)
    row = INTS[0] + 60  # no zeros
    same(op(x, 7), op(INTS, 7) if op is not operator.truediv else (INTS / 7).astype(np.float32))
    expected = op(7, row)
    same(op(7, Tensor(row)), expected if op is not operator.truediv else expected.astype(np.float32))
    assert isinstance(op(INTS, Tensor(row)), Tensor)
    assert op(INTS, Tensor(row)).shape == (3, 5)


@pytest.mark.parametrize("op", [operator.and_, operator.or_, operator.xor])
def test_reflected_bits(op):
    same(op(6, Tensor(INTS)), op(6, INTS))
    same(op(True, Tensor(INTS > 0)), op(True, INTS > 0))


@pytest.mark.parametrize("dtype", ["int32", "uint32", "int64", "uint8"])
def test_shifts_are_numpys_up_to_the_width_and_beyond(dtype):
    a = np.array([1, 3, 100, 255], dtype) if dtype[0] == "u" else np.array([1, -3, 100, -128], dtype)
    by = np.array([0, 1, 7, 100], dtype)
    same(Tensor(a)[:, None] << Tensor(by), a[:, None] << by)
    same(Tensor(a)[:, None] >> Tensor(by), a[:, None] >> by)
    same(2 << Tensor(by[:3]), np.array(2, dtype) << by[:3])


def test_unary_operators():
    same(-Tensor(SPECIAL), -SPECIAL)
    same(abs(Tensor(SPECIAL)), abs(SPECIAL))
    same(-Tensor(INTS), -INTS)
    same(abs(Tensor(INTS)), abs(INTS))
    same(~Tensor(INTS), ~INTS)
    same(~Tensor(INTS > 0), ~(INTS > 0))
    same(Tensor(FLOATS).logical_not(), FLOATS == 0)
    x = Tensor(np.array([1, 2], np.uint8))
    assert abs(x) is x


def test_bools_add_as_or_and_multiply_as_and():
    a, b = np.array([True, True, False, False]), np.array([True, False, True, False])
    same(Tensor(a) + Tensor(b), a + b)
    same(Tensor(a) * Tensor(b), a * b)
    same(Tensor(a).maximum(Tensor(b)), a | b)
    same(Tensor(a) + 1, a + 1)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda b, f: b - b, "sub: bool has no difference"),
        (lambda b, f: -b, "neg: takes integers and floats, found bool"),
        (lambda b, f: f & f, "&: takes bool and integers, found float32"),
        (lambda b, f: ~f, "~: takes bool and integers, found float32"),
        (lambda b, f: b << b, "<<: takes integers, found bool"),
        (lambda b, f: b // b, "floordiv: takes integers and floats, found two bools"),
        (lambda b, f: f.idiv(f), "idiv: takes integers, found float32"),
        (lambda b, f: f.where(f, f), "where: the condition is float32, expected bool"),
        (lambda b, f: f + "1", "add: found str, expected a tensor, a number or a NumPy array"),
        (lambda b, f: f * None, "mul: found NoneType"),
        (lambda b, f: f + 1j, "add: found complex"),
    ],
)
def test_what_an_operator_does_not_take_is_a_type_error(act, message):
    with pytest.raises(TypeError, match=message):
        act(Tensor([True, False]), Tensor([1.0, 2.0]))


def test_equality_with_something_else_is_plain_false():
    x = Tensor([1.0])
    assert (x == None) is False and (x != None) is True and (x == "x") is False  # noqa: E711
    assert x in {x} and len({x, x + 1}) == 2


@pytest.mark.parametrize(
    ("a", "b"), [((3, 5), (5,)), ((3, 1), (1, 5)), ((4, 1, 5), (3, 1)), ((), (2, 2)), ((0, 5), (1, 5)), ((2, 0), ())]
)
def test_shapes_broadcast_as_numpys(a, b):
    x, y = RNG.standard_normal(a), RNG.standard_normal(b)
    same(Tensor(x) + Tensor(y), x + y)


def test_shapes_that_do_not_broadcast_are_both_named():
    with pytest.raises(ValueError, match=r"mul: shapes \(3, 4\) and \(5, 4\) do not broadcast: \(3, 5\) meet on one axis"):
        Tensor.ones(3, 4) * Tensor.ones(5, 4)
    with pytest.raises(ValueError, match=r"where: shapes \(2,\) and \(3,\)"):
        Tensor([True, False]).where(Tensor.ones(3), 0)


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "uint8", "uint64"])
def test_floor_division_and_remainder_of_integers_are_numpys(dtype):
    a = np.array([7, 8, 9, 100, 0], dtype) if dtype[0] == "u" else np.array([7, -7, 8, -128, 0], dtype)
    b = np.array([3, 1, 4, 7, 0], dtype) if dtype[0] == "u" else np.array([3, -3, 4, -4, 0], dtype)
    with np.errstate(divide="ignore"):
        same(Tensor(a)[:, None] // Tensor(b), a[:, None] // b)
        same(Tensor(a)[:, None] % Tensor(b), a[:, None] % b)
    nonzero = b[:-1]
    same(Tensor(a)[:, None].idiv(Tensor(nonzero)), np.trunc(a[:, None] / nonzero).astype(dtype))
    same(Tensor(a)[:, None].fmod(Tensor(nonzero)), np.fmod(a[:, None], nonzero))


def test_floor_division_and_remainder_of_floats_are_numpys():
    a = np.array([1.0, -1.0, 7.5, -7.5, 0.3, 6.0, -6.0, 0.0, np.inf, np.nan, 1e10], np.float32)
    b = np.array([0.1, -0.1, 2.5, 3.0, -3.0, np.inf, -np.inf, 0.0, np.nan], np.float32)
    with np.errstate(all="ignore"):
        same(Tensor(a)[:, None] // Tensor(b), a[:, None] // b)
        same(Tensor(a)[:, None] % Tensor(b), a[:, None] % b)
        same(Tensor(a)[:, None].fmod(Tensor(b)), np.fmod(a[:, None], b))
    same(7.5 // Tensor([2.0]), np.array([3.0]))
    same(-7.5 % Tensor([2.0]), np.array([0.5]))


def test_maximum_minimum_and_clip_are_numpys_and_let_nan_through():
    a, b = SPECIAL[:, None], SPECIAL[None, :]
    same(Tensor(a).maximum(Tensor(b)), np.maximum(a, b))
    same(Tensor(a).minimum(Tensor(b)), np.minimum(a, b))
    same(Tensor(SPECIAL).clip(-1, 2), np.clip(SPECIAL, -1, 2))
    same(Tensor(INTS).clamp(min=0), np.clip(INTS, 0, None))
    same(Tensor(INTS).clip(max=3), np.clip(INTS, None, 3))
    same(Tensor(INTS).clip(5, 3), np.clip(INTS, 5, 3))
    with pytest.raises(ValueError, match="neither min nor max"):
        Tensor(INTS).clip()


def test_where_drops_the_side_not_taken_and_promotes():
    cond = np.array([[True], [False]])
    same(Tensor(cond).where(Tensor(SPECIAL), 0.0), np.where(cond, SPECIAL, 0))
    assert where(Tensor(cond), 1, 2.5).dtype.name == "float32"
    assert where(Tensor(cond), 1, 0).dtype.name == "int32"
    assert where(Tensor(cond), Tensor(INTS), Tensor(FLOATS)[0]).shape == (3, 5) if cond.shape[0] == 1 else True
    same(where(Tensor(cond), INTS[0], FLOATS[0]), np.where(cond, INTS[0], FLOATS[0]).astype(np.float32))


def test_rounding_is_numpys():
    near = np.nextafter(np.float32(0.5), np.float32(0))
    a = np.concatenate([SPECIAL, np.arange(-4, 4.25, 0.25), [near, -near, 8388607.5, 1e20]]).astype(np.float32)
    for name, numpys in {"trunc": np.trunc, "floor": np.floor, "ceil": np.ceil, "round": np.round}.items():
        same(getattr(Tensor(a), name)(), numpys(a))
        same(getattr(Tensor(INTS), name)(), INTS)


@pytest.mark.parametrize("power", [0, 1, 2, 3, 5, 16, -1, 0.5, 2.5, -3, 17])
def test_powers_of_floats_by_a_number_are_numpys(power):
    a = np.abs(FLOATS) + 0.1
    np.testing.assert_allclose((Tensor(a) ** power).numpy(), a**power, rtol=2e-6)


def test_powers_by_tensors_and_of_numbers_are_numpys():
    a, b = np.abs(FLOATS) + 0.1, FLOATS[::-1]
    np.testing.assert_allclose((Tensor(a) ** Tensor(b)).numpy(), a**b, rtol=2e-6)
    np.testing.assert_allclose((2.0 ** Tensor(b)).numpy(), 2.0**b, rtol=2e-6)
    same(Tensor(np.array([2, 3], np.float16)) ** Tensor(np.array([3, 2], np.float16)), np.array([8, 9], np.float16))


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "uint8"])
def test_powers_of_integers_wrap_as_numpys(dtype):
    a = np.array([0, 1, 2, 3, 5, 10], dtype)
    b = np.array([0, 1, 2, 7, 30, 33], dtype)
    with np.errstate(over="ignore"):
        same(Tensor(a)[:, None] ** Tensor(b), a[:, None] ** b)
        same(Tensor(a) ** 3, a**3)


def test_integers_to_negative_powers():
    a = Tensor(np.array([1, -1, 2, 0], np.int32))
    same(a ** Tensor(np.array([-2, -3, -1, -1], np.int32)), np.array([1, -1, 0, 0]))
    with pytest.raises(ValueError, match="int32 to the power -1"):
        a**-1


def test_operators_in_place_keep_the_object_and_its_dtype():
    x = Tensor(np.array([1, 2, 3], np.float16))
    alias, built = x, x * 10
    x += 1
    x *= np.array([1, 2, 3], np.float32)
    assert x is alias
    assert x.dtype.name == "float16"
    same(x, np.array([2, 6, 12]))
    same(built, np.array([10, 20, 30]))
    for name in ("isub", "itruediv", "ifloordiv", "imod", "ipow"):
        op, expected = getattr(operator, name), getattr(operator, name)(x.numpy().astype(np.float64), 2)
        assert op(x, 2) is x
        np.testing.assert_allclose(x.numpy(), expected, rtol=1e-3)
    bits = Tensor([6, 5])
    for name, by, expected in (
        ("iand", 4, [4, 4]),
        ("ior", 1, [5, 5]),
        ("ixor", 7, [2, 2]),
        ("ilshift", 2, [8, 8]),
        ("irshift", 1, [4, 4]),
    ):
        assert getattr(operator, name)(bits, by) is bits
        assert bits.tolist() == expected


def test_operators_in_place_refuse_a_higher_kind_and_a_larger_shape():
    x = Tensor([1, 2])
    with pytest.raises(TypeError, match="assign: float32 into int32, expected no higher kind"):
        x /= 2
    with pytest.raises(ValueError, match=r"shape \(3, 2\) does not repeat to \(2,\)|shapes"):
        x += np.ones((3, 2), np.int32)
    assert x.tolist() == [1, 2]
