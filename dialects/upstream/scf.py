"""`scf.forall` with its terminator, which xDSL 0.74 lacks. The rest of `scf` is xDSL's, untouched.

A forall says that its iterations may run in any order: the tiles of a kernel, later the blocks and threads of a launch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, cast

from xdsl.dialects import scf as xdsl_scf
from xdsl.dialects.builtin import DYNAMIC_INDEX, ArrayAttr, DenseArrayBase, IndexType, TensorType, i64
from xdsl.dialects.utils import (
    get_dynamic_index_list,
    parse_assignment,
    parse_dynamic_index_list_without_types,
    print_assignment,
    print_dynamic_index_list,
    split_dynamic_index_list,
)
from xdsl.ir import Attribute, Block, BlockArgument, Dialect, Region, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    irdl_op_definition,
    lazy_traits_def,
    opt_prop_def,
    prop_def,
    region_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import HasParent, IsTerminator, NoTerminator, RecursiveMemoryEffect, SingleBlockImplicitTerminator
from xdsl.utils.exceptions import VerifyException

Bound = int | SSAValue
"""A bound of a forall: static, or an index value."""


@irdl_op_definition
class ForallOp(IRDLOperation):
    """Run the body once for every point of a box, in any order.

    Shapes   tensors come in by `shared_outs` and leave as results of the same types; without tensors there are none
    Example  %r = scf.forall (%i) = (0) to (512) step (64) shared_outs(%o = %t) -> (tensor<512xf32>) { .. }
    Errors   bounds of different count; a step that is not positive; body arguments that are not ivs then outs
    Source   upstream scf.forall; `mapping` is kept, not interpreted
    """

    name = "scf.forall"
    dynamic_lower_bound = var_operand_def(IndexType)
    dynamic_upper_bound = var_operand_def(IndexType)
    dynamic_step = var_operand_def(IndexType)
    outputs = var_operand_def(TensorType)
    static_lower_bound = prop_def(DenseArrayBase.constr(i64), prop_name="staticLowerBound")
    static_upper_bound = prop_def(DenseArrayBase.constr(i64), prop_name="staticUpperBound")
    static_step = prop_def(DenseArrayBase.constr(i64), prop_name="staticStep")
    mapping = opt_prop_def(ArrayAttr)
    res = var_result_def(TensorType)
    body = region_def("single_block")

    irdl_options = (AttrSizedOperandSegments(as_property=True),)
    traits = lazy_traits_def(lambda: (SingleBlockImplicitTerminator(InParallelOp), RecursiveMemoryEffect()))

    def __init__(
        self,
        lower: Sequence[Bound],
        upper: Sequence[Bound],
        step: Sequence[Bound],
        shared_outs: Sequence[SSAValue] = (),
        body: Region | None = None,
        mapping: ArrayAttr[Attribute] | None = None,
    ):
        """A body left out gets its block arguments and the terminator; a body given has to end in its own."""
        out_types = [value.type for value in shared_outs]
        if body is None:
            body = Region(Block([InParallelOp()], arg_types=[*([IndexType()] * len(upper)), *out_types]))
        static_lower, dynamic_lower = split_dynamic_index_list(lower, DYNAMIC_INDEX)
        static_upper, dynamic_upper = split_dynamic_index_list(upper, DYNAMIC_INDEX)
        static_step, dynamic_step = split_dynamic_index_list(step, DYNAMIC_INDEX)
        super().__init__(
            operands=[dynamic_lower, dynamic_upper, dynamic_step, shared_outs],
            result_types=[out_types],
            properties={
                "staticLowerBound": DenseArrayBase.from_list(i64, static_lower),
                "staticUpperBound": DenseArrayBase.from_list(i64, static_upper),
                "staticStep": DenseArrayBase.from_list(i64, static_step),
                "mapping": mapping,
            },
            regions=[body],
        )

    @property
    def rank(self) -> int:
        return len(self.static_upper_bound)

    @property
    def induction_variables(self) -> tuple[BlockArgument, ...]:
        return self.body.block.args[: self.rank]

    @property
    def region_out_args(self) -> tuple[BlockArgument, ...]:
        """The block arguments through which the body sees the shared outs."""
        return self.body.block.args[self.rank :]

    @property
    def terminator(self) -> InParallelOp:
        last = self.body.block.last_op
        assert isinstance(last, InParallelOp)
        return last

    def mixed_bounds(self) -> list[tuple[Bound, Bound, Bound]]:
        """For each dim its lower bound, upper bound and step: an int where static, else the value."""
        lower = get_dynamic_index_list(self.static_lower_bound.get_values(), self.dynamic_lower_bound, DYNAMIC_INDEX)
        upper = get_dynamic_index_list(self.static_upper_bound.get_values(), self.dynamic_upper_bound, DYNAMIC_INDEX)
        step = get_dynamic_index_list(self.static_step.get_values(), self.dynamic_step, DYNAMIC_INDEX)
        return list(zip(lower, upper, step, strict=True))

    def static_bounds(self) -> list[tuple[int, int, int]]:
        """For each dim (lower, upper, step). Raises ValueError where one of them is a value."""
        bounds: list[tuple[int, int, int]] = []
        for axis, (lower, upper, step) in enumerate(self.mixed_bounds()):
            if not (isinstance(lower, int) and isinstance(upper, int) and isinstance(step, int)):
                raise ValueError(f"bound {axis} of scf.forall is a value, expected it static")
            bounds.append((lower, upper, step))
        return bounds

    def verify_(self) -> None:
        counts = [len(self.static_lower_bound), len(self.static_upper_bound), len(self.static_step)]
        if len(set(counts)) != 1:
            raise VerifyException(f"counts of lower bounds, upper bounds and steps are {counts}, expected them equal")
        for what, static, dynamic in (
            ("lower bounds", self.static_lower_bound, self.dynamic_lower_bound),
            ("upper bounds", self.static_upper_bound, self.dynamic_upper_bound),
            ("steps", self.static_step, self.dynamic_step),
        ):
            markers = static.get_values().count(DYNAMIC_INDEX)
            if markers != len(dynamic):
                raise VerifyException(f"{len(dynamic)} values are given for {what}, expected {markers}")
        for step in self.static_step.get_values():
            if step <= 0 and step != DYNAMIC_INDEX:
                raise VerifyException(f"step is {step}, expected a positive one")
        want = [*([IndexType()] * self.rank), *self.outputs.types]
        if list(self.body.block.arg_types) != want:
            raise VerifyException(f"body arguments are {_types(self.body.block.arg_types)}, expected {_types(want)}")
        if self.res.types != self.outputs.types:
            raise VerifyException(f"result types are {_types(self.res.types)}, expected {_types(self.outputs.types)}")
        if self.mapping is not None and len(self.mapping) != self.rank:
            raise VerifyException(f"mapping has {len(self.mapping)} entries, expected {self.rank}")

    def print(self, printer: Printer) -> None:
        printer.print_string(" (")
        printer.print_list(self.induction_variables, printer.print_ssa_value)
        printer.print_string(")")
        lower = self.static_lower_bound.get_values()
        step = self.static_step.get_values()
        normalized = all(bound == 0 for bound in lower) and all(bound == 1 for bound in step)
        parts = [(" in ", self.static_upper_bound, self.dynamic_upper_bound)]
        if not normalized:
            parts = [
                (" = ", self.static_lower_bound, self.dynamic_lower_bound),
                (" to ", self.static_upper_bound, self.dynamic_upper_bound),
                (" step ", self.static_step, self.dynamic_step),
            ]
        for word, static, dynamic in parts:
            printer.print_string(word)
            print_dynamic_index_list(printer, DYNAMIC_INDEX, dynamic, static.get_values(), delimiter=Parser.Delimiter.PAREN)
        if self.outputs:
            printer.print_string(" shared_outs(")
            printer.print_list(zip(self.region_out_args, self.outputs), lambda pair: print_assignment(printer, *pair))
            printer.print_string(") -> (")
            printer.print_list(self.outputs.types, printer.print_attribute)
            printer.print_string(")")
        printer.print_string(" ")
        has_parallel_ops = not self.terminator.region.block.is_empty
        printer.print_region(
            self.body, print_entry_block_args=False, print_empty_block=False, print_block_terminators=has_parallel_ops
        )
        attributes = dict(self.attributes)
        if self.mapping is not None:
            attributes["mapping"] = self.mapping
        printer.print_op_attributes(attributes)

    @classmethod
    def parse(cls, parser: Parser) -> ForallOp:
        def bounds() -> list[Bound]:
            position = parser.pos
            values, static = parse_dynamic_index_list_without_types(parser, DYNAMIC_INDEX, delimiter=Parser.Delimiter.PAREN)
            resolved = iter(parser.resolve_operands(values, [IndexType()] * len(values), position))
            return [next(resolved) if bound == DYNAMIC_INDEX else bound for bound in static]

        ivs = parser.parse_comma_separated_list(
            Parser.Delimiter.PAREN, lambda: parser.parse_argument(expect_type=False).resolve(IndexType())
        )
        if parser.parse_optional_keyword("in"):
            upper = bounds()
            lower: list[Bound] = [0] * len(upper)
            step: list[Bound] = [1] * len(upper)
        else:
            parser.parse_punctuation("=")
            lower = bounds()
            parser.parse_keyword("to")
            upper = bounds()
            parser.parse_keyword("step")
            step = bounds()
        position, outs = parser.pos, cast(Sequence[SSAValue], ())
        if parser.parse_optional_keyword("shared_outs"):
            pairs = parser.parse_comma_separated_list(Parser.Delimiter.PAREN, lambda: parse_assignment(parser))
            parser.parse_punctuation("->")
            types = parser.parse_comma_separated_list(Parser.Delimiter.PAREN, parser.parse_type)
            outs = parser.resolve_operands([value for _, value in pairs], types, position)
            out_args = [argument.resolve(type_) for (argument, _), type_ in zip(pairs, types)]
        else:
            out_args: list[Parser.Argument] = []
        body = parser.parse_region((*ivs, *out_args))
        attributes = parser.parse_optional_attr_dict()
        mapping = attributes.pop("mapping", None)
        if mapping is not None and not isinstance(mapping, ArrayAttr):
            parser.raise_error(f"mapping is {mapping}, expected an array")
        if not isinstance(body.block.last_op, InParallelOp):
            body.block.add_op(InParallelOp())
        op = cls(lower, upper, step, outs, body, cast(ArrayAttr[Attribute] | None, mapping))
        op.attributes |= attributes
        return op


def _types(types: Sequence[Attribute] | Iterator[Attribute]) -> str:
    return "(" + ", ".join(str(type_) for type_ in types) + ")"


@irdl_op_definition
class InParallelOp(IRDLOperation):
    """End the body of a forall; its ops (`tensor.parallel_insert_slice`) say what the iteration leaves in the shared outs.

    Example  scf.forall.in_parallel { tensor.parallel_insert_slice %t into %o[%i] [64] [1] : .. }
    Errors   an op inside that is not tensor.parallel_insert_slice
    """

    name = "scf.forall.in_parallel"
    region = region_def("single_block")
    traits = traits_def(IsTerminator(), NoTerminator(), HasParent(ForallOp))
    ALLOWED: ClassVar = ("tensor.parallel_insert_slice",)

    def __init__(self, region: Region | None = None):
        super().__init__(regions=[Region(Block()) if region is None else region])

    def verify_(self) -> None:
        for op in self.region.block.ops:
            if op.name not in self.ALLOWED:
                raise VerifyException(f"body has {op.name}, expected only {', '.join(self.ALLOWED)}")

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_region(self.region, print_entry_block_args=False, print_empty_block=False)
        printer.print_op_attributes(self.attributes)

    @classmethod
    def parse(cls, parser: Parser) -> InParallelOp:
        region = parser.parse_region()
        if not region.blocks:
            region.add_block(Block())
        op = cls(region)
        op.attributes |= parser.parse_optional_attr_dict()
        return op


Scf = Dialect("scf", [*xdsl_scf.Scf.operations, ForallOp, InParallelOp], [*xdsl_scf.Scf.attributes])

__all__ = ["Bound", "ForallOp", "InParallelOp", "Scf"]
