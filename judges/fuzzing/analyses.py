"""The analyses at the end of each rung below linalg: a module is proved total, and its counted cost is the measured one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rung.judges.cost import Cost, CostError, cost
from rung.judges.cost.counting import Measured, measure
from rung.judges.total import verify_total

if TYPE_CHECKING:
    from .ladder import Stop

RUNGS = ("loops", "vector", "gpu")
SAMPLE = 10
"""Of so many neighbours in the choices of a compiler, two are measured: to count while evaluating takes three times as long."""


def proved_total(stop: Stop) -> str | None:
    """In bounds, written once, free of races: see `rung.judges.total`."""
    if not _reads(stop):
        return None
    report = verify_total(stop.module, workgroup_bytes=stop.machine.workgroup_bytes)
    return f"not proved total: {report.findings[0]}" if report.findings else None


def counted_as_measured(stop: Stop) -> str | None:
    """On a sample of programs, the cost of each kernel is what the counting evaluator finds; at least that, where it says so."""
    if not _reads(stop) or stop.case.choices.seed % SAMPLE not in (3, 4):
        return None
    try:
        counted = cost(stop.module)
    except CostError as problem:
        return f"cost: {problem}"
    measured = measure(stop.module, "main", stop.case.program.inputs)
    if missing := measured.keys() - counted.keys() - {"main"}:
        return f"cost: @{min(missing)} runs, and is not counted"
    for name, found in counted.items():
        if name in measured and (problem := _differs(found, measured[name])) is not None:
            return f"cost of @{name}: {problem}"
    return None


def _reads(stop: Stop) -> bool:
    return stop.ends_rung and stop.rung in RUNGS


def _differs(counted: Cost, measured: Measured) -> str | None:
    if counted.launches != (measured.launches or 1):  # @main itself, where there is no kernel, is not called
        return f"{counted.launches} launches counted, {measured.launches} measured"
    pairs = [
        (f"{key[0]} {key[1]}", counted.work.get(key, 0), measured.work.get(key, 0)) for key in {*counted.work, *measured.work}
    ]
    exact = [counted.exact] * len(pairs) + [counted.distinct_exact] * 2
    pairs.append(("distinct bytes read", counted.distinct_read, measured.distinct["read"]))
    pairs.append(("distinct bytes written", counted.distinct_written, measured.distinct["written"]))
    for (what, ours, seen), is_exact in zip(pairs, exact):
        ours *= counted.launches
        if ours != seen and (is_exact or ours < seen):
            return f"{what}: {ours} counted{'' if is_exact else ' at most'}, {seen} measured"
    return None
