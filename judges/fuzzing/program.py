"""A program as data: a list of nodes, each naming earlier ones, so that it can be cut, joined and built as an nd module."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects import func
from xdsl.dialects.builtin import FunctionType, ModuleOp, UnitAttr
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from rung.dialects.nd import (
    BinaryOp,
    BitcastOp,
    CastOp,
    ConstOp,
    ExpandOp,
    FlipOp,
    IotaOp,
    PadOp,
    PermuteOp,
    ReduceOp,
    ReshapeOp,
    SelectOp,
    ShrinkOp,
    UnaryOp,
    splat,
)
from rung.dialects.nd.dtype import NUMPY, tensor

Array = NDArray[Any]
ELEMENTS: dict[str, Attribute] = {str(element): element for element in NUMPY}
"""The element types by the names that nodes use: `f32`, `ui8`, `i1`."""
DTYPES: dict[str, np.dtype[Any]] = {str(element): dtype for element, dtype in NUMPY.items()}

FLOATS = ("f16", "bf16", "f32", "f64")
SIGNED = ("i8", "i16", "i32", "i64")
UNSIGNED = ("ui8", "ui16", "ui32", "ui64")
INTEGERS = (*SIGNED, *UNSIGNED)


@dataclass(frozen=True, eq=False)
class Node:
    """One value. `op` is "input", "const" or the name of an nd op without `nd.`.

    operands   positions of earlier nodes
    about      what else the op says: `kind`, `axes`, `permutation`, `low`, `high`, `value`, `start`, `stop`, `step`, `axis`;
               `data` of an input
    """

    op: str
    element: str
    shape: tuple[int, ...]
    operands: tuple[int, ...] = ()
    about: dict[str, Any] = field(default_factory=dict[str, Any])
    realize: bool = False

    @property
    def size(self) -> int:
        return prod(self.shape)


@dataclass(frozen=True, eq=False)
class Program:
    """Nodes in order, and which of them are results."""

    nodes: tuple[Node, ...]
    outputs: tuple[int, ...]

    @property
    def inputs(self) -> list[Array]:
        """The data of the inputs, in order."""
        return [node.about["data"] for node in self.nodes if node.op == "input"]

    def __repr__(self) -> str:
        """The module: what a failing property test shows."""
        return str(self.module())

    @property
    def n_ops(self) -> int:
        return sum(node.op != "input" for node in self.nodes)

    def pruned(self) -> Program:
        """Without the nodes that no result needs."""
        needed = set(self.outputs)
        for at in reversed(range(len(self.nodes))):
            if at in needed:
                needed.update(self.nodes[at].operands)
        kept = sorted(needed)
        to = {old: new for new, old in enumerate(kept)}
        nodes = tuple(_moved(self.nodes[at], to) for at in kept)
        return Program(nodes, tuple(to[at] for at in self.outputs))

    def module(self) -> ModuleOp:
        """A module whose `@main` is this program."""
        inputs = [node for node in self.nodes if node.op == "input"]
        block = Block(arg_types=[tensor(ELEMENTS[node.element], node.shape) for node in inputs])
        arguments, values = iter(block.args), list[SSAValue]()
        for node in self.nodes:
            if node.op == "input":
                values.append(next(arguments))
                continue
            op = _build(node, [values[at] for at in node.operands])
            if node.realize:
                op.attributes["realize"] = UnitAttr()
            block.add_op(op)
            values.append(op.results[0])
        results = [values[at] for at in self.outputs]
        block.add_op(func.ReturnOp(*results))
        type_ = FunctionType.from_lists(block.arg_types, [value.type for value in results])
        return ModuleOp([func.FuncOp("main", type_, Region(block))])


def joined(programs: Sequence[Program]) -> Program:
    """All programs in one, sharing nothing: their inputs and results one after another."""
    nodes, outputs = list[Node](), list[int]()
    for program in programs:
        to = {at: at + len(nodes) for at in range(len(program.nodes))}
        outputs += [to[at] for at in program.outputs]
        nodes += [_moved(node, to) for node in program.nodes]
    return Program(tuple(nodes), tuple(outputs))


def _moved(node: Node, to: dict[int, int]) -> Node:
    return replace(node, operands=tuple(to[at] for at in node.operands))


def _build(node: Node, operands: list[SSAValue]) -> Operation:
    about, element = node.about, ELEMENTS[node.element]
    match node.op:
        case "const":
            return ConstOp(splat(about["value"], element), node.shape)
        case "iota":
            return IotaOp(about["axis"], node.shape, element)
        case "unary":
            return UnaryOp(about["kind"], operands[0])
        case "binary":
            return BinaryOp(about["kind"], operands[0], operands[1])
        case "select":
            return SelectOp(operands[0], operands[1], operands[2])
        case "cast":
            return CastOp(operands[0], element)
        case "bitcast":
            return BitcastOp(operands[0], element)
        case "reduce":
            return ReduceOp(about["kind"], operands[0], about["axes"])
        case "reshape":
            return ReshapeOp(operands[0], node.shape)
        case "permute":
            return PermuteOp(operands[0], about["permutation"])
        case "expand":
            return ExpandOp(operands[0], node.shape)
        case "pad":
            return PadOp(operands[0], about["low"], about["high"], splat(about["value"], element))
        case "shrink":
            return ShrinkOp(operands[0], about["start"], about["stop"], about["step"])
        case "flip":
            return FlipOp(operands[0], about["axes"])
        case _:
            raise ValueError(f"no op {node.op!r}")
