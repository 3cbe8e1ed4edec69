"""Writing result files: beside their place first, then moved into it, so that none is ever half-written."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from span_theorem.errors import InputError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; move it onto ``path`` if the block ends without an error.

    Raises:
        InputError: the folder of ``path`` is missing or cannot be written, or ``path`` is a folder.
    """
    path = Path(path).resolve()  # a link is written through, not replaced
    if path.is_dir():
        raise InputError(f"cannot write {path}: it is a folder, expected a file name")
    if path.exists() and not path.is_file():
        raise InputError(f"cannot write {path}: it is a device or a pipe, expected a file name")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=path.suffix, dir=path.parent)
        os.close(handle)
        # mkstemp makes private files; a result file gets the permissions any new file would
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error
    temporary = Path(name)
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8 (see :func:`replacing` for errors)."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write ``value`` as indented JSON; NaN and infinities are refused, they are not JSON."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False) + "\n")


def make_folder(path: Path) -> None:
    """Make a folder for result files, before the work starts.

    Raises:
        InputError: it cannot be made.
    """
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {path}: {error.strerror or error}") from error


def require_writable(path: Path | None) -> None:
    """Fail before a long computation rather than after it, if ``path`` cannot be written."""
    if path is None:
        return
    try:
        with replacing(path):
            raise _Probe
    except _Probe:
        pass


class _Probe(Exception):
    """Leaves :func:`replacing` before anything is moved into place."""
