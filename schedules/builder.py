"""A schedule written in Python: the calls emit upstream's transform ops, nothing else, and read back from them.

    with schedule() as s:
        mm = s.match("linalg.matmul")
        tiled, grid = mm.tile_using_forall(tile_sizes=[64, s.knob("n", [32, 64])], mapping=["#gpu.block<y>", "#gpu.block<x>"])
        tiled.vectorize()
    print(s.module)             the script, as mlir-opt reads it
    print(to_python(s.module))  the calls above again (`builder_text`)

An argument is called as the op's property is, or as its list of sizes; sizes may be numbers, parameters and handles. Attributes
that Python has no literal for are given as their text. What the ops' verifiers refuse is refused when the `with` ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, cast

from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    ArrayAttr,
    DenseArrayBase,
    DictionaryAttr,
    FunctionType,
    IntegerAttr,
    ModuleOp,
    StringAttr,
    UnitAttr,
    i1,
    i64,
)
from xdsl.ir import Attribute, Block, Region, SSAValue
from xdsl.irdl import VarResultDef

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
from rung.dialects.upstream.transform.patterns import PLAIN_PATTERNS
from rung.dialects.upstream.transform.sequences import (
    CONSUMED,
    READONLY,
    WITH_NAMED_SEQUENCE,
    NamedSequenceOp,
    YieldOp,
    consumed_arguments,
)
from rung.dialects.upstream.transform.types import ANY_OP, ANY_VALUE, OperationType, ParamType
from rung.schedules.builder_words import FLAGS, LISTS, to_attribute, to_item

MAIN = "__transform_main"
I64_PARAM = ParamType(i64)

Word = bool | int | str | Sequence[Any]
"""What a property is given as: a flag, a number, a name or the text of an attribute, or a list of those."""


@dataclass(frozen=True)
class Value:
    """A value of the script that is being written."""

    script: Script
    ssa: SSAValue


@dataclass(frozen=True)
class Param(Value):
    """A parameter: a number that the script computes or that a knob stands for."""


Size = int | Value


def schedule() -> Script:
    """A new script; see the head of this file."""
    return Script()


class Script:
    """A script that is being written; its root is the payload that an interpreter is given."""

    def __init__(self) -> None:
        self.block = Block(arg_types=[ANY_OP])
        self.block.args[0].name_hint = "root"
        self.root = OpHandle(self, self.block.args[0])
        self.module = ModuleOp([])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        if kind is not None:
            return
        self.block.add_op(YieldOp())
        mark = CONSUMED if 0 in consumed_arguments(self.block) else READONLY
        main = NamedSequenceOp.create(
            properties={
                "sym_name": StringAttr(MAIN),
                "function_type": FunctionType.from_lists([ANY_OP], []),
                "arg_attrs": ArrayAttr([DictionaryAttr({mark: UnitAttr()})]),
            },
            regions=[Region(self.block)],
        )
        self.module = ModuleOp([main], {WITH_NAMED_SEQUENCE: UnitAttr()})
        self.module.verify()

    def match(self, *ops: str, **words: Word) -> OpHandle:
        """Payload ops below the root, as `OpHandle.match` finds them."""
        return self.root.match(*ops, **words)

    def param(self, value: int) -> Param:
        """transform.param.constant"""
        op = self.emit(handles.ParamConstantOp, {}, {}, [I64_PARAM], {"value": IntegerAttr(value, i64)})
        return Param(self, op.results[0])

    def knob(self, name: str, options: Sequence[int], selected: int | None = None) -> Param:
        """transform.tune.knob over numbers; `selected` as binding an assignment would fill it in."""
        properties: dict[str, Attribute] = {"name": StringAttr(name), "options": to_item(list(options), False)}
        if selected is not None:
            properties["selected"] = IntegerAttr(selected, i64)
        op = self.emit(tune.KnobOp, {}, {}, [I64_PARAM], properties)
        op.results[0].name_hint = name if name.isidentifier() else None
        return Param(self, op.results[0])

    def merge(self, *parts: OpHandle, deduplicate: bool = False) -> OpHandle:
        """transform.merge_handles"""
        op = self.emit(handles.MergeHandlesOp, {"handles": parts}, {"deduplicate": deduplicate}, [parts[0].ssa.type])
        return OpHandle(self, op.results[0])

    def emit(
        self,
        cls: type[TransformOp],
        operands: Mapping[str, Value | Sequence[Value]],
        words: Mapping[str, Word | None],
        results: Sequence[Attribute | Sequence[Attribute]],
        properties: Mapping[str, Attribute] | None = None,
        regions: Sequence[Region] = (),
    ) -> TransformOp:
        """Append an op. `words` are properties and mixed lists as Python has them; None and False stand for what is left out."""
        given = dict(properties or {})
        fields: dict[str, list[SSAValue]] = {
            name: [part.ssa for part in ([value] if isinstance(value, Value) else value)] for name, value in operands.items()
        }
        lists = LISTS.get(cls, {})
        for name, word in words.items():
            if word is None or word is False:
                continue
            if name in lists:
                dynamic, static = lists[name]
                sizes = cast(Sequence[Size], word)
                fields[dynamic] = [size.ssa for size in sizes if isinstance(size, Value)]
                given[static] = DenseArrayBase.from_list(
                    i64, [DYNAMIC_INDEX if isinstance(size, Value) else size for size in sizes]
                )
                if static in FLAGS:
                    given[FLAGS[static]] = DenseArrayBase.from_list(i1, [0] * len(sizes))
            else:
                given[name] = to_attribute(cls, name, word)
        definition = cls.get_irdl_definition()
        op = cls.build(
            operands=[fields.get(name, []) for name, _ in definition.operands],
            result_types=list(results),
            properties=given,
            regions=list(regions),
        )
        _name_results(op)
        self.block.add_op(op)
        return op


def _name_results(op: TransformOp) -> None:
    """Hints that make the script read well: %matmul, %tiled, %loop."""
    named = op.ops.data if isinstance(op, structured.MatchOp) and op.ops is not None else ()
    found = named[0].data.rpartition(".")[2] if named else "found"
    values = iter(op.results)
    for name, definition in op.get_irdl_definition().results:
        is_list = isinstance(definition, VarResultDef)
        hint = found if isinstance(op, structured.MatchOp) else name.removesuffix("_op").removesuffix("_linalg").rstrip("_")
        count = len(op.results) - len(op.get_irdl_definition().results) + 1 if is_list else 1
        for _ in range(count):
            next(values).name_hint = hint.removesuffix("s") if is_list else hint


class OpHandle(Value):
    """A handle to payload ops, and what can be done to them. Methods and arguments are called as upstream's ops are."""

    def _emit(self, cls: type[TransformOp], variadic: int = 0, /, **words: Any) -> list[Any]:
        """The results of an op on this handle: a handle each, a list of `variadic` handles where the op gives a list."""
        definition = cls.get_irdl_definition()
        operands = {name: word for name, word in words.items() if isinstance(word, Value)}
        types: list[Attribute | Sequence[Attribute]] = []
        for _, result in definition.results:
            types.append([ANY_OP] * variadic if isinstance(result, VarResultDef) else ANY_OP)
        rest = {name: word for name, word in words.items() if name not in operands}
        op = self.script.emit(cls, {definition.operands[0][0]: self, **operands}, rest, types)
        found: list[Any] = []
        values = iter(op.results)
        for _, result in definition.results:
            if isinstance(result, VarResultDef):
                found.append([OpHandle(self.script, next(values)) for _ in range(variadic)])
            else:
                found.append(OpHandle(self.script, next(values)))
        return found

    def match(self, *ops: str, **words: Word) -> OpHandle:
        """Payload ops below these, by name and by words such as interface="LoopLikeInterface", op_attrs="{tag}"."""
        return self._emit(structured.MatchOp, ops=ops or None, **words)[0]

    def tile_using_for(
        self, *, tile_sizes: Sequence[Size], interchange: Sequence[int] | None = None
    ) -> tuple[OpHandle, list[OpHandle]]:
        """The op on one tile, and its loops, outermost first."""
        loops = sum(size != 0 for size in tile_sizes)
        tiled, made = self._emit(tiling.TileUsingForOp, loops, tile_sizes=tile_sizes, interchange=interchange)
        return tiled, made

    def tile_using_forall(
        self,
        *,
        tile_sizes: Sequence[Size] | None = None,
        num_threads: Sequence[Size] | None = None,
        mapping: Sequence[str] | None = None,
    ) -> tuple[OpHandle, OpHandle]:
        """The op on one tile, and the scf.forall. `mapping` holds texts such as "#gpu.block<x>"."""
        tiled, forall = self._emit(tiling.TileUsingForallOp, num_threads=num_threads, tile_sizes=tile_sizes, mapping=mapping)
        return tiled, forall

    def fuse(
        self,
        *,
        tile_sizes: Sequence[Size],
        interchange: Sequence[Size] | None = None,
        apply_cleanup: bool = False,
        use_forall: bool = False,
    ) -> tuple[OpHandle, list[OpHandle]]:
        """The op on one tile with what feeds it, and the loops."""
        loops = 1 if use_forall else sum(size != 0 for size in tile_sizes)
        words = {"interchange": interchange, "apply_cleanup": apply_cleanup, "use_forall": use_forall}
        tiled, made = self._emit(tiling.FuseOp, loops, tile_sizes=tile_sizes, **words)
        return tiled, made

    def fuse_into_containing_op(self, containing_op: OpHandle) -> tuple[OpHandle, OpHandle]:
        """The producer's tiles in the loop, and the loop."""
        fused, loop_ = self._emit(tiling.FuseIntoContainingOp, containing_op=containing_op)
        return fused, loop_

    def generalize(self) -> OpHandle:
        return self._emit(structured.GeneralizeOp)[0]

    def interchange(self, *, iterator_interchange: Sequence[int]) -> OpHandle:
        return self._emit(structured.InterchangeOp, iterator_interchange=iterator_interchange)[0]

    def decompose_interface(self) -> OpHandle:
        return self._emit(structured.DecomposeInterfaceOp)[0]

    def convert_to_loops(self) -> OpHandle:
        return self._emit(structured.ConvertToLoopsOp)[0]

    def promote(self, **words: Word) -> OpHandle:
        return self._emit(structured.PromoteOp, **words)[0]

    def vectorize(self, *, vector_sizes: Sequence[Size] | None = None, **words: bool) -> None:
        self._emit(structured.VectorizeOp, vector_sizes=vector_sizes, **words)

    def vectorize_children_and_apply_patterns(self, **words: bool) -> OpHandle:
        return self._emit(structured.VectorizeChildrenAndApplyPatternsOp, **words)[0]

    def hoist_redundant_vector_transfers(self, **words: bool) -> OpHandle:
        return self._emit(structured.HoistRedundantVectorTransfersOp, **words)[0]

    def convert_conv2d_to_img2col(self) -> tuple[OpHandle, OpHandle]:
        windows, product = self._emit(structured.ConvertConv2DToImg2ColOp)
        return windows, product

    def pad(self, *, pad_to_multiple_of: Sequence[Size] | None = None, **words: Word) -> tuple[OpHandle, OpHandle, OpHandle]:
        """The padded op, the pads, the copies back."""
        padded, pads, copies = self._emit(packing.PadOp, pad_to_multiple_of=pad_to_multiple_of, **words)
        return padded, pads, copies

    def hoist_pad(self, *, num_loops: int, transpose: Sequence[int] | None = None) -> OpHandle:
        return self._emit(packing.HoistPadOp, num_loops=num_loops, transpose=transpose)[0]

    def bufferize_to_allocation(self, **words: Word) -> tuple[Value, OpHandle]:
        """The buffer, a value, and the ops made for it."""
        op = self.script.emit(packing.BufferizeToAllocationOp, {"target": self}, words, [ANY_VALUE, ANY_OP])
        return Value(self.script, op.results[0]), OpHandle(self.script, op.results[1])

    def pack(self, *, packed_sizes: Sequence[Size]) -> OpHandle:
        return self._emit(packing.PackOp, packed_sizes=packed_sizes)[0]

    def split_reduction(self, **words: Word) -> tuple[OpHandle, OpHandle, OpHandle, OpHandle]:
        """What makes the space, what fills it, the split op, the combining op."""
        init, fill, split, combine = self._emit(splitting.SplitReductionOp, **words)
        return init, fill, split, combine

    def unroll(self, *, factor: int) -> None:
        self._emit(loop.LoopUnrollOp, factor=factor)

    def unroll_and_jam(self, *, factor: int) -> None:
        self._emit(loop.LoopUnrollAndJamOp, factor=factor)

    def peel(self, **words: bool) -> tuple[OpHandle, OpHandle]:
        """The main loop and the rest; the handle has to be `cast("scf.for")`."""
        main, rest = self._emit(loop.LoopPeelOp, **words)
        return main, rest

    def coalesce(self) -> OpHandle:
        return self._emit(loop.LoopCoalesceOp)[0]

    def forall_to_parallel(self) -> list[OpHandle]:
        return self._emit(loop.ForallToParallelOp, 1)[0]

    def hoist_loop_invariant_subsets(self) -> None:
        self._emit(loop.HoistLoopInvariantSubsetsOp)

    def apply_patterns(self, *names: str, **words: Word) -> None:
        """Sets of patterns by name, `"canonicalization"`, `"vector.lower_masks"`; those without arguments."""
        block = Block([PLAIN_PATTERNS[name]() for name in names])
        target = {"target": self}
        self.script.emit(apply.ApplyPatternsOp, target, words, [], regions=[Region(block)])

    def apply_cse(self) -> None:
        self._emit(apply.ApplyCseOp)

    def apply_licm(self) -> None:
        self._emit(apply.ApplyLicmOp)

    def apply_registered_pass(self, *, pass_name: str, options: str | None = None) -> OpHandle:
        """Run a pass; options as the text of a dictionary, '{"max-iterations" = 5 : i64}'."""
        return self._emit(apply.ApplyRegisteredPassOp, pass_name=pass_name, options=options)[0]

    def one_shot_bufferize(self, **words: Word) -> OpHandle:
        return self._emit(gpu.OneShotBufferizeOp, **words)[0]

    def map_forall_to_blocks(self, *, generate_gpu_launch: bool = False, grid_dims: Sequence[int] | None = None) -> OpHandle:
        return self._emit(gpu.MapForallToBlocksOp, generate_gpu_launch=generate_gpu_launch, grid_dims=grid_dims)[0]

    def map_nested_forall_to_threads(self, *, block_dims: Sequence[int], **words: Word) -> OpHandle:
        return self._emit(gpu.MapNestedForallToThreadsOp, block_dims=block_dims, **words)[0]

    def get_parent_op(self, **words: Word) -> OpHandle:
        return self._emit(navigate.GetParentOp, **words)[0]

    def get_producer_of_operand(self, *, operand_number: int) -> OpHandle:
        return self._emit(navigate.GetProducerOfOperandOp, operand_number=operand_number)[0]

    def get_consumers_of_result(self, *, result_number: int) -> OpHandle:
        return self._emit(navigate.GetConsumersOfResultOp, result_number=result_number)[0]

    def split_handle(self, parts: int) -> list[OpHandle]:
        """A handle to each of that many payload ops."""
        return self._emit(handles.SplitHandleOp, parts)[0]

    def cast(self, operation: str) -> OpHandle:
        """The same payload by a handle to ops of just that name."""
        op = self.script.emit(handles.CastOp, {"input": self}, {}, [OperationType(operation)])
        return OpHandle(self.script, op.results[0])

    def annotate(self, name: str, param: Param | None = None) -> None:
        operands: dict[str, Value] = {"target": self} if param is None else {"target": self, "param": param}
        self.script.emit(handles.AnnotateOp, operands, {"name": name}, [])

    def print(self, name: str | None = None) -> None:
        self.script.emit(handles.PrintOp, {"target": self}, {"name": name}, [])

    def verify(self) -> None:
        self._emit(handles.VerifyOp)
