"""A transform script as the calls of `builder` that emit it."""

from __future__ import annotations

from keyword import iskeyword
from typing import cast

from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    ArrayAttr,
    DenseArrayBase,
    IntegerAttr,
    IntegerType,
    ModuleOp,
)
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.irdl import VarResultDef
from xdsl.utils.hints import isa

from rung.dialects.upstream.transform import (
    TransformOp,
    apply,
    gpu,
    handles,
    loop,
    navigate,
    packing,
    splitting,
    structured,
    tiling,
    tune,
)
from rung.dialects.upstream.transform.patterns import PlainPatternOp
from rung.dialects.upstream.transform.sequences import (
    NamedSequenceOp,
    YieldOp,
)
from rung.dialects.upstream.transform.types import ANY_OP, ANY_VALUE, OperationType
from rung.schedules.builder import I64_PARAM, MAIN
from rung.schedules.builder_words import FLAGS, LISTS, to_word

METHODS: dict[type[TransformOp], str] = {
    op: op.name.rpartition(".")[2]
    for op in (
        *(op for op in structured.OPERATIONS if op is not structured.SpecializeOp),
        *(
            tiling.TileUsingForOp,
            tiling.TileUsingForallOp,
            tiling.FuseOp,
            tiling.FuseIntoContainingOp,
            splitting.SplitReductionOp,
        ),
        *(packing.PadOp, packing.HoistPadOp, packing.PackOp, packing.BufferizeToAllocationOp),
        *(loop.LoopUnrollOp, loop.LoopUnrollAndJamOp, loop.LoopPeelOp, loop.LoopCoalesceOp, loop.ForallToParallelOp),
        *(loop.HoistLoopInvariantSubsetsOp, apply.ApplyCseOp, apply.ApplyLicmOp, apply.ApplyRegisteredPassOp),
        *(gpu.OneShotBufferizeOp, gpu.MapForallToBlocksOp, gpu.MapNestedForallToThreadsOp, handles.VerifyOp),
        *(navigate.GetParentOp, navigate.GetProducerOfOperandOp, navigate.GetConsumersOfResultOp),
    )
}
"""The ops whose method has their name, and arguments that are their properties, lists and further handles."""


def to_python(module: ModuleOp) -> str:
    """The calls that emit this script. Raises ValueError with the op that the builder has no call for."""
    mains = [op for op in module.ops if isinstance(op, NamedSequenceOp)]
    if len(mains) != 1 or mains[0].sym_name.data != MAIN or mains[0].function_type.inputs.data != (ANY_OP,):
        raise ValueError(
            f"found {', '.join(op.sym_name.data for op in mains) or 'no sequence'}, expected @{MAIN} of one root alone"
        )
    writer = _Writer(mains[0].body.block)
    return "\n".join(["with schedule() as s:", *(f"    {line}" for line in writer.lines or ["pass"])]) + "\n"


class _Writer:
    """Python for the ops of a block; each value gets a variable, named as it is hinted."""

    def __init__(self, block: Block):
        self.names: dict[SSAValue, str] = {block.args[0]: "s.root"}
        self.lines: list[str] = []
        for op in block.ops:
            if isinstance(op, YieldOp):
                continue
            if not isinstance(op, TransformOp):
                raise ValueError(f"{op.name} has no call in the builder")
            call, targets = self.call(op), self.targets(op)
            self.lines.append(f"{targets} = {call}" if targets else call)

    def name(self, value: SSAValue) -> str:
        hint = value.name_hint or "h"
        number, name = 2, hint if hint.isidentifier() and not iskeyword(hint) and hint != "s" else "h"
        base = name
        while name in self.names.values():
            name, number = f"{base}{number}", number + 1
        self.names[value] = name
        return name

    def targets(self, op: TransformOp) -> str:
        values, parts = iter(op.results), list[str]()
        definitions = op.get_irdl_definition().results
        many = len(op.results) - sum(not isinstance(result, VarResultDef) for _, result in definitions)
        for _, result in definitions:
            if isinstance(result, VarResultDef):
                parts.append("[" + ", ".join(self.name(next(values)) for _ in range(many)) + "]")
            else:
                parts.append(self.name(next(values)))
        return ", ".join(parts)

    def call(self, op: TransformOp) -> str:
        if op.attributes:
            raise ValueError(f"{op.name} has the attributes {', '.join(op.attributes)}, expected none: no call gives them")
        if isinstance(op, handles.ParamConstantOp):
            self.expect(op, isa(op.value, IntegerAttr[IntegerType]) and op.param.type == I64_PARAM, "a constant of i64")
            return f"s.param({to_word(op.value)})"
        if isinstance(op, tune.KnobOp):
            self.expect(op, isa(op.options, ArrayAttr[Attribute]) and op.result.type == I64_PARAM, "a list of numbers of i64")
            selected = "" if op.selected is None else f", selected={to_word(op.selected)}"
            return f"s.knob({op.knob_name.data!r}, {to_word(op.options)}{selected})"
        if isinstance(op, handles.MergeHandlesOp):
            parts = [self.names[part] for part in op.handles] + ["deduplicate=True"] * (op.deduplicate is not None)
            return f"s.merge({', '.join(parts)})"
        receiver = self.names[op.operands[0]] if op.operands else ""
        if isinstance(op, handles.CastOp):
            type_ = op.output.type
            self.expect(op, isinstance(type_, OperationType), "a cast to ops of a name")
            return f"{receiver}.cast({cast(OperationType, type_).operation.data!r})"
        if isinstance(op, handles.SplitHandleOp):
            plain = op.pass_through_empty_handle.value.data and op.fail_on_payload_too_small.value.data
            self.expect(op, bool(plain) and op.overflow_result is None, "a split without options")
            return f"{receiver}.split_handle({len(op.parts)})"
        if isinstance(op, handles.PrintOp):
            self.expect(op, bool(receiver) and set(op.properties) <= {"name"}, "a handle, and no option but its name")
            return f"{receiver}.print({'' if op.print_name is None else repr(op.print_name.data)})"
        if isinstance(op, handles.AnnotateOp):
            param = "" if op.param is None else f", {self.names[op.param]}"
            return f"{receiver}.annotate({op.attribute_name.data!r}{param})"
        words = self.words(op)
        if isinstance(op, apply.ApplyPatternsOp):
            for inner in op.patterns.block.ops:
                self.expect(inner, isinstance(inner, PlainPatternOp), "patterns without arguments")
            names = [repr(inner.name.removeprefix("transform.apply_patterns.")) for inner in op.patterns.block.ops]
            return f"{receiver}.apply_patterns({', '.join([*names, *words])})"
        self.expect(op, type(op) in METHODS and not op.regions, "an op of the builder")
        for result in op.results:
            self.expect(op, result.type in (ANY_OP, ANY_VALUE), "results of !transform.any_op")
        if isinstance(op, structured.MatchOp):
            receiver = "s" if receiver == "s.root" else receiver
            names = [] if op.ops is None else [repr(name.data) for name in op.ops]
            words = [*names, *(word for word in words if not word.startswith("ops="))]
        return f"{receiver}.{METHODS[type(op)]}({', '.join(words)})"

    def words(self, op: TransformOp) -> list[str]:
        """Arguments: further handles, lists of sizes, properties that are not as by default."""
        lists = LISTS.get(type(op), {})
        taken = {
            "operandSegmentSizes",
            *(static for _, static in lists.values()),
            *(FLAGS[s] for _, s in lists.values() if s in FLAGS),
        }
        dynamic_fields = {dynamic for dynamic, _ in lists.values()}
        words: list[str] = []
        fields = list(op.operand_fields())
        for name, start, end in fields[1:]:
            if name not in dynamic_fields and end > start:
                self.expect(op, end - start == 1, "a single value")
                words.append(f"{name}={self.names[op.operands[start]]}")
        for word, (dynamic, static) in lists.items():
            sizes = cast("DenseArrayBase[IntegerType] | None", op.properties.get(static))
            if sizes is None:
                continue
            flags = cast("DenseArrayBase[IntegerType] | None", op.properties.get(FLAGS.get(static, "")))
            self.expect(op, flags is None or not any(flags.get_values()), "no scalable sizes")
            start = next(start for name, start, _ in fields if name == dynamic)
            values = iter(op.operands[start:])
            texts = [self.names[next(values)] if size == DYNAMIC_INDEX else str(size) for size in sizes.get_values()]
            words.append(f"{word}=[{', '.join(texts)}]")
        for name, value in op.properties.items():
            if name in taken or op.get_irdl_definition().properties[name].default_value == value:
                continue
            is_enum = name in op.ENUMS and isa(value, IntegerAttr[IntegerType])
            found = op.ENUMS[name][cast(IntegerAttr[IntegerType], value).value.data] if is_enum else to_word(value)
            words.append(f"{name}={found!r}")
        return words

    def expect(self, op: Operation, holds: bool, what: str) -> None:
        if not holds:
            raise ValueError(f"{op.name}: expected {what}, for which the builder has a call")
