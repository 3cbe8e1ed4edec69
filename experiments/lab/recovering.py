"""Recovery: how much of an injected frequency an SPN finds in a frozen backbone's features.

This is the diagnostic from end to end: verify, inject, fit, test. Cells that differ in what is injected alone (marked
direction, amplitude) share features, orientations and one fit with many right-hand sides.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.backbones.protocol import Backbone, card_of
from experiments.backbones.site import NoDerivative
from experiments.backbones.verification import Verification
from experiments.coverage import mean_length
from experiments.data.frames import Frames
from experiments.features import SiteFeatures
from experiments.injection import default_force
from experiments.lab.cell import FEWEST_TRAINING, Cell
from experiments.lab.measurement import Measurement
from experiments.lab.sources import Sources
from experiments.recovery import sums
from experiments.residuals import Residuals, residuals
from experiments.samples import Inputs, Targets, inject, random_rotations
from experiments.seeds import generator
from experiments.split import require_disjoint
from experiments.spn import Layout, make_solver
from experiments.spn.protocol import Fit
from span_theorem.budget import require_affordable
from span_theorem.errors import InputError

Array = NDArray[np.float64]

FEWEST_TEST = 10


def shared(cell: Cell) -> Hashable:
    """Cells with equal keys are fitted together; an `mlp` is trained for each alone."""
    if cell.probe.solver == "mlp" or "|planted" in cell.backbone:
        return cell
    together = replace(cell, rule="", read="", amplitude=None, scale=1.0, shuffled=False)
    return together, cell.atom


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
    for cell in cells:
        for frames in (training, test):
            cell.pair.directions(frames)
    if not 0 <= first.atom < training.n_atoms:
        raise InputError(f"atom {first.atom} is to be read: expected 0 to {training.n_atoms - 1}")
    backbone = sources.backbone(first)
    verification = sources.verification(backbone, training, first.seed)
    left = residuals(backbone, training, test, sources.reader, first.forces)
    run = _Run(cells, backbone, training, test, verification, left, sources)
    return run.measurements()


class _Run:
    """One group of cells on opened things."""

    def __init__(
        self,
        cells: Sequence[Cell],
        backbone: Backbone,
        training: Frames,
        test: Frames,
        verification: Verification,
        left: Residuals,
        sources: Sources,
    ):
        self.cells, self.first = cells, cells[0]
        self.backbone, self.verification = backbone, verification
        self.frames = (training, test)
        self.left = left
        self.reader = sources.reader
        self.notes = list(left.notes)
        self.forces = [
            (default_force(training) if cell.amplitude is None else cell.amplitude) * cell.scale
            for cell in cells
        ]

    def measurements(self) -> list[Measurement]:
        """Energies fitted on all training structures, forces on some of them."""
        training, test = self.frames
        energy, paths, fits = self._fit("energies", self.frames, self.left.energies)
        force: list[Array] | None = None
        force_fits: list[Fit] = []
        if self.left.forces is not None:
            some = _some(len(training), self.first.force_structures, self.first.seed)
            bases = (self.left.forces[0][some], self.left.forces[1])
            try:
                force, _, force_fits = self._fit("forces", (training.select(some), test), bases)
            except NoDerivative as error:
                self.notes.append(f"no force figures: {error}")
        return [
            Measurement(
                frequencies=self._frequencies,
                sums={"energy": energy[i]} | ({} if force is None else {"force": force[i]}),
                structures=test.checksum,
                facts={
                    "L": self.backbone.irreps.lmax if cell.order is None else cell.order,
                    "paths": paths[i],
                    "fits": {"energy": _fit_facts(fits[i])}
                    | ({"force": _fit_facts(force_fits[i])} if force_fits else {}),
                    "force": self.forces[i],
                    "mean_direction": mean_length(cell.pair.directions(test)),
                    "notes": self.notes,
                    "name": self.backbone.name,
                    "irreps": str(self.backbone.irreps),
                    "card": card_of(self.backbone).to_dict(),
                    "verification": self.verification.to_dict(),
                    "training": training.to_dict(),
                    "test": test.to_dict(),
                },
                places=test.places,
            )
            for i, cell in enumerate(self.cells)
        ]

    @property
    def _frequencies(self) -> tuple[int, ...]:
        return tuple(range(1, self.first.l_max + 1))

    def _fit(
        self, what: str, both: tuple[Frames, Frames], bases: tuple[Array, Array]
    ) -> tuple[list[Array], list[list[bool]], list[Fit]]:
        """By cell: sums of the test structures, which frequencies have a path, and how the fit went."""
        first = self.first
        inputs, targets = [], []
        for name, number, frames, base in zip(
            ("training", "test"), (first.orientations, first.test_orientations), both, bases, strict=True
        ):
            part = f"{what} of {name}"
            features = self.reader.read(self.backbone, frames, first.atom, jacobian=what == "forces")
            inputs.append(self._inputs(part, features, number))
            targets.append([self._targets(part, cell, i, frames, base) for i, cell in enumerate(self.cells)])
        layout = Layout(self.backbone.irreps, parity=self.verification.parity == "o3")
        solver = make_solver(first.probe, layout, first.seed)
        require_affordable(
            f"solver {first.probe.solver} for {what} of {len(inputs[0])} structures in {first.orientations} "
            "orientations",
            solver.estimate(inputs[0], targets[0]),
            "fewer training structures or orientations, or a lower highest frequency",
        )
        number = max(1, round(first.validation_share * len(inputs[0])))
        validation = np.isin(np.arange(len(inputs[0])), _some(len(inputs[0]), number, first.seed))
        fits = solver.fit(inputs[0], targets[0], validation)
        predictions = solver.predict(inputs[1])
        found = [
            sums(inputs[1], target, predicted)
            for target, predicted in zip(targets[1], predictions, strict=True)
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

    def _targets(self, part: str, cell: Cell, index: int, frames: Frames, base: Array) -> Targets:
        lengths = cell.pair.lengths(self.frames[0])
        frequencies = range(1, cell.l_max + 1)
        targets = inject(frames, cell.pair, frequencies, self.forces[index], lengths, base, cell.seed)
        return targets.shuffled(generator(cell.seed, f"shuffle of {part}")) if cell.shuffled else targets


def _fit_facts(fit: Fit) -> dict[str, Any]:
    return {name: {str(l): value for l, value in values.items()} for name, values in asdict(fit).items()}


def _some(total: int, number: int, seed: int) -> NDArray[np.int64]:
    """Indices of at most ``number`` of ``total`` structures, sampled without replacement, in order."""
    return np.sort(generator(seed, "some frames").permutation(total)[:number])


def _require_comparable(training: Frames, test: Frames) -> None:
    if not np.array_equal(training.numbers, test.numbers):
        raise InputError(
            f"{training.source} and {test.source} hold different molecules: "
            "expected the same atoms in the same order in training and test structures"
        )
    require_disjoint(training, test)
    for frames, role, fewest in ((training, "training", FEWEST_TRAINING), (test, "test", FEWEST_TEST)):
        if len(frames) < fewest:
            raise InputError(
                f"{len(frames)} {role} structures from {frames.source} are too few: expected at least {fewest}"
            )
