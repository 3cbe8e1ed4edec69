"""Background: most published sets of molecular frames are npz files, each with its own keys and units.
Question: whose keys are these, and so which units? Provides: reading rMD17's, sGDML's and this project's own
npz files into `Frames`, and writing the last.
"""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments.archive import archive_keys, read_archive
from experiments.data.frames import Frames
from experiments.data.units import UNITS, in_ev
from span_theorem.errors import InputError
from span_theorem.output import replacing


@dataclass(frozen=True)
class Keys:
    """The names one kind of npz file uses; ``unit`` of energy is None where the kind does not fix it.

    ``trajectories`` names which one a frame comes from (all from one without it), ``places`` where along it (in the
    order of the file without it).
    """

    kind: str
    numbers: str
    positions: str
    energies: str
    forces: str
    unit: str | None
    trajectories: str | None = None
    places: str | None = None


KINDS = (
    Keys("this project's", "numbers", "positions", "energies", "forces", "eV", trajectories="trajectory"),
    Keys("rMD17's", "nuclear_charges", "coords", "energies", "forces", "kcal/mol", places="old_indices"),
    Keys("sGDML's", "z", "R", "E", "F", None),
)
STATED = ("e_unit", "r_unit")
KEYS = {
    *STATED,
    *(
        value
        for kind in KINDS
        for name, value in asdict(kind).items()
        if name not in ("kind", "unit") and value
    ),
}


def read_npz(path: Path, units: str | None = None, source: str | None = None) -> Frames:
    """Frames of an npz file. Pickled objects are never loaded.

    Args:
        path: a file with the keys of one of ``KINDS``; energies and forces may be absent.
        units: unit of energy; it wins over what the keys imply and must be given for sGDML's keys unless the
            file has sGDML's ``e_unit``.
        source: recorded in the frames; the path unless given.

    Raises:
        InputError: everything that keeps the file from being read, and all that :class:`Frames` refuses.
    """
    arrays = read_archive(path, KEYS)
    source = source or str(path)
    keys = _kind(arrays, path, source)
    factor = in_ev(units or keys.unit or _stated_unit(arrays, source))
    numbers, positions = arrays[keys.numbers], arrays[keys.positions]
    if numbers.ndim == 2 and len(numbers):
        differing = np.flatnonzero((numbers != numbers[0]).any(axis=1))
        if len(differing):
            raise InputError(
                f"{source}: frame {differing[0]} has other atomic numbers ({keys.numbers}) than frame 0, "
                "expected the same molecule in every frame"
            )
        numbers = numbers[0]
    if numbers.dtype.kind == "f" and (numbers == np.round(numbers)).all():
        numbers = numbers.astype(np.int64)
    energies, forces = arrays.get(keys.energies), arrays.get(keys.forces)
    if energies is not None and energies.ndim == 2 and energies.shape[1] == 1:
        energies = energies[:, 0]
    checked = Frames(
        numbers, positions, energies, forces, source, _places(arrays, keys, len(positions), source)
    )
    if factor == 1.0:
        return checked
    return replace(
        checked,
        energies=None if checked.energies is None else checked.energies * factor,
        forces=None if checked.forces is None else checked.forces * factor,
    )


def _places(arrays: dict[str, NDArray], keys: Keys, n_frames: int, source: str) -> NDArray | None:
    """Trajectory and place of every frame (n_frames, 2), ``None`` where the file says nothing of them."""
    given = {key: arrays[key] for key in (keys.trajectories, keys.places) if key in arrays}
    if not given:
        return None
    for key, values in given.items():
        if values.shape != (n_frames,) or values.dtype.kind not in "iu":
            raise InputError(
                f"{source}: {key} has shape {values.shape}, type {values.dtype}, expected {n_frames} integers"
            )
    trajectories, places = (given.get(key or "") for key in (keys.trajectories, keys.places))
    columns = (
        np.zeros(n_frames, dtype=np.int64) if trajectories is None else trajectories,
        np.arange(n_frames) if places is None else places,
    )
    return np.stack(columns, axis=1)


def write_npz(frames: Frames, path: Path) -> None:
    """Write ``frames`` with this project's keys, whole or not at all."""
    arrays = {"numbers": frames.numbers, "positions": frames.positions}
    if frames.energies is not None:
        arrays["energies"] = frames.energies
    if frames.forces is not None:
        arrays["forces"] = frames.forces
    if frames.places is not None:
        arrays["trajectory"] = frames.places[:, 0]
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def _kind(arrays: dict[str, NDArray], path: Path, source: str) -> Keys:
    for keys in KINDS:
        if keys.numbers in arrays and keys.positions in arrays:
            return keys
    for keys in KINDS:
        for present, missing in ((keys.numbers, keys.positions), (keys.positions, keys.numbers)):
            if present in arrays:
                raise InputError(
                    f"{source}: key {missing!r} is missing, expected it beside {present!r} in a file with "
                    f"{keys.kind} keys"
                )
    expected = "; ".join(f"{keys.kind} {keys.numbers}, {keys.positions}" for keys in KINDS)
    found = ", ".join(archive_keys(path)) or "none"
    raise InputError(f"{source}: no known keys (found {found}), expected {expected}")


def _stated_unit(arrays: dict[str, NDArray], source: str) -> str:
    """The unit in sGDML's optional ``e_unit``; without it the user has to be asked."""
    length = str(arrays["r_unit"]) if "r_unit" in arrays else "Ang"
    if length not in ("Ang", "Angstrom", "A", "Å"):
        raise InputError(f"{source}: lengths are in {length!r} (r_unit), expected Å")
    if "e_unit" not in arrays:
        raise InputError(
            f"{source}: the file does not say its unit of energy, expected units to be given, one of "
            f"{', '.join(UNITS)} (original MD17 files are in kcal/mol)",
            "units",
        )
    return str(arrays["e_unit"])
