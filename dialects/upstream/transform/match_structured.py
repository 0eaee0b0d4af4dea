"""Ops that say yes or no about a structured op: its body, its dims, its operands; in transform.match.structured."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import I32, I64, ArrayAttr, DenseArrayBase, IntegerAttr, StringAttr, UnitAttr, i64
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import (
    ParsePropInAttrDict,
    operand_def,
    opt_prop_def,
    opt_result_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import IsTerminator
from xdsl.utils.exceptions import VerifyException

from .base import TransformOp, check_yields, spell, transform_op, values_of
from .directives import Positions, SemiFunctionalType
from .navigate import PositionsOp
from .sequences import check_failures, parse_failures, print_failures
from .syntax import parse_body, parse_semi_functional_type, print_attributes, print_body, print_semi_functional_type, resolve
from .types import ANY, OPS, OPS_OR_VALUES, PARAM, VALUES, AffineMapParamType, Kind


@transform_op
class MatchStructuredOp(TransformOp):
    """The one payload op is structured, and what the body says of it holds.

    Example  %r = transform.match.structured failures(propagate) %op : (A) -> P { ^bb0(%s: A): .. }
    Errors   a body that does not take just the op; yields of other types; an op in the body that cannot match
    """

    name = "transform.match.structured"
    MATCHES: ClassVar = True
    RESULTS: ClassVar = {"outputs": "what the body yields"}
    current = operand_def(OPS)
    failure_propagation_mode = opt_prop_def(IntegerAttr[I32])
    outputs = var_result_def(ANY)
    body_region = region_def("single_block")

    def verify_(self) -> None:
        if self.failure_propagation_mode is not None:
            check_failures(self.failure_propagation_mode)
        block = self.body_region.block
        if tuple(block.arg_types) != (self.current.type,):
            raise VerifyException(f"body takes {spell(block.arg_types)}, expected {spell([self.current.type])}")
        for op in block.ops:
            if not (isinstance(op, TransformOp) and op.MATCHES):
                raise VerifyException(f"body has {op.name}, expected only ops that match")
        check_yields(self, self.body_region, "body", self.outputs.types)

    @classmethod
    def parse(cls, parser: Parser) -> MatchStructuredOp:
        start = parser.pos
        properties: dict[str, Attribute] = {}
        if parser.parse_optional_keyword("failures"):
            properties["failure_propagation_mode"] = parse_failures(parser)
        current = parser.parse_unresolved_operand()
        type_, results = parse_semi_functional_type(parser)
        attributes = parser.parse_optional_attr_dict_with_keyword()
        values = resolve(parser, [current], [type_], start)
        body = parse_body(parser, MatchStructuredYieldOp)
        return cls.build(
            operands=values,
            result_types=[results],
            properties=properties,
            attributes={} if attributes is None else dict(attributes.data),
            regions=[body],
        )

    def print(self, printer: Printer) -> None:
        if self.failure_propagation_mode is not None:
            print_failures(printer, self.failure_propagation_mode)
        printer.print_string(" ")
        printer.print_ssa_value(self.current)
        print_semi_functional_type(printer, self.current.type, self.outputs.types)
        print_attributes(printer, self.attributes, print_keyword=True)
        print_body(printer, self.body_region)


@transform_op
class MatchStructuredYieldOp(TransformOp):
    """End the body of transform.match.structured."""

    name = "transform.match.structured.yield"
    MATCHES: ClassVar = True
    handles = var_operand_def(ANY)
    traits = traits_def(IsTerminator())
    SYNTAX: ClassVar = "($handles^)? attr-dict (`:` type($handles)^)?"

    def __init__(self, *handles: SSAValue):
        super().__init__(operands=[handles])


class _PredicateOp(TransformOp, ABC):
    """An op that stands in the body of transform.match.structured and asks about its op."""

    MATCHES: ClassVar = True

    def check_place(self) -> None:
        if not isinstance(self.parent_op(), MatchStructuredOp):
            raise VerifyException("stands outside transform.match.structured, expected it directly inside")


@transform_op
class MatchStructuredBodyOp(_PredicateOp):
    """The body reduces, passes through, is elementwise, or is a contraction: just one of these is asked.

    Example  transform.match.structured.body %s {contraction = ["arith.mulf", "arith.addf"]} : !transform.any_op
    """

    name = "transform.match.structured.body"
    operand_handle = operand_def(OPS)
    contraction = opt_prop_def(ArrayAttr[StringAttr])
    elementwise = opt_prop_def(UnitAttr)
    passthrough = opt_prop_def(UnitAttr)
    reduction_position = opt_prop_def(IntegerAttr[I64])
    irdl_options = (ParsePropInAttrDict(),)
    SYNTAX: ClassVar = "$operand_handle attr-dict `:` type($operand_handle)"

    def verify_(self) -> None:
        self.check_place()
        asked = [name for name in ("contraction", "elementwise", "passthrough", "reduction_position") if name in self.properties]
        if len(asked) != 1:
            raise VerifyException(f"asks for {', '.join(asked) or 'nothing'}, expected just one criterion")
        if self.contraction is not None and len(self.contraction) != 2:
            raise VerifyException(f"contraction names {len(self.contraction)} ops, expected 2: elementwise and reduction")


@transform_op
class ClassifyContractionDimsOp(_PredicateOp):
    """C(batch, m, n) += A(batch, m, k) * B(batch, k, n): which dims are which."""

    name = "transform.match.structured.classify_contraction_dims"
    RESULTS: ClassVar = {
        "batch": "parallel, in both inputs and the result",
        "m": "parallel, in the first input and the result",
        "n": "parallel, in the second input and the result",
        "k": "reduction, in the inputs alone",
    }
    operand_handle = operand_def(OPS)
    batch = result_def(PARAM)
    m = result_def(PARAM)
    n = result_def(PARAM)
    k = result_def(PARAM)
    SYNTAX: ClassVar = "$operand_handle attr-dict `:` functional-type(operands, results)"

    def verify_(self) -> None:
        self.check_place()


@transform_op
class ClassifyConvolutionDimsOp(_PredicateOp):
    """Which dims of a convolution are which, with its strides and dilations."""

    name = "transform.match.structured.classify_convolution_dims"
    RESULTS: ClassVar = {
        "batch": "parallel, in the input and the result",
        "output_image": "parallel, in the input and the result, with a window",
        "output_channel": "parallel, in the filter and the result",
        "filter_loop": "reduction, the window",
        "input_channel": "reduction, in the input and the filter",
        "depth": "parallel, in all three",
        "strides": "one for each dim of the window",
        "dilations": "one for each dim of the window",
    }
    operand_handle = operand_def(OPS)
    batch = result_def(PARAM)
    output_image = result_def(PARAM)
    output_channel = result_def(PARAM)
    filter_loop = result_def(PARAM)
    input_channel = result_def(PARAM)
    depth = result_def(PARAM)
    strides = result_def(PARAM)
    dilations = result_def(PARAM)
    SYNTAX: ClassVar = "$operand_handle attr-dict `:` functional-type(operands, results)"

    def verify_(self) -> None:
        self.check_place()


class _PositionsPredicateOp(PositionsOp, ABC):
    MATCHES: ClassVar = True

    def check(self, positions: Sequence[int], either: Sequence[str]) -> None:
        if not isinstance(self.parent_op(), MatchStructuredOp):
            raise VerifyException("stands outside transform.match.structured, expected it directly inside")
        self.check_positions(positions)
        if all(name in self.properties for name in either):
            raise VerifyException(f"found both {' and '.join(either)}, expected at most one of them")


@transform_op
class MatchStructuredDimOp(_PositionsPredicateOp):
    """Dims are parallel or reductions; or just their extents.

    Example  %n = transform.match.structured.dim %s[-1] {parallel} : (!transform.any_op) -> !transform.param<i64>
    """

    name = "transform.match.structured.dim"
    RESULTS: ClassVar = {"result": "the extents of those dims"}
    operand_handle = operand_def(OPS)
    raw_dim_list = prop_def(DenseArrayBase.constr(i64))
    parallel = opt_prop_def(UnitAttr)
    reduction = opt_prop_def(UnitAttr)
    result = opt_result_def(PARAM)
    irdl_options = (ParsePropInAttrDict(),)
    DIRECTIVES: ClassVar = (Positions, SemiFunctionalType)
    SYNTAX: ClassVar = (
        "$operand_handle `[` custom<Positions>($raw_dim_list, $is_inverted, $is_all) `]` attr-dict "
        "`:` custom<SemiFunctionalType>(type($operand_handle), type($result))"
    )

    def verify_(self) -> None:
        self.check(values_of(self.raw_dim_list), ("parallel", "reduction"))


_OPERAND = Kind((*OPS_OR_VALUES.classes, AffineMapParamType), "a handle or an affine map")


class _OperandOp(_PositionsPredicateOp, ABC):
    operand_handle = operand_def(OPS)
    raw_position_list = prop_def(DenseArrayBase.constr(i64))
    permutation = opt_prop_def(UnitAttr)
    projected_permutation = opt_prop_def(UnitAttr)
    result = opt_result_def(_OPERAND)
    irdl_options = (ParsePropInAttrDict(),)
    DIRECTIVES: ClassVar = (Positions, SemiFunctionalType)
    SYNTAX: ClassVar = (
        "$operand_handle `[` custom<Positions>($raw_position_list, $is_inverted, $is_all) `]` attr-dict "
        "`:` custom<SemiFunctionalType>(type($operand_handle), type($result))"
    )

    def verify_(self) -> None:
        self.check(values_of(self.raw_position_list), ("permutation", "projected_permutation"))


@transform_op
class MatchStructuredInputOp(_OperandOp):
    """Inputs. Example: %v = transform.match.structured.input %s[0] : (!transform.any_op) -> !transform.any_value"""

    name = "transform.match.structured.input"
    RESULTS: ClassVar = {"result": "the inputs, what defines them, or their maps, as the type says"}


@transform_op
class MatchStructuredInitOp(_OperandOp):
    """Inits. Example: %v = transform.match.structured.init %s[0] : (!transform.any_op) -> !transform.any_value"""

    name = "transform.match.structured.init"
    RESULTS: ClassVar = {"result": "the inits, what defines them, or their maps, as the type says"}


@transform_op
class MatchStructuredElementalBitwidthOp(TransformOp):
    """The bits of an element. Example: %b = transform.match.structured.elemental_bitwidth %v : (!transform.any_value) -> P"""

    name = "transform.match.structured.elemental_bitwidth"
    MATCHES: ClassVar = True
    RESULTS: ClassVar = {"result": "the bits of an element of the value"}
    operand_handle = operand_def(VALUES)
    result = result_def(PARAM)
    SYNTAX: ClassVar = "$operand_handle attr-dict `:` functional-type(operands, results)"


@transform_op
class MatchStructuredNumInputsOp(_PredicateOp):
    """How many inputs. Example: %n = transform.match.structured.num_inputs %s : (!transform.any_op) -> P"""

    name = "transform.match.structured.num_inputs"
    RESULTS: ClassVar = {"result": "the number of inputs"}
    operand_handle = operand_def(OPS)
    result = result_def(PARAM)
    SYNTAX: ClassVar = "$operand_handle attr-dict `:` functional-type(operands, results)"

    def verify_(self) -> None:
        self.check_place()


@transform_op
class MatchStructuredNumInitsOp(_PredicateOp):
    """How many inits. Example: %n = transform.match.structured.num_inits %s : (!transform.any_op) -> P"""

    name = "transform.match.structured.num_inits"
    RESULTS: ClassVar = {"result": "the number of inits"}
    operand_handle = operand_def(OPS)
    result = result_def(PARAM)
    SYNTAX: ClassVar = "$operand_handle attr-dict `:` functional-type(operands, results)"

    def verify_(self) -> None:
        self.check_place()


@transform_op
class MatchStructuredRankOp(_PredicateOp):
    """How many loops. Example: %n = transform.match.structured.rank %s : (!transform.any_op) -> !transform.param<i64>"""

    name = "transform.match.structured.rank"
    RESULTS: ClassVar = {"rank": "the number of loops"}
    operand_handle = operand_def(OPS)
    rank = result_def(PARAM)
    SYNTAX: ClassVar = "$operand_handle attr-dict `:` functional-type(operands, results)"

    def verify_(self) -> None:
        self.check_place()


@transform_op
class MatchStructuredResultOp(_PredicateOp):
    """A result, or an op that uses it. Example: %u = transform.match.structured.result %s[0] single : (A) -> A

    Errors   both any and single; any or single for a value; neither for an op
    """

    name = "transform.match.structured.result"
    RESULTS: ClassVar = {"result": "the result; any op that uses it; the single op that does"}
    operand_handle = operand_def(OPS)
    position = prop_def(IntegerAttr[I64])
    any = opt_prop_def(UnitAttr)
    single = opt_prop_def(UnitAttr)
    result = result_def(OPS_OR_VALUES)
    SYNTAX: ClassVar = (
        "$operand_handle `[` $position `]` (`any` $any^)? (`single` $single^)? attr-dict `:` functional-type(operands, results)"
    )

    def verify_(self) -> None:
        self.check_place()
        words = [word for word in ("any", "single") if word in self.properties]
        want = 1 if OPS.verifies(self.result.type) else 0
        if len(words) != want:
            expected = "one of any and single for an op" if want else "none for a value"
            raise VerifyException(f"found {' and '.join(words) or 'neither any nor single'}, expected {expected}")


OPERATIONS = [
    MatchStructuredOp,
    MatchStructuredYieldOp,
    MatchStructuredBodyOp,
    ClassifyContractionDimsOp,
    ClassifyConvolutionDimsOp,
    MatchStructuredDimOp,
    MatchStructuredInputOp,
    MatchStructuredInitOp,
    MatchStructuredElementalBitwidthOp,
    MatchStructuredNumInputsOp,
    MatchStructuredNumInitsOp,
    MatchStructuredRankOp,
    MatchStructuredResultOp,
]
