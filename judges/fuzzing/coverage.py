"""What random programs are made of, counted: each op by element type, casts, ranks, extents, values easily forgotten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Self

import numpy as np
from xdsl.utils.exceptions import VerifyException

from rung.dialects.nd import BINARY, REDUCE, UNARY

from .bounds import DIGITS, is_float
from .program import DTYPES, FLOATS, INTEGERS, Node, Program

KINDS = {"unary": list(UNARY), "binary": list(BINARY), "reduce": list(REDUCE)}
OPS = ["const", "iota", "cast", "bitcast", "select", "reshape", "permute", "expand", "pad", "shrink", "flip"]
NAMES = [*OPS, *(f"{op} {kind}" for op, kinds in KINDS.items() for kind in kinds)]
"""Every op of nd, those of one class by their kinds."""
ELEMENTS = ["i1", *INTEGERS, *FLOATS]


@dataclass
class Coverage:
    """Counts over programs. `ops` counts nodes, by name and element type of what they read; the others count programs."""

    ops: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    casts: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """By element type before and after."""
    ranks: Counter[int] = field(default_factory=Counter[int])
    results: Counter[int] = field(default_factory=Counter[int])
    """How many results."""
    features: Counter[str] = field(default_factory=Counter[str])

    def add(self, programs: Iterable[Program]) -> None:
        for program in programs:
            self.results[len(program.outputs)] += 1
            self.ranks.update({len(node.shape) for node in program.nodes})
            self.features.update(set(_features(program)))
            for node in program.nodes:
                if node.op != "input":
                    source = program.nodes[node.operands[-1]].element if node.operands else node.element
                    self.ops[_name(node), source] += 1
                    if node.op == "cast":
                        self.casts[source, node.element] += 1

    def missing(self) -> list[tuple[str, str]]:
        """The ops that nd allows and that did not occur, with their element types."""
        return sorted(allowed() - set(self.ops))

    def table(self) -> str:
        """Ops down, element types across; a dot where nd does not allow the op."""
        may = allowed()
        lines = [" " * 16 + "".join(f"{element:>7}" for element in ELEMENTS)]
        for name in NAMES:
            cells = (str(self.ops[name, element]) if (name, element) in may else "." for element in ELEMENTS)
            lines.append(f"{name:<16}" + "".join(f"{cell:>7}" for cell in cells))
        pairs = [(a, b) for a in ELEMENTS for b in ELEMENTS if a != b]
        lines.append(f"casts between types  {sum(pair in self.casts for pair in pairs)} of {len(pairs)} pairs")
        for title, counts in (("ranks", self.ranks), ("results", self.results), ("programs with", self.features)):
            found = ", ".join(f"{key}: {count}" for key, count in sorted(counts.items(), key=lambda item: str(item[0])))
            lines.append(f"{title:<20} {found}")
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        return {
            "ops": {name: {e: self.ops[name, e] for e in ELEMENTS if (name, e) in self.ops} for name in NAMES},
            "casts": {f"{a} to {b}": count for (a, b), count in sorted(self.casts.items())},
            "ranks": {str(key): count for key, count in sorted(self.ranks.items())},
            "results": {str(key): count for key, count in sorted(self.results.items())},
            "features": dict(sorted(self.features.items())),
        }

    @staticmethod
    def from_json(record: dict[str, Any]) -> Coverage:
        ops = {(name, e): n for name, counts in record["ops"].items() for e, n in counts.items()}
        casts = {(a, b): n for pair, n in record["casts"].items() for a, _, b in [pair.partition(" to ")]}
        ranks, results = ({int(key): n for key, n in record[name].items()} for name in ("ranks", "results"))
        return Coverage(Counter(ops), Counter(casts), Counter(ranks), Counter(results), Counter(record["features"]))

    def __iadd__(self, other: Coverage) -> Self:
        for name, counts in vars(other).items():
            getattr(self, name).update(counts)
        return self


def _name(node: Node) -> str:
    return f"{node.op} {node.about['kind']}" if node.op in KINDS else node.op


@cache
def allowed() -> frozenset[tuple[str, str]]:
    """The (op, element type) that the verifiers of nd accept."""
    return frozenset((name, element) for name in NAMES for element in ELEMENTS if _verifies(name, element))


def _verifies(name: str, element: str) -> bool:
    op, _, kind = name.partition(" ")
    about: dict[str, Any] = {"kind": kind, "axis": 0, "axes": [0], "permutation": [0], "value": 0}
    about |= {"low": [0], "high": [0], "start": [0], "stop": [1], "step": [1]}
    x = Node("input", element, (1,), (), {"data": np.zeros(1, DTYPES[element])})
    where = Node("input", "i1", (1,), (), {"data": np.zeros(1, np.bool_)})
    operands = {"binary": (0, 0), "select": (1, 0, 0), "const": (), "iota": ()}.get(op, (0,))
    try:
        Program((x, where, Node(op, element, (1,), operands, about)), (2,)).module().verify()
    except VerifyException:
        return False
    return True


def _features(program: Program) -> Iterable[str]:
    for node in program.nodes:
        if 0 in node.shape:
            yield "an extent 0"
        if 1 in node.shape:
            yield "an extent 1"
        if any(d > 2 and all(d % k for k in range(2, d)) for d in node.shape):
            yield "a prime extent"
        if node.realize:
            yield "a value to store"
        if node.op == "shrink" and any(step > 1 for step in node.about["step"]):
            yield "a step"
        if node.op == "pad" and node.about["value"] != 0:
            yield "a padding that is not 0"
        if node.op == "input":
            yield from _odd_values(node.about["data"], node.element, "data")
        elif node.op == "const":
            yield from _odd_values(np.array([node.about["value"]]).astype(DTYPES[node.element]), node.element, "a constant")


def _odd_values(data: np.ndarray[Any, Any], element: str, what: str) -> Iterable[str]:
    if is_float(element):
        wide, digits = data.astype(np.float64), DIGITS[element]
        size = np.abs(wide)
        tests = {
            "NaN": np.isnan(wide), "infinite": np.isinf(wide), "-0.0": (wide == 0) & np.signbit(wide),
            "subnormal": (size > 0) & (size < digits.tiny), "the largest float": size == digits.most,
        }  # fmt: skip
    elif element != "i1":
        limits = np.iinfo(DTYPES[element])
        tests = {"an integer limit": (data == limits.max) | ((data == limits.min) & (limits.min < 0))}
    else:
        return
    for name, found in tests.items():
        if found.any():
            yield f"{what} {name}"
