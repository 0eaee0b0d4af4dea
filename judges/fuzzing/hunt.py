"""Many seeds in a row before the judges, what fails cut to its smallest and written down as a test."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from xdsl.context import Context

from rung.dialects.upstream import make_context
from rung.judges.upstream import find_mlir_opt

from .bounds import Shadow
from .builder import Sizes
from .choices import Choices
from .generate import generate
from .judges import MACHINE_NAMES, USUAL, Found, culprits, judge_passes, judge_target
from .program import Program
from .reduction import reduced
from .shadow import shadow

BATCH = 20
"""Programs to one OpenCL build or one mlir-opt process."""

SMALL = Sizes(ops=6, elements=200, points=2000)
"""For CI, where many programs count for more than large ones."""


@dataclass(frozen=True)
class Failure:
    """A seed, the sizes that it was drawn with, and what a judge found."""

    seed: int
    sizes: Sizes
    found: Found
    choices: Choices = USUAL

    def __str__(self) -> str:
        return f"seed {self.seed}: {self.found}"


@dataclass
class Tally:
    """What a hunt has seen."""

    programs: int = 0
    ops: int = 0
    failures: list[Failure] = field(default_factory=list[Failure])


def hunt(
    seeds: Sequence[int] | Iterator[int],
    target: str = "reference",
    sizes: Sizes | None = None,
    *,
    machines: Callable[[int], Sequence[str]] = lambda seed: (MACHINE_NAMES[seed % len(MACHINE_NAMES)],),
    upstream: bool = False,
    on_batch: Callable[[Tally], bool | None] = lambda tally: None,
) -> Tally:
    """Judge the program of each seed. `on_batch` is called with the tally so far and ends the hunt by answering True.

    target    `reference`: the evaluator after every pass, on the machines that `machines` names for a seed, and with
              `upstream` mlir-opt on each rung; else the name of a compiled target
    """
    tally, ctx, sizes = Tally(), make_context(), sizes or Sizes()
    judge_upstream = upstream and find_mlir_opt() is not None
    for batch in _batches(iter(seeds)):
        programs = [generate(seed, sizes) for seed in batch]
        values = [shadow(program) for program in programs]
        if target == "reference":
            choices = [Choices(seed // len(MACHINE_NAMES)) for seed in batch]
            names = [machines(seed) for seed in batch]
            found = _down_the_ladder(programs, values, ctx, names, choices, judge_upstream)
        else:
            choices = [Choices(batch[0] // BATCH)] * len(batch)
            found = judge_target(programs, target, values, choices[0])
        tally.programs += len(batch)
        tally.ops += sum(program.n_ops for program in programs)
        tally.failures += [
            Failure(seed, sizes, each, mine) for seed, each, mine in zip(batch, found, choices) if each is not None
        ]
        if on_batch(tally):
            break
    return tally


def _down_the_ladder(
    programs: Sequence[Program],
    values: Sequence[Sequence[Shadow]],
    ctx: Context,
    machines: Sequence[Sequence[str]],
    choices: Sequence[Choices],
    upstream: bool,
) -> list[Found | None]:
    found = list[Found | None]()
    texts = list[str]()
    where = list[tuple[int, str]]()
    for number, (program, held, names, chosen) in enumerate(zip(programs, values, machines, choices)):
        problem = None
        for machine in names:
            rungs = dict[str, str]()
            kept = rungs if upstream else None
            problem = judge_passes(program, machine, ctx=ctx, values=held, choices=chosen, rungs=kept)
            if problem is not None:
                break
            texts += rungs.values()
            where += [(number, f"mlir-opt on rung {rung} for {machine}") for rung in rungs]
        found.append(problem)
    for at, said in culprits(texts):
        number, what = where[at]
        found[number] = found[number] or Found(what, said)
    return found


def _batches(seeds: Iterator[int]) -> Iterator[list[int]]:
    batch = list[int]()
    for seed in seeds:
        batch.append(seed)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def smallest(failure: Failure, target: str = "reference", seconds: float = 60.0) -> tuple[Program, Found]:
    """A minimal program with the failure's symptom, and what is found of it. Raises ValueError where it does not fail again."""
    ctx = make_context()

    def judged(program: Program) -> Found | None:
        if target != "reference":
            return judge_target([program], target, choices=failure.choices)[0]
        if failure.found.where.startswith("mlir-opt"):
            return _down_the_ladder([program], [shadow(program)], ctx, [MACHINE_NAMES], [failure.choices], True)[0]
        return judge_passes(program, failure.found.where.rpartition(" ")[2], ctx=ctx, choices=failure.choices)

    program = generate(failure.seed, failure.sizes)
    if judged(program) is None:
        raise ValueError(f"seed {failure.seed} fails in its batch only, or not always")

    def fails(candidate: Program) -> bool:
        found = judged(candidate)
        return found is not None and _kind(found) == _kind(failure.found)

    with TemporaryDirectory() as folder, chdir(folder):  # where sources that a compiler refuses are kept
        program = reduced(program, fails, seconds=seconds) if fails(program) else program
    found = judged(program)
    assert found is not None
    return program, found


def _kind(found: Found) -> tuple[str, str]:
    """What makes two findings the same one: the place, and the words without the numbers."""
    return found.where, re.sub(r"[^a-z]+", " ", found.what.partition(":")[0].lower())[:24]


def write_test(folder: Path, program: Program, found: Found, seed: int) -> Path:
    """The program as a file for tests/corpus; rename it after the symptom."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"fuzz_{seed}_{re.sub(r'[^a-z0-9]+', '_', found.where.lower())}.mlir"
    body = "\n".join(line[2:] for line in str(program.module()).splitlines()[1:-1])
    path.write_text(f"// {' '.join(found.what.split())[:120]}\n{body}\n", encoding="utf-8")
    return path


def for_seconds(seconds: float) -> Callable[[], bool]:
    """Answers whether the time is over."""
    until = time.monotonic() + seconds
    return lambda: time.monotonic() > until
