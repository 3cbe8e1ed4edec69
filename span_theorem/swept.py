"""What the invariants of one site see of one neighbour's direction, exactly: ranks over F_p.

Features A_nlm = Σ_j w_nj Y_lm(u_j), l <= L, at given :mod:`span_theorem.surroundings`. E_k^λ is the space of
equivariant polynomials of degree <= k in A with values in V_λ, as functions of u_0 with all else fixed. It grows by
couplings, E_(k+1)^λ = E_k^λ + Σ [E_k^κ ⊗ A_l]^λ and E_(a+b)^λ = Σ [E_a^κ ⊗ E_b^μ]^λ. So every coupling path is there,
and what is dropped on the way is dependent *as functions*. The functions are kept by their values, binary forms over
F_p (:mod:`span_theorem.binary_forms`), at as many points as fix a polynomial of degree dL on the sphere.

What a rank over F_p proves: reduction modulo p is a ring homomorphism from Q(i), less what has p in a denominator, so
it takes minors to minors: rank over F_p <= rank over Q(i), for every choice of surroundings and points.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from random import Random

import numpy as np
from flint import nmod_mat

from span_theorem.binary_forms import PRIME, Array, independent_rows, powers_of_direction, rank, transvectants
from span_theorem.surroundings import Surroundings

CHUNK = 2**22  # numbers that are coupled at once

Covariants = dict[tuple[int, int], Array]
"""By (λ, p), p the parity of the polynomial's degree in the directions: spanning functions (n, 2λ+1, points)."""


@dataclass(frozen=True)
class SweptRanks:
    """Ranks over F_p of the projections onto H_l, l = 0..dL, of the functions of the swept direction.

    Attributes:
        ranks: of all outputs, SO(3).
        true, pseudo: of the outputs that change sign under inversion as Y_λ does, and of the others: O(3)'s two kinds.
        span_dim: dimension of the whole space of functions.
    """

    ranks: tuple[int, ...]
    true: tuple[int, ...]
    pseudo: tuple[int, ...]
    span_dim: int


def swept_ranks(L: int, d: int, output_degree: int, surroundings: Surroundings, seed: int = 0) -> SweptRanks:
    """The ranks for one site.

    Args:
        seed: of the points at which the functions are taken; an unlucky choice can lower a rank, not raise it.
    """
    points = _points((d * L + 1) ** 2, Random(seed))
    features = _features(L, surroundings, points)
    half = d // 2
    smaller = _grow(features, half, output_degree + (d - half) * L)
    larger = smaller if d == 2 * half else _step(smaller, features, output_degree + half * L)
    harmonics = np.vstack(powers_of_direction(points, d * L))
    inverse = nmod_mat(*harmonics.shape, harmonics.ravel().tolist(), PRIME).inv()
    natural = (-1) ** output_degree
    true, pseudo = (
        _coefficients(_spanning(_components(larger, smaller, output_degree, p), len(points)), inverse)
        for p in (natural, -natural)
    )
    everything = np.vstack([true, pseudo])
    by_degree = [_by_degree(rows, d * L) for rows in (everything, true, pseudo)]
    return SweptRanks(by_degree[0], by_degree[1], by_degree[2], rank(everything))


def _features(L: int, surroundings: Surroundings, points: Array) -> Covariants:
    """A_l of every channel, as functions of the swept direction."""
    swept = powers_of_direction(points, L)
    others = powers_of_direction(
        np.array([[_residue(c) for c in u] for u in surroundings.directions], dtype=np.int64), L
    )
    features = {}
    for l in range(L + 1):
        channels = []
        for row in surroundings.weights:
            weights = np.array([_residue(w) for w in row], dtype=np.int64)
            fixed = (others[l] * weights[1:] % PRIME).sum(axis=1) % PRIME
            channels.append((swept[l] * weights[0] + fixed[:, None]) % PRIME)
        features[l, (-1) ** l] = np.stack(channels)
    return features


def _grow(features: Covariants, degree: int, highest: int) -> Covariants:
    """E_degree^λ, λ <= ``highest``."""
    points = next(iter(features.values())).shape[2]
    grown: Covariants = {(0, 1): np.ones((1, 1, points), dtype=np.int64)}
    for k in range(1, degree + 1):
        # the last step alone may leave out what no output needs
        grown = _step(grown, features, highest if k == degree else None)
    return grown


def _step(covariants: Covariants, features: Covariants, highest: int | None) -> Covariants:
    """E_(k+1) from E_k."""
    top = max(l for l, _ in covariants) + max(l for l, _ in features)
    highest = top if highest is None else min(top, highest)
    result = {}
    for l in range(highest + 1):
        for p in (1, -1):
            same = [covariants[l, p]] if (l, p) in covariants else []
            # functions of degree <= kL are told apart by their values at (kL + 1)² points
            functions = _spanning(chain(same, _coupled(covariants, features, l, p)), (top + 1) ** 2)
            if functions is not None and len(functions):
                result[l, p] = functions
    return result


def _coupled(first: Covariants, second: Covariants, l: int, parity: int) -> Iterator[Array]:
    """Couplings to (l, parity), a piece at a time."""
    for (a, p), f in first.items():
        for (b, q), g in second.items():
            if p * q == parity and abs(a - b) <= l <= a + b:
                size = max(1, CHUNK // (len(g) * (2 * l + 1) * f.shape[2]))
                for start in range(0, len(f), size):
                    yield transvectants(f[start : start + size], g, l)


def _components(larger: Covariants, smaller: Covariants, l: int, parity: int) -> Iterator[Array]:
    """The components of the outputs of degree l, each a function of its own."""
    for functions in _coupled(larger, smaller, l, parity):
        yield functions.reshape(len(functions) * (2 * l + 1), 1, -1)


def _spanning(chunks: Iterable[Array], points: int) -> Array | None:
    """An independent subset of the functions of all chunks, told apart by their values at the first ``points``."""
    kept = None
    for chunk in chunks:
        kept = chunk if kept is None else np.concatenate([kept, chunk])
        kept = kept[independent_rows(kept[:, :, :points].reshape(len(kept), -1))]
    return kept


def _by_degree(coefficients: Array, highest: int) -> tuple[int, ...]:
    return tuple(rank(coefficients[:, l * l : (l + 1) ** 2]) for l in range(highest + 1))


def _coefficients(functions: Array | None, inverse: nmod_mat) -> Array:
    """Functions by their coefficients, one row a function, columns l² + … of degree l."""
    columns = inverse.nrows()
    if functions is None:
        return np.zeros((0, columns), dtype=np.int64)
    rows = nmod_mat(len(functions), columns, functions.ravel().tolist(), PRIME) * inverse
    return np.array([int(v) for v in rows.entries()], dtype=np.int64).reshape(-1, columns)


def _points(count: int, random: Random) -> Array:
    """Points of the unit sphere over F_p, by stereographic projection."""
    points: list[tuple[int, int, int]] = []
    while len(points) < count:
        s, t = random.randrange(PRIME), random.randrange(PRIME)
        if denominator := (1 + s * s + t * t) % PRIME:
            scale = pow(denominator, -1, PRIME)
            points.append((2 * s * scale % PRIME, 2 * t * scale % PRIME, (s * s + t * t - 1) * scale % PRIME))
    return np.array(points, dtype=np.int64)


def _residue(number: Fraction) -> int:
    return number.numerator * pow(number.denominator, -1, PRIME) % PRIME
