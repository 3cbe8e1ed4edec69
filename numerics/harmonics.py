"""Real spherical harmonics and Wigner D matrices in e3nn's conventions, numpy float64 in and out.

Component order m = -l..l, polar axis y, `component` normalisation: the sum of the squares of the 2l + 1
components is 2l + 1 on the whole sphere, so that each has mean square 1.
"""

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from numerics.quadrature import sphere_quadrature

E3NN_MAX_L = 12
"""Highest degree that e3nn tabulates; above it the recursion of :func:`_by_recursion` takes over."""


def spherical_harmonics(l_max: int, directions: ArrayLike) -> NDArray[np.float64]:
    """All Y_lm, l = 0..``l_max``, at the given directions.

    Args:
        l_max: highest degree, >= 0.
        directions: (..., 3) non-zero vectors x, y, z of any length.

    Returns:
        (..., (l_max+1)²), component m of degree l in column l² + l + m.

    Raises:
        ValueError: negative ``l_max``, wrong shape, or a direction that is zero or not finite.

    >>> spherical_harmonics(1, [0.0, 2.0, 0.0]).round(6).tolist()
    [1.0, 0.0, 1.732051, 0.0]
    """
    units = _unit(directions)
    if l_max < 0:
        raise ValueError(f"l_max must be >= 0, got {l_max}")
    values = np.empty((*units.shape[:-1], (l_max + 1) ** 2))
    tabulated = (min(l_max, E3NN_MAX_L) + 1) ** 2
    values[..., :tabulated] = _by_e3nn(min(l_max, E3NN_MAX_L), units)
    if l_max > E3NN_MAX_L:
        values[..., tabulated:] = _by_recursion(l_max, units)[..., tabulated:]
    return values


def surface_gradient(l: int, directions: ArrayLike) -> NDArray[np.float64]:
    """Gradient of Y_l along the unit sphere.

    Args:
        l: degree, 0..12.
        directions: (..., 3) non-zero vectors of any length.

    Returns:
        (..., 2l+1, 3): ∇ of r ↦ Y_lm(r/|r|) at |r| = 1, so perpendicular to the direction; divided by |r| it is the
        gradient at r. Σ_m |∇Y_lm|² = l (l+1) (2l+1).

    The gradient of the solid harmonic |r|^l Y_lm is a solid harmonic of degree l-1 in each component, hence by
    equivariance ∇_i |r|^l Y_lm = √l (2l+1) Σ_n C^{l-1,1,l}_{nim} |r|^{l-1} Y_{l-1,n} up to the symbol's sign (the
    gradient formula, Varshalovich, Moskalev and Khersonskii 1988, section 5.8.3); its radial part, l Y_lm, is taken
    off.

    Raises:
        ValueError: ``l`` out of range, wrong shape, or a direction that is zero or not finite.
    """
    units = _unit(directions)
    if not 0 <= l <= E3NN_MAX_L:
        raise ValueError(f"l must be 0..{E3NN_MAX_L}, got {l}")
    if l == 0:
        return np.zeros((*units.shape[:-1], 1, 3))
    values = _by_e3nn(l, units)
    below, own = values[..., (l - 1) ** 2 : l * l], values[..., l * l :]
    symbol = np.sqrt(l) * (2 * l + 1) * wigner_3j(l - 1, 1, l)
    solid = np.einsum("...n,nim->...mi", below, symbol)
    # Euler: r·∇ of a function of degree l is l times the function; it tells the sign of the symbol
    sign = np.sign(np.sum(np.einsum("...mi,...i->...m", solid, units) * own))
    return sign * solid - l * own[..., :, None] * units[..., None, :]


@cache
def wigner_3j(l1: int, l2: int, l3: int) -> NDArray[np.float64]:
    """Real Wigner 3j symbols (2 l1 + 1, 2 l2 + 1, 2 l3 + 1), ΣC² = 1, in e3nn's basis (`e3nn.o3.wigner_3j`)."""
    import torch
    from e3nn import o3

    return o3.wigner_3j(l1, l2, l3, dtype=torch.float64).numpy()


def random_rotation(rng: np.random.Generator) -> NDArray[np.float64]:
    """A rotation matrix (3, 3) drawn uniformly (Haar) from SO(3)."""
    from scipy.spatial.transform import Rotation

    return Rotation.random(rng=rng).as_matrix()


def wigner_d(l: int, rotations: ArrayLike) -> NDArray[np.float64]:
    """D^l(R), (..., 2l+1, 2l+1), with Y_l(R u) = D^l(R) Y_l(u).

    Args:
        l: degree, >= 0.
        rotations: (..., 3, 3) rotation matrices.

    Raises:
        ValueError: not all of ``rotations`` are proper rotations.
    """
    matrices = np.asarray(rotations, dtype=np.float64)
    if matrices.shape[-2:] != (3, 3) or not np.allclose(
        matrices @ np.swapaxes(matrices, -1, -2), np.eye(3), atol=1e-8
    ):
        raise ValueError(
            f"expected (..., 3, 3) rotation matrices, got {matrices.shape} or non-orthogonal rows"
        )
    if np.any(np.linalg.det(matrices) < 0):
        raise ValueError("expected proper rotations, got determinant -1")
    # e3nn's own D_from_matrix rests on float32 generators (errors of 1e-5 at l = 10)
    rule = sphere_quadrature(2 * l)
    first = l * l
    turned = spherical_harmonics(l, rule.directions @ np.swapaxes(matrices, -1, -2))[..., first:]
    weighted = np.swapaxes(turned * rule.weights[:, None], -1, -2)
    return weighted @ spherical_harmonics(l, rule.directions)[:, first:]


def _unit(directions: ArrayLike) -> NDArray[np.float64]:
    vectors = np.asarray(directions, dtype=np.float64)
    if vectors.ndim == 0 or vectors.shape[-1] != 3:
        raise ValueError(f"directions must have shape (..., 3), got {vectors.shape}")
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    if not (np.isfinite(lengths).all() and (lengths > 0).all()):
        raise ValueError("directions must be finite and non-zero")
    return vectors / lengths


def _by_e3nn(l_max: int, units: NDArray[np.float64]) -> NDArray[np.float64]:
    import torch
    from e3nn import o3

    degrees = list(range(l_max + 1))
    return o3.spherical_harmonics(
        degrees, torch.from_numpy(units), normalize=False, normalization="component"
    ).numpy()


def _by_recursion(l_max: int, units: NDArray[np.float64]) -> NDArray[np.float64]:
    """Y_lm from normalised P_l^m(cos β) / sin^m β, no Condon-Shortley phase, times sin^m β and cos or sin mα.

    The three-term recursion in l at fixed m, stable upwards: DLMF 14.10.3 with the normalisation
    sqrt((2l+1) (2 - δ_m0) (l-m)!/(l+m)!) absorbed. α turns from z to x about the polar axis y.
    """
    x, y, z = units[..., 0], units[..., 1], units[..., 2]
    values = np.empty((*units.shape[:-1], (l_max + 1) ** 2))
    azimuth = np.ones(units.shape[:-1], dtype=np.complex128)  # (sin β)^m e^{imα}
    sectoral = 1.0
    for m in range(l_max + 1):
        if m:
            azimuth = azimuth * (z + 1j * x)
            sectoral *= np.sqrt((2 * m + 1) / (2 * m))
        below, current = np.zeros_like(y), np.full_like(y, sectoral * np.sqrt(2 if m else 1))
        for l in range(m, l_max + 1):
            if l > m:
                a = np.sqrt((4 * l * l - 1) / (l * l - m * m))
                b = np.sqrt(((l - 1) ** 2 - m * m) / (4 * (l - 1) ** 2 - 1)) if l > m + 1 else 0.0
                below, current = current, a * (y * current - b * below)
            values[..., l * l + l + m] = current * azimuth.real
            if m:
                values[..., l * l + l - m] = current * azimuth.imag
    return values
