"""Functions given by their values at points, over a prime field: harmonics, their products and the span of these.

What a rank over F_p proves. The values are reductions modulo p of algebraic numbers, by a ring homomorphism
into F_p. It takes minors to minors, so a minor that is non-zero modulo p was non-zero before: the rank over F_p
is at most the rank over characteristic zero of the same values, and this is at most the dimension of the span of the
functions. An unlucky prime, or too few points, can leave an instance unproved; they cannot prove a wrong one.
"""

from collections.abc import Sequence
from itertools import cycle
from typing import Any

from flint import nmod_mat

from span_theorem.harmonics_xyz import scaled_harmonic


def harmonics_at(points: Sequence[tuple[int, int, int]], L: int, prime: int) -> nmod_mat:
    """The scaled harmonics Y_lm / N_lm, l <= ``L``, at points of the unit sphere over F_p.

    Args:
        points: (x, y, z) modulo ``prime`` with x² + y² + z² = 1, in e3nn's axes.
        prime: odd; the coefficients of the harmonics lie in Z[1/2].

    Returns:
        Shape ((L+1)², number of points), rows in the order (0, 0), (1, -1), (1, 0), ...

    >>> harmonics_at([(0, 0, 1), (3, 0, 4)], 1, 5)
    [1, 1]
    [0, 3]
    [0, 0]
    [1, 4]
    """
    powers = [[_powers(coordinate, L, prime) for coordinate in point] for point in points]
    entries: list[int] = []
    for l in range(L + 1):
        for m in range(-l, l + 1):
            terms = [
                ([int(e) for e in exponents], int(c.p) * pow(int(c.q), -1, prime))
                for exponents, c in scaled_harmonic(l, m).to_dict().items()
            ]
            entries += [sum(c * x[i] * y[j] * z[k] for (i, j, k), c in terms) % prime for x, y, z in powers]
    return nmod_mat((L + 1) ** 2, len(points), entries, prime)


def spans_of_products(features: nmod_mat, d: int) -> list[nmod_mat]:
    """For k = 0..d, the span of the products of at most k features, as functions on the points.

    S_0 holds the constants and S_k = S_(k-1) + S_(k-1) F: the products of a basis of S_(k-1) with a basis of the
    span of the features have the same span as all products.

    Args:
        features: one function a row, one point a column.

    Returns:
        d + 1 matrices in reduced row echelon form without zero rows: their numbers of rows are the ranks.

    >>> [span.nrows() for span in spans_of_products(nmod_mat([[0, 1, 2, 3, 4]], 7), 3)]
    [1, 2, 3, 4]
    """
    points, prime = features.ncols(), features.modulus()
    factors = _rows(row_basis(features))
    spans = [nmod_mat(1, points, [1] * points, prime)]
    for _ in range(d):
        last = spans[-1]
        grown = last
        for factor in factors:
            if grown.nrows() == points:
                break
            product = [a * b for a, b in zip(last.entries(), cycle(factor), strict=False)]
            grown = row_basis(stacked(grown, nmod_mat(last.nrows(), points, product, prime)))
        spans.append(grown)
    return spans


def row_basis(matrix: nmod_mat) -> nmod_mat:
    """The reduced row echelon form, without its zero rows.

    >>> row_basis(nmod_mat([[1, 2], [2, 4]], 7))
    [1, 2]
    """
    reduced, rank = matrix.rref()
    columns = matrix.ncols()
    return nmod_mat(rank, columns, reduced.entries()[: rank * columns], matrix.modulus())


def stacked(above: nmod_mat, below: nmod_mat) -> nmod_mat:
    """The rows of both matrices.

    >>> stacked(nmod_mat([[1, 2]], 7), nmod_mat([[3, 4]], 7))
    [1, 2]
    [3, 4]
    """
    rows = above.nrows() + below.nrows()
    return nmod_mat(rows, above.ncols(), above.entries() + below.entries(), above.modulus())


def _rows(matrix: nmod_mat) -> list[list[Any]]:
    entries, columns = matrix.entries(), matrix.ncols()
    return [entries[start : start + columns] for start in range(0, len(entries), columns)]


def _powers(base: int, highest: int, prime: int) -> list[int]:
    values = [1]
    for _ in range(highest):
        values.append(values[-1] * base % prime)
    return values
