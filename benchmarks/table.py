"""The README's table of kernels, made from a recorded run: `python -m benchmarks.table benchmarks/results/kernels-DATE.json`.

One row for a workload, or for a few that differ in size only: our times on both targets, in ms. A peer's column says how many
times as fast as the peer the faster of the two was, both sides allocating their results as their users write them (mode `fresh`):
the median of interleaved ratios.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROWS = {
    "matmul 256 / 512 / 1024 / 2048": ("mm256", "mm512", "mm1024", "mm2048"),
    "64 matmuls of 64x64": ("bmm64",),
    "convolution 3x3, 64 channels, 56x56": ("conv",),
    "depthwise convolution 3x3": ("dwconv",),
    "attention, 8 heads, 512x64": ("attn",),
    "two-layer perceptron": ("mlp",),
    "`tanh(1.5x+0.5)*0.7 + relu(x)`, 16M": ("chain",),
    "softmax 4096x1024": ("softmax",),
    "layernorm 4096x1024": ("lnorm",),
    "sum of 16M": ("sum",),
    "column sums, 4096x4096": ("colsum",),
    "transpose, 4096x4096": ("transp",),
}
"""What a row is called, and its workloads in `workloads.py`."""

OURS = {"opencl": "opencl, ms", "cpu": "cpu, ms"}
PEERS = {"numpy": "NumPy", "torch": "torch", "jax": "JAX"}


def table(record: dict[str, Any]) -> str:
    """The table of one recorded run, as Markdown."""
    found = {row["workload"]: row["fresh"] for row in record["rows"]}
    lines = [f"| | {' | '.join([*OURS.values(), *PEERS.values()])} |", f"|---|{'---|' * len({**OURS, **PEERS})}"]
    for name, workloads in ROWS.items():
        times = [" / ".join(_short(found[work][side]["median_ms"]) for work in workloads) for side in OURS]
        cells = [" / ".join(_short(found[work][peer]["rung_is_faster_by"]) for work in workloads) for peer in PEERS]
        lines.append(f"| {name} | {' | '.join([*times, *cells])} |")
    return "\n".join(lines)


def _short(number: float) -> str:
    return f"{number:.0f}" if number >= 10 else f"{number:.1f}" if number >= 1 else f"{number:.2f}"


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    print(table(json.loads(Path(sys.argv[1]).read_text())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
