"""Quadrature on the unit sphere that is exact up to a chosen degree."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class SphereQuadrature:
    """Nodes and weights for the mean over the sphere.

    Attributes:
        directions: (n, 3) unit vectors.
        weights: (n,), positive, with sum 1.
        degree: polynomials in x, y, z up to this degree are integrated exactly, up to rounding.
    """

    directions: NDArray[np.float64]
    weights: NDArray[np.float64]
    degree: int


def sphere_quadrature(degree: int) -> SphereQuadrature:
    """Gauss-Legendre nodes along the polar axis y times equidistant azimuths (Abramowitz & Stegun 25.4.29).

    n Gauss nodes are exact up to degree 2n - 1; ``degree`` + 1 equidistant angles integrate e^{imα} for
    |m| <= ``degree``.

    Raises:
        ValueError: ``degree`` is negative.

    >>> rule = sphere_quadrature(2)
    >>> round(float(rule.weights @ rule.directions[:, 0] ** 2), 12)
    0.333333333333
    """
    if degree < 0:
        raise ValueError(f"degree must be >= 0, got {degree}")
    heights, weights = np.polynomial.legendre.leggauss(degree // 2 + 1)
    angles = 2 * np.pi * np.arange(degree + 1) / (degree + 1)
    radii = np.sqrt(1 - heights**2)
    directions = np.empty((len(heights), len(angles), 3))
    directions[..., 0] = radii[:, None] * np.sin(angles)
    directions[..., 1] = heights[:, None]
    directions[..., 2] = radii[:, None] * np.cos(angles)
    tiled = np.repeat(weights / (2 * len(angles)), len(angles))
    return SphereQuadrature(directions.reshape(-1, 3), tiled, degree)
