"""Small clusters of atoms whose energies are sums over pairs, triplets or quadruples of known angular demand.

Energies are written with torch, so forces are their derivatives by another route than the library's.
"""

from collections.abc import Callable
from itertools import combinations

import numpy as np
import torch

from experiments.structures import Structures

CUTOFF = 4.5
Energy = Callable[[torch.Tensor], torch.Tensor]


def structures(energy: Energy, number: int, atoms: int = 5, seed: int = 0) -> Structures:
    """Carbon atoms at random places at least 1 Å apart in a box of 3.2 Å."""
    rng = np.random.default_rng(seed)
    positions = np.array([_places(rng, atoms) for _ in range(number)])
    energies, forces = labels(energy, positions)
    return Structures.of_molecule([6] * atoms, positions, energies, forces, "known")


def labels(energy: Energy, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Energies (n,) and forces of positions (n, atoms, 3)."""
    places = torch.tensor(positions, requires_grad=True)
    energies = energy(places)
    (gradient,) = torch.autograd.grad(energies.sum(), places)
    return energies.detach().numpy(), -gradient.numpy()


def pairs(places: torch.Tensor) -> torch.Tensor:
    """Σ over pairs of a function of their distance."""
    atoms = range(places.shape[1])
    return sum(_radial(_apart(places, i, j)[1]) for i, j in combinations(atoms, 2))


def triplets(l: int) -> Energy:
    """Σ over a centre and two neighbours of P_l(cos θ) times functions of their distances."""

    def energy(places: torch.Tensor) -> torch.Tensor:
        total = places.new_zeros(len(places))
        for i, j, k in _around(places, 2):
            (u, r), (v, s) = _apart(places, i, j), _apart(places, i, k)
            total = total + _legendre(l, (u * v).sum(-1)) * _radial(r) * _radial(s)
        return total

    return energy


def volumes(places: torch.Tensor) -> torch.Tensor:
    """Σ over a centre and three neighbours of (u·v×w)²: three directions at once, each with l = 2."""
    total = places.new_zeros(len(places))
    for i, *others in _around(places, 3):
        (u, r), (v, s), (w, t) = (_apart(places, i, j) for j in others)
        total = total + (u * torch.linalg.cross(v, w)).sum(-1) ** 2 * _radial(r) * _radial(s) * _radial(t)
    return total


def _around(places: torch.Tensor, number: int) -> list[tuple[int, ...]]:
    atoms = range(places.shape[1])
    return [(i, *others) for i in atoms for others in combinations([j for j in atoms if j != i], number)]


def _apart(places: torch.Tensor, i: int, j: int) -> tuple[torch.Tensor, torch.Tensor]:
    vectors = places[:, j] - places[:, i]
    lengths = vectors.norm(dim=-1)
    return vectors / lengths[:, None], lengths


def _radial(r: torch.Tensor) -> torch.Tensor:
    return torch.exp(-r / 1.5) * (1 - (r / CUTOFF) ** 2).clamp(min=0) ** 2


def _legendre(l: int, x: torch.Tensor) -> torch.Tensor:
    before, current = torch.ones_like(x), x
    for k in range(1, l):
        before, current = current, ((2 * k + 1) * x * current - k * before) / (k + 1)
    return current if l else before


def _places(rng: np.random.Generator, atoms: int) -> np.ndarray:
    while True:
        places = rng.uniform(0, 3.2, (atoms, 3))
        apart = np.linalg.norm(places[:, None] - places, axis=2)[np.triu_indices(atoms, 1)]
        if apart.min() > 1:
            return places
