"""What invariant polynomials of a site's features see of one atom that moves, and what energies ask for.

Two measures. `angles`: the power of all invariant polynomials of degree ≤ d by frequency, while one atom moves over a
sphere or around a bond (``rule``), and how much of every wave a fit of them recovers on other structures, over all
positions. `angle energy`: the power of an energy over the same sphere, the network's own or GFN2-xTB's, and how much of
it the invariants of the site's features at a layer reproduce on structures that the fit has not seen.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from experiments.backbones.batch import Batch
from experiments.backbones.protocol import Backbone, Potential, card_of
from experiments.backbones.site import site_features
from experiments.invariant_polynomials import (
    Features,
    by_irrep,
    leading_polynomials,
    not_rounding,
    random_polynomials,
)
from experiments.lab.cell import Cell
from experiments.lab.measurement import Measurement
from experiments.lab.sources import Sources
from experiments.seeds import generator
from experiments.sphere import ATOMS, ROUNDING
from experiments.structures import Structures
from experiments.swept import SphereSweep, Sweep, choose_sphere, choose_torsion
from numerics.ridge import NormalEquations, choose_explicit, solve_explicit
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from e3nn.o3 import Irreps

Array = NDArray[np.float64]

PLACES = 16
"""Positions of the moved atom in a training structure."""
LIMIT = 420
"""Polynomials of one degree at most; all of degree 2 for 16 channels of l = 0, 1, 2."""
STRENGTHS = tuple(10.0**power for power in range(-12, 3))
REFERENCE = "gfn2"
SPHERE, TORSION = "sphere", "torsion"
HIDDEN, STEPS, INPUTS = 64, 500, (10, 20, 40)
"""Of the probe that is no polynomial: units, steps of Adam, and how many quadratic invariants it sees: whichever number
is best, wave by wave, on structures set aside."""


@dataclass(frozen=True, eq=False)
class _Swept:
    """Structures with one atom moved: features and targets, one row a position."""

    features: Features
    waves: Array
    structure: NDArray[np.int64]
    weights: Array


def shared(cell: Cell) -> Hashable:
    """Probes of one layer see the same features."""
    return replace(cell, probe=type(cell.probe)())


def identity(cell: Cell, sources: Sources) -> dict[str, Any] | None:
    """What tells the content of all that the cell names from others."""
    if cell.backbone == REFERENCE:
        training, test = sources.structures(cell)
        return {"training": training.checksum, "test": test.checksum}
    return sources.contents(cell)


def measure(cells: Sequence[Cell], sources: Sources) -> list[Measurement]:
    """Spectra and recoveries of cells that differ in their probe alone.

    Raises:
        InputError: an atom that cannot be moved without a clash, or features that are not finite.
    """
    first = cells[0]
    training, test = sources.structures(first)
    backbone = sources.backbone(first)
    sweep = _sweep(first, training)
    rng = generator(first.seed, f"places, {first.rule}")
    fitted = _swept(backbone, training, sweep, first, rng)
    tested = _swept(backbone, test, sweep, first, None)
    if first.shuffled:
        fitted = replace(fitted, waves=rng.permutation(fitted.waves))
    reserved = max(1, round(first.validation_share * len(training)))
    validation = np.isin(np.arange(len(training)), rng.permutation(len(training))[:reserved])
    return [_measured(cell, backbone, sweep, (fitted, tested), validation, test) for cell in cells]


def _measured(
    cell: Cell,
    backbone: Backbone,
    sweep: Sweep,
    swept: tuple[_Swept, _Swept],
    validation: NDArray[np.bool_],
    test: Structures,
) -> Measurement:
    fitted, tested = swept
    # of every probe the same whatever stands beside it
    rng = generator(cell.seed, f"polynomials, {cell.probe.solver}, {cell.probe.degree}")
    card = card_of(backbone)
    complete: dict[int, bool] = {}
    number = 0
    if cell.probe.solver == "mlp":
        predicted = _by_network(fitted, tested, validation, rng)
        sums = {}
    else:
        polynomials = leading_polynomials(fitted.features, fitted.structure, cell.probe.degree, LIMIT)
        rows = [polynomials.evaluate(one.features) for one in swept]
        chosen, number = validation[fitted.structure], rows[0].shape[1]
        predicted = _by_ridge(rows[0], fitted.waves, chosen, rows[1])
        spanning = random_polynomials(fitted.features, cell.probe.degree, LIMIT, rng)
        complete = dict(spanning.complete)
        sums = _spectra(spanning.evaluate(tested.features), tested, sweep, cell.l_max)
    columns = cell.l_max + 1
    power = tested.weights[:, None] * np.pad(tested.waves**2, ((0, 0), (0, 1)))
    errors = tested.weights[:, None] * np.pad((tested.waves - predicted) ** 2, ((0, 0), (0, 1)))
    sums |= {"power": _by_structure(power, tested), "error": _by_structure(errors, tested)}
    facts = {
        "name": backbone.name,
        "L": backbone.irreps.lmax,
        # of the sums over neighbours, and how many of them a feature of the first layer multiplies
        "density_L": card.settings.get("max_ell", max(_lmax(irreps) for irreps in card.layers.values())),
        "products": card.settings.get("correlation", 1),
        "layer": card.layer,
        "depth": list(card.layers).index(card.layer),
        "irreps": str(backbone.irreps),
        "polynomials": number,
        "complete": complete,
        "sweep": asdict(sweep.move) if isinstance(sweep, SphereSweep) else asdict(sweep),  # type: ignore[call-overload]
        "card": card.to_dict(),
        "test": test.to_dict(),
    }
    return Measurement(tuple(range(1, columns + 1)), sums, test.checksum, facts, test.places)


def figures(sums: Mapping[str, Array], number: Array) -> dict[str, Array]:
    """R² of every wave, share of the varying power, largest power of any polynomial relative to its mean square."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found = {"r2": 1 - sums["error"] / sums["power"]}
    if "share" in sums:
        found |= {"share": sums["share"] / number, "largest": sums["largest"] / number}
    return found


def energy_measure(cells: Sequence[Cell], sources: Sources) -> list[Measurement]:
    """Spectra of an energy over the sphere, and what invariants of the site's features reproduce of it.

    Cells differ in layer and probe; without a layer nothing is fitted.

    Raises:
        InputError: a backbone that predicts no energy, or GFN2-xTB does not converge.
    """
    first = cells[0]
    training, test = sources.structures(first)
    sweep = _sweep(first, training)
    numbers, every = test.stacked()
    structures = np.stack([sweep.whole(positions, index) for index, positions in enumerate(every)])
    if first.backbone == REFERENCE:
        energies = np.stack([reference_energies(numbers, one) for one in structures])
    else:
        potential = sources.backbone(first)
        if not isinstance(potential, Potential):
            raise InputError(f"backbone {potential.name} predicts no energy: expected one that does")
        energies = np.stack([_energies(potential, numbers, one) for one in structures])
    powers = sweep.power(energies.T, first.l_max)[1:].T
    varying = powers.sum(axis=1, keepdims=True)
    measured = []
    for cell in cells:
        sums = {"power": powers, "share": powers / varying}
        facts: dict[str, Any] = {"name": cell.backbone, "test": test.to_dict(), "depth": None, "L": None}
        if cell.backbone != REFERENCE:
            backbone = sources.backbone(cell)
            card = card_of(backbone)
            swept = _swept(backbone, test, sweep, cell, None)
            left = energies - _other_structures(cell, swept, energies, sweep.weights)
            sums["left"] = sweep.power(left.T, cell.l_max)[1:].T
            facts |= {
                "name": backbone.name,
                "L": max(_lmax(irreps) for irreps in card.layers.values()),
                "layer": card.layer,
                "depth": list(card.layers).index(card.layer),
                "card": card.to_dict(),
            }
        measured.append(Measurement(tuple(range(1, cell.l_max + 2)), sums, test.checksum, facts, test.places))
    return measured


def energy_shared(cell: Cell) -> Hashable:
    """Layers and probes of one network share its energy."""
    return replace(cell, layer=None, probe=type(cell.probe)())


def energy_figures(sums: Mapping[str, Array], number: Array) -> dict[str, Array]:
    """Root mean square energy by degree in eV, share of the varying power, and share of it that invariants carry."""
    found = {"rms": np.sqrt(sums["power"] / number), "share": sums["share"] / number}
    if "left" in sums:
        total, left = (sums[name].sum(axis=-1, keepdims=True) for name in ("power", "left"))
        found["carried"] = 1 - left / total
    return found


def reference_energies(numbers: NDArray[np.int64], structures: Array) -> Array:
    """GFN2-xTB energies, eV, of structures (n, n_atoms, 3) in Å.

    Raises:
        InputError: it does not converge.
    """
    from ase.units import Bohr, Hartree
    from tblite.interface import Calculator

    energies = np.empty(len(structures))
    calculator = Calculator("GFN2-xTB", numbers, structures[0] / Bohr)
    calculator.set("verbosity", 0)
    for index, positions in enumerate(structures):
        calculator.update(positions / Bohr)
        try:
            energies[index] = calculator.singlepoint().get("energy") * Hartree
        except RuntimeError as error:
            raise InputError(f"GFN2-xTB fails at position {index} of the moved atom: {error}") from error
    return energies


def _sweep(cell: Cell, known: Structures) -> Sweep:
    if cell.rule == SPHERE:
        return choose_sphere(known)
    if cell.rule == TORSION:
        return choose_torsion(known)
    raise InputError(f"the rule is '{cell.rule}': expected {SPHERE} or {TORSION}")


def _swept(
    backbone: Backbone, known: Structures, sweep: Sweep, cell: Cell, rng: np.random.Generator | None
) -> _Swept:
    """Features and targets of all structures, at random places, or everywhere where there is no ``rng``."""
    features, waves = [], []
    numbers, every = known.stacked()
    for index, positions in enumerate(every):
        structures = (
            sweep.whole(positions, index) if rng is None else sweep.some(positions, index, PLACES, rng)
        )
        waves.append(sweep.waves(structures, cell.l_max))
        features.append(_features(backbone, numbers, structures, sweep, cell.read))
    each = len(waves[0])
    weights = sweep.weights if rng is None else np.full(each, 1 / each)
    together = {irrep: np.concatenate([one[irrep] for one in features]) for irrep in features[0]}
    structure = np.repeat(np.arange(len(known)), each)
    return _Swept(together, np.concatenate(waves), structure, np.tile(weights, len(known)))


def _features(
    backbone: Backbone, numbers: NDArray[np.int64], structures: Array, sweep: Sweep, system: str
) -> Features:
    """Features at the sites, side by side, by irrep: the one place where a network is called for them.

    Raises:
        InputError: features that are not finite.
    """
    import torch

    atoms = list(range(len(numbers)))
    if isinstance(sweep, SphereSweep):
        atoms = sweep.move.atoms(system, len(numbers))
    batch = Batch.of_molecule(torch.tensor(numbers[atoms]), torch.tensor(structures[:, atoms]))
    parts = list(batch.parts(ATOMS))
    at_sites = []
    with torch.no_grad():
        for site in sweep.sites:
            here = atoms.index(site)
            values = torch.cat([site_features(backbone, part, part.first[:-1] + here) for part in parts])
            at_sites.append(values.double().cpu().numpy())
    if not all(np.isfinite(values).all() for values in at_sites):
        raise InputError(f"backbone {backbone.name} gives features that are not finite on the {system}")
    blocks = [by_irrep(values, backbone.irreps) for values in at_sites]
    return {irrep: np.concatenate([block[irrep] for block in blocks], axis=1) for irrep in blocks[0]}


def _energies(potential: Potential, numbers: NDArray[np.int64], structures: Array) -> Array:
    import torch

    batch = Batch.of_molecule(torch.tensor(numbers), torch.tensor(structures))
    found = [potential.energy_forces(part)[0].detach() for part in batch.parts(ATOMS)]
    energies: Array = torch.cat(found).double().cpu().numpy()
    return energies


def _spectra(columns: Array, tested: _Swept, sweep: Sweep, highest: int) -> dict[str, Array]:
    """Of every structure: share of the varying power, all polynomials of mean square one; and the largest of any."""
    number = tested.structure[-1] + 1
    columns = columns[:, not_rounding(columns)]
    shares, largest = (np.full((number, highest + 1), np.nan) for _ in range(2))
    for index, values in enumerate(columns.reshape(number, -1, columns.shape[1])):
        power = sweep.power(values, highest)
        relative = power / np.where(power.sum(axis=0) > 0, power.sum(axis=0), 1)
        largest[index] = relative[1:].max(axis=1, initial=0.0)
        varying = relative[1:].sum(axis=1)
        # what varies by no more than rounding has no spectrum
        if varying.sum() > ROUNDING * columns.shape[1]:
            shares[index] = varying / varying.sum()
    return {"share": shares, "largest": largest}


def _by_ridge(rows: Array, targets: Array, validation: NDArray[np.bool_], shown: Array) -> Array:
    """Predictions (n, t) of a ridge regression whose strength is chosen on whole structures."""
    if not rows.shape[1]:
        return np.zeros((len(shown), targets.shape[1]))
    kept = not_rounding(rows)
    rows, shown = rows[:, kept], shown[:, kept]
    mean = rows.mean(axis=0)
    equations = []
    for chosen in (~validation, validation):
        one = NormalEquations.empty(rows.shape[1], targets.shape[1])
        one.add(rows[chosen] - mean, targets[chosen])
        equations.append(one)
    strengths = choose_explicit(equations[0], equations[1], np.eye(targets.shape[1]), STRENGTHS)
    whole = equations[0] + equations[1]
    solved = {strength: solve_explicit(whole, strength) for strength in set(strengths)}
    weights = np.stack([solved[one][:, index] for index, one in enumerate(strengths)], axis=1)
    return (shown - mean) @ weights


def _by_network(
    fitted: _Swept, tested: _Swept, validation: NDArray[np.bool_], rng: np.random.Generator
) -> Array:
    """Predictions of a network of one hidden layer on the leading quadratic invariants, which knows no degree."""
    import torch

    targets = torch.tensor(fitted.waves, dtype=torch.float32)
    chosen = torch.tensor(validation[fitted.structure])
    # as for a strong ridge, nothing is predicted unless that helps on structures set aside
    least = (targets[chosen] ** 2).mean(dim=0)
    kept = torch.zeros(len(tested.waves), targets.shape[1])
    for number in INPUTS:
        polynomials = leading_polynomials(fitted.features, fitted.structure, 2, number)
        rows, shown = (polynomials.evaluate(one.features) for one in (fitted, tested))
        mean, spread = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-12)
        inputs, others = (torch.tensor((one - mean) / spread, dtype=torch.float32) for one in (rows, shown))
        generators = torch.Generator().manual_seed(int(rng.integers(2**31)))
        first = torch.randn(inputs.shape[1], HIDDEN, generator=generators) / inputs.shape[1] ** 0.5
        middle, last = torch.zeros(HIDDEN), torch.zeros(HIDDEN, targets.shape[1])
        parameters = [one.requires_grad_() for one in (first, middle, last)]
        optimiser = torch.optim.Adam(parameters, lr=1e-2, weight_decay=1e-4)
        for step in range(STEPS):
            optimiser.zero_grad()
            hidden = torch.nn.functional.silu(inputs[~chosen] @ first + middle)
            ((hidden @ last - targets[~chosen]) ** 2).mean().backward()
            optimiser.step()
            if step % 10 == 9:
                with torch.no_grad():
                    predicted = torch.nn.functional.silu(inputs[chosen] @ first + middle) @ last
                    error = ((predicted - targets[chosen]) ** 2).mean(dim=0)
                    better = error < least
                    least = torch.where(better, error, least)
                    hidden = torch.nn.functional.silu(others @ first + middle)
                    kept[:, better] = hidden @ last[:, better]
    return kept.double().numpy()


def _other_structures(cell: Cell, swept: _Swept, energies: Array, weights: Array) -> Array:
    """Energies (structures, n) as invariants fitted to all other structures predict them, their means left alone."""
    polynomials = leading_polynomials(swept.features, swept.structure, cell.probe.degree, LIMIT)
    rows = polynomials.evaluate(swept.features)
    rows = rows.reshape(len(energies), -1, rows.shape[1])
    # a constant of each structure is none of the moved atom's business
    rows = rows - np.einsum("n,snp->sp", weights, rows)[:, None]
    varying = energies - (energies @ weights)[:, None]
    predicted = np.empty_like(energies)
    for index in range(len(energies)):
        others = np.delete(np.arange(len(energies)), index)
        validation = np.repeat(others == others[-1], rows.shape[1])
        flat = rows[others].reshape(-1, rows.shape[2])
        predicted[index] = _by_ridge(flat, varying[others].reshape(-1, 1), validation, rows[index])[:, 0]
    return predicted


def _by_structure(values: Array, tested: _Swept) -> Array:
    number = tested.structure[-1] + 1
    return values.reshape(number, -1, values.shape[1]).sum(axis=1)


def _lmax(irreps: "str | Irreps") -> int:
    from e3nn.o3 import Irreps

    return int(Irreps(irreps).lmax)
