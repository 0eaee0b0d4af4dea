"""`rung fuzz`: hunts, reports, records."""

import json

import pytest

from rung import cli, cli_fuzz
from rung.judges.fuzzing import generate, judges
from rung.judges.fuzzing.case import Found


def test_a_clean_hunt_says_so_and_writes_a_record(tmp_path, capsys):
    record = tmp_path / "fuzz.json"
    arguments = ["fuzz", "--count", "5", "--ops", "3", "--elements", "60", "--seed", "50", "--record", str(record)]
    assert cli.main(arguments) == 0
    assert "reference: 5 programs" in capsys.readouterr().out
    found = json.loads(record.read_text())
    assert found["totals"]["reference"] == {"programs": 5, "ops": found["runs"][0]["ops"], "failures": 0}
    assert found["versions"]["xdsl"] and found["coverage"]["ranks"] and found["runs"][0]["first_seed"] == 50
    assert found["runs"][0]["tree"] and found["runs"][0]["sizes"] == {"ops": 3, "elements": 60, "points": 600}


def test_a_record_grows_and_keeps_what_a_person_wrote(tmp_path):
    record = tmp_path / "fuzz.json"
    arguments = ["fuzz", "--count", "2", "--ops", "2", "--elements", "30", "--record", str(record)]
    assert cli.main(arguments) == 0
    written = json.loads(record.read_text())
    written["found"] = ["a word about a bug"]
    record.write_text(json.dumps(written))
    assert cli.main([*arguments, "--seed", "2"]) == 0
    found = json.loads(record.read_text())
    assert found["found"] == ["a word about a bug"] and len(found["runs"]) == 2
    assert found["totals"]["reference"]["programs"] == 4 and sum(found["coverage"]["results"].values()) == 4


def test_a_failure_is_cut_down_kept_and_makes_the_exit_code_1(tmp_path, capsys, monkeypatch):
    def no_sums(cases):
        bad = [any(node.about.get("kind") == "add" for node in case.program.nodes) for case in cases]
        return [Found("picky", "result 0 is wrong: a sum") if each else None for each in bad]

    monkeypatch.setitem(judges.JUDGES, "picky", no_sums)
    seed = next(seed for seed in range(100) if any(node.about.get("kind") == "add" for node in generate(seed).nodes))
    assert cli.main(["fuzz", "--target", "picky", "--count", "1", "--seed", str(seed), "--keep", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert f"seed {seed}: picky: result 0 is wrong: a sum" in said.out and "1 failure" in said.out
    (kept,) = tmp_path.glob("picky_result_is_wrong_*.mlir")
    assert kept.read_text().count("nd.") == 1 and 'nd.binary "add"' in kept.read_text()


def test_several_targets_are_judged_in_turn(capsys, monkeypatch):
    monkeypatch.setattr(judges, "JUDGES", {"reference": lambda cases: [None] * len(cases)} | {"two": judges.JUDGES["reference"]})
    assert cli.main(["fuzz", "--target", "reference,two", "--count", "1", "--ops", "2", "--elements", "20"]) == 0
    assert [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()] == ["reference", "two"]


def test_all_is_what_this_machine_has(monkeypatch):
    monkeypatch.setattr(judges, "why_absent", lambda name: None if name in ("reference", "opencl") else "not here")
    assert judges.here() == ["reference", "opencl"]


def test_enough_failures_end_a_hunt(capsys, monkeypatch, tmp_path):
    monkeypatch.setitem(judges.JUDGES, "never", lambda cases: [Found("never", "wrong") for _ in cases])
    monkeypatch.setattr(cli_fuzz, "REDUCED", 0)
    arguments = ["fuzz", "--target", "never", "--count", "500", "--ops", "2", "--elements", "20", "--keep", str(tmp_path)]
    assert cli.main(arguments) == 1
    assert "never: 20 programs" in capsys.readouterr().out


def test_seconds_end_a_hunt(capsys):
    assert cli.main(["fuzz", "--seconds", "0.01", "--ops", "2", "--elements", "20"]) == 0
    assert "reference: 20 programs" in capsys.readouterr().out  # one batch


def test_show_prints_the_program_of_the_seed(capsys):
    assert cli.main(["fuzz", "--show", "--seed", "5"]) == 0
    assert capsys.readouterr().out.strip() == str(generate(5).module())


def test_coverage_prints_a_table_and_what_is_missing(capsys):
    assert cli.main(["fuzz", "--coverage", "--count", "3"]) == 0
    said = capsys.readouterr().out
    assert "binary add" in said and "missing  " in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "abacus"], "no target 'abacus', expected all or some of reference,"),
        (["--count", "0"], "--count is 0, expected at least 1"),
        (["--seed", "-1"], "--seed is -1, expected at least 0"),
        (["--seconds", "5", "--count", "5"], "expected more than 0, and no --count beside it"),
        (["--record", "no/such/folder/x.json"], "no/such/folder is no folder"),
    ],
)
def test_a_mistake_of_the_users_is_one_line_and_exit_code_2(arguments, message, capsys):
    assert cli.main(["fuzz", *arguments]) == 2
    said = capsys.readouterr().err
    assert message in said and "Traceback" not in said and said.count("\n") == 1


def test_a_file_that_is_no_record_stays_as_it_is(tmp_path, capsys):
    other = tmp_path / "other.json"
    other.write_text("{}")
    assert cli.main(["fuzz", "--count", "1", "--ops", "2", "--elements", "20", "--record", str(other)]) == 2
    assert "is no record of rung fuzz" in capsys.readouterr().err and other.read_text() == "{}"


def test_a_target_that_is_absent_says_why(capsys, monkeypatch):
    monkeypatch.setattr(judges, "why_absent", lambda name: "no such device")
    assert cli.main(["fuzz", "--target", "opencl"]) == 2
    assert "opencl is not on this machine: no such device" in capsys.readouterr().err
