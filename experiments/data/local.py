"""Background: many have rMD17 on disk already, as the author's split files or as the full figshare archive.
Question: which of the published splits does this folder hold? Provides: importing them into the user's cache,
checked like a download.

The archive (unpacked ``rmd17.tar.bz2``) has ``npz_data/rmd17_<molecule>.npz`` with all frames and
``splits/index_<part>_<split>.csv`` with the frames of each split. A split cut from it is stored under the
published file's name when its content equals the pinned content of that file, and under ``archive_...``
beside a record of where it came from when it does not, or when nothing is pinned for it.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments.archive import read_archive
from experiments.data.rmd17 import (
    PARTS,
    file_name,
    is_published,
    provenance_path,
    published_names,
    registry,
    rmd17_folder,
)
from experiments.structures import Structures
from span_theorem.errors import InputError
from span_theorem.output import replacing, write_json
from span_theorem.reading import UnreadableFile, read_text, require_name, sha256, visible

KEYS = ("nuclear_charges", "coords", "energies", "forces")
SPLITS = range(1, 6)
INDICES = "a file with one frame index a line"


@dataclass(frozen=True)
class Imported:
    """One file put into the cache; ``published`` is False for a split that equals no pinned file."""

    path: Path
    published: bool


def import_folder(folder: Path, molecule: str, split: int | None = None) -> list[Imported]:
    """Import the splits of ``molecule`` (one or all) from a folder of split files or of the figshare archive.

    Raises:
        InputError: the folder has neither layout, a file is absent, or is not the published one.
    """
    require_name(molecule, "molecule")
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder, expected one with rMD17 files")
    target = rmd17_folder()
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write into the cache {target}: {error.strerror or error}") from None
    for root in (folder, folder / "rmd17"):
        if (root / "npz_data").is_dir():
            return _import_archive(root, molecule, split)
    for root in (folder, folder / "rmd17-npz"):
        if root.is_dir() and any(path.name.startswith("rmd17_") for path in visible(root, ".npz")):
            return [_import_file(root / name) for name in published_names(molecule, split)]
    packed = " (unpack rmd17.tar.bz2 first)" if (folder / "rmd17.tar.bz2").exists() else ""
    raise InputError(
        f"{folder} holds no rMD17 files{packed}, expected {file_name(molecule, 'train', split or 1)} or the "
        "figshare archive's npz_data and splits"
    )


def _import_file(path: Path) -> Imported:
    if not path.exists():
        raise InputError(f"{path} does not exist, expected the published split file")
    if not is_published(path):
        raise InputError(
            f"{path} is not the published file (its SHA-256 differs), expected {registry()[path.name].sha256}"
        )
    target = rmd17_folder() / path.name
    with replacing(target) as temporary:
        shutil.copyfile(path, temporary)
        if sha256(temporary) != sha256(path):
            raise InputError(f"{path} changed while it was copied, expected a file at rest")
    return Imported(target, True)


def _import_archive(root: Path, molecule: str, split: int | None) -> list[Imported]:
    source = root / "npz_data" / f"rmd17_{molecule}.npz"
    arrays = read_archive(source, KEYS)
    missing = [key for key in KEYS if key not in arrays]
    if missing:
        raise InputError(f"{source}: key {missing[0]!r} is missing, expected {', '.join(KEYS)}")
    if split is not None and split not in SPLITS:
        raise InputError(f"there is no split {split} in the archive, expected 1 to 5")
    imported = []
    for number in SPLITS if split is None else (split,):
        for part in PARTS:
            indices = _indices(root / "splits" / f"index_{part}_{number:02d}.csv", len(arrays["coords"]))
            chosen = {key: arrays[key] if key == KEYS[0] else arrays[key][indices] for key in KEYS}
            imported.append(_store(chosen, file_name(molecule, part, number), source))
    return imported


def _indices(path: Path, n_frames: int) -> NDArray[np.int64]:
    try:
        values = np.array(read_text(path, INDICES).replace(",", " ").split(), dtype=np.float64)
    except UnreadableFile:
        raise
    except ValueError as error:
        raise InputError(f"{path} is not a list of frame indices, expected one a line ({error})") from None
    bad = np.flatnonzero((values != np.round(values)) | (values < 0) | (values >= n_frames))
    if len(bad):
        raise InputError(
            f"{path}: line {bad[0] + 1} is {values[bad[0]]:g}, expected an index from 0 to {n_frames - 1}"
        )
    if not len(values):
        raise InputError(f"{path} is empty, expected one frame index a line")
    return values.astype(np.int64)


def _store(arrays: dict[str, NDArray], name: str, source: Path) -> Imported:
    numbers, positions, energies, forces = (arrays[key] for key in KEYS)
    content = Structures.of_molecule(numbers, positions, energies, forces, str(source)).checksum
    pinned = registry().get(name)
    published = pinned is not None and content == pinned.content
    path = rmd17_folder() / (name if published else f"archive_{name}")
    if published and is_published(path):
        return Imported(path, True)
    if not published:
        # The record goes first: without one that fits, the file is never read.
        write_json(provenance_path(path), {"source": str(source.resolve()), "content": content})
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    return Imported(path, published)
