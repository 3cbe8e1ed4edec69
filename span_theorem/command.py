"""Running a typer application with this project's exit statuses: 0 done, 1 claim fails, 2 unusable input."""

import inspect
import io
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from span_theorem.errors import InputError
from span_theorem.extras import missing
from span_theorem.printable import printable

# typer carries its own copy of click; the base of its usage errors is reached through the public subclass
_UsageError: Any = typer.BadParameter.__mro__[1]
INTERRUPTED = 130
_SETTINGS = {"help_option_names": ["-h", "--help"]}


def program(command: Callable[..., Any]) -> typer.Typer:
    """A typer application that is one command."""
    app = typer.Typer(context_settings=_SETTINGS)
    app.command()(command)
    return app


def application(help: str) -> typer.Typer:
    """A typer application, or a group of commands in one, with ``-h`` and ``--version``."""
    app = typer.Typer(
        help=help,
        no_args_is_help=True,
        rich_markup_mode="rich",
        context_settings=_SETTINGS,
    )

    @app.callback(help=help)
    def options(
        version: Annotated[
            bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version.")
        ] = False,
    ) -> None:
        pass

    return app


def grouped(command: Callable[..., Any], panels: Mapping[str, str]) -> None:
    """Show the options of a command in groups.

    Args:
        command: whose parameters are ``Annotated`` with options.
        panels: names of parameters, separated by blanks, by the heading over them; others stand under `Options`.
    """
    for panel, names in panels.items():
        for name in names.split():
            (option,) = (
                one for one in command.__annotations__[name].__metadata__ if hasattr(one, "rich_help_panel")
            )
            option.rich_help_panel = panel


def _reflow(group: typer.Typer) -> None:
    """Join the lines of every paragraph of help, so that it is broken where the terminal ends; examples stay."""
    for inner in getattr(group, "registered_groups", ()):
        if inner.typer_instance is not None:
            _reflow(inner.typer_instance)
    for command in getattr(group, "registered_commands", ()):
        if command.callback is not None and command.callback.__doc__:
            parts = inspect.cleandoc(command.callback.__doc__).split("\n\n")
            joined = (part if part.startswith(" ") else " ".join(part.split("\n")) for part in parts)
            command.callback.__doc__ = "\n\n".join(joined)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"span-theorem {version('span-theorem')}")
        raise typer.Exit


def run(app: typer.Typer, name: str, arguments: Sequence[str] | None = None) -> int:
    """Run ``app`` and return its exit status; a user's mistake becomes one line on stderr and status 2.

    Args:
        app: see :func:`application`.
        name: stands before an error.
        arguments: by default those of the process.
    """
    main = Path(sys.argv[0])
    installed = main.name if main.name.startswith("span-") else name
    usage = f"python -m {main.parent.name}" if main.name == "__main__.py" else installed
    _open_streams()
    _reflow(app)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that lacks a character gets a question mark
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(errors="backslashreplace")
    try:
        result = app(args=arguments, prog_name=usage, standalone_mode=False)
        if result != INTERRUPTED:
            return result if isinstance(result, int) else 0
        message = "interrupted"  # typer returns the status and says nothing
    except _UsageError as error:
        message = error.format_message()
        if not message:  # no arguments: the help has been printed
            return 2
    except InputError as error:
        message = str(error) + (f" (option --{error.setting})" if error.setting else "")
    except ModuleNotFoundError as error:
        message = missing((error.name or "?").partition(".")[0])
    except typer.Exit as error:
        return error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        message = "interrupted"
    except BrokenPipeError:
        # the reader of a pipe (head, less) went away: nothing to report, and nowhere to report it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SystemExit as error:
        if isinstance(error.__context__, BrokenPipeError):  # as rich reports it
            return 0
        raise
    except OSError as error:  # a full disk, a device that went away
        message = str(error)
    print(f"{name}: error: {printable(' '.join(message.split()))}", file=sys.stderr)
    return INTERRUPTED if message == "interrupted" else 2


def _open_streams() -> None:
    """Give closed standard streams the null device: otherwise the next file opened would get what is printed."""
    for name, descriptor in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
        try:
            os.fstat(descriptor)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free, so this one
            if null != descriptor:
                os.dup2(null, descriptor)
                os.close(null)
        if getattr(sys, name) is None:
            mode = "r" if descriptor == 0 else "w"
            setattr(sys, name, os.fdopen(descriptor, mode, encoding="utf-8", closefd=False))
