"""Ridge regression whose strength is chosen on validation data, in its primal and in its dual form.

Primal: normal equations of explicit features, gathered a block of rows at a time; the cost grows with the number of
features. Dual: with a Gram matrix K = Φ Φᵀ the same predictions at a cost that grows with the number of samples.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

Array = NDArray[np.float64]

# Relative to the mean diagonal of the matrix they are added to: from the rounding of float32 features (1e-8) to a
# strength that leaves nothing of a target that the features do not carry (1e4).
STRENGTHS: tuple[float, ...] = tuple(10.0**power for power in range(-8, 5))


@dataclass
class NormalEquations:
    """What a least-squares fit needs to know of its rows.

    Attributes:
        gram: (p, p) Xᵀ X of the rows X.
        moments: (p, t) Xᵀ Y of the targets Y.
        power: (t, t) Yᵀ Y.
        rows: number of rows.
    """

    gram: Array
    moments: Array
    power: Array
    rows: int = 0

    @classmethod
    def empty(cls, columns: int, targets: int) -> "NormalEquations":
        """No rows yet, of ``columns`` features and ``targets`` targets."""
        return cls(np.zeros((columns, columns)), np.zeros((columns, targets)), np.zeros((targets, targets)))

    def add(self, x: Array, y: Array) -> None:
        """Take in rows x (rows, p) with targets y (rows, t)."""
        self.gram += x.T @ x
        self.moments += x.T @ y
        self.power += y.T @ y
        self.rows += len(x)

    def __add__(self, other: "NormalEquations") -> "NormalEquations":
        """All rows of both."""
        return NormalEquations(
            self.gram + other.gram,
            self.moments + other.moments,
            self.power + other.power,
            self.rows + other.rows,
        )

    def solve(self, strength: float) -> Array:
        """Weights (p, t) of least squared error plus ``strength`` times their squared norm.

        The norm is taken on features of equal power, error and norm relative to the number of rows. A feature that is
        zero throughout gets the weight zero.

        Raises:
            numpy.linalg.LinAlgError: the strength is too weak for a matrix that rounding made indefinite.
        """
        diagonal = np.diag(self.gram)
        used = diagonal > 0
        scale = np.where(used, 1 / np.sqrt(np.where(used, diagonal, 1)), 0)
        equal = self.gram * scale[:, None]
        equal *= scale
        equal.flat[:: len(equal) + 1] = 1 + strength
        factor = cho_factor(equal, lower=True, overwrite_a=True, check_finite=False)
        return scale[:, None] * cho_solve(factor, self.moments * scale[:, None], check_finite=False)

    def solve_as_scaled(self, strength: float) -> Array:
        """The same with the norm of the weights taken on the features as they are scaled.

        ``strength`` is relative to the mean diagonal of the Gram matrix. This is the ridge that :func:`kernel_ridge`
        solves in its dual form.
        """
        return kernel_ridge(self.gram, self.moments, strength)

    def errors(self, weights: Array, mixtures: Array) -> Array:
        """Mean squared errors on these rows of predicting mixtures of the targets.

        Args:
            weights: (p, t) one column a target.
            mixtures: (t, k); mixture k is Y @ mixtures[:, k], predicted by the same mixture of the predictions.
        """
        cross = weights.T @ self.moments
        table = self.power - cross - cross.T + weights.T @ (self.gram @ weights)
        return np.einsum("tk,tu,uk->k", mixtures, table, mixtures) / max(self.rows, 1)


def strength_errors(
    fitted: NormalEquations,
    held: NormalEquations,
    mixtures: Array,
    solve: Callable[[NormalEquations, float], Array] = NormalEquations.solve,
    strengths: tuple[float, ...] = STRENGTHS,
) -> Array:
    """Errors on rows held back, for every strength of a fit to the other rows.

    Args:
        fitted: rows to fit.
        held: rows to validate on.
        mixtures: see :meth:`NormalEquations.errors`.
        solve: :meth:`NormalEquations.solve` or :meth:`NormalEquations.solve_as_scaled`.
        strengths: those to try.

    Returns:
        (n_strengths, k); infinite where the strength is too weak (see :meth:`NormalEquations.solve`).
    """
    errors = np.full((len(strengths), mixtures.shape[1]), np.inf)
    for row, strength in enumerate(strengths):
        with suppress(np.linalg.LinAlgError):
            errors[row] = held.errors(solve(fitted, strength), mixtures)
    return errors


def kernel_ridge(gram: Array, targets: Array, strength: float) -> Array:
    """Dual weights ``(gram + strength * mean(diag(gram)) I)⁻¹ targets``.

    Args:
        gram: (n, n) symmetric positive semi-definite.
        targets: (n, n_targets).
        strength: ridge strength relative to the mean diagonal of ``gram``.

    Returns:
        (n, n_targets); predictions for new samples are ``cross_gram @ weights``.

    >>> kernel_ridge(np.eye(2), np.ones((2, 1)), 1.0).ravel()
    array([0.5, 0.5])
    """
    shifted = gram.copy()
    shifted.flat[:: len(gram) + 1] += strength * float(np.trace(gram)) / len(gram)
    return cho_solve(cho_factor(shifted, lower=True, overwrite_a=True, check_finite=False), targets)


def validation_errors(
    gram: Array,
    targets: Array,
    validation_gram: Array,
    validation_targets: Array,
    strengths: tuple[float, ...] = STRENGTHS,
) -> Array:
    """Mean squared error on validation samples for every ridge strength.

    Args:
        gram: (n, n) of the fitted samples.
        targets: (n, n_targets).
        validation_gram: (n_validation, n) between validation and fitted samples.
        validation_targets: (n_validation, n_targets).
        strengths: those to try.

    Returns:
        (n_strengths, n_targets); infinite where the strength is too weak for a rank-deficient Gram matrix.
    """
    errors = np.full((len(strengths), targets.shape[1]), np.inf)
    for row, strength in enumerate(strengths):
        with suppress(np.linalg.LinAlgError):  # rounding made the shifted Gram matrix indefinite
            predicted = validation_gram @ kernel_ridge(gram, targets, strength)
            errors[row] = np.mean((validation_targets - predicted) ** 2, axis=0)
    return errors


def ridge_cost(size: int, fits: int = 1) -> tuple[float, float]:
    """Memory in bytes and time in seconds on one core of choosing a strength and fitting with it.

    Args:
        size: rows of the matrix that is factorised.
        fits: strengths that are chosen at most; each needs a factorisation of its own.

    The matrix, the part that is fitted for the choice and its shifted copy are held together; a Cholesky
    factorisation takes n³/3 operations, 2e10 of which a core does in a second.
    """
    factorisations = len(STRENGTHS) + fits
    return 8 * 3.0 * size**2, 4 + factorisations * size**3 / 3 / 2e10
