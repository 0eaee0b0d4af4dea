"""Compute narrow floats that the target has no arithmetic for in f32, and round each result back.

before
    func.func @f(%x: f16, %y: bf16, %z: f32) -> (f16, i1, f32) {
      %one = arith.constant 1.0 : f16
      %a = arith.addf %x, %one : f16
      %b = math.exp2 %a : f16
      %c = arith.cmpf olt, %y, %y : bf16
      %d = arith.mulf %z, %z : f32
      return %b, %c, %d : f16, i1, f32
    }
after
    func.func @f(%x: f16, %y: bf16, %z: f32) -> (f16, i1, f32) {
      %one = arith.constant 1.0 : f16
      %one_f32 = arith.extf %one : f16 to f32
      %x_f32 = arith.extf %x : f16 to f32
      %a_f32 = arith.addf %x_f32, %one_f32 : f32
      %a = arith.truncf %a_f32 : f32 to f16
      %a_f32_1 = arith.extf %a : f16 to f32
      %b_f32 = math.exp2 %a_f32_1 : f32
      %b = arith.truncf %b_f32 : f32 to f16
      %y_f32 = arith.extf %y : bf16 to f32
      %c = arith.cmpf olt, %y_f32, %y_f32 : f32
      %d = arith.mulf %z, %z : f32
      return %b, %c, %d : f16, i1, f32
    }

The meaning is that of upstream's arith-emulate-unsupported-floats: a float is rounded to its own type after every operation, also
from one iteration of a loop to the next. What only moves floats stays: constants, loads, stores, select, bitcast and casts from
float to float. A value is widened once in a block. f32 rounded to f16 or bf16 after one add, sub, mul, div or sqrt is what the
narrow operation itself would give: f32 has more than twice their digits. `truncf(extf(x))` back to the type of x is x, and goes;
`extf(truncf(x))` rounds, and stays.

Why here: on scalars, so that the vectorizer sees conversions as it sees any other operation. Needs and keeps rung `loops`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import AnyFloat, ModuleOp, VectorType, bf16, f16, f32
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException
from xdsl.utils.hints import isa

NARROW: dict[str, AnyFloat] = {"f16": f16, "bf16": bf16}
"""What can be computed in f32."""

MOVES = (arith.ConstantOp, arith.SelectOp, arith.BitcastOp, arith.ExtFOp, arith.TruncFOp)
"""Ops on floats that do no arithmetic, which every target has for every type that it can store."""


@dataclass(frozen=True)
class ArithEmulateFloatsPass(ModulePass):
    """Arithmetic on f16 and bf16 in f32, where the target has none of its own."""

    name = "arith-emulate-floats"
    native: tuple[str, ...] = ("f32", "f64")
    """Float types that the target computes with. f32 has to be among them, or nothing can be emulated."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        narrow = {type_ for name, type_ in NARROW.items() if name not in self.native}
        if not narrow:
            return
        if "f32" not in self.native:
            raise PassFailedException(f"arith-emulate-floats: native is {', '.join(self.native)}, expected f32 among them")
        emulation = _Emulation(narrow)
        for region in op.regions:
            for block in region.blocks:
                emulation.block(block)


class _Emulation:
    def __init__(self, narrow: set[AnyFloat]):
        self.narrow = narrow
        self._wide_constants: dict[SSAValue, SSAValue] = {}
        self._types: dict[Attribute, Attribute | None] = {}

    def block(self, block: Block) -> None:
        widened: dict[SSAValue, SSAValue] = {}
        for op in list(block.ops):
            for region in op.regions:
                for inner in region.blocks:
                    self.block(inner)
            if isinstance(op, arith.TruncFOp):
                _cancel(op)
            elif op.name.startswith(("arith.", "math.")) and not isinstance(op, MOVES):
                self._op(block, op, widened)

    def _wide(self, type_: Attribute) -> Attribute | None:
        """The type to compute `type_` in, or None where that is `type_` itself."""
        if type_ not in self._types:
            wide: Attribute | None = f32 if type_ in self.narrow else None
            if isa(type_, VectorType[Attribute]) and type_.element_type in self.narrow:
                wide = VectorType(f32, type_.get_shape())
            self._types[type_] = wide
        return self._types[type_]

    def _op(self, block: Block, op: Operation, widened: dict[SSAValue, SSAValue]) -> None:
        results = [self._wide(result.type) for result in op.results]
        operands = [self._wide(operand.type) for operand in op.operands]
        for place, (operand, type_) in enumerate(zip(op.operands, operands)):
            if type_ is not None:
                op.operands[place] = self._extend(block, op, operand, type_, widened)
        if not any(results):
            return
        new = type(op).create(
            operands=op.operands,
            result_types=[wide or result.type for wide, result in zip(results, op.results)],
            properties=op.properties,
            attributes=op.attributes,
        )
        rounded: list[Operation] = []
        values: list[SSAValue] = []
        for old, result, wide in zip(op.results, new.results, results):
            if wide is None:
                values.append(result)
                continue
            back = arith.TruncFOp(result, cast(AnyFloat, old.type))
            result.name_hint, back.result.name_hint = _hint(old), old.name_hint
            rounded.append(back)
            values.append(back.result)
        block.insert_ops_before([new, *rounded], op)
        _replace(op, values)

    def _extend(
        self, block: Block, user: Operation, value: SSAValue, type_: Attribute, widened: dict[SSAValue, SSAValue]
    ) -> SSAValue:
        constant = value.owner if isinstance(value.owner, arith.ConstantOp) else None
        known = widened if constant is None else self._wide_constants
        if value not in known:
            op = arith.ExtFOp(value, cast(AnyFloat, type_))
            op.result.name_hint = _hint(value)
            if constant is None:
                block.insert_ops_before((op,), user)
            else:
                # beside the constant, and so outside of all loops
                home = constant.parent
                assert home is not None
                home.insert_ops_after((op,), constant)
            known[value] = op.result
        return known[value]


def _cancel(op: arith.TruncFOp) -> None:
    source = op.input.owner
    if isinstance(source, arith.ExtFOp) and source.input.type == op.result.type:
        _replace(op, [source.input])
        if not any(True for _ in source.result.uses):
            source.detach()
            source.erase()


def _replace(op: Operation, values: Sequence[SSAValue]) -> None:
    for old, value in zip(op.results, values, strict=True):
        old.replace_all_uses_with(value)
    op.detach()
    op.erase()


def _hint(value: SSAValue) -> str | None:
    return None if value.name_hint is None else f"{value.name_hint}_f32"
