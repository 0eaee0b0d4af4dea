"""The smallest program that still fails: results dropped, values turned into inputs, ops passed by, extents made small."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from .program import Node, Program
from .shadow import as_input, shadow

Fails = Callable[[Program], bool]


def reduced(program: Program, fails: Fails, *, seconds: float = 120.0, clock: Callable[[], float] | None = None) -> Program:
    """Take the first smaller program that fails, again and again, until none does or time is up. `fails(program)` holds."""
    from time import monotonic

    now = clock or monotonic
    until = now() + seconds
    smaller: Program | None = program
    while smaller is not None:
        program, smaller = smaller, None
        for candidate in _candidates(program):
            if now() > until:
                return program
            if _is_sound(candidate) and fails(candidate):
                smaller = candidate
                break
    return program


def _is_sound(program: Program) -> bool:
    """Is it a program, and one whose answer is certain?"""
    try:
        shadow(program)
        program.module().verify()
    except Exception:  # ill-conditioned, or shapes that do not fit: no candidate
        return False
    return True


def _candidates(program: Program) -> Iterator[Program]:
    """Programs with less in them, the boldest cuts first."""
    nodes = program.nodes
    if len(program.outputs) > 1:
        for at in program.outputs:
            yield Program(nodes, (at,)).pruned()
        for at in range(len(program.outputs)):
            yield Program(nodes, program.outputs[:at] + program.outputs[at + 1 :]).pruned()
    values = shadow(program)
    for at in reversed(range(len(nodes))):
        node = nodes[at]
        if node.op == "input":
            continue
        if at in program.outputs:
            for operand in node.operands:
                yield Program(nodes, tuple(operand if out == at else out for out in program.outputs)).pruned()
        if any(nodes[operand].op != "input" for operand in node.operands) or node.op in ("iota", "const"):
            yield _with(program, at, as_input(node, values[at]))
        for operand in node.operands:
            if nodes[operand].shape == node.shape and nodes[operand].element == node.element:
                yield _without(program, at, operand)
    for at, node in enumerate(nodes):
        if node.realize:
            yield _with(program, at, replace(node, realize=False))
    for at, node in enumerate(nodes):
        if node.op not in ("input", "const") and node.operands:
            yield _with(program, at, as_input(node, values[at]))
    extents = sorted({d for node in nodes for d in node.shape if d > 1}, reverse=True)
    for old in extents:
        for new in (1, 2, 3, old // 2, old - 1):
            if new < old and (candidate := _resized(program, old, new)) is not None:
                yield candidate


def _with(program: Program, at: int, node: Node) -> Program:
    nodes = (*program.nodes[:at], node, *program.nodes[at + 1 :])
    return Program(nodes, program.outputs).pruned()


def _without(program: Program, at: int, instead: int) -> Program:
    """Every use of a node uses one of its operands."""
    nodes = [replace(n, operands=tuple(instead if o == at else o for o in n.operands)) for n in program.nodes]
    return Program(tuple(nodes), tuple(instead if out == at else out for out in program.outputs)).pruned()


def _resized(program: Program, old: int, new: int) -> Program | None:
    """The program with each extent `old` replaced by `new`, shapes inferred anew; None where that does not fit together."""
    nodes = list[Node]()

    def swap(shape: Any) -> tuple[int, ...]:
        return tuple(new if d == old else d for d in shape)

    for node in program.nodes:
        about, shape = dict(node.about), swap(node.shape)
        sources = [nodes[at].shape for at in node.operands]
        if node.op == "input":
            about["data"] = about["data"][tuple(slice(0, d) for d in shape)]
        elif node.op in ("unary", "binary", "select", "cast", "bitcast", "flip"):
            shape = sources[0]
            if any(other != shape for other in sources):
                return None
        elif node.op == "permute":
            permutation: list[int] = about["permutation"]
            shape = tuple(sources[0][p] for p in permutation)
        elif node.op == "reduce":
            shape = tuple(d for i, d in enumerate(sources[0]) if i not in about["axes"])
        elif node.op == "pad":
            shape = tuple(a + d + b for a, d, b in zip(about["low"], sources[0], about["high"]))
        elif node.op == "shrink":
            start = [min(a, d) for a, d in zip(about["start"], sources[0])]
            stop = [min(max(a, b), d) for a, b, d in zip(start, about["stop"], sources[0])]
            about["start"], about["stop"] = start, stop
            shape = tuple(-((a - b) // s) for a, b, s in zip(start, stop, about["step"]))
        nodes.append(replace(node, about=about, shape=shape))
    return Program(tuple(nodes), program.outputs)
