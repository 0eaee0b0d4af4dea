"""`rung reduce` as a user meets it: what it writes and says, what it refuses, and that an interrupt loses nothing."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rung.cli import main
from rung.dialects.upstream import parse
from rung.judges.reduce.testfile import replace_file, without_module, write_test

PROGRAM = """\
func.func @main(%x: tensor<8x16xf32>, %y: tensor<8x16xf32>) -> (tensor<8xf32>, tensor<8x16xf32>) {
  %m = nd.binary "mul" %x, %y : tensor<8x16xf32> -> tensor<8x16xf32>
  %n = nd.unary "sin" %m : tensor<8x16xf32>
  %r = nd.reduce "sum" %n axes [1] : tensor<8x16xf32> -> tensor<8xf32>
  return %r, %m : tensor<8xf32>, tensor<8x16xf32>
}
"""
NEEDS_SIN = "! grep -q sin"
LIMITS = ["--check", "-p loops-to-vector --verify-rung vector"]
"""A check that fails on nd: its ops have no place on the vector rung."""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("sine.mlir").write_text(PROGRAM)
    return "sine.mlir"


def refused(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    assert main(["reduce", *args]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1
    return said.err


def test_the_result_is_printed_kept_and_explained(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reduce", file, "--check", NEEDS_SIN]) == 0
    said = capsys.readouterr()
    assert said.out == Path("sine.reduced.mlir").read_text()
    assert [op.name for op in parse(said.out).walk()] == ["builtin.module", "func.func", "nd.unary", "func.return"]
    assert "tensor<1x1xf32>" in said.out
    assert "sine.mlir: 5 ops; fails: exit status 1: " in said.err
    assert re.search(r"5 -> 3 ops after \d+ checks in [\d.]+ s: nothing smaller fails in the same way; in sine.reduced", said.err)
    assert "see it:   ! grep -q sin sine.reduced.mlir" in said.err
    assert sorted(os.listdir()) == ["sine.mlir", "sine.reduced.mlir"]


def test_the_failure_is_the_same_when_seen_as_it_is_said_to_be(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reduce", file, *LIMITS, "-o", "out.mlir"]) == 0
    said = capsys.readouterr().err
    (command,) = re.findall(r"see it:   rung-opt (.*)", said)
    done = subprocess.run(
        [Path(sys.executable).with_name("rung-opt"), *shlex.split(command), "--crash-dir", "c"], capture_output=True, text=True
    )
    assert done.returncode == 1 and "has no place on this rung" in done.stderr


def test_quiet_says_nothing_but_the_module(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reduce", file, "--check", NEEDS_SIN, "--quiet"]) == 0
    said = capsys.readouterr()
    assert said.err == "" and "nd.unary" in said.out


def test_a_test_is_named_after_the_symptom_and_says_how_to_see_it(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reduce", file, *LIMITS, "--test", "tests"]) == 0
    (name,) = os.listdir("tests")
    assert name.startswith("pass_loops_vector_rung_vector") and name.endswith(".mlir")
    first, *rest = Path("tests", name).read_text().splitlines()
    assert first.startswith("// pass loops-to-vector: rung vector: ")
    assert f"run: rung-opt tests/{name} -p loops-to-vector --verify-rung vector" in first
    assert rest[0].startswith("func.func @main(") and rest[-1] == "}"
    assert f"as a test: tests/{name}" in capsys.readouterr().err


def test_match_takes_the_place_of_the_words(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    script = "import sys; t = open(sys.argv[1]).read(); n = t.count('nd.'); print(n, 'ops', 'sine' * ('sin' in t)); sys.exit(n)"
    check = f"{shlex.quote(sys.executable)} -c {shlex.quote(script)} {{}}"
    assert main(["reduce", file, "--check", check, "--match", "ops sine"]) == 0
    assert capsys.readouterr().out.count("nd.") == 1
    assert "does not fail the check" in (told := refused(capsys, file, "--check", check, "--match", "cosine"))
    assert "with --match (exit status 3: 3 ops sine)" in told


def test_refusals_are_one_line(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, file, "--check", "true") == ("rung reduce: sine.mlir does not fail the check 'true', expected it to\n")
    assert "no program 'nonsense-program'" in refused(capsys, file, "--check", "nonsense-program")
    assert "no judge 'guess'" in refused(capsys, file, "--check", "judge:guess")
    assert "--seconds is -1, expected more than 0" in refused(capsys, file, "--check", "false", "--seconds", "-1")
    assert "-o sine.mlir is the file to reduce" in refused(capsys, file, "--check", "false", "-o", file)
    assert "--match (: " in refused(capsys, file, "--check", "false", "--match", "(")
    assert "absent.mlir: No such file" in refused(capsys, "absent.mlir", "--check", "false")
    assert "no/such" in refused(capsys, file, "--check", "false", "-o", "no/such/out.mlir")
    assert sorted(os.listdir()) == ["sine.mlir"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("func.func @main(", "error: "),
        (PROGRAM.replace("axes [1]", "axes [7]"), "sine.mlir:4:3: error: "),
        ("\x00\xff", "sine.mlir:1:2: error: "),
    ],
)
def test_what_is_no_module_is_a_located_message(file: str, text: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(file).write_bytes(text.encode("latin-1"))
    assert main(["reduce", file, "--check", "false"]) == 2
    told = capsys.readouterr()
    assert said in told.err and "Traceback" not in told.err and told.out == ""


def test_standard_input_is_a_file_too(tmp_path: Path) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("rung"), "reduce", "-", "--check", NEEDS_SIN],
        input=PROGRAM, capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0 and done.stdout == (tmp_path / "stdin.reduced.mlir").read_text()


def test_time_limit_is_told_and_keeps_the_best(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reduce", file, "--check", "sleep 0.2; ! grep -q sin {}", "--seconds", "0.7"]) == 0
    said = capsys.readouterr()
    assert "time is up" in said.err and "sin" in said.out
    assert len(list(parse(said.out).walk())) <= 6


def test_an_interrupt_ends_at_once_leaves_the_best_and_no_process(file: str, tmp_path: Path) -> None:
    mark = tmp_path / "alive"
    check = f"(sleep 2; touch {mark}) & sleep 0.1; ! grep -q sin {{}}"
    with subprocess.Popen(
        [Path(sys.executable).with_name("rung"), "reduce", file, "--check", check],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
    ) as process:  # fmt: skip
        out = tmp_path / "sine.reduced.mlir"
        until = time.monotonic() + 90
        while (not out.exists() or out.read_text().count("nd.") > 1) and time.monotonic() < until:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == -signal.SIGINT
        assert "Traceback" not in process.stderr.read()
    best = parse(out.read_text())
    assert "sin" in out.read_text() and len(list(best.walk())) == 4
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".mlir", ".mlir"]
    time.sleep(2)
    assert not mark.exists()


# Files


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        replace_file(path, "new \udc80")
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["f"]
    replace_file(path, "new")
    assert path.read_text() == "new" and os.listdir(tmp_path) == ["f"]


def test_tests_of_one_symptom_do_not_overwrite_each_other(tmp_path: Path) -> None:
    text = "builtin.module {\n  func.func @f() {\n    func.return\n  }\n}\n"
    first = write_test(tmp_path, text, "pass x: too large", "rung-opt {}")
    other = write_test(tmp_path, "builtin.module {\n}\n", "pass x: too large", "rung-opt {}")
    again = write_test(tmp_path, "builtin.module {\n}\n", "pass x: too large", "rung-opt {}")
    assert (first.name, other.name) == ("pass_x_too_large.mlir", "pass_x_too_large_2.mlir")
    assert again == other
    assert first.read_text().startswith(f"// pass x: too large; run: rung-opt {first.as_posix()}\nfunc.func @f()")


def test_a_module_with_attributes_keeps_its_frame() -> None:
    text = "builtin.module attributes {gpu.container_module} {\n}\n"
    assert without_module(text) == text
