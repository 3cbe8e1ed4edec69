"""Background: a labelled set of frames is of one molecule only while no bond breaks and no proton moves.
Question: do these frames have the bonds of the reference geometry? Provides: the bond graph by distances
(covalent radii of Cordero et al. 2008, as ASE tabulates them) and the first frame that departs from it.
"""

import numpy as np
from numpy.typing import NDArray

# A bond is a distance below 1.3 times the sum of the covalent radii. Thermal stretching at 500 K stays far
# below that, and the closest pairs that are not bonded (1,3 neighbours, O-H...O) stay far above.
BOND_FACTOR = 1.3


def bond_matrix(numbers: NDArray[np.integer], positions: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which pairs of atoms are bonded.

    Args:
        numbers: (n_atoms,) atomic numbers.
        positions: (..., n_atoms, 3), Å.

    Returns:
        (..., n_atoms, n_atoms) symmetric, False on the diagonal.
    """
    distances = np.linalg.norm(positions[..., :, None, :] - positions[..., None, :, :], axis=-1)
    return (distances < bond_limits(numbers)) & ~np.eye(len(numbers), dtype=bool)


def bond_limits(numbers: NDArray[np.integer]) -> NDArray[np.float64]:
    """(n_atoms, n_atoms) distances, Å, below which two atoms are bonded."""
    from ase.data import covalent_radii

    radii = covalent_radii[np.asarray(numbers)]
    return BOND_FACTOR * (radii[:, None] + radii[None, :])


def first_changed_bond(
    numbers: NDArray[np.integer], reference: NDArray[np.floating], frames: NDArray[np.floating]
) -> tuple[int, int, int] | None:
    """The first (frame, atom, atom) whose bond differs from ``reference``, or None when every bond is kept.

    Args:
        numbers: (n_atoms,) atomic numbers.
        reference: (n_atoms, 3), Å.
        frames: (n_frames, n_atoms, 3), Å.
    """
    changed = np.argwhere(bond_matrix(numbers, frames) != bond_matrix(numbers, reference))
    if not len(changed):
        return None
    frame, first, second = changed[0]
    return int(frame), int(first), int(second)
