"""Recovery: how much of an injected frequency an SPN finds in a frozen backbone's features.

This is the diagnostic from end to end: verify, inject, fit, test. Cells that differ in what is injected alone (marked
direction, amplitude) share features, orientations and one fit with many right-hand sides.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.backbones.edge import NearestEdge
from experiments.backbones.protocol import Backbone, card_of
from experiments.backbones.site import NoDerivative
from experiments.backbones.verification import Verification
from experiments.coverage import mean_length
from experiments.environments import Environments, Pair
from experiments.features import SiteFeatures, Sites
from experiments.injection import default_force
from experiments.lab.cell import EDGE, FEWEST_TRAINING, Cell
from experiments.lab.measurement import Measurement
from experiments.lab.sources import Sources
from experiments.recovery import sums
from experiments.residuals import Residuals, residuals
from experiments.samples import Inputs, Targets, inject, random_rotations
from experiments.seeds import generator
from experiments.split import require_disjoint
from experiments.spn import Layout, make_solver
from experiments.spn.protocol import Fit
from experiments.structures import Structures
from span_theorem.budget import require_affordable
from span_theorem.errors import InputError

Array = NDArray[np.float64]

FEWEST_TEST = 10


def shared(cell: Cell) -> Hashable:
    """Cells with equal keys are fitted together; an `mlp` is trained for each alone."""
    if cell.probe.solver == "mlp" or "|planted" in cell.backbone:
        return cell
    of_edge = cell.read == EDGE
    together = replace(cell, rule="", read=of_edge * EDGE, amplitude=None, scale=1.0, shuffled=False)
    # what a rule of several directions a structure reads is its own, and so is every edge
    return together, cell.atom, cell.rule if of_edge or not isinstance(cell.marks, Pair) else None


def figures(totals: Mapping[str, Array], number: Array) -> dict[str, Array]:
    """ρ and what belongs to it, from sums over structures (..., n_frequencies, 4); see :mod:`experiments.recovery`."""
    power, missed, gain, null = np.moveaxis(totals["energy"], -1, 0)
    found = {"rho": (gain - null) / power, "r2_energy": 1 - missed / power, "null_gain": null / number}
    if "force" in totals:
        power, missed, gain, null = np.moveaxis(totals["force"], -1, 0)
        found |= {
            "r2_injected": 1 - missed / power,
            "raw_gain": gain / power,
            "null_force_gain": null / power,
        }
    return found


def measure(cells: Sequence[Cell], sources: Sources) -> list[Measurement]:
    """Measure cells that share their inputs.

    Raises:
        InputError: unusable structures, pair, element or backbone.
    """
    first = cells[0]
    training, test = sources.structures(first)
    if not first.labels:
        training, test = (replace(one, energies=None, forces=None) for one in (training, test))
    _require_comparable(training, test)
    marked = [[_environments(cell, one) for one in (training, test)] for cell in cells]
    training, test = (one.structures for one in marked[0])
    _require_enough(training, test)
    if first.atom is not None and not 0 <= first.atom < (
        smallest := int(min(training.sizes.min(), test.sizes.min()))
    ):
        raise InputError(f"atom {first.atom} is to be read: expected 0 to {smallest - 1}")
    backbone = sources.backbone(first)
    shown: Backbone = backbone
    if first.read == EDGE:
        # a little more than the longest, so that rounding takes no edge in or out
        shown = NearestEdge(backbone, (1 + 1e-6) * max(float(one.lengths.max()) for one in marked[0]))
    verification = sources.verification(shown, training, first.seed)
    left = residuals(backbone, training, test, sources.reader, first.forces)
    return _Run(cells, marked, backbone, verification, left, sources).measurements()


def _environments(cell: Cell, structures: Structures) -> Environments:
    """What the cell marks, with those structures alone that have any."""
    found = cell.marks(structures)
    return (
        found if cell.environments is None else found.sample(cell.environments, cell.seed)
    ).of_structures()


class _Run:
    """One group of cells on opened things.

    Attributes:
        marked: of every cell, the environments of training and test structures; these are the same for all cells.
    """

    def __init__(
        self,
        cells: Sequence[Cell],
        marked: Sequence[Sequence[Environments]],
        backbone: Backbone,
        verification: Verification,
        left: Residuals,
        sources: Sources,
    ):
        self.cells, self.first = cells, cells[0]
        self.marked = marked
        self.backbone, self.verification = backbone, verification
        self.structures = marked[0][0].structures, marked[0][1].structures
        self.left = left
        self.reader = sources.reader
        self.notes = list(left.notes)
        for name, environments in zip(("training", "test"), marked[0], strict=True):
            whole = sources.structures(self.first)[name == "test"]
            if len(environments.structures) < len(whole):
                self.notes.append(
                    f"{len(whole) - len(environments.structures)} of {len(whole)} {name} structures have no "
                    f"environment by the rule {self.first.rule}: left out"
                )
        unlabelled = self.structures[0].forces is not None and not self.structures[0].forces.any()
        if unlabelled and any(cell.amplitude is None for cell in cells):
            self.notes.append(
                "the forces are zero in every structure: the amplitude is that of data without forces, 1 eV/Å"
            )
        self.forces = [
            (default_force(self.structures[0]) if cell.amplitude is None else cell.amplitude) * cell.scale
            for cell in cells
        ]

    def measurements(self) -> list[Measurement]:
        """Energies fitted on all training structures, forces on some of them."""
        training, test = self.structures
        energy, paths, fits = self._fit("energies", self.marked, self.left.energies)
        force: list[Array] | None = None
        force_fits: list[Fit] = []
        if self.left.forces is not None:
            some = _some(len(training), self.first.force_structures, self.first.seed)
            bases = (self.left.forces[0][some], self.left.forces[1])
            marked = [(own[0].subset(some), own[1]) for own in self.marked]
            try:
                force, _, force_fits = self._fit("forces", marked, bases)
            except NoDerivative as error:
                self.notes.append(f"no force figures: {error}")
        return [
            Measurement(
                frequencies=self._frequencies,
                sums={"energy": energy[i]} | ({} if force is None else {"force": force[i]}),
                structures=test.checksum,
                facts={
                    "L": self.backbone.irreps.lmax if cell.assumed_L is None else cell.assumed_L,
                    "paths": paths[i],
                    "fits": {"energy": _fit_facts(fits[i])}
                    | ({"force": _fit_facts(force_fits[i])} if force_fits else {}),
                    "force": self.forces[i],
                    "mean_direction": mean_length(self.marked[i][1].directions),
                    "notes": self.notes,
                    "name": self.backbone.name,
                    "irreps": str(self.backbone.irreps),
                    "card": card_of(self.backbone).to_dict(),
                    "verification": self.verification.to_dict(),
                    "training": training.to_dict(),
                    "test": test.to_dict(),
                    "clusters": None if test.cluster is None else test.cluster.tolist(),
                    "environments": [len(one) for one in self.marked[i]],
                },
                places=test.places,
            )
            for i, cell in enumerate(self.cells)
        ]

    @property
    def _frequencies(self) -> tuple[int, ...]:
        return tuple(range(1, self.first.l_max + 1))

    def _fit(
        self, what: str, marked: Sequence[Sequence[Environments]], bases: tuple[Array, Array]
    ) -> tuple[list[Array], list[list[bool]], list[Fit]]:
        """By cell: sums of the test structures, which frequencies have a path, and how the fit went."""
        first = self.first
        inputs, targets = [], []
        for i, (name, number) in enumerate(
            (("training", first.orientations), ("test", first.test_orientations))
        ):
            part = f"{what} of {name}"
            read = marked[0][i]
            atoms = read.site if first.atom is None else np.full(len(read), first.atom)
            edge = np.column_stack([read.toward, read.shift]) if first.read == EDGE else None
            features = self.reader.read(
                self.backbone, read.structures, Sites(read.structure, atoms, edge), jacobian=what == "forces"
            )
            inputs.append(self._inputs(part, features, number))
            base = bases[i][read.structure]
            targets.append([self._targets(part, c, own[i], base) for c, own in enumerate(marked)])
        layout = Layout(self.backbone.irreps, parity=self.verification.parity == "o3")
        solver = make_solver(first.probe, layout, first.seed)
        require_affordable(
            f"solver {first.probe.solver} for {what} of {len(inputs[0])} environments in {first.orientations} "
            "orientations",
            solver.estimate(inputs[0], targets[0]),
            "fewer training structures or orientations, or a lower highest frequency",
        )
        # all environments of structures that are not independent stand on one side
        _, cluster = np.unique(marked[0][0].structures.clusters, return_inverse=True)
        n_clusters = int(cluster.max()) + 1
        number = max(1, round(first.validation_share * n_clusters))
        validation = np.isin(cluster[marked[0][0].structure], _some(n_clusters, number, first.seed))
        fits = solver.fit(inputs[0], targets[0], validation)
        predictions = solver.predict(inputs[1])
        found = [
            _by_structure(sums(inputs[1], target, predicted), own[1])
            for target, predicted, own in zip(targets[1], predictions, marked, strict=True)
        ]
        paths = [[l in predicted.injected for l in self._frequencies] for predicted in predictions]
        return found, paths, fits

    def _inputs(self, part: str, features: SiteFeatures, orientations: int) -> Inputs:
        rng = generator(self.first.seed, f"orientations for {part}")
        jacobian = features.jacobian
        return Inputs(
            features.values,
            self.backbone.irreps,
            random_rotations(len(features.values), orientations, rng, self.first.spread),
            None if jacobian is None else jacobian.reshape(*jacobian.shape[:2], -1),
            self.first.spread,
        )

    def _targets(self, part: str, index: int, environments: Environments, base: Array) -> Targets:
        cell = self.cells[index]
        lengths = self.marked[index][0].lengths
        frequencies = range(1, cell.l_max + 1)
        targets = inject(environments, frequencies, self.forces[index], lengths, base, cell.seed)
        return targets.shuffled(generator(cell.seed, f"shuffle of {part}")) if cell.shuffled else targets


def _by_structure(values: Array, environments: Environments) -> Array:
    """Sums (m, …) of environments by structure (n, …), scaled by n/m: the mean over structures is that over all."""
    sums = np.zeros((len(environments.structures), *values.shape[1:]))
    np.add.at(sums, environments.structure, values)
    return sums * (len(sums) / len(values))


def _fit_facts(fit: Fit) -> dict[str, Any]:
    return {name: {str(l): value for l, value in values.items()} for name, values in asdict(fit).items()}


def _some(total: int, number: int, seed: int) -> NDArray[np.int64]:
    """Indices of at most ``number`` of ``total`` structures, sampled without replacement, in order."""
    return np.sort(generator(seed, "some frames").permutation(total)[:number])


def _require_comparable(training: Structures, test: Structures) -> None:
    molecules = training.one_molecule and test.one_molecule
    if molecules and not np.array_equal(training.stacked()[0], test.stacked()[0]):
        raise InputError(
            f"{training.source} and {test.source} hold different molecules: "
            "expected the same atoms in the same order in training and test structures"
        )
    require_disjoint(training, test)


def _require_enough(training: Structures, test: Structures) -> None:
    for structures, role, fewest in ((training, "training", FEWEST_TRAINING), (test, "test", FEWEST_TEST)):
        if len(structures) < fewest:
            raise InputError(
                f"{len(structures)} {role} structures from {structures.source} are too few: expected at least {fewest} "
                "with an environment"
            )
