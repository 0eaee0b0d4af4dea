"""One kernel in progress: names, what is still unprinted, and the conversions that every rule needs.

Values become text in one of three ways. A literal or variable is used wherever it is needed. A value with one use, in the same
block, becomes part of its user's expression: so `acc + x * y` is one expression, which compilers contract to one instruction.
Anything else gets a variable named after the program's value. Values not yet printed that read memory are `pending`: before a
store to that memory they get their variable after all.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from typing import Literal

from xdsl.ir import Attribute, Block, Operation, SSAValue

from ..errors import BackendError
from .elements import BITS, NARROW, code_of, is_integer, is_mask, shape_of
from .expression import LONGEST_EXPRESSION, Expr, call, cast, index, index_atom, literal, retyped, variable
from .expressions import ELEMENTWISE
from .indexing import INDEX, NeedsWideIndex, linear_of
from .language import Call, CLanguage
from .linear import Atom, Linear
from .lines import Assignment, Declarations, Line
from .memory import MEMORY, View, written_memories
from .names import Names
from .parts import Grid, Parts
from .precedence import PRIMARY, UNARY
from .statements import STATEMENTS
from .vectors import VECTORS

Helper = tuple[str, str, int]
"""A prelude block, the code of its result and the lanes it is wanted for."""


class KernelPrinter:
    """Prints the body of one kernel. Raises BackendError where there is no rule, NeedsWideIndex where 32 bits may not do."""

    def __init__(self, language: CLanguage, kernel: str, lanes: int, index_bits: Literal[32, 64]):
        self.language = language
        self.kernel = kernel
        self.lanes = lanes
        self.index_bits = index_bits
        self.index_code = f"i{index_bits}"
        self.names = Names(language.reserved)
        self.lines: list[Line] = []
        self.depth = 1
        self.values: dict[SSAValue, Parts] = {}
        self.pending: dict[SSAValue, Parts] = {}
        self.views: dict[SSAValue, View] = {}
        self.helpers: dict[Helper, None] = {}
        self.read_and_written = False
        """Whether some device memory is both read and written, so that a barrier must order it too."""
        self.block_size: dict[str, int | None] = dict.fromkeys("xyz")
        self.grid_size: dict[str, int | None] = dict.fromkeys("xyz")

    # Errors

    def error(self, op: Operation | None, what: str = "") -> BackendError:
        subject = f"{op.name} {what}".strip() if op is not None else what
        return BackendError(f"{self.language.name}: no rule for {subject} in kernel @{self.kernel}")

    def expect(self, holds: bool, op: Operation, what: str) -> None:
        if not holds:
            raise self.error(op, what)

    # Lines

    def line(self, text: str) -> None:
        self.lines.append("  " * self.depth + text)

    @contextmanager
    def block(self, head: str, tail: str = "}"):
        """Lines inside braces, with names of their own."""
        self.line(head)
        self.depth += 1
        self.names.open()
        yield
        self.names.close()
        self.depth -= 1
        self.line(tail)

    # Types

    def code(self, type_: Attribute) -> str:
        try:
            return code_of(type_)
        except BackendError as problem:
            raise BackendError(f"{self.language.name}: {problem} in kernel @{self.kernel}") from None

    def type(self, code: str, lanes: int = 1) -> str:
        if lanes > 1 and self.language.vector_helper is not None:
            self.need(self.language.vector_helper, code, lanes)
        return self.language.type(code, lanes, self.index_code)

    def grid(self, type_: Attribute) -> Grid:
        return Grid.of(shape_of(type_), self.lanes)

    # Values

    def get(self, value: SSAValue) -> Parts:
        """What a value is. It counts as printed from now on: the caller puts it into its own expression."""
        self.pending.pop(value, None)
        return self.values[value]

    def index(self, value: SSAValue) -> Linear:
        return linear_of(self.get(value).scalar)

    def bind(self, value: SSAValue, parts: Parts) -> None:
        """Record a value, and give it a variable unless it may be printed where it is used."""
        if value.first_use is None:
            return
        distinct = parts.distinct()
        if not all(expr.atomic for _, expr in distinct) and not self._fits_its_use(value, parts, distinct):
            parts = self.declare(parts, self.hint(value))
        elif any(expr.reads for _, expr in distinct):
            self.pending[value] = parts
        self.values[value] = parts

    def _fits_its_use(self, value: SSAValue, parts: Parts, distinct: list[tuple[str, Expr]]) -> bool:
        user = value.get_user_of_unique_use()
        if user is None or len(distinct) < len(parts.exprs) or any(len(e.text) > LONGEST_EXPRESSION for _, e in distinct):
            return False
        here, there = value.owner if isinstance(value.owner, Block) else value.owner.parent, user.parent
        pure = not any(expr.reads or expr.mutable for _, expr in distinct)
        while here is not there:
            # A pure value may sink into a branch. Not into a loop, which would compute it again and again.
            parent = there.parent_op() if there is not None else None
            if not pure or parent is None or parent.name != "scf.if":
                return False
            there = parent.parent
        return True

    def hint(self, value: SSAValue) -> str:
        """The name that a value deserves: its own in the program, or one for what it is."""
        if value.name_hint:
            return value.name_hint
        owner = value.owner
        if isinstance(owner, Operation) and owner.name in ("memref.load", "vector.load", "vector.transfer_read"):
            return f"{self.hint(owner.operands[0])}_at"
        return "i" if not isinstance(owner, Operation) else "v" if shape_of(value.type) else "t"

    def declare(self, parts: Parts, hint: str) -> Parts:
        """Variables that hold the value's distinct expressions."""
        distinct = parts.distinct()
        name = self.names.fresh(hint, tuple(suffix for suffix, _ in distinct))
        renamed = {id(expr): self.variable(name + suffix, expr) for suffix, expr in distinct}
        self.declarations([(renamed[id(expr)], expr.text) for _, expr in distinct])
        return Parts(parts.grid, tuple(renamed[id(expr)] for expr in parts.exprs))

    def assign(self, target: str, operator: str, value: str) -> None:
        """`target = value;`, or with an operator `target += value;`."""
        text = f"{'  ' * self.depth}{target} {operator}= {value};"
        self.lines.append(Assignment(text, target, f"{target} {operator} {value}" if operator else value))

    def declarations(self, variables: Iterable[tuple[Expr, str]]) -> None:
        """`type a = .., b = ..;` for variables and their first values ("" for none)."""
        declared = [(self.type(named.code, named.lanes), named.text, value) for named, value in variables]
        self.lines.append(Declarations("  " * self.depth, declared))

    def variable(self, name: str, like: Expr, *, mutable: bool = False) -> Expr:
        """A variable of the type of `like`, about whose value as much is known."""
        if like.code != "index":
            return variable(name, like.code, like.lanes, mutable=mutable)
        if mutable:
            return self.index_variable(name, mutable=True)
        linear = linear_of(like)
        return index_atom(variable(name, "index"), *linear.range, linear.multiple)

    def index_variable(self, name: str, *, mutable: bool = False) -> Expr:
        """An index that nothing is known about."""
        self.need_wide_index()
        return index(Linear.of(Atom(name, mutable=frozenset((name,)) if mutable else frozenset())))

    def need_wide_index(self) -> None:
        if self.index_bits == 32:
            raise NeedsWideIndex

    def atom(self, expr: Expr, hint: str = "t") -> Expr:
        """The expression, in a variable if repeating its text would repeat its work."""
        return expr if expr.atomic else self.declare(Parts(Grid.of(None, 1), (expr,)), hint).scalar

    def flush(self, memories: frozenset[str] | None) -> None:
        """Give variables to the pending values that read one of the memories (None: any), because those are about to change."""
        for value, parts in list(self.pending.items()):
            reads = frozenset[str]().union(*(expr.reads for expr in parts.exprs))
            if memories is None or reads & memories:
                del self.pending[value]
                self.values[value] = self.declare(parts, self.hint(value))

    # Literals and types of expressions

    def literal(self, value: float, code: str) -> Expr:
        if code == "index":
            return index(Linear.of(int(value)))
        language = self.language
        if language.special_helper is not None and not math.isfinite(value):
            self.need(language.special_helper, code, 1)
        return literal(
            value,
            "i1" if is_mask(code) else code,
            wide_suffix=language.wide_suffix,
            infinity=language.infinity.get(code, ""),
            nan=language.nan.get(code, ""),
        )

    def coerce(self, expr: Expr, code: str) -> Expr:
        """The same bits with the other signedness, or the same lanes of a comparison at another width."""
        if expr.code == code or expr.code == "index":
            return expr if expr.code == code else self.coerce(retyped(expr, self.index_code), code)
        if is_mask(expr.code) and is_mask(code):
            return expr if self.type(expr.code, expr.lanes) == self.type(code, expr.lanes) else self.convert(expr, code)
        if not (is_integer(expr.code) and is_integer(code) and BITS[expr.code] == BITS[code]):
            return expr
        if expr.value is not None:
            return self.literal(expr.value, code)
        if expr.lanes > 1:
            return self.bitcast(expr, code)
        return cast(self.type(code), expr, code)

    def convert(self, expr: Expr, code: str) -> Expr:
        """The number, as another type."""
        if expr.code == code:
            return expr
        if expr.code == "index":
            expr = retyped(expr, self.index_code)
        if is_integer(expr.code) and is_integer(code) and BITS[expr.code] == BITS[code]:
            return self.coerce(expr, code)
        if expr.lanes == 1:
            if expr.value is not None and is_integer(expr.code) and is_integer(code):
                return self.literal(expr.value, code)
            return cast(self.type(code), expr, code)
        rule = self.language.convert(self.type(code, expr.lanes), expr.code, code)
        return self._called(rule, [expr], code, expr.lanes)

    def bitcast(self, expr: Expr, code: str) -> Expr:
        return self._called(self.language.bitcast, [expr], code, expr.lanes)

    def as_mask(self, condition: Expr, code: str, lanes: int) -> Expr:
        """A condition as lanes of a comparison: `lanes` of them, as wide as `code` says; 0 for a single lane on its way there."""
        if condition.lanes > 1:
            return self.coerce(condition, code)
        if lanes == 1:
            return condition
        if condition.value is not None:
            lane = retyped(self.literal(self.language.mask_true if condition.value else 0, "i32"), code)
        elif self.language.mask_true == -1:
            lane = Expr(f"-(int){condition.at_least(UNARY)}", code, 1, UNARY, condition.reads, condition.mutable)
        else:
            lane = retyped(condition, code)
        return self.widen(lane, lanes) if lanes else lane

    def widen(self, expr: Expr, lanes: int) -> Expr:
        """A scalar as a vector of equal lanes."""
        if expr.lanes == lanes:
            return expr
        return Expr(f"({self.type(expr.code, lanes)})({expr.text})", expr.code, lanes, UNARY, expr.reads, expr.mutable)

    def widened(self, exprs: Sequence[Expr], *, narrow_only: bool = False) -> list[Expr]:
        """The operands of one operation, all as wide as the widest.

        With `narrow_only`, a scalar that C itself widens stays: beside a vector it may not have a higher rank than the elements,
        and a literal or a promoted `char` has that of `int`.
        """
        lanes = max(expr.lanes for expr in exprs)
        stays = narrow_only and all(BITS[expr.code] >= 32 and not is_mask(expr.code) for expr in exprs)
        return [expr if stays and expr.lanes == 1 else self.widen(expr, lanes) for expr in exprs]

    # Calls

    def call(self, forms: tuple[Call, Call], code: str, args: Sequence[Expr]) -> Expr:
        """A function in its scalar or its vector form, as the operands are."""
        lanes = max(arg.lanes for arg in args)
        return self._called(forms[lanes > 1], self.widened(args), code, lanes)

    def helper(self, name: str, code: str, args: Sequence[Expr]) -> Expr:
        """A function of the prelude by what it does."""
        forms = self.language.helpers.get(name)
        if forms is None:
            raise self.error(None, f"the helper {name}")
        return self.call(forms, code, args)

    def _called(self, rule: Call, args: Sequence[Expr], code: str, lanes: int) -> Expr:
        if rule.helper is not None:
            self.helpers[rule.helper, code, lanes] = None
        name = rule.name.format(type=self.type(code, lanes), source=self.type(args[0].code, args[0].lanes))
        if rule.helper is not None and "{" not in rule.name:
            args = [self._declared_type(arg) for arg in args]
        return call(name, args, code, lanes)

    def _declared_type(self, arg: Expr) -> Expr:
        """An operand of an overloaded function: C takes what it computes of narrow integers, and literals, for an int."""
        exact = arg.precedence == PRIMARY and arg.value is None
        if arg.code not in NARROW or arg.lanes > 1 or exact or arg.text.startswith(f"({self.type(arg.code)})"):
            return arg
        return cast(self.type(arg.code), arg, arg.code)

    def need(self, helper: str, code: str, lanes: int) -> None:
        self.helpers[helper, code, lanes] = None

    # Operations

    def body(self, block: Block) -> None:
        """Print the operations of a block, up to its terminator."""
        for op in block.ops:
            self.operation(op)

    def operation(self, op: Operation) -> None:
        name = op.name
        if name in INDEX and any(self._is_index(v) for v in (*op.operands[-1:], *op.results)):
            self.bind(op.results[0], Parts(Grid.of(None, 1), (INDEX[name](self, op),)))
        elif name in ELEMENTWISE:
            self._elementwise(op)
        elif (rule := STATEMENTS.get(name) or MEMORY.get(name) or VECTORS.get(name)) is not None:
            rule(self, op)
        else:
            raise self.error(op)

    @staticmethod
    def _is_index(value: SSAValue) -> bool:
        return value.type.name == "index"

    def _elementwise(self, op: Operation) -> None:
        """Apply a rule part by part; the same operands give the same expression, so shared parts stay shared."""
        (result,) = op.results
        if result.first_use is None:
            return
        rule, code, grid = ELEMENTWISE[op.name], self.code(result.type), self.grid(result.type)
        operands = [self.get(operand) for operand in op.operands]
        made: dict[tuple[int, ...], Expr] = {}
        exprs: list[Expr] = []
        for number in range(grid.count):
            args = [parts.exprs[number if len(parts.exprs) > 1 else 0] for parts in operands]
            key = tuple(map(id, args))
            if key not in made:
                made[key] = rule(self, op, code, args)
            exprs.append(made[key])
        self.bind(result, Parts(grid, tuple(exprs)))

    def written_in(self, op: Operation) -> frozenset[str]:
        return written_memories(self, op)


__all__ = ["Helper", "KernelPrinter", "NeedsWideIndex"]
