"""From labelled structures to the L that they ask for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.choose.decision import Curve, Verdict, degree_enough, verdict
from experiments.choose.errors import squared_errors
from experiments.choose.fits import Progress, Task, fit, nothing
from experiments.choose.folds import deal
from experiments.choose.labels import Labels
from experiments.choose.plan import Plan, estimate, plan
from experiments.choose.surroundings import survey
from experiments.choose.tolerance import DEFAULT, Tolerance
from experiments.data.autocorrelation import autocovariance, integrated_time
from experiments.structures import Structures
from span_theorem.budget import require_affordable
from span_theorem.errors import InputError

FOLDS = 5
FEWEST_IN_SERIES = 20
ALIKE = 2.0
"""Autocorrelation time, in structures, from which those of a file count as a trajectory."""
FEWEST_CLUSTERS = 3  # one to fit, one to choose the ridge strength on, one to test on


@dataclass(frozen=True)
class Settings:
    """What is asked.

    Attributes:
        max_L, max_d: the largest size.
        tolerance: see :class:`Tolerance`.
        cutoff: of neighbours, Å.
        seed: of the folds.
    """

    max_L: int = 6
    max_d: int = 3
    tolerance: Tolerance = DEFAULT
    cutoff: float = 5.0
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Choice:
    """What the structures ask for.

    Attributes:
        settings: what was asked.
        structures: those that were given.
        plan: what was fitted.
        labels: their sizes.
        forces: errors of forces, eV/Å, or None.
        energies: errors of energies per atom, eV, or None.
        elements: errors of forces on the atoms of each element, by atomic number.
        tolerance: in the unit of what decides.
        strengths: (folds, sizes) of the ridge.
        notes: what a reader should know, a sentence each.
    """

    settings: Settings
    structures: Structures
    plan: Plan
    labels: Labels
    forces: Curve | None
    energies: Curve | None
    elements: dict[int, Curve]
    tolerance: float
    strengths: NDArray[np.float64]
    notes: tuple[str, ...]

    @property
    def deciding(self) -> Curve:
        """Errors that decide: of forces where there are any."""
        curve = self.energies if self.forces is None else self.forces
        assert curve is not None
        return curve

    @property
    def rms(self) -> float:
        """Of the labels that decide."""
        return self.labels.energy_rms if self.forces is None else self.labels.force_rms

    @property
    def degrees(self) -> list[int]:
        """Polynomial degrees that were fitted."""
        return sorted({d for _, d in self.plan.sizes})

    def verdict(self, d: int) -> Verdict:
        """For one polynomial degree."""
        return verdict(self.deciding, d, self.tolerance)

    def degree(self) -> int:
        """The least polynomial degree that no higher one betters by the tolerance."""
        answers = degree_enough(self.deciding, self.tolerance)
        return next(d for d in self.degrees if answers[d])


def choose(structures: Structures, settings: Settings = Settings(), progress: Progress = nothing) -> Choice:
    """Fit every size and compare them on structures that were not fitted.

    Raises:
        InputError: there is nothing to fit, too little to compare, or more than the machine can take.
    """
    elements = tuple(np.unique(structures.numbers).tolist())
    _require_several(structures)
    labels = _labels(structures, elements)
    tolerance = settings.tolerance.absolute(
        labels.energy_rms if labels.forces is None else labels.force_rms, labels.forces is not None
    )
    seen = survey(structures, settings.cutoff)
    fold = deal(structures, min(FOLDS, len(np.unique(structures.clusters))), settings.seed)
    rows = _labels_by_structure(structures, labels)
    fewest = min(
        rows[(fold != test) & (fold != (test + 1) % (fold.max() + 1))].sum() for test in np.unique(fold)
    )
    planned = plan(elements, settings.cutoff, settings.max_L, settings.max_d, int(fewest))
    if not planned.sizes:
        raise InputError(
            f"{structures.source} has {rows.sum()} labels, {fewest} in the smallest fit: too few for one radial "
            f"function of {len(elements)} elements, expected a few times as many"
        )
    require_affordable(
        f"comparing {len(planned.sizes)} sizes on {len(structures)} structures",
        estimate(planned, int(seen.pairs.sum()), int(rows.sum()), int(fold.max()) + 1),
        "fewer structures, or a smaller max L, max d or cutoff",
    )
    task = Task(structures, labels, planned.expansion, fold, planned.sizes, seen.pairs)
    tested = _tested(task)
    fits = fit(task, progress)
    errors = squared_errors(task, fits, tested, progress)
    forces = energies = None
    by_element: dict[int, Curve] = {}
    if errors.forces is not None:
        forces = Curve(task.sizes, errors.forces.sum(axis=1), errors.force_counts.sum(axis=1))
        by_element = {
            element: Curve(task.sizes, errors.forces[:, index], errors.force_counts[:, index])
            for index, element in enumerate(elements)
        }
    if errors.energies is not None:
        energies = Curve(task.sizes, errors.energies, errors.energy_counts)
    notes = _notes(planned, seen.isolated, int(np.sum(~tested)))
    if correlated := _correlated(structures):
        notes += (correlated,)
    if structures.energies is not None and labels.energies is None:
        notes += ("Energies differ by constants of the elements alone: forces are fitted alone.",)
    return Choice(
        settings, structures, planned, labels, forces, energies, by_element, tolerance, fits.strengths, notes
    )


def _require_several(structures: Structures) -> None:
    clusters = len(np.unique(structures.clusters))
    if clusters < FEWEST_CLUSTERS:
        raise InputError(
            f"{structures.source} holds {len(structures)} structure{'s' * (len(structures) > 1)} in {clusters} "
            f"cluster{'s' * (clusters > 1)}, expected at least {FEWEST_CLUSTERS} that are independent: to fit, to "
            "choose the ridge strength and to test on"
        )


def _labels(structures: Structures, elements: tuple[int, ...]) -> Labels:
    if structures.energies is None and structures.forces is None:
        raise InputError(
            f"{structures.source} has neither energies nor forces, expected either", "energy-key"
        )
    labels = Labels.of(structures, elements)
    if labels.forces is not None and labels.force_rms == 0:
        raise InputError(f"{structures.source}: all forces are zero, expected some to explain")
    if labels.energies is None and labels.forces is None:
        raise InputError(
            f"{structures.source}: energies differ by constants of the elements alone, expected more"
        )
    return labels


def _labels_by_structure(structures: Structures, labels: Labels) -> NDArray[np.int64]:
    """(n,) number of labels."""
    return (labels.energies is not None) + 3 * structures.sizes * (labels.forces is not None)


def _correlated(structures: Structures) -> str | None:
    """A warning if structures that follow one another are alike and nothing tells trajectories apart."""
    if structures.cluster is not None or len(structures) < FEWEST_IN_SERIES:
        return None
    if structures.forces is not None:
        strength = np.add.reduceat(np.sum(structures.forces**2, axis=1), structures.first[:-1])
    else:
        assert structures.energies is not None
        strength = structures.energies
    series = strength / structures.sizes
    time = integrated_time(autocovariance(series, series.mean()), 1.0)
    if time < ALIKE:
        return None
    return (
        f"Labels of structures that follow one another are alike over {time:.0f} of them: as from a trajectory, whose "
        "name as cluster would keep alike structures out of one another's test and intervals honest."
    )


def _tested(task: Task) -> NDArray[np.bool_]:
    """(n,) structures all of whose elements occur in other folds.

    Raises:
        InputError: there is none.
    """
    counts = task.structures.element_counts(task.expansion.elements)
    tested = np.ones(len(task.structures), dtype=bool)
    for fold in range(task.folds):
        unseen = counts[task.fold != fold].sum(axis=0) == 0
        tested[task.fold == fold] = ~(counts[task.fold == fold][:, unseen] > 0).any(axis=1)
    if not tested.any():
        raise InputError(
            f"{task.structures.source}: every structure has an element that no other cluster has, expected structures "
            "that resemble one another"
        )
    return tested


def _notes(planned: Plan, isolated: int, untested: int) -> tuple[str, ...]:
    notes = []
    if planned.left_out:
        sizes = ", ".join(f"(L = {L}, d = {d})" for L, d in planned.left_out)
        notes.append(
            f"Not fitted: {sizes}: more than {planned.columns} columns, which labels and time at hand allow. Fitted: "
            f"{_ranges(planned)}."
        )
    if isolated:
        notes.append(
            f"{isolated} atoms have no neighbour within the cutoff: their constants are fitted alone."
        )
    if untested:
        notes.append(
            f"{untested} structures have an element that no other fold has; they are fitted, not tested."
        )
    return tuple(notes)


def _ranges(planned: Plan) -> str:
    return ", ".join(
        f"d = {d} to L = {term.max_L}" for d, term in enumerate(planned.expansion.terms, start=1)
    )
