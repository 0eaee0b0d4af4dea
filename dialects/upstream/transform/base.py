"""What every op of a transform script says about itself, as data on its class: effects, and what its results mean.

Upstream states the same through MemoryEffects on two resources, the mapping of handles and the payload. An interpreter needs:

- `CONSUMES`: the operands whose handles, and all other handles to the same payload or to what is nested in it, are invalid
  after the op (upstream frees them). Every other operand is only read. Where it depends on the instance, an op overrides
  `consumed_operands`.
- `MODIFIES`: whether the payload itself may change (`modifies_payload` where it depends on the instance).
- `EACH`: the op is applied to each payload op of its `target` in turn and its results are joined; an empty handle is fine.
- `MATCHES`: allowed in the matcher of a foreach_match, where a failure means "this is not the op", not an error.
- `RESULTS`: for each result (by the name of its field), what its payload is.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, TypeVar, cast

from xdsl.dialects.builtin import DYNAMIC_INDEX, DenseArrayBase, IntegerAttr, IntegerType, i64
from xdsl.ir import Attribute, Operation, Region, SSAValue
from xdsl.irdl import IRDLOperation, irdl_op_definition
from xdsl.irdl.declarative_assembly_format import AttrDictDirective, CustomDirective, FormatProgram, PrintingState
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

OpT = TypeVar("OpT", bound="TransformOp")

Index = int | SSAValue
"""A size in a list of sizes: static, or a handle or parameter that gives it."""


class TransformOp(IRDLOperation, ABC):
    """An op of the transform dialect; see the module for what its class attributes say."""

    CONSUMES: ClassVar[tuple[str, ...]] = ()
    MODIFIES: ClassVar[bool] = False
    EACH: ClassVar[bool] = False
    MATCHES: ClassVar[bool] = False
    RESULTS: ClassVar[Mapping[str, str]] = {}
    ENUMS: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """For properties that are enums upstream, kept as numbers: the word of each number."""
    SYNTAX: ClassVar[str] = ""
    """The assembly, in xDSL's declarative format; empty where `parse` and `print` are written out."""
    DIRECTIVES: ClassVar[tuple[type[CustomDirective], ...]] = ()
    """The custom directives that the format uses."""

    def operand_fields(self) -> Iterator[tuple[str, int, int]]:
        """Each operand field of the definition: its name, and the range of operands it has here (first, one past the last)."""
        start = 0
        for name, _ in self.get_irdl_definition().operands:
            value = cast("SSAValue | Sequence[SSAValue] | None", getattr(self, name))
            count = 0 if value is None else 1 if isinstance(value, SSAValue) else len(value)
            yield name, start, start + count
            start += count

    def consumed_operands(self) -> tuple[int, ...]:
        """The numbers of the operands whose handles this op invalidates."""
        return tuple(
            number for name, start, end in self.operand_fields() if name in self.CONSUMES for number in range(start, end)
        )

    def modifies_payload(self) -> bool:
        """Whether the payload itself may change."""
        return self.MODIFIES


class FunctionalOp(TransformOp, ABC):
    """The commonest kind: consumes its target, changes the payload, and gives new handles for what came of it."""

    CONSUMES: ClassVar[tuple[str, ...]] = ("target",)
    MODIFIES: ClassVar[bool] = True


def transform_op(cls: type[OpT]) -> type[OpT]:
    """`irdl_op_definition`, with `SYNTAX` as the declarative format, compiled when the first op of the class is met.

    A script uses few of the ops, and formats are half of what their definitions cost. What a type or attribute constraint
    refuses while an op is parsed gets the place of the op.
    """
    cls = irdl_op_definition(cls)
    if cls.SYNTAX:
        cls.parse = cast(Any, classmethod(_parse_syntax))
        cls.print = cast(Any, _print_syntax)
    return cls


_programs: dict[type[TransformOp], FormatProgram] = {}


def _program(cls: type[TransformOp]) -> FormatProgram:
    found = _programs.get(cls)
    if found is None:
        definition = cls.get_irdl_definition()
        definition.custom_directives = {directive.__name__: directive for directive in cls.DIRECTIVES}
        program = FormatProgram.from_str(cls.SYNTAX, definition)
        # xDSL prints attributes in the order in which they were set, upstream in that of their names
        found = _programs[cls] = FormatProgram(
            tuple(_SortedAttrDict(**vars(part)) if isinstance(part, AttrDictDirective) else part for part in program.stmts)
        )
    return found


class _SortedAttrDict(AttrDictDirective):
    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        definition = op.get_irdl_definition().properties
        shown = op.attributes | {
            name: value
            for name, value in op.properties.items()
            if name in self.expected_properties and definition[name].default_value != value
        }
        if printer.print_op_attributes(dict(sorted(shown.items())), print_keyword=self.with_keyword):
            state.last_was_punctuation, state.should_emit_space = False, True


def _parse_syntax(cls: type[TransformOp], parser: Parser) -> TransformOp:
    start = parser.pos
    try:
        return _program(cls).parse(parser, cls)
    except VerifyException as problem:
        parser.raise_error(f"{cls.name}: {problem}", at_position=start, end_position=parser.pos)


def _print_syntax(op: TransformOp, printer: Printer) -> None:
    _program(type(op)).print(printer, op)


def int_prop(value: int) -> IntegerAttr[IntegerType]:
    """`value : i64`, how upstream keeps most numbers."""
    return IntegerAttr(value, i64)


def dense(values: Sequence[int]) -> DenseArrayBase[IntegerType]:
    return DenseArrayBase.from_list(i64, values)


def values_of(array: DenseArrayBase[IntegerType] | None) -> tuple[int, ...]:
    """The numbers of a dense array; none of one that is absent."""
    return () if array is None else tuple(array.get_values())


def mixed(static: DenseArrayBase[IntegerType] | None, dynamic: Sequence[SSAValue]) -> list[Index]:
    """The list that was written: each entry a number, or the value that stands where the static one is a marker."""
    values = iter(dynamic)
    return [next(values) if size == DYNAMIC_INDEX else size for size in values_of(static)]


def check_markers(what: str, static: DenseArrayBase[IntegerType] | None, dynamic: Sequence[SSAValue]) -> None:
    """Each marker of a mixed list needs its value, and each value its marker."""
    markers = values_of(static).count(DYNAMIC_INDEX)
    if markers != len(dynamic):
        raise VerifyException(f"{len(dynamic)} values are given for {what}, expected {markers}")


def check_permutation(what: str, values: Sequence[int]) -> None:
    if sorted(values) != list(range(len(values))):
        raise VerifyException(f"{what} is {list(values)}, expected a permutation of 0 to {len(values) - 1}")


def check_yields(op: Operation, region: Region, what: str, types: Sequence[Attribute]) -> None:
    """The values that end `region` have the types of the results that they become."""
    last = region.block.last_op if region.blocks else None
    found = () if last is None else tuple(last.operand_types)
    if found != tuple(types):
        raise VerifyException(f"{what} yields {spell(found)}, expected {spell(types)}, the results of {op.name}")


def spell(types: Sequence[Attribute]) -> str:
    return "(" + ", ".join(str(type_) for type_ in types) + ")"
