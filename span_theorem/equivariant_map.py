"""One equivariant polynomial map from the features to V_l: its formula, and its exact verification.

The map takes abstract feature vectors Y_k ∈ V_k (one variable Y[k, m] for every feature, bound to no
direction) to V_l. What is verified uses nothing but its polynomials and the harmonics' polynomials in x, y,
z: it commutes with the generators of rotations read off the latter, and with the latter put in it gives a
multiple of Y_l on the sphere.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from math import gcd
from typing import Any

from flint import Ordering, fmpq, fmpq_mat, fmpq_mpoly_ctx

from span_theorem.errors import InputError
from span_theorem.harmonics_xyz import XYZ, generators, harmonic_on_sphere, norm, on_sphere
from span_theorem.highest_weight import Factors
from span_theorem.surd import Surd

#: Powers of the feature variables as ((l, m, power), ...), ascending in (l, m).
Monomial = tuple[tuple[int, int, int], ...]

_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class EquivariantMap:
    """An equivariant polynomial map P to V_l: P(D(R) Y) = D(R) P(Y) for every rotation R.

    Attributes:
        l: the degree of the target.
        factors: how often each degree is a factor, ascending: ((1, 1), (2, 2)) is Y_1·Y_2·Y_2.
        scaled: the 2l+1 components, m = -l..l, divided by N_lm, as ``fmpq_mpoly`` of :func:`real_ring` in the
            scaled variables Y_km / N_km (see :mod:`span_theorem.harmonics_xyz`); rational coefficients.
    """

    l: int
    factors: Factors
    scaled: tuple[Any, ...]

    @property
    def degree(self) -> int:
        """The map's degree as a polynomial."""
        return sum(k for _, k in self.factors)

    @property
    def name(self) -> str:
        """Its factors, as in ``Y_1·Y_2²``; ``1`` for the constant map."""
        powers = (f"Y_{l}" + (str(k).translate(_SUPERSCRIPTS) if k > 1 else "") for l, k in self.factors)
        return "·".join(powers) or "1"

    @property
    def n_terms(self) -> int:
        """Monomials in all components together."""
        return sum(len(polynomial) for polynomial in self.scaled)

    @cached_property
    def equivariant(self) -> bool:
        """Whether it commutes with all three generators of rotations, in exact arithmetic."""
        variables = real_variables(self.factors)
        symbols = real_ring(self.factors).gens()
        for axis in range(3):
            images = [
                _image(generators(l)[axis], variables, symbols, i) for i, (l, _) in enumerate(variables)
            ]
            target = generators(self.l)[axis]
            for row, polynomial in enumerate(self.scaled):
                difference = 0 * polynomial
                for i, image in enumerate(images):
                    difference += polynomial.derivative(i) * image
                for column, other in enumerate(self.scaled):
                    if target[row, column]:
                        difference -= target[row, column] * other
                if difference:
                    return False
        return True

    @cached_property
    def restriction(self) -> Fraction | None:
        """The c of P(Y(u)) = c·Y_l(u), u on the unit sphere, by expansion in x, y, z; None if none fits."""
        ratios = {self.ratio(m) for m in range(-self.l, self.l + 1)}
        return ratios.pop() if len(ratios) == 1 else None

    def ratio(self, m: int) -> Fraction | None:
        """The c of P(Y(u))_m = c·Y_lm(u), u on the unit sphere; None if none fits."""
        polynomial = self.scaled[m + self.l]
        harmonics = [harmonic_on_sphere(l, o) for l, o in real_variables(self.factors)]
        expanded = polynomial.compose(*harmonics, ctx=XYZ) if harmonics else XYZ.constant(polynomial[()])
        found, target = on_sphere(expanded), harmonic_on_sphere(self.l, m)
        exponents = next(iter(target.to_dict()))
        c = found[exponents] / target[exponents]
        return Fraction(int(c.p), int(c.q)) if found == c * target else None

    def component(self, m: int) -> dict[Monomial, Surd]:
        """The component m as exact coefficients of monomials in the variables Y[k, m].

        Raises:
            InputError: ``m`` is not an order of V_l.
        """
        if not -self.l <= m <= self.l:
            raise InputError(f"order m = {m} is out of range: V_{self.l} has -{self.l} <= m <= {self.l}")
        variables = real_variables(self.factors)
        inverses = _inverse_norms(self.factors)
        start = norm(self.l, m)
        scale = fmpq(start.rational.numerator, start.rational.denominator)
        terms = {}
        for exponents, c in self.scaled[m + self.l].to_dict().items():
            rational, radicand = scale * c, start.radicand
            monomial = []
            for i, exponent in enumerate(exponents):
                if exponent:
                    power = int(exponent)
                    inverse, root = inverses[i]
                    # (q·sqrt(n))^e is rational but for one sqrt(n) if e is odd
                    rational *= inverse**power * root ** (power // 2)
                    if power % 2:
                        common = gcd(radicand, root)
                        rational *= common
                        radicand = (radicand // common) * (root // common)
                    monomial.append((*variables[i], power))
            terms[tuple(monomial)] = Surd(Fraction(int(rational.p), int(rational.q)), radicand)
        return terms

    def formula(self, m: int) -> str:
        """The component m as text that Python and sympy (with ``Y = IndexedBase("Y")``) read."""
        return format_sum(self.component(m))

    def sympy(self, m: int) -> Any:
        """The component m as a sympy expression in ``IndexedBase("Y")[k, m]``."""
        import sympy

        base = sympy.IndexedBase("Y")
        terms = (
            coefficient.sympy() * sympy.Mul(*(base[l, o] ** power for l, o, power in monomial))
            for monomial, coefficient in self.component(m).items()
        )
        return sympy.Add(*terms)

    def to_dict(self) -> dict[str, Any]:
        """The map for JSON, with the outcome of both verifications and every component as a formula."""
        return {
            "name": self.name,
            "degree": self.degree,
            "factors": [{"l": l, "power": k} for l, k in self.factors],
            "restriction": None if self.restriction is None else str(self.restriction),
            "equivariant": self.equivariant,
            "components": [{"m": m, "formula": self.formula(m)} for m in range(-self.l, self.l + 1)],
        }


@cache
def real_variables(factors: Factors) -> tuple[tuple[int, int], ...]:
    """The (l, m) of the features that the factors use, ascending."""
    return tuple((l, m) for l, _ in factors for m in range(-l, l + 1))


def real_ring(factors: Factors) -> fmpq_mpoly_ctx:
    """Rational polynomials in the scaled real variables, in the order of :func:`real_variables`."""
    return fmpq_mpoly_ctx.get([f"Y[{l},{m}]" for l, m in real_variables(factors)], Ordering.lex)


@cache
def _inverse_norms(factors: Factors) -> list[tuple[fmpq, int]]:
    """1/N_lm of every variable, as q and n of q·sqrt(n)."""
    surds = [norm(l, m).inverse() for l, m in real_variables(factors)]
    return [(fmpq(s.rational.numerator, s.rational.denominator), s.radicand) for s in surds]


def _image(generator: fmpq_mat, variables: tuple[tuple[int, int], ...], symbols: Any, i: int) -> Any:
    """The image of the i-th variable under the generator of its degree."""
    l, m = variables[i]
    first = i - (m + l)
    image = 0 * symbols[i]
    for j in range(2 * l + 1):
        if generator[m + l, j]:
            image += generator[m + l, j] * symbols[first + j]
    return image


def format_sum(terms: dict[Monomial, Surd]) -> str:
    """A sum of monomials with exact coefficients, as text.

    >>> format_sum({((2, -1, 2),): Surd(Fraction(-1, 2), 3), (): Surd(Fraction(1), 1)})
    '-sqrt(3)/2*Y[2, -1]**2 + 1'
    """
    pieces = []
    for monomial, coefficient in terms.items():
        powers = [f"Y[{l}, {m}]" + (f"**{power}" if power > 1 else "") for l, m, power in monomial]
        number = str(coefficient)
        if powers and number in ("1", "-1"):
            pieces.append(number[:-1] + "*".join(powers))
        else:
            pieces.append("*".join([number, *powers]))
    return " + ".join(pieces).replace("+ -", "- ") or "0"
