"""Rules of arith's comparisons, by the number of the predicate."""

from __future__ import annotations

import operator

from xdsl.dialects.builtin import IntegerAttr
from xdsl.ir import Operation

from .arith import binary_step, unsigned
from .interpreter import Rule, Scope, Step
from .values import BOOL, Binary, dtype_of

CMPF: list[Binary] = [
    lambda a, b: (a == a) & False,
    lambda a, b: a == b,
    lambda a, b: a > b,
    lambda a, b: a >= b,
    lambda a, b: a < b,
    lambda a, b: a <= b,
    lambda a, b: (a < b) | (a > b),
    lambda a, b: (a == a) & (b == b),
    lambda a, b: ~((a < b) | (a > b)),
    lambda a, b: ~(a <= b),
    lambda a, b: ~(a < b),
    lambda a, b: ~(a >= b),
    lambda a, b: ~(a > b),
    lambda a, b: a != b,
    lambda a, b: (a != a) | (b != b),
    lambda a, b: (a == a) | True,
]
"""false oeq ogt oge olt ole one ord ueq ugt uge ult ule une uno true"""

_CMPI: list[Binary] = [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]


def _cmpf(scope: Scope, op: Operation) -> Step:
    return binary_step(scope, op, CMPF[_predicate(op)])


def _cmpi(scope: Scope, op: Operation) -> Step:
    """eq ne slt sle sgt sge ult ule ugt uge"""
    predicate, type_ = _predicate(op), op.operands[0].type
    if predicate < 2:
        return binary_step(scope, op, _CMPI[predicate])
    fn = _CMPI[predicate if predicate < 6 else predicate - 4]
    if dtype_of(type_) == BOOL:  # a signed i1 is 0 or -1
        return binary_step(scope, op, fn if predicate >= 6 else lambda a, b: fn(b, a))
    return binary_step(scope, op, fn if predicate < 6 else lambda a, b: fn(unsigned(a), unsigned(b)))


def _predicate(op: Operation) -> int:
    predicate = op.properties["predicate"]
    assert isinstance(predicate, IntegerAttr)
    return predicate.value.data


RULES: dict[str, Rule] = {"arith.cmpf": _cmpf, "arith.cmpi": _cmpi}
