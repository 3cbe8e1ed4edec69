"""Kernel ridge regression whose strength is chosen on validation data.

With a Gram matrix K = Φ Φᵀ this is ridge regression on the features Φ in its dual form: the same predictions, at a
cost that depends on the number of samples and not on the number of features.
"""

from contextlib import suppress

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

Array = NDArray[np.float64]

# Relative to the mean diagonal of the Gram matrix: from the rounding of float32 features (1e-8) to a strength that
# leaves nothing of a target that the features do not carry (1e4).
STRENGTHS: tuple[float, ...] = tuple(10.0**power for power in range(-8, 5))


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


def ridge_cost(n_samples: int, fits: int = 1) -> tuple[float, float]:
    """Memory in bytes and time in seconds on one core of choosing a strength and fitting with it.

    Args:
        n_samples: rows of the Gram matrix.
        fits: strengths that are chosen at most; each needs a factorisation of its own.

    The matrix, the part that is fitted for the choice and its shifted copy are held together; a Cholesky
    factorisation takes n³/3 operations, 2e10 of which a core does in a second.
    """
    factorisations = len(STRENGTHS) + fits
    return 8 * 3.0 * n_samples**2, 4 + factorisations * n_samples**3 / 3 / 2e10
