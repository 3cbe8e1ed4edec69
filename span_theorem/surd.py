"""Numbers of the form q·sqrt(n): the coefficients that normalised harmonics bring into rational formulas."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import gcd, sqrt
from typing import Any

from flint import fmpz


@dataclass(frozen=True, slots=True)
class Surd:
    """``rational``·sqrt(``radicand``) with a squarefree positive ``radicand``.

    >>> half = Surd.root(Fraction(15, 4)); half
    Surd(rational=Fraction(1, 2), radicand=15)
    >>> str(half * Surd.root(Fraction(3)))
    '3*sqrt(5)/2'
    """

    rational: Fraction
    radicand: int

    @classmethod
    def root(cls, square: Fraction) -> Surd:
        """sqrt(``square``), for ``square`` > 0."""
        outside, inside = 1, 1
        for prime, exponent in fmpz(square.numerator * square.denominator).factor():
            outside *= int(prime) ** (exponent // 2)
            inside *= int(prime) ** (exponent % 2)
        return cls(Fraction(outside, square.denominator), inside)

    def __mul__(self, other: Surd) -> Surd:
        common = gcd(self.radicand, other.radicand)
        radicand = (self.radicand // common) * (other.radicand // common)
        return Surd(self.rational * other.rational * common, radicand)

    def inverse(self) -> Surd:
        """1/self, for self ≠ 0."""
        return Surd(1 / (self.rational * self.radicand), self.radicand)

    def __float__(self) -> float:
        return float(self.rational) * sqrt(self.radicand)

    def __str__(self) -> str:
        """The number as Python and sympy both read it."""
        numerator, denominator = self.rational.numerator, self.rational.denominator
        over = f"/{denominator}" if denominator != 1 else ""
        if self.radicand == 1:
            return f"{numerator}{over}"
        factor = {1: "", -1: "-"}.get(numerator, f"{numerator}*")
        return f"{factor}sqrt({self.radicand}){over}"

    def sympy(self) -> Any:
        """The number as a sympy expression."""
        import sympy

        return sympy.Rational(self.rational.numerator, self.rational.denominator) * sympy.sqrt(self.radicand)
