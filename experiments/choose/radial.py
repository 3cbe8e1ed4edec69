"""Radial functions that vanish smoothly at the cutoff."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def radial_functions(distances: Array, cutoff: float, number: int) -> tuple[Array, Array]:
    """R_n(r) = sin(nπ r/r_c)/r times (1 − (r/r_c)²)², n = 1..``number``, and their derivatives.

    The spherical Bessel functions of Gasteiger, Groß and Günnemann (2020) with a cutoff whose value and slope vanish.

    Args:
        distances: (n,), positive and below ``cutoff``, Å.
        cutoff: r_c, Å.
        number: of functions.

    Returns:
        Two arrays (n, number).
    """
    r = distances[:, None]
    x = r / cutoff
    waves = np.pi * np.arange(1, number + 1) / cutoff
    sine, cosine = np.sin(waves * r) / r, waves * np.cos(waves * r) / r
    cut, slope = (1 - x**2) ** 2, -4 * x * (1 - x**2) / cutoff
    return sine * cut, (cosine - sine / r) * cut + sine * slope
