"""The real spherical harmonics as polynomials in x, y, z, exactly, in e3nn's conventions.

With w = z + ix (e3nn's polar axis is y) and P_l^(m) the m-th derivative of the Legendre polynomial,

    Y_l,m = N_lm Re(w^m) P_l^(m)(y),   Y_l,-m = N_lm Im(w^m) P_l^(m)(y),   m >= 0,

    N_lm² = (2 - δ_m0) (2l + 1) (l - m)! / (l + m)!,

so that the mean of Y_lm² over the unit sphere is one (e3nn's ``component`` normalisation). The polynomials
are made homogeneous of degree l with r² = x² + y² + z². Everything is rational but for N_lm: the functions
here keep the *scaled* harmonics Y_lm / N_lm and N_lm apart.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from math import factorial, gcd, lcm
from typing import Any

from flint import Ordering, fmpq, fmpq_mat, fmpq_mpoly_ctx

from span_theorem.surd import Surd

XYZ = fmpq_mpoly_ctx.get(["x", "y", "z"], Ordering.lex)
_x, _y, _z = XYZ.gens()
_r2 = _x * _x + _y * _y + _z * _z


def norm_squared(l: int, m: int) -> Fraction:
    """N_lm²: what turns a scaled harmonic into one whose square has mean one on the sphere.

    >>> norm_squared(1, 0), norm_squared(2, -1)
    (Fraction(3, 1), Fraction(5, 3))
    """
    m = abs(m)
    return Fraction((1 if m == 0 else 2) * (2 * l + 1) * factorial(l - m), factorial(l + m))


@cache
def norm(l: int, m: int) -> Surd:
    """N_lm itself.

    >>> str(norm(2, -1))
    'sqrt(15)/3'
    """
    return Surd.root(norm_squared(l, m))


@cache
def _powers_of_w(m: int) -> tuple[Any, Any]:
    """Real and imaginary part of (z + ix)^m."""
    if m == 0:
        return XYZ.constant(1), XYZ.constant(0)
    real, imaginary = _powers_of_w(m - 1)
    return real * _z - imaginary * _x, real * _x + imaginary * _z


@cache
def scaled_harmonic(l: int, m: int) -> Any:
    """Y_lm / N_lm as an ``fmpq_mpoly`` in x, y, z, homogeneous of degree l, rational coefficients.

    >>> scaled_harmonic(2, 0)
    -1/2*x^2 + y^2 - 1/2*z^2
    """
    legendre = XYZ.constant(0)
    for k in range((l - abs(m)) // 2 + 1):
        power = l - 2 * k
        numerator = (-1) ** k * factorial(2 * l - 2 * k)
        denominator = 2**l * factorial(k) * factorial(l - k) * factorial(power - abs(m))
        legendre += fmpq(numerator, denominator) * _y ** (power - abs(m)) * _r2**k
    real, imaginary = _powers_of_w(abs(m))
    return (real if m >= 0 else imaginary) * legendre


def on_sphere(polynomial: Any) -> Any:
    """The normal form of a polynomial in x, y, z as a function on the unit sphere: its remainder by r² - 1.

    Two polynomials agree on the sphere if and only if their normal forms are equal.

    >>> on_sphere(_x**2 + _y**2 + _z**2)
    1
    """
    return divmod(polynomial, _r2 - 1)[1]


@cache
def harmonic_on_sphere(l: int, m: int) -> Any:
    """The normal form of the scaled harmonic."""
    return on_sphere(scaled_harmonic(l, m))


def rotation_derivatives(polynomial: Any) -> tuple[Any, Any, Any]:
    """The polynomial's derivative under infinitesimal rotation about the x, the y and the z axis."""
    by_x, by_y, by_z = (polynomial.derivative(i) for i in range(3))
    return _y * by_z - _z * by_y, _z * by_x - _x * by_z, _x * by_y - _y * by_x


@cache
def generators(l: int) -> tuple[fmpq_mat, fmpq_mat, fmpq_mat]:
    """The so(3) generators on the scaled harmonics of degree l, read off their polynomials.

    Row m of the a-th matrix K, shape (2l+1, 2l+1), holds the expansion R_a Y_m = Σ_m' K[m, m'] Y_m' of the
    derivative under rotation about axis a, indices shifted by l.

    Raises:
        ArithmeticError: the harmonics of degree l are not closed under rotation (they would be wrong).

    >>> generators(1)[0]
    [0, 0,  0]
    [0, 0, -1]
    [0, 1,  0]
    """
    functions = [scaled_harmonic(l, m) for m in range(-l, l + 1)]
    # a homogeneous harmonic polynomial is determined by its coefficients of x^0 and x^1 (Laplace's equation
    # gives the others from them), so these 2l+1 monomials make the system square
    monomials = [(i, j, l - i - j) for i in (0, 1) for j in range(l - i + 1)]

    def read(polynomials: list[Any]) -> fmpq_mat:
        return fmpq_mat([[p[mono] for mono in monomials] for p in polynomials])

    derivatives = [rotation_derivatives(p) for p in functions]
    inverse = read(functions).inv()
    matrices = tuple(read([row[axis] for row in derivatives]) * inverse for axis in range(3))
    for axis, matrix in enumerate(matrices):
        for i, row in enumerate(derivatives):
            combined = sum((matrix[i, j] * functions[j] for j in range(2 * l + 1)), XYZ.constant(0))
            if combined != row[axis]:
                raise ArithmeticError(f"the harmonics of degree {l} are not closed under rotation")
    return matrices


def prefactor(l: int, m: int) -> tuple[Surd, dict[tuple[int, int, int], int]]:
    """Y_lm as a number times a polynomial with coprime integer coefficients, by exponents of (x, y, z).

    >>> str(prefactor(2, 0)[0]), prefactor(2, 0)[1]
    ('sqrt(5)/2', {(2, 0, 0): -1, (0, 2, 0): 2, (0, 0, 2): -1})
    """
    terms = {
        (int(i), int(j), int(k)): Fraction(int(c.p), int(c.q))
        for (i, j, k), c in scaled_harmonic(l, m).to_dict().items()
    }
    numerators, denominators = zip(*((c.numerator, c.denominator) for c in terms.values()), strict=True)
    content = Fraction(gcd(*numerators), lcm(*denominators))
    return norm(l, m) * Surd(content, 1), {e: int(c / content) for e, c in terms.items()}


def formula(l: int, m: int) -> str:
    """Y_lm as text that Python and sympy read.

    >>> formula(2, 0)
    'sqrt(5)/2*(-x**2 + 2*y**2 - z**2)'
    """
    number, terms = prefactor(l, m)
    pieces = []
    for exponents, c in terms.items():
        powers = [f"{s}**{e}" if e > 1 else s for s, e in zip("xyz", exponents, strict=True) if e]
        sign = {1: "", -1: "-"}.get(c, f"{c}*")
        pieces.append(sign + "*".join(powers) if powers else str(c))
    if len(pieces) > 1:
        return f"{number}*({' + '.join(pieces).replace('+ -', '- ')})"
    return pieces[0] if str(number) == "1" else f"{number}*{pieces[0]}"


def harmonic(l: int, m: int) -> Any:
    """Y_lm as a sympy expression in x, y, z: ``component`` normalisation, homogeneous of degree l.

    >>> harmonic(1, -1), harmonic(2, -2)
    (sqrt(3)*x, sqrt(15)*x*z)
    """
    import sympy

    number, terms = prefactor(l, m)
    symbols = sympy.symbols("x y z")
    monomials = (
        c * sympy.Mul(*(symbol**e for symbol, e in zip(symbols, exponents, strict=True)))
        for exponents, c in terms.items()
    )
    return number.sympy() * sympy.Add(*monomials)
