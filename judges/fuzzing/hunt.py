"""Many seeds in a row before the judges; what fails is cut to its smallest and written down as a test."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from .builder import Sizes
from .case import MACHINE_NAMES, USUAL, Case, Found, Judge
from .choices import Choices
from .coverage import Coverage
from .generate import generate
from .judges import judge as judge_of
from .program import Program
from .reduction import reduced

BATCH = 20
"""Programs to one OpenCL build or one mlir-opt process: see `machines.py` for what more of them would save."""

SMALL = Sizes(ops=6, elements=200, points=2000)
"""For CI, where many programs count for more than large ones."""


@dataclass(frozen=True)
class Failure:
    """A seed, the sizes that it was drawn with, who complains of what, and how the program was lowered."""

    seed: int
    sizes: Sizes
    judge: str
    found: Found
    choices: Choices = USUAL
    machines: Sequence[str] = MACHINE_NAMES

    def __str__(self) -> str:
        return f"seed {self.seed}: {self.found}"


@dataclass
class Tally:
    """What a hunt has seen."""

    programs: int = 0
    ops: int = 0
    coverage: Coverage = field(default_factory=Coverage)
    failures: list[Failure] = field(default_factory=list[Failure])


def alternating(seed: int) -> Sequence[str]:
    """One machine a program, in turn."""
    return (MACHINE_NAMES[seed % len(MACHINE_NAMES)],)


def hunt(
    seeds: Sequence[int] | Iterator[int],
    target: str = "reference",
    sizes: Sizes | None = None,
    *,
    machines: Callable[[int], Sequence[str]] = lambda seed: MACHINE_NAMES,
    judge: Judge | None = None,
    on_batch: Callable[[Tally], bool | None] = lambda tally: None,
) -> Tally:
    """The program of each seed before the judge of `target` (see `judges.py`).

    machines   whose schedules a seed's program is lowered with, where no device says it
    judge      another one than the usual of `target`
    on_batch   is called with the tally so far, and ends the hunt by answering True
    """
    tally, sizes, judge = Tally(), sizes or Sizes(), judge or judge_of(target)
    alone = target == "reference"
    for batch in _batches(iter(seeds)):
        programs = [generate(seed, sizes) for seed in batch]
        # what is compiled together is lowered together, so it shares its choices
        choices = [Choices(seed // len(MACHINE_NAMES) if alone else batch[0] // BATCH) for seed in batch]
        cases = [Case.of(program, mine, machines(seed)) for seed, program, mine in zip(batch, programs, choices)]
        tally.programs += len(batch)
        tally.ops += sum(program.n_ops for program in programs)
        tally.coverage.add(programs)
        for seed, case, found in zip(batch, cases, judge(cases)):
            if found is not None:
                tally.failures.append(Failure(seed, sizes, target, found, case.choices, case.machines))
        if on_batch(tally):
            break
    return tally


def _batches(seeds: Iterator[int]) -> Iterator[list[int]]:
    """Cut at multiples of BATCH, so that a seed is lowered in the same way in whatever hunt it comes."""
    batch = list[int]()
    for seed in seeds:
        batch.append(seed)
        if len(batch) == BATCH or (seed + 1) % BATCH == 0:
            yield batch
            batch = []
    if batch:
        yield batch


def smallest(failure: Failure, seconds: float = 60.0, judge: Judge | None = None) -> tuple[Program, Found]:
    """A minimal program with the failure's symptom, and what is found of it. Raises ValueError where it does not fail again."""
    judge = judge or judge_of(failure.judge)
    program = generate(failure.seed, failure.sizes)
    machine = failure.found.where.rpartition(" ")[2]
    machines = (machine,) if machine in failure.machines else failure.machines

    def judged(program: Program) -> Found | None:
        return judge([Case.of(program, failure.choices, machines)])[0]

    if judged(program) is None:
        raise ValueError(f"seed {failure.seed} fails in its batch only, or not always")

    def fails(candidate: Program) -> bool:
        found = judged(candidate)
        return found is not None and symptom(found) == symptom(failure.found)

    with TemporaryDirectory() as folder, chdir(folder):  # where sources that a compiler refuses are kept
        program = reduced(program, fails, seconds=seconds) if fails(program) else program
    found = judged(program)
    assert found is not None
    return program, found


def symptom(found: Found) -> tuple[str, str]:
    """What makes two findings the same one: the place, and the words without the numbers."""
    return found.where, re.sub(r"[^a-z]+", " ", found.what.partition(":")[0].lower())[:24]


SHORT = 24
"""Elements of an input that are written down beside the program."""


def write_test(folder: Path, program: Program, found: Found, failure: Failure) -> Path:
    """The program as a file for tests/corpus, named after the symptom; a person finds it a better name and first line.

    Comments below the first line say how it was found, and what short inputs held: the symptom may need just these numbers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    words = re.sub(r"[^a-z0-9]+", "_", " ".join(symptom(found)).lower()).strip("_")
    path = folder / f"{words}_{failure.seed}.mlir"
    sizes, data = failure.sizes, [(number, each) for number, each in enumerate(program.inputs) if each.size <= SHORT]
    comments = [
        f"{found.where}: {' '.join(found.what.split())[:120]}",
        f"rung fuzz --target {failure.judge} --seed {failure.seed} --count 1 --ops {sizes.ops} --elements {sizes.elements}, "
        f"{failure.choices}",
        *(f"data {number}: {' '.join(map(str, each.reshape(-1).tolist()))}" for number, each in data),
    ]
    body = [line[2:] for line in str(program.module()).splitlines()[1:-1]]
    path.write_text("\n".join([*(f"// {comment}" for comment in comments), *body, ""]), encoding="utf-8")
    return path
