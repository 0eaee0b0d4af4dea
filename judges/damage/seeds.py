"""What is damaged: programs as text, on every rung."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rung.backends.machine import CPU, NVIDIA, Machine
from rung.backends.reference.target import REFERENCE
from rung.dialects.upstream import parse
from rung.ladder import climb_down
from rung.pipeline import LADDER


@dataclass(frozen=True)
class Seed:
    """A whole program. `name` says of which file and for which machine it was lowered."""

    name: str
    rung: str
    text: str


@cache
def lowered(path: Path, machine: Machine) -> tuple[Seed, ...]:
    """A program of the `nd` or `linalg` rung, and itself on each rung below."""
    text = path.read_text(encoding="utf-8")
    rungs = climb_down(parse(text, path.name), REFERENCE, machine, stop_at="gpu")
    names = [f"{path.stem} on {rung.name} for {machine.name}" for rung in rungs]
    return tuple(Seed(name, rung.name, text if rung is rungs[0] else rung.text) for name, rung in zip(names, rungs))


def seeds(folder: Path, *, names: tuple[str, ...] = (), longest: int = 30_000) -> Iterator[Seed]:
    """Every program of a folder, on every rung, for a CPU and for a GPU. Texts longer than `longest` are left out."""
    paths = [folder / f"{name}.mlir" for name in names] or sorted(folder.glob("*.mlir"))
    for number, path in enumerate(paths):
        # the two machines differ below linalg only, and most of a program is alike on both: one of them each
        for seed in lowered(path, (CPU, NVIDIA)[number % 2]):
            if len(seed.text) <= longest:
                yield seed


def below(rung: str) -> str:
    """The passes that a text of this rung has yet to go through, as `-p` takes them."""
    from rung.pipeline import steps_between

    return ",".join(str(step.make(CPU).spec()) for step in steps_between(rung, LADDER[-1]))
