"""Equally spaced points of the unit circle over a prime field, where the N-th roots of unity exist.

For p = 1 (mod N) some zeta in F_p has order N, and zeta_N -> zeta is a ring homomorphism from Z[1/2, zeta_N] to
F_p (zeta is a root of the N-th cyclotomic polynomial, as p does not divide N). For 4 | N the cosines
(zeta^j + zeta^-j) / 2 and the sines (zeta^j - zeta^-j) / (2i), i = zeta^(N/4), are the images of cos(2 pi j/N) and
sin(2 pi j/N): everything computed from them is the reduction of exact values on the real circle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from flint import fmpz, nmod_mat

from span_theorem.errors import InputError

Frame = Sequence[Sequence[Fraction | int]]
POLAR_FRAME: Frame = ((0, 0, 1), (1, 0, 0))
"""Two orthonormal vectors of the plane normal to y, the polar axis of e3nn's harmonics."""


@dataclass(frozen=True)
class Circle:
    """The angles 2 pi j/N, j = 0..N-1, over F_p.

    Attributes:
        cosines, sines: the images of cos(2 pi j/N) and sin(2 pi j/N) in F_p.
    """

    prime: int
    cosines: tuple[int, ...]
    sines: tuple[int, ...]

    def wave(self, k: int) -> nmod_mat:
        """The values of cos(k alpha) and sin(k alpha), shape (2, N)."""
        size = len(self.cosines)
        turns = [k * j % size for j in range(size)]
        values = [self.cosines[j] for j in turns] + [self.sines[j] for j in turns]
        return nmod_mat(2, size, values, self.prime)

    def directions(self, frame: Frame = POLAR_FRAME) -> list[tuple[int, int, int]]:
        """cos(alpha) ``frame[0]`` + sin(alpha) ``frame[1]`` at every angle alpha: points (x, y, z) of the sphere.

        Raises:
            InputError: ``frame`` is not two orthonormal vectors with rational components.
        """
        first, second = ([Fraction(component) for component in vector] for vector in frame)
        gram = [_dot(*pair) for pair in ((first, first), (second, second), (first, second))]
        if gram != [1, 1, 0] or len(first) != 3:
            raise InputError(f"frame = {frame!r}: expected two orthonormal vectors with rational components")
        p = self.prime
        e, f = ([c.numerator * pow(c.denominator, -1, p) for c in v] for v in (first, second))
        return [
            ((c * e[0] + s * f[0]) % p, (c * e[1] + s * f[1]) % p, (c * e[2] + s * f[2]) % p)
            for c, s in zip(self.cosines, self.sines, strict=True)
        ]


@cache
def circle(size: int) -> Circle:
    """The ``size`` equally spaced angles over F_p, p the largest prime = 1 (mod ``size``) below 2^61.

    Raises:
        InputError: ``size`` is not a positive multiple of four (i must be among the roots of unity).

    >>> points = circle(12)
    >>> (2 * points.cosines[2] - 1) % points.prime, points.sines[3]
    (0, 1)
    """
    if size < 4 or size % 4:
        raise InputError(f"size = {size!r}: expected a positive multiple of 4")
    prime = 2**61 - (2**61 - 1) % size
    while not fmpz(prime).is_prime():
        prime -= size
    zeta = _root_of_unity(size, prime)
    powers = [pow(zeta, j, prime) for j in range(size)]
    half, half_i = pow(2, -1, prime), pow(2 * powers[size // 4], -1, prime)
    return Circle(
        prime,
        tuple((powers[j] + powers[-j]) * half % prime for j in range(size)),
        tuple((powers[j] - powers[-j]) * half_i % prime for j in range(size)),
    )


def _dot(a: Sequence[Fraction], b: Sequence[Fraction]) -> Fraction:
    return sum((x * y for x, y in zip(a, b, strict=True)), Fraction(0))


def _root_of_unity(size: int, prime: int) -> int:
    """An element of F_p of order exactly ``size``."""
    divisors = [int(q) for q, _ in fmpz(size).factor()]
    base = 2
    while True:
        zeta = pow(base, (prime - 1) // size, prime)
        if all(pow(zeta, size // q, prime) != 1 for q in divisors):
            return zeta
        base += 1
