"""The judge `total`: proofs over integer sets that a kernel stays in bounds and writes each element once, without a race.

from rung.judges.total import verify_total, replay
report = verify_total(module)          # loops, vector or gpu rung
for finding in report.findings: print(finding, replay(module, finding))
"""

from .replay import replay
from .report import Finding, Point, Report
from .verify import verify_total

__all__ = ["Finding", "Point", "Report", "replay", "verify_total"]
