"""Opening a file that may be compressed, as bytes or as lines: nothing is unpacked that is not read."""

import bz2
import gzip
import lzma
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any

from span_theorem.reading import UnreadableFile, open_regular

OPENERS: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
MAX_LINE = 2**24  # characters; a line of an OUTCAR or xyz file has a few hundred


def plain_name(path: Path) -> str:
    """Name of a file without the suffix of its compression, in lower case."""
    name = path.name.lower()
    return name[: -len(path.suffix)] if path.suffix.lower() in OPENERS else name


@contextmanager
def open_binary(path: Path, expected: str) -> Iterator[IO[bytes]]:
    """The content of a regular file, unpacked if its suffix says that it is compressed.

    Raises:
        UnreadableFile: as :func:`span_theorem.reading.open_regular`, or damaged when it is unpacked.
    """
    opener = OPENERS.get(path.suffix.lower())
    with open_regular(path, expected) as file:
        if opener is None:
            yield file
            return
        try:
            with opener(file) as unpacked:
                yield unpacked
        except (EOFError, zlib.error, lzma.LZMAError, OSError) as error:
            raise UnreadableFile(
                f"{path} is truncated or damaged ({' '.join(str(error).split())}), expected {expected}"
            ) from None


@contextmanager
def open_text(path: Path, expected: str) -> Iterator["Text"]:
    """The same as UTF-8 text with any ends of lines; what is no UTF-8 is replaced."""
    with open_binary(path, expected) as file, Text(file, path) as text:
        yield text


class Text(TextIOWrapper):
    """Text that knows the path it was opened under, which readers of other packages ask for."""

    def __init__(self, file: IO[bytes], path: Path):
        super().__init__(file, encoding="utf-8-sig", errors="replace")
        self._path = str(path)

    @property
    def name(self) -> str:
        return self._path


def lines(text: IO[str]) -> Iterator[str]:
    """Lines with their ends; one that is longer than any of such a file comes in pieces, which no reader takes."""
    return iter(partial(text.readline, MAX_LINE), "")


def count_matches(path: Path, pattern: str, expected: str) -> int:
    """How many lines of a text file match ``pattern`` somewhere."""
    search = re.compile(pattern).search
    with open_text(path, expected) as text:
        return sum(1 for line in lines(text) if search(line))
