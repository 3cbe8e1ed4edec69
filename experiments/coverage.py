"""How far directions spread over the sphere, and what that lets a polynomial imitate.

Harmonics of different degrees are orthogonal over the whole sphere only. Where directions cover a part of it,
polynomials of degree N have a share of Y_l, l > N: :func:`imitated` computes it exactly for directions that are turned
by random rotation vectors, so it is the least that a readout of that degree can find of what lies above its ceiling.
"""

import numpy as np
from numpy.typing import NDArray

from experiments.injection import harmonics
from numerics.harmonics import spherical_harmonics
from numerics.quadrature import sphere_quadrature

Array = NDArray[np.float64]

NEGLIGIBLE = 1e-10
"""Eigenvalue of a Gram matrix, over the largest, below which a function is zero where directions lie."""


def mean_length(units: Array) -> float:
    """|⟨u⟩| of directions (n, 3): 1 if all are the same, near 0 if they cover the sphere."""
    return float(np.linalg.norm(units.mean(axis=0)))


def damping(l: int, spread: float) -> float:
    """By which factor the mean of Y_l shrinks as directions are turned by rotation vectors of normal components.

    A mean of D^l(R) over a distribution that prefers no axis is a multiple of the identity, E[χ_l(ω)]/(2l+1), and with
    χ_l(ω) = 1 + 2 Σ_m cos mω and the length ω of a normal vector E[cos mω] = (1 - m²σ²) exp(-m²σ²/2).

    Args:
        l: degree.
        spread: σ of the components, rad.

    >>> damping(3, 0.0), round(damping(1, 1.0), 4)
    (1.0, 0.3333)
    """
    m = np.arange(1, l + 1) * spread
    return float((1 + 2 * np.sum((1 - m**2) * np.exp(-(m**2) / 2))) / (2 * l + 1))


def imitated(units: Array, l: int, highest: int, spread: float | None) -> float:
    """Share of the power of Y_l(u) that polynomials of degree ``highest`` in u have, over a distribution of u.

    Args:
        units: (n, 3) directions as they come, equally likely.
        l: degree.
        highest: of the polynomials.
        spread: of the rotations that turn them, see :func:`experiments.samples.random_rotations`.

    Returns:
        From 0, where all orientations are alike and l > highest, to 1.
    """
    degree = 2 * max(l, highest)
    rule = sphere_quadrature(2 * degree)
    density = np.ones(len(rule.weights))
    if spread is not None:
        for k in range(1, degree + 1):
            density += damping(k, spread) * harmonics(rule.directions, k) @ harmonics(units, k).mean(axis=0)
    weights = rule.weights * density
    field = harmonics(rule.directions, l)
    basis = spherical_harmonics(highest, rule.directions)
    values, vectors = np.linalg.eigh(basis.T @ (weights[:, None] * basis))
    kept = values > NEGLIGIBLE * values[-1]
    projected = (vectors[:, kept] / np.sqrt(values[kept])).T @ (basis.T @ (weights[:, None] * field))
    return float(np.sum(projected**2) / np.sum(weights[:, None] * field**2))
