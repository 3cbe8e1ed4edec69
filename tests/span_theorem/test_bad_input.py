"""Every user's mistake: exit status 2 and one line on stderr that names it."""

import subprocess
import sys

import pytest

import span_theorem.instance
from span_theorem.cli import main

HUGE = "1" + "0" * 30

CASES = [
    ("check --L -1 --d 2", "--L"),
    ("check --L 2 --d -3", "--d"),
    ("check --L 2.5 --d 2", "integer"),
    ("check --L two --d 2", "integer"),
    ("check --L 2", "Missing option '--d'"),
    ("check --d 2", "Missing option '--L'"),
    (f"check --L {HUGE} --d 2", "GiB"),
    (f"check --L 2 --d {HUGE}", "GiB"),
    ("check --L 1000 --d 1000 --method exact", "GiB of memory"),
    ("check --L 12 --d 12 --method numeric", "--method exact"),
    ("check --L 2 --d 2 --features all", "'upto', 'exact'"),
    ("check --L 2 --d 2 --method guess", "'exact', 'rank', 'numeric', 'both'"),
    ("check --L 2 --d 2 --seed -1", "--seed"),
    ("check --L 2 --d 2 --json /no/such/folder/x.json", "/no/such/folder/x.json"),
    ("grid --max-L 2 --max-d 2 --json /", "folder"),
    ("certify --L 2 --d 2", "--output"),
    ("certify --L 2 --d 2 -o /no/such/folder/x.json", "/no/such/folder/x.json"),
    (f"certify --L {HUGE} --d 2 -o x.json", "25000"),
    ("certify --L 200 --d 200 -o x.json", "25000"),
    ("verify", "Missing argument"),
    ("verify /no/such/file", "no certificate"),
    ("grid --max-L -1 --max-d 2", "--max-L"),
    ("grid --max-L 2", "--max-d"),
    (f"grid --max-L {HUGE} --max-d 2", "GiB"),
    ("multiplicity --L -1 --d 2", "--L"),
    (f"multiplicity --L {HUGE} --d 2", "GiB"),
    ("multiplicity --L 1000 --d 1000", "GiB"),
    ("multiplicity --L 2 --d 2 --json /no/such/folder/x.json", "/no/such/folder/x.json"),
    ("require", "Missing option '--l'"),
    ("require --l -1", "--l"),
    ("require --l 1.5", "integer"),
    (f"require --l {HUGE}", "1000"),
    ("require --l 5 --features all", "'upto', 'exact'"),
    ("require --l 5 --json /no/such/folder/x.json", "/no/such/folder/x.json"),
    ("span --L 2", "No such command"),
]


@pytest.mark.parametrize(("line", "named"), CASES)
def test_one_line_and_status_2(line, named, capsys):
    assert main(line.split()) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("span-theorem: error: ")
    assert named in captured.err


@pytest.mark.parametrize("command", ["check --L 2 --d 2", "grid --max-L 2 --max-d 2"])
def test_an_unwritable_output_is_found_before_the_work(command, monkeypatch):
    def unreachable(*arguments, **settings):
        raise AssertionError("computed before looking at the output")

    monkeypatch.setattr(span_theorem.instance, "check_span", unreachable)
    assert main([*command.split(), "--json", "/no/such/folder/x.json"]) == 2


def test_through_the_process():
    run = subprocess.run(
        [sys.executable, "-m", "span_theorem", "check", "--L", "-1", "--d", "2"],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["check", "grid", "multiplicity", "require"])
def test_help_shows_examples(command, capsys):
    assert main([command, "--help"]) == 0
    assert f"span-theorem {command} --" in capsys.readouterr().out
