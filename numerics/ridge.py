"""Ridge regression whose strength is chosen on validation data, in its primal and in its dual form.

Primal: normal equations of explicit features, gathered a block of rows at a time; the cost grows with the number of
features. Dual: with a Gram matrix K = Φ Φᵀ the same predictions at a cost that grows with the number of samples.
"""

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, lapack, solveh_banded

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

    def equal_power(self) -> "tuple[NormalEquations, Array]":
        """The same rows with every feature scaled to power one, and the scales (p,).

        A feature that is zero throughout stays zero, so its weight is zero too.
        """
        diagonal = np.diag(self.gram)
        used = diagonal > 0
        scale = np.where(used, 1 / np.sqrt(np.where(used, diagonal, 1)), 0)
        gram = self.gram * scale[:, None]
        gram *= scale
        gram.flat[:: len(gram) + 1] = 1
        return NormalEquations(gram, self.moments * scale[:, None], self.power, self.rows), scale

    def errors(self, weights: Array, mixtures: Array) -> Array:
        """Mean squared errors on these rows of predicting mixtures of the targets.

        Args:
            weights: (p, t) one column a target.
            mixtures: (t, k); mixture k is Y @ mixtures[:, k], predicted by the same mixture of the predictions.
        """
        cross = weights.T @ self.moments
        table = self.power - cross - cross.T + weights.T @ (self.gram @ weights)
        return np.einsum("tk,tu,uk->k", mixtures, table, mixtures) / max(self.rows, 1)


class Shifted:
    """(G + s ḡ I)⁻¹ y for many strengths s, ḡ the mean diagonal of G: one reduction G = Q T Qᵀ serves them all.

    T is tridiagonal, so every further strength costs a banded solve.

    Args:
        gram: (n, n) symmetric positive semi-definite.
    """

    def __init__(self, gram: Array):
        n = len(gram)
        self._mean = float(np.trace(gram)) / n
        self._reflectors = None
        self._diagonal, self._beside = gram.diagonal().copy(), np.zeros(0)
        if n > 1:
            reduced, self._diagonal, self._beside, factors, _ = lapack.dsytrd(gram, lower=1, lwork=64 * n)
            self._reflectors = np.asfortranarray(reduced[1:, :-1]), factors

    def solve(self, targets: Array, strengths: tuple[float, ...]) -> Array:
        """(n_strengths, n, t); infinite where rounding leaves the shifted matrix indefinite."""
        turned = self._turn(targets, "T")
        solutions = np.full((len(strengths), *targets.shape), np.inf)
        bands = np.zeros((min(2, len(self._diagonal)), len(self._diagonal)))
        bands[1:, :-1] = self._beside
        for index, strength in enumerate(strengths):
            bands[0] = self._diagonal + strength * self._mean
            with suppress(np.linalg.LinAlgError):
                solutions[index] = solveh_banded(bands, turned, lower=True, check_finite=False)
        definite = np.isfinite(solutions).all(axis=(1, 2))
        if definite.any():
            back = self._turn(np.concatenate(solutions[definite], axis=1), "N")
            solutions[definite] = np.split(back, int(definite.sum()), axis=1)
        return solutions

    def _turn(self, columns: Array, transposed: str) -> Array:
        """Q ("N") or Qᵀ ("T") times columns; the reflectors leave the first row alone."""
        if self._reflectors is None:
            return columns
        work = 64 * columns.shape[1]
        below, _, _ = lapack.dormqr("L", transposed, *self._reflectors, columns[1:], lwork=work)
        return np.concatenate([columns[:1], below])


def choose_explicit(
    fitted: NormalEquations,
    validation: NormalEquations,
    mixtures: Array,
    strengths: tuple[float, ...] = STRENGTHS,
    as_scaled: bool = False,
) -> list[float]:
    """For every mixture the strength of least error on validation rows, of a fit to the other rows.

    Args:
        fitted: rows to fit.
        validation: others.
        mixtures: (t, k), see :meth:`NormalEquations.errors`.
        strengths: those to try, relative to the mean diagonal of the Gram matrix.
        as_scaled: see :func:`solve_explicit`.
    """
    equations, scale = (fitted, np.ones(len(fitted.gram))) if as_scaled else fitted.equal_power()
    weights = Shifted(equations.gram).solve(equations.moments, strengths) * scale[:, None]
    errors = [
        validation.errors(one, mixtures) if np.isfinite(one).all() else np.full(mixtures.shape[1], np.inf)
        for one in weights
    ]
    return _least(errors, strengths)


def solve_explicit(equations: NormalEquations, strength: float, as_scaled: bool = False) -> Array:
    """Weights (p, t) of least squared error plus ``strength`` times their squared norm.

    Args:
        equations: of the rows.
        strength: error and norm relative to the number of rows and the mean power of the features.
        as_scaled: the norm is that of the weights of the features as they are scaled, the ridge that
            :func:`kernel_ridge` solves in its dual form; otherwise that of features of equal power.
    """
    if as_scaled:
        return kernel_ridge(equations.gram, equations.moments, strength)
    equal, scale = equations.equal_power()
    return scale[:, None] * kernel_ridge(equal.gram, equal.moments, strength)


def kernel_ridge(gram: Array, targets: Array, strength: float) -> Array:
    """Dual weights ``(gram + strength * mean(diag(gram)) I)⁻¹ targets``.

    Args:
        gram: (n, n) symmetric positive semi-definite.
        targets: (n, n_targets).
        strength: ridge strength relative to the mean diagonal of ``gram``.

    Returns:
        (n, n_targets); predictions for new samples are ``cross_gram @ weights``. A strength that is too weak for a
        matrix that rounding made indefinite is raised tenfold until it is not.

    >>> kernel_ridge(np.eye(2), np.ones((2, 1)), 1.0).ravel()
    array([0.5, 0.5])
    """
    shifted = gram.copy()
    shifted.flat[:: len(gram) + 1] += strength * float(np.trace(gram)) / len(gram)
    try:
        factor = cho_factor(shifted, lower=True, overwrite_a=True, check_finite=False)
    except np.linalg.LinAlgError:
        return kernel_ridge(gram, targets, 10 * strength)
    return cho_solve(factor, targets, check_finite=False)


def choose_kernel(
    gram: Array,
    targets: Array,
    validation_gram: Array,
    validation_targets: Array,
    strengths: tuple[float, ...] = STRENGTHS,
) -> list[float]:
    """For every target the strength of least error on validation samples, of a dual fit to the others.

    Args:
        gram: (n, n) of the fitted samples.
        targets: (n, n_targets).
        validation_gram: (n_validation, n) between validation and fitted samples.
        validation_targets: (n_validation, n_targets).
        strengths: those to try.
    """
    errors = [
        np.mean((validation_targets - validation_gram @ weights) ** 2, axis=0)
        if np.isfinite(weights).all()
        else np.full(targets.shape[1], np.inf)
        for weights in Shifted(gram).solve(targets, strengths)
    ]
    return _least(errors, strengths)


def _least(errors: list[Array], strengths: tuple[float, ...]) -> list[float]:
    return [strengths[row] for row in np.argmin(errors, axis=0)]


def ridge_cost(size: int, fits: int = 1) -> tuple[float, float]:
    """Memory in bytes and time in seconds on one core of choosing a strength and fitting with it.

    Args:
        size: rows of the matrix that is factorised.
        fits: strengths that are chosen at most; each needs a factorisation of its own.

    The matrix, the part that is fitted for the choice and its shifted copy are held together; a Cholesky
    factorisation takes n³/3 operations, 2e10 of which a core does in a second; the reduction costs eight of them.
    """
    factorisations = 8 + fits
    return 8 * 3.0 * size**2, 4 + factorisations * size**3 / 3 / 2e10
