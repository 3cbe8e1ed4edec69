"""A progress bar on stderr for long work, so that stdout holds results only; plain lines where nobody watches."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from span_theorem.console import PrintingConsole
from span_theorem.printable import printable

QUIET = 20.0
"""Seconds between plain lines, and before the first: what is done sooner says nothing."""


class PlainLines(Progress):
    """The same bar for a file or a pipe: now and then a line with the step and how far it is."""

    def __init__(self, *columns: Any, **settings: Any):
        super().__init__(*columns, **settings, disable=True)
        self._last = time.monotonic()

    def update(self, *arguments: Any, **settings: Any) -> None:
        super().update(*arguments, **settings)
        self._tell()

    def advance(self, *arguments: Any, **settings: Any) -> None:
        super().advance(*arguments, **settings)
        self._tell()

    def _tell(self) -> None:
        if time.monotonic() - self._last >= QUIET:
            self._last = time.monotonic()
            for task in self.tasks:
                number = "" if task.total is None else f": {task.completed:g} of {task.total:g}"
                print(printable(f"{task.description}{number}"), file=sys.stderr, flush=True)


@contextmanager
def progress_bar(description: str, total: int | None) -> Iterator[Progress]:
    """A bar with one task; ``progress.update(progress.task_ids[0], ...)`` moves it.

    ``total`` is ``None`` where nobody knows it.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    console = PrintingConsole(stderr=True)
    kind = Progress if console.is_terminal else PlainLines
    with kind(*columns, console=console, transient=True) as progress:
        progress.add_task(description, total=total)
        yield progress
