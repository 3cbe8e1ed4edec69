"""What a probe is shown: features of frames in random orientations, and the residuals it has to fit.

Background: every frame is shown in Haar-random orientations R while the injected field stays fixed in the lab. The
backbone is equivariant (that is measured first), so it runs once per frame: features turn by Wigner D matrices, and a
field at the turned frame is the field of the turned marked direction. Forces are held in the molecule's own axes, where
a turned backbone's derivative is ∂h/∂x behind D(R); lengths and scalar products are the same in both.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from experiments.environments import Environments
from experiments.injection import amplitude, direction_of, harmonics
from numerics.harmonics import surface_gradient, wigner_d

if TYPE_CHECKING:
    from e3nn.o3 import Irreps

Array = NDArray[np.float64]

Selection = NDArray[np.bool_] | NDArray[np.integer] | slice
"""A mask of frames, their indices, or a range of them."""


@dataclass(frozen=True, eq=False)
class Inputs:
    """Features of frames, and the orientations in which they are shown.

    Attributes:
        values: (n_frames, irreps.dim) features of the site.
        irreps: of the features.
        rotations: (n_frames, k, 3, 3).
        jacobian: (n_frames, irreps.dim, 3 n_atoms) derivative of ``values``, 1/Å, where forces are to be fitted or
            predicted; ``None`` for energies.
        spread: of the orientations, see :func:`random_rotations`, for SPNs that sample more of them.
    """

    values: Array
    irreps: "Irreps"
    rotations: Array
    jacobian: NDArray[np.floating] | None = None
    spread: float | None = None

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.values)

    @property
    def orientations(self) -> int:
        return self.rotations.shape[1]

    @cached_property
    def wigner(self) -> Mapping[int, Array]:
        """D^l (n_frames, k, 2l+1, 2l+1) for every degree of the features."""
        flat = self.rotations.reshape(-1, 3, 3)
        shape = self.rotations.shape[:2]
        return {
            l: wigner_d(l, flat).reshape(*shape, 2 * l + 1, 2 * l + 1)
            for l in sorted({irrep.l for _, irrep in self.irreps})
        }

    @cached_property
    def oriented(self) -> Array:
        """Features in every orientation, (n_frames, k, irreps.dim)."""
        turned = np.empty((*self.rotations.shape[:2], self.irreps.dim))
        for (channels, irrep), columns in zip(self.irreps, self.irreps.slices(), strict=True):
            block = self.values[:, None, columns].reshape(len(self), 1, channels, irrep.dim)
            matrices = self.wigner[irrep.l].swapaxes(-1, -2)
            turned[..., columns] = (block @ matrices).reshape(*turned.shape[:2], -1)
        return turned

    def oriented_jacobian(self, frames: slice = slice(None)) -> Array:
        """∂(D(R) h)/∂x, x in the molecule's axes: (n_frames, k, irreps.dim, 3 n_atoms), 1/Å."""
        assert self.jacobian is not None
        derivative = self.jacobian[frames].astype(np.float64)
        n_frames, _, tangents = derivative.shape
        turned = np.empty((n_frames, self.orientations, self.irreps.dim, tangents))
        for (channels, irrep), columns in zip(self.irreps, self.irreps.slices(), strict=True):
            block = derivative[:, None, columns].reshape(n_frames, 1, channels, irrep.dim, tangents)
            matrices = self.wigner[irrep.l][frames][:, :, None]
            turned[:, :, columns] = (matrices @ block).reshape(n_frames, self.orientations, -1, tangents)
        return turned

    def turned(self, rotations: Array) -> "Inputs":
        """The same frames in other orientations (n_frames, k, 3, 3)."""
        return replace(self, rotations=rotations)

    def first_orientations(self, number: int) -> "Inputs":
        """The same frames in at most ``number`` of the orientations."""
        return self.turned(self.rotations[:, :number])

    def select(self, frames: Selection) -> "Inputs":
        """Some of the frames."""
        jacobian = None if self.jacobian is None else self.jacobian[frames]
        return replace(self, values=self.values[frames], rotations=self.rotations[frames], jacobian=jacobian)


@dataclass(frozen=True, eq=False)
class Targets:
    """Residuals that a frozen backbone leaves: its own, and the injected field at every frequency.

    Attributes:
        base: residual with nothing injected: E - E_0 less its mean (n_frames,), eV, or F - F_0 in the molecule's axes
            (n_frames, 3 n_atoms), eV/Å.
        units: (n_frames, 3) marked directions u.
        lengths: (n_frames,) distances of the marked atoms, Å.
        ends: (n_frames, 2) the marked atoms, site first.
        amplitudes: A by frequency, eV.
        directions: c by frequency.
    """

    base: Array
    units: Array
    lengths: Array
    ends: NDArray[np.int64]
    amplitudes: Mapping[int, float]
    directions: Mapping[int, Array]

    @property
    def frequencies(self) -> tuple[int, ...]:
        return tuple(self.amplitudes)

    @property
    def of_forces(self) -> bool:
        """Whether these are residuals of forces."""
        return self.base.ndim == 2

    def components(self, l: int) -> Array:
        """The injected field for every c that is a unit vector of the basis, in the molecule's axes.

        Returns:
            (n_frames, 2l+1), eV, or (n_frames, 2l+1, 3 n_atoms), eV/Å.
        """
        if not self.of_forces:
            return self.amplitudes[l] * harmonics(self.units, l)
        pull = self.amplitudes[l] * surface_gradient(l, self.units) / self.lengths[:, None, None]
        return self._on_atoms(pull)

    def oriented(self, l: int, rotations: Array) -> Array:
        """The injected field at every frame in every orientation (n_frames, k, 3, 3).

        Returns:
            (n_frames, k), eV, or (n_frames, k, 3 n_atoms) in the molecule's axes, eV/Å.
        """
        turned = np.einsum("nkij,nj->nki", rotations, self.units)
        if not self.of_forces:
            return self.amplitudes[l] * harmonics(turned, l) @ self.directions[l]
        gradient = np.einsum("nkmi,m->nki", surface_gradient(l, turned), self.directions[l])
        pull = np.einsum("nkij,nki->nkj", rotations, gradient) / self.lengths[:, None, None]
        return self._on_atoms(self.amplitudes[l] * pull)

    def select(self, frames: Selection) -> "Targets":
        """Those of some of the frames."""
        arrays = {name: getattr(self, name)[frames] for name in ("base", "units", "lengths", "ends")}
        return replace(self, **arrays)

    def shuffled(self, rng: np.random.Generator) -> "Targets":
        """The marked directions of other frames, each turned at random: a negative control, nothing can be recovered.

        Without the turn, frames that all point the same way would share their direction with every other.
        """
        order = rng.permutation(len(self.units))
        turns = random_rotations(len(order), 1, rng)[:, 0]
        return replace(
            self, units=np.einsum("nij,nj->ni", turns, self.units[order]), lengths=self.lengths[order]
        )

    def _on_atoms(self, pull: Array) -> Array:
        """Forces on every atom from the energy's gradient (n_frames, j, 3) on the atom marked last."""
        n_frames, n_atoms = self.base.shape[0], self.base.shape[1] // 3
        forces = np.zeros((n_frames, pull.shape[1], n_atoms, 3))
        rows = np.arange(n_frames)
        forces[rows, :, self.ends[:, 1]] = -pull
        forces[rows, :, self.ends[:, 0]] = pull
        return forces.reshape(*pull.shape[:2], 3 * n_atoms)


def inject(
    environments: Environments, frequencies: range, force: float, lengths: Array, base: Array, seed: int
) -> Targets:
    """Residuals of structures into which every frequency is injected, one at a time, with equal force power.

    Args:
        environments: where.
        frequencies: which l.
        force: root mean square of the injected force components, eV/Å.
        lengths: of the marked directions that set the amplitudes (those of training, for all), Å.
        base: see :class:`Targets`.
        seed: of the unit vectors c.
    """
    return Targets(
        base=base,
        units=environments.directions,
        lengths=environments.lengths,
        ends=environments.ends,
        amplitudes={l: amplitude(l, force, lengths) for l in frequencies},
        directions={l: direction_of(l, seed) for l in frequencies},
    )


def random_rotations(
    n_frames: int, orientations: int, rng: np.random.Generator, spread: float | None = None
) -> Array:
    """Random rotations (n_frames, orientations, 3, 3).

    Args:
        spread: standard deviation of the components of the rotation vector, rad, 0 for none; by default rotations are
            Haar-random: all orientations alike.
    """
    from scipy.spatial.transform import Rotation

    number = n_frames * orientations
    if spread is None:
        turns = Rotation.random(number, rng=rng)
    else:
        turns = Rotation.from_rotvec(rng.normal(scale=spread, size=(number, 3)))
    return turns.as_matrix().reshape(n_frames, -1, 3, 3)
