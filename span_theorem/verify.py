"""Check a certificate of the finite-degree span theorem: `python verify.py FILE`, with Python 3.11 and nothing else.

Exit status: 0 the file proves the statement printed, 1 it does not (the first entry that fails is named), 2 it is no
certificate. Nothing in it is believed: entries are checked, claims computed again (proofs: docs/theory.md). `upto`: a
product with 0 <= m_i <= l_i <= L and sums l, m is w^m q(z), q of degree l - m: independent for different l. `exact`: as
many products as the upper bound allows; cq at z = 2, 3, ... are integers, and a determinant not 0 mod PRIME is not 0.
Conjugates have weight -m. Upper bound, argued, not computed: k features of degree <= L multiply to degree <= kL; if all
have degree L, to parity (-1)^(kL); one alone lies in H_L. Once: weight dL takes d factors of weight L.
"""

import json
import os
import sys
from functools import cache
from math import comb, perm, prod

LARGEST = {"upto": 25_000, "exact": 256}  # of max(L, 1) max(d, 1): about half a minute
PRIME, MAX_BYTES, MAX_ITEMS = 2**61 - 1, 2**25, 2**22
FIELDS = ["L int", "boundary list", "d int", "dimension int", "entries list", "features str", "form str"]
FIELDS += ["kind str", "statement str", "version int"]


class Invalid(Exception):
    """The file does not prove its statement. (One that is no certificate is a ValueError.)"""


def require(holds: bool, what: str) -> None:
    if not holds:
        raise Invalid(what)


def degrees(L: int, d: int, features: str) -> list[int]:
    """The degrees l that the upper bound allows, ascending."""
    if L == 0 or features == "upto":
        return list(range(d * L + 1))
    one, more = {0, L * min(d, 1)}, range(max(2, d - 1), d + 1)  # k - 2 factors have no degree that k lack
    return sorted(one.union(*(range(k * L % 2, k * L + 1, 2) for k in more)))


def statement(L: int, d: int, features: str) -> str:
    """What a valid certificate proves, in words."""
    which, reached = (f"Y_lm, l <= {L},", f"<= {d * L}") if features == "upto" else (f"Y_{L}m", "= ")
    reached += ", ".join(map(str, degrees(L, d, features))) if features == "exact" else ""
    once = f" Among polynomials of degree <= {d} in as many free variables V_{d * L} occurs once." * (L > 0)
    span = f"The polynomials of degree <= {d} in the real spherical harmonics {which} span on the unit sphere"
    return f"{span} exactly the harmonics of degree l {reached}.{once}"


def sums(product: list, L: int, d: int, features: str, where: str) -> tuple[int, int]:
    """The sums of the degrees and of the orders of at most d factors [[l, m, times], ...]."""
    if type(product) is not list or any(type(f) is not list or [*map(type, f)] != [int] * 3 for f in product):
        raise ValueError(f"{where}: expected a list of [l, m, times]")
    for l, m, times in product:
        fits = 0 <= m <= l <= L if features == "upto" else abs(m) <= l == L
        require(fits and 1 <= times <= d, f"{where}: no factor is l = {l}, m = {m}, {times} times")
    require(sum(times for _, _, times in product) <= d, f"{where}: more than {d} factors")
    return sum(l * times for l, _, times in product), sum(m * times for _, m, times in product)


def explicit(entries: list, L: int, d: int) -> None:
    """Entry l holds the products for m = 0, 1, ..., l."""
    for l, row in enumerate(entries):
        require(len(row) == l + 1, f"entry {l}: {len(row)} products, expected {l + 1}")
        for m, product in enumerate(row):
            found = sums(product, L, d, "upto", f"entry {l}, product {m}")
            require(found == (l, m), f"entry {l}, product {m}: the sums are {found}")


def compact(entries: list, L: int, d: int) -> None:
    """Entry l is the product for m = 0. Raising the orders by one, factor after factor, makes m = 1, ..., l."""
    for l, product in enumerate(entries):
        found = sums(product, L, d, "upto", f"entry {l}")
        raised = sum(1 for degree, _, n in product for _ in range(n if degree else 0) for _ in range(degree))
        require(found == (l, 0) and raised == l, f"entry {l}: the sums are {found}, {raised} when raised")


def blocks(entries: list, L: int, d: int) -> None:
    """Entry m holds as many products of weight m as degrees l >= m are allowed, each parity of l a block."""

    allowed = degrees(L, d, "exact")

    @cache
    def q(m: int, times: int) -> list[int]:  # Y_Lm: the n-th derivative of (z^2 - 1)^L; w conj(w) = 1 - z^2
        n, fold, points = L + abs(m), max(0, -m), range(2, len(allowed) + 2)
        terms = [((-1) ** k * comb(L, k) * perm(i, n), i - n) for k, i in enumerate(range(2 * L, n - 1, -2))]
        return [pow(sum(c * z**e for c, e in terms) * (1 - z * z) ** fold, times, PRIME) for z in points]

    for m, row in enumerate(entries):
        left = [l % 2 for l in allowed if l >= m]
        require(len(row) == len(left), f"entry {m}: {len(row)} products, expected {len(left)}")
        found = [sums(p, L, d, "exact", f"entry {m}, product {i}") for i, p in enumerate(row)]
        require(all(order == m for _, order in found), f"entry {m}: not all orders add up to {m}")
        for parity in (0, 1):
            block = [p for (degree, _), p in zip(found, row, strict=True) if degree % 2 == parity]
            values = [[*map(lambda *v: prod(v), q(0, 0), *(q(o, n) for _, o, n in p))] for p in block]
            fits = len(block) == left.count(parity) and invertible([line[: len(block)] for line in values])
            require(fits, f"entry {m}: the products of parity {parity} are too few or dependent")


def invertible(rows: list[list[int]]) -> bool:
    """Whether elimination modulo PRIME finds as many pivots as there are rows."""
    while rows:
        *rows, pivot = sorted(rows)
        if not pivot[0]:
            return False
        inverse = pow(pivot[0], -1, PRIME)
        pivot = [entry * inverse % PRIME for entry in pivot[1:]]
        rows = [[(a - c * b) % PRIME for a, b in zip(row, pivot, strict=True)] for c, *row in rows]
    return True


def prove(fields: tuple) -> str:
    """The statement that a certificate, given as its (name, value) pairs, proves."""
    if type(fields) is not tuple or sorted(f"{name} {type(v).__name__}" for name, v in fields) != FIELDS:
        raise ValueError("expected the fields of a certificate, each once and of its type")
    document = dict(fields)
    L, d, features, form = (document[name] for name in ("L", "d", "features", "form"))
    checks = {"upto": {"explicit": explicit, "compact": compact}, "exact": {"blocks": blocks}}
    known = [document["kind"], document["version"]] == ["certificate", 1] and form in checks.get(features, {})
    known = known and all(type(entry) is list for entry in document["entries"])
    if not known or min(L, d) < 0 or max(L, 1) * max(d, 1) > LARGEST[features]:
        raise ValueError(f"expected a certificate, version 1, a known form, lists, 0 <= L d <= {LARGEST}")
    allowed, top = degrees(L, d, features), sums(document["boundary"], L, d, features, "boundary")
    require(document["statement"] == statement(L, d, features), "statement: not what such entries prove")
    require(document["dimension"] == sum(2 * l + 1 for l in allowed), "dimension: not that of these degrees")
    alike = sum(l >= L for l in (range(L + 1) if features == "upto" else [L]))  # features of weight L
    require(top[1] == d * L and comb(alike + d - 1, d) == 1, "boundary: not the one product of weight dL")
    checks[features][form](document["entries"][: allowed[-1] + 1], L, d)
    require(len(document["entries"]) == allowed[-1] + 1, f"entries: expected {allowed[-1] + 1} of them")
    return statement(L, d, features)


def examine(path: str) -> tuple[int, str]:
    """Exit status for a file and what there is to say."""
    try:
        with open(path if os.path.isfile(path) else "", "rb") as file:  # no pipe, that could wait for ever
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES or sum(map(content.count, (b"[", b"{", b'"'))) > MAX_ITEMS:
            raise ValueError(f"it is larger than {MAX_BYTES} bytes or holds more than {MAX_ITEMS} items")
        return 0, prove(json.loads(content.decode(), object_pairs_hook=tuple))
    except Invalid as error:
        return 1, str(error)[:200]
    except (ValueError, RecursionError, OSError) as error:
        return 2, ascii(str(error)[:200])


if __name__ == "__main__":
    status, message = examine(" ".join(sys.argv[1:]))
    print(("valid:", "invalid:", "unreadable:")[status], message, file=sys.stderr if status == 2 else None)
    sys.exit(status)
