"""A progress bar on stderr for long work, so that stdout holds results only; silent where nobody watches."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from span_theorem.console import PrintingConsole


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
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        progress.add_task(description, total=total)
        yield progress
