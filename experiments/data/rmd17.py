"""Background: revised MD17 (Christensen and von Lilienfeld 2020, arXiv:2007.09593, CC0) is the field's usual
small-molecule set, PBE/def2-SVP; its author also publishes each split as a small file. Question: which files
exist, and is this file one of them? Provides: names, pinned checksums and reading from the user's cache.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from experiments.data.cache import cache_folder
from experiments.data.npz import read_npz
from experiments.data.reading import Reading, Say, silent
from experiments.structures import Structures
from span_theorem.errors import InputError
from span_theorem.reading import NAME, read_json, require_name, sha256

REGISTRY = Path(__file__).with_name("rmd17_registry.txt")
PARTS = ("train", "test")


@dataclass(frozen=True)
class Published:
    """What is pinned of one published file: SHA-256 of its bytes, and of its content in its own units."""

    sha256: str
    content: str


@cache
def registry() -> dict[str, Published]:
    """The published split files whose checksums are pinned, by file name."""
    lines = (line.split() for line in REGISTRY.read_text(encoding="utf-8").splitlines())
    return {line[0]: Published(*line[1:]) for line in lines if line and line[0] != "#"}


def file_name(molecule: str, part: str, split: int) -> str:
    """Name of the published file with ``part`` (``train`` or ``test``) of ``split`` (1..5).

    Raises:
        InputError: ``molecule`` is no name, but a path for instance.
    """
    require_name(molecule, "molecule")
    return f"rmd17_{molecule}_{part}_{split:02d}.npz"


def published_names(molecule: str, split: int | None = None) -> list[str]:
    """Names of the published files of ``molecule``, of one ``split`` or of all.

    Raises:
        InputError: nothing is pinned under this molecule and split.
    """
    matches = (re.fullmatch(rf"rmd17_({NAME})_(?:train|test)_([0-9]+)\.npz", name) for name in registry())
    known = [(match[1], int(match[2])) for match in matches if match]
    splits = sorted({number for one, number in known if one == molecule})
    if not splits:
        molecules = ", ".join(sorted({one for one, _ in known}))
        raise InputError(
            f"no checksums are pinned for rMD17 molecule {molecule!r}, expected one of {molecules}; others "
            "can be imported from the figshare archive"
        )
    if split is not None and split not in splits:
        numbers = ", ".join(map(str, splits))
        raise InputError(
            f"no checksums are pinned for split {split} of {molecule}, expected one of {numbers}"
        )
    chosen = splits if split is None else [split]
    names = (file_name(molecule, part, number) for number in chosen for part in PARTS)
    return [name for name in names if name in registry()]


def rmd17_folder() -> Path:
    """Where the rMD17 files lie in the user's cache."""
    return cache_folder() / "rmd17"


def is_published(path: Path) -> bool:
    """Whether the file at ``path`` is the published one of its name, in bytes or at least in content."""
    pinned = registry().get(path.name)
    if pinned is None:
        return False
    try:
        if sha256(path) == pinned.sha256:
            return True
        return content_checksum(path) == pinned.content
    except InputError:
        return False


def content_checksum(path: Path) -> str:
    """SHA-256 of the numbers in an rMD17 file, in the file's own units (factor one: no conversion)."""
    return read_npz(path, Reading(units="eV")).checksum


def read_cached(name: str, reading: Reading = Reading(), say: Say = silent) -> Structures:
    """Structures of a file in the user's cache, in eV.

    Args:
        name: such as ``aspirin/train_01``, or ``aspirin/archive_train_01`` for a split cut from the figshare
            archive that equals none of the published files.

    Raises:
        InputError: a name that cannot exist, or a file that is not in the cache (the message says which
            command puts it there) or not what it was when it got there.
    """
    match = re.fullmatch(rf"({NAME})/(archive_)?(train|test)_0*([0-9]{{1,4}})", name)
    if match is None:
        raise InputError(f"there is no rMD17 file {name!r}, expected a name like rmd17:aspirin/train_01")
    molecule, archive, part, number = match[1], match[2] or "", match[3], int(match[4])
    path = rmd17_folder() / (archive + file_name(molecule, part, number))
    if not archive:
        published_names(molecule, number)
    if not path.exists():
        command = f"python -m experiments data fetch rmd17 --molecule {molecule} --split {number}"
        raise InputError(
            f"rmd17:{name} is not in the cache ({path.parent}), expected after: {command}"
            + (" --from DIR" if archive else "")
        )
    if not (_as_imported(path) if archive else is_published(path)):
        raise InputError(
            f"{path} is damaged (its checksum differs), expected after deleting it and fetching again"
        )
    return read_npz(path, reading, say, source=f"rmd17:{name}")


def provenance_path(path: Path) -> Path:
    """The record beside a file cut from the archive: where it came from and its content checksum."""
    return path.with_suffix(".json")


def _as_imported(path: Path) -> bool:
    try:
        return bool(read_json(provenance_path(path)).get("content") == content_checksum(path))
    except InputError:
        return False
