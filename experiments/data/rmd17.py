"""Background: revised MD17 (Christensen and von Lilienfeld 2020, arXiv:2007.09593, CC0) is the field's usual
small-molecule set, PBE/def2-SVP; its author also publishes each split as a small file. Question: which files
exist, and are these bytes the published ones? Provides: names, pinned checksums and reading from
the user's cache.
"""

import hashlib
import re
from functools import cache
from pathlib import Path

from experiments.data.cache import cache_folder
from experiments.data.frames import Frames
from experiments.data.npz import read_npz
from span_theorem.errors import InputError

SUMS = Path(__file__).with_name("rmd17_sha256.txt")


@cache
def registry() -> dict[str, str]:
    """Pinned SHA-256 sums of the published split files by file name."""
    lines = (line.split() for line in SUMS.read_text(encoding="utf-8").splitlines() if line.strip())
    return {name: digest for digest, name in lines}


def file_name(molecule: str, part: str, split: int) -> str:
    """Name of the published file with ``part`` (``train`` or ``test``) of ``split`` (1..5)."""
    return f"rmd17_{molecule}_{part}_{split:02d}.npz"


def cached_path(name: str) -> Path:
    """Where the file ``name`` lies in the user's cache, present or not."""
    return cache_folder() / "rmd17" / name


def read_cached(name: str) -> Frames:
    """Frames of a file in the user's cache, in eV.

    Args:
        name: such as ``aspirin/train_01``.

    Raises:
        InputError: a name that does not exist, or a file that is not in the cache (the message says which
            command fetches it) or not the published one.
    """
    match = re.fullmatch(r"(\w+)/(train|test)_0*(\d+)", name)
    file = file_name(match[1], match[2], int(match[3])) if match else ""
    if match is None or file not in registry():
        raise InputError(f"there is no rMD17 file {name!r}, expected a name like rmd17:aspirin/train_01")
    path = cached_path(file)
    if not path.exists():
        raise InputError(
            f"rmd17:{name} is not in the cache ({path.parent}), expected after: "
            f"python -m experiments data fetch rmd17 --molecule {match[1]} --split {int(match[3])}"
        )
    if hashlib.sha256(path.read_bytes()).hexdigest() != registry()[file]:
        raise InputError(
            f"{path} is not the published file (its SHA-256 differs), delete it and fetch it again"
        )
    return read_npz(path, source=f"rmd17:{name}")
