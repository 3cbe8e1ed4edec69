"""Help that a person can use: options in groups, a study's own words, lines that end where the terminal does."""

import re
import subprocess
import sys
from itertools import pairwise

import pytest
import typer

from experiments.cli import app, main
from experiments.commands.diagnose import diagnose
from experiments.studies import registry


def options(command):
    """Options of a command by the heading that they stand under."""
    found = {}
    for one in typer.main.get_command(app).commands[command].params:
        found.setdefault(getattr(one, "rich_help_panel", None) or "Options", []).append(one.name)
    return found


def test_options_of_diagnose_stand_in_groups():
    groups = options("diagnose")
    assert len(groups) >= 6
    assert groups["Options"] == ["backbone", "d"]
    assert sum(map(len, groups.values())) == len(diagnose.__annotations__) - 1  # what it returns


@pytest.mark.parametrize("name", registry.STUDIES)
def test_every_study_has_help_of_its_own(name, capsys):
    assert main(["study", name, "--help"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert registry.description(name)[:40] in printed
    assert "--executor" in printed
    assert main(["study", "--help"]) == 0
    assert "calibration:" in capsys.readouterr().out


def test_a_study_that_is_none_has_no_help(capsys):
    assert main(["study", "nonsense", "--help"]) == 2
    assert "unknown study 'nonsense'" in capsys.readouterr().err
    assert main(["study"]) == 2


@pytest.mark.parametrize("words", [["diagnose"], ["study"], ["report"], ["data", "generate"], ["train"]])
def test_at_80_columns_no_line_is_an_orphan(words):
    """A paragraph's lines are full: the next line's first word would not have fitted."""
    run = [sys.executable, "-m", "experiments", *words, "--help"]
    done = subprocess.run(
        run, capture_output=True, text=True, env={"COLUMNS": "80", "PATH": "", "LC_ALL": "C.UTF-8"}
    )
    assert done.returncode == 0
    text = done.stdout.partition("Examples:")[0].partition("╭")[0]
    assert f"python -m experiments {' '.join(words)}" in text
    for paragraph in re.split(r"\n\s*\n", text):
        lines = [line.rstrip() for line in paragraph.splitlines() if line.strip()]
        for line, following in pairwise(lines):
            assert len(line) + 1 + len(following.split()[0]) > 79, (line, following)
