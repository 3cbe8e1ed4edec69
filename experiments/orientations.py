"""Frames in uniformly random orientations.

Background: a solver without symmetry must see every frame in many orientations. The backbone is equivariant (that is
measured first), so it runs once per frame and its features are turned by Wigner D matrices. This module provides the
turned features and directions.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from numerics.harmonics import wigner_d

if TYPE_CHECKING:
    from e3nn.o3 import Irreps

Array = NDArray[np.float64]


def orient(
    features: Array, directions: Array, irreps: "Irreps", orientations: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Show every frame in ``orientations`` Haar-random orientations.

    Args:
        features: (n_frames, irreps.dim).
        directions: (n_frames, 3) unit vectors.
        irreps: of the features.
        orientations: how many of each frame.
        rng: draws the rotations.

    Returns:
        Features (n_frames * orientations, irreps.dim) and directions (n_frames * orientations, 3), frame-major.
    """
    n_frames = len(features)
    rotations = Rotation.random(n_frames * orientations, rng=rng).as_matrix()
    turned = np.empty((n_frames * orientations, irreps.dim))
    matrices = {l: wigner_d(l, rotations) for l in {irrep.l for _, irrep in irreps}}
    for (channels, irrep), columns in zip(irreps, irreps.slices(), strict=True):
        block = np.repeat(features[:, columns], orientations, axis=0).reshape(-1, channels, irrep.dim)
        turned[:, columns] = (block @ matrices[irrep.l].transpose(0, 2, 1)).reshape(len(block), -1)
    return turned, np.einsum("nij,nj->ni", rotations, np.repeat(directions, orientations, axis=0))
