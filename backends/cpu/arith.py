"""Element-wise ops of arith as LLVM instructions: a table from op to rule. Rules see one part of each operand at a time.

Integer division and remainder are total here, as in the C kernels (x / 0 is 0, MIN / -1 is MIN): the instruction itself would
end the process. Sums of products may be contracted to one rounding, as C compilers do unasked; nothing else is relaxed but what
an op's `fastmath` says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from xdsl.dialects import arith
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, IntegerAttr
from xdsl.ir import Operation, SSAValue

from ..c.elements import FLOATS, STORAGE_FLOATS
from .emitter import Emitter
from .types import Type, part_of

Rule = Callable[[Emitter, Operation, Type, list[str]], str]
"""(emitter, op, type of the result's part, parts of the operands) -> the part that holds the result"""


def flags_of(op: Operation) -> str:
    """`contract` always; `reassoc` and the like where the op says so."""
    fastmath = getattr(op, "fastmath", None)
    asked = {flag.value for flag in fastmath.data} if fastmath is not None else set[str]()
    return " ".join(("contract", *sorted(asked - {"contract"})))


def _float(instruction: str) -> Rule:
    def rule(e: Emitter, op: Operation, type_: Type, args: list[str]) -> str:
        e.expect(type_.code in FLOATS, op, f"on {type_.code}, which is stored but not computed with")
        return e.set(f"{instruction} {flags_of(op)} {type_} {', '.join(args)}", _hint(op))

    return rule


def _integer(instruction: str) -> Rule:
    return lambda e, op, type_, args: e.set(f"{instruction} {type_} {args[0]}, {args[1]}", _hint(op))


def _intrinsic(name: str, *more: str) -> Rule:
    def rule(e: Emitter, op: Operation, type_: Type, args: list[str]) -> str:
        given = [*((type_, arg) for arg in args), *(("i1", text) for text in more)]
        return e.call(f"llvm.{name}.{type_.suffix}", type_, given, _hint(op))

    return rule


def _hint(op: Operation) -> str:
    return op.results[0].name_hint or "t"


def _extremum(compare: str, *, keeps_nan: bool) -> Rule:
    """`a > b ? a : b` is one instruction of x86, whose answer for a NaN in `a` is `b`: the select mends that."""

    def rule(e: Emitter, op: Operation, type_: Type, args: list[str]) -> str:
        e.expect(type_.code in FLOATS, op, f"on {type_.code}, which is stored but not computed with")
        a, b = args
        bit = type_.like("i1")
        chosen = e.set(f"select {bit} {e.set(f'fcmp {compare} {type_} {a}, {b}')}, {type_} {a}, {type_} {b}")
        unordered = e.set(f"fcmp uno {type_} {a if keeps_nan else b}, {a if keeps_nan else b}")
        return e.set(f"select {bit} {unordered}, {type_} {a}, {type_} {chosen}", _hint(op))

    return rule


def constant_of(value: SSAValue) -> int | None:
    """The integer that a value is in every lane, where it is a constant."""
    owner = value.owner
    if not isinstance(owner, arith.ConstantOp):
        return None
    if isinstance(owner.value, IntegerAttr):
        return owner.value.value.data
    if isinstance(owner.value, DenseIntOrFPElementsAttr):
        found = set(cast("list[int]", list(owner.value.get_values())))
        return found.pop() if len(found) == 1 else None
    return None


def _divide(instruction: str) -> Rule:
    signed, quotient = instruction[0] == "s", instruction[1:] == "div"

    def rule(e: Emitter, op: Operation, type_: Type, args: list[str]) -> str:
        a, b = args
        if constant_of(op.operands[1]) not in (None, 0, -1):
            return e.set(f"{instruction} {type_} {a}, {b}", _hint(op))
        bit, zero, one = type_.like("i1"), e.literal(0, type_), e.literal(1, type_)
        unsafe = none = e.set(f"icmp eq {type_} {b}, {zero}")
        minus = ""
        if signed:
            minus = e.set(f"icmp eq {type_} {b}, {e.literal(-1, type_)}")
            unsafe = e.set(f"or {bit} {none}, {minus}")
        safe = e.set(f"select {bit} {unsafe}, {type_} {one}, {type_} {b}")
        found = e.set(f"{instruction} {type_} {a}, {safe}")
        if not quotient:
            return e.set(f"select {bit} {unsafe}, {type_} {zero}, {type_} {found}", _hint(op))
        if signed:
            opposite = e.set(f"sub {type_} {zero}, {a}")
            found = e.set(f"select {bit} {minus}, {type_} {opposite}, {type_} {found}")
        return e.set(f"select {bit} {none}, {type_} {zero}, {type_} {found}", _hint(op))

    return rule


def _rounded_divide(up: bool) -> Rule:
    """floordivsi and ceildivsi: one off the truncated quotient where signs (dis)agree and something is left."""

    def rule(e: Emitter, op: Operation, type_: Type, args: list[str]) -> str:
        bit, zero = type_.like("i1"), e.literal(0, type_)
        quotient, rest = _divide("sdiv")(e, op, type_, args), _divide("srem")(e, op, type_, args)
        signs = e.set(f"xor {type_} {rest}, {args[1]}")
        apart = e.set(f"icmp {'sge' if up else 'slt'} {type_} {signs}, {zero}")
        inexact = e.set(f"icmp ne {type_} {rest}, {zero}")
        off = e.set(f"and {bit} {apart}, {inexact}")
        moved = e.set(f"add {type_} {quotient}, {e.literal(1 if up else -1, type_)}")
        return e.set(f"select {bit} {off}, {type_} {moved}, {type_} {quotient}", _hint(op))

    return rule


CMPI = "eq ne slt sle sgt sge ult ule ugt uge".split()
CMPF = "false oeq ogt oge olt ole one ord ueq ugt uge ult ule une uno true".split()


def _cmpi(e: Emitter, op: Operation, type_: Type, args: list[str]) -> str:
    assert isinstance(op, arith.CmpiOp)
    return e.set(f"icmp {CMPI[op.predicate.value.data]} {part_of(op.lhs.type)} {args[0]}, {args[1]}", _hint(op))


def _cmpf(e: Emitter, op: Operation, type_: Type, args: list[str]) -> str:
    assert isinstance(op, arith.CmpfOp)
    source = part_of(op.lhs.type)
    e.expect(source.code in FLOATS, op, f"on {source.code}, which is stored but not computed with")
    return e.set(f"fcmp {CMPF[op.predicate.value.data]} {source} {args[0]}, {args[1]}", _hint(op))


def _select(e: Emitter, op: Operation, type_: Type, args: list[str]) -> str:
    condition = part_of(op.operands[0].type)
    return e.set(f"select {condition} {args[0]}, {type_} {args[1]}, {type_} {args[2]}", _hint(op))


def _convert(instruction: str) -> Rule:
    """Of one type to another. Of the integers that a float does not fit, any may come out, but always the same one."""

    def rule(e: Emitter, op: Operation, type_: Type, args: list[str]) -> str:
        source = part_of(op.operands[0].type)
        e.expect(not {source.code, type_.code} & {*STORAGE_FLOATS}, op, f"from {source.code} to {type_.code}")
        found = e.set(f"{instruction} {source} {args[0]} to {type_}", _hint(op))
        return e.set(f"freeze {type_} {found}") if instruction.startswith("fpto") else found

    return rule


def _index_cast(extend: str) -> Rule:
    def rule(e: Emitter, op: Operation, type_: Type, args: list[str]) -> str:
        source = part_of(op.operands[0].type)
        if source.bits == type_.bits:
            return args[0]
        return e.set(f"{extend if source.bits < type_.bits else 'trunc'} {source} {args[0]} to {type_}", _hint(op))

    return rule


def _extf(e: Emitter, op: Operation, type_: Type, args: list[str]) -> str:
    source = part_of(op.operands[0].type)
    if source.code != "bf16":
        return e.set(f"fpext {source} {args[0]} to {type_}", _hint(op))
    half, word, single = source.integer, type_.of("i32"), type_.like("f32")
    bits = e.set(f"zext {half} {e.set(f'bitcast {source} {args[0]} to {half}')} to {word}")
    shifted = e.set(f"shl {word} {bits}, {e.literal(16, type_.like('i32'))}")
    found = e.set(f"bitcast {word} {shifted} to {single}", _hint(op))
    return found if type_ == single else e.set(f"fpext {single} {found} to {type_}")


def _truncf(e: Emitter, op: Operation, type_: Type, args: list[str]) -> str:
    (part,), source = args, part_of(op.operands[0].type)
    if type_.code == "bf16":
        return _to_bf16(e, type_, _to_f32(e, source, part))
    if type_.code == "f16" and source.code != "f32":
        # rounding twice would be wrong in ties; rounding to odd first is not
        part, source = _to_f32(e, source, part), source.like("f32")
    return e.set(f"fptrunc {source} {part} to {type_}", _hint(op))


def _to_f32(e: Emitter, source: Type, part: str) -> str:
    """f64 rounded to odd: the nearest float, or the one beside it with an odd last bit where that was not exact."""
    if source.code == "f32":
        return part
    single, word, bit = source.like("f32"), source.of("i32"), source.like("i1")
    near = e.set(f"fptrunc {source} {part} to {single}")
    back = e.set(f"fpext {single} {near} to {source}")
    bits = e.set(f"bitcast {single} {near} to {word}")
    size, back_size = (e.call(f"llvm.fabs.{source.suffix}", source, [(source, x)]) for x in (part, back))
    beyond = e.set(f"zext {bit} {e.set(f'fcmp ogt {source} {back_size}, {size}')} to {word}")
    lower = e.set(f"sub {word} {bits}, {beyond}")
    odd = e.set(f"or {word} {lower}, {e.literal(1, source.like('i32'))}")
    inexact = e.set(f"fcmp one {source} {back}, {part}")
    chosen = e.set(f"select {bit} {inexact}, {word} {odd}, {word} {bits}")
    return e.set(f"bitcast {word} {chosen} to {single}")


def _to_bf16(e: Emitter, type_: Type, part: str) -> str:
    """To nearest, ties to even; a NaN stays one."""
    single, word, whole = type_.like("f32"), type_.of("i32"), type_.like("i32")
    bits = e.set(f"bitcast {single} {part} to {word}")
    high = e.set(f"lshr {word} {bits}, {e.literal(16, whole)}")
    even = e.set(f"and {word} {high}, {e.literal(1, whole)}")
    up = e.set(f"add {word} {e.set(f'add {word} {bits}, {e.literal(0x7FFF, whole)}')}, {even}")
    rounded = e.set(f"lshr {word} {up}, {e.literal(16, whole)}")
    quiet = e.set(f"or {word} {high}, {e.literal(0x40, whole)}")
    nan = e.set(f"fcmp uno {single} {part}, {part}")
    chosen = e.set(f"select {type_.like('i1')} {nan}, {word} {quiet}, {word} {rounded}")
    return e.set(f"bitcast {type_.integer} {e.set(f'trunc {word} {chosen} to {type_.integer}')} to {type_}")


def _bitcast(e: Emitter, op: Operation, type_: Type, args: list[str]) -> str:
    return e.set(f"bitcast {part_of(op.operands[0].type)} {args[0]} to {type_}", _hint(op))


def _negf(e: Emitter, op: Operation, type_: Type, args: list[str]) -> str:
    e.expect(type_.code in FLOATS, op, f"on {type_.code}, which is stored but not computed with")
    return e.set(f"fneg {type_} {args[0]}", _hint(op))


ARITH: dict[str, Rule] = {
    **{f"arith.{name}f": _float(f"f{name}") for name in ("add", "sub", "mul", "div", "rem")},
    "arith.negf": _negf,
    "arith.maximumf": _extremum("ogt", keeps_nan=True),
    "arith.minimumf": _extremum("olt", keeps_nan=True),
    "arith.maxnumf": _extremum("ogt", keeps_nan=False),
    "arith.minnumf": _extremum("olt", keeps_nan=False),
    **{f"arith.{name}i": _integer(name) for name in ("add", "sub", "mul", "and", "or", "xor")},
    **{f"arith.{mlir}": _integer(llvm) for mlir, llvm in (("shli", "shl"), ("shrsi", "ashr"), ("shrui", "lshr"))},
    **{f"arith.{name}{sign}i": _divide(f"{sign}{name}") for name in ("div", "rem") for sign in "su"},
    "arith.floordivsi": _rounded_divide(up=False),
    "arith.ceildivsi": _rounded_divide(up=True),
    **{f"arith.{name}{sign}i": _intrinsic(f"{sign}{name}") for name in ("max", "min") for sign in "su"},
    "arith.cmpi": _cmpi,
    "arith.cmpf": _cmpf,
    "arith.select": _select,
    "arith.extsi": _convert("sext"),
    "arith.extui": _convert("zext"),
    "arith.trunci": _convert("trunc"),
    "arith.sitofp": _convert("sitofp"),
    "arith.uitofp": _convert("uitofp"),
    "arith.fptosi": _convert("fptosi"),
    "arith.fptoui": _convert("fptoui"),
    "arith.index_cast": _index_cast("sext"),
    "arith.index_castui": _index_cast("zext"),
    "arith.extf": _extf,
    "arith.truncf": _truncf,
    "arith.bitcast": _bitcast,
    "math.absi": _intrinsic("abs", "false"),
}
"""op name -> rule"""
