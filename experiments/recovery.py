"""Reading a frequency off: how much of the injected field an SPN recovers on frames it never saw.

ρ(l) = (G_E(l) - G_E(null)) / mean δE², G_E the drop in mean squared energy residual, null that of the same SPN fitted
with nothing injected. R²_inj(l) = 1 - Σ|δF - δF̂|² / Σ|δF|². The raw gain is the drop in mean squared force residual
per component. Every figure is a ratio of sums over frames, so a frame with all its orientations is one cluster of the
bootstrap; nothing here knows L, d or a boundary.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.samples import Inputs, Targets
from experiments.spn.protocol import Prediction
from numerics.bootstrap import RESAMPLES, hierarchical_bootstrap

Array = NDArray[np.float64]

Interval = tuple[float, float]

ENERGY_SUMS = 3  # per frequency: power, gain, null gain
FORCE_SUMS = 4  # per frequency: power, missed, gain, null gain


@dataclass(frozen=True, eq=False)
class FrameSums:
    """What every test frame contributes to the figures of one marked pair and one backbone.

    Attributes:
        frequencies: l of the columns.
        paths: whether the solver could predict that frequency at all.
        energy: (n_frames, n_frequencies, 3) mean over orientations of δE², of the drop in squared residual, and of that
            drop with nothing injected, eV².
        force: (n_frames, n_frequencies, 4) the same of forces per component, with Σ|δF - δF̂|² second, (eV/Å)²; ``None``
            without force figures.
    """

    frequencies: tuple[int, ...]
    paths: tuple[bool, ...]
    energy: Array
    force: Array | None

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, for a part of a resumable run."""
        return {
            "frequencies": list(self.frequencies),
            "paths": list(self.paths),
            "energy": self.energy.tolist(),
            "force": None if self.force is None else self.force.tolist(),
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "FrameSums":
        """What :meth:`to_dict` wrote, to the bit."""
        force = values["force"]
        return cls(
            tuple(values["frequencies"]),
            tuple(values["paths"]),
            np.array(values["energy"]),
            None if force is None else np.array(force),
        )


@dataclass(frozen=True)
class Recovery:
    """What was recovered at one angular frequency. Intervals are 95%: ``_ci`` percentile, ``_bca`` BCa.

    Attributes:
        l: the frequency.
        rho: share of the injected energy power recovered, less the null gain.
        r2_injected: share of the injected force power recovered; ``None`` without force figures.
        raw_gain: drop of the mean squared force residual, (eV/Å)²; ``None`` without force figures.
        null_gain: drop of the mean squared energy residual with nothing injected, eV².
        null_force_gain: drop of the mean squared force residual with nothing injected, (eV/Å)².
        path: whether the solver has a prediction at this frequency at all; without one it is zero.
    """

    l: int
    rho: float
    rho_ci: Interval
    rho_bca: Interval
    r2_injected: float | None
    r2_injected_ci: Interval | None
    r2_injected_bca: Interval | None
    raw_gain: float | None
    raw_gain_ci: Interval | None
    null_gain: float
    null_force_gain: float | None
    path: bool

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Summary:
    """Figures of one or many pairs and backbones, and their resamples.

    Attributes:
        degrees: one a frequency.
        rho_draws: (resamples, n_frequencies).
        gain_draws: (resamples, n_frequencies) of the raw gain; ``None`` without force figures.
    """

    degrees: tuple[Recovery, ...]
    rho_draws: Array
    gain_draws: Array | None

    def column(self, l: int) -> int | None:
        """Column of a frequency, ``None`` if it was not asked for."""
        return next((i for i, found in enumerate(self.degrees) if found.l == l), None)


def energy_sums(inputs: Inputs, targets: Targets, prediction: Prediction) -> Array:
    """See :attr:`FrameSums.energy`."""
    columns = []
    for l in targets.frequencies:
        field, base, null, injected = _parts(l, inputs, targets, prediction)
        columns.append(
            np.stack(
                [
                    np.mean(field**2, axis=1),
                    np.mean((base + field) ** 2 - (base + field - null - injected) ** 2, axis=1),
                    np.mean(base**2 - (base - null) ** 2, axis=1),
                ],
                axis=1,
            )
        )
    return np.stack(columns, axis=1)


def force_sums(inputs: Inputs, targets: Targets, prediction: Prediction) -> Array:
    """See :attr:`FrameSums.force`."""
    columns = []
    for l in targets.frequencies:
        field, base, null, injected = _parts(l, inputs, targets, prediction)
        columns.append(
            np.stack(
                [
                    np.mean(field**2, axis=(1, 2)),
                    np.mean((field - injected) ** 2, axis=(1, 2)),
                    np.mean((base + field) ** 2 - (base + field - null - injected) ** 2, axis=(1, 2)),
                    np.mean(base**2 - (base - null) ** 2, axis=(1, 2)),
                ],
                axis=1,
            )
        )
    return np.stack(columns, axis=1)


def _parts(
    l: int, inputs: Inputs, targets: Targets, prediction: Prediction
) -> tuple[Array, Array, Array, Array]:
    """The injected field, the network's own residual, and what is predicted of the two."""
    field = targets.oriented(l, inputs.rotations)
    base = np.broadcast_to(targets.base[:, None], field.shape)
    return field, base, prediction.null[l], prediction.injected.get(l, np.zeros(()))


def summarise(
    sums: Sequence[Sequence[FrameSums]],
    rng: np.random.Generator,
    resamples: int = RESAMPLES,
    same_frames: bool = False,
) -> Summary:
    """Figures with intervals from a hierarchical cluster bootstrap.

    Args:
        sums: by backbone, by marked pair; the same pairs, frequencies and number of frames throughout. Force figures
            are given if all have them. A figure of several is the mean of theirs.
        rng: draws the resamples.
        resamples: their number.
        same_frames: whether all backbones and pairs were shown the same test frames.
    """
    first = sums[0][0]
    forces = all(cell.force is not None for row in sums for cell in row)
    number = len(first.frequencies)

    def columns(cell: FrameSums) -> Array:
        n_frames = len(cell.energy)
        parts = [np.ones((n_frames, 1)), cell.energy.reshape(n_frames, -1)]
        if forces and cell.force is not None:
            parts.append(cell.force.reshape(n_frames, -1))
        return np.concatenate(parts, axis=1)

    def figures(total: Array) -> Array:
        frames = total[..., :1]
        energy = total[..., 1 : 1 + ENERGY_SUMS * number].reshape(*total.shape[:-1], number, ENERGY_SUMS)
        power, gain, null = np.moveaxis(energy, -1, 0)
        parts = [(gain - null) / power, null / frames]
        if forces:
            force = total[..., 1 + ENERGY_SUMS * number :].reshape(*total.shape[:-1], number, FORCE_SUMS)
            power, missed, gain, null = np.moveaxis(force, -1, 0)
            parts += [1 - missed / power, gain / frames, null / frames]
        return np.concatenate(parts, axis=-1)

    stacked = np.array([[columns(cell) for cell in row] for row in sums])
    found = hierarchical_bootstrap(stacked, figures, rng, resamples, same_frames)
    # rho, null gain, R², raw gain, null gain of forces, each one column a frequency
    kinds = found.estimate.reshape(-1, number)
    percentile, bca = (intervals.reshape(-1, number, 2) for intervals in (found.percentile(), found.bca()))

    def interval(values: Array, kind: int, column: int) -> Interval:
        return float(values[kind, column, 0]), float(values[kind, column, 1])

    degrees = tuple(
        Recovery(
            l=l,
            rho=float(kinds[0, i]),
            rho_ci=interval(percentile, 0, i),
            rho_bca=interval(bca, 0, i),
            r2_injected=float(kinds[2, i]) if forces else None,
            r2_injected_ci=interval(percentile, 2, i) if forces else None,
            r2_injected_bca=interval(bca, 2, i) if forces else None,
            raw_gain=float(kinds[3, i]) if forces else None,
            raw_gain_ci=interval(percentile, 3, i) if forces else None,
            null_gain=float(kinds[1, i]),
            null_force_gain=float(kinds[4, i]) if forces else None,
            path=any(cell.paths[i] for row in sums for cell in row),
        )
        for i, l in enumerate(first.frequencies)
    )
    draws = found.draws.reshape(len(found.draws), -1, number)
    return Summary(degrees, draws[:, 0], draws[:, 3] if forces else None)
