"""How finely invariants resolve one neighbour's direction: an instance by both routes, beside the law.

Polynomials of degree <= d in the features of one convolution, A_nlm = Σ_j R_n(r_j) Y_lm(u_j), l <= L, with outputs of
degree λ (λ = 0: invariants, what an energy is made of), as functions of one neighbour's direction with all else fixed.
**Law** (docs/theory.md): the degrees that occur are those of :func:`span_theorem.law.swept_degrees`, l <= L⌊d/2⌋ for
invariants; with enough channels and neighbours the functions span every H_l among them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from span_theorem import law
from span_theorem.budget import Estimate, require_affordable
from span_theorem.errors import InputError
from span_theorem.surroundings import random_surroundings
from span_theorem.swept_estimate import numeric_swept_estimate, swept_estimate

if TYPE_CHECKING:
    from span_theorem.instance import Method
    from span_theorem.swept import SweptRanks
    from span_theorem.swept_numeric import SweptNumeric


@dataclass(frozen=True)
class Instance:
    """Features of degrees l <= ``L`` in so many channels, polynomials of degree <= ``d``, outputs of one degree.

    Attributes:
        neighbours: besides the one that is moved, in general position.
    """

    L: int
    d: int
    output_degree: int = 0
    channels: int = 2
    neighbours: int = 3

    @property
    def boundary(self) -> int:
        """The largest degree that occurs."""
        return law.swept_boundary(self.L, self.d, self.output_degree)

    def require_affordable(self, method: Method = "both") -> None:
        """Refuse an instance that is too large.

        Raises:
            InputError: see :func:`span_theorem.budget.require_affordable`; or it is no instance.
        """
        boundary = self.boundary  # refuses what has no outputs
        if self.neighbours > MAX_NEIGHBOURS:
            raise InputError(
                f"neighbours = {self.neighbours}: expected at most {MAX_NEIGHBOURS}; (L + 1)² are as good as any "
                f"number, and the boundary {boundary} does not depend on it"
            )
        case = (self.L, self.d, self.output_degree, self.channels)
        routes = {"exact": swept_estimate, "numeric": numeric_swept_estimate}
        estimate = sum((routes[r](*case) for r in routes if method in (r, "both")), Estimate(0.0, 0.0))
        what = f"invariants --L {case[0]} --d {case[1]} --output-degree {case[2]} --channels {case[3]}"
        require_affordable(f"{what} --method {method}", estimate, "a smaller L, d or number of channels")


MAX_NEIGHBOURS = 10_000


@dataclass(frozen=True)
class SweptDegree:
    """One degree l of the moved neighbour's direction.

    Attributes:
        rank: of the projection onto H_l; ``true`` and ``pseudo``: of the outputs of either behaviour under inversion.
        full_rank: 2l + 1.
        expected: whether the law has l.
    """

    l: int
    rank: int
    true: int | None
    pseudo: int | None
    full_rank: int
    expected: bool

    @property
    def as_expected(self) -> bool:
        return (self.rank > 0) == self.expected


@dataclass(frozen=True)
class InvariantsResult:
    """One instance, by one route or both; ranks are the exact ones where both ran."""

    instance: Instance
    method: Method
    seed: int
    exact: SweptRanks | None
    numeric: SweptNumeric | None

    @property
    def degrees(self) -> tuple[SweptDegree, ...]:
        case = self.instance
        expected = law.swept_degrees(case.L, case.d, case.output_degree)
        if self.exact:
            rows = zip(self.exact.ranks, self.exact.true, self.exact.pseudo, strict=True)
            return tuple(SweptDegree(l, *row, 2 * l + 1, l in expected) for l, row in enumerate(rows))
        assert self.numeric
        ranks = (degree.rank for degree in self.numeric.degrees)
        return tuple(
            SweptDegree(l, rank, None, None, 2 * l + 1, l in expected) for l, rank in enumerate(ranks)
        )

    @property
    def contradiction(self) -> tuple[str, ...]:
        """Where the two routes found different ranks; empty if they agree or only one ran."""
        if not (self.exact and self.numeric):
            return ()
        pairs = zip(self.exact.ranks, self.numeric.degrees, strict=True)
        return tuple(
            f"rank onto l = {l}: exact {mine}, numeric {theirs.rank}"
            for l, (mine, theirs) in enumerate(pairs)
            if mine != theirs.rank
        )

    @property
    def law_holds(self) -> bool:
        """Whether the degrees found are the law's."""
        return all(degree.as_expected for degree in self.degrees)

    @property
    def full(self) -> bool:
        """Whether every H_l that the law has is spanned whole, and so, by dimension, their sum."""
        whole = all(degree.rank == degree.full_rank for degree in self.degrees if degree.expected)
        dim = sum(degree.full_rank for degree in self.degrees if degree.expected)
        return whole and (self.exact is None or self.exact.span_dim == dim)

    @property
    def verified(self) -> bool:
        """Whether the law holds, by exact arithmetic or a clear numerical gap, with no contradiction."""
        decided = self.exact is not None or (self.numeric is not None and self.numeric.clear)
        return decided and self.law_holds and not self.contradiction

    @property
    def proof(self) -> str:
        """What is proved, and from what, in a few sentences."""
        if self.exact is None:
            return (
                "Nothing is proved: floating-point ranks confirm, they do not prove (--method exact or both)."
            )
        from span_theorem.binary_forms import PRIME

        meet = "meet: these degrees occur and no others" if self.law_holds else "do not meet"
        return (
            f"Lower bound: rank over F_p <= rank over Q(i), p = {PRIME}, at random rational directions and weights. "
            "Upper bound: k factors of the moved neighbour have degree <= kL, the d - k others must couple with them "
            f"to the output. They {meet}."
        )

    def to_dict(self) -> dict[str, Any]:
        from span_theorem.instance import versions

        return {
            "kind": "invariants",
            **asdict(self.instance),
            "method": self.method,
            "seed": self.seed,
            "law": sentence(self.instance),
            "scope": law.SWEPT_SCOPE,
            "boundary": self.instance.boundary,
            "verified": self.verified,
            "proved": self.exact is not None and self.law_holds,
            "full": self.full,
            "proof": self.proof,
            "contradiction": list(self.contradiction),
            "span_dim": self.exact.span_dim if self.exact else None,
            "degrees": [asdict(degree) for degree in self.degrees],
            "numeric": self.numeric.to_dict() if self.numeric else None,
            "versions": versions(self.numeric is not None),
        }


def check_invariants(instance: Instance, method: Method = "both", seed: int = 0) -> InvariantsResult:
    """Find the ranks by one route or both.

    Args:
        seed: of directions, weights and points.

    Raises:
        InputError: no instance, no outputs of that degree, or one that is too large.

    >>> check_invariants(Instance(2, 2), "exact").verified
    True
    """
    instance.require_affordable(method)
    surroundings = random_surroundings(instance.channels, instance.neighbours, seed)
    case = (instance.L, instance.d, instance.output_degree)
    exact = numeric = None
    if method != "numeric":
        from span_theorem.swept import swept_ranks

        exact = swept_ranks(*case, surroundings, seed)
    if method != "exact":
        from span_theorem.swept_numeric import swept_numeric

        numeric = swept_numeric(*case, surroundings)
    return InvariantsResult(instance, method, seed, exact, numeric)


def sentence(instance: Instance) -> str:
    """The law for this instance, in words.

    >>> sentence(Instance(2, 4))
    'Invariants of degree <= 4 in A_nlm, l <= 2, have the degrees l <= 4 in the direction of one neighbour.'
    """
    case = instance
    degrees = law.swept_degrees(case.L, case.d, case.output_degree)
    what = f"Outputs of degree {case.output_degree}" if case.output_degree else "Invariants"
    without_gap = degrees == tuple(range(case.boundary + 1))
    listed = f"l <= {case.boundary}" if without_gap else "l = " + ", ".join(map(str, degrees))
    return (
        f"{what} of degree <= {case.d} in A_nlm, l <= {case.L}, have the degrees {listed} "
        "in the direction of one neighbour."
    )
