"""Structures whose demand is known, and from which share on it is found: `python -m experiments.choose.known -o DIR`.

Small clusters of atoms whose energies are sums over pairs, over triplets of P_l(cos θ), or over volumes of three
neighbours, and periodic sets of two published potentials: Stillinger and Weber's silicon, whose three-body term is
quadratic in cos θ, and effective-medium copper, a function of summed pair densities, which has no angle at all. Forces
of clusters are torch's derivatives, another route than the rows of the linear model.
"""

from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray

from experiments.choose.choosing import Settings, choose
from experiments.structures import Structures
from span_theorem.command import program, run

if TYPE_CHECKING:
    from ase import Atoms
    from ase.calculators.calculator import Calculator
    from pandas import DataFrame

Array = NDArray[np.float64]
Energy = Callable[[torch.Tensor], torch.Tensor]
"""Of places (n, atoms, 3), (n,)."""

CUTOFF = 4.5  # Å
SHARES = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5)
NUMBER = 300  # structures of a set


def structures(energy: Energy, number: int, atoms: int = 5, seed: int = 0) -> Structures:
    """Carbon atoms at random places at least 1 Å apart in a box of 3.2 Å."""
    rng = np.random.default_rng(seed)
    positions = np.array([_places(rng, atoms) for _ in range(number)])
    energies, forces = labels(energy, positions)
    return Structures.of_molecule([6] * atoms, positions, energies, forces, "known")


def labels(energy: Energy, positions: Array) -> tuple[Array, Array]:
    """Energies (n,) and forces of positions (n, atoms, 3)."""
    places = torch.tensor(positions, requires_grad=True)
    energies = energy(places)
    (gradient,) = torch.autograd.grad(energies.sum(), places)
    return energies.detach().numpy(), -gradient.numpy()


def pairs(places: torch.Tensor) -> torch.Tensor:
    """Σ over pairs of a function of their distance."""
    radial = [_radial(_apart(places, i, j)[1]) for i, j in combinations(range(places.shape[1]), 2)]
    return torch.stack(radial).sum(dim=0)


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


def mixed(l: int, share: float, number: int, seed: int = 0) -> Structures:
    """Pairs and as much of triplets of P_l that these have ``share`` of the RMS force of all."""
    made = structures(pairs, number, seed=seed)
    assert made.energies is not None
    assert made.forces is not None
    energies, forces = labels(triplets(l), made.positions.reshape(number, -1, 3))
    forces = forces.reshape(-1, 3)
    # |F_p + a F_l|² share² = a² |F_l|², a quadratic equation in a
    both = np.stack([made.forces.ravel(), forces.ravel()])
    (pp, pl), (_, ll) = both @ both.T
    amplitude = max(np.roots([ll * (1 - share**-2), 2 * pl, pp]).real)
    return Structures.of_molecule(
        made.numbers[:5],
        made.positions.reshape(number, 5, 3),
        made.energies + amplitude * energies,
        (made.forces + amplitude * forces).reshape(number, 5, 3),
        f"pairs and P_{l}",
    )


def silicon(number: int, seed: int = 0) -> Structures:
    """Stillinger and Weber's silicon (Phys. Rev. B 31, 5262, 1985): strained and rattled cells of 16 atoms."""
    from ase.build import bulk
    from matscipy.calculators.manybody import Manybody
    from matscipy.calculators.manybody.explicit_forms import StillingerWeber
    from matscipy.calculators.manybody.explicit_forms.stillinger_weber import Stillinger_Weber_PRB_31_5262_Si

    cell = bulk("Si", "diamond", a=5.431, cubic=True) * (2, 1, 1)
    return _crystals(cell, Manybody(**StillingerWeber(Stillinger_Weber_PRB_31_5262_Si)), number, seed)


def copper(number: int, seed: int = 0) -> Structures:
    """Copper by ASE's effective-medium theory: strained and rattled cells of 16 atoms."""
    from ase.build import bulk
    from ase.calculators.emt import EMT

    return _crystals(bulk("Cu", "fcc", a=3.61, cubic=True) * (2, 2, 1), EMT(), number, seed)


def _crystals(cell: "Atoms", calculator: "Calculator", number: int, seed: int) -> Structures:
    from ase.calculators.singlepoint import SinglePointCalculator

    rng = np.random.default_rng(seed)
    images = []
    for _ in range(number):
        atoms = cell.copy()
        atoms.set_cell(atoms.cell.array @ (np.eye(3) + 0.02 * rng.normal(size=(3, 3))), scale_atoms=True)
        atoms.positions += rng.normal(scale=0.12, size=atoms.positions.shape)
        atoms.calc = calculator
        labels = {"energy": atoms.get_potential_energy(), "forces": atoms.get_forces()}
        atoms.calc = SinglePointCalculator(atoms, **labels)
        images.append(atoms)
    return Structures.from_ase(images, cell.get_chemical_formula())


def sensitivity() -> "DataFrame":
    """The answer at degree two by l and share of the RMS force that P_l has beside a pair potential."""
    import pandas

    rows = []
    for l in (1, 2, 3):
        for share in SHARES:
            choice = choose(mixed(l, share, NUMBER), Settings(max_L=5, max_d=2))
            rows.append({"l": l, "share": share, "answer": choice.verdict(choice.degree()).words()})
    return pandas.DataFrame(rows)


def main(output: Annotated[Path, typer.Option("--output", "-o", help="Folder.")]) -> None:
    """Write sensitivity.csv and the periodic sets as extended xyz."""
    from ase.io import write

    from span_theorem.output import make_folder, replacing

    make_folder(output)
    for made, name in ((silicon(NUMBER), "silicon"), (copper(NUMBER), "copper")):
        with replacing(output / f"{name}.extxyz") as temporary:
            write(temporary, made.to_ase(), format="extxyz")
    with replacing(output / "sensitivity.csv") as temporary:
        sensitivity().to_csv(temporary, index=False, lineterminator="\n")


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


def _places(rng: np.random.Generator, atoms: int) -> Array:
    while True:
        places = rng.uniform(0, 3.2, (atoms, 3))
        apart = np.linalg.norm(places[:, None] - places, axis=2)[np.triu_indices(atoms, 1)]
        if apart.min() > 1:
            return places


if __name__ == "__main__":
    raise SystemExit(run(program(main), "experiments.choose.known"))
