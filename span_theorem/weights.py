"""How many monomials of each weight the symmetric powers of the features have: the coefficients of a character.

Of k factors with weights m_i <= L the weight is kL - (sum of deficits L - m_i). The number of monomials of degree k
and deficit D is the coefficient of t^k q^D in Π_j (1 - t q^j)^(-c_j), c_j the number of features of deficit j. With
the power sums p_i = Σ_j c_j q^(ij) the coefficients of t^k obey Newton's k h_k = Σ_i p_i h_(k-i). In integers, two
ways: on polynomials in q, and for large instances on values at roots of unity modulo primes, joined by remainders.
"""

from collections.abc import Callable, Sequence
from itertools import accumulate
from math import comb, isqrt, prod
from typing import TYPE_CHECKING

from flint import fmpz, fmpz_poly

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Residues = NDArray[np.int64]

SMALL = 5e6
"""Up to this d³ L polynomials in q are faster than importing numpy."""


def weight_numbers(
    counts: Sequence[int],
    powers: Sequence[int],
    length: int,
    progress: Callable[[int, int], None] | None = None,
) -> list[list[int]]:
    """For every k in ``powers``, how many monomials of degree k have the deficits 0, 1, ..., ``length`` - 1.

    Args:
        counts: how many variables have the deficits 0, 1, ..., 2L; as many for j as for 2L - j.

    >>> weight_numbers([1, 2, 1], [2], 5)
    [[1, 2, 4, 2, 1]]
    """
    d, L = max(powers), len(counts) // 2
    if min(d, length) ** 2 * min(d * L, length) <= SMALL:
        found = by_polynomials(counts, d, length)
        return [found[k] for k in powers]
    return by_residues(counts, powers, length, progress)


def by_polynomials(counts: Sequence[int], d: int, length: int) -> list[list[int]]:
    """The numbers for every degree k = 0..d, from truncated polynomials in q."""
    zero, rest = counts[0], [0, *counts[1:]]
    # without the features of deficit 0 the deficit is at least k
    grown = [fmpz_poly([1])]
    sums = [
        fmpz_poly([rest[e // i] if e % i == 0 and e // i < len(rest) else 0 for e in range(length)])
        for i in range(1, min(d, length - 1) + 1)
    ]
    for k in range(1, len(sums) + 1):
        total = fmpz_poly([])
        for i in range(1, k + 1):
            total += sums[i - 1].mul_low(grown[k - i], length)
        grown.append(total / k)
    grown += [fmpz_poly([])] * (d + 1 - len(grown))
    for _ in range(zero):
        grown = [*accumulate(grown)]
    return [[int(h[e]) for e in range(length)] for h in grown]


def by_residues(
    counts: Sequence[int],
    powers: Sequence[int],
    length: int,
    progress: Callable[[int, int], None] | None = None,
) -> list[list[int]]:
    """The numbers for the degrees ``powers``, from values at N-th roots of unity modulo primes p = 1 (mod N)."""
    import numpy as np

    d, L = max(powers), len(counts) // 2
    N = 1 << (2 * d * L).bit_length()
    primes = _primes(N, isqrt((2**63 - 1) // max(d, 2)), comb(sum(counts) + d - 1, d))
    lengths = [min(length, 2 * k * L + 1) for k in powers]
    residues: list[list[Residues]] = [[] for _ in powers]
    for number, p in enumerate(primes):
        table = _powers_of_root(N, p)
        variables = np.zeros(N, dtype=np.int64)
        variables[: len(counts)] = counts
        h = _newton(_transform(variables, table, p), d, p)
        for found, k, size in zip(residues, powers, lengths, strict=True):
            # h_k is the same read backwards: its value at 1/x is that at x, times x^(-2kL)
            mirrored = h[k, -2:0:-1] * table[-2 * k * L * np.arange(N // 2 - 1, 0, -1) % N] % p
            values = np.concatenate([h[k], mirrored])
            inverse = np.concatenate([table[:1], table[:0:-1]])
            found.append(_transform(values, inverse, p)[:size] * pow(N, -1, p) % p)
        if progress:
            progress(number + 1, len(primes))
    return [
        _joined(found, primes) + [0] * (length - size) for found, size in zip(residues, lengths, strict=True)
    ]


def _newton(sums: "Residues", d: int, p: int) -> "Residues":
    """h_0..h_d at the roots 1, x, ..., x^(N/2), shape (d+1, N/2+1), from the power sum p_1 at all N of them."""
    import numpy as np

    N = len(sums)
    points = np.arange(N // 2 + 1)
    h = np.ones((d + 1, len(points)), dtype=np.int64)
    for start in range(0, len(points), 1024):  # what stays in the cache is four times as fast
        part = slice(start, start + 1024)
        at_powers = sums[np.arange(d + 1)[:, None] * points[part] % N]
        for k in range(1, d + 1):
            total = np.einsum("ij,ij->j", at_powers[1 : k + 1], h[k - 1 :: -1, part][:k])
            h[k, part] = total % p * pow(k, -1, p) % p
    return h


def _transform(values: "Residues", table: "Residues", p: int) -> "Residues":
    """Σ_j values[j] x^(jk), k = 0..N-1, x = table[1] an N-th root of unity modulo p, N a power of two."""
    import numpy as np

    N = len(values)
    columns = values.reshape(1, N)
    while (size := len(columns)) < N:
        half = columns.shape[1] // 2
        odd = columns[:, half:] * table[:: N // (2 * size)][:size, None] % p
        columns = np.concatenate([columns[:, :half] + odd, columns[:, :half] - odd]) % p
    return columns[:, 0]


def _primes(N: int, below: int, product: int) -> list[int]:
    """Primes p = 1 (mod N), the largest up to ``below``, whose product is larger than ``product``."""
    found: list[int] = []
    candidate = below - (below - 1) % N
    while prod(found) <= product:
        if candidate <= N:
            raise OverflowError(f"too few primes 1 modulo {N} below {below}")
        if fmpz(candidate).is_prime():
            found.append(candidate)
        candidate -= N
    return found


def _powers_of_root(N: int, p: int) -> "Residues":
    """1, x, ..., x^(N-1) modulo p for a primitive N-th root of unity x, N a power of two."""
    import numpy as np

    roots = (pow(a, (p - 1) // N, p) for a in range(2, p))
    root = next(root for root in roots if N == 1 or pow(root, N // 2, p) == p - 1)
    powers = [1]
    for _ in range(N - 1):
        powers.append(powers[-1] * root % p)
    return np.array(powers, dtype=np.int64)


def _joined(residues: "list[Residues]", primes: list[int]) -> list[int]:
    """The numbers from 0 to the product of the primes that have these remainders."""
    whole = prod(primes)
    parts = [whole // p * pow(whole // p, -1, p) for p in primes]
    rows = zip(*(row.tolist() for row in residues), strict=True)
    return [sum(part * r for part, r in zip(parts, row, strict=True)) % whole for row in rows]
