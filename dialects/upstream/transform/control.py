"""Loops over payload, tries that may fail, and dispatch by matchers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import ArrayAttr, SymbolRefAttr, UnitAttr
from xdsl.ir import Attribute, Region, SSAValue
from xdsl.irdl import (
    operand_def,
    opt_operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
    var_region_def,
    var_result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import IsolatedFromAbove
from xdsl.utils.exceptions import VerifyException

from .base import TransformOp, check_yields, spell, transform_op
from .sequences import NamedSequenceOp, YieldOp, body_modifies, consumed_arguments, expect_sequence
from .syntax import (
    parse_body,
    parse_clauses,
    parse_functional_type,
    parse_operands,
    parse_types_of,
    print_attributes,
    print_body,
    print_functional_type,
    resolve,
)
from .types import ANY, OPS


@transform_op
class ForeachOp(TransformOp):
    """Run the body for each payload of a handle, or of several handles side by side.

    Example  %r = transform.foreach %a, %p with_zip_shortest : A, P -> A { ^bb0(%x: A, %y: P): .. transform.yield %x : A }
    Errors   body arguments that are not the operands; yields of other types
    """

    name = "transform.foreach"
    RESULTS: ClassVar = {"results_": "what all runs yield, joined"}
    targets = var_operand_def(ANY)
    with_zip_shortest = opt_prop_def(UnitAttr)
    results_ = var_result_def(ANY)
    body = region_def("single_block")

    def consumed_operands(self) -> tuple[int, ...]:
        return tuple(sorted(consumed_arguments(self.body.block)))

    def modifies_payload(self) -> bool:
        return body_modifies(self.body)

    def verify_(self) -> None:
        found = tuple(self.body.block.arg_types)
        if found != self.targets.types:
            raise VerifyException(f"body takes {spell(found)}, expected {spell(self.targets.types)}")
        check_yields(self, self.body, "body", self.results_.types)

    @classmethod
    def parse(cls, parser: Parser) -> ForeachOp:
        start, operands = parser.pos, parse_operands(parser)
        properties: dict[str, Attribute] = {}
        if parser.parse_optional_keyword("with_zip_shortest"):
            properties["with_zip_shortest"] = UnitAttr()
        parser.parse_punctuation(":")
        values = parse_types_of(parser, operands, start)
        results: Sequence[Attribute] = ()
        if parser.parse_optional_punctuation("->"):
            results = parser.parse_comma_separated_list(Parser.Delimiter.NONE, parser.parse_type)
        body = parse_body(parser, YieldOp)
        attributes = parser.parse_optional_attr_dict()
        return cls.build(operands=[values], result_types=[results], properties=properties, attributes=attributes, regions=[body])

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_list(self.targets, printer.print_ssa_value)
        if self.with_zip_shortest is not None:
            printer.print_string(" with_zip_shortest")
        printer.print_string(" : ")
        printer.print_list(self.targets.types, printer.print_attribute)
        if self.results_:
            printer.print_string(" -> ")
            printer.print_list(self.results_.types, printer.print_attribute)
        print_body(printer, self.body)
        print_attributes(printer, self.attributes)


@transform_op
class AlternativesOp(TransformOp):
    """Run the first region; where it fails silenceably, put the scope back and run the next.

    Example  %r = transform.alternatives %f : A -> A { ^bb0(%x: A): .. }, { ^bb0(%x: A): .. }
    Errors   no region; a region that does not take just the scope; yields of other types
    """

    name = "transform.alternatives"
    CONSUMES: ClassVar = ("scope",)
    MODIFIES: ClassVar = True
    RESULTS: ClassVar = {"results_": "what the first region yields that does not fail"}
    scope = opt_operand_def(OPS)
    results_ = var_result_def(OPS)
    alternatives = var_region_def("single_block")
    traits = traits_def(IsolatedFromAbove())

    def verify_(self) -> None:
        if not self.alternatives:
            raise VerifyException("found no regions, expected at least one")
        for number, region in enumerate(self.alternatives):
            found = tuple(region.block.arg_types)
            if len(found) != 1 or (self.scope is not None and found != (self.scope.type,)):
                want = "the root alone" if self.scope is None else spell([self.scope.type])
                raise VerifyException(f"region {number} takes {spell(found)}, expected {want}")
            check_yields(self, region, f"region {number}", self.results_.types)

    @classmethod
    def parse(cls, parser: Parser) -> AlternativesOp:
        start, scope = parser.pos, parser.parse_optional_unresolved_operand()
        values: list[SSAValue] = []
        if scope is not None:
            parser.parse_punctuation(":")
            values = resolve(parser, [scope], [parser.parse_type()], start)
        results: Sequence[Attribute] = ()
        if parser.parse_optional_punctuation("->"):
            results = parser.parse_comma_separated_list(Parser.Delimiter.NONE, parser.parse_type)
        attributes = parser.parse_optional_attr_dict_with_keyword()
        regions = parser.parse_comma_separated_list(Parser.Delimiter.NONE, lambda: parse_body(parser, YieldOp))
        return cls.build(
            operands=[values],
            result_types=[results],
            attributes={} if attributes is None else dict(attributes.data),
            regions=[regions],
        )

    def print(self, printer: Printer) -> None:
        if self.scope is not None:
            printer.print_string(" ")
            printer.print_ssa_value(self.scope)
            printer.print_string(" : ")
            printer.print_attribute(self.scope.type)
        if self.results_:
            printer.print_string(" -> ")
            printer.print_list(self.results_.types, printer.print_attribute)
        print_attributes(printer, self.attributes, print_keyword=True)
        print_bodies(printer, self.alternatives)


def print_bodies(printer: Printer, regions: Sequence[Region]) -> None:
    for number, region in enumerate(regions):
        if number:
            printer.print_string(",")
        print_body(printer, region)


@transform_op
class ForeachMatchOp(TransformOp):
    """Walk the payload below `root`; for each op run the first action whose matcher says yes.

    Example  %r = transform.foreach_match restrict_root in %root @is_matmul -> @tile_it : (A) -> A
    Errors   a matcher or action that is no named sequence or whose types do not fit; an op in a matcher that cannot match
    """

    name = "transform.foreach_match"
    CONSUMES: ClassVar = ("root",)
    MODIFIES: ClassVar = True
    RESULTS: ClassVar = {"updated": "the payload of the root", "forwarded_outputs": "what all actions yield, joined"}
    root = operand_def(OPS)
    forwarded_inputs = var_operand_def(ANY)
    restrict_root = opt_prop_def(UnitAttr)
    flatten_results = opt_prop_def(UnitAttr)
    matchers = prop_def(ArrayAttr[SymbolRefAttr])
    actions = prop_def(ArrayAttr[SymbolRefAttr])
    updated = result_def(OPS)
    forwarded_outputs = var_result_def(ANY)

    def verify_(self) -> None:
        if len(self.matchers) != len(self.actions) or not self.matchers:
            raise VerifyException(f"found {len(self.matchers)} matchers, {len(self.actions)} actions, expected pairs")
        for matcher, action in zip(self.matchers, self.actions, strict=True):
            says = expect_matcher(self, matcher)
            does = expect_sequence(self, action)
            if len(says.function_type.inputs) != len(self.operands):
                raise VerifyException(
                    f"matcher {matcher} takes {len(says.function_type.inputs)} arguments, expected {len(self.operands)}"
                )
            given, taken = len(says.function_type.outputs), len(does.function_type.inputs)
            if given != taken:
                raise VerifyException(f"action {action} takes {taken} arguments, expected {given} as {matcher} yields")
            if None in does.argument_effects():
                raise VerifyException(f"action {action} has an argument without a mark, expected consumed or readonly on each")
            if len(does.function_type.outputs) != len(self.forwarded_outputs):
                found = len(does.function_type.outputs)
                raise VerifyException(f"action {action} yields {found} values, expected {len(self.forwarded_outputs)}")

    @classmethod
    def parse(cls, parser: Parser) -> ForeachMatchOp:
        properties: dict[str, Attribute] = {}

        def flag(name: str) -> None:
            properties[name] = UnitAttr()

        words = ("restrict_root", "flatten_results")
        parse_clauses(parser, {name: (lambda name=name: flag(name)) for name in words})
        parser.parse_keyword("in")
        start, operands = parser.pos, parse_operands(parser)
        matchers: list[Attribute] = []
        actions: list[Attribute] = []

        def pair() -> None:
            matchers.append(parser.parse_attribute())
            parser.parse_punctuation("->")
            actions.append(parser.parse_attribute())

        parser.parse_comma_separated_list(Parser.Delimiter.NONE, pair)
        attributes = parser.parse_optional_attr_dict()
        inputs, outputs = parse_functional_type(parser)
        values = resolve(parser, operands, inputs, start)
        return cls.build(
            operands=[values[0], values[1:]],
            result_types=[outputs[0], outputs[1:]],
            properties={**properties, "matchers": ArrayAttr(matchers), "actions": ArrayAttr(actions)},
            attributes=attributes,
        )

    def print(self, printer: Printer) -> None:
        for word, flag in (("restrict_root", self.restrict_root), ("flatten_results", self.flatten_results)):
            if flag is not None:
                printer.print_string(f" {word}")
        printer.print_string(" in ")
        printer.print_list(self.operands, printer.print_ssa_value)

        def pair(number: int) -> None:
            printer.print_string("\n        ")
            printer.print_attribute(self.matchers.data[number])
            printer.print_string(" -> ")
            printer.print_attribute(self.actions.data[number])

        printer.print_list(range(len(self.matchers)), pair, delimiter=",")
        print_attributes(printer, self.attributes)
        print_functional_type(printer, self.operand_types, self.result_types)


@transform_op
class CollectMatchingOp(TransformOp):
    """Walk the payload below and including `root`; keep what a matcher yields.

    Example  %m = transform.collect_matching @is_matmul in %root : (!transform.any_op) -> !transform.any_op
    Errors   a matcher that is no named sequence, that takes more than one argument, or that yields another number of values
    """

    name = "transform.collect_matching"
    RESULTS: ClassVar = {"results_": "what the matcher yields for all ops that it matches, joined"}
    root = operand_def(OPS)
    matcher = prop_def(SymbolRefAttr)
    results_ = var_result_def(ANY)
    SYNTAX: ClassVar = "$matcher `in` $root attr-dict `:` functional-type($root, $results_)"

    def verify_(self) -> None:
        says = expect_matcher(self, self.matcher)
        if len(says.function_type.inputs) != 1:
            raise VerifyException(f"matcher {self.matcher} takes {len(says.function_type.inputs)} arguments, expected 1")
        if len(says.function_type.outputs) != len(self.results_):
            found = len(says.function_type.outputs)
            raise VerifyException(f"matcher {self.matcher} yields {found} values, expected {len(self.results_)}")


def expect_matcher(op: TransformOp, target: SymbolRefAttr) -> NamedSequenceOp:
    """The named sequence, which only looks: it is applied to ops that it may have to turn down."""
    found = expect_sequence(op, target)
    if found.is_declaration:
        raise VerifyException(f"matcher {target} has no body, expected one")
    if any(mark is not False for mark in found.argument_effects()):
        raise VerifyException(f"matcher {target} has an argument that is not marked readonly, expected it on each")
    for inner in found.body.block.ops:
        if isinstance(inner, TransformOp) and not (inner.MATCHES or isinstance(inner, YieldOp)):
            raise VerifyException(f"matcher {target} has {inner.name}, expected only ops that match")
    return found


OPERATIONS = [ForeachOp, AlternativesOp, ForeachMatchOp, CollectMatchingOp]
