"""All equivariant polynomial maps of degree <= d from the features to V_l, as a basis written out.

Complex highest-weight vectors (:mod:`span_theorem.highest_weight`) are lowered, turned into the real basis
and scaled; each resulting map (:mod:`span_theorem.equivariant_map`) verifies itself without that
construction. At the boundary l = dL (L >= 1) there is one map, above it none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from math import lgamma, log
from typing import Any

from flint import Ordering, fmpq, fmpq_mpoly_ctx

from span_theorem import highest_weight
from span_theorem.equivariant_map import EquivariantMap, real_ring, real_variables
from span_theorem.errors import InputError
from span_theorem.harmonics_xyz import formula
from span_theorem.highest_weight import Factors
from span_theorem.law import Features, boundary, require_instance
from span_theorem.multiplicity import feature_count, multiplicity_in_total

#: What is written out at most: monomials of all maps (estimated), choices of factors, degree of a harmonic.
MAX_MONOMIALS = 250_000
MAX_CHOICES = 5_000
MAX_DEGREE = 40

NORMALISATION = (
    "One basis for each choice of factors: the reduced row echelon form of the highest-weight vectors in "
    "the monomials of w^m P_l^(m). Each map is scaled to give exactly Y_lm on the unit sphere; a map that "
    "vanishes there is scaled so that its highest-weight vector has coprime integer coefficients, the first "
    "one positive."
)


@dataclass(frozen=True)
class EquivariantMaps:
    """A basis of the equivariant polynomial maps of degree at most d from the features to V_l.

    Attributes:
        L, d, l, features: what was asked.
        maps: the basis, by degree, then by factors. Its length is the multiplicity of l in all degrees 0..d
            of Sym together, found without characters.
    """

    L: int
    d: int
    l: int
    features: Features
    maps: tuple[EquivariantMap, ...]

    @property
    def boundary(self) -> int:
        """The largest degree reached, dL."""
        return boundary(self.L, self.d)

    @cached_property
    def multiplicity(self) -> int:
        """How many maps there must be: the multiplicity of l in all degrees 0..d, from characters."""
        if self.l > self.boundary:
            return 0
        return multiplicity_in_total(self.L, self.d, self.l, self.features)

    @property
    def harmonics(self) -> tuple[tuple[int, int], ...]:
        """The (l, m) of the features and of the target; empty where there is no map to write out."""
        if not self.maps:
            return ()
        features = range(self.L + 1) if self.features == "upto" else (self.L,)
        return tuple((k, m) for k in sorted({*features, self.l}) for m in range(-k, k + 1))

    @property
    def verified(self) -> bool:
        """Whether the basis is complete and every map in it is what it is said to be.

        There are as many maps as characters demand; every one is equivariant and gives a multiple of Y_l on
        the sphere, at the boundary not zero.
        """
        if len(self.maps) != self.multiplicity:
            return False
        if not all(m.equivariant and m.restriction is not None for m in self.maps):
            return False
        return self.l != self.boundary or any(m.restriction for m in self.maps)

    @property
    def statement(self) -> str:
        """What was found, in a sentence."""
        kind = f"equivariant polynomial map{'' if len(self.maps) == 1 else 's'} of degree <= {self.d}"
        none = f"No {kind} from the features to V_{self.l} exist"
        side = "at" if self.l == self.boundary else "below" if self.l < self.boundary else "above"
        where = f"l = {self.l} lies {side} the boundary dL = {self.boundary}"
        if self.l > self.boundary:
            return f"{none}: {where}."
        if not self.maps:
            return f"{none}, although {where}: these features do not reach it."
        if len(self.maps) == 1:
            return f"{where}: one {kind}, unique up to scale."
        return f"{where}: {len(self.maps)} linearly independent {kind}."

    def to_dict(self) -> dict[str, Any]:
        """The whole result for JSON, every component of every map."""
        return {
            "kind": "show",
            "L": self.L,
            "d": self.d,
            "features": self.features,
            "l": self.l,
            "boundary": self.boundary,
            "multiplicity": self.multiplicity,
            "n_maps": len(self.maps),
            "verified": self.verified,
            "statement": self.statement,
            "normalisation": NORMALISATION,
            "harmonics": [{"l": l, "m": m, "formula": formula(l, m)} for l, m in self.harmonics],
            "maps": [m.to_dict() for m in self.maps],
        }


def equivariant_maps(
    L: int,
    d: int,
    l: int,
    features: Features = "upto",
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> EquivariantMaps:
    """A basis of the equivariant polynomial maps of degree at most ``d`` from the features to V_l.

    Scale and choice of basis as in :data:`NORMALISATION`.

    Args:
        progress: called with (choices of factors done, choices in all).

    Raises:
        InputError: negative or fractional L, d or l, unknown features, or more to write out than this route
            can (with an estimate of the number of monomials).

    >>> [m.name for m in equivariant_maps(2, 2, 4).maps], equivariant_maps(2, 2, 5).maps
    (['Y_2²'], ())
    """
    require_instance(L, d, features)
    if not hasattr(l, "__index__") or l < 0:
        raise InputError(f"l = {l!r}: expected an integer >= 0")
    if l > boundary(L, d):
        return EquivariantMaps(L, d, l, features, ())
    choices = _choices(L, d, l, features)
    _require_affordable(L, d, l, choices)
    maps = []
    for done, factors in enumerate(choices):
        progress(done, len(choices))
        vectors = highest_weight.highest_weight_vectors(factors, l)
        maps += [_real_map(factors, l, vector) for vector in vectors]
    return EquivariantMaps(L, d, l, features, tuple(maps))


def _choices(L: int, d: int, l: int, features: Features) -> list[Factors]:
    """All choices of factors whose degrees reach l, in order; an InputError if they are too many."""
    request = f"L = {L}, d = {d}, l = {l} is too large to write out"
    if max(L, l) > MAX_DEGREE:
        raise InputError(f"{request}: needs harmonics of degree {max(L, l)}, expected at most {MAX_DEGREE}")
    degrees = tuple(range(L + 1)) if features == "upto" else (L,)
    choices = []
    if d <= MAX_CHOICES:
        choices = list(islice(highest_weight.choices_of_factors(degrees, d, l), MAX_CHOICES + 1))
    if d > MAX_CHOICES or len(choices) > MAX_CHOICES:
        n = feature_count(L, features)
        digits = (lgamma(n + d + 1) - lgamma(n + 1) - lgamma(d + 1)) / log(10)
        raise InputError(
            f"{request}: more than {MAX_CHOICES} choices of factors; the {n} features have "
            f"about 1e{digits:.0f} monomials of degree <= {d}"
        )
    return sorted(choices, key=lambda factors: (sum(k for _, k in factors), factors))


def _require_affordable(L: int, d: int, l: int, choices: list[Factors]) -> None:
    """Estimate the monomials of all maps together before any is made; an InputError if they are too many.

    A map with k factors has, over its 2l+1 components, about k times as many monomials as there are products
    of the factors' components (found by trial; right to a factor of four).
    """

    def refuse_above(estimate: int) -> None:
        if estimate > MAX_MONOMIALS:
            raise InputError(
                f"L = {L}, d = {d}, l = {l} is too large to write out: an estimated {estimate} monomials, "
                f"expected at most {MAX_MONOMIALS}"
            )

    sizes = [sum(k for _, k in factors) * highest_weight.monomial_count(factors) for factors in choices]
    refuse_above(sum(sizes))
    total = 0
    for factors, size in zip(choices, sizes, strict=True):
        by_weight = highest_weight.monomials_by_weight(factors)
        total += size * (len(by_weight.get(l, [])) - len(by_weight.get(l + 1, [])))
    refuse_above(total)


def _real_map(factors: Factors, l: int, vector: dict[highest_weight.Exponents, int]) -> EquivariantMap:
    """The real map above a highest-weight vector, scaled as in :data:`NORMALISATION`."""
    ring = real_ring(factors)
    with_i = fmpq_mpoly_ctx.get([*ring.names(), "i"], Ordering.lex)
    *symbols, i = with_i.gens()
    real = dict(zip(real_variables(factors), symbols, strict=True))
    # in scaled variables f_±m = Y_m ± i Y_-m
    images = [
        real[k, 0] if m == 0 else real[k, abs(m)] + (i if m > 0 else -i) * real[k, -abs(m)]
        for k, _ in factors
        for m in range(k, -k - 1, -1)
    ]
    # complex conjugation swaps f_m and f_-m, as a reflection does: where the parity of the factors is not the
    # target's, the copy of V_l is imaginary and i times it is the real map
    imaginary = (sum(k * degree for degree, k in factors) - l) % 2
    components: dict[int, Any] = {}
    for m, polynomial in zip(range(l, -1, -1), highest_weight.lowered(vector, factors, l), strict=True):
        composed = polynomial.compose(*images, ctx=with_i) if images else with_i.constant(polynomial[()])
        parts: tuple[dict[Any, Any], dict[Any, Any]] = ({}, {})
        for (*exponents, power), c in composed.to_dict().items():
            part, key = parts[power % 2], tuple(exponents)
            part[key] = part.get(key, 0) + (-c if power % 4 >= 2 else c)
        re, im = (ring.from_dict(part) for part in parts)
        components[-m] = re if imaginary else im
        components[m] = -im if imaginary else re
    unscaled = EquivariantMap(l, factors, tuple(components[m] for m in range(-l, l + 1)))
    c = unscaled.ratio(l)  # one component settles the scale; `restriction` looks at all of them
    if not c:
        return unscaled
    scale = fmpq(c.denominator, c.numerator)
    return EquivariantMap(l, factors, tuple(scale * polynomial for polynomial in unscaled.scaled))
