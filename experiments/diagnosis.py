"""One diagnosis: from a frozen backbone and frames of a molecule to a measured boundary and a verdict.

Background: polynomials of degree d in features of order at most L carry a marked direction's frequencies up to dL.
Question: which frequencies does this backbone give up, at this site and layer, to a probe of degree d?
Result: a :class:`Diagnosis`, with everything that a table or figure needs.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from experiments.backbones.protocol import Backbone, card_of
from experiments.backbones.verification import verify
from experiments.crosscheck import NOT_TESTED, TESTED, CrossCheck, cross_check
from experiments.data.frames import Frames
from experiments.direction import MarkedPair
from experiments.features import FeatureReader
from experiments.harmonics import harmonics
from experiments.orientations import orient
from experiments.recovery import Recovery, recoveries
from experiments.seeds import generator
from experiments.split import require_disjoint
from experiments.spn import Layout, Solver, make_solver
from experiments.versions import versions
from span_theorem.budget import require_affordable
from span_theorem.errors import InputError

FEWEST_TRAINING = 20
FEWEST_TEST = 10
HIGHEST_FREQUENCY = 12
HIGHEST_DEGREE = 3


@dataclass(frozen=True)
class Settings:
    """What is asked.

    Attributes:
        pair: site and marked direction.
        degree: d of the SPN.
        solver: name of the SPN solver.
        l_max: highest angular frequency measured.
        order: L that the prediction assumes; ``None`` for the highest order of the layer's irreps.
        orientations: orientations of each training frame, for solvers that need them.
        test_orientations: the same for test frames.
        validation_share: share of the training frames on which ridge strengths are chosen.
        seed: of orientations, validation frames and bootstrap.
    """

    pair: MarkedPair
    degree: int = 2
    solver: str = "equivariant"
    l_max: int = 6
    order: int | None = None
    orientations: int = 20
    test_orientations: int = 10
    validation_share: float = 0.2
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.degree <= HIGHEST_DEGREE:
            raise InputError(f"--d {self.degree} is out of range: expected 1 to {HIGHEST_DEGREE}")
        if not 1 <= self.l_max <= HIGHEST_FREQUENCY:
            raise InputError(f"--l-max {self.l_max} is out of range: expected 1 to {HIGHEST_FREQUENCY}")
        if self.order is not None and self.order < 0:
            raise InputError(f"--L {self.order} is out of range: expected 0 or more")
        if self.orientations < 1 or self.test_orientations < 1:
            raise InputError("the number of orientations must be at least 1")


@dataclass(frozen=True)
class Diagnosis:
    """What was asked, what was found, and how it compares with the theorem."""

    backbone: str
    L: int
    settings: Settings
    degrees: tuple[Recovery, ...]
    cross_check: CrossCheck
    provenance: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """For a JSON file; tables and figures are made from this alone."""
        return {
            "kind": "diagnosis",
            "backbone": self.backbone,
            "L": self.L,
            "d": self.settings.degree,
            "solver": self.settings.solver,
            **self.cross_check.to_dict(),
            "degrees": [found.to_dict() for found in self.degrees],
            "scope": [TESTED, NOT_TESTED],
            "settings": asdict(self.settings),
            **self.provenance,
        }


def diagnose(
    backbone: Backbone,
    training: Frames,
    test: Frames,
    settings: Settings,
    reader: FeatureReader | None = None,
    note: Callable[[str], None] = lambda text: None,
) -> Diagnosis:
    """Run one diagnosis.

    Args:
        backbone: see :class:`experiments.backbones.protocol.Backbone`.
        training: frames to fit on; a share of them chooses the ridge strengths.
        test: frames of the same molecule that are never fitted.
        settings: what is asked.
        reader: computes the features or reads them back; by default computes and keeps nothing.
        note: called with a sentence at the start of every step.

    Raises:
        InputError: unusable frames, pair, element or backbone (see each step).
    """
    _require_comparable(training, test)
    directions = [settings.pair.directions(frames) for frames in (training, test)]
    note("verifying equivariance")
    verification = verify(backbone, training.numbers, training.positions, seed=settings.seed)
    layout = Layout(backbone.irreps, parity=verification.parity == "o3")
    solver = make_solver(settings.solver, settings.degree, layout)
    _require_affordable(solver, len(training), settings)

    note("computing features")
    reader = reader or FeatureReader()
    features = [reader.read(backbone, frames, settings.pair.site).values for frames in (training, test)]

    note(f"fitting frequencies 1 to {settings.l_max} with solver {settings.solver}")
    numbers = (settings.orientations, settings.test_orientations) if solver.oriented else (None, None)
    (fitted, fitted_directions), (unseen, unseen_directions) = [
        (values, units)
        if number is None
        else orient(
            values, units, backbone.irreps, number, generator(settings.seed, f"orientations of {part}")
        )
        for part, values, units, number in zip(
            ("training", "test"), features, directions, numbers, strict=True
        )
    ]
    validation = np.repeat(_validation_frames(len(training), settings), len(fitted) // len(training))
    solver.fit(fitted, harmonics(fitted_directions, settings.l_max), validation)
    degrees = recoveries(
        harmonics(unseen_directions, settings.l_max),
        solver.predict(unseen),
        solver.strengths,
        clusters=len(test),
        rng=generator(settings.seed, "bootstrap"),
    )
    order = backbone.irreps.lmax if settings.order is None else settings.order
    return Diagnosis(
        backbone=backbone.name,
        L=order,
        settings=settings,
        degrees=degrees,
        cross_check=cross_check(degrees, order, settings.degree),
        provenance={
            "irreps": str(backbone.irreps),
            "card": card_of(backbone).to_dict(),
            "verification": verification.to_dict(),
            "training_frames": training.to_dict(),
            "test_frames": test.to_dict(),
            "versions": versions(),
        },
    )


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


def _require_affordable(solver: Solver, n_training: int, settings: Settings) -> None:
    n_samples = n_training * (settings.orientations if solver.oriented else 1)
    require_affordable(
        f"solver {settings.solver} on {n_samples} samples",
        solver.estimate(n_samples, range(1, settings.l_max + 1)),
        "fewer training frames (--n-train)"
        + (" or orientations" if solver.oriented else " or a lower --l-max"),
    )


def _validation_frames(n_frames: int, settings: Settings) -> np.ndarray:
    chosen = np.zeros(n_frames, dtype=bool)
    number = max(1, round(settings.validation_share * n_frames))
    chosen[generator(settings.seed, "validation").permutation(n_frames)[:number]] = True
    return chosen
