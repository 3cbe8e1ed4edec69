"""Help that a person can use: options in groups, a study's own words, lines that end where the terminal does."""

import inspect
import re
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from itertools import pairwise

import pytest
import typer

from experiments.cli import app, main
from experiments.commands.diagnose import diagnose
from experiments.studies import registry
from span_theorem.cli import app as theorem


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


def commands(group, *names):
    """Every command of a program, with the words that call it."""
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, *names, name)
    yield names, group


@pytest.mark.parametrize(
    ("words", "command"),
    [
        pytest.param(words, command, id=" ".join(words))
        for program, group in (("experiments", app), ("span_theorem", theorem))
        for words, command in commands(typer.main.get_command(group), program)
    ],
)
def test_at_80_columns_nothing_breaks_inside_a_word(words, command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    with command.make_context(" ".join(words), [], resilient_parsing=True) as context, StringIO() as text:
        with redirect_stdout(text):
            print(command.get_help(context))
        shown = text.getvalue()
    assert "…" not in shown
    assert all(option in shown for one in command.params for option in one.opts if option[0] == "-")
    # a command to copy stands on lines of its own, none broken by the terminal
    for line in inspect.cleandoc(command.help or "").splitlines():
        if re.match(r" +(python -m|span-|--)", line):
            assert len(line) <= 78, line


def test_words_of_before_are_accepted_and_not_shown(tmp_path, capsys):
    options = ["--backbone", "density:2", "--site", "0", "--toward", "1"]
    assert (
        main(["diagnose", "--frames", "gone.xyz", "--test-frames=x.xyz", "--force-frames", "20", *options])
        == 2
    )
    assert "gone.xyz: it does not exist" in capsys.readouterr().err
    assert main(["diagnose", "--help"]) == 0
    assert "frames" not in capsys.readouterr().out.partition("Options")[2]


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
