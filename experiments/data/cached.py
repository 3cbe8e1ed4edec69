"""What lies in the user's cache, part by part, and emptying it: only what this project put there."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from experiments.lab.names import STORE
from span_theorem.errors import InputError

PARTS = {
    "features": "features of structures that were read",
    "extracted": "features from networks that need another environment",
    "rmd17": "downloaded rMD17 structures",
    "trainings": "unfinished trainings",
    STORE: "finished measurements of diagnose",
}


@dataclass(frozen=True)
class Part:
    """One part of the cache: its name, what it is, files and bytes."""

    name: str
    what: str
    files: int
    size: int


def parts(folder: Path) -> list[Part]:
    """The parts that are there."""
    found = []
    for name, what in PARTS.items():
        files = [path for path in _files(folder / name) if path.is_file()]
        if files:
            found.append(Part(name, what, len(files), sum(path.stat().st_size for path in files)))
    return found


def empty(folder: Path, names: list[str]) -> list[Part]:
    """Take parts away.

    Args:
        folder: of the cache.
        names: of the parts; all if there are none.

    Returns:
        What was taken.

    Raises:
        InputError: no such part, or one that cannot be taken away.
    """
    for name in names:
        if name not in PARTS:
            raise InputError(f"'{name}' is no part of the cache: expected {', '.join(PARTS)}")
    taken = [part for part in parts(folder) if not names or part.name in names]
    for part in taken:
        path = folder / part.name
        try:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                for file in _files(path):
                    file.unlink()
        except OSError as error:
            raise InputError(f"cannot empty {path}: {error.strerror or error}") from error
    return taken


def size(number: float) -> str:
    """Bytes for people.

    >>> size(12), size(2_500_000)
    ('0.0 MB', '2.5 MB')
    """
    return f"{number / 1e6:.1f} MB" if number < 1e9 else f"{number / 1e9:.1f} GB"


def _files(path: Path) -> list[Path]:
    """Those in a folder; a database and what it keeps beside itself; nothing behind a link."""
    if path.is_symlink():
        return []
    return list(path.rglob("*")) if path.is_dir() else sorted(path.parent.glob(f"{path.name}*"))
