"""Background: extended xyz is what ASE, nequip, MACE and most others exchange frames in. Question: does this
file hold one and the same free molecule throughout? Provides: reading such a file into `Frames`, and writing
one that `nequip-train` reads.

Energies and forces are taken from ASE's standard keys (``energy``, ``forces``) in ASE's units, eV and eV/Å.
Units that a file mentions elsewhere are not guessed.
"""

from collections.abc import Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.data.frames import Frames
from experiments.data.units import in_ev
from span_theorem.errors import InputError
from span_theorem.output import replacing
from span_theorem.reading import open_regular

if TYPE_CHECKING:
    from ase import Atoms


def read_extxyz(path: Path, units: str | None = None) -> Frames:
    """Frames of an xyz or extended xyz file.

    Args:
        path: the file.
        units: unit of energy, eV unless given.

    Raises:
        InputError: the file is missing or cannot be parsed, is periodic, changes its atoms or labels only
            some frames (the message names the frame), and all that :class:`Frames` refuses.
    """
    path = Path(path)
    factor = in_ev(units or "eV")
    images = _parse(path)
    first = images[0].numbers
    for index, atoms in enumerate(images):
        if atoms.pbc.any():
            raise InputError(
                f"{path}: frame {index} is periodic, which is not handled; expected a free molecule "
                '(no Lattice, or pbc="F F F")'
            )
        if len(atoms) != len(first):
            raise InputError(
                f"{path}: frame {index} has {len(atoms)} atoms and frame 0 has {len(first)}, expected "
                "the same molecule in every frame"
            )
        changed = np.flatnonzero(atoms.numbers != first)
        if len(changed):
            atom = changed[0]
            raise InputError(
                f"{path}: frame {index} has atomic number {atoms.numbers[atom]} at atom {atom} and frame 0 "
                f"has {first[atom]}, expected the same atoms in the same order"
            )
    energies = _results(path, images, "energy")
    forces = _results(path, images, "forces")
    return Frames(
        first,
        np.array([atoms.positions for atoms in images]),
        None if energies is None else np.array(energies, dtype=float) * factor,
        None if forces is None else np.array(forces, dtype=float) * factor,
        str(path),
    )


def require_suffix(path: Path) -> None:
    """Refuse an output name that would not be read back as extxyz.

    Raises:
        InputError: the name does not end in .extxyz or .xyz.
    """
    if path.suffix not in (".extxyz", ".xyz"):
        raise InputError(f"cannot write {path}: the name of an extxyz file ends in .extxyz or .xyz")


def write_extxyz(frames: Frames, path: Path, info: Mapping[str, Any] | None = None) -> None:
    """Write ``frames`` as extended xyz with ASE's standard keys, whole or not at all.

    Positions (Å) and forces (eV/Å) get eight decimals, energies (eV) all their digits. ``info`` stands in the header of
    every frame.
    """
    from ase import Atoms
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.io import write

    images = []
    for index, positions in enumerate(frames.positions):
        atoms = Atoms(frames.numbers, positions, info=dict(info or {}))
        results: dict[str, Any] = {}
        if frames.energies is not None:
            results["energy"] = float(frames.energies[index])
        if frames.forces is not None:
            results["forces"] = frames.forces[index]
        if results:
            atoms.calc = SinglePointCalculator(atoms, **results)
        images.append(atoms)
    # a file and not its name, of which ASE takes parts for orders: the suffix, what follows an @
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        write(file, images, format="extxyz")


def _parse(path: Path) -> list["Atoms"]:
    from ase.io import read

    with open_regular(path, "an xyz or extxyz file") as file:
        try:
            images = read(TextIOWrapper(file, encoding="utf-8"), index=":", format="extxyz")
        except Exception as error:  # ASE's reader lets whatever its parsing meets through
            raise InputError(
                f"{path} cannot be read as extended xyz, expected complete frames ({error})"
            ) from None
    if not images:
        raise InputError(f"{path}: there are no frames, expected at least one")
    return images


def _results(path: Path, images: list["Atoms"], name: str) -> list[Any] | None:
    """``name`` of every frame, or None where no frame has it."""
    values = [None if atoms.calc is None else atoms.calc.results.get(name) for atoms in images]
    missing = [index for index, value in enumerate(values) if value is None]
    if len(missing) == len(values):
        return None
    if missing:
        raise InputError(
            f"{path}: frame {missing[0]} has no {name} though others have, expected it in every frame or none"
        )
    return values
