"""Certificates prove what they say, checked by polynomials over Q; changed ones that no longer do are refused."""

import copy
import json
import os
import random
import resource
import shutil
import subprocess
import sys
from collections import Counter
from functools import cache
from itertools import combinations_with_replacement
from pathlib import Path

import pytest
import sympy
from flint import fmpq, fmpq_mat, fmpq_poly
from hypothesis import given, settings
from hypothesis import strategies as st

from span_theorem import verify
from span_theorem.certificate import CertifiedSpan, certificate, certified_span, product, text
from span_theorem.cli import main
from span_theorem.errors import InputError
from span_theorem.exact import exact_span
from span_theorem.law import expected_degrees, expected_dim

BASES = [
    (2, 2, "upto", None),
    (1, 3, "upto", None),
    (2, 3, "upto", "compact"),
    (3, 2, "exact", None),
    (2, 2, "exact", None),
]
BASES += [(0, 2, "upto", None), (3, 1, "exact", None), (3, 0, "upto", "compact"), (3, 3, "exact", None)]
made = cache(certificate)
FORMS = [["upto", "explicit"], ["upto", "compact"], ["exact", "blocks"]]


# ---- an independent judge: no sums of degrees, no prime, but the polynomials themselves


@cache
def derived_legendre(l, m):
    z = sympy.Symbol("z")
    coefficients = sympy.Poly(sympy.diff(sympy.legendre(l, z), z, m), z).all_coeffs()[::-1]
    return fmpq_poly([fmpq(int(c.p), int(c.q)) for c in coefficients])


def is_integer(value):
    return isinstance(value, int) and not isinstance(value, bool)


def polynomial(factors, L, d, features):
    """Weight and q(z) of a product, or None if it is no product of at most d features."""
    if not isinstance(factors, list):
        return None
    weight, negative, count, q = 0, 0, 0, fmpq_poly([1])
    for factor in factors:
        if not isinstance(factor, list) or len(factor) != 3 or not all(map(is_integer, factor)):
            return None
        l, m, times = factor
        allowed = range(L + 1) if features == "upto" else [L]
        if l not in allowed or not -l <= m <= l or (features == "upto" and m < 0) or not 1 <= times <= d:
            return None
        q *= derived_legendre(l, abs(m)) ** times
        weight, negative, count = weight + m * times, negative + max(0, -m) * times, count + times
    return None if count > d else (weight, q * fmpq_poly([1, 0, -1]) ** negative)


def raised(factors, m):
    """The product for (l, m) of the compact form: orders raised from the first factor on."""
    singles = [degree for degree, _, times in factors for _ in range(times)]
    orders = []
    for degree in singles:
        orders.append(min(degree, m - sum(orders)))
    return [[degree, order, 1] for degree, order in zip(singles, orders, strict=True)]


@cache
def occurs_once(L, d, features):
    """Is there one monomial of weight dL, and none above? By counting all of them."""
    weights = [m for l in (range(L + 1) if features == "upto" else [L]) for m in range(-l, l + 1)]
    found = Counter(sum(c) for k in range(d + 1) for c in combinations_with_replacement(weights, k))
    return found[d * L] == 1 and max(found) == d * L


def proves(document):
    """Whether a document proves its statement."""
    if not isinstance(document, dict) or set(document) != set(made(2, 2)):
        return False
    L, d, features, form = (document[name] for name in ("L", "d", "features", "form"))
    if not (is_integer(L) and is_integer(d) and 0 <= L < 9 and 0 <= d < 9) or not is_integer(
        document["dimension"]
    ):
        return False
    if features not in ("upto", "exact") or [features, form] not in FORMS:
        return False
    head = made(L, d, features, None if features == "exact" else "compact")
    if not is_integer(document["version"]) or any(
        document[n] != head[n] for n in ("kind", "version", "statement")
    ):
        return False
    if document["dimension"] != expected_dim(L, d, features) or not isinstance(document["entries"], list):
        return False
    boundary = polynomial(document["boundary"], L, d, features)
    if boundary is None or boundary[0] != d * L or (L and not occurs_once(L, d, features)):
        return False
    return spans(document["entries"], L, d, features, form)


def spans(entries, L, d, features, form):
    degrees = expected_degrees(L, d, features)
    if len(entries) != degrees[-1] + 1 or not all(isinstance(row, list) for row in entries):
        return False
    by_weight = {m: [] for m in range(degrees[-1] + 1)}
    for row, products in enumerate(entries):
        if form == "compact":
            first = polynomial(products, L, d, features)
            if first is None or first[0]:
                return False
            products = [raised(products, m) for m in range(row + 1)]
        for position, factors in enumerate(products):
            found, (l, m) = polynomial(factors, L, d, features), (row, position)
            if features == "exact":
                m = row
            if found is None or found[0] != m or m not in by_weight:
                return False
            if features == "upto" and found[1].degree() != l - m:
                return False
            by_weight[m].append(found[1])
    for m, polynomials in by_weight.items():
        needed = sum(l >= m for l in degrees)
        width = max((q.degree() for q in polynomials), default=0) + 1
        matrix = [[q[i] for i in range(width)] for q in polynomials]
        if len(polynomials) != needed or (matrix and fmpq_mat(matrix).rank() != needed):
            return False
    return True


# ---- changes


ODD = (
    -1,
    0,
    1,
    2,
    3,
    10**6,
    10**30,
    -(10**30),
    True,
    False,
    None,
    1.0,
    2.5,
    float("nan"),
    float("inf"),
    "1",
    "",
    [],
    {},
    [[]],
)


def places(value, path=()):
    """Every path into a JSON value."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        yield from places(inner, (*path, key))


def at(value, path):
    for key in path:
        value = value[key]
    return value


def break_a_factor(document, rng):
    """In one product a factor (l, m) becomes two with these sums: harmless if there is room for one more."""
    runs = [
        p
        for p in places(document)
        if p and p[0] == "entries" and is_run(at(document, p)) and at(document, p)[0] > 1
    ]
    path = rng.choice(runs)
    product, (l, m, times) = at(document, path[:-1]), at(document, path)
    left = rng.randrange(1, l)
    product[path[-1] :] = [[l, m, times - 1]] * (times > 1) + product[path[-1] + 1 :]
    product += [[left, min(m, left), 1], [l - left, m - min(m, left), 1]]


def repeat_a_product(document, rng):
    """One product of a row, of the same weight if the features are exact, in the place of another."""
    row = rng.choice([row for row in document["entries"] if len(row) > 1])
    i, j = rng.sample(range(len(row)), 2)
    row[i] = copy.deepcopy(row[j])


def change(document, other, rng):
    """One change of a document, anywhere: sometimes a harmless one."""
    action = rng.random()
    if action < 0.2:
        return break_a_factor(document, rng)
    if action < 0.4:
        return repeat_a_product(document, rng)
    path = rng.choice([p for p in places(document) if p])
    parent, key = at(document, path[:-1]), path[-1]
    value = parent[key]
    action = rng.choice(
        ("number", "odd", "drop", "double", "swap", "other", "deep", "split", "head", "order")
    )
    if action == "number" and is_integer(value):
        parent[key] = value + rng.choice((-1, 1))
    elif action == "odd":
        parent[key] = rng.choice(ODD)
    elif action == "drop":
        del parent[key]
    elif action == "double" and isinstance(parent, list):
        parent.insert(key, copy.deepcopy(value))
    elif action in ("swap", "order") and isinstance(parent, list):
        j = rng.randrange(len(parent))
        parent[key], parent[j] = parent[j], parent[key]
    elif action == "other":
        path = rng.choice([p for p in places(other) if p and p[0] == path[0]])
        with_key = at(document, ())
        with_key[path[0]] = (
            copy.deepcopy(at(other, path[:1])) if rng.random() < 0.5 else copy.deepcopy(at(other, path))
        )
    elif action == "deep":
        parent[key] = [value]
    elif action == "split":  # a run of equal factors as two: the same product
        runs = [p for p in places(document) if p and p[0] == "entries" and is_run(at(document, p))]
        if runs:
            path = rng.choice(runs)
            run, product = at(document, path), at(document, path[:-1])
            if run[2] > 1:
                product[path[-1]] = [*run[:2], run[2] - 1]
                product.append([*run[:2], 1])
            else:
                rng.shuffle(product)
    elif action == "head":
        name = rng.choice(("L", "d", "features", "form", "version", "dimension"))
        document[name] = other[name]


def is_run(value):
    return isinstance(value, list) and len(value) == 3 and all(is_integer(x) for x in value)


def judged(path, document):
    path.write_text(json.dumps(document))
    status, message = verify.examine(str(path))
    assert status in (0, 1, 2)
    assert len(message) < 600
    return status


def test_a_thousand_changed_certificates(tmp_path):
    """The verifier accepts a changed file if and only if, by the polynomials over Q, it still proves its statement."""
    outcomes = Counter()

    @settings(max_examples=1000, deadline=None, database=None)
    @given(st.integers(0, 2**64), st.sampled_from(BASES), st.sampled_from(BASES), st.integers(1, 2))
    def changed(seed, base, other, number):
        rng, document = random.Random(seed), copy.deepcopy(made(*base))
        try:
            for _ in range(number):
                change(document, made(*other), rng)
        except (KeyError, IndexError, TypeError, ValueError):
            pass  # nothing there any more
        status = judged(tmp_path / "c.json", document)
        assert (status == 0) == proves(document), (status, document)
        outcomes[status] += 1

    changed()
    assert outcomes[0] > 50  # harmless changes, or a verifier that refuses everything would pass
    assert outcomes[1] > 200
    assert outcomes[2] > 100


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 4), st.integers(0, 4), st.sampled_from(["explicit", "compact", "blocks"]))
def test_certificates_prove_their_statement(L, d, form):
    features = "exact" if form == "blocks" else "upto"
    document = certificate(L, d, features, form)
    statement = verify.prove(tuple(json.loads(text(document)).items()))
    assert f"polynomials of degree <= {d} " in statement
    assert (f"V_{d * L} occurs once" in statement) == (L > 0)
    reached = (
        f"l <= {d * L}." if features == "upto" else ", ".join(map(str, expected_degrees(L, d, features)))
    )
    assert reached in statement
    assert spans(document["entries"], L, d, features, form)
    assert verify.degrees(L, d, features) == list(expected_degrees(L, d, features))


@given(st.integers(1, 9), st.integers(0, 9), st.data())
def test_the_rule_gives_products_of_few_factors(L, d, data):
    l = data.draw(st.integers(0, d * L))
    m = data.draw(st.integers(0, l))
    assert verify.sums(product(l, m, L), L, d, "upto", "") == (l, m)


TARGETED = {
    "a product of more factors": lambda c: c["entries"][4].__setitem__(4, [[2, 2, 1], [1, 1, 2]]),
    "a factor above L": lambda c: c["entries"][4].__setitem__(4, [[3, 3, 1], [1, 1, 1]]),
    "an order above its degree": lambda c: c["entries"][3].__setitem__(3, [[2, 1, 1], [1, 2, 1]]),
    "an order below zero": lambda c: c["entries"][2].__setitem__(0, [[1, 1, 1], [1, -1, 1]]),
    "a product for another weight": lambda c: c["entries"][3].__setitem__(0, c["entries"][3][1]),
    "a product for another degree": lambda c: c["entries"][3].__setitem__(0, c["entries"][1][0]),
    "a negative number of factors": lambda c: c["entries"][2].__setitem__(0, [[2, 0, 2], [2, 0, -1]]),
    "the last degree missing": lambda c: c["entries"].pop(),
    "one degree more": lambda c: c["entries"].append([[]] * 6),
    "another dimension": lambda c: c.update(dimension=26),
    "another product at the boundary": lambda c: c.update(boundary=[[2, 2, 1], [2, 1, 1]]),
    "a statement of more": lambda c: c.update(statement=c["statement"].replace("l <= 4", "l <= 5")),
    "a larger L": lambda c: c.update(L=3),
    "a larger d": lambda c: c.update(d=3),
    "a smaller d": lambda c: c.update(d=1),
}


@pytest.mark.parametrize("name", TARGETED)
def test_targeted_changes_are_invalid(name, tmp_path):
    document = copy.deepcopy(made(2, 2))
    TARGETED[name](document)
    assert judged(tmp_path / "c.json", document) == 1
    assert not proves(document)


def test_dependent_products_are_invalid(tmp_path):
    document = copy.deepcopy(made(3, 3, "exact"))
    block = document["entries"][0]
    same = [i for i, p in enumerate(block) if sum(n for _, _, n in p) == 3][:2]
    block[same[0]] = block[same[1]]
    assert judged(tmp_path / "c.json", document) == 1
    assert "entry 0" in verify.examine(str(tmp_path / "c.json"))[1]


GOOD = text(certificate(1, 1))
HOSTILE = {
    "nothing": b"",
    "no JSON": b"certificate",
    "no text": b"\xff\xfe{}",
    "a number of many digits": GOOD.replace('"d": 1', '"d": ' + "9" * 100_000).encode(),
    "a long number": GOOD.replace('"d": 1', '"d": ' + "9" * 4000).encode(),
    "deep nesting": b"[" * 1_000_000,
    "deep nesting that ends": GOOD.replace('"entries": [', '"entries": [' + "[" * 900 + "]" * 900 + ",").encode(),
    "a field twice": GOOD.replace('"d": 1', '"d": 1, "d": 1').encode(),
    "a field more": GOOD.replace('"d": 1', '"d": 1, "e": 1').encode(),
    "NaN": GOOD.replace('"d": 1', '"d": NaN').encode(),
    "a boolean": GOOD.replace('"d": 1', '"d": true').encode(),
    "a float": GOOD.replace('"d": 1', '"d": 1.0').encode(),
    "a text": GOOD.replace('"d": 1', '"d": "1"').encode(),
    "another version": GOOD.replace('"version": 1', '"version": 2').encode(),
    "a boolean version": GOOD.replace('"version": 1', '"version": true').encode(),
    "an object for a list": GOOD.replace('"boundary": [[1, 1, 1]]', '"boundary": {"0": [1, 1, 1]}').encode(),
    "an enormous instance": GOOD.replace('"d": 1', '"d": 1000000000').encode(),
    "an enormous L": GOOD.replace('"L": 1', '"L": 1000000000').replace('"d": 1', '"d": 0').encode(),
    "many lists": b"[" + b"[]," * 6_000_000 + b"[]]",
    "many numbers": b"[" + b"999," * 8_000_000 + b"9]",
    "many texts": b"[" + b'"ab",' * 6_000_000 + b'"ab"]',
    "too many bytes": b" " * (verify.MAX_BYTES + 1),
}  # fmt: skip


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """The verifier alone in a folder, to be run with a gigabyte and a minute."""
    folder = tmp_path_factory.mktemp("copied")
    shutil.copy(verify.__file__, folder / "verify.py")

    def run(name):
        return subprocess.run(
            [sys.executable, "-I", "verify.py", name],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=60,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (10**9, 10**9)),
        )

    return folder, run


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_unreadable_in_bounded_time_and_memory(name, copied):
    folder, run = copied
    (folder / "c.json").write_bytes(HOSTILE[name])
    done = run("c.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("unreadable: ")
    assert done.stderr.count("\n") == 1


def test_the_copied_verifier(copied, tmp_path):
    folder, run = copied
    (folder / "c.json").write_text(GOOD)
    done = run("c.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"valid: {certificate(1, 1)['statement']}\n"
    (folder / "c.json").write_text(GOOD.replace("[1,1,1]", "[1,0,1]"))
    done = run("c.json")
    assert done.returncode == 1
    assert "entry 1, product 1" in done.stdout
    os.mkfifo(folder / "pipe")
    for name in ("absent", "pipe", ".", "/dev/zero", ""):
        assert run(name).returncode == 2, name


def test_the_verifier_is_one_short_file_of_the_standard_library():
    lines = Path(verify.__file__).read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 150
    imported = {line.split()[1] for line in lines if line.startswith(("import ", "from "))}
    assert imported <= set(sys.stdlib_module_names)


def test_work_is_bounded_before_it_begins(tmp_path):
    # rows that the statement has no room for are not looked at
    compact = copy.deepcopy(made(2, 3, "upto", "compact"))
    compact["entries"] += [[]] * 300_000
    assert judged(tmp_path / "c.json", compact) == 1
    blocks = copy.deepcopy(made(3, 2, "exact"))
    blocks["entries"][0] += [[]] * 300_000
    assert judged(tmp_path / "c.json", blocks) == 1


def test_commands(tmp_path, capsys):
    file = tmp_path / "c.json"
    for line in ("--L 2 --d 2", "--L 2 --d 2 --form compact", "--L 3 --d 2 --features exact", "--L 0 --d 1"):
        assert main(["certify", *line.split(), "-o", str(file)]) == 0
        assert main(["verify", str(file)]) == 0
        assert "Verdict: valid" in capsys.readouterr().out
    file.write_text(file.read_text().replace('"dimension": 1', '"dimension": 2'))
    assert main(["verify", str(file)]) == 1
    assert "NOT valid" in capsys.readouterr().out
    assert main(["verify", str(tmp_path / "absent")]) == 2
    assert main(["certify", "--L", "90", "--d", "90", "--form", "explicit", "-o", str(file)]) == 2
    assert (
        main(["certify", "--L", "2", "--d", "2", "--features", "exact", "--form", "compact", "-o", str(file)])
        == 2
    )
    assert capsys.readouterr().err.count("\n") == 3


@pytest.mark.parametrize(
    "arguments", [(200, 200, "upto"), (17, 17, "exact"), (10**30, 1, "upto"), (2, 2, "exact", "compact")]
)
def test_what_cannot_be_certified(arguments):
    with pytest.raises(InputError):
        certificate(*arguments)


@given(st.integers(0, 5), st.integers(0, 5))
@settings(deadline=None, max_examples=20)
def test_certified_ranks_are_those_of_the_elimination(L, d):
    certified, exact = certified_span(L, d), exact_span(L, d)
    assert (certified.ranks, certified.span_dim) == (exact.ranks, exact.span_dim)


def test_a_wrong_rule_proves_nothing(monkeypatch):
    monkeypatch.setattr("span_theorem.certificate.product", lambda l, m, L: [[L, 0, 1]])
    span = certified_span(2, 2)
    assert isinstance(span, CertifiedSpan)
    assert span.refused
    assert not any(span.ranks)
