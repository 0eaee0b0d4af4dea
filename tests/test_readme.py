"""The README shows what the ladder prints, and its Python runs."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
SHOWN = re.findall(r"<!-- rung ((?:ladder|reduce) [^>]*) -->\n```\w+\n(.*?)```", README, re.DOTALL)
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize(("command", "block"), SHOWN, ids=[command for command, _ in SHOWN])
def test_shown_lines_are_printed_in_this_order(command, block, tmp_path):
    (tmp_path / "examples").symlink_to(ROOT / "examples")  # elsewhere, for what a command writes
    words = [Path(sys.executable).with_name("rung"), *shlex.split(command)]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
    rest = iter([line.strip() for line in done.stdout.splitlines()])
    for line in block.splitlines():
        assert line.strip() in rest, f"{command} does not print (or not in this order): {line}"


@pytest.mark.parametrize("code", PYTHON)
def test_python_blocks_run(code):
    exec(compile(code, "README.md", "exec"), {})


def test_every_path_it_names_exists():
    for path in re.findall(r"`((?:backends|dialects|examples|frontend|notebooks|passes|rung|schedules|tests)/[\w./]*)`", README):
        assert (ROOT / path).exists(), path


def test_the_table_of_kernels_is_that_of_the_recorded_run_it_names():
    (named,) = re.findall(r"`(benchmarks/results/kernels-[^`]*)`", README)
    done = subprocess.run([sys.executable, "-m", "benchmarks.table", named], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout in README
