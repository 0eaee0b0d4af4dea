"""rung-opt: what it prints and where, what it checks, and what it says and leaves behind when something is wrong."""

# ruff: noqa: E501 - lines of IR stay whole

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rung.opt import main
from rung.opt_help import first_line, pass_lines
from rung.plugins import everything
from rung.universe import PASSES

ADD = "func.func @f(%a: f32) -> f32 {\n  %b = arith.addf %a, %a : f32\n  %dead = arith.addf %b, %b : f32\n  return %b : f32\n}\n"
SOFTMAX = (Path(__file__).resolve().parent.parent / "corpus" / "softmax_rows.mlir").read_text()


@pytest.fixture
def opt(tmp_path, monkeypatch, capsys):
    """`opt(text, *args) -> (status, stdout, stderr)` in an empty folder of its own; the text is in.mlir there."""
    monkeypatch.chdir(tmp_path)

    def run(text: str | bytes, *args: str) -> tuple[int, str, str]:
        Path("in.mlir").write_bytes(text.encode() if isinstance(text, str) else text)
        try:
            status = main(["in.mlir", *args])
        except SystemExit as end:
            status = end.code
        out, err = capsys.readouterr()
        return status, out, err

    return run


# what it does


def test_passes_of_xdsl_and_of_rung_run_in_one_pipeline(opt):
    status, out, err = opt(SOFTMAX, "-p", "nd-simplify,nd-mark-kernels,nd-outline-kernels,nd-to-linalg,canonicalize,cse")
    assert (status, err) == (0, "")
    assert "linalg.generic" in out


def test_pipeline_of_the_ladder_reaches_gpu_under_every_declared_contract(opt, mlir_opt):
    from rung.pipeline import PIPELINE

    status, out, err = opt(
        SOFTMAX, "-p", ",".join(step.name for step in PIPELINE), "--verify-rung", "each", "--judge", "upstream"
    )
    assert (status, [line[:29] for line in err.splitlines()]) == (
        0,
        ["rung-opt: judge upstream: aft", "rung-opt: judge upstream: mli"],
    )
    assert "gpu.launch_func" in out


def test_overlays_are_read_and_printed_in_upstreams_syntax(opt):
    status, out, _ = opt(
        "func.func @f(%v: vector<2x3xf32>) {\n  scf.forall (%i) in (8) {\n    %t = vector.transpose %v, [1, 0] : vector<2x3xf32> to vector<3x2xf32>\n  }\n  return\n}"
    )
    assert status == 0
    assert "scf.forall (%i) in (8) {" in out
    assert "vector.transpose %v, [1, 0]" in out


def test_generic_form_and_back_is_the_same(opt):
    _, generic, _ = opt(SOFTMAX, "--print-op-generic")
    assert '"nd.reduce"' in generic
    assert opt(generic)[1] == opt(SOFTMAX)[1]


def test_dumps_go_to_stderr_after_each_pass(opt):
    status, out, err = opt(ADD, "-p", "cse,dce", "--print-ir-after-all")
    assert status == 0
    assert re.findall(r"// -----// IR after (\S+) //----- //", err) == ["cse", "dce"]
    assert err.count("func.func @f") == 2
    assert "IR after" not in out and out.count("func.func @f") == 1


def test_timings_go_to_stderr_one_line_a_pass(opt):
    _, out, err = opt(ADD, "-p", "cse,dce", "--timing")
    assert re.findall(r"^ +[\d.]+ ms  (\S+)$", err, re.M) == ["parse", "cse", "dce", "checks", "total"]
    assert " ms " not in out


@pytest.mark.parametrize(("flag", "shown"), [("--time-passes", "ms  dce"), ("--print-between-passes", "IR after dce")])
def test_xdsls_own_report_flags_keep_stdout_clean(flag, shown, opt):
    _, out, err = opt(ADD, "-p", "dce", flag)
    assert shown in err and shown not in out


def test_output_file_is_written_and_stdout_stays_empty(opt):
    status, out, _ = opt(ADD, "-p", "dce", "-o", "out.mlir")
    assert (status, out) == (0, "")
    assert "dead" not in Path("out.mlir").read_text()


def test_output_over_the_input_survives_a_failure(opt):
    assert opt(ADD, "-p", "dce", "-o", "in.mlir", "--verify-rung", "nd")[0] == 1
    assert Path("in.mlir").read_text() == ADD
    assert opt(ADD, "-p", "dce", "-o", "in.mlir")[0] == 0
    assert "dead" not in Path("in.mlir").read_text()


def test_file_of_any_extension_is_mlir(opt):
    opt(ADD)
    Path("in.mlir").rename("kernel.txt")
    assert main(["kernel.txt"]) == 0


@pytest.mark.parametrize("arguments", [(), ("-",)])
def test_standard_input_is_read(arguments, tmp_path):
    done = subprocess.run([sys.executable, "-m", "rung.opt", *arguments, "-p", "dce"], input=ADD, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "func.func @f" in done.stdout


def test_console_script_runs(tmp_path):
    script = Path(sys.executable).parent / "rung-opt"
    done = subprocess.run([script, "-p", "dce"], input=ADD, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "dead" not in done.stdout


def test_reader_that_goes_away_is_no_error(tmp_path):
    (tmp_path / "long.mlir").write_text("\n".join(ADD.replace("@f", f"@f{i}") for i in range(400)))
    command = f"{sys.executable} -m rung.opt long.mlir | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.strip() == "builtin.module {"
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr


def test_chunks_of_a_split_file_are_each_run(opt):
    _, out, _ = opt(f"{ADD}// -----\n{ADD.replace('@f', '@g')}", "-p", "dce", "--split-input-file")
    assert "@f" in out and "@g" in out and "// -----" in out and "dead" not in out


# help


def test_help_lists_each_pass_of_rung_with_its_first_sentence(opt):
    status, out, _ = opt(ADD, "--help")
    assert status == 0
    ours = out.partition("passes of rung:")[2].partition("passes of xDSL:")[0]
    for name in PASSES:
        entry = re.search(rf"^  {name} +(\S.*)$", ours, re.M)
        assert entry, f"{name} is not listed"
        assert not entry.group(1).startswith(("(no docstring)", "cannot be loaded")), entry.group(0)
    assert re.search(r"^  canonicalize +Applies all canonicalization patterns\.$", out, re.M)
    for flag in ("--verify-rung", "--print-ir-after-all", "--timing", "--judge", "--judge-seed", "--judge-limit", "--crash-dir"):
        assert flag in out


def test_pass_that_cannot_be_imported_is_listed_with_the_reason():
    def missing():
        raise ModuleNotFoundError("No module named 'later'")

    lines = pass_lines({"later": missing})
    assert any(re.match(r"  later +cannot be loaded: ModuleNotFoundError: No module named 'later'", line) for line in lines)


def test_every_pass_of_xdsl_can_be_listed():
    universe = everything()
    assert all(first_line(universe.all_passes[name]()) for name in ("canonicalize", "cse", "dce", "mlir-opt"))


def test_version_names_rung_and_xdsl(opt):
    status, out, _ = opt(ADD, "--version")
    assert status == 0
    assert re.match(r"rung-opt of rung [\d.]+ on xdsl 0\.74", out)


# checks


def test_result_is_held_to_the_contract_asked_for(opt):
    assert opt(SOFTMAX, "-p", "nd-simplify", "--verify-rung", "nd")[0] == 0
    status, out, err = opt(SOFTMAX, "-p", "nd-simplify", "--verify-rung", "linalg")
    assert (status, out) == (1, "")
    assert re.match(r"rung-opt: pass nd-simplify: (in\.mlir:\d+:\d+: )?rung linalg: nd\.", err)
    assert "in @main: nd-to-linalg leaves nothing of nd" in err
    assert "rerun it: rung-failed-nd-simplify.mlir" in err


def test_input_is_held_to_the_contract_where_no_pass_runs(opt):
    status, _, err = opt(ADD, "--verify-rung", "nd")
    assert status == 1
    assert err.startswith("in.mlir:2:3: error: rung nd: arith.addf %b in @f: it has no place on this rung")


def test_contract_holds_after_the_last_pass_only_even_where_one_runs_twice(opt):
    passes = "cse,nd-mark-kernels,nd-outline-kernels,nd-to-linalg,cse"
    assert opt(SOFTMAX, "-p", passes, "--verify-rung", "linalg")[0] == 0


def test_declared_contract_is_asked_after_each_pass(opt):
    text = "func.func @main(%a: tensor<4xf32>, %n: index) {\n  scf.for %i = %n to %n step %n {\n  }\n  return\n}\n"
    assert opt(text, "-p", "nd-mark-kernels")[0] == 0
    status, _, err = opt(text, "-p", "nd-mark-kernels", "--verify-rung", "each")
    assert status == 1
    assert "pass nd-mark-kernels: in.mlir:2:3: rung nd: scf.for in @main: nd has no control flow; use nd.select" in err


def test_unknown_rung_is_refused_with_those_there_are(opt):
    status, _, err = opt(ADD, "--verify-rung", "lops")
    assert status == 2
    assert "nd" in err and "gpu" in err


def test_workgroup_limit_reaches_the_contract(opt):
    kernel = "module attributes {gpu.container_module} {\n  gpu.module @k {\n    gpu.func @f() workgroup(%w : memref<32xf32, #gpu.address_space<workgroup>>) kernel {\n      gpu.return\n    }\n  }\n}"
    assert opt(kernel, "-p", "cse", "--verify-rung", "gpu", "--workgroup-bytes", "128")[0] == 0
    status, _, err = opt(kernel, "-p", "cse", "--verify-rung", "gpu", "--workgroup-bytes", "127")
    assert status == 1
    assert "uses 128 bytes of workgroup memory, expected at most 127" in err


def test_upstreams_refusal_of_the_input_is_told(opt, mlir_opt):
    text = "func.func @f(%m: memref<8x8xf32>) {\n  %s = memref.subview %m[0, 0] [4, 4] [1, 1] : memref<8x8xf32> to memref<4x4xf32>\n  return\n}"
    assert opt(text)[0] == 0
    status, _, err = opt(text, "--judge", "upstream")
    assert status == 1
    assert "upstream refuses: expected result type to be" in err


def test_absent_upstream_is_told(opt, monkeypatch):
    monkeypatch.setenv("RUNG_MLIR_OPT", "no-such-tool")
    status, _, err = opt(ADD, "--judge", "upstream")
    assert status == 1
    assert err.startswith("rung-opt: mlir-opt-22 is absent")


def test_checks_switched_off_let_a_use_before_its_definition_through(tmp_path):
    text = 'func.func @f(%a: f32) -> f32 {\n  %b = "arith.addf"(%a, %c) : (f32, f32) -> f32\n  %c = "arith.addf"(%a, %a) : (f32, f32) -> f32\n  return %b : f32\n}'
    # in a process of its own: xDSL switches verification off for all attributes of the process
    runs = [
        subprocess.run([sys.executable, "-m", "rung.opt", *flags], input=text, capture_output=True, text=True)
        for flags in ((), ("--disable-verify",))
    ]
    assert [done.returncode for done in runs] == [1, 0]
    assert "which does not dominate the use" in runs[0].stderr


# failures


def test_reproducer_of_a_failing_pass_reruns_just_that(opt):
    _, _, err = opt(SOFTMAX, "-p", "cse,nd-simplify", "--verify-rung", "linalg")
    left = Path("rung-failed-nd-simplify.mlir")
    head = left.read_text().splitlines()[0]
    assert head == "// RUN: rung-opt %s -p 'nd-simplify' --verify-rung linalg"
    command = head.removeprefix("// RUN: rung-opt ").replace("%s", str(left))
    again = subprocess.run(f"{sys.executable} -m rung.opt {command}", shell=True, capture_output=True, text=True)
    assert again.returncode == 1
    of_the_op = "rung linalg: nd.reduce"  # its place is now one in the file that was left
    assert again.stderr.splitlines()[0].partition(of_the_op)[1:] == err.splitlines()[0].partition(of_the_op)[1:]


def test_reproducer_goes_where_crash_dir_says(opt, tmp_path):
    _, _, err = opt(SOFTMAX, "-p", "nd-simplify", "--verify-rung", "linalg", "--crash-dir", "crashes/here")
    assert Path("crashes/here/rung-failed-nd-simplify.mlir").exists()
    assert not Path("rung-failed-nd-simplify.mlir").exists()
    assert "crashes/here/rung-failed-nd-simplify.mlir" in err


def test_pass_that_raises_is_named_with_the_reason(opt):
    status, _, err = opt(ADD, "-p", 'dce,mlir-opt{executable="no-such-tool"}')
    assert status == 1
    assert err.startswith("rung-opt: pass mlir-opt: ")
    assert "no-such-tool" in err.splitlines()[0]
    assert "Traceback" not in err
    left = Path("rung-failed-mlir-opt.mlir").read_text()
    assert left.startswith("// RUN: rung-opt %s -p 'mlir-opt{")
    assert "dead" not in left


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("canonicalise", "Unrecognized passes: ['canonicalise']; canonicalise: did you mean canonicalize"),
        ("nd-to-linalgs{a=1}", "nd-to-linalgs: did you mean nd-to-linalg"),
        ("nd-to-linalg{x=3}", 'Provided arguments ["x"] not found in expected arguments'),
        ("cse{a=}", "Unknown argument value"),
        ("cse,,dce", "-p cse,,dce: "),
    ],
)
def test_wrong_pipeline_is_told_with_what_was_meant(spec, told, opt):
    status, _, err = opt(ADD, "-p", spec)
    assert status == 1
    assert err.startswith("rung-opt: -p ")
    assert told in err
    assert "Traceback" not in err


@pytest.mark.parametrize(("name", "told"), [("nope.mlir", "nope.mlir: No such file or directory"), (".", ".: Is a directory")])
def test_input_that_cannot_be_read_is_told(name, told, capsys):
    assert main([name]) == 1
    assert capsys.readouterr().err == f"rung-opt: {told}\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_output_that_cannot_be_written_is_told(opt):
    Path("closed").mkdir(mode=0o500)
    assert opt(ADD, "-o", "closed/out.mlir")[0] == 1


def test_output_into_a_folder_that_is_not_there_is_told(opt):
    status, _, err = opt(ADD, "-o", "no/such/out.mlir")
    assert (status, err) == (1, "rung-opt: no/such/out.mlir: No such file or directory\n")


def test_malformed_chunk_of_a_split_file_has_its_line_in_the_file(opt):
    status, _, err = opt(f"{ADD}// -----\nfunc.func @g() {{\n  nd.foo\n}}\n", "--split-input-file")
    assert status == 1
    assert err.startswith("in.mlir:8:")


def test_expected_diagnostics_are_printed_for_filecheck(opt):
    status, out, _ = opt("func.func @g() {\n  nd.foo\n}\n", "--parsing-diagnostics")
    assert status == 0
    assert "nd.foo is not registered" in out
    status, out, _ = opt("func.func @g(%a: i32) -> f32 {\n  return %a : i32\n}\n", "--verify-diagnostics")
    assert status == 0
    assert "func.return in @g" in out
