"""`free`: any polynomial of degree ≤ d in the lab-frame components, with no symmetry built in.

Ridge regression on standardised components. It knows neither degrees nor rotations: what it recovers up to dL is
measured, and that it recovers nothing above is a check, since over all orientations no polynomial of degree d does.
Energies use every component: with fewer monomials than samples (and no more than :data:`MOST_EXPLICIT`) on explicit
monomials, otherwise in the dual form with the kernel (1 + ⟨x, x'⟩)^d. A force fit has 3 n_atoms rows a sample and works
on the leading principal components of the standardised components, as many as give at most :data:`MOST_MONOMIALS`
monomials, and on at most :data:`MOST_FORCE_ORIENTATIONS` orientations of a frame.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from experiments.samples import Inputs, Targets
from experiments.spn.monomials import monomial_count, monomial_tangents, monomials
from experiments.spn.protocol import Array, Fit, Prediction
from numerics.ridge import (
    NormalEquations,
    choose_explicit,
    choose_kernel,
    kernel_ridge,
    ridge_cost,
    solve_explicit,
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

    def estimate(self, inputs: Inputs, targets: Sequence[Targets]) -> Estimate:
        """See :class:`experiments.spn.protocol.Solver`."""
        if targets[0].of_forces:
            size = sum(one.base.size for one in targets)
            return Estimate(8 * BLOCK_BYTES, 60 + 1e-9 * size * MOST_MONOMIALS**2 / 2)
        samples = len(inputs) * inputs.orientations
        number = monomial_count(inputs.values.shape[1], self.degree)
        size = number if number <= min(samples, MOST_EXPLICIT) else samples
        memory, seconds = ridge_cost(size, fits=len(targets[0].frequencies))
        return Estimate(
            1.7 * memory + 8.0 * samples * inputs.values.shape[1], seconds + samples * size**2 / 2e10
        )

    def fit(self, inputs: Inputs, targets: Sequence[Targets], validation: NDArray[np.bool_]) -> list[Fit]:
        """See :class:`experiments.spn.protocol.Solver`."""
        self._frequencies = targets[0].frequencies
        self._count = len(targets)
        self._forces = targets[0].of_forces
        if self._forces:
            inputs = inputs.first_orientations(MOST_FORCE_ORIENTATIONS)
        self._standardise(inputs.select(~validation))
        samples = len(inputs) * inputs.orientations
        number = monomial_count(len(self._map), self.degree)
        self._explicit = self._forces or number <= min(samples, MOST_EXPLICIT)
        strengths = (self._fit_explicit if self._explicit else self._fit_kernel)(inputs, targets, validation)
        fitted = number if self._forces else min(number, samples)
        return [
            Fit(dict(zip(self._frequencies, own, strict=True)), dict.fromkeys(self._frequencies, fitted))
            for own in np.split(np.array(strengths), self._count)
        ]

    def predict(self, inputs: Inputs) -> list[Prediction]:
        """See :class:`experiments.spn.protocol.Solver`."""
        parts = [rows.reshape(*rows.shape[:-1], -1) @ self._weights for _, rows in self._rows(inputs)]
        null, injected = np.split(np.concatenate(parts), 2, axis=-1)
        return [
            Prediction(
                null={l: null[..., column] for l, column in columns},
                injected={l: injected[..., column] for l, column in columns},
            )
            for columns in self._columns()
        ]

    def _columns(self) -> list[list[tuple[int, int]]]:
        """For every target its frequencies, each with its column of the weights of either kind."""
        number = len(self._frequencies)
        return [
            [(l, index * number + i) for i, l in enumerate(self._frequencies)] for index in range(self._count)
        ]

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

    def _fit_explicit(
        self, inputs: Inputs, targets: Sequence[Targets], validation: NDArray[np.bool_]
    ) -> list[float]:
        count = self._count * (1 + len(self._frequencies))
        number = monomial_count(len(self._map), self.degree)
        fitted, reserved = (NormalEquations.empty(number, count) for _ in range(2))
        for frames, rows in self._rows(inputs):
            values = self._values(inputs, targets, frames)
            for equations, mask in ((fitted, ~validation[frames]), (reserved, validation[frames])):
                if mask.any():
                    equations.add(rows[mask].reshape(-1, number), values[mask].reshape(-1, count))
        strengths = choose_explicit(fitted, reserved, self._mixtures)
        fitted += reserved
        self._solve(strengths, lambda strength: solve_explicit(fitted, strength))
        return strengths

    def _fit_kernel(
        self, inputs: Inputs, targets: Sequence[Targets], validation: NDArray[np.bool_]
    ) -> list[float]:
        self._samples = self._mapped(inputs)
        values = self._values(inputs, targets, slice(None)).reshape(len(self._samples), -1)
        reserved = np.repeat(validation, inputs.orientations)
        gram = self._kernel(self._samples)
        mixed = values @ self._mixtures
        strengths = choose_kernel(
            gram[np.ix_(~reserved, ~reserved)],
            mixed[~reserved],
            gram[np.ix_(reserved, ~reserved)],
            mixed[reserved],
        )
        self._solve(strengths, lambda strength: kernel_ridge(gram, values, strength))
        return strengths

    @property
    def _mixtures(self) -> Array:
        """What is fitted, from the columns of :meth:`_values`: each field with its target's own residual."""
        number = len(self._frequencies)
        one = np.concatenate([np.ones((1, number)), np.eye(number)])
        return np.kron(np.eye(self._count), one)

    def _solve(self, strengths: list[float], solve: Callable[[float], Array]) -> None:
        """Weights (p, 2 k): of the null fits and of the injected fields, each at its frequency's strength."""
        weights = {strength: solve(strength) for strength in set(strengths)}
        number = len(self._frequencies)
        null, injected = [], []
        for column, strength in enumerate(strengths):
            target, i = divmod(column, number)
            base = target * (1 + number)
            null.append(weights[strength][:, base])
            injected.append(weights[strength][:, base + 1 + i])
        self._weights = np.stack(null + injected, axis=1)

    def _values(self, inputs: Inputs, targets: Sequence[Targets], frames: slice) -> Array:
        """Targets (n, k[, 3 n_atoms], c): of each its own residual, then every injected field."""
        rotations = inputs.rotations[frames]
        columns = []
        for one in targets:
            chosen = one.select(frames)
            fields = [chosen.oriented(l, rotations) for l in self._frequencies]
            columns += [np.broadcast_to(chosen.base[:, None], fields[0].shape), *fields]
        return np.stack(columns, axis=-1)

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
