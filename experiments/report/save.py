"""Figures without a screen: one look, the same bytes from the same figures, no half-written file."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from span_theorem.errors import MissingPackage
from span_theorem.output import replacing, together

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# the salt makes the identifiers of an SVG, otherwise random, the same in every run
LOOK: dict[Any, Any] = {"font.size": 9, "svg.hashsalt": "span-theorem", "svg.fonttype": "none"}


def require_matplotlib() -> None:
    """Fail before the work, not after it, if nothing can be drawn.

    Raises:
        MissingPackage: matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        raise MissingPackage("figures need matplotlib: pip install 'span-theorem[report]'")


@contextmanager
def drawing() -> Iterator[None]:
    """What is drawn and saved inside has the project's look and needs no screen.

    Raises:
        MissingPackage: matplotlib is not installed.
    """
    require_matplotlib()
    import matplotlib

    matplotlib.use("Agg")
    with matplotlib.rc_context(LOOK):
        yield


def plain(text: str) -> str:
    """Text for a figure that is a name and no formula; control characters, which SVG forbids, become question marks."""
    return "".join(character if character.isprintable() else "?" for character in text).replace("$", r"\$")


def save(figure: "Figure", paths: Sequence[Path]) -> None:
    """Write one figure to every path and close it.

    Args:
        figure: made inside :func:`drawing`.
        paths: files whose suffixes name the formats.

    Raises:
        InputError: a file cannot be written.
    """
    from matplotlib import pyplot as plt

    try:
        with together():
            for path in paths:
                with replacing(path) as temporary:
                    kind = path.suffix.removeprefix(".")
                    metadata = {"Date": None} if kind == "svg" else None
                    figure.savefig(temporary, dpi=200, metadata=metadata, format=kind)
    finally:
        plt.close(figure)
