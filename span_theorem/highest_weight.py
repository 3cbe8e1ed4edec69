"""Highest-weight vectors of so(3) in Sym(⊕ V_l), over the rationals, one choice of factors at a time.

V_l has the basis f_l,m = w^m P_l^(m)(z) and f_l,-m = w̄^m P_l^(m)(z), m >= 0 (here z is the polar axis and
w = x + iy). The ladder operators act on it with integer coefficients,

    J- f_m = -(l+m)(l-m+1) f_{m-1} (m > 0),   J- f_m = f_{m-1} (m <= 0),
    J+ f_m = -f_{m+1} (m >= 0),               J+ f_m = (l-m)(l+m+1) f_{m+1} (m < 0),

and on products by Leibniz' rule. The kernel of J+ on the monomials of weight l holds one vector for every
copy of V_l: its dimension is the multiplicity, found here without characters.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import comb, gcd
from typing import Any

from flint import Ordering, fmpq_mpoly_ctx, fmpz_mat

#: How often each degree l is a factor, ascending in l: ((1, 1), (2, 2)) is Y_1·Y_2·Y_2.
Factors = tuple[tuple[int, int], ...]
#: Exponents of f_l,l, f_l,l-1, ..., f_l,-l for each l of the factors, ascending in l, in one tuple.
Exponents = tuple[int, ...]


def lowering(l: int, m: int) -> int:
    """The coefficient of f_{m-1} in J- f_m."""
    return -(l + m) * (l - m + 1) if m > 0 else int(m > -l)


def raising(l: int, m: int) -> int:
    """The coefficient of f_{m+1} in J+ f_m.

    >>> lowering(2, 2) * raising(2, 1)  # J+ J- f_l = 2l f_l
    4
    """
    return -int(m < l) if m >= 0 else (l - m) * (l + m + 1)


def choices_of_factors(degrees: tuple[int, ...], d: int, l: int) -> Iterator[Factors]:
    """All choices of at most ``d`` factors from ``degrees`` (ascending) with degrees summing to >= ``l``."""

    def choose(position: int, left: int, missing: int) -> Iterator[Factors]:
        if position < 0:
            if missing <= 0:
                yield ()
            return
        degree = degrees[position]
        for count in range(left + 1):
            below = degrees[position - 1] if position else 0
            if missing - count * degree <= (left - count) * below:
                for rest in choose(position - 1, left - count, missing - count * degree):
                    yield (*rest, (degree, count)) if count else rest

    return choose(len(degrees) - 1, d, l)


def monomial_count(factors: Factors) -> int:
    """The dimension of Sym^k1(V_l1) ⊗ Sym^k2(V_l2) ⊗ …: all monomials with these factors, of every weight."""
    total = 1
    for l, k in factors:
        total *= comb(2 * l + k, k)
    return total


@lru_cache(maxsize=256)
def _weights_of_power(l: int, k: int) -> dict[int, list[Exponents]]:
    """The monomials of degree k in f_l,l ... f_l,-l, by weight."""
    by_weight: dict[int, list[Exponents]] = {}

    def fill(m: int, left: int, weight: int, exponents: Exponents) -> None:
        if m == -l:
            by_weight.setdefault(weight + m * left, []).append((*exponents, left))
            return
        for power in range(left, -1, -1):
            fill(m - 1, left - power, weight + m * power, (*exponents, power))

    fill(l, k, 0, ())
    return by_weight


@lru_cache(maxsize=8)
def monomials_by_weight(factors: Factors) -> dict[int, list[Exponents]]:
    """The monomials with these factors, by weight, in descending lexicographic order of their exponents.

    >>> monomials_by_weight(((1, 2),))[0]
    [(1, 0, 1), (0, 2, 0)]
    """
    product: dict[int, list[Exponents]] = {0: [()]}
    for l, k in factors:
        power = _weights_of_power(l, k)
        following: dict[int, list[Exponents]] = {}
        for left, heads in product.items():
            for right, tails in power.items():
                following.setdefault(left + right, []).extend(head + tail for head in heads for tail in tails)
        product = following
    for monomials in product.values():
        monomials.sort(reverse=True)
    return product


def _variables(factors: Factors) -> list[tuple[int, int]]:
    return [(l, m) for l, _ in factors for m in range(l, -l - 1, -1)]


def weight_ring(factors: Factors) -> fmpq_mpoly_ctx:
    """Rational polynomials in the f_l,m of the factors, in the order of :data:`Exponents`."""
    return fmpq_mpoly_ctx.get([f"f[{l},{m}]" for l, m in _variables(factors)], Ordering.lex)


def highest_weight_vectors(factors: Factors, l: int) -> list[dict[Exponents, int]]:
    """A basis of the highest-weight vectors of weight ``l`` with these factors.

    Returns:
        One dict a copy of V_l, exponents to integer coefficients. The basis is the one that the reduced row
        echelon form of J+ gives, every vector with coprime coefficients and a positive first one.

    >>> highest_weight_vectors(((1, 2),), 0)
    [{(1, 0, 1): 1, (0, 2, 0): 1}]
    """
    monomials = monomials_by_weight(factors)
    columns, rows = monomials.get(l, []), monomials.get(l + 1, [])
    if not columns:
        return []
    row_of = {exponents: i for i, exponents in enumerate(rows)}
    variables = _variables(factors)
    matrix = [[0] * len(columns) for _ in rows]
    for j, exponents in enumerate(columns):
        for i, (degree, m) in enumerate(variables):
            coefficient = raising(degree, m)
            if exponents[i] and coefficient:
                raised = list(exponents)
                raised[i] -= 1
                raised[i - 1] += 1
                matrix[row_of[tuple(raised)]][j] += exponents[i] * coefficient
    vectors = _kernel(matrix, len(columns))
    return [{columns[j]: c for j, c in enumerate(vector) if c} for vector in vectors]


def _kernel(matrix: list[list[int]], n_columns: int) -> list[list[int]]:
    """The kernel's basis with one free column each; coprime integers, the first one positive."""
    if not matrix:
        return [[int(i == j) for j in range(n_columns)] for i in range(n_columns)]
    reduced, denominator, rank = fmpz_mat(matrix).rref()
    table = [[int(entry) for entry in row] for row in reduced.tolist()[:rank]]
    pivots = [next(j for j, entry in enumerate(row) if entry) for row in table]
    vectors = []
    for free in sorted(set(range(n_columns)) - set(pivots)):
        vector = [0] * n_columns
        vector[free] = int(denominator)
        for row, pivot in zip(table, pivots, strict=True):
            vector[pivot] = -row[free]
        divisor = gcd(*vector)
        if next(entry for entry in vector if entry) < 0:
            divisor = -divisor
        vectors.append([entry // divisor for entry in vector])
    return vectors


def lowered(vector: dict[Exponents, int], factors: Factors, l: int) -> list[Any]:
    """The components m = l, l-1, ..., 0 of the copy of V_l above a highest-weight vector.

    They are polynomials of :func:`weight_ring` and transform as f_l,l, f_l,l-1, ..., f_l,0 do.
    """
    variables = _variables(factors)
    ring = weight_ring(factors)
    symbols = ring.gens()
    components = [ring.from_dict(dict(vector))]
    for m in range(l, 0, -1):
        polynomial = components[-1]
        result = ring.constant(0)
        present = polynomial.degrees()
        for i, (degree, order) in enumerate(variables):
            coefficient = lowering(degree, order)
            if present[i] and coefficient:
                result += coefficient * symbols[i + 1] * polynomial.derivative(i)
        components.append(result / lowering(l, m))
    return components
