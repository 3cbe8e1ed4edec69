"""Certificates of one instance (L, d), which anyone can check without this project: see :mod:`span_theorem.verify`.

``upto``: one product for every (l, m), by the rule :func:`product`. ``exact``: for every weight as many products as
there are degrees to be reached, chosen so that they are independent modulo p.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from random import Random
from typing import Any, Literal

from flint import nmod_mat

from span_theorem import verify
from span_theorem.budget import Estimate
from span_theorem.errors import InputError
from span_theorem.exact import PRIME, weight_polynomials
from span_theorem.law import Features, require_instance

Form = Literal["explicit", "compact", "blocks"]
EXPLICIT = 200
"""Up to this dL the products of ``upto`` are written out unasked: 20,000 of them, 1 MB."""

Product = list[list[int]]
"""Runs [l, m, times] of equal factors Y_lm."""


def certificate(
    L: int,
    d: int,
    features: Features = "upto",
    form: Form | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """A certificate as :func:`span_theorem.verify.prove` takes it, of which nothing has been checked yet.

    Args:
        form: of ``upto``: ``explicit`` (every product, the default up to dL = :data:`EXPLICIT`) or ``compact`` (those
            with m = 0, the others by a rule); of ``exact``: ``blocks``.
        progress: called with (steps done, steps in all).

    Raises:
        InputError: no instance (:func:`span_theorem.law.require_instance`), a form that is not that of the features, or
            larger than the verifier takes.

    >>> certificate(1, 2)["entries"][2]
    [[[1, 0, 2]], [[1, 1, 1], [1, 0, 1]], [[1, 1, 2]]]
    """
    form = require_certifiable(L, d, features, form)
    entries: list[Any] = []
    for degree in range(d * L + 1) if features == "upto" else ():
        if progress:
            progress(degree, d * L + 1)
        row = [product(degree, m, L) for m in range(degree + 1 if form == "explicit" else 1)]
        entries.append(row if form == "explicit" else row[0])
    return {
        "kind": "certificate",
        "version": 1,
        "statement": verify.statement(L, d, features),
        "L": L,
        "d": d,
        "features": features,
        "form": form,
        "dimension": sum(2 * l + 1 for l in verify.degrees(L, d, features)),
        "boundary": [[L, L, d]] if L and d else [],
        "entries": entries if features == "upto" else _blocks(L, d, progress),
    }


def require_certifiable(L: int, d: int, features: Features = "upto", form: Form | None = None) -> Form:
    """The form that a certificate will have (see :func:`certificate` for the default and errors)."""
    require_instance(L, d, features)
    form = form or ("blocks" if features == "exact" else "explicit" if L * d <= EXPLICIT else "compact")
    if (form == "blocks") != (features == "exact"):
        raise InputError(f"form {form}: expected blocks for exact features, explicit or compact for upto")
    # 22 bytes for each run of factors of a pair (l, m)
    if max(L, 1) * max(d, 1) > verify.LARGEST[features] or (
        form == "explicit" and 22 * (L * d) ** 2 > verify.MAX_BYTES
    ):
        raise InputError(
            f"L = {L}, d = {d} is too large for a certificate ({form}): expected L d <= {verify.LARGEST[features]}"
            + f" and a file of at most {verify.MAX_BYTES / 2**20:.0f} MiB" * (form == "explicit")
        )
    return form


def product(l: int, m: int, L: int) -> Product:
    """The factors for (l, m), 0 <= m <= l: degree L as often as l holds it, orders as high as may be, in order.

    >>> product(5, 3, 2)
    [[2, 2, 1], [2, 1, 1], [1, 0, 1]]
    """
    whole, rest = divmod(l, L) if L else (0, 0)
    heavy = min(whole, m // L) if L else 0
    left = m - heavy * L
    light = whole - heavy - (left > 0 and heavy < whole)
    runs = [
        [L, L, heavy],
        [L, left, whole - heavy - light],
        [L, 0, light],
        [rest, left if heavy == whole else 0, 1],
    ]
    return [run for run in runs if run[0] and run[2]]


def text(document: dict[str, Any]) -> str:
    """The certificate as JSON, one entry a line."""
    lines = [f'  "{name}": {json.dumps(value)},' for name, value in document.items() if name != "entries"]
    entries = ",\n".join(f"    {json.dumps(entry, separators=(',', ':'))}" for entry in document["entries"])
    return "\n".join(("{", *lines, '  "entries": [', entries, "  ]", "}")) + "\n"


def certificate_estimate(L: int, d: int, features: Features, form: Form) -> Estimate:
    """For making and checking one; measured up to dL = 900 (explicit), 10,000 (compact) and 256 (blocks)."""
    n = float(min(max(L, 1) * max(d, 1), 10**20))
    if features == "exact":
        return Estimate(1e8, 0.3 + 4e-9 * n**4)
    if form == "explicit":
        return Estimate(6e7 + 500 * n**2, 0.2 + 1e-5 * n**2)
    return Estimate(6e7 + 400 * n, 0.2 + 4e-8 * n**2)


@dataclass(frozen=True)
class CertifiedSpan:
    """What a compact certificate for ``upto`` proves, after it has been verified.

    Attributes:
        ranks: for l = 0..dL+2, rank of the projection onto H_l: by the certificate, above dL by the upper bound.
        span_dim: dimension of the whole span.
        refused: why the verifier refuses the certificate; nothing is proved then, and all ranks are 0.
    """

    L: int
    d: int
    ranks: tuple[int, ...]
    span_dim: int
    refused: str | None = None
    features: Features = "upto"

    @property
    def prime(self) -> None:
        """No prime is needed."""

    @property
    def lower_bound(self) -> str:
        """Where the lower bound comes from."""
        if self.refused:
            return f"none, the certificate is refused: {self.refused}"
        return "a certificate, for every l <= dL and m <= l a product of degree l - m in z, verified"

    def to_dict(self) -> dict[str, Any]:
        return {
            "route": "certificate",
            "refused": self.refused,
            "ranks": list(self.ranks),
            "span_dim": self.span_dim,
        }


def certified_span(L: int, d: int) -> CertifiedSpan:
    """Make a certificate for ``upto`` and verify it.

    Raises:
        InputError: see :func:`certificate`.

    >>> certified_span(2, 2).ranks
    (1, 3, 5, 7, 9, 0, 0)
    """
    document = certificate(L, d, "upto", "compact")
    try:
        verify.prove(tuple(document.items()))
    except verify.Invalid as error:
        return CertifiedSpan(L, d, (0,) * (d * L + 3), 0, str(error))
    ranks = tuple(2 * l + 1 for l in range(d * L + 1))
    return CertifiedSpan(L, d, (*ranks, 0, 0), sum(ranks))


#: A product by the orders of its factors, ascending, with its values q(z) at the points.
_Valued = tuple[tuple[int, ...], list[int]]
#: Independent products of as many features, for every weight m >= 0.
_Span = list[list[_Valued]]


def _blocks(L: int, d: int, progress: Callable[[int, int], None] | None) -> list[list[Product]]:
    """For every weight, independent products of d, and where these lack degrees also of d - 1, features Y_Lm.

    The products of a + b features span what those of a times those of b span, T_(a+b) = T_a T_b: a basis of T_(a+b),
    weight by weight, is among the products of a basis of T_a with one of T_b.
    """
    points = range(2, d * L // 2 + 3)
    folds = [[1] * len(points)]  # powers of 1 - z²
    for _ in range(d * L):
        folds.append([f * (1 - z * z) % PRIME for f, z in zip(folds[-1], points, strict=True)])

    @cache
    def span(k: int) -> _Span:
        if k == 0:
            return [[((), folds[0])]]
        if k == 1:
            return [
                [((m,), [int(q(z)) for z in points])] for m, (q,) in enumerate(weight_polynomials(L, "exact"))
            ]
        left, right, found = span(k // 2), span(k - k // 2), []
        for m in range(k * L + 1):
            found.append(_basis(m, (k * L - m) // 2 + 1, left, right, folds))
            if progress:
                progress(k * k * L + m, d * d * L + d * L)
        return found

    # only the highest k of either parity count, and for even L and k >= 2 both have the same degrees
    kept = {d} if L == 0 or d == 0 or (L % 2 == 0 and d > 1) else {d, d - 1}
    entries: list[list[Product]] = [[] for _ in range(verify.degrees(L, d, "exact")[-1] + 1)]
    for k in kept if L else {0}:
        for m, block in enumerate(span(k)):
            entries[m] += [[[L, o, len([*same])] for o, same in groupby(orders)] for orders, _ in block]
    return entries


def _basis(m: int, size: int, left: _Span, right: _Span, folds: list[list[int]]) -> list[_Valued]:
    """``size`` independent products of weight m, each one of ``left`` times one of ``right``."""
    weights = [a for a in range(1 - len(left), len(left)) if abs(m - a) < len(right)]
    random, chosen = Random(0), dict[tuple[int, ...], list[int]]()
    # those that vanish least at the poles are rare, so they come first; the others at random, every pair at last
    pairs = [(a, left[abs(a)][0], right[abs(m - a)][0]) for a in weights]
    while True:
        for a, one, other in pairs:
            (orders, values), (more, others) = _conjugate(a, one, folds), _conjugate(m - a, other, folds)
            key = tuple(sorted(orders + more))
            if key not in chosen:
                chosen[key] = [x * y % PRIME for x, y in zip(values, others, strict=True)]
        chosen = {key: chosen[key] for key in _independent(chosen, size)}
        if len(chosen) == size:
            return sorted(chosen.items(), key=lambda item: sum(-o for o in item[0] if o < 0))
        pairs = [
            (a, random.choice(left[abs(a)]), random.choice(right[abs(m - a)]))
            for a in weights * (1 + size // len(weights))
        ]


def _conjugate(weight: int, product: _Valued, folds: list[list[int]]) -> _Valued:
    """The product, or for negative ``weight`` its conjugate: w̄^m q(z) = w^-m (1 - z²)^m q(z)."""
    if weight >= 0:
        return product
    orders, values = product
    return tuple(-o for o in orders), [v * f % PRIME for v, f in zip(values, folds[-weight], strict=True)]


def _independent(rows: dict[tuple[int, ...], list[int]], columns: int) -> list[tuple[int, ...]]:
    """Names of the first rows that are independent in their first columns."""
    entries = [row[column] for column in range(columns) for row in rows.values()]
    reduced, rank = nmod_mat(columns, len(rows), entries, PRIME).rref()
    names = list(rows)
    return [names[next(j for j in range(i, len(names)) if reduced[i, j])] for i in range(rank)]
