"""Transforms of structured ops, one at a time: find, rename, reorder, decompose, promote, vectorise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import (
    I32,
    I64,
    ArrayAttr,
    BoolAttr,
    DenseArrayBase,
    DictionaryAttr,
    IntegerAttr,
    StringAttr,
    UnitAttr,
    i1,
    i64,
)
from xdsl.ir import Attribute, TypeAttribute
from xdsl.irdl import (
    AnyAttr,
    ParsePropInAttrDict,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    var_operand_def,
)
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from .base import FunctionalOp, TransformOp, check_markers, check_permutation, transform_op, values_of
from .directives import Word
from .syntax import parse_clauses, parse_scalable_sizes, parse_types_of, parse_words, print_scalable_sizes, print_words
from .types import OPS, OPS_OR_PARAM

INTERFACES = ("LinalgOp", "TilingInterface", "LoopLikeInterface")
_EMPTY = ArrayAttr[Attribute](())


@transform_op
class MatchOp(TransformOp):
    """Find payload ops below the target, by name, interface, attributes and types; all that is given has to hold.

    Example  %m = transform.structured.match ops{["linalg.matmul"]} in %f : (!transform.any_op) -> !transform.any_op
    Errors   an interface that is none of LinalgOp, TilingInterface, LoopLikeInterface
    """

    name = "transform.structured.match"
    RESULTS: ClassVar = {"results_": "the ops found, in the order of a walk (inner before outer)"}
    ENUMS: ClassVar = {"interface": INTERFACES}
    target = operand_def(OPS)
    ops = opt_prop_def(ArrayAttr[StringAttr])
    interface = opt_prop_def(IntegerAttr[I32])
    op_attrs = opt_prop_def(DictionaryAttr)
    filter_result_type = opt_prop_def(TypeAttribute)
    filter_operand_types = opt_prop_def(ArrayAttr[TypeAttribute])
    results_ = result_def(OPS)
    DIRECTIVES: ClassVar = (Word,)
    SYNTAX: ClassVar = (
        "(`ops` `{` $ops^ `}`)? (`interface` `{` custom<Word>($interface)^ `}`)? (`attributes` $op_attrs^)? "
        "(`filter_result_type` `=` $filter_result_type^)? (`filter_operand_types` `=` $filter_operand_types^)? "
        "`in` $target attr-dict `:` functional-type($target, results)"
    )

    def verify_(self) -> None:
        if self.interface is not None and not 0 <= self.interface.value.data < len(INTERFACES):
            raise VerifyException(f"interface is {self.interface.value.data}, expected 0 to {len(INTERFACES) - 1}")


@transform_op
class GeneralizeOp(FunctionalOp):
    """A named op becomes the same linalg.generic. Example: %g = transform.structured.generalize %m : (A) -> A"""

    name = "transform.structured.generalize"
    EACH: ClassVar = True
    RESULTS: ClassVar = {"transformed": "the linalg.generic for each payload op"}
    target = operand_def(OPS)
    transformed = result_def(OPS)
    SYNTAX: ClassVar = "$target attr-dict `:` functional-type($target, $transformed)"


@transform_op
class SpecializeOp(FunctionalOp):
    """A linalg.generic becomes the named op that it is. Example: %n = transform.structured.specialize %g : (A) -> A"""

    name = "transform.structured.specialize"
    EACH: ClassVar = True
    RESULTS: ClassVar = {"transformed": "the named op for each payload op"}
    target = operand_def(OPS)
    transformed = result_def(OPS)
    SYNTAX: ClassVar = "$target attr-dict `:` functional-type($target, $transformed)"


@transform_op
class InterchangeOp(FunctionalOp):
    """Reorder the loops of a linalg.generic.

    Example  %i = transform.structured.interchange %g iterator_interchange = [2, 0, 1] : (A) -> A
    Errors   what is no permutation
    """

    name = "transform.structured.interchange"
    EACH: ClassVar = True
    RESULTS: ClassVar = {"transformed": "the reordered linalg.generic"}
    target = operand_def(OPS)
    iterator_interchange = opt_prop_def(DenseArrayBase.constr(i64))
    transformed = result_def(OPS)
    SYNTAX: ClassVar = (
        "$target (`iterator_interchange` `=` $iterator_interchange^)? attr-dict `:` functional-type($target, $transformed)"
    )

    def verify_(self) -> None:
        check_permutation("iterator_interchange", values_of(self.iterator_interchange))


@transform_op
class DecomposeInterfaceOp(FunctionalOp):
    """A composed op (linalg.softmax, ..) becomes the ops that it stands for."""

    name = "transform.structured.decompose_interface"
    EACH: ClassVar = True
    RESULTS: ClassVar = {"transformed": "the ops of each decomposition"}
    target = operand_def(OPS)
    transformed = result_def(OPS)
    SYNTAX: ClassVar = "$target attr-dict `:` functional-type(operands, results)"


@transform_op
class ConvertToLoopsOp(FunctionalOp):
    """A structured op becomes scalar loops. Example: %l = transform.structured.convert_to_loops %m : (A) -> A"""

    name = "transform.structured.convert_to_loops"
    RESULTS: ClassVar = {"result": "the loops, outermost first"}
    target = operand_def(OPS)
    result = result_def(OPS)
    SYNTAX: ClassVar = "$target attr-dict `:` functional-type(operands, results)"


@transform_op
class PromoteOp(FunctionalOp):
    """Copy operands (memrefs) of an op into buffers of their own.

    Example  %p = transform.structured.promote %t {operands_to_promote = [0, 1], use_alloca} : (A) -> A
    """

    name = "transform.structured.promote"
    EACH: ClassVar = True
    RESULTS: ClassVar = {"transformed": "the op over the new buffers"}
    target = operand_def(OPS)
    alignment = opt_prop_def(IntegerAttr[I64])
    mapping = opt_prop_def(ArrayAttr)
    memory_space = opt_prop_def(AnyAttr())
    operands_to_promote = prop_def(ArrayAttr[IntegerAttr], default_value=_EMPTY)
    use_alloca = opt_prop_def(UnitAttr)
    use_full_tile_buffers = prop_def(ArrayAttr[BoolAttr], default_value=_EMPTY)
    use_full_tiles_by_default = opt_prop_def(UnitAttr)
    use_original_subview_size = opt_prop_def(UnitAttr)
    transformed = result_def(OPS)
    irdl_options = (ParsePropInAttrDict(),)
    SYNTAX: ClassVar = "$target attr-dict `:` functional-type($target, $transformed)"


@transform_op
class VectorizeChildrenAndApplyPatternsOp(FunctionalOp):
    """Vectorise every structured op below the target, then clean up. The target has to be isolated from above."""

    name = "transform.structured.vectorize_children_and_apply_patterns"
    EACH: ClassVar = True
    RESULTS: ClassVar = {"transformed": "the same payload as the target"}
    target = operand_def(OPS)
    disable_multi_reduction_to_contract_patterns = opt_prop_def(UnitAttr)
    disable_transfer_permutation_map_lowering_patterns = opt_prop_def(UnitAttr)
    flatten_1d_depthwise_conv = opt_prop_def(UnitAttr)
    fold_type_extensions_into_contract = opt_prop_def(UnitAttr)
    vectorize_nd_extract = opt_prop_def(UnitAttr)
    vectorize_padding = opt_prop_def(UnitAttr)
    transformed = result_def(OPS)
    irdl_options = (ParsePropInAttrDict(),)
    SYNTAX: ClassVar = "$target attr-dict `:` functional-type(operands, results)"


@transform_op
class VectorizeOp(TransformOp):
    """Vectorise an op at the given sizes, with masks where they do not divide its own.

    Example  transform.structured.vectorize %t vector_sizes [8, %p, [4]] {create_named_contraction} : A, P
    Errors   markers without values; flags of scalable sizes of another count
    """

    name = "transform.structured.vectorize"
    CONSUMES: ClassVar = ("target",)
    MODIFIES: ClassVar = True
    target = operand_def(OPS)
    vector_sizes = var_operand_def(OPS_OR_PARAM)
    static_vector_sizes = opt_prop_def(DenseArrayBase.constr(i64))
    scalable_sizes = opt_prop_def(DenseArrayBase.constr(i1))
    assume_dynamic_dims_match_vec_sizes = opt_prop_def(UnitAttr)
    create_named_contraction = opt_prop_def(UnitAttr)
    vectorize_nd_extract = opt_prop_def(UnitAttr)

    OWN: ClassVar = ("static_vector_sizes", "scalable_sizes")

    def verify_(self) -> None:
        check_markers("vector_sizes", self.static_vector_sizes, self.vector_sizes)
        sizes, flags = len(values_of(self.static_vector_sizes)), len(values_of(self.scalable_sizes))
        if sizes != flags:
            raise VerifyException(f"scalable_sizes has {flags} flags, expected {sizes}, one for each size")

    @classmethod
    def parse(cls, parser: Parser) -> VectorizeOp:
        start = parser.pos
        operands = [parser.parse_unresolved_operand()]
        sizes: dict[str, Attribute] = {}

        def vector_sizes() -> None:
            dynamic: Sequence[UnresolvedOperand]
            dynamic, sizes["static_vector_sizes"], sizes["scalable_sizes"] = parse_scalable_sizes(parser)
            operands.extend(dynamic)

        parse_clauses(parser, {"vector_sizes": vector_sizes})
        properties, attributes = parse_words(parser, cls, *cls.OWN)
        parser.parse_punctuation(":")
        values = parse_types_of(parser, operands, start)
        return cls.build(operands=[values[0], values[1:]], properties=sizes | properties, attributes=attributes)

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_ssa_value(self.target)
        if values_of(self.static_vector_sizes):
            printer.print_string(" vector_sizes ")
            print_scalable_sizes(printer, self.vector_sizes, self.static_vector_sizes, self.scalable_sizes)
        print_words(printer, self, *self.OWN)
        printer.print_string(" : ")
        printer.print_list(self.operand_types, printer.print_attribute)


@transform_op
class HoistRedundantVectorTransfersOp(FunctionalOp):
    """Move matching pairs of vector.transfer_read and transfer_write out of the loops of a function."""

    name = "transform.structured.hoist_redundant_vector_transfers"
    EACH: ClassVar = True
    RESULTS: ClassVar = {"transformed": "the same payload as the target"}
    target = operand_def(OPS)
    verify_non_zero_trip = opt_prop_def(UnitAttr)
    transformed = result_def(OPS)
    irdl_options = (ParsePropInAttrDict(),)
    SYNTAX: ClassVar = "$target attr-dict `:` functional-type(operands, results)"


@transform_op
class ConvertConv2DToImg2ColOp(FunctionalOp):
    """A convolution becomes windows written to a tensor, and a contraction of it.

    Example  %w, %c = transform.structured.convert_conv2d_to_img2col %conv : (A) -> (A, A)
    """

    name = "transform.structured.convert_conv2d_to_img2col"
    EACH: ClassVar = True
    RESULTS: ClassVar = {"img2col_tensor": "what makes the windows", "transformed": "the last op of the contraction"}
    target = operand_def(OPS)
    img2col_tensor = result_def(OPS)
    transformed = result_def(OPS)
    SYNTAX: ClassVar = "$target attr-dict `:` functional-type($target, results)"


OPERATIONS = [
    MatchOp,
    GeneralizeOp,
    SpecializeOp,
    InterchangeOp,
    DecomposeInterfaceOp,
    ConvertToLoopsOp,
    PromoteOp,
    VectorizeChildrenAndApplyPatternsOp,
    VectorizeOp,
    HoistRedundantVectorTransfersOp,
    ConvertConv2DToImg2ColOp,
]
