"""Writing result files: beside their place first, then moved into it, so that none is ever half-written.

The names of files that are being written are hidden and end in `.tmp`, which no reader looks for. They say who writes
them: a writer that was killed leaves its file behind, and the next one in the same folder takes it away.
"""

import json
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from hashlib import sha256
from pathlib import Path
from socket import gethostname
from typing import Any

from span_theorem.errors import InputError

# .NAME.MACHINE-PROCESS-START-TOKEN.tmp
TEMPORARY = re.compile(r"\..*\.([0-9a-f]{8})-([0-9]{1,10})-([0-9]{1,20})-[0-9a-f]{8}\.tmp", re.DOTALL)
DAY = 24 * 3600.0

_finished: ContextVar[list[tuple[Path, Path]] | None] = ContextVar("_finished", default=None)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; move it onto ``path`` if the block ends without an error.

    The temporary name has another suffix: what chooses its format by the name has to be told.

    Raises:
        InputError: the folder of ``path`` is missing or cannot be written, or ``path`` is a folder.
    """
    path = _destination(path)
    try:
        temporary = _create(path)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot write {path}: {getattr(error, 'strerror', None) or error}") from error
    finished = _finished.get()
    try:
        yield temporary
        if finished is None:
            os.replace(temporary, path)
        else:
            finished.append((temporary, path))
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        if finished is None or (temporary, path) not in finished:
            temporary.unlink(missing_ok=True)


@contextmanager
def together() -> Iterator[None]:
    """Files written inside appear when the (outermost such) block ends, all of them, or none if it raises.

    Raises:
        InputError: a file cannot be written.
    """
    if _finished.get() is not None:
        yield
        return
    finished: list[tuple[Path, Path]] = []
    token = _finished.set(finished)
    path = None
    try:
        yield
        for temporary, path in finished:
            os.replace(temporary, path)
    except OSError as error:
        raise InputError(f"cannot write {path or 'the results'}: {error.strerror or error}") from error
    finally:
        _finished.reset(token)
        for temporary, _ in finished:
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
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot make the folder {path}: {getattr(error, 'strerror', None) or error}"
        ) from error


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


def _destination(path: Path) -> Path:
    try:
        path = Path(path).resolve()  # a link is written through, not replaced
        is_folder, is_other = path.is_dir(), path.exists() and not path.is_file()
    except (OSError, RuntimeError, ValueError) as error:  # links in a circle, a zero byte, a name too long
        raise InputError(
            f"cannot write {str(path)!r}: {getattr(error, 'strerror', None) or error}"
        ) from error
    if is_folder:
        raise InputError(f"cannot write {path}: it is a folder, expected a file name")
    if is_other:
        raise InputError(f"cannot write {path}: it is a device or a pipe, expected a file name")
    return path


def _create(path: Path) -> Path:
    _sweep(path.parent)
    # the name is cut, because file systems limit its length
    writer = f"{_machine()}-{os.getpid()}-{_start(os.getpid())}-{secrets.token_hex(4)}"
    temporary = path.with_name(f".{path.name[:40]}.{writer}.tmp")
    os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    return temporary


def _sweep(folder: Path) -> None:
    """Take away what writers left in ``folder`` that are gone."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            name = TEMPORARY.fullmatch(entry.name)
            if name and _abandoned(Path(entry.path), name[1], int(name[2]), int(name[3])):
                Path(entry.path).unlink(missing_ok=True)


def _abandoned(path: Path, machine: str, process: int, start: int) -> bool:
    if machine == _machine():
        return _start(process) != start
    try:  # of another machine nothing is known but the time
        return time.time() - path.stat().st_mtime > DAY
    except OSError:
        return False


@cache
def _machine() -> str:
    """Names what process numbers refer to: this machine since it was started, or this container on it."""
    identity = [gethostname()]
    with suppress(OSError):  # Linux
        identity.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii"))
        identity.append(os.readlink("/proc/self/ns/pid"))
    return sha256("\n".join(identity).encode()).hexdigest()[:8]


def _start(process: int) -> int:
    """When a process began, in its system's units; -1 if it does not run, 0 where the system does not say."""
    with suppress(OSError, IndexError):
        # the name in brackets may hold anything; state is the third field, starttime the twenty-second
        fields = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()
        return -1 if fields[0] in b"ZX" else int(fields[19])
    if Path("/proc/self/stat").exists():
        return -1
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return -1
    except (OSError, OverflowError):  # another user's, who may well be writing
        return 0
    return 0
