"""Several marked directions: what polynomials in the harmonics of all of them span, proved exactly.

Features are Y_lm(u_i), l <= L, of independent points u_1, ..., u_n of the unit sphere.

**Law**, L >= 1. The polynomials of degree <= d span exactly the sum of H_(l_1) x ... x H_(l_n) over the tuples with
ceil(l_1/L) + ... + ceil(l_n/L) <= d: a degree l_i costs ceil(l_i/L) factors, and there are d factors to spend.

Upper bound: a product with a_i factors of direction i is, in u_i, a polynomial of degree <= a_i L, and
a_1 + ... + a_n <= d. Lower bound: the rank over F_p of the products, evaluated at random points of the spheres over
F_p, which are reductions of rational points (:mod:`span_theorem.pointwise`). Where they meet, the span is the law's.
"""

from dataclasses import dataclass
from random import Random

from flint import nmod_mat

from span_theorem.errors import InputError
from span_theorem.exact import PRIME
from span_theorem.law import require_instance
from span_theorem.pointwise import harmonics_at, spans_of_products, stacked

LARGEST = 1000
"""Dimension of the largest span that is verified, some minutes of work."""

_SPARE = 8  # more points than the law's dimension, so that a span above it would show


@dataclass(frozen=True)
class DirectionsSpan:
    """One instance: ``rank`` over F_p and, by the law, ``expected_dim`` for n directions."""

    n: int
    L: int
    d: int
    rank: int
    expected_dim: int

    @property
    def proved(self) -> bool:
        """The lower bound for the dimension meets the upper bound."""
        return self.rank == self.expected_dim


def spanned(degrees: tuple[int, ...], L: int, d: int) -> bool:
    """Do the polynomials of degree <= ``d`` span H_(l_1) x ... x H_(l_n), (l_1, ..., l_n) = ``degrees``?

    Either all of it or nothing of it.

    Raises:
        InputError: no directions, a negative degree, or no instance (L, d).

    >>> spanned((2, 1), 2, 2), spanned((3, 1), 2, 2)
    (True, False)
    """
    require_instance(L, d)
    if not degrees or min(degrees) < 0:
        raise InputError(f"degrees = {degrees!r}: expected at least one, none of them negative")
    if L == 0:
        return not any(degrees)
    return sum(-(-l // L) for l in degrees) <= d


def directions_dim(n: int, L: int, d: int) -> int:
    """Dimension of the span by the law: the sum of (2l_1 + 1) ... (2l_n + 1) over the tuples.

    Raises:
        InputError: n below 1, or no instance (L, d).

    >>> directions_dim(1, 2, 2), directions_dim(2, 1, 1)
    (25, 7)
    """
    _require_directions(n, L, d)
    if L == 0:
        return 1
    # the degrees that cost a factors: of dimension 1 for a = 0, (aL + 1)² - ((a-1)L + 1)² for a >= 1
    cost = [1] + [L * ((2 * a - 1) * L + 2) for a in range(1, d + 1)]
    by_spent = [1] + [0] * d
    for _ in range(n):
        by_spent = [sum(by_spent[s - a] * cost[a] for a in range(s + 1)) for s in range(d + 1)]
    return sum(by_spent)


def directions_span(n: int, L: int, d: int, seed: int = 0) -> DirectionsSpan:
    """The rank over F_p of the products of at most ``d`` features, beside the law.

    Args:
        seed: of the random points. An unlucky choice can leave an instance unproved, not prove a wrong one.

    Raises:
        InputError: n below 1, no instance (L, d), or a span of more than ``LARGEST`` dimensions.

    >>> directions_span(2, 1, 2)
    DirectionsSpan(n=2, L=1, d=2, rank=26, expected_dim=26)
    """
    expected = directions_dim(n, L, d)
    if expected > LARGEST:
        raise InputError(f"n = {n}, L = {L}, d = {d}: dimension {expected}, expected at most {LARGEST}")
    random = Random(seed)
    features = nmod_mat(0, expected + _SPARE, PRIME)
    for _ in range(n):
        points = [_point(random) for _ in range(expected + _SPARE)]
        features = stacked(features, harmonics_at(points, L, PRIME))
    return DirectionsSpan(n, L, d, spans_of_products(features, d)[d].nrows(), expected)


def _point(random: Random) -> tuple[int, int, int]:
    """A point of the unit sphere over F_p, by stereographic projection."""
    while True:
        s, t = random.randrange(PRIME), random.randrange(PRIME)
        if denominator := (1 + s * s + t * t) % PRIME:
            scale = pow(denominator, -1, PRIME)
            return 2 * s * scale % PRIME, 2 * t * scale % PRIME, (s * s + t * t - 1) * scale % PRIME


def _require_directions(n: int, L: int, d: int) -> None:
    if not hasattr(n, "__index__") or n < 1:
        raise InputError(f"n = {n!r}: expected an integer >= 1")
    require_instance(L, d)
