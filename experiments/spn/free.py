"""`free`: any polynomial of degree ≤ d in the lab-frame components, with no symmetry built in.

Polynomial kernel ridge regression on standardised components. It knows neither orders nor rotations, so it could
find any frequency that the features carry: this is the solver that measures a ceiling.
"""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from experiments.spn.protocol import Array, Targets
from numerics.ridge import STRENGTHS, kernel_ridge, ridge_cost, validation_errors
from span_theorem.budget import Estimate


class FreeSPN:
    """Kernel (1 + ⟨x, x'⟩)^degree on components of zero mean and equal variance, ⟨x, x⟩ = 1 on average.

    Args:
        degree: d ≥ 1.
    """

    oriented = True

    def __init__(self, degree: int):
        self.degree = degree

    def estimate(self, n_samples: int, frequencies: Collection[int]) -> Estimate:
        """See :class:`experiments.spn.protocol.Solver`: one Gram matrix serves every frequency."""
        return Estimate(*ridge_cost(n_samples, fits=len(frequencies)))

    def fit(self, features: Array, targets: Targets, validation: NDArray[np.bool_]) -> "FreeSPN":
        """See :class:`experiments.spn.protocol.Solver`."""
        self._mean = features[~validation].mean(axis=0)
        spread = features[~validation].std(axis=0)
        varies = spread > 1e-7 * np.abs(features).max()  # below float32 rounding a component is constant
        self._scale = np.where(varies, 1 / np.where(varies, spread, 1), 0) / np.sqrt(max(varies.sum(), 1))
        self._samples = self._standardised(features)
        gram = self._gram(self._samples)
        values = np.concatenate(list(targets.values()), axis=1)
        errors = validation_errors(
            gram[np.ix_(~validation, ~validation)],
            values[~validation],
            gram[np.ix_(validation, ~validation)],
            values[validation],
        )
        self._columns: dict[int, slice] = {}
        self.strengths: dict[int, float] = {}
        start = 0
        for l, target in targets.items():
            columns = slice(start, start + target.shape[1])
            self._columns[l] = columns
            self.strengths[l] = STRENGTHS[int(np.argmin(errors[:, columns].mean(axis=1)))]
            start = columns.stop
        self._weights = np.empty_like(values)
        for strength in set(self.strengths.values()):
            same = np.concatenate(
                [
                    np.arange(c.start, c.stop)
                    for l, c in self._columns.items()
                    if self.strengths[l] == strength
                ]
            )
            self._weights[:, same] = kernel_ridge(gram, values[:, same], strength)
        return self

    def predict(self, features: Array) -> dict[int, Array]:
        """See :class:`experiments.spn.protocol.Solver`."""
        predicted = self._gram(self._standardised(features)) @ self._weights
        return {l: predicted[:, columns] for l, columns in self._columns.items()}

    def _standardised(self, features: Array) -> Array:
        return (features - self._mean) * self._scale

    def _gram(self, standardised: Array) -> Array:
        return (1 + standardised @ self._samples.T) ** self.degree
