"""Random kernels, printed, compiled and run on PoCL, against the evaluator that runs the IR itself.

A kernel has scalars and vectors of five element types, buffers of its own that it reads and writes at overlapping places, and
nested loops and branches that carry values: what the printer may inline, move, share or drop is all in there. A failing seed
prints its kernel. Seeds 0 to 300 agreed in November 2026; the suite runs a few.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rung.backends.reference import evaluate
from rung.dialects.upstream import parse

Array = np.ndarray[Any, np.dtype[Any]]
DTYPES = {"i1": np.bool_, "i8": np.int8, "i16": np.int16, "i32": np.int32, "i64": np.int64, "f32": np.float32, "f64": np.float64}
BITS = {"i1": 1, "i8": 8, "i16": 16, "i32": 32, "i64": 64}
BINARY = {
    "i": "addi subi muli andi ori xori maxsi minsi maxui minui".split(),
    "f": "addf subf mulf maximumf minimumf".split(),
    "b": "andi ori xori".split(),
}
SIZE = 32
"""Elements of each buffer: twice what the longest vector at the largest index needs."""


class Kernel:
    """The text of a random kernel body."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.lanes = self.random.choice([0, 3, 8, 11, 13])
        self.elements = ["i1", "i32", "f32", *self.random.sample(["i8", "i16", "i64", "f64"], 2)]
        self.lines: list[str] = []
        self.scopes: list[dict[str, list[str]]] = [{}]
        self.indices = ["%c0", "%c1", "%c2"]
        self.count = 0
        self.prologue()
        self.statements(0, 14)
        self.epilogue()

    def shaped(self, element: str, vector: bool) -> str:
        return f"vector<{self.lanes}x{element}>" if vector else element

    def new(self) -> str:
        self.count += 1
        return f"%v{self.count}"

    def known(self, type_: str, name: str) -> None:
        self.scopes[-1].setdefault(type_, []).append(name)

    def some(self, type_: str) -> str:
        """A value of that type, a recent one more likely than not."""
        names = [name for scope in self.scopes for name in scope.get(type_, [])]
        return self.random.choice(names[-6:] if self.random.random() < 0.7 else names)

    def prologue(self) -> None:
        self.lines += [f"%c{k} = arith.constant {k} : index" for k in (0, 1, 2, 3, SIZE)]
        for element in self.elements:
            memref = f"memref<{SIZE}x{element}>"
            self.lines.append(f"%b{element} = memref.alloca() : {memref}")
            self.copy(f"%x{element}", f"%b{element}", memref)
            for k in (2, 3):
                self.lines.append(f"%l{element}{k} = memref.load %x{element}[%c{k}] : {memref}")
            number = {"i1": "true", "f32": "1.5", "f64": "-2.5"}.get(element, str(self.random.randint(-3, 120)))
            self.lines.append(f"%k{element} = arith.constant {number}{'' if element == 'i1' else f' : {element}'}")
            for name in (f"%l{element}2", f"%l{element}3", f"%k{element}"):
                self.known(element, name)
            if self.lanes:
                type_ = self.shaped(element, True)
                self.lines.append(f"%w{element} = vector.load %x{element}[%c0] : {memref}, {type_}")
                self.lines.append(f"%u{element} = arith.constant dense<{number}> : {type_}")
                self.known(type_, f"%w{element}")
                self.known(type_, f"%u{element}")

    def copy(self, source: str, target: str, memref: str) -> None:
        self.lines.append(f"scf.for %i = %c0 to %c{SIZE} step %c1 {{")
        self.lines.append(f"%v = memref.load {source}[%i] : {memref}\nmemref.store %v, {target}[%i] : {memref}\n}}")

    def epilogue(self) -> None:
        for element in self.elements:
            memref = f"memref<{SIZE}x{element}>"
            self.copy(f"%b{element}", f"%out{element}", memref)
            self.lines.append(f"memref.store {self.some(element)}, %out{element}[%c0] : {memref}")
            if self.lanes:
                type_ = self.shaped(element, True)
                self.lines.append(f"vector.store {self.some(type_)}, %out{element}[%c1] : {memref}, {type_}")

    def statements(self, depth: int, count: int) -> None:
        for _ in range(count):
            dice = self.random.random()
            if dice < 0.62:
                self.operation()
            elif dice < 0.8:
                self.access()
            elif dice < 0.9 and depth < 2:
                self.loop(depth)
            elif depth < 3:
                self.branch(depth)

    def operation(self) -> None:
        element, vector = self.random.choice(self.elements), self.lanes > 0 and self.random.random() < 0.6
        type_, truth, kind = self.shaped(element, vector), self.shaped("i1", vector), "b" if element == "i1" else element[0]
        a, b, name, dice = self.some(type_), self.some(type_), self.new(), self.random.random()
        if dice < 0.5:
            text, out = f"arith.{self.random.choice(BINARY[kind])} {a}, {b} : {type_}", type_
        elif dice < 0.65:
            text, out = f'"arith.select"({self.some(truth)}, {a}, {b}) : ({truth}, {type_}, {type_}) -> {type_}', type_
        elif dice < 0.8 and kind != "b":
            properties = f"predicate = {self.random.randrange(10) if kind == 'i' else self.random.randrange(1, 15)} : i64"
            properties += ", fastmath = #arith.fastmath<none>" if kind == "f" else ""
            text, out = f'"arith.cmp{kind}"({a}, {b}) <{{{properties}}}> : ({type_}, {type_}) -> {truth}', truth
        elif dice < 0.9:
            other = self.random.choice(self.elements)
            out = self.shaped(other, vector)
            text = f"arith.{self.conversion(element, other)} {a} : {type_} to {out}"
            if "none" in text:
                text, out = f"arith.{self.random.choice(BINARY[kind])} {a}, {b} : {type_}", type_
        elif vector:
            text, out = f"vector.extract {a}[{self.random.randrange(self.lanes)}] : {element} from {type_}", element
        elif self.lanes:
            out = self.shaped(element, True)
            text = f"vector.broadcast {a} : {element} to {out}"
        else:
            return
        self.lines.append(f"{name} = {text}")
        self.known(out, name)

    def conversion(self, source: str, target: str) -> str:
        """An op from one type to another that is defined for every number; `none` if there is none."""
        if source in BITS and target in BITS and source != target:
            return "trunci" if BITS[target] < BITS[source] else self.random.choice(["extsi", "extui"])
        if source in BITS and target not in BITS:
            return self.random.choice(["sitofp", "uitofp"])
        return {("f32", "f64"): "extf", ("f64", "f32"): "truncf"}.get((source, target), "none")

    def access(self) -> None:
        element, vector = self.random.choice(self.elements), self.lanes > 0 and self.random.random() < 0.5
        type_, at = self.shaped(element, vector), self.random.choice(self.indices)
        place = f"%b{element}[{at}] : memref<{SIZE}x{element}>" + (f", {type_}" if vector else "")
        dialect = "vector" if vector else "memref"
        if self.random.random() < 0.5:
            name = self.new()
            self.lines.append(f"{name} = {dialect}.load {place}")
            self.known(type_, name)
        else:
            self.lines.append(f"{dialect}.store {self.some(type_)}, {place}")

    def carried(self) -> list[str]:
        some = [self.random.choice(self.elements) for _ in range(self.random.randint(0, 3))]
        return [self.shaped(element, self.lanes > 0 and self.random.random() < 0.5) for element in some]

    def finish(self, types: list[str]) -> None:
        if types:
            self.lines.append(f"scf.yield {', '.join(self.some(type_) for type_ in types)} : {', '.join(types)}")
        self.scopes.pop()

    def loop(self, depth: int) -> None:
        types, result, iv = self.carried(), self.new(), f"%i{self.count}"
        starts, names = [self.some(type_) for type_ in types], [self.new() for _ in types]
        head = f"scf.for {iv} = %c0 to %c{self.random.randint(1, 3)} step %c1"
        if types:
            pairs = ", ".join(f"{name} = {start}" for name, start in zip(names, starts))
            head = f"{result}:{len(types)} = {head} iter_args({pairs}) -> ({', '.join(types)})"
        self.lines.append(head + " {")
        self.scopes.append({})
        self.indices.append(iv)
        for name, type_ in zip(names, types):
            self.known(type_, name)
        self.statements(depth + 1, self.random.randint(2, 6))
        self.finish(types)
        self.indices.pop()
        self.lines.append("}")
        for number, type_ in enumerate(types):
            self.known(type_, f"{result}#{number}")

    def branch(self, depth: int) -> None:
        types, result = self.carried(), self.new()
        head = f"scf.if {self.some('i1')}"
        self.lines.append((f"{result}:{len(types)} = {head} -> ({', '.join(types)})" if types else head) + " {")
        for tail in ("} else {", "}"):
            self.scopes.append({})
            self.statements(depth + 1, self.random.randint(0, 4))
            self.finish(types)
            self.lines.append(tail)
        for number, type_ in enumerate(types):
            self.known(type_, f"{result}#{number}")


def inputs(elements: list[str], seed: int) -> list[Array]:
    rng = np.random.default_rng(seed)
    found: list[Array] = []
    for element in elements:
        dtype = np.dtype(DTYPES[element])
        if element == "i1":
            found.append(rng.random(SIZE) < 0.5)
        elif dtype.kind == "i":
            found.append(rng.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, SIZE, dtype))
        else:
            found.append(np.round(rng.standard_normal(SIZE) * 4).astype(dtype))
    return found


@pytest.mark.parametrize("seed", range(12))
def test_a_random_kernel_computes_what_its_ir_says(
    seed: int, gpu_module: Callable[..., str], run_kernel: Callable[..., list[Array]], spell: Any, nvrtc_accepts: Any
) -> None:
    kernel = Kernel(seed)
    params = [(f"{side}{element}", f"memref<{SIZE}x{element}>") for side in ("x", "out") for element in kernel.elements]
    text = gpu_module(params, "\n".join(kernel.lines), outs=len(kernel.elements))
    arrays = inputs(kernel.elements, seed)
    with np.errstate(all="ignore"):
        expected = evaluate(parse(text), "main", arrays)
    for element, found, want in zip(kernel.elements, run_kernel(text, *arrays), expected):
        if element[0] == "i":
            np.testing.assert_array_equal(found, want, err_msg=f"{element}\n{spell(text)}")
        else:
            # products and sums may be fused: the last bits of a long chain differ
            np.testing.assert_allclose(found, want, rtol=1e-4, atol=1e-3, err_msg=f"{element}\n{spell(text)}")
    if seed % 4 == 0:
        nvrtc_accepts(spell(text, "cuda"))
