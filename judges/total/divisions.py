"""No index is divided by 0."""

from __future__ import annotations

from collections.abc import Iterator

from .bounds import point_where
from .linear import Linear
from .model import Function, domain_of
from .report import Finding, point_of


def check_divisions(function: Function) -> Iterator[Finding]:
    """A finding for each division or remainder of indices whose divisor may be 0."""
    for op, place, divisor in function.divisions:
        low, high = divisor.interval()
        if low > 0 or high < 0 or place.is_empty:
            continue
        domain = domain_of(place.iterations, place.condition, (divisor,))
        for alternative in domain.alternatives:
            values = point_where(domain.dims, (*alternative, divisor), divisor.times(-1))
            if values is not None:
                point = point_of(place, values)
                yield Finding("division", function.name, op, f"divides by {_shown(divisor)}, which is 0 at {point}", "", point)
                break


def _shown(divisor: Linear) -> str:
    return f"`{divisor}`"
