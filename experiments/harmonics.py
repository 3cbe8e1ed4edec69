"""The targets: real spherical harmonics of the marked direction, in e3nn's `component` normalisation."""

import numpy as np
from numpy.typing import NDArray

from numerics.harmonics import spherical_harmonics

Array = NDArray[np.float64]


def harmonics(directions: Array, l_max: int) -> dict[int, Array]:
    """Y_l of every direction for l = 1..l_max; the mean of each component's square over the sphere is 1.

    Args:
        directions: (n, 3) unit vectors.
        l_max: highest order.

    Returns:
        By order, (n, 2l+1).
    """
    values = spherical_harmonics(l_max, directions)
    return {l: values[:, l * l : (l + 1) ** 2] for l in range(1, l_max + 1)}
