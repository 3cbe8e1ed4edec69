"""One atom moved and all else fixed: over a sphere around the site, or around a bond; what is to be recovered there.

A sweep gives the structures, the sites whose features are read together, waves as targets, and the power of any
function of the moved atom by frequency: degree l of the direction on a sphere, n of cos nφ around a bond.
"""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from experiments.sphere import Move, choose_move
from experiments.structures import Structures
from numerics.power_spectrum import power_spectrum
from numerics.quadrature import sphere_quadrature
from span_theorem.errors import InputError

Array = NDArray[np.float64]

DISTANCES = (0.95, 1.0, 1.1)
"""Factors on the distance between site and moved atom, one structure after another."""
CLASH = 0.5
"""Å; the moved atom comes no closer to another."""
QUADRATURE = 24
"""Degree up to which the quadrature over the sphere is exact: 325 directions."""
ANGLES = 32
"""Around a bond: tells frequencies up to 15 apart."""


class Sweep(Protocol):
    """Where one atom moves."""

    @property
    def sites(self) -> tuple[int, ...]:
        """Atoms whose features are read."""
        ...

    @property
    def weights(self) -> Array:
        """(n,) of the positions of :meth:`whole`, with sum 1."""
        ...

    def whole(self, positions: Array, index: int) -> Array:
        """The structure ``index``, (n_atoms, 3), with the moved atom everywhere: (n, n_atoms, 3), Å."""
        ...

    def some(self, positions: Array, index: int, number: int, rng: np.random.Generator) -> Array:
        """The same with the moved atom at random places: (number, n_atoms, 3), Å."""
        ...

    def waves(self, structures: Array, highest: int) -> Array:
        """What is to be recovered of structures (n, n_atoms, 3): (n, highest), frequencies 1.., mean square 1."""
        ...

    def power(self, values: Array, highest: int) -> Array:
        """Mean square of functions (n, k) on :meth:`whole` by frequency 0..highest, then above: (highest + 2, k)."""
        ...


@dataclass(frozen=True)
class SphereSweep:
    """Around the site; targets √(2l+1) P_l(cos θ), θ the angle with the third atom of the move."""

    move: Move

    @property
    def sites(self) -> tuple[int, ...]:
        return (self.move.site,)

    @property
    def weights(self) -> Array:
        return sphere_quadrature(QUADRATURE).weights

    def whole(self, positions: Array, index: int) -> Array:
        return self._placed(positions, index, sphere_quadrature(QUADRATURE).directions)

    def some(self, positions: Array, index: int, number: int, rng: np.random.Generator) -> Array:
        directions = rng.normal(size=(number, 3))
        return self._placed(positions, index, directions / np.linalg.norm(directions, axis=1, keepdims=True))

    def waves(self, structures: Array, highest: int) -> Array:
        steps = structures[:, [self.move.moved, self.move.third]] - structures[:, [self.move.site]]
        moved, third = np.moveaxis(steps / np.linalg.norm(steps, axis=2, keepdims=True), 1, 0)
        cosine = np.sum(moved * third, axis=1)
        norms = np.sqrt(2 * np.arange(highest + 1) + 1)
        return (np.polynomial.legendre.legvander(cosine, highest) * norms)[:, 1:]

    def power(self, values: Array, highest: int) -> Array:
        spectrum = power_spectrum(values, sphere_quadrature(QUADRATURE), highest)
        return np.vstack([spectrum.by_degree, spectrum.above])

    def _placed(self, positions: Array, index: int, directions: Array) -> Array:
        move = self.move
        radius = np.linalg.norm(positions[move.moved] - positions[move.site])
        radius *= DISTANCES[index % len(DISTANCES)]
        distances = np.linalg.norm(positions - positions[move.site], axis=1)
        others = np.delete(np.arange(len(positions)), [move.site, move.moved])
        _require_clear(float(np.abs(distances[others] - radius).min()), move.moved, move.site)
        structures = np.repeat(positions[None], len(directions), axis=0)
        structures[:, move.moved] = positions[move.site] + radius * directions
        return structures


@dataclass(frozen=True)
class TorsionSweep:
    """Around a bond; targets √2 cos nφ of the dihedral moved - near - far - fourth.

    Attributes:
        moved: atom that turns about the axis.
        near, far: atoms of the axis, the moved one's neighbour first.
        fourth: neighbour of ``far``, from which φ is counted.
        closest: Å, the least distance between the moved and any other atom, over all structures and angles.
    """

    moved: int
    near: int
    far: int
    fourth: int
    closest: float

    @property
    def sites(self) -> tuple[int, ...]:
        return self.near, self.far

    @property
    def weights(self) -> Array:
        return np.full(ANGLES, 1 / ANGLES)

    def whole(self, positions: Array, index: int) -> Array:
        return self._turned(positions, 2 * np.pi * np.arange(ANGLES) / ANGLES)

    def some(self, positions: Array, index: int, number: int, rng: np.random.Generator) -> Array:
        return self._turned(positions, rng.uniform(0, 2 * np.pi, number))

    def waves(self, structures: Array, highest: int) -> Array:
        moved, near, far, fourth = (structures[:, a] for a in (self.moved, self.near, self.far, self.fourth))
        axis = far - near
        axis /= np.linalg.norm(axis, axis=1, keepdims=True)
        first, last = (
            step - np.sum(step * axis, axis=1, keepdims=True) * axis for step in (moved - near, fourth - far)
        )
        angle = np.arctan2(np.sum(np.cross(axis, last) * first, axis=1), np.sum(last * first, axis=1))
        return np.sqrt(2) * np.cos(angle[:, None] * np.arange(1, highest + 1))

    def power(self, values: Array, highest: int) -> Array:
        amplitudes = np.abs(np.fft.rfft(values, axis=0) / len(values)) ** 2
        amplitudes[1 : (len(values) + 1) // 2] *= 2  # n and -n
        return np.vstack([amplitudes[: highest + 1], amplitudes[highest + 1 :].sum(axis=0)])

    def _turned(self, positions: Array, angles: Array) -> Array:
        _require_clear(self.closest, self.moved, self.near)
        structures = np.repeat(positions[None], len(angles), axis=0)
        along, radial, across = _cylinder(positions, self.moved, self.near, self.far)
        turns = np.cos(angles)[:, None] * radial + np.sin(angles)[:, None] * across
        structures[:, self.moved] = positions[self.near] + along + turns
        return structures


def choose_sphere(structures: Structures) -> SphereSweep:
    """The bond of :func:`experiments.sphere.choose_move`; the angle is that with the site's nearest other atom.

    Raises:
        InputError: fewer than three atoms, or no bond.
    """
    move = choose_move(structures)
    _, positions = structures.stacked()
    steps = positions - positions[:, [move.site]]
    distances = np.linalg.norm(steps, axis=2).mean(axis=0)
    distances[[move.site, move.moved]] = np.inf
    return SphereSweep(replace(move, third=int(np.argmin(distances))))


def choose_torsion(structures: Structures) -> TorsionSweep:
    """The bond about which an atom at its end turns furthest from every other atom, in every structure.

    Raises:
        InputError: no four bonded atoms in a row.
    """
    from experiments.data.bonds import bond_matrix

    numbers, every = structures.stacked()
    bonds = np.asarray(bond_matrix(numbers, every).all(axis=0))
    found = []
    for moved, near in np.argwhere(bonds).tolist():
        for far in np.flatnonzero(bonds[near]).tolist():
            ends = [atom for atom in np.flatnonzero(bonds[far]).tolist() if atom not in (near, moved)]
            if far == moved or not ends:
                continue
            closest = min(_clearance(positions, moved, near, far) for positions in every)
            found.append(TorsionSweep(moved, near, far, ends[0], closest))
    if not found:
        raise InputError(f"{structures.source}: expected four bonded atoms in a row")
    return max(found, key=lambda sweep: sweep.closest)


def _cylinder(positions: Array, moved: int, near: int, far: int) -> tuple[Array, Array, Array]:
    axis = positions[far] - positions[near]
    axis = axis / np.linalg.norm(axis)
    step = positions[moved] - positions[near]
    along = (step @ axis) * axis
    return along, step - along, np.cross(axis, step - along)


def _clearance(positions: Array, moved: int, near: int, far: int) -> float:
    """Least distance from the circle to the atoms off it, but for the axis' own near end."""
    along, radial, _ = _cylinder(positions, moved, near, far)
    axis = positions[far] - positions[near]
    axis = axis / np.linalg.norm(axis)
    others = np.delete(np.arange(len(positions)), [moved, near])
    steps = positions[others] - positions[near] - along
    heights = steps @ axis
    radii = np.linalg.norm(steps - heights[:, None] * axis, axis=1)
    return float(np.hypot(heights, radii - np.linalg.norm(radial)).min())


def _require_clear(closest: float, moved: int, site: int) -> None:
    if closest < CLASH:
        raise InputError(
            f"atom {moved} cannot be moved around atom {site} without a clash: it comes within {closest:.2f} Å of "
            f"another, expected {CLASH} Å"
        )
