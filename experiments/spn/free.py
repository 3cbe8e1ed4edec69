"""`free`: any polynomial of degree ≤ d in the lab-frame components, with no symmetry built in.

Ridge regression on standardised components. It knows neither orders nor rotations, so it could find any frequency that
the features carry: this is the solver that measures a ceiling. Energies use every component: with fewer monomials than
samples (and no more than :data:`MOST_EXPLICIT`) on explicit monomials, otherwise in the dual form with the kernel
(1 + ⟨x, x'⟩)^d. A force fit has 3 n_atoms rows a sample and works on the leading principal components of the
standardised components, as many as give at most :data:`MOST_MONOMIALS` monomials, and on at most
:data:`MOST_FORCE_ORIENTATIONS` orientations of a frame.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from experiments.samples import Inputs, Targets
from experiments.spn.monomials import monomial_count, monomial_tangents, monomials
from experiments.spn.protocol import Array, Prediction
from numerics.ridge import (
    STRENGTHS,
    NormalEquations,
    kernel_ridge,
    ridge_cost,
    strength_errors,
    validation_errors,
)
from span_theorem.budget import Estimate

MOST_MONOMIALS = 1400
MOST_EXPLICIT = 12000  # monomials of an energy fit: three matrices of that many rows are 3.5 GB
MOST_FORCE_ORIENTATIONS = 10
BLOCK_BYTES = 2e8


class FreeSPN:
    """See the module's text.

    Args:
        degree: d ≥ 1.
    """

    def __init__(self, degree: int):
        self.degree = degree

    def estimate(self, inputs: Inputs, targets: Targets) -> Estimate:
        """See :class:`experiments.spn.protocol.Solver`."""
        if targets.of_forces:
            return Estimate(8 * BLOCK_BYTES, 60 + 1e-9 * targets.base.size * MOST_MONOMIALS**2 / 2)
        samples = len(inputs) * inputs.orientations
        number = monomial_count(inputs.values.shape[1], self.degree)
        size = number if number <= min(samples, MOST_EXPLICIT) else samples
        memory, seconds = ridge_cost(size, fits=len(targets.frequencies))
        return Estimate(
            1.7 * memory + 8.0 * samples * inputs.values.shape[1], seconds + samples * size**2 / 2e10
        )

    def fit(self, inputs: Inputs, targets: Targets, validation: NDArray[np.bool_]) -> "FreeSPN":
        """See :class:`experiments.spn.protocol.Solver`."""
        self._frequencies = targets.frequencies
        self._forces = targets.of_forces
        if self._forces:
            inputs = inputs.first_orientations(MOST_FORCE_ORIENTATIONS)
        self._standardise(inputs.select(~validation))
        samples = len(inputs) * inputs.orientations
        number = monomial_count(len(self._map), self.degree)
        self._explicit = self._forces or number <= min(samples, MOST_EXPLICIT)
        (self._fit_explicit if self._explicit else self._fit_kernel)(inputs, targets, validation)
        self.parameters = dict.fromkeys(
            self._frequencies, min(number, samples) if not self._forces else number
        )
        return self

    def predict(self, inputs: Inputs) -> Prediction:
        """See :class:`experiments.spn.protocol.Solver`."""
        parts = [rows.reshape(*rows.shape[:-1], -1) @ self._weights for _, rows in self._rows(inputs)]
        predicted = np.concatenate(parts)
        count = len(self._frequencies)
        return Prediction(
            null={l: predicted[..., i] for i, l in enumerate(self._frequencies)},
            injected={l: predicted[..., count + i] for i, l in enumerate(self._frequencies)},
        )

    def _standardise(self, inputs: Inputs) -> None:
        features = inputs.oriented.reshape(-1, inputs.values.shape[1])
        self._mean = features.mean(axis=0)
        spread = features.std(axis=0)
        varies = spread > 1e-7 * np.abs(features).max()  # below float32 rounding a component is constant
        scale = np.where(varies, 1 / np.where(varies, spread, 1), 0)
        self._map = np.diag(scale)[varies] / np.sqrt(max(varies.sum(), 1))
        if not self._forces:
            return
        number = int(varies.sum())
        while number > 1 and monomial_count(number, self.degree) > MOST_MONOMIALS:
            number -= 1
        standard = (features - self._mean) @ self._map.T
        _, vectors = np.linalg.eigh(standard.T @ standard)
        leading = vectors[:, ::-1][:, :number].T @ self._map
        self._map = leading / np.sqrt(np.mean(((features - self._mean) @ leading.T) ** 2, axis=0))[:, None]

    def _fit_explicit(self, inputs: Inputs, targets: Targets, validation: NDArray[np.bool_]) -> None:
        count = len(self._frequencies)
        number = monomial_count(len(self._map), self.degree)
        fitted, held = (NormalEquations.empty(number, 1 + count) for _ in range(2))
        for frames, rows in self._rows(inputs):
            values = self._values(inputs, targets, frames)
            for equations, mask in ((fitted, ~validation[frames]), (held, validation[frames])):
                if mask.any():
                    equations.add(rows[mask].reshape(-1, number), values[mask].reshape(-1, 1 + count))
        mixtures = np.concatenate([np.ones((1, count)), np.eye(count)])
        self._choose(strength_errors(fitted, held, mixtures))
        fitted += held
        self._solve(lambda strength: fitted.solve(strength))

    def _fit_kernel(self, inputs: Inputs, targets: Targets, validation: NDArray[np.bool_]) -> None:
        self._samples = self._mapped(inputs)
        values = self._values(inputs, targets, slice(None)).reshape(len(self._samples), -1)
        held = np.repeat(validation, inputs.orientations)
        gram = self._kernel(self._samples)
        mixed = values[:, :1] + values[:, 1:]
        self._choose(
            validation_errors(
                gram[np.ix_(~held, ~held)], mixed[~held], gram[np.ix_(held, ~held)], mixed[held]
            )
        )
        self._solve(lambda strength: kernel_ridge(gram, values, strength))

    def _choose(self, errors: Array) -> None:
        self.regularisation = {
            l: STRENGTHS[int(np.argmin(errors[:, i]))] for i, l in enumerate(self._frequencies)
        }

    def _solve(self, solve: Callable[[float], Array]) -> None:
        """Weights (p, 2 count): of the null fit and of the injected field, each at its frequency's strength."""
        weights = {strength: solve(strength) for strength in set(self.regularisation.values())}
        self._weights = np.stack(
            [weights[self.regularisation[l]][:, 0] for l in self._frequencies]
            + [weights[self.regularisation[l]][:, 1 + i] for i, l in enumerate(self._frequencies)],
            axis=1,
        )

    def _values(self, inputs: Inputs, targets: Targets, frames: slice) -> Array:
        """Targets (n, k[, 3 n_atoms], 1 + count): the network's own residual, then every injected field."""
        chosen = targets.select(frames)
        rotations = inputs.rotations[frames]
        fields = [chosen.oriented(l, rotations) for l in self._frequencies]
        base = np.broadcast_to(chosen.base[:, None], fields[0].shape)
        return np.stack([base, *fields], axis=-1)

    def _rows(self, inputs: Inputs) -> Iterator[tuple[slice, Array]]:
        """Design matrix a few frames at a time: (n, k, p), or (n, k, 3 n_atoms, p) for forces."""
        if not self._forces:
            width = monomial_count(len(self._map), self.degree) if self._explicit else len(self._samples)
            step = max(1, int(BLOCK_BYTES / 8 / width / inputs.orientations))
            for start in range(0, len(inputs), step):
                frames = slice(start, start + step)
                z = self._mapped(inputs, frames)
                rows = monomials(z, self.degree) if self._explicit else self._kernel(z)
                yield frames, rows.reshape(-1, inputs.orientations, rows.shape[1])
            return
        for frame in range(len(inputs)):
            z = self._mapped(inputs, slice(frame, frame + 1))
            slopes = (self._map @ inputs.oriented_jacobian(slice(frame, frame + 1))[0]).swapaxes(1, 2)
            yield slice(frame, frame + 1), -monomial_tangents(z, slopes, self.degree)[None]

    def _mapped(self, inputs: Inputs, frames: slice = slice(None)) -> Array:
        features = inputs.oriented[frames]
        return (features.reshape(-1, features.shape[-1]) - self._mean) @ self._map.T

    def _kernel(self, z: Array) -> Array:
        return (1 + z @ self._samples.T) ** self.degree
