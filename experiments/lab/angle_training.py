"""How well models trained from scratch learn P_l of one angle, l by l: energies and forces of triples never fitted.

The cell's ``backbone`` names the model. `ace(2)`: invariant polynomials of degree ≤ d (the probe's) in the densities of
L = 2 around the carbon, fitted by ridge regression, the linear model of :mod:`experiments.choose`.
`nequip:scratch(1, 2)`: a NequIP of one layer, L = 2, trained by gradient descent; `mace:scratch(2)`: a MACE of one
layer, L = 2, of correlation d, where mace-torch is installed. The ``rule`` says who sees whom: `star`,
the carbon and each hydrogen alone, or `all`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from experiments.backbones.old_e3nn import allow_constants
from experiments.choose.density import densities
from experiments.choose.design import force_columns
from experiments.choose.invariants import Expansion, Term
from experiments.choose.neighbours import neighbour_pairs
from experiments.lab.cell import Cell
from experiments.lab.measurement import Measurement
from experiments.lab.sources import Sources
from experiments.seeds import generator
from experiments.structures import Structures
from experiments.triples import NUMBERS, labels, triples
from numerics.ridge import NormalEquations, choose_explicit, solve_explicit
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from experiments.training.scratch import Scratch

Array = NDArray[np.float64]
Labels = tuple[Array, Array]
"""Energies (n,) and forces (n, 3, 3)."""

STAR, ALL = "star", "all"
CUTOFF = 3.0  # Å: no hydrogen's distance from the other is larger
RADIAL = (6, 6, 3, 2)
"""Radial functions in products of one, two, three and four densities."""
STRENGTHS = tuple(10.0**power for power in range(-12, 3))
KINDS = {"force": slice(None), "outer": slice(1, None)}
"""Atoms whose forces are compared."""


def measure(cells: Sequence[Cell], sources: Sources) -> list[Measurement]:
    """Errors of energies and forces for every l, a model for each.

    Raises:
        InputError: the cell names no model of these, or a rule that it does not know.
    """
    allow_constants()  # no backbone is opened here, and MACE's environment has an old e3nn
    (cell,) = cells
    fitted, test = (
        triples(number, generator(cell.seed, f"triples, {name}"))
        for name, number in (("fitted", cell.n_train), ("test", cell.n_test))
    )
    reserved = max(1, round(cell.validation_share * len(fitted)))
    validation = np.arange(len(fitted)) < reserved
    sums: dict[str, list[Array]] = {}
    predict, facts = _model(cell)(cell, fitted, validation, test)
    for l in range(1, cell.l_max + 1):
        reference = labels(test, l)
        mean = labels(fitted, l)[0].mean()
        energies, forces = predict(l)
        one = {
            "energy power": (reference[0] - mean) ** 2,
            "energy left": (reference[0] - energies) ** 2,
        }
        for kind, atoms in KINDS.items():
            one[f"{kind} power"] = np.sum(reference[1][:, atoms] ** 2, axis=(1, 2))
            one[f"{kind} left"] = np.sum((reference[1] - forces)[:, atoms] ** 2, axis=(1, 2))
        for name, values in one.items():
            sums.setdefault(name, []).append(values)
    stacked = {name: np.stack(columns, axis=1) for name, columns in sums.items()}
    shown = Structures.of_molecule(list(NUMBERS), test, None, None, "triples, test")
    facts = {"name": cell.backbone, "test": shown.to_dict(), **facts}
    return [Measurement(tuple(range(1, cell.l_max + 1)), stacked, shown.checksum, facts)]


def identity(cell: Cell, sources: Sources) -> dict[str, Any]:
    """Nothing but the cell: structures and models are made from its seed."""
    return {}


def figures(sums: Mapping[str, Array], number: Array) -> dict[str, Array]:
    """Root mean square error of the forces over their root mean square; R² of energies, forces, hydrogens' forces."""
    found = {name: 1 - sums[f"{name} left"] / sums[f"{name} power"] for name in ("energy", "force", "outer")}
    return {"error": np.sqrt(1 - found["force"]), **found}


def _model(cell: Cell) -> Any:
    if re.fullmatch(r"ace\([0-9]\)", cell.backbone):
        return _linear
    if re.fullmatch(r"nequip:scratch\([0-9], [0-9]\)|mace:scratch\([0-9]\)", cell.backbone):
        return _descended
    raise InputError(
        f"'{cell.backbone}' is no model: expected one such as ace(2), nequip:scratch(1, 2) or mace:scratch(2)"
    )


def _numbers(cell: Cell) -> list[int]:
    return [int(number) for number in re.findall(r"[0-9]", cell.backbone.partition("(")[2])]


def _linear(cell: Cell, fitted: Array, validation: NDArray[np.bool_], test: Array) -> Any:
    """The linear model of all l at once: their rows are the same.

    Raises:
        InputError: a degree without radial functions, or hydrogens that see one another.
    """
    (L,), d = _numbers(cell), cell.probe.degree
    if cell.rule != STAR or not 1 <= d <= len(RADIAL):
        raise InputError(f"{cell.backbone}: expected the rule {STAR} and d from 1 to {len(RADIAL)}")
    terms = tuple(Term(radial, L if degree else 0) for degree, radial in enumerate(RADIAL[:d]))
    expansion = Expansion(NUMBERS[1:2], CUTOFF, terms)
    values, slopes = _rows(fitted, expansion)
    mean = values.mean(axis=0)
    shown, turned = _rows(test, expansion)

    def predict(l: int) -> Labels:
        energies, forces = labels(fitted, l)
        level, size = energies.mean(), energies.std()
        equations = []
        for chosen in (~validation, validation):
            one = NormalEquations.empty(len(mean), 1)
            one.add((values[chosen] - mean) / size, ((energies[chosen] - level) / size)[:, None])
            one.add(slopes[chosen].reshape(-1, len(mean)), forces[chosen].reshape(-1, 1))
            equations.append(one)
        (strength,) = choose_explicit(equations[0], equations[1], np.eye(1), STRENGTHS)
        weights = solve_explicit(equations[0] + equations[1], strength)[:, 0]
        return level + (shown - mean) @ weights, turned @ weights

    return predict, {"L": L, "columns": len(expansion)}


def _rows(positions: Array, expansion: Expansion) -> tuple[Array, Array]:
    """Invariants around the carbons (n, p), and forces (n, 3, 3, p) that each alone would give."""
    structures = Structures.of_molecule(list(NUMBERS), positions, None, None, "triples")
    centre = np.flatnonzero(structures.numbers == NUMBERS[0])
    pairs = neighbour_pairs(structures, expansion.cutoff).around(centre)
    around = densities(structures.numbers, centre, pairs, expansion.basis, True)
    values, tangents = expansion.evaluate(around)
    assert tangents is not None
    forces = force_columns(tangents, centre, around.neighbours, len(structures.numbers))
    return values, forces.reshape(*positions.shape, -1)


def _descended(cell: Cell, fitted: Array, validation: NDArray[np.bool_], test: Array) -> Any:
    """A network trained by gradient descent, anew for every l."""
    from experiments.training.scratch import Descent

    model, facts = _network(cell)

    def predict(l: int) -> Labels:
        energies, forces = labels(fitted, l)
        level = energies.mean()
        rng = generator(cell.seed, f"batches, {l}")
        one = model.train((fitted, energies - level, forces), validation, Descent(), rng)
        predicted, turned = one(test)
        return level + predicted, turned

    return predict, facts | {"parameters": model.parameters}


def _network(cell: Cell) -> "tuple[Scratch, dict[str, Any]]":
    """The network of a cell and what is known of it.

    Raises:
        InputError: a rule that it does not have.
    """
    from experiments.training.scratch import MACE, NequIP

    of_mace = cell.backbone.startswith("mace")
    rules = (STAR,) if of_mace else (STAR, ALL)
    if cell.rule not in rules:
        raise InputError(f"{cell.backbone}: the rule is '{cell.rule}', expected {' or '.join(rules)}")
    if of_mace:
        (L,) = _numbers(cell)
        return MACE(L, cell.probe.degree, CUTOFF, cell.seed), {"L": L, "correlation": cell.probe.degree}
    layers, L = _numbers(cell)
    return NequIP(layers, L, cell.rule == ALL, CUTOFF, cell.seed), {"L": L, "layers": layers}
