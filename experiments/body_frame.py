"""The best rigid body frame: how well a direction is known from where other atoms are, with no network.

Three atoms span a frame F; a field that is constant in it, F-turned D(F) w, follows the molecule as it turns. Bonds are
stiff, so such a constant predicts much of Y_l(u): a recovery that does no better has not seen the marked atom itself.
Frames stand at the site and point to two other near atoms; of all these the one that predicts training structures best
is taken, for every l alone.
"""

from collections.abc import Iterator
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from experiments.injection import harmonics
from numerics.harmonics import wigner_d

Array = NDArray[np.float64]

NEAR = 4.0
"""Å from the site, in the first training structure: atoms that frames point to; the shipped networks see as far."""
MOST = 8
"""The nearest of them at most."""
FLATTEST = 0.1
"""Least sine of the angle between both atoms."""


def frames(positions: Array, site: int, toward: int, like: Array) -> Iterator[tuple[int, int]]:
    """Pairs of near atoms that span a frame with the site in the structure ``like`` (n_atoms, 3)."""
    distances = np.linalg.norm(like - like[site], axis=1)
    near = [
        int(atom) for atom in np.argsort(distances) if distances[atom] < NEAR and atom not in (site, toward)
    ]
    for pair in permutations(near[:MOST], 2):
        arms = positions[:, pair] - positions[:, [site]]
        arms /= np.linalg.norm(arms, axis=-1, keepdims=True)
        if np.linalg.norm(np.cross(arms[:, 0], arms[:, 1]), axis=-1).min() > FLATTEST:
            yield pair


def axes(positions: Array, site: int, pair: tuple[int, int]) -> Array:
    """Rotations (n, 3, 3) from the frame of three atoms to the structure's axes; its first axis points to pair[0]."""
    arms = positions[:, pair] - positions[:, [site]]
    first = arms[:, 0] / np.linalg.norm(arms[:, 0], axis=-1, keepdims=True)
    third = np.cross(first, arms[:, 1])
    third /= np.linalg.norm(third, axis=-1, keepdims=True)
    return np.stack([first, np.cross(third, first), third], axis=-1)


def predicted(l: int, training: tuple[Array, Array], test: Array, site: int, toward: int) -> Array | None:
    """Y_l(u) of test structures, constant in the frame that predicts those of training structures best.

    Args:
        l: degree.
        training: positions (n, n_atoms, 3) and marked directions (n, 3).
        test: positions (m, n_atoms, 3).
        site, toward: the marked atoms.

    Returns:
        (m, 2l+1) in the structures' axes; ``None`` where no two atoms span a frame with the site.
    """
    positions, units = training
    best, most = None, -np.inf
    for pair in frames(positions, site, toward, positions[0]):
        seen = np.einsum("nij,ni->nj", axes(positions, site, pair), units)
        constant = harmonics(seen, l).mean(axis=0)
        if constant @ constant > most:  # of D(F) w with the mean w: what is recovered is |w|² of |Y_l|²
            best, most = (pair, constant), constant @ constant
    return None if best is None else wigner_d(l, axes(test, site, best[0])) @ best[1]
