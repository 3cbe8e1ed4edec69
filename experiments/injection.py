"""Where the force field is perturbed: δE = A c·Y_l(u), u the marked direction, and its forces.

Background: the diagnostic asks which angular frequencies come back from a network's features, so it adds one of known
frequency to the labels. δF = -∇δE acts on the two marked atoms only, equal and opposite, perpendicular to their bond:
A is one number for all environments, so nothing depends on the bond's length. Y_l are real spherical harmonics in
e3nn's `component` normalisation: the mean of (c·Y_l)² over the sphere is 1, that of |∇(c·Y_l)|² is l(l+1), whence
:func:`amplitude`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.environments import Environments
from experiments.seeds import generator
from experiments.structures import Structures
from numerics.harmonics import E3NN_MAX_L, spherical_harmonics, surface_gradient
from span_theorem.errors import InputError

Array = NDArray[np.float64]

HIGHEST_FREQUENCY = E3NN_MAX_L
FORCES = 1e-6, 1e6  # eV/Å that can be injected; beside less, rounding is all that comes back


@dataclass(frozen=True, eq=False)
class Injection:
    """One perturbation, fixed in the lab frame.

    Attributes:
        l: angular frequency, 1..12.
        direction: c, a unit vector (2l+1,).
        amplitude: A, eV.

    Raises:
        InputError: a frequency out of range, or an amplitude that is not positive.
    """

    l: int
    direction: Array
    amplitude: float

    def __post_init__(self) -> None:
        require_frequency(self.l)
        if not (np.isfinite(self.amplitude) and self.amplitude > 0):
            raise InputError(f"the amplitude is {self.amplitude}, expected a positive number")

    def energies(self, environments: Environments) -> Array:
        """δE (n,) of every structure, the sum over its environments, eV."""
        field = self.amplitude * harmonics(environments.directions, self.l) @ self.direction
        energies = np.zeros(len(environments.structures))
        np.add.at(energies, environments.structure, field)
        return energies

    def forces(self, environments: Environments) -> Array:
        """δF = -∇δE (N, 3), eV/Å; zero on every atom that no environment marks."""
        gradient = surface_gradient(self.l, environments.directions) / environments.lengths[:, None, None]
        pull = self.amplitude * np.einsum("nmi,m->ni", gradient, self.direction)
        forces = np.zeros(environments.structures.positions.shape)
        first = environments.structures.first[environments.structure]
        np.add.at(forces, first + environments.toward, -pull)
        np.add.at(forces, first + environments.site, pull)
        return forces


def require_frequency(l: int) -> None:
    """Refuse a frequency that cannot be injected.

    Raises:
        InputError: not 1..12.
    """
    if not 1 <= l <= HIGHEST_FREQUENCY:
        raise InputError(f"the angular frequency l = {l} is out of range: expected 1 to {HIGHEST_FREQUENCY}")


def harmonics(directions: Array, l: int) -> Array:
    """Y_l at unit vectors (..., 3): (..., 2l+1)."""
    return spherical_harmonics(l, directions)[..., l * l :]


def direction_of(l: int, seed: int) -> Array:
    """The unit vector c (2l+1,) of a frequency, sampled uniformly with ``seed``."""
    normal = generator(seed, f"direction of the injection at l = {l}").normal(size=2 * l + 1)
    return normal / np.linalg.norm(normal)


def amplitude(l: int, force: float, lengths: Array) -> float:
    """A in eV at which the injected forces have the same power for every l.

    Args:
        l: angular frequency.
        force: root mean square of the components of δF on a marked atom, eV/Å.
        lengths: (m,) distances of the marked atoms, Å.

    The mean of |δF|² over directions is A² l(l+1) / r² on either atom (Σ_m |∇Y_lm|² = l(l+1)(2l+1)), a third of it a
    component; hence A = force · √(3 / (l(l+1) ⟨r⁻²⟩)).

    Raises:
        InputError: ``force`` is not within :data:`FORCES`.
    """
    if not FORCES[0] <= force <= FORCES[1]:
        raise InputError(
            f"the amplitude {force} is out of range: expected a force from {FORCES[0]:g} to {FORCES[1]:g} eV/Å",
            "amplitude",
        )
    return float(force * np.sqrt(3 / (l * (l + 1) * np.mean(lengths**-2.0))))


def default_force(structures: Structures) -> float:
    """Half the root mean square of the structures' force components, eV/Å; 1 where they have no forces, or all are
    zero.

    Without forces nothing but the injection is left of the labels, and every figure is a ratio to it.
    """
    half = 0.0 if structures.forces is None else float(0.5 * np.sqrt(np.mean(structures.forces**2)))
    return half if half > 0.0 else 1.0
