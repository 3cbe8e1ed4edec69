"""Figures without a screen: one look, the same bytes from the same figures, no half-written file."""

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from span_theorem.errors import MissingPackage
from span_theorem.output import replacing, together, write_text
from span_theorem.printable import printable

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

# the salt makes the identifiers of an SVG, otherwise random, the same in every run
LOOK: dict[Any, Any] = {"font.size": 9, "svg.hashsalt": "span-theorem", "svg.fonttype": "none"}

_TIPS: "WeakKeyDictionary[Artist, tuple[str, ...]]" = WeakKeyDictionary()


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


def tips(artist: "Artist", texts: Sequence[str]) -> None:
    """Words for every marker of a line, in the order of its points, or for a line without markers: an SVG shows them
    where the pointer rests."""
    _TIPS[artist] = tuple(texts)


def svg(figure: "Figure") -> str:
    """A figure, made inside :func:`drawing`, as SVG, with the words of :func:`tips` as titles."""
    named = {f"tips_{index}": artist for index, artist in enumerate(figure.findobj(_TIPS.__contains__))}
    for name, artist in named.items():
        artist.set_gid(name)
    file = io.StringIO()
    figure.savefig(file, metadata={"Date": None}, format="svg")

    def titled(match: re.Match[str]) -> str:
        texts = [f"<title>{escape(printable(text))}</title>" for text in _TIPS[named[match[2]]]]
        points = len(re.findall("<use ", match[0]))
        if not points and len(texts) == 1:
            return match[0].replace(">", f">{texts[0]}", 1)
        if points != len(
            texts
        ):  # a point outside the figure has no marker: no words are better than wrong ones
            return match[0]
        left = iter(texts)
        return re.sub("(<use [^>]*)/>", lambda use: f"{use[1]}>{next(left)}</use>", match[0])

    return re.sub(r'( *)<g id="(tips_\d+)">.*?\n\1</g>\n', titled, file.getvalue(), flags=re.DOTALL)


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
                if path.suffix == ".svg":
                    write_text(path, svg(figure))
                    continue
                with replacing(path) as temporary:
                    figure.savefig(temporary, dpi=200, format=path.suffix.removeprefix("."))
    finally:
        plt.close(figure)
