"""The reference of a program's commands, from the program itself: `python -m docs.commands experiments`."""

import inspect
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import typer


def reference(program: str) -> str:
    """Every command with its help, arguments and options.

    Args:
        program: package with a command line, ``span_theorem`` or ``experiments``.
    """
    group = typer.main.get_command(import_module(f"{program}.cli").app)
    parts = [f"# python -m {program}", inspect.cleandoc(group.help or "")]
    for path, command in commands(group):
        parts += [f"## {' '.join(path)}", _usage(program, path, command), _prose(command.help or "")]
        rows = [_row(one) for one in command.params if not getattr(one, "hidden", False)]
        if rows:
            parts.append("\n".join(["| | default | |", "| --- | --- | --- |", *rows]))
    return "\n\n".join(part for part in parts if part) + "\n"


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """All commands with their words, groups resolved."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def _usage(program: str, path: tuple[str, ...], command: Any) -> str:
    arguments = [_argument(one) for one in command.params if one.param_type_name == "argument"]
    return f"    python -m {program} {' '.join(path)} {' '.join(arguments)} …"


def _argument(one: Any) -> str:
    return one.metavar or one.name.upper()


def _prose(help: str) -> str:
    """The help's text; indented lines, its examples, stay as they are typed."""
    lines = []
    for line in inspect.cleandoc(help).splitlines():
        example = line.startswith("  ")
        lines.append(f"  {line}".replace("\\[", "[") if example else _escaped(line))
    return "\n".join(lines)


def _row(one: Any) -> str:
    names = ", ".join(f"`{name}`" for name in (*one.opts, *one.secondary_opts))
    if one.param_type_name == "argument":
        names = f"`{_argument(one)}`"
    default = "" if one.default is None or callable(one.default) else f"`{one.default}`"
    needed = "needed" if one.required else default
    return (
        f"| {names} | {needed} | {_escaped(getattr(one, 'help', None) or '').replace('|', chr(92) + '|')} |"
    )


def _escaped(text: str) -> str:
    return text.replace("<", "\\<").replace("[", "\\[").replace("*", "\\*")


if __name__ == "__main__":
    print(reference(sys.argv[1]), end="")
