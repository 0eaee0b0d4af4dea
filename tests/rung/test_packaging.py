"""The wheel holds every module under `rung`, nothing beside it, and works outside the tree."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

FOLDERS = {"dialects", "passes", "lowering", "schedules", "judges", "backends", "frontend"}

# The editable install of this tree would answer for modules that the wheel lacks, so its finder is removed first.
OUTSIDE = """
import sys
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in repr(finder)]
sys.path.insert(0, sys.argv[1])
"""


@pytest.fixture(scope="session")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of what git tracks, as a clean clone would build it."""
    clean = tmp_path_factory.mktemp("clean")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=repository, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("not a git checkout: git ls-files does not say what a clean tree holds")
    for name in filter(None, listed.stdout.split("\0")):
        if (repository / name).is_file() and not name.startswith(("tests/", "benchmarks/", "notebooks/")):
            (clean / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(repository / name, clean / name)
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q", "-w", str(out), str(clean)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = out.glob("*.whl")
    return built


def test_every_package_folder_is_listed_in_pyproject(repository: Path) -> None:
    listed = set(tomllib.loads((repository / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    found = {"rung"}
    for top in FOLDERS:
        for init in (repository / top).rglob("__init__.py"):
            found.add("rung." + ".".join(init.parent.relative_to(repository).parts))
    found |= {
        "rung." + ".".join(init.parent.relative_to(repository).parts[1:]) for init in (repository / "rung").glob("*/__init__.py")
    }
    assert listed == found


def test_wheel_installs_nothing_beside_rung(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"rung"}


def test_wheel_holds_every_tracked_module_header_and_schedule(wheel: Path, repository: Path) -> None:
    tracked = subprocess.run(["git", "ls-files", "-z", "rung", *FOLDERS], cwd=repository, capture_output=True, text=True)
    wanted = {
        name if name.startswith("rung/") else f"rung/{name}"
        for name in filter(None, tracked.stdout.split("\0"))
        if name.endswith((".py", ".h", ".cpp", ".mlir", "py.typed")) and (repository / name).is_file()
    }
    assert wanted - set(zipfile.ZipFile(wheel).namelist()) == set()


def test_wheel_works_outside_the_tree(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    program = OUTSIDE + (
        "import rung, rung.dialects.nd, rung.universe\n"
        "for where in rung.universe.PASSES.values(): rung.universe.load_pass(where)\n"
        "from rung.cli import build_parser; build_parser()\n"
        "from rung.opt import main\n"
        "print(rung.__file__, rung.dialects.nd.__file__)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(site)], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(site / "rung/__init__.py"), str(site / "rung/dialects/nd/__init__.py")]
