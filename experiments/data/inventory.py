"""Background: frames are embedded in the project or lie in the user's cache. Question: which are at hand, and
are they still what they were? Provides: the lists behind `data list` and `data verify`.
"""

import re
from dataclasses import dataclass

from experiments.data.card import check_card
from experiments.data.embedded_sets import FOLDER, SETS
from experiments.data.rmd17 import rmd17_folder
from experiments.data.source import read_structures
from span_theorem.errors import InputError
from span_theorem.reading import NAME, visible


@dataclass(frozen=True)
class Entry:
    """One set of frames: the word that loads it, its counts, and where it comes from."""

    spec: str
    count: str
    atoms: str
    origin: str


def at_hand() -> list[Entry]:
    """Every named set that :func:`experiments.data.read_structures` can read now; damaged ones say so."""
    specs = [
        (f"embedded:{name}", "embedded, GFN2-xTB, 500 K") for name in SETS if (FOLDER / SETS[name]).exists()
    ]
    specs += [(spec, "rMD17, in the cache") for spec in _cached()]
    entries = []
    for spec, origin in specs:
        try:
            structures = read_structures(spec)
        except InputError as error:
            entries.append(Entry(spec, "-", "-", str(error)))
        else:
            entries.append(Entry(spec, str(len(structures)), str(structures.sizes.max()), origin))
    return entries


def differences() -> list[str]:
    """One line for every file whose checksum is not the recorded one."""
    found = check_card(FOLDER)
    for spec in _cached():
        try:
            read_structures(spec)
        except InputError as error:
            found.append(str(error))
    return found


def cached_folder_text() -> str:
    """Where the cache is and how it is filled."""
    return f"cache: {rmd17_folder()} (filled by: python -m experiments data fetch rmd17 --molecule aspirin)"


def _cached() -> list[str]:
    folder = rmd17_folder()
    names = [path.name for path in visible(folder, ".npz")] if folder.is_dir() else []
    matches = (re.fullmatch(rf"(archive_)?rmd17_({NAME})_(train|test)_([0-9]+)\.npz", name) for name in names)
    return [f"rmd17:{m[2]}/{m[1] or ''}{m[3]}_{m[4]}" for m in matches if m]
