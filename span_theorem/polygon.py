"""Which in-plane orientations of a regular n-gon polynomials in spherical harmonics can tell, proved exactly.

The n-gon lies in a plane around its centre and is turned by the angle alpha about the plane's normal; r_j are the
directions from the centre to the vertices. Functions of alpha: ``marked`` features are the Y_lm(r_1), l <= L, of one
vertex, ``density`` features A_lm = sum_j Y_lm(r_j), what a message-passing layer sums at the centre (an atom there adds
nothing, it has no direction from itself). The *frequency* k is recovered if cos(k alpha) and sin(k alpha) are
polynomials of degree <= d in the features, lost if not.

**Law.** With v = 1 for ``marked`` and v = n for ``density``, the polynomials of degree <= d span exactly the
frequencies k divisible by v with k <= d v floor(L/v). So the orientation, k = n, is recovered from one marked vertex
if and only if dL >= n, and from the density if and only if L >= n, whatever d >= 1.

Upper bound, by symmetry and degree: with the normal as polar axis, Y_lm(r_1) is a multiple of e^(im alpha), |m| <= L.
A_lm does not change under alpha -> alpha + 2 pi/n, so it is zero unless n divides m. A product of d features thus
has a frequency that v divides, at most d times the largest multiple of v within L. Rotating the plane mixes the
Y_lm of one l: the span is the same in every plane.

Lower bound, by arithmetic: the features are evaluated, and over the vertices summed, at N = 2 max(dL, k) + 1 or more
angles over F_p (:mod:`span_theorem.circle`), where trigonometric polynomials of degree <= max(dL, k) are determined by
their values. The rank of all products of at most d features bounds the dimension of the span from below
(:mod:`span_theorem.pointwise`). Where the bounds meet, the span is known: a frequency within the upper bound is
recovered, any other is lost. That the rank grows by cos(k alpha) and sin(k alpha) exactly when k is lost is looked at
besides; modulo p alone it would prove neither.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import lcm
from typing import Any, Literal, get_args

from flint import nmod_mat

from span_theorem.budget import Estimate
from span_theorem.circle import POLAR_FRAME, Circle, Frame, circle
from span_theorem.errors import InputError
from span_theorem.law import require_instance
from span_theorem.pointwise import harmonics_at, spans_of_products, stacked

POLYGON_SCOPE = (
    "Scope: features of degree at most L at the centre of one polygon; no function-class bound on a message-passing "
    "network with many atoms."
)

PolygonFeatures = Literal["marked", "density"]
POLYGON_FEATURES: tuple[PolygonFeatures, ...] = get_args(PolygonFeatures)


@dataclass(frozen=True)
class PolygonSpan:
    """One instance (n, L, d) with its target frequency k.

    Attributes:
        rank: over F_p, of the polynomials of degree <= d in the features, as functions of alpha.
        added: by how much cos(k alpha) and sin(k alpha) enlarge that rank: 0 recovered, 2 lost.
    """

    n: int
    L: int
    d: int
    features: PolygonFeatures
    k: int
    rank: int
    added: int
    prime: int

    @property
    def expected_rank(self) -> int:
        """The upper bound: a constant, and cosine and sine of every other frequency of the law."""
        return 2 * len(frequencies(self.n, self.L, self.d, self.features)) - 1

    @property
    def expected(self) -> bool:
        """Is k recovered, by the law?"""
        return self.k in frequencies(self.n, self.L, self.d, self.features)

    @property
    def recovered(self) -> bool:
        """Is k recovered, by the rank?"""
        return self.added == 0

    @property
    def proved(self) -> bool:
        """The lower bound for the dimension meets the upper bound: the span is that of the law."""
        return self.rank == self.expected_rank

    @property
    def verified(self) -> bool:
        """Proved, and the target behaves accordingly."""
        return self.proved and self.added == (0 if self.expected else 2)

    def to_dict(self) -> dict[str, Any]:
        return {
            "n": self.n,
            "L": self.L,
            "d": self.d,
            "features": self.features,
            "k": self.k,
            "rank": self.rank,
            "expected_rank": self.expected_rank,
            "recovered": self.recovered,
            "expected": self.expected,
            "proved": self.proved,
            "verified": self.verified,
            "prime": self.prime,
        }


def frequencies(n: int, L: int, d: int, features: PolygonFeatures) -> range:
    """The law: the frequencies k >= 0, ascending, in the span of the polynomials of degree <= ``d``.

    Raises:
        InputError: see :func:`polygon_spans`.

    >>> list(frequencies(5, 3, 2, "marked")), list(frequencies(5, 6, 2, "density"))
    ([0, 1, 2, 3, 4, 5, 6], [0, 5, 10])
    """
    _require_polygon(n, L, d, features)
    step = 1 if features == "marked" else n
    return range(0, d * (L // step) * step + 1, step)


def recovered(n: int, L: int, d: int, features: PolygonFeatures, k: int | None = None) -> bool:
    """Are cos(k alpha) and sin(k alpha) polynomials of degree <= ``d`` in the features? Proved, not looked up.

    Args:
        k: target frequency; n, the orientation of the n-gon, by default.

    Raises:
        InputError: see :func:`polygon_spans`.
        ArithmeticError: the instance could not be proved.

    >>> recovered(5, 3, 2, "marked"), recovered(5, 4, 3, "density")
    (True, False)
    """
    _require_polygon(n, L, d, features, k)
    span = _cached_spans(n, L, d, features, n if k is None else k)[d]
    if not span.verified:
        raise ArithmeticError(f"not proved: {span}")
    return span.recovered


def polygon_spans(
    n: int,
    L: int,
    d: int,
    features: PolygonFeatures,
    k: int | None = None,
    frame: Frame = POLAR_FRAME,
) -> tuple[PolygonSpan, ...]:
    """The instances (n, L, 0), ..., (n, L, d): each degree is a by-product of the next.

    Args:
        k: target frequency; n, the orientation of the n-gon, by default.
        frame: two orthonormal vectors with rational components; alpha is counted from the first towards the second.
            The results do not depend on it.

    Raises:
        InputError: n below 2, L or d negative, k below 1, any of them fractional, unknown features, or a frame
            that is not orthonormal.

    >>> [span.rank for span in polygon_spans(5, 6, 3, "density")]
    [1, 3, 5, 7]
    """
    _require_polygon(n, L, d, features, k)
    target = n if k is None else k
    points = _angles(n, L, d, target)
    values = harmonics_at(points.directions(frame), L, points.prime)
    return _spans(n, L, d, features, target, points, values)


def polygon_grid(
    n: int,
    max_L: int,
    max_d: int,
    k: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[PolygonSpan, ...]:
    """Every instance L = 1..max_L, d = 1..max_d, for each the marked vertex first, then the density.

    Args:
        progress: called with (steps done, steps in all).

    Raises:
        InputError: see :func:`polygon_spans`.

    >>> [(span.L, span.features) for span in polygon_grid(2, 3, 2) if span.d == 1 and span.recovered]
    [(2, 'marked'), (2, 'density'), (3, 'marked'), (3, 'density')]
    """
    _require_polygon(n, max_L, max_d, "marked", k)
    target = n if k is None else k
    points = _angles(n, max_L, max_d, target)
    values = harmonics_at(points.directions(), max_L, points.prime)
    grid: list[PolygonSpan] = []
    for L in range(1, max_L + 1):
        both = [_spans(n, L, max_d, features, target, points, values) for features in POLYGON_FEATURES]
        grid += [spans[d] for d in range(1, max_d + 1) for spans in both]
        progress(L**4, max_L**4)
    return tuple(grid)


def polygon_estimate(n: int, max_L: int, max_d: int, k: int | None = None) -> Estimate:
    """For :func:`polygon_grid`; measured up to L = d = 12 and n = 1,000, good to a factor of three."""
    L, d, vertices, target = (float(min(value, 10**20)) for value in (max_L, max_d, n, k or n))
    size = 2 * max(L * d, target) + 4 * vertices
    dim = 2 * L * d + 1
    values = 1e-6 * L**4 * size + 6e-8 * vertices * L**3 * size
    return Estimate(5e7 + 300 * size * (dim + L**2), 0.3 + values + 4e-9 * L**2 * d * dim**2 * size)


@cache
def _cached_spans(n: int, L: int, d: int, features: PolygonFeatures, k: int) -> tuple[PolygonSpan, ...]:
    return polygon_spans(n, L, d, features, k)


def _spans(
    n: int, L: int, d: int, features: PolygonFeatures, k: int, points: Circle, harmonics: nmod_mat
) -> tuple[PolygonSpan, ...]:
    """``harmonics``: at least those of degree <= L, on the circle."""
    size = len(points.cosines)
    rows = (L + 1) ** 2
    values = nmod_mat(rows, size, harmonics.entries()[: rows * size], points.prime)
    if features == "density":
        values = _summed_over_vertices(values, n)
    target = points.wave(k)
    return tuple(
        PolygonSpan(
            n, L, degree, features, k, span.nrows(), stacked(span, target).rank() - span.nrows(), points.prime
        )
        for degree, span in enumerate(spans_of_products(values, d))
    )


def _summed_over_vertices(values: nmod_mat, n: int) -> nmod_mat:
    """Row f becomes sum_j f(alpha + 2 pi j/n): the vertices are themselves among the angles."""
    rows, size = values.nrows(), values.ncols()
    entries = values.entries()
    summed = []
    for start in range(0, rows * size, size):
        row = entries[start : start + size]
        summed += [sum(row[(j + vertex * size // n) % size] for vertex in range(n)) for j in range(size)]
    return nmod_mat(rows, size, summed, values.modulus())


def _angles(n: int, L: int, d: int, k: int) -> Circle:
    """Enough angles for frequencies up to dL and k, among them the vertices of the n-gon."""
    step = lcm(4, n)
    return circle(step * (2 * max(d * L, k) // step + 1))


def _require_polygon(n: int, L: int, d: int, features: PolygonFeatures, k: int | None = None) -> None:
    for name, value, least in (("n", n, 2), ("k", n if k is None else k, 1)):
        if not hasattr(value, "__index__") or value < least:
            raise InputError(f"{name} = {value!r}: expected an integer >= {least}")
    require_instance(L, d)
    if features not in POLYGON_FEATURES:
        raise InputError(f"features = {features!r}: expected one of {', '.join(POLYGON_FEATURES)}")
