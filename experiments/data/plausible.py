"""Whether energies and distances can be what they say: eV and Å. A doubt is one line, never a refusal."""

import numpy as np
from numpy.typing import NDArray

from experiments.data.reading import Say
from experiments.data.units import UNITS, in_ev
from experiments.structures import Structure, Structures

HARTREE = 27.2114  # eV; a fraction of a percent more or less changes nothing here
FACTOR = 20.0
NEAR = 0.05
"""Relative distance at which energies are those of another unit: cohesion is below 1% of an atom's whole energy."""
FAR, CLOSE = 2.5, 0.5
"""Å. Some nearest neighbours of any structure lie between."""


def say_implausible(structures: Structures, say: Say) -> None:
    """Say what cannot be eV or Å, in one line each."""
    for line in (_energies(structures), _distances(structures)):
        if line is not None:
            say(f"{structures.source}: {line}", "units")


def whole_energy(numbers: NDArray[np.integer]) -> NDArray[np.float64]:
    """Energy of neutral atoms with all their electrons, eV, to a few percent.

    -0.768745 Z^(7/3) + Z²/2 - 0.26990 Z^(5/3) hartree: Thomas-Fermi with the corrections of Scott and of Schwinger,
    Phys. Rev. A 24, 2353 (1981).
    """
    z = np.asarray(numbers, dtype=float)
    return HARTREE * (-0.768745 * z ** (7 / 3) + 0.5 * z**2 - 0.26990 * z ** (5 / 3))


def _energies(structures: Structures) -> str | None:
    """No energy can be far below that of all electrons; one that is this energy in another unit is in that unit."""
    if structures.energies is None:
        return None
    whole = np.add.reduceat(whole_energy(structures.numbers), structures.first[:-1])
    ratio = float(np.median(structures.energies / whole))
    unit = next((unit for unit in UNITS if unit != "eV" and abs(ratio * in_ev(unit) - 1) < NEAR), None)
    if unit is None and abs(ratio) < FACTOR:
        return None
    per_atom = float(np.median(structures.energies / structures.sizes))
    if abs(ratio) < FACTOR:
        return (
            f"energies of {per_atom:.4g} eV per atom would be those of all electrons in {unit}: if they are, name that "
            "unit; energies of valence electrons alone (pseudopotentials, xTB) can look like this and are fine"
        )
    return (
        f"energies of {per_atom:.4g} eV per atom are {ratio:.3g} times those of all electrons, which is not plausible"
        + (f" but would be in {unit}" if unit else "")
        + ": expected another unit of energy"
    )


def _distances(structures: Structures) -> str | None:
    """A nearest neighbour between the bounds in one structure is enough."""
    least = np.inf
    for structure in structures:
        distance = nearest_distance(structure)
        if distance is None:
            continue
        least = min(least, distance)
        if CLOSE <= distance <= FAR:
            return None
    if not np.isfinite(least):
        return None
    return (
        f"the nearest neighbours are {least:.3g} Å apart or more in every structure and nowhere between "
        f"{CLOSE} and {FAR} Å, "
        "which is not plausible: expected another unit of length, as in eV,bohr"
    )


def nearest_distance(structure: Structure) -> float | None:
    """The least distance of two atoms, periodic images included, Å; ``None`` of a single free atom."""
    from scipy.spatial import cKDTree

    positions = structure.positions
    if structure.pbc.any():
        shifts = np.array(np.meshgrid(*([-1, 0, 1] if periodic else [0] for periodic in structure.pbc)))
        positions = (positions[None] + (shifts.reshape(3, -1).T @ structure.cell)[:, None]).reshape(-1, 3)
    if len(positions) < 2:
        return None
    distances, _ = cKDTree(positions).query(structure.positions, k=2)
    return float(distances[:, 1].min())
