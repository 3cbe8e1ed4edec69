"""The terminal: results on stdout, progress on stderr."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from span_theorem.errors import InputError


def make_folder(path: Path) -> None:
    """Make the folder of results before the work starts.

    Raises:
        InputError: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {path}: {error.strerror}") from error


def results_console() -> Console:
    """For results; wide enough when piped that no row is folded."""
    return Console(width=None if sys.stdout.isatty() else 120, highlight=False)


@contextmanager
def progress_bar(description: str, total: int) -> Iterator[Progress]:
    """A bar on stderr; ``progress.update(progress.task_ids[0], ...)`` moves it."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        progress.add_task(description, total=total)
        yield progress
