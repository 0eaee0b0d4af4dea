"""One run of a program with everything open decided at random: the evaluator's rules, each followed by what moves its result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from xdsl.dialects.builtin import StringAttr
from xdsl.ir import Operation

from rung.backends.reference.interpreter import Frame, Rule, Scope, Step
from rung.backends.reference.linalg import Structured
from rung.backends.reference.nd import ints
from rung.backends.reference.values import BOOL, Array, DType, blend, dtype_of, is_float_dtype, width_of, word

from .chains import Chains, digits, extremes_of, size_of
from .freedom import STRICT, SUMS, flags, grants_of, in_order, lined_up

ULPS = 4
"""How far off an approximated function may be."""

_FUNCTIONS = frozenset("div recip sqrt exp2 log2 sin pow arith.divf".split())
"""What "approximates" is about: kinds of nd, ops of arith, and of math all but these:"""
_EXACT = frozenset(
    "absf absi ceil floor copysign trunc round roundeven isnan isinf isfinite ctlz cttz ctpop ipowi clampf".split()
)
_INTEGERS = frozenset(f"arith.{name}" for name in "shli shrsi shrui divsi remsi floordivsi ceildivsi fptosi fptoui".split())
"""Where integers may be unspecified."""


@dataclass
class Draw:
    """One random decision of everything open. `rules` go to `evaluate`; `size` scales what reordering and rounding do."""

    seed: int
    granted: frozenset[str] = frozenset()
    size: float = 1.0
    rng: np.random.Generator = field(init=False)
    happened: bool = field(default=False, init=False)
    """Has anything been decided at all?"""
    chains: Chains = field(init=False)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.chains = Chains(self)

    @property
    def rules(self) -> Mapping[str, Rule]:
        return {name: self._rule(name, rule) for name, rule in STRICT.items()}

    def _rule(self, name: str, base: Rule) -> Rule:
        dialect, _, short = name.partition(".")
        if name in SUMS:
            return self.chains.sum(base, SUMS[name])
        if dialect == "linalg":
            return self._structured(base)
        if name in ("arith.fptosi", "arith.fptoui", "nd.cast"):
            return self._patched(base, self._unfit)
        if name in ("arith.shli", "arith.shrsi", "arith.shrui"):
            return self._patched(base, self._far)
        if name in ("arith.divsi", "arith.remsi", "arith.floordivsi", "arith.ceildivsi"):
            return self._patched(base, self._smallest_by_minus_one)
        if name in ("arith.maximumf", "arith.minimumf", "arith.maxnumf", "arith.minnumf"):
            return self._patched(base, self._zero_of_either_sign)
        if name in ("nd.unary", "nd.binary", "arith.divf") or (dialect == "math" and short not in _EXACT):
            return self._patched(base, self._elementwise)
        if name == "nd.reduce":
            return self._patched(base, self._nd_reduce)
        if name in ("vector.reduction", "vector.multi_reduction", "vector.contract", "vector.outerproduct"):
            return self._patched(base, self._vector_reduction)
        if name == "scf.for":
            return self.chains.loop(base)
        if "flushes" in self.granted and dialect in ("arith", "math", "nd"):
            return self._patched(base, lambda op, values, result: result)
        return base

    # What is drawn.

    def noise(self, value: Any, bulk: Any, ulps: float = 1.0) -> Any:
        """`value` moved by its type's rounding relative to `bulk`; anything where `bulk` overflows."""
        array = np.asarray(value)
        info: Any = digits(array.dtype)
        wide = np.longdouble if array.dtype == np.float64 else np.float64
        bulk = np.broadcast_to(np.asarray(bulk, wide), array.shape)
        sign = self.rng.integers(0, 2, array.shape) * 2 - 1
        amount = float(info.eps) * self.size * ulps * bulk * sign
        moved = (array.astype(wide) + amount).astype(array.dtype)
        moved = np.where((array == 0) & (bulk == 0), np.copysign(array, sign.astype(array.dtype)), moved)
        moved = np.where(np.isfinite(array), moved, array)
        self.happened = True
        return self.overflown(moved.astype(array.dtype), bulk > float(info.max) / 2)

    def overflown(self, value: Any, where: Any) -> Any:
        """An infinity or NaN at `where`: one order of the sum overflows up, one down, one not."""
        array = np.asarray(value)
        if not np.any(where):
            return array[()]
        drawn = self.rng.choice(np.array([np.nan, np.inf, -np.inf]), array.shape)
        return np.where(where, drawn.astype(array.dtype), array)[()]

    def bits(self, value: Any, where: Any) -> Any:
        """Random bits in `value` at `where`."""
        if not np.any(where):
            return value
        self.happened = True
        if isinstance(value, int):
            return int(self.rng.integers(-(1 << 62), 1 << 62))
        array = np.asarray(value)
        if array.dtype == BOOL:
            drawn = self.rng.integers(0, 2, array.shape) == 1
        else:
            drawn = np.frombuffer(self.rng.bytes(array.nbytes), array.dtype).reshape(array.shape)
        return np.where(where, drawn, array)[()]

    def zero_signs(self, value: Any, where: Any) -> Any:
        """Zeros of `value` at `where` with a random sign."""
        array = np.asarray(value)
        where = where & (array == 0)
        if not np.any(where):
            return value
        self.happened = True
        sign = (self.rng.integers(0, 2, array.shape) * 2 - 1).astype(array.dtype)
        return np.where(where, np.copysign(array, sign), array)[()]

    # How a rule is changed: the base rule runs, then its results are decided anew.

    def _patched(self, base: Rule, patch: Callable[[Operation, list[Any], Any], Any] | Any) -> Rule:
        def rule(scope: Scope, op: Operation) -> Step | None:
            step = base(scope, op)
            if step is None or not op.results or not self._concerns(op):
                return step
            operands, r = scope.slots(op.operands), scope.slot(op.results[0])

            def patched(frame: Frame) -> None:
                values = [frame[slot] for slot in operands]
                step(frame)
                frame[r] = self.flagged(op, values, patch(op, values, frame[r]))

            return patched

        return rule

    def _concerns(self, op: Operation) -> bool:
        """Cheap reasons for which a patch would do nothing."""
        if op.name in _INTEGERS:
            return True
        is_float = is_float_dtype(dtype_of(op.results[0].type))
        if op.name == "nd.cast" and not is_float:
            return is_float_dtype(dtype_of(op.operands[0].type))
        return is_float

    def flagged(self, op: Operation, values: list[Any], result: Any) -> Any:
        """What nsz, nnan, ninf and flushing leave open."""
        held = flags(op)
        if "nsz" in held:
            result = self.zero_signs(result, np.asarray(result) == 0)
        for flag, test in (("nnan", np.isnan), ("ninf", np.isinf)):
            if flag in held:
                odd: Any = test(result)
                for value in values:
                    odd = odd | test(value)
                result = self.bits(result, odd)
        return self._flushed(result)

    def _flushed(self, result: Any) -> Any:
        array = np.asarray(result)
        if "flushes" not in self.granted or not is_float_dtype(array.dtype):
            return result
        tiny = float(digits(array.dtype).smallest_normal)
        small = (np.abs(array) <= tiny) & (array != 0) & (self.rng.integers(0, 2, array.shape) == 1)
        self.happened |= bool(small.any())
        return np.where(small, np.copysign(np.zeros_like(array), array), array)[()]

    def _unfit(self, op: Operation, values: list[Any], result: Any) -> Any:
        """A float that the integer type does not hold."""
        if op.name == "nd.cast" and np.asarray(result).dtype.kind not in "iu":
            return result
        x = np.trunc(np.asarray(values[0]).astype(np.longdouble))
        bits, kind = width_of(op.results[0].type), np.asarray(result).dtype.kind
        unsigned = op.name == "arith.fptoui" or kind == "u"
        low, high = (0, 2.0**bits) if unsigned else (-(2.0 ** (bits - 1)), 2.0 ** (bits - 1))
        return self.bits(result, ~((x >= low) & (x < high)))

    def _far(self, op: Operation, values: list[Any], result: Any) -> Any:
        width = width_of(op.results[0].type)
        amount = values[1]
        return self.bits(result, (amount < 0) | (amount >= width) if width > 1 else np.asarray(amount) != 0)

    def _smallest_by_minus_one(self, op: Operation, values: list[Any], result: Any) -> Any:
        a, b = values
        if np.asarray(a).dtype == BOOL:
            return result
        return self.bits(result, (a == -(1 << (width_of(op.results[0].type) - 1))) & (b == -1))

    def _zero_of_either_sign(self, op: Operation, values: list[Any], result: Any) -> Any:
        a, b = values
        return self.zero_signs(result, (a == 0) & (b == 0) & (np.signbit(a) != np.signbit(b)))

    def _elementwise(self, op: Operation, values: list[Any], result: Any) -> Any:
        """nd.unary, nd.binary, arith.divf and what math has."""
        kind = op.attributes.get("kind")
        name = kind.data if isinstance(kind, StringAttr) else op.name
        if name in ("max", "min"):
            return self._zero_of_either_sign(op, values, result)
        free = grants_of(op, self.granted)
        if name == "mul" and free & {"reassociates", "contracts"}:
            return self.unrounded(result, *values)
        if name in ("add", "sub") and "reassociates" in free:
            return self.noise(result, size_of(values[0]) + size_of(values[1]))
        if "reciprocals" in free and name in ("div", "arith.divf"):
            inverse: Any = np.asarray(1, np.asarray(values[1]).dtype) / values[1]
            result = blend(self.rng.integers(0, 2, np.shape(result)) == 1, values[0] * inverse, result)[()]
            self.happened = True
        if "approximates" in free and (name in _FUNCTIONS or op.name.startswith("math.")):
            return self.noise(result, size_of(result), ulps=ULPS)
        return result

    def _nd_reduce(self, op: Operation, values: list[Any], result: Any) -> Any:
        combiner, axes = op.attributes["combiner"], ints(op, "axes")
        assert isinstance(combiner, StringAttr)
        value = np.asarray(values[0])
        if value.size == 0:
            return result
        if combiner.data in ("max", "min"):
            zero, minus = value == 0, np.signbit(value)
            both = (zero & minus).any(axis=axes) & (zero & ~minus).any(axis=axes)
            return self.zero_signs(result, both)
        return self.reduced("add" if combiner.data == "sum" else "mul", result, value, axes)

    def reduced(self, kind: str, result: Any, value: Array, axes: tuple[int, ...], *, acc: Any = None) -> Any:
        """A reduction of `value` over `axes` in another order, as far off as `size` such orders together."""
        lined, rest = lined_up(value, axes, acc)
        shape, array = np.shape(result), np.asarray(result).reshape(rest)
        if lined.shape[-1] == 1:
            return self.zero_signs(result, np.asarray(result) == 0)
        wide = np.longdouble if value.dtype == np.float64 else np.float64
        other = self._in_some_order(np.add if kind == "add" else np.multiply, lined)
        apart = other.astype(wide) - array.astype(wide)
        moved = array.astype(wide) + np.where(np.isfinite(apart), self.size * apart, 0)
        moved = np.where(np.isfinite(array), moved, array).astype(value.dtype)
        moved = self.noise(moved, size_of(array))
        if kind == "add":
            odd = size_of(lined).sum(axis=-1) > float(digits(value.dtype).max) / 2
        else:
            big, small = extremes_of(lined)
            odd = _beyond(big.prod(axis=-1), small.prod(axis=-1), value.dtype)
        return self.overflown(moved, odd).reshape(shape)[()]

    def _in_some_order(self, ufunc: Any, lined: Array) -> Array:
        """Along the last axis: shuffled, backward or as they are, in one or more interleaved lanes, rounded at each step."""
        count = lined.shape[-1]
        match int(self.rng.integers(0, 4)):
            case 0:
                lined = lined[..., ::-1]
            case 1 | 2:
                lined = lined[..., self.rng.permutation(count)]
            case _:
                pass
        lanes = int(self.rng.choice([1, 2, 4, 8, 16, 32]))
        if lanes > 1 and count > lanes:
            whole = count // lanes * lanes
            cut = lined[..., :whole].reshape((*lined.shape[:-1], -1, lanes))
            lined = np.concatenate([ufunc.accumulate(cut, axis=-2)[..., -1, :], lined[..., whole:]], axis=-1)
        return ufunc.accumulate(lined, axis=-1)[..., -1]

    def sum(self, result: Any, bulk: Any, squares: Any) -> Any:
        """A partial sum in another order: off by the rounding of partial sums, anything where one may overflow."""
        moved = self.noise(result, np.sqrt(squares))
        return self.overflown(moved, np.broadcast_to(bulk > float(digits(np.asarray(result).dtype).max) / 2, np.shape(result)))

    def unrounded(self, result: Any, a: Any, b: Any) -> Any:
        """A product that might not be rounded before it is added to something: neither overflows nor vanishes."""
        exact, array = size_of(a) * size_of(b), np.asarray(result)
        info = digits(array.dtype)
        over = np.isinf(array) & (exact > 0) & (self.rng.integers(0, 2, array.shape) == 1)
        held = blend(over, np.copysign(np.asarray(info.max, array.dtype), array), array).astype(array.dtype)
        bulk = np.where((exact > 0) & (exact < float(info.max) / 4), exact + float(info.smallest_normal), 0)
        return self.noise(held, np.where(exact > 0, np.maximum(bulk, float(info.smallest_subnormal)), 0))

    def product(self, result: Any, big: Any, small: Any) -> Any:
        """A product in another order: anything where a partial one may overflow or vanish."""
        moved = self.noise(result, size_of(result))
        return self.overflown(moved, _beyond(big, small, np.asarray(result).dtype))

    def _vector_reduction(self, op: Operation, values: list[Any], result: Any) -> Any:
        kind = word(op.properties["kind"]) if "kind" in op.properties else "add"
        if kind not in ("add", "mul"):
            return result
        if op.name == "vector.reduction":
            if "reassociates" not in grants_of(op, self.granted):
                return result
            value, *acc = values
            return self.reduced(kind, result, np.asarray(value), (0,), acc=acc[0] if acc else None)
        with np.errstate(all="ignore"):  # the others are sums of products: their magnitude is at most that of all lanes
            bulk = np.sum(size_of(values[0])) * (
                np.max(size_of(values[1]), initial=0) if op.name != "vector.multi_reduction" else 1
            )
        return self.noise(result, bulk + size_of(result))

    def _structured(self, base: Rule) -> Rule:
        def rule(scope: Scope, op: Operation) -> Step | None:
            step = base(scope, op)
            if isinstance(step, Structured):
                step.gather = self._gather
            return step

        return rule

    def _gather(self, op: Operation, acc: Any, value: Array, axes: tuple[int, ...]) -> Any:
        result = self._flushed(in_order(op, acc, value, axes))
        if not is_float_dtype(value.dtype):
            return result
        kind = SUMS.get(op.name)
        if kind is not None and "reassociates" in grants_of(op, self.granted):
            return self.reduced(kind, result, value, axes, acc=acc)
        if kind is None and np.any(np.asarray(result) == 0):
            return self.zero_signs(result, np.asarray(result) == 0)
        return result


def _beyond(big: Any, small: Any, dtype: DType) -> Any:
    """Where a partial product may overflow or vanish."""
    info = digits(dtype)
    return (big > float(info.max) / 2) | (small < float(info.smallest_normal) * 2)
