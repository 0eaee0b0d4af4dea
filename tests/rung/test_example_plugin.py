"""tests/example_plugin, a package from outside, is listed, run, timed, dumped and checked by rung-opt as our own passes are.

It is not installed: a folder beside a copy of it says to importlib.metadata what pip would have said.
"""

# ruff: noqa: E501 - lines of IR stay whole

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import numpy as np
import pytest

EXAMPLE = Path(__file__).resolve().parent.parent / "example_plugin"
SIGNAL = "func.func @main(%x: tensor<3x10xf32>) -> tensor<3x10xf32> {\n  %w = wavelets.haar %x : tensor<3x10xf32>\n  return %w : tensor<3x10xf32>\n}"


def install(folder: Path, name: str, entry: str, *sources: Path) -> None:
    """What `pip install` leaves: the sources, and a dist-info with the entry points."""
    folder.mkdir(exist_ok=True)
    for source in sources:
        shutil.copytree(source, folder / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[xdsl.universe]\n{name} = {entry}\n")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "packages"
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    install(folder, project["name"], project["entry-points"]["xdsl.universe"]["wavelets"], EXAMPLE / "wavelets")
    return folder


def run(site: Path, *args: str, text: str = SIGNAL, module: str = "rung.opt", cwd: Path | None = None):
    environment = {**os.environ, "PYTHONPATH": str(site)}
    return subprocess.run(
        [sys.executable, "-m", module, *args], input=text, capture_output=True, text=True, env=environment, cwd=cwd or site
    )


def test_help_lists_the_pass_with_its_docstrings_first_line(site):
    done = run(site, "--help")
    assert done.returncode == 0, done.stderr
    listed = done.stdout.partition("passes of plug-ins:")[2].partition("passes of xDSL:")[0]
    assert re.search(r"wavelets-to-nd +Write the Haar transform out in `nd`:", listed)


def test_pass_is_run_timed_dumped_and_held_to_its_rung(site, mlir_opt):
    passes = "wavelets-to-nd,nd-mark-kernels,nd-outline-kernels,nd-to-linalg"
    done = run(site, "-p", passes, "--timing", "--print-ir-after-all", "--verify-rung", "each", "--judge", "upstream")
    assert done.returncode == 0, done.stderr
    assert "linalg.generic" in done.stdout
    assert "// -----// IR after wavelets-to-nd //----- //" in done.stderr
    assert re.search(r"^ +\d+\.\d+ ms  wavelets-to-nd$", done.stderr, re.M)


def test_op_verifies_with_its_own_message_at_its_place(site):
    done = run(site, text=SIGNAL.replace("3x10", "3x9"))
    assert done.returncode == 1
    assert done.stderr.startswith("<stdin>:2:3: error: wavelets.haar %w in @main: ")
    assert "shape is (3, 9), expected an even last extent" in done.stderr


def test_plain_xdsl_opt_finds_op_and_pass(site):
    done = run(site, "-p", "wavelets-to-nd", module="xdsl.tools.xdsl_opt")
    assert done.returncode == 0, done.stderr
    assert "nd.shrink" in done.stdout and "wavelets" not in done.stdout


def test_broken_contract_of_the_plugins_pass_leaves_a_reproducer_that_reruns(site, tmp_path):
    done = run(site, "-p", "wavelets-to-nd", "--verify-rung", "linalg", cwd=tmp_path)
    assert done.returncode == 1
    assert re.match(r"rung-opt: pass wavelets-to-nd: (\S+: )?rung linalg: nd\.", done.stderr)
    left = tmp_path / "rung-failed-wavelets-to-nd.mlir"
    command = left.read_text().splitlines()[0].removeprefix("// RUN: rung-opt ").replace("%s", str(left))
    again = subprocess.run(
        f"{sys.executable} -m rung.opt {command}",
        shell=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(site)},
        cwd=tmp_path,
    )
    assert again.returncode == 1
    place = r"\S+:\d+:\d+: "  # of the op in the file that was run: another file now
    assert re.sub(place, "", again.stderr.splitlines()[0]) == re.sub(place, "", done.stderr.splitlines()[0])


def test_lowered_program_computes_the_transform(site, rng, monkeypatch):
    from rung.backends.reference import evaluate
    from rung.dialects.upstream import parse

    lowered = run(site, "-p", "wavelets-to-nd").stdout
    x = rng.standard_normal((3, 10)).astype(np.float32)
    (got,) = evaluate(parse(lowered), "main", [x])
    want = np.concatenate([(x[:, ::2] + x[:, 1::2]) / 2, (x[:, ::2] - x[:, 1::2]) / 2], axis=1)
    np.testing.assert_allclose(got, want, rtol=1e-6)


def test_docstring_of_the_pass_is_true(site):
    text = (EXAMPLE / "wavelets" / "to_nd.py").read_text()
    blocks = {word: textwrap.dedent(re.search(rf"^{word}\n((?:    .*\n)+)", text, re.M).group(1)) for word in ("before", "after")}
    made = run(site, "-p", "wavelets-to-nd", text=blocks["before"]).stdout
    assert made == run(site, text=blocks["after"]).stdout


def test_plugin_that_cannot_be_loaded_is_named_and_left_out(site, tmp_path):
    install(tmp_path / "more", "broken", "no_such_module:X")
    done = run(Path(f"{site}{os.pathsep}{tmp_path / 'more'}"), "-p", "wavelets-to-nd", cwd=tmp_path)
    assert done.returncode == 0
    assert "plug-in broken (no_such_module:X) is left out: ModuleNotFoundError: No module named 'no_such_module'" in done.stderr


def test_plugin_that_names_a_pass_that_is_there_is_told_and_ours_stays(site, tmp_path):
    twin = tmp_path / "more" / "twin.py"
    install(tmp_path / "more", "twin", "twin:TWIN")
    twin.write_text(
        "from xdsl.universe import Universe\nTWIN = Universe(all_passes={'cse': None, 'nd-to-linalg': None}, all_dialects={'gpu': None})\n"
    )
    done = run(Path(f"{site}{os.pathsep}{tmp_path / 'more'}"), "-p", "wavelets-to-nd,cse", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for what in ("pass cse", "pass nd-to-linalg", "dialect gpu"):
        assert f"plug-in twin: {what} is left out: there is one of this name" in done.stderr


def test_entry_point_that_is_no_universe_is_told(site, tmp_path):
    install(tmp_path / "more", "number", "math:pi")
    done = run(Path(f"{site}{os.pathsep}{tmp_path / 'more'}"), cwd=tmp_path)
    assert "plug-in number (math:pi) is left out: it is a float, expected a Universe" in done.stderr


def test_installed_overlays_do_not_reach_a_plain_xdsl_opt(site):
    done = run(site, text="func.func @f() {\n  scf.forall (%i) in (8) {\n  }\n  return\n}", module="xdsl.tools.xdsl_opt")
    assert done.returncode != 0
    assert "scf.forall is not registered" in done.stderr
