"""One instance (L, d) of the theorem: both routes, the multiplicities and the law, brought together."""

import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

from span_theorem import html, law
from span_theorem.budget import Estimate, exact_estimate, multiplicity_estimate, numeric_estimate
from span_theorem.certificate import CertifiedSpan, certificate_estimate, certified_span
from span_theorem.errors import MissingPackage
from span_theorem.exact import ExactSpan, exact_span
from span_theorem.law import Features
from span_theorem.multiplicity import TotalMultiplicities, total_multiplicities

if TYPE_CHECKING:
    from pandas import DataFrame

    from span_theorem.numeric import NumericSpan

Method = Literal["exact", "rank", "numeric", "both"]


@dataclass(frozen=True)
class DegreeVerdict:
    """One degree l: rank found, full rank 2l + 1, multiplicity in Sym^{<=d}, and whether the law has l."""

    l: int
    rank: int
    full_rank: int
    multiplicity: int
    expected: bool

    @property
    def as_expected(self) -> bool:
        return self.rank == (self.full_rank if self.expected else 0)


@dataclass(frozen=True, repr=False)
class CheckResult:
    """What was found for one (L, d); ranks are the exact ones where both routes ran."""

    L: int
    d: int
    features: Features
    method: Method
    seed: int
    multiplicities: TotalMultiplicities
    exact: ExactSpan | CertifiedSpan | None
    numeric: "NumericSpan | None"

    @property
    def degrees(self) -> tuple[DegreeVerdict, ...]:
        if self.exact:
            ranks = self.exact.ranks
        else:
            assert self.numeric
            ranks = tuple(degree.rank for degree in self.numeric.degrees)
        expected = set(law.expected_degrees(self.L, self.d, self.features))
        total = self.multiplicities.total
        return tuple(
            DegreeVerdict(l, rank, 2 * l + 1, total[l] if l < len(total) else 0, l in expected)
            for l, rank in enumerate(ranks)
        )

    @property
    def span_dim(self) -> int:
        if self.exact:
            return self.exact.span_dim
        assert self.numeric
        return self.numeric.span.rank

    @property
    def expected_dim(self) -> int:
        return law.expected_dim(self.L, self.d, self.features)

    @property
    def contradiction(self) -> tuple[str, ...]:
        """Where the two routes found different ranks; empty if they agree or only one ran."""
        if not (self.exact and self.numeric):
            return ()
        pairs = [
            (f"onto l = {l}", mine, theirs.rank)
            for l, (mine, theirs) in enumerate(zip(self.exact.ranks, self.numeric.degrees, strict=True))
        ]
        pairs.append(("of the whole span", self.exact.span_dim, self.numeric.span.rank))
        return tuple(f"rank {where}: exact {a}, numeric {b}" for where, a, b in pairs if a != b)

    @property
    def law_holds(self) -> bool:
        """Whether the ranks found are the law's, and l = dL occurs once in Sym^{<=d}."""
        spans = all(degree.as_expected for degree in self.degrees) and self.span_dim == self.expected_dim
        return spans and self.multiplicities.dims_agree and self.multiplicities.saturated is not False

    @property
    def proved(self) -> bool:
        """Whether exact lower bounds meet the upper bounds."""
        return self.exact is not None and self.law_holds

    @property
    def verified(self) -> bool:
        """Whether the law holds, by exact arithmetic or a clear numerical gap, with no contradiction."""
        decided = self.exact is not None or (self.numeric is not None and self.numeric.clear)
        return decided and self.law_holds and not self.contradiction

    @property
    def bounds(self) -> str:
        """Where the two bounds come from between which a rank is caught."""
        lower = self.exact.lower_bound if self.exact else None
        return f"Lower bound: {lower}. Upper bound: {_upper_bound(self.features)}."

    @property
    def proof(self) -> str:
        """What is proved, and from what, in a few sentences."""
        if not self.exact:
            return "Nothing is proved: floating-point ranks confirm, they do not prove (--method exact, rank or both)."
        meet = "meet: this instance is proved" if self.proved else "do not meet: this instance is not proved"
        return f"{self.bounds} They {meet}."

    def to_frame(self) -> "DataFrame":
        """One row a degree (needs pandas)."""
        from pandas import DataFrame

        return DataFrame([asdict(degree) | {"as_expected": degree.as_expected} for degree in self.degrees])

    def __repr__(self) -> str:
        return f"<CheckResult: {law.sentence(self.L, self.d, self.features)} {self.proof}>"

    def _repr_html_(self) -> str:
        rows = [
            [str(value) for value in (one.l, one.rank, one.full_rank, one.multiplicity)]
            + ["spanned" if one.rank else "absent"]
            for one in self.degrees
        ]
        caption = f"{law.sentence(self.L, self.d, self.features)} {self.proof} {law.SCOPE}"
        return html.table(caption, ["l", "rank", "2l+1", "multiplicity", "found"], rows, [4])

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": "check",
            "L": self.L,
            "d": self.d,
            "features": self.features,
            "method": self.method,
            "seed": self.seed,
            "law": law.sentence(self.L, self.d, self.features),
            "scope": law.SCOPE,
            "boundary": law.boundary(self.L, self.d),
            "span_dim": self.span_dim,
            "expected_dim": self.expected_dim,
            "verified": self.verified,
            "proved": self.proved,
            "proof": self.proof,
            "prime": self.exact.prime if self.exact else None,
            "contradiction": list(self.contradiction),
            "multiplicity_one_at_boundary": self.multiplicities.saturated,
            "multiplicity_dims_agree": self.multiplicities.dims_agree,
            "degrees": [asdict(degree) for degree in self.degrees],
            "exact": self.exact.to_dict() if self.exact else None,
            "numeric": self.numeric.to_dict() if self.numeric else None,
            "versions": versions(self.numeric is not None),
        }


def check_span(
    L: int,
    d: int,
    features: Features = "upto",
    method: Method | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> CheckResult:
    """Find the ranks for one (L, d) by one route or both and set them beside the law.

    Args:
        L: highest degree of the features (``upto``) or their only degree (``exact``).
        d: highest degree of the polynomials.
        method: ``exact`` is the cheapest complete proof, a verified certificate for ``upto`` and ranks over F_p for
            ``exact`` features; ``rank`` always the latter. For small instances both import neither numpy nor torch.
            By default see :func:`default_method`.
        seed: of the numeric route's random products.
        progress: called with (steps done, steps in all) by whatever takes most of the time.

    Raises:
        InputError: negative or fractional L or d, or unknown features.
        MissingPackage: the numeric route without e3nn.

    >>> check_span(2, 2, method="exact").verified
    True
    """
    law.require_instance(L, d, features)
    method = method or default_method()
    if method in ("numeric", "both"):
        require_numeric()
    exact: ExactSpan | CertifiedSpan | None = None
    if certifies(features, method):
        exact = certified_span(L, d)
    elif method != "numeric":
        exact = exact_span(L, d, features, progress=progress)
    numeric = None
    if method in ("numeric", "both"):
        from span_theorem.numeric import numeric_span

        numeric = numeric_span(L, d, features, seed)
    counted = total_multiplicities(L, d, features, progress if certifies(features, method) else None)
    return CheckResult(L, d, features, method, seed, counted, exact, numeric)


def certifies(features: Features, method: Method) -> bool:
    """Whether the lower bound comes from a certificate rather than from ranks over F_p."""
    return features == "upto" and method in ("exact", "both")


def default_method() -> Method:
    """Both routes, or the exact one alone where e3nn, on which the other rests, is not installed."""
    return "both" if find_spec("e3nn") else "exact"


def require_numeric() -> None:
    """Fail before the work, not after it, if the numeric route cannot run.

    Raises:
        MissingPackage: e3nn is not installed.
    """
    if not find_spec("e3nn"):
        raise MissingPackage(
            "the numeric route needs e3nn: pip install 'span-theorem[numeric]', or take the exact one",
            "method",
        )


def check_estimate(L: int, d: int, method: Method, features: Features = "upto") -> Estimate:
    """What :func:`check_span` is expected to need."""
    total = multiplicity_estimate(L, d, powers=1)
    if certifies(features, method):
        total += certificate_estimate(L, d, features, "compact")
    elif method != "numeric":
        total += exact_estimate(L, d)
    if method in ("numeric", "both"):
        total += numeric_estimate(L, d)
    return total


def versions(numeric: bool) -> dict[str, str]:
    """Versions of what a result rests on."""
    packages = ["span-theorem", "python-flint"] + (["numpy", "e3nn", "torch"] if numeric else [])
    return {"python": platform.python_version()} | {package: version(package) for package in packages}


def _upper_bound(features: Features) -> str:
    if features == "upto":
        return "a product of k <= d features is a polynomial of degree <= kL on the sphere"
    return (
        "a product of k features is a polynomial of degree <= kL and parity (-1)^(kL) on the sphere, "
        "and one feature alone lies in H_L"
    )
