"""Running a typer application with this project's exit statuses: 0 done, 1 claim fails, 2 unusable input."""

import io
import os
import sys
from collections.abc import Sequence
from typing import Any

import typer

from span_theorem.errors import InputError
from span_theorem.printable import printable

# typer carries its own copy of click; the base of its usage errors is reached through the public subclass
_UsageError: Any = typer.BadParameter.__mro__[1]


def application(help: str) -> typer.Typer:
    """A typer application whose help keeps its line breaks and which offers no shell completion."""
    return typer.Typer(help=help, add_completion=False, no_args_is_help=True, rich_markup_mode="rich")


def run(app: typer.Typer, name: str, arguments: Sequence[str] | None = None) -> int:
    """Run ``app`` and return its exit status; a user's mistake becomes one line on stderr and status 2."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that lacks a character gets a question mark
    try:
        result = app(args=arguments, prog_name=name, standalone_mode=False)
        return result if isinstance(result, int) else 0
    except _UsageError as error:
        message = error.format_message()
        if not message:  # no arguments: the help has been printed
            return 2
    except InputError as error:
        message = str(error)
    except ModuleNotFoundError as error:
        message = f"this needs the package {error.name}, which is not installed (README.md lists the extras)"
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
    return 130 if message == "interrupted" else 2
