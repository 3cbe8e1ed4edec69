"""Rotations on binary forms over a prime field: V_l as the forms of degree 2l, couplings as transvectants.

SO(3) acts on (s, t) through SU(2), and the forms of degree 2l in s, t are V_l (Gordan, Clebsch; Olver, Classical
Invariant Theory, 1999, chapter 5). A unit vector u = (x, y, z) becomes the quadratic form

    q_u = -(x + iy) s² + 2z st + (x - iy) t²,

of discriminant 4(x² + y² + z²); its power q_u^l holds 2l + 1 functions of u that span H_l, as V_1 ⊗ … ⊗ V_1 -> V_l is
the product of forms. The coupling V_a ⊗ V_b -> V_c is, up to scale, the transvectant of order r = a + b - c

    Σ_i (-1)^i C(r, i) ∂_s^(r-i) ∂_t^i f · ∂_s^i ∂_t^(r-i) g.

No square roots, no denominators, and i is a number modulo p = 1 (mod 4): rational points of the sphere have images in
F_p. Products fit 64-bit integers. Forms are arrays (..., 2l+1, points): coefficient of s^e t^(2l-e) at index e.
"""

from functools import cache
from math import comb, perm

import numpy as np
from flint import nmod_mat
from numpy.typing import NDArray

Array = NDArray[np.int64]

PRIME = 2**31 - 19
"""A prime = 1 (mod 4)."""


def _imaginary_unit() -> int:
    candidates = (pow(g, (PRIME - 1) // 4, PRIME) for g in range(2, PRIME))
    return next(i for i in candidates if i * i % PRIME == PRIME - 1)


IMAGINARY = _imaginary_unit()


def powers_of_direction(points: Array, L: int) -> list[Array]:
    """q_u^l for l = 0..``L``.

    Args:
        points: (n, 3), unit vectors modulo p.

    Returns:
        For every l an array (2l+1, n).
    """
    x, y, z = points.T
    turned = IMAGINARY * y % PRIME
    form = np.stack([(x - turned) % PRIME, 2 * z % PRIME, (-x - turned) % PRIME])
    powers = [np.ones((1, len(points)), dtype=np.int64)]
    for l in range(1, L + 1):
        product = np.zeros((2 * l + 1, len(points)), dtype=np.int64)
        for shift in range(3):
            part = powers[-1] * form[shift] % PRIME
            product[shift : shift + 2 * l - 1] = (product[shift : shift + 2 * l - 1] + part) % PRIME
        powers.append(product)
    return powers


def transvectants(f: Array, g: Array, c: int) -> Array:
    """All couplings of two lists of forms to V_c, point by point.

    Args:
        f: (m, 2a+1, points).
        g: (n, 2b+1, points).
        c: |a - b| <= c <= a + b.

    Returns:
        (m·n, 2c+1, points).
    """
    a, b = f.shape[1] // 2, g.shape[1] // 2
    result = np.zeros((len(f), len(g), 2 * c + 1, f.shape[2]), dtype=np.int64)
    for (e, h), factor in _coefficients(a, b, c).items():
        scaled = f[:, e] * factor % PRIME
        target = result[:, :, e + h - (a + b - c)]
        target += scaled[:, None] * g[None, :, h] % PRIME
    return (result % PRIME).reshape(len(f) * len(g), 2 * c + 1, f.shape[2])


@cache
def _coefficients(a: int, b: int, c: int) -> dict[tuple[int, int], int]:
    """What s^e t^(2a-e) and s^h t^(2b-h) give s^(e+h-r) t^…, modulo p, where it is not zero."""
    r = a + b - c
    found = {}
    for e in range(2 * a + 1):
        for h in range(2 * b + 1):
            value = sum(
                (-1) ** i
                * comb(r, i)
                * perm(e, r - i)
                * perm(2 * a - e, i)
                * perm(h, i)
                * perm(2 * b - h, r - i)
                for i in range(r + 1)
            )
            if value % PRIME:
                found[e, h] = value % PRIME
    return found


def independent_rows(rows: Array) -> NDArray[np.int64]:
    """Indices of the first rows that span all of them, over F_p.

    Args:
        rows: (m, n), modulo p.
    """
    if not rows.size:
        return np.zeros(0, dtype=np.int64)
    columns = nmod_mat(rows.shape[1], rows.shape[0], rows.T.ravel().tolist(), PRIME)
    reduced, rank = columns.rref()
    entries = np.array([int(v) for v in reduced.entries()[: rank * len(rows)]]).reshape(rank, len(rows))
    return np.array((entries != 0).argmax(axis=1), dtype=np.int64)


def rank(rows: Array) -> int:
    """Rank over F_p of (m, n) ``rows``."""
    return int(nmod_mat(*rows.shape, rows.ravel().tolist(), PRIME).rank()) if rows.size else 0
