"""Printing for people: rich tables on a terminal, the same tables unfolded where the output is piped."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from span_theorem.printable import printable

PIPED_WIDTH = 160
MOST_ROWS = 400
LONG = 2.0  # seconds from which a progress bar is worth its line
SAID = 60.0  # seconds from which the wait is announced


class PrintingConsole(Console):
    """A console that prints no control characters but its own: what it is given may come from a file."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=printable(segment.text))


def console() -> Console:
    """A console on stdout that never crops: 160 columns wide where there is no terminal.

    COLUMNS does not count there: a Python that reads lines exports it to whatever it starts.
    """
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    return PrintingConsole(width=width, highlight=False, markup=False, emoji=False, soft_wrap=True)


def table(title: str, columns: Sequence[str]) -> Table:
    """A table of right-aligned figures; a column whose name starts with '<' is aligned left."""
    result = Table(title=title, title_justify="left", title_style="bold")
    for name in columns:
        left = name.startswith("<")
        result.add_column(name.lstrip("<"), justify="left" if left else "right", overflow="fold")
    return result


def shown_rows(number: int) -> tuple[list[int], str]:
    """Which rows of a long table are printed, and a sentence that says so if not all are.

    >>> shown_rows(3)
    ([0, 1, 2], '')
    """
    if number <= MOST_ROWS:
        return list(range(number)), ""
    ends = [*range(MOST_ROWS // 2), *range(number - MOST_ROWS // 2, number)]
    return ends, f"{number - len(ends)} of {number} rows are not printed; --json writes all."


def mark(good: bool, yes: str, no: str) -> Text:
    """``yes`` in green or ``no`` in red."""
    return Text(yes, style="green") if good else Text(no, style="bold red")


@contextmanager
def progress_bar(title: str, seconds: float) -> Iterator[Callable[[int, int], None]]:
    """Yield ``update(done, total)`` that moves a bar on stderr where that is a terminal and the work is long.

    Args:
        title: of the bar.
        seconds: what the work is expected to take; from :data:`SAID` on a line says so before it begins.
    """
    if seconds > SAID:
        print(f"{title}: this will take about {seconds / 60:,.0f} min", file=sys.stderr)
    if seconds <= LONG or not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.progress import Progress

    with Progress(console=PrintingConsole(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
