"""Radial functions that vanish smoothly at the cutoff."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BOND = 1.0
"""Å; below it waves are evenly spaced, above it they widen with the distance."""


def radial_functions(distances: Array, cutoff: float, number: int) -> tuple[Array, Array]:
    """R_n(r) = sin(nπ s)/r times (1 − (r/r_c)²)², n = 1..``number``, and their derivatives.

    s = log(1 + r/a) / log(1 + r_c/a), a = :data:`BOND`, goes from 0 to 1: the spherical Bessel functions that networks
    of this kind use (Gasteiger, Groß and Günnemann, "Directional message passing for molecular graphs", 2020) with
    more of their resolution where bonds are, since here their number is small. Value and slope vanish at r_c.

    Args:
        distances: (n,), positive and below ``cutoff``, Å.
        cutoff: r_c, Å.
        number: of functions.

    Returns:
        Two arrays (n, number).
    """
    r = distances[:, None]
    length = np.log1p(cutoff / BOND)
    waves = np.pi * np.arange(1, number + 1)
    phase = waves * np.log1p(r / BOND) / length
    sine = np.sin(phase) / r
    cosine = np.cos(phase) * waves / (length * (r + BOND) * r)
    x = r / cutoff
    cut, slope = (1 - x**2) ** 2, -4 * x * (1 - x**2) / cutoff
    return sine * cut, (cosine - sine / r) * cut + sine * slope
