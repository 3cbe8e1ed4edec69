"""Command blocks of the documentation run and show what the page says; every command on any page is one that exists."""

import doctest
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer

from experiments.cli import app as experiments
from span_theorem.cli import app as span_theorem

ROOT = Path(__file__).parents[1]
GUIDES = sorted(page for folder in ("tutorials", "howto") for page in (ROOT / "docs" / folder).glob("*.md"))
EXECUTED = [ROOT / "README.md", *GUIDES]
PAGES = [*EXECUTED, *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"(?:<!-- (slow|not run: [^>]+) -->\n)?^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"python -m (span_theorem|experiments) ((?:[^\n`\\]|\\\n)*)")
PROGRAMS = {"span_theorem": span_theorem, "experiments": experiments}


@dataclass(frozen=True)
class Block:
    """A block of code on a page: its mark, its language and its text."""

    mark: str
    language: str
    text: str

    @property
    def is_code(self):
        return self.language in ("console", "python")


def blocks(page):
    return [
        Block(*(part or "" for part in match)) for match in BLOCK.findall(page.read_text(encoding="utf-8"))
    ]


def commands(text):
    """Every command of a console block with what it shows."""
    parts = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    return [part.partition("\n")[::2] for part in parts]


def shows(expected, printed):
    """Whether what was printed is what a page shows, where `...` stands for anything."""
    return doctest.OutputChecker().check_output(expected, printed, doctest.ELLIPSIS)


def execute(command, folder):
    """What a command prints on a page, in a folder of its own."""
    words = shlex.split(command)
    assert words[:2] == ["python", "-m"], command
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, *words[1:]], cwd=folder, capture_output=True, encoding="utf-8", env=environment
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def interactive(text, names):
    """Run the examples of a Python block among the names of those before it."""
    test = doctest.DocTestParser().get_doctest(text, names, "a block", None, 0)
    assert test.examples, f"there is nothing to run in\n{text}"
    runner, told = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False), []
    runner.run(test, out=told.append, clear_globs=False)
    names.update(test.globs)
    assert runner.failures == 0, "".join(told)


@pytest.mark.parametrize("page", EXECUTED, ids=lambda page: page.stem)
def test_blocks_run_and_show_what_the_page_says(page, tmp_path, monkeypatch, request):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    names = {}
    for block in blocks(page):
        if block.text.startswith("# file: "):
            (tmp_path / block.text.split()[2]).write_text(block.text)
            continue
        skipped = block.mark.startswith("not run") or (block.mark and not request.config.getoption("--slow"))
        if not block.is_code or skipped:
            continue
        if block.language == "python":
            interactive(block.text, names)
        else:
            for command, expected in commands(block.text):
                printed = execute(command, tmp_path)
                assert shows(expected, printed), f"{page.name}: {command}\n{printed}"


@pytest.mark.parametrize("page", EXECUTED, ids=lambda page: page.stem)
def test_every_block_is_run_or_says_why_not(page):
    assert page.read_text().count("```") % 2 == 0
    for block in blocks(page):
        if block.is_code and not block.text.startswith("# file: "):
            runs = commands(block.text) if block.language == "console" else ">>> " in block.text
            assert runs, block.text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_on_a_page_exists(page):
    text = page.read_text(encoding="utf-8")
    for program, line in COMMAND.findall(text):
        words = [
            word
            for word in shlex.split(line.replace("\\\n", " ").partition(" #")[0])
            if word not in ("|", "…")
        ]
        assert known(PROGRAMS[program], words) is None, (program, line)


def known(app, words):
    """The word that no command or option of it is, if there is one."""
    command = typer.main.get_command(app)
    while words and hasattr(command, "commands"):
        if words[0] not in command.commands:
            return None if words[0].startswith(("-", "DIR", "NAME")) else words[0]
        command, words = command.commands[words[0]], words[1:]
    options = {name for one in command.params for name in (*one.opts, *one.secondary_opts)} | {"--help", "-h"}
    return next(
        (word for word in words if re.match(r"--?[A-Za-z]", word) and word.partition("=")[0] not in options),
        None,
    )


def test_what_a_page_may_get_wrong_is_seen():
    assert not shows("a\n...\nc\n", "a\nb\nd\n")
    assert shows("a\n...\nc\n", "a\nb\nb\nc\n")
    assert known(experiments, ["diagnose", "--nonsense"]) == "--nonsense"
    assert known(experiments, ["nonsense"]) == "nonsense"
    assert known(experiments, ["data", "fetch", "rmd17", "--molecule", "aspirin"]) is None
    with pytest.raises(AssertionError, match="Expected"):
        interactive(">>> 1 + 1\n3\n", {})
