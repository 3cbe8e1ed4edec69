"""Ranks of spans of products of spherical harmonics by exact arithmetic over F_p, graded by the weight m.

With w = x + iy, every function of weight m >= 0 on the sphere is w^m q(z), of weight -m its mirror image
w̄^m q(z), and w w̄ = 1 - z². Up to scale Y_l,±m = w^m P_l^(m)(z), the m-th derivative of P_l. A space that
is symmetric under m -> -m is thus one space of polynomials q for every weight m >= 0. The spaces S_k of products of at
most k features grow by doubling, S_(a+b) = S_a S_b, each weight on its own.

What a rank over F_p proves. P_l^(m) has coefficients in Z[1/2] and the leading coefficient
(2l)! / (2^l l! (l-m)!), so for p > 2l everything reduces modulo p and the change of basis from z^j to P_l^(m)
stays invertible. Every vector below is the reduction of a combination, with coefficients free of p in the
denominator, of actual products; a minor that is non-zero modulo p is non-zero over Q. Hence the rank over F_p
is at most the rank over Q for *every* prime p > 2(dL + 2): an unlucky p can leave an instance unproved, it cannot
prove a wrong one.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flint import nmod_mat, nmod_poly

from span_theorem.law import Features, require_instance

PRIME = 2**61 - 1
"""The Mersenne prime M61, far above 2(dL + 2) for every size that fits in memory."""


@dataclass(frozen=True)
class ExactSpan:
    """Ranks over F_p of the products of at most ``d`` features.

    Attributes:
        ranks: for l = 0..dL+2, rank of the projection onto H_l, at most 2l + 1.
        span_dim: dimension of the whole span.
    """

    L: int
    d: int
    features: Features
    ranks: tuple[int, ...]
    span_dim: int
    prime: int = PRIME

    @property
    def lower_bound(self) -> str:
        """Where the lower bound comes from."""
        return f"rank over F_p <= rank over Q, p = {self.prime}"

    def to_dict(self) -> dict[str, Any]:
        return {
            "route": "rank",
            "prime": self.prime,
            "ranks": list(self.ranks),
            "span_dim": self.span_dim,
            "largest_block": self.d * self.L + 3,
        }


def exact_span(
    L: int,
    d: int,
    features: Features = "upto",
    change_of_basis: Callable[[int], Sequence[Sequence[int]]] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ExactSpan:
    """Ranks over F_p of the projections onto H_0 .. H_(dL+2) of the polynomials of degree <= ``d``.

    Args:
        L: highest degree of the features (``upto``) or their only degree (``exact``).
        d: highest degree of the polynomials.
        change_of_basis: for every weight m >= 0, the rows of a matrix over the integers by which the features
            of that weight are mixed first; the ranks do not change if it is invertible modulo p.
        progress: called with (steps done, steps in all).

    >>> exact_span(2, 2).ranks
    (1, 3, 5, 7, 9, 0, 0)
    """
    require_instance(L, d, features)
    factors = weight_polynomials(L, features, change_of_basis)
    needed = _halves(d)
    steps, done = sum(k**2 * (k * L + 1) for k in needed), 0
    spans: dict[int, list[_Block]] = {}
    for k in needed:
        left, right = k // 2, k - k // 2
        if k > 1:
            factors = [block.polynomials() for block in spans[right]]
        # two more degrees in the last step, for the report; that they stay empty is the upper bound's word
        top = k * L + 2 * (k == d)
        spans[k] = []
        for m in range(top + 1):
            block = _Block(top - m + 1, _room(k, L, m, features))
            if m == 0:
                block.add([1] + [0] * top, 1)
            if k == 1:
                for q in factors[m] if m <= L else ():
                    block.add_polynomial(q)
            for source, multiplier in _products(m, spans[left], factors) if k > 1 else ():
                if block.is_full:
                    break
                block.add_multiples(source, multiplier)
            block.reduce()
            spans[k].append(block)
            done += k**2 * (m <= k * L)
            if progress:
                progress(done, steps)
    span = spans[d]
    highest = d * L + 2
    legendre = _legendre(highest)
    ranks = [0] * (highest + 1)
    for m, block in enumerate(span):
        if m:
            legendre = [q.derivative() for q in legendre]
        for l in block.degrees(legendre[m:], m):
            ranks[l] += 2 if m else 1
    span_dim = sum(block.rank * (2 if m else 1) for m, block in enumerate(span))
    return ExactSpan(L, d, features, tuple(ranks), span_dim)


class _Block:
    """A space of polynomials q(z) of bounded degree, kept as its reduced row echelon form."""

    def __init__(self, width: int, room: int) -> None:
        self.width = width
        self.room = room  # no more dimensions than this can occur
        self.rank = 0
        self._reduced = nmod_mat(0, width, PRIME)  # `rank` rows, then zero rows; None stands for the identity
        self._pending: list[Any] = []
        self._pending_rows = 0

    @property
    def is_full(self) -> bool:
        return self.rank == self.room

    def add(self, entries: list[Any], rows: int) -> None:
        """Enlarge the space by the rows of a (rows, width) matrix given by its entries."""
        self._pending += entries
        self._pending_rows += rows
        # one reduction for many rows: none is worth while before it could fill the room
        if self.rank + self._pending_rows >= self.room:
            self.reduce()

    def reduce(self) -> None:
        """Bring the rows added so far into reduced row echelon form."""
        if not self._pending_rows or self.is_full:
            return
        kept = self._reduced.entries()[: self.rank * self.width]
        rows = self.rank + self._pending_rows
        self._reduced, self.rank = nmod_mat(rows, self.width, kept + self._pending, PRIME).rref()
        self._pending, self._pending_rows = [], 0
        if self.rank == self.width:
            self._reduced = None

    def add_polynomial(self, q: nmod_poly) -> None:
        """Enlarge the space by one polynomial."""
        coefficients = [int(c) for c in q.coeffs()]
        self.add(coefficients + [0] * (self.width - len(coefficients)), 1)

    def add_multiples(self, source: "_Block", multiplier: nmod_poly) -> None:
        """Enlarge the space by all q * multiplier, q in ``source``."""
        coefficients = [int(c) for c in multiplier.coeffs()]
        shifts: list[int] = []
        for i in range(source.width):
            shifts += [0] * i + coefficients + [0] * (self.width - i - len(coefficients))
        if source._reduced is not None:
            shifts = source.times(nmod_mat(source.width, self.width, shifts, PRIME))
        self.add(shifts, source.rank)

    def polynomials(self) -> list[nmod_poly]:
        """The basis."""
        if self._reduced is None:
            return [nmod_poly([0] * i + [1], PRIME) for i in range(self.width)]
        return [nmod_poly(row, PRIME) for row in self._reduced.tolist()[: self.rank]]

    def times(self, matrix: nmod_mat) -> list[Any]:
        """Entries of the basis, one row a polynomial, multiplied by a (width, n) matrix."""
        product = matrix if self._reduced is None else self._reduced * matrix
        return product.entries()[: self.rank * matrix.ncols()]

    def degrees(self, basis: list[nmod_poly], m: int) -> Iterator[int]:
        """The degrees l >= m onto whose w^m P_l^(m) the space projects; ``basis`` holds those P_l^(m)."""
        if self._reduced is None or not any(
            any(row[self.rank :]) for row in self._reduced.tolist()[: self.rank]
        ):
            # all polynomials of lower degree than the rank: these are the combinations of the first P_l^(m)
            yield from range(m, m + self.rank)
            return
        rows = [[int(c) for c in q.coeffs()] for q in basis]
        legendre = nmod_mat([row + [0] * (self.width - len(row)) for row in rows], PRIME)
        coefficients = self.times(legendre.inv())
        for column in range(self.width):
            if any(coefficients[column :: self.width]):
                yield m + column


def _halves(d: int) -> list[int]:
    """The degrees k, ascending, that are met when d is halved again and again, each an S_k = S_(k//2) S_(k - k//2).

    >>> _halves(10)
    [1, 2, 3, 5, 10]
    """
    needed, left = {d}, [d]
    for k in left:
        if k > 1:
            left += {k // 2, k - k // 2} - needed
            needed |= {k // 2, k - k // 2}
    return sorted(needed)


def weight_polynomials(
    L: int, features: Features, change_of_basis: Callable[[int], Sequence[Sequence[int]]] | None = None
) -> list[list[nmod_poly]]:
    """For every weight m = 0..L, the polynomials q(z) of the features w^m q(z)."""
    legendre = _legendre(L)
    factors = []
    for m in range(L + 1):
        block = [legendre[L]] if features == "exact" else legendre[m:]
        if change_of_basis:
            zero = nmod_poly([0], PRIME)
            block = [
                sum((c * q for c, q in zip(row, block, strict=True)), zero) for row in change_of_basis(m)
            ]
        factors.append(block)
        legendre = [q.derivative() for q in legendre]
    return factors


def _products(
    m: int, span: list[_Block], factors: list[list[nmod_poly]]
) -> Iterator[tuple[_Block, nmod_poly]]:
    """Blocks of ``span``, richest first, with the polynomial by which a feature takes them into weight m."""
    one_minus_z2 = nmod_poly([1, 0, PRIME - 1], PRIME)
    L = len(factors) - 1
    weights = [mu for mu in range(-L, L + 1) if abs(m - mu) < len(span) and span[abs(m - mu)].rank]
    for mu in sorted(weights, key=lambda mu: -span[abs(m - mu)].rank):
        # w^a w̄^b = w^(a-b) (1 - z²)^b
        folded = min(abs(mu), abs(m - mu)) if mu * (m - mu) < 0 else 0
        # the highest degree and the lowest together span most: they come first
        block = factors[abs(mu)]
        for q in block[-1:] + block[:-1]:
            yield span[abs(m - mu)], q * one_minus_z2**folded


def _room(k: int, L: int, m: int, features: Features) -> int:
    """Dimension of the q(z) that degree (and parity, for ``exact``) allows in products of <= k features.

    A product of j features of degree L is a polynomial of degree <= jL in x, y, z with parity (-1)^(jL).
    """
    if features == "upto":
        return max(0, k * L - m + 1)
    if L % 2 == 0:
        return max(0, (k * L - m) // 2 + 1)
    return sum(max(0, (j * L - m) // 2 + 1) for j in (k, k - 1))


def _legendre(highest: int) -> list[nmod_poly]:
    """P_0 .. P_highest over F_p by Bonnet's recursion (l+1) P_(l+1) = (2l+1) z P_l - l P_(l-1)."""
    z = nmod_poly([0, 1], PRIME)
    values = [nmod_poly([1], PRIME), z]
    for l in range(1, highest):
        inverse = pow(l + 1, -1, PRIME)
        values.append((values[l] * z * (2 * l + 1) - values[l - 1] * l) * inverse)
    return values[: highest + 1]
