"""Reading files that anyone may have made or damaged: regular files only, of bounded size, never half-understood."""

import hashlib
import json
import math
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any, NoReturn

from span_theorem.errors import InputError

NAME = "[A-Za-z0-9_-]+"  # of anything that becomes a part of a path
MAX_TEXT = 2**26  # bytes; the largest result file of this project has one
MAX_DEPTH = 50
MAX_INTEGER = 2**64  # a seed may be as large


class UnreadableFile(InputError):
    """A file that cannot be read, or does not hold what its kind promises. The message names it."""


@contextmanager
def open_regular(path: Path, expected: str) -> Iterator[BufferedReader]:
    """Open a file for reading, but no pipe or device, which could wait or give bytes for ever.

    Args:
        path: the file; links are followed.
        expected: what kind of file, for messages, as in ``an npz file``.

    Raises:
        UnreadableFile: it is missing, not a regular file, or the system refuses to open or read it.
    """
    try:
        # without O_NONBLOCK, opening a pipe waits for its writer
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise UnreadableFile(f"cannot read {path}: it does not exist, expected {expected}") from None
    except OSError as error:
        raise UnreadableFile(f"cannot read {path}: {error.strerror or error}, expected {expected}") from None
    except ValueError as error:  # a zero byte, or a character that the file system cannot spell
        raise UnreadableFile(
            f"{str(path)!r} cannot be a file's name ({error}), expected {expected}"
        ) from None
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise UnreadableFile(f"cannot read {path}: it is a {_kind(mode)}, expected {expected}")
    try:
        with os.fdopen(descriptor, "rb") as file:
            yield file
    except OSError as error:
        raise UnreadableFile(f"cannot read {path}: {error.strerror or error}, expected {expected}") from None


def require_regular(path: Path, expected: str) -> None:
    """Refuse what :func:`open_regular` refuses, before another package opens the file."""
    with open_regular(path, expected):
        pass


def read_bytes(path: Path, expected: str, limit: int = MAX_TEXT) -> bytes:
    """Content of a regular file of at most ``limit`` bytes (see :func:`open_regular` for errors)."""
    with open_regular(path, expected) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise UnreadableFile(f"{path} is larger than {limit / 2**20:.0f} MiB, expected {expected}")
    return content


def sha256(path: Path, expected: str = "a file") -> str:
    """Hexadecimal SHA-256 of a regular file's content (see :func:`open_regular` for errors)."""
    with open_regular(path, expected) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_text(path: Path, expected: str, limit: int = MAX_TEXT) -> str:
    """UTF-8 text of a regular file (see :func:`read_bytes` for errors)."""
    try:
        return read_bytes(path, expected, limit).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"{path} is not UTF-8 text ({error.reason}), expected {expected}") from None


def read_json(path: Path, expected: str = "a JSON file") -> dict[str, Any]:
    """The object that a JSON file holds.

    Raises:
        UnreadableFile: as :func:`read_text`; or it is no JSON object, a name stands in it twice, it is nested deeper
            than :data:`MAX_DEPTH`, or a value in it is not finite, an integer beyond 64 bits or no Unicode text.
    """
    return parse_json(read_text(path, expected), path, expected)


def parse_json(text: str, path: Path, expected: str = "a JSON file") -> dict[str, Any]:
    """The object that ``text``, which stands in the file ``path``, is (see :func:`read_json` for errors)."""
    try:
        content = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique)
        _check_values(content)
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(f"{path} is not a readable JSON file: {error}; expected {expected}") from None
    if not isinstance(content, dict):
        raise UnreadableFile(
            f"{path} holds no JSON object but a {type(content).__name__}, expected {expected}"
        )
    return content


def require_name(text: str, what: str) -> None:
    """Refuse a name that could lead elsewhere when it becomes a part of a path.

    Raises:
        InputError: other characters than letters, digits, _ and -.
    """
    if not re.fullmatch(NAME, text):
        raise InputError(f"{what} {text!r} is no name: expected letters, digits, _ and - only")


def visible(folder: Path, suffix: str) -> list[Path]:
    """Files of a folder whose name ends in ``suffix``, sorted; hidden ones, as writers leave behind, are not seen.

    Raises:
        UnreadableFile: the folder cannot be read.
    """
    try:
        paths = sorted(Path(folder).iterdir())
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise UnreadableFile(f"cannot read the folder {folder}: {why}") from None
    return [path for path in paths if path.name.endswith(suffix) and not path.name.startswith(".")]


def _kind(mode: int) -> str:
    return "folder" if stat.S_ISDIR(mode) else "pipe" if stat.S_ISFIFO(mode) else "device or socket"


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the name {next(name for name in names if names.count(name) > 1)!r} stands twice")
    return result


def _check_values(content: Any) -> None:
    layer, depth = [content], 0
    while layer:
        depth += 1
        if depth > MAX_DEPTH:
            raise ValueError(f"it is nested more than {MAX_DEPTH} deep")
        deeper: list[Any] = []
        for value in layer:
            if isinstance(value, dict):
                deeper += value.keys()
                deeper += value.values()
            elif isinstance(value, list):
                deeper += value
            elif isinstance(value, str):
                value.encode()  # half a surrogate pair can be written in JSON, and nowhere else
            elif isinstance(value, float) and not math.isfinite(value):
                raise ValueError("a number in it is too large")
            elif isinstance(value, int) and abs(value) > MAX_INTEGER:
                raise ValueError("an integer in it has more than 64 bits")
        layer = deeper
