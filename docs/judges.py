"""The tables of docs/judges.md, made from a test run: `python docs/judges.py` after `make pytest`, or `--check` to compare only.

The tests count what was judged by whom (fixture `verdict` of tests/conftest.py) in build/verdicts.json. A cell is how many
programs of the corpus, on the machines `cpu` and `nvidia`, a judge looked at after a pass that changed them, or on a rung that
they reached. `--check` is about cells that are empty on one side and not on the other: numbers grow with the corpus, claims
do not.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE, VERDICTS = ROOT / "docs" / "judges.md", ROOT / "build" / "verdicts.json"

PASSES = {
    "docstring": "docstring",
    "structure": "structure",
    "run": "run, plain numbers",
    "judge run": "run, hostile numbers",
    "total": "total",
    "upstream": "upstream reads",
    "fuzz": "random programs",
}
"""What a test calls a judge of passes: the head of its column."""

RUNGS = {
    "structure": "structure",
    "run": "run",
    "total": "total",
    "cost": "cost",
    "upstream": "upstream reads",
    "mlir-runner": "upstream runs",
    "fuzz": "random programs",
    "damage": "damaged text",
}


def counted() -> dict[tuple[str, str], int]:
    return {(subject, judge): times for subject, judge, times in json.loads(VERDICTS.read_text())}


def table(head: str, rows: list[tuple[str, str]], judges: dict[str, str], found: dict[tuple[str, str], int]) -> str:
    lines = [f"| {head} | {' | '.join(judges.values())} |", f"|---|{'---:|' * len(judges)}"]
    for subject, shown in rows:
        cells = [str(found.get((subject, judge), "")) for judge in judges]
        lines.append(f"| {shown} | {' | '.join(cells)} |")
    return "\n".join(lines)


def sources(found: dict[tuple[str, str], int]) -> str:
    lines = ["| text | judge | programs |", "|---|---|---:|"]
    lines += [f"| {text} | {judge} | {times} |" for (text, judge), times in sorted(found.items()) if text[0].isupper()]
    return "\n".join(lines)


def tables() -> dict[str, str]:
    """Name of each table: its text."""
    from rung.pipeline import LADDER, PIPELINE
    from rung.universe import PASSES as KNOWN

    found = counted()
    order = [step.name for step in PIPELINE]
    passes = [*order, *sorted(set(KNOWN) - set(order))]
    return {
        "passes": table("pass", [(name, f"`{name}`") for name in passes], PASSES, found),
        "rungs": table("rung", [(f"rung {rung}", rung) for rung in LADDER], RUNGS, found),
        "sources": sources(found),
    }


def main() -> int:
    page = PAGE.read_text()
    new = page
    for name, text in tables().items():
        pattern = rf"(<!-- table: {name} -->\n).*?(<!-- end -->)"
        new, times = re.subn(pattern, lambda m, text=text: f"{m[1]}{text}\n{m[2]}", new, flags=re.DOTALL)
        if times != 1:
            print(f"{PAGE}: there are {times} places for the table {name}, expected one", file=sys.stderr)
            return 1
    if "--check" not in sys.argv:
        PAGE.write_text(new)
        return 0
    if claims(page) != claims(new):
        print(
            "docs/judges.md says that other things are judged than this run judged; run `python docs/judges.py`", file=sys.stderr
        )
        return 1
    return 0


def claims(page: str) -> str:
    """The page with `n` for each count in a table."""
    return re.sub(r"(?<=\| )\d+(?= \|)", "n", page)


if __name__ == "__main__":
    sys.exit(main())
