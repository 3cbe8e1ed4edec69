"""Monomials of real variables up to a degree, with derivatives along tangents: nothing here knows a rotation."""

from math import comb

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def monomial_count(variables: int, degree: int) -> int:
    """Number of monomials of degree ≤ ``degree``, the constant among them.

    >>> monomial_count(2, 2)
    6
    """
    return comb(variables + degree, degree)


def monomials(z: Array, degree: int) -> Array:
    """All monomials of degree ≤ ``degree`` of z (n, q): (n, count).

    >>> monomials(np.array([[2.0, 3.0]]), 2).tolist()
    [[1.0, 2.0, 3.0, 4.0, 6.0, 9.0]]
    """
    parts = [np.ones((len(z), 1))]
    for before, factor in _products(z.shape[1], degree):
        parts.append(parts[-1][:, before] * z[:, factor])
    return np.concatenate(parts, axis=1)


def monomial_tangents(z: Array, tangents: Array, degree: int) -> Array:
    """Derivatives of :func:`monomials` along t tangents of z, (n, t, q): (n, t, count)."""
    values, slopes = np.ones((len(z), 1)), np.zeros((*tangents.shape[:2], 1))
    parts = [slopes]
    for before, factor in _products(z.shape[1], degree):
        slopes = slopes[:, :, before] * z[:, None, factor] + values[:, None, before] * tangents[:, :, factor]
        values = values[:, before] * z[:, factor]
        parts.append(slopes)
    return np.concatenate(parts, axis=2)


def _products(variables: int, degree: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """For every degree from one, which monomial of the degree before and which variable make each of its own."""
    last = np.zeros(1, dtype=np.int64)
    steps = []
    for _ in range(degree):
        before, factor = (index.ravel() for index in np.indices((len(last), variables)))
        keep = factor >= last[before]
        before, last = before[keep], factor[keep]
        steps.append((before, last))
    return steps
