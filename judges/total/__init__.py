"""The judge `total`: proofs over integer sets that a kernel stays in bounds and writes each element once, without a race.

from rung.judges.total import verify_total, replay
report = verify_total(module)          # loops, vector or gpu rung
for finding in report.findings: print(finding, replay(module, finding))
"""

from xdsl.dialects.builtin import ModuleOp

from .report import Finding, Point, Report
from .verify import verify_total


def replay(module: ModuleOp, finding: Finding) -> str | None:
    """What the NumPy evaluator says where it meets the same fault; None where it does not, or cannot (see `replaying`)."""
    from .replaying import replay as show  # late: a compile proves, but does not load the evaluator

    return show(module, finding)


__all__ = ["Finding", "Point", "Report", "replay", "verify_total"]
