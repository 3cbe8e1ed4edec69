"""Nothing that comes from a file commands the terminal."""

import sys

import typer
from rich.table import Table
from rich.text import Text

from span_theorem.command import application, run
from span_theorem.console import console
from span_theorem.errors import InputError
from span_theorem.printable import printable

HOSTILE = "a\x1b[2J\x1b]0;title\x07b\x9b31m\u202ec\rd"
COMMANDS = ("\x1b", "\x07", "\x9b", "\u202e", "\r")


def test_what_can_be_seen_stays():
    text = "Å ≤ σ²\n\t→ 中\N{NO-BREAK SPACE}é"
    assert printable(text) == text


def test_a_console_prints_text_only(capsys):
    table = Table(title=HOSTILE)
    table.add_column(HOSTILE)
    table.add_row(HOSTILE)
    table.add_row(Text(HOSTILE))
    out = console()
    for shown in (HOSTILE, Text(HOSTILE), table):
        out.print(shown)
    printed = capsys.readouterr().out
    assert "title" in printed
    assert not any(command in printed for command in COMMANDS)


def test_colours_are_the_consoles_own(monkeypatch, capsys):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("FORCE_COLOR", "1")
    out = console()
    out.print(Text("x\x1b[2J", style="bold red"))
    printed = capsys.readouterr().out
    assert "\x1b[1;31m" in printed
    assert "\x1b[2J" not in printed


def test_an_error_is_text_only(capsys):
    app = application("")

    @app.command()
    def fail() -> int:
        raise InputError(f"{HOSTILE} is wrong")

    @app.command()
    def other() -> int:
        typer.echo("")
        return 0

    assert run(app, "program", ["fail"]) == 2
    printed = capsys.readouterr().err
    assert printed.startswith("program: error: a")
    assert not any(command in printed for command in COMMANDS)
