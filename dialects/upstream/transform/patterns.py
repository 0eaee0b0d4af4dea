"""The sets of patterns that `transform.apply_patterns` can name.

Most are a name alone, so they are one table here; what a set does is in upstream's documentation of the name.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable
from typing import ClassVar

from xdsl.dialects.builtin import I32, I64, BoolAttr, IntegerAttr, UnitAttr, i32
from xdsl.ir import Attribute
from xdsl.irdl import IRDLOperation, ParsePropInAttrDict, opt_prop_def, prop_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from .base import TransformOp, int_prop, transform_op
from .directives import Word
from .syntax import parse_clauses, print_attributes

_FALSE = BoolAttr.from_bool(False)
PREFIX = "transform.apply_patterns."


class PatternOp(TransformOp, ABC):
    """A set of patterns, named inside transform.apply_patterns; it has no handles."""

    def verify_words(self) -> None:
        for name, words in self.ENUMS.items():
            number = self.properties[name]
            if isinstance(number, IntegerAttr) and not 0 <= number.value.data < len(words):
                raise VerifyException(f"{name} is {number.value.data}, expected 0 to {len(words) - 1}")


class PlainPatternOp(PatternOp, ABC):
    """A set that is a name alone."""

    SYNTAX: ClassVar = "attr-dict"


PLAIN = (
    "canonicalization",
    "gpu.eliminate_barriers",
    "gpu.gpu_rewrite_patterns",
    "linalg.decompose_pack_unpack",
    "linalg.decompose_pad",
    "linalg.erase_unnecessary_inputs",
    "linalg.fold_add_into_dest",
    "linalg.fold_unit_extent_dims_via_reshapes",
    "linalg.fold_unit_extent_dims_via_slices",
    "linalg.pad_vectorization",
    "linalg.tiling_canonicalization",
    "memref.expand_ops",
    "memref.expand_strided_metadata",
    "memref.extract_address_computations",
    "memref.fold_memref_alias_ops",
    "memref.resolve_ranked_shaped_type_result_dims",
    "scf.for_loop_canonicalization",
    "tensor.bubble_up_extract_slice",
    "tensor.decompose_concat",
    "tensor.drop_redundant_insert_slice_rank_expansion",
    "tensor.fold_into_pack_and_unpack",
    "tensor.fold_tensor_subset_ops",
    "tensor.fold_tensor_subset_ops_into_vector_transfers",
    "tensor.merge_consecutive_insert_extract_slice",
    "tensor.reassociative_reshape_folding",
    "vector.cast_away_vector_leading_one_dim",
    "vector.drop_inner_most_unit_dims_from_xfer_ops",
    "vector.drop_unit_dims_with_shape_cast",
    "vector.elementwise_to_vector",
    "vector.fold_arith_extension",
    "vector.interleave_to_shuffle",
    "vector.lower_bitcast",
    "vector.lower_broadcast",
    "vector.lower_create_mask",
    "vector.lower_gather",
    "vector.lower_interleave",
    "vector.lower_masked_transfers",
    "vector.lower_masks",
    "vector.lower_outerproduct",
    "vector.lower_scan",
    "vector.lower_shape_cast",
    "vector.materialize_masks",
    "vector.rank_reducing_subview_patterns",
    "vector.reduction_to_contract",
    "vector.rewrite_narrow_types",
    "vector.sink_mem_ops",
    "vector.sink_ops",
    "vector.transfer_permutation_patterns",
    "vector.unroll_from_elements",
    "vector.unroll_to_elements",
)
"""Upstream's sets without arguments."""


def _plain(name: str) -> type[PlainPatternOp]:
    class_name = "".join(word.capitalize() for word in name.replace(".", "_").split("_")) + "PatternsOp"
    body = {"name": PREFIX + name, "__module__": __name__, "__doc__": f"`{PREFIX}{name}`"}
    return transform_op(type(class_name, (PlainPatternOp,), body))


PLAIN_PATTERNS: dict[str, type[PlainPatternOp]] = {name: _plain(name) for name in PLAIN}
"""Their classes, by name without the prefix."""


@transform_op
class LowerContractionPatternsOp(PatternOp):
    """vector.contract becomes simpler ops. Example: .. lower_contraction lowering_strategy = parallelarith"""

    name = "transform.apply_patterns.vector.lower_contraction"
    ENUMS: ClassVar = {"lowering_strategy": ("dot", "llvmintr", "outerproduct", "parallelarith")}
    lowering_strategy = prop_def(IntegerAttr[I32], default_value=IntegerAttr(2, i32))
    DIRECTIVES: ClassVar = (Word,)
    SYNTAX: ClassVar = "(`lowering_strategy` `=` custom<Word>($lowering_strategy)^)? attr-dict"

    def verify_(self) -> None:
        self.verify_words()


@transform_op
class LowerMultiReductionPatternsOp(PatternOp):
    """vector.multi_reduction becomes simpler ops. Example: .. lower_multi_reduction lowering_strategy = innerreduction"""

    name = "transform.apply_patterns.vector.lower_multi_reduction"
    ENUMS: ClassVar = {"lowering_strategy": ("innerparallel", "innerreduction")}
    lowering_strategy = prop_def(IntegerAttr[I32], default_value=IntegerAttr(0, i32))
    DIRECTIVES: ClassVar = (Word,)
    SYNTAX: ClassVar = "(`lowering_strategy` `=` custom<Word>($lowering_strategy)^)? attr-dict"

    def verify_(self) -> None:
        self.verify_words()


@transform_op
class SplitTransferFullPartialPatternsOp(PatternOp):
    """Transfers that may be out of bounds get a fast way. Example: .. split_transfer_strategy = "vector-transfer" """

    name = "transform.apply_patterns.vector.split_transfer_full_partial"
    ENUMS: ClassVar = {"split_transfer_strategy": ("none", "vector-transfer", "linalg-copy", "force-in-bounds")}
    split_transfer_strategy = prop_def(IntegerAttr[I32], default_value=IntegerAttr(2, i32))
    DIRECTIVES: ClassVar = (Word,)
    SYNTAX: ClassVar = "(`split_transfer_strategy` `=` custom<Word>($split_transfer_strategy)^)? attr-dict"

    def verify_(self) -> None:
        self.verify_words()


@transform_op
class LowerTransferPatternsOp(PatternOp):
    """Transfers of many dims become several of few. Example: .. lower_transfer max_transfer_rank = 2"""

    name = "transform.apply_patterns.vector.lower_transfer"
    max_transfer_rank = prop_def(IntegerAttr[I64], default_value=int_prop(1))
    SYNTAX: ClassVar = "(`max_transfer_rank` `=` $max_transfer_rank^)? attr-dict"


TRANSPOSES = ("eltwise", "llvmintr", "shuffle_1d", "shuffle_16x16")


class _ClausesOp(PatternOp, ABC):
    """Clauses `word = value` in any order, each of which may be missing."""

    @classmethod
    def readers(cls, parser: Parser) -> dict[str, Callable[[], Attribute]]:
        raise NotImplementedError

    @classmethod
    def parse_clauses(cls, parser: Parser) -> tuple[dict[str, Attribute], dict[str, Attribute]]:
        found: dict[str, Attribute] = {}

        def clause(word: str, read: Callable[[], Attribute]) -> None:
            parser.parse_punctuation("=")
            found[word] = read()

        readers = cls.readers(parser)
        parse_clauses(parser, {word: (lambda word=word, read=read: clause(word, read)) for word, read in readers.items()})
        return found, parser.parse_optional_attr_dict()

    def print_clauses(self, printer: Printer, *texts: tuple[str, str | None]) -> None:
        for word, text in texts:
            if text is not None:
                printer.print_string(f" {word} = {text}")
        print_attributes(printer, self.attributes)


@transform_op
class LowerTransposePatternsOp(_ClausesOp):
    """vector.transpose becomes shuffles or elements. Example: .. lower_transpose lowering_strategy = shuffle_1d"""

    name = "transform.apply_patterns.vector.lower_transpose"
    ENUMS: ClassVar = {"lowering_strategy": TRANSPOSES}
    avx2_lowering_strategy = prop_def(BoolAttr, default_value=_FALSE)
    lowering_strategy = prop_def(IntegerAttr[I32], default_value=IntegerAttr(0, i32))

    def verify_(self) -> None:
        self.verify_words()

    @classmethod
    def readers(cls, parser: Parser) -> dict[str, Callable[[], Attribute]]:
        def word() -> Attribute:
            start = parser.pos
            found = parser.parse_optional_str_literal()
            found = parser.parse_identifier() if found is None else found
            if found not in TRANSPOSES:
                parser.raise_error(f"found `{found}`, expected one of {', '.join(TRANSPOSES)}", start, parser.pos)
            return IntegerAttr(TRANSPOSES.index(found), i32)

        return {
            "lowering_strategy": word,
            "avx2_lowering_strategy": lambda: BoolAttr.from_bool(parser.parse_boolean()),
        }

    @classmethod
    def parse(cls, parser: Parser) -> LowerTransposePatternsOp:
        properties, attributes = cls.parse_clauses(parser)
        return cls.build(properties=properties, attributes=attributes)

    def print(self, printer: Printer) -> None:
        number = self.lowering_strategy.value.data
        self.print_clauses(
            printer,
            ("lowering_strategy", TRANSPOSES[number] if number else None),
            ("avx2_lowering_strategy", "true" if self.avx2_lowering_strategy.value.data else None),
        )


@transform_op
class TransferToScfPatternsOp(_ClausesOp):
    """Transfers of many dims become loops. Example: .. transfer_to_scf max_transfer_rank = 2 full_unroll = true"""

    name = "transform.apply_patterns.vector.transfer_to_scf"
    full_unroll = prop_def(BoolAttr, default_value=_FALSE)
    max_transfer_rank = prop_def(IntegerAttr[I64], default_value=int_prop(1))

    @classmethod
    def readers(cls, parser: Parser) -> dict[str, Callable[[], Attribute]]:
        return {
            "max_transfer_rank": lambda: int_prop(parser.parse_integer()),
            "full_unroll": lambda: BoolAttr.from_bool(parser.parse_boolean()),
        }

    @classmethod
    def parse(cls, parser: Parser) -> TransferToScfPatternsOp:
        properties, attributes = cls.parse_clauses(parser)
        return cls.build(properties=properties, attributes=attributes)

    def print(self, printer: Printer) -> None:
        rank = self.max_transfer_rank.value.data
        self.print_clauses(
            printer,
            ("max_transfer_rank", str(rank) if rank != 1 else None),
            ("full_unroll", "true" if self.full_unroll.value.data else None),
        )


@transform_op
class FoldTensorEmptyPatternsOp(PatternOp):
    """tensor.empty takes on the shape that its one user wants. Example: .. fold_tensor_empty {fold_single_use_only = true}"""

    name = "transform.apply_patterns.tensor.fold_tensor_empty"
    fold_single_use_only = prop_def(BoolAttr, default_value=_FALSE)
    irdl_options = (ParsePropInAttrDict(),)
    SYNTAX: ClassVar = "attr-dict"


@transform_op
class FoldPackUnpackIntoEmptyPatternsOp(PatternOp):
    """linalg.pack and unpack of tensor.empty. Example: .. fold_pack_unpack_into_empty {fold_single_use_only = true}"""

    name = "transform.apply_patterns.linalg.fold_pack_unpack_into_empty"
    fold_single_use_only = prop_def(BoolAttr, default_value=_FALSE)
    irdl_options = (ParsePropInAttrDict(),)
    SYNTAX: ClassVar = "attr-dict"


@transform_op
class RewriteAsConstantPatternsOp(PatternOp):
    """Tensor ops on constants become constants. Example: .. rewrite_as_constant aggressive"""

    name = "transform.apply_patterns.tensor.rewrite_as_constant"
    aggressive = opt_prop_def(UnitAttr)
    SYNTAX: ClassVar = "(`aggressive` $aggressive^)? attr-dict"


@transform_op
class AllocToAllocaPatternsOp(PatternOp):
    """Small static memref.alloc become memref.alloca. Example: .. alloc_to_alloca size_limit(32)"""

    name = "transform.apply_patterns.memref.alloc_to_alloca"
    size_limit = opt_prop_def(IntegerAttr[I64])
    SYNTAX: ClassVar = "(`size_limit` `(` $size_limit^ `)`)? attr-dict"


OPERATIONS: list[type[IRDLOperation]] = [
    *PLAIN_PATTERNS.values(),
    LowerContractionPatternsOp,
    LowerMultiReductionPatternsOp,
    SplitTransferFullPartialPatternsOp,
    LowerTransferPatternsOp,
    LowerTransposePatternsOp,
    TransferToScfPatternsOp,
    FoldTensorEmptyPatternsOp,
    FoldPackUnpackIntoEmptyPatternsOp,
    RewriteAsConstantPatternsOp,
    AllocToAllocaPatternsOp,
]
