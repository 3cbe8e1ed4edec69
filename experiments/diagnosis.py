"""One diagnosis: from a frozen backbone and frames of a molecule to a measured boundary and a verdict.

Background: polynomials of degree d in features of order at most L carry a marked direction's frequencies up to dL.
Question: which of the injected frequencies does a probe of degree d recover from this backbone, at this site and layer?
Result: a :class:`Diagnosis`, with everything that a table or figure needs.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from experiments.backbones.protocol import Backbone, card_of
from experiments.backbones.site import NoDerivative
from experiments.backbones.verification import Verification, verify
from experiments.crosscheck import (
    NOT_TESTED,
    TESTED,
    TESTED_NON_POLYNOMIAL,
    CrossCheck,
    cross_check,
    measured_boundary,
)
from experiments.data.frames import Frames
from experiments.direction import MarkedPair
from experiments.features import FeatureReader, SiteFeatures
from experiments.injection import HIGHEST_FREQUENCY, default_force
from experiments.recovery import FrameSums, Summary, energy_sums, force_sums, summarise
from experiments.residuals import Residuals, residuals
from experiments.samples import Inputs, Targets, inject, random_rotations
from experiments.seeds import generator
from experiments.split import require_disjoint
from experiments.spn import Layout, Probe, make_solver
from experiments.versions import versions
from numerics.bootstrap import RESAMPLES
from span_theorem.budget import require_affordable
from span_theorem.errors import InputError

FEWEST_TRAINING = 20
FEWEST_TEST = 10

Note = Callable[[str], None]


@dataclass(frozen=True)
class Settings:
    """What is asked.

    Attributes:
        pairs: marked directions; the figures are the mean over them.
        probe: which SPN.
        l_max: highest angular frequency injected.
        order: L that the prediction assumes; ``None`` for the highest order of the layer's irreps.
        orientations: orientations of each training frame, for solvers that are shown a fixed number.
        test_orientations: the same for test frames.
        validation_share: share of the training frames on which the regularisation is chosen.
        force: root mean square of the injected force components, eV/Å; ``None`` for half that of the training frames.
        forces: whether to fit forces too.
        force_frames: training frames that force fits use at most; each gives 3 n_atoms equations, so fewer do.
        read_at: atom whose features are read; ``None`` for the site of each pair.
        shuffled: a negative control: marked directions permuted among frames, so that nothing can be recovered.
        seed: of injections, orientations, validation frames, `mlp` training and bootstrap.

    Raises:
        InputError: a value out of range.
    """

    pairs: tuple[MarkedPair, ...]
    probe: Probe = field(default_factory=Probe)
    l_max: int = 6
    order: int | None = None
    orientations: int = 20
    test_orientations: int = 10
    validation_share: float = 0.2
    force: float | None = None
    forces: bool = True
    force_frames: int = 200
    read_at: int | None = None
    shuffled: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.pairs:
            raise InputError("no marked pair is given: expected at least one")
        if not 1 <= self.l_max <= HIGHEST_FREQUENCY:
            raise InputError(f"--l-max {self.l_max} is out of range: expected 1 to {HIGHEST_FREQUENCY}")
        if self.order is not None and self.order < 0:
            raise InputError(f"--L {self.order} is out of range: expected 0 or more")
        if self.orientations < 1 or self.test_orientations < 1:
            raise InputError("the number of orientations must be at least 1")
        if self.force is not None and not (np.isfinite(self.force) and self.force > 0):
            raise InputError(f"--amplitude {self.force} is out of range: expected a positive force in eV/Å")
        if self.force_frames < FEWEST_TRAINING:
            raise InputError(
                f"--force-frames {self.force_frames} is out of range: expected at least {FEWEST_TRAINING}"
            )
        if not 0 < self.validation_share < 1:
            raise InputError(
                f"the share of validation frames is {self.validation_share}: expected more than 0, less than 1, "
                "so that a training frame is left"
            )


@dataclass(frozen=True, eq=False)
class PairResult:
    """One marked pair: what its test frames contribute, and how it was fitted.

    Attributes:
        pair: the marked atoms.
        sums: see :class:`experiments.recovery.FrameSums`.
        fits: by ``energy`` and ``force``, the regularisation and number of parameters by frequency.
    """

    pair: MarkedPair
    sums: FrameSums
    fits: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """What was asked, what was found, and how it compares with the theorem."""

    backbone: str
    L: int
    settings: Settings
    pairs: tuple[PairResult, ...]
    summary: Summary
    cross_check: CrossCheck
    provenance: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """For a JSON file; tables and figures are made from this alone."""
        probe = self.settings.probe
        return {
            "kind": "diagnosis",
            "backbone": self.backbone,
            "L": self.L,
            "d": probe.degree,
            "solver": probe.solver,
            **self.cross_check.to_dict(),
            "degrees": [found.to_dict() for found in self.summary.degrees],
            "pairs": [self._pair(result) for result in self.pairs],
            "scope": [TESTED if probe.polynomial else TESTED_NON_POLYNOMIAL, NOT_TESTED],
            "settings": asdict(self.settings),
            **self.provenance,
        }

    def _pair(self, result: PairResult) -> dict[str, Any]:
        if len(self.pairs) == 1:
            degrees = self.summary.degrees
        else:
            rng = generator(self.settings.seed, "bootstrap of a pair")
            degrees = summarise([[result.sums]], rng).degrees
        return {
            **asdict(result.pair),
            "measured_boundary": measured_boundary(degrees),
            "degrees": [found.to_dict() for found in degrees],
            "fits": result.fits,
        }


def diagnose(
    backbone: Backbone,
    training: Frames,
    test: Frames,
    settings: Settings,
    reader: FeatureReader | None = None,
    note: Note = lambda text: None,
) -> Diagnosis:
    """Run one diagnosis.

    Args:
        backbone: see :class:`experiments.backbones.protocol.Backbone`.
        training: frames to fit on; a share of them chooses the regularisation.
        test: frames of the same molecule that are never fitted.
        settings: what is asked.
        reader: computes what the backbone gives, or reads it back; by default computes and keeps nothing.
        note: called with a sentence at the start of every step.

    Raises:
        InputError: unusable frames, pair, element or backbone (see each step).
    """
    _require_comparable(training, test)
    for pair in settings.pairs:
        for frames in (training, test):
            pair.directions(frames)
    if settings.read_at is not None and not 0 <= settings.read_at < training.n_atoms:
        raise InputError(
            f"--read-at {settings.read_at} is out of range: expected 0 to {training.n_atoms - 1}"
        )
    reader = reader or FeatureReader()
    note("verifying equivariance")
    verification = verify(backbone, training.numbers, training.positions, seed=settings.seed)
    note("computing energies and forces")
    left = residuals(backbone, training, test, reader, settings.forces)
    force = default_force(training) if settings.force is None else settings.force
    few = _some(len(training), settings.force_frames, settings.seed)
    results, notes = [], list(left.notes)
    for pair in settings.pairs:
        measured = _Measurement(backbone, training, test, settings, pair, force, verification, reader, note)
        results.append(measured.run(left, few, notes))
    rng = generator(settings.seed, "bootstrap")
    summary = summarise([[result.sums for result in results]], rng, same_frames=True)
    order = backbone.irreps.lmax if settings.order is None else settings.order
    return Diagnosis(
        backbone=backbone.name,
        L=order,
        settings=settings,
        pairs=tuple(results),
        summary=summary,
        cross_check=cross_check(summary, order, settings.probe.degree, settings.probe.polynomial),
        provenance={
            "force": force,
            "notes": notes,
            "irreps": str(backbone.irreps),
            "card": card_of(backbone).to_dict(),
            "verification": verification.to_dict(),
            "training_frames": training.to_dict(),
            "test_frames": test.to_dict(),
            "resamples": RESAMPLES,
            "versions": versions(),
        },
    )


@dataclass(frozen=True, eq=False)
class _Measurement:
    """One marked pair, from features to sums."""

    backbone: Backbone
    training: Frames
    test: Frames
    settings: Settings
    pair: MarkedPair
    force: float
    verification: Verification
    reader: FeatureReader
    note: Note

    def run(self, left: Residuals, few: np.ndarray, notes: list[str]) -> PairResult:
        """Fit energies on all training frames and forces on a few of them."""
        energy, paths, energy_fit = self._fit(
            "energies",
            [self._part(frames, jacobian=False) for frames in (self.training, self.test)],
            left.energies,
        )
        force, fits = None, {"energy": energy_fit}
        if left.forces is not None:
            try:
                parts = [
                    self._part(frames, jacobian=True) for frames in (self.training.select(few), self.test)
                ]
            except NoDerivative as error:
                if (lacking := f"no force figures: {error}") not in notes:
                    notes.append(lacking)
            else:
                force, _, fits["force"] = self._fit("forces", parts, (left.forces[0][few], left.forces[1]))
        return PairResult(self.pair, FrameSums(self._frequencies, paths, energy, force), fits)

    @property
    def _frequencies(self) -> tuple[int, ...]:
        return tuple(range(1, self.settings.l_max + 1))

    def _part(self, frames: Frames, jacobian: bool) -> tuple[Frames, SiteFeatures]:
        """Frames and what the backbone gives for them at the site."""
        site = self.pair.site if self.settings.read_at is None else self.settings.read_at
        self.note(f"computing features of atom {site}{' and their derivatives' if jacobian else ''}")
        return frames, self.reader.read(self.backbone, frames, site, jacobian)

    def _fit(
        self, what: str, parts: list[tuple[Frames, SiteFeatures]], bases: tuple[np.ndarray, np.ndarray]
    ) -> tuple[np.ndarray, tuple[bool, ...], dict[str, Any]]:
        """Sums of the test frames, frequencies that have a path, and how the fit went."""
        settings = self.settings
        names, numbers = ("training", "test"), (settings.orientations, settings.test_orientations)
        inputs, targets = [], []
        for name, number, (frames, features), base in zip(names, numbers, parts, bases, strict=True):
            inputs.append(self._inputs(f"{what} of {name}", features, number))
            targets.append(self._targets(f"{what} of {name}", frames, base))
        layout = Layout(self.backbone.irreps, parity=self.verification.parity == "o3")
        solver = make_solver(settings.probe, layout, settings.seed)
        require_affordable(
            f"solver {settings.probe.solver} for {what} of {len(inputs[0])} frames in {settings.orientations} "
            "orientations",
            solver.estimate(inputs[0], targets[0]),
            "fewer training frames (--n-train), fewer --orientations or a lower --l-max",
        )
        self.note(
            f"fitting {what} at l = 1 to {settings.l_max}, direction {self.pair.site} to {self.pair.toward}, "
            f"solver {settings.probe.solver}, d = {settings.probe.degree}"
        )
        held = _some(len(inputs[0]), max(1, round(settings.validation_share * len(inputs[0]))), settings.seed)
        validation = np.isin(np.arange(len(inputs[0])), held)
        solver.fit(inputs[0], targets[0], validation)
        prediction = solver.predict(inputs[1])
        sums = (force_sums if what == "forces" else energy_sums)(inputs[1], targets[1], prediction)
        fit = {
            "frames": len(inputs[0]),
            "regularisation": {str(l): value for l, value in solver.regularisation.items()},
            "parameters": {str(l): value for l, value in solver.parameters.items()},
        }
        return sums, tuple(l in prediction.injected for l in self._frequencies), fit

    def _inputs(self, part: str, features: SiteFeatures, orientations: int) -> Inputs:
        rng = generator(self.settings.seed, f"orientations for {part}")
        jacobian = features.jacobian
        return Inputs(
            features.values,
            self.backbone.irreps,
            random_rotations(len(features.values), orientations, rng),
            None if jacobian is None else jacobian.reshape(*jacobian.shape[:2], -1),
        )

    def _targets(self, part: str, frames: Frames, base: np.ndarray) -> Targets:
        settings = self.settings
        lengths = self.pair.lengths(self.training)
        targets = inject(
            frames, self.pair, range(1, settings.l_max + 1), self.force, lengths, base, settings.seed
        )
        if not settings.shuffled:
            return targets
        return targets.shuffled(generator(settings.seed, f"shuffle of {part}"))


def _some(total: int, number: int, seed: int) -> np.ndarray:
    """Indices of at most ``number`` of ``total`` frames, drawn without replacement, in order."""
    return np.sort(generator(seed, "some frames").permutation(total)[:number])


def _require_comparable(training: Frames, test: Frames) -> None:
    if not np.array_equal(training.numbers, test.numbers):
        raise InputError(
            f"{training.source} and {test.source} hold different molecules: "
            "expected the same atoms in the same order in training and test frames"
        )
    require_disjoint(training, test)
    for frames, role, fewest in ((training, "training", FEWEST_TRAINING), (test, "test", FEWEST_TEST)):
        if len(frames) < fewest:
            raise InputError(
                f"{len(frames)} {role} frames from {frames.source} are too few: expected at least {fewest}"
            )
