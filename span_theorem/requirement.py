"""Which (L, d) reach a wanted degree l, and at what cost."""

from dataclasses import asdict, dataclass
from typing import Any

from span_theorem import law
from span_theorem.law import Features
from span_theorem.multiplicity import multiplicity_in_total, polynomial_count

COST = (
    "cost = number of monomials of degree <= d in the features (dim Sym^{<=d}): "
    "the weights of a polynomial probe with no symmetry built in"
)
MOST_COUNTED = 150
"""Up to this l the invariants of every pair are counted: a second in all, and 45 at l = 1000."""


@dataclass(frozen=True)
class Requirement:
    """A minimal pair: no smaller L at this d and no smaller d at this L reaches l.

    Attributes:
        cost: number of monomials of degree <= d in the features.
        multiplicity: of l in Sym^{<=d}, the number of equivariant couplings that give l; ``None`` where it was not
            counted.
    """

    L: int
    d: int
    boundary: int
    cost: int
    multiplicity: int | None

    def to_dict(self) -> dict[str, int | None]:
        return asdict(self)


def minimal_pairs(l: int, features: Features = "upto") -> list[tuple[int, int]]:
    """All minimal (L, d) whose products contain degree ``l``, ascending in L.

    >>> minimal_pairs(5)
    [(1, 5), (2, 3), (3, 2), (5, 1)]
    """
    if l == 0:
        return [(0, 0)]
    pairs: list[tuple[int, int]] = []
    for L in range(1, l + 1):
        d = _lowest_degree(l, L, features)
        if d is not None and (not pairs or d < pairs[-1][1]):
            pairs.append((L, d))
    return pairs


def requirements(l: int, features: Features = "upto") -> tuple[Requirement, ...]:
    """The minimal (L, d) that reach ``l``, cheapest first.

    >>> [(r.L, r.d, r.cost) for r in requirements(5)]
    [(5, 1, 37), (1, 5, 126), (3, 2, 153), (2, 3, 220)]
    """
    found = []
    for L, d in minimal_pairs(l, features):
        paths = multiplicity_in_total(L, d, l, features)
        found.append(Requirement(L, d, law.boundary(L, d), polynomial_count(L, d, features), paths))
    return tuple(sorted(found, key=lambda r: (r.cost, r.L)))


def invariant_requirements(l: int) -> tuple[Requirement, ...]:
    """The minimal (L, d) whose invariants resolve the direction of one neighbour up to ``l``, cheapest first.

    They do so if and only if L⌊d/2⌋ >= l (:func:`span_theorem.law.swept_degrees`), so d is even. ``boundary`` is
    L⌊d/2⌋, ``multiplicity`` the number of invariants of degree <= d in one channel, counted up to l =
    :data:`MOST_COUNTED`.

    >>> [(r.L, r.d, r.boundary) for r in invariant_requirements(5)]
    [(5, 2, 5), (1, 10, 5), (3, 4, 6), (2, 6, 6)]
    """
    found = []
    for L, half in minimal_pairs(l):
        d = 2 * half
        paths = multiplicity_in_total(L, d, 0) if l <= MOST_COUNTED else None
        found.append(Requirement(L, d, law.swept_boundary(L, d), polynomial_count(L, d), paths))
    return tuple(sorted(found, key=lambda r: (r.cost, r.L)))


def document(
    l: int, features: Features, pairs: tuple[Requirement, ...], invariant: bool = False
) -> dict[str, Any]:
    """What `require --json` writes."""
    return {
        "kind": "require",
        "l": l,
        "features": features,
        "invariant": invariant,
        "cost": COST,
        "scope": law.SWEPT_SCOPE if invariant else law.SCOPE,
        "pairs": [pair.to_dict() for pair in pairs],
    }


def _lowest_degree(l: int, L: int, features: Features) -> int | None:
    """The lowest d at which features of degree ``L`` reach ``l`` >= 1; None if no degree does."""
    d = -(-l // L)
    # where dL = l + an odd number, parity may ask for one factor more
    candidates = range(d, d + 2)
    return next((k for k in candidates if l in law.degrees_of_products(L, k, features)), None)
