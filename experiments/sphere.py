"""One neighbour on a sphere around the site: which bond is moved, the features there, their power by degree.

Background: while one neighbour moves over the sphere around the site at fixed distance and everything else stays, the
site's features are functions on that sphere. Provides: the bond whose sphere keeps furthest from every other atom, the
features over it, alone, with the closest third atom or in the whole molecule, and the power of every channel by degree.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from experiments.backbones.batch import Batch
from experiments.backbones.protocol import Backbone
from experiments.backbones.site import site_features
from experiments.structures import Structures
from numerics.power_spectrum import power_spectrum
from numerics.quadrature import SphereQuadrature
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from e3nn.o3 import Irreps

Array = NDArray[np.float64]

ROUNDING = 1e-11
"""Power below this share of the features' mean square is rounding: float32 features are good to a few 1e-6 at worst.
Measured at the layers where nothing can leak: 1e-15 to 3e-13."""

ATOMS = 525
"""Atoms that pass through a network at once: 25 aspirins."""

SYSTEMS = ("pair", "triple", "molecule")


@dataclass(frozen=True)
class Move:
    """Which atom moves around which.

    Attributes:
        site: atom whose features are read; the centre of the sphere.
        moved: its neighbour.
        third: the atom that the sphere comes closest to.
        closest: Å, the least distance between the moved and any other atom, over all frames and directions.
        distance: Å, the mean distance between site and moved atom.
    """

    site: int
    moved: int
    third: int
    closest: float
    distance: float

    def atoms(self, system: str, n_atoms: int) -> list[int]:
        """Atoms of one of :data:`SYSTEMS`, the site first and the moved atom second."""
        others = [atom for atom in range(n_atoms) if atom not in (self.site, self.moved)]
        kept = {"pair": [], "triple": [self.third], "molecule": others}[system]
        return [self.site, self.moved, *kept]


def choose_move(structures: Structures) -> Move:
    """The bond of one molecule, of those in every structure, whose sphere keeps the largest distance from all other
    atoms.

    The least distance from the sphere of radius r around the site to an atom at distance R from it is |R - r|.

    Raises:
        InputError: not one free molecule, fewer than three atoms, or no bond.
    """
    from experiments.data.bonds import bond_matrix

    numbers, positions = structures.stacked()
    bonds = np.argwhere(bond_matrix(numbers, positions).all(axis=0))
    if len(numbers) < 3 or not len(bonds):
        raise InputError(f"{structures.source}: expected a molecule of at least 3 atoms with a bond")
    found = []
    for site, moved in bonds.tolist():
        distances = np.linalg.norm(positions - positions[:, [site]], axis=2)
        gaps = np.abs(distances - distances[:, [moved]])
        gaps[:, [site, moved]] = np.inf
        third = int(np.argmin(gaps.min(axis=0)))
        found.append(Move(site, moved, third, float(gaps.min()), float(distances[:, moved].mean())))
    return max(found, key=lambda move: move.closest)


def moved_positions(positions: Array, move: Move, directions: Array) -> Array:
    """One frame with the moved atom in every direction: (n_atoms, 3) and (n, 3) to (n, n_atoms, 3), Å."""
    radius = np.linalg.norm(positions[move.moved] - positions[move.site])
    frames = np.repeat(positions[None], len(directions), axis=0)
    frames[:, move.moved] = positions[move.site] + radius * directions
    return frames


def features_over_sphere(
    backbone: Backbone,
    numbers: NDArray[np.int64],
    positions: Array,
    move: Move,
    system: str,
    directions: Array,
) -> Array:
    """The site's features with the moved atom in every direction: (n_directions, dim).

    Raises:
        InputError: features that are not finite.
    """
    import torch

    atoms = move.atoms(system, len(numbers))
    known = torch.tensor(numbers[atoms])
    shown = torch.tensor(moved_positions(positions, move, directions)[:, atoms])
    batch = Batch.of_molecule(known, shown)
    with torch.no_grad():
        parts = [site_features(backbone, part, part.first[:-1]) for part in batch.parts(ATOMS)]
    values = torch.cat(parts).double().cpu().numpy()
    if not np.isfinite(values).all():
        raise InputError(f"backbone {backbone.name} gives features that are not finite on the {system}")
    return values


def powers(values: Array, irreps: "Irreps", rule: SphereQuadrature, l_report: int) -> list[Array]:
    """Power of every channel (one copy of an irrep, all its components together) by degree.

    Returns:
        For every block of ``irreps``, (channels, l_report + 2): l = 0..l_report, then everything above.
    """
    spectrum = power_spectrum(values, rule, l_report)
    rows = np.vstack([spectrum.by_degree, spectrum.above])
    return [
        rows[:, columns].reshape(len(rows), channels, irrep.dim).sum(axis=2).T
        for (channels, irrep), columns in zip(irreps, irreps.slices(), strict=True)
    ]


def above(power: Array, L: int) -> Array:
    """Share of the power that varies (l ≥ 1) which lies above ``L``; NaN where nothing varies.

    Args:
        power: (..., l_report + 2), as :func:`powers` gives it.
        L: at most l_report.
    """
    return shares(power)[..., L:].sum(axis=-1)


def shares(power: Array) -> Array:
    """Share of the power that varies by degree, l = 1..l_report and above: (..., l_report + 1), or NaN."""
    varying = power[..., 1:].sum(axis=-1, keepdims=True)
    varies = varying > ROUNDING * power.sum(axis=-1, keepdims=True)
    return np.divide(power[..., 1:], varying, out=np.full_like(power[..., 1:], np.nan), where=varies)
