"""What invariants see of one neighbour: exact ranks against the law, against e3nn, and against what changes them."""

import json
from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from span_theorem import law
from span_theorem.binary_forms import IMAGINARY, PRIME, powers_of_direction, transvectants
from span_theorem.cli import main
from span_theorem.enough import enough
from span_theorem.errors import InputError
from span_theorem.invariants import Instance, check_invariants
from span_theorem.requirement import invariant_requirements
from span_theorem.results import read_result
from span_theorem.surroundings import Surroundings, random_surroundings, unit_vector
from span_theorem.swept import swept_ranks
from span_theorem.swept_numeric import swept_numeric
from span_theorem.tables import render_tables
from tests.span_theorem.test_tables import body

SMALL = [
    (L, d, output)
    for L, d in [
        (1, 1),
        (1, 2),
        (1, 3),
        (1, 4),
        (1, 5),
        (2, 1),
        (2, 2),
        (2, 3),
        (2, 4),
        (3, 1),
        (3, 2),
        (3, 3),
    ]
    for output in range(min(d * L, 6) + 1)
]


def residue(number):
    return number.numerator * pow(number.denominator, -1, PRIME) % PRIME


def points(directions):
    return np.array([[residue(c) for c in u] for u in directions], dtype=np.int64)


stereographic = st.fractions(min_value=-3, max_value=3, max_denominator=9)
unit_vectors = st.builds(unit_vector, stereographic, stereographic)


@given(unit_vectors, unit_vectors, st.integers(0, 6))
def test_the_full_transvectant_of_two_directions_is_legendre(u, v, l):
    # of q_u^l and q_v^l, up to the factor that u = v gives
    first, second = (powers_of_direction(points([w]), l)[l][None] for w in (u, v))
    found, scale = (int(transvectants(first, g, 0)[0, 0, 0]) for g in (second, first))
    cosine = sum((a * b for a, b in zip(u, v, strict=True)), Fraction(0))
    legendre = [Fraction(1), cosine]
    for k in range(1, l):
        legendre.append(((2 * k + 1) * cosine * legendre[k] - k * legendre[k - 1]) / (k + 1))
    assert scale
    assert found == scale * residue(legendre[l]) % PRIME


def test_there_is_a_square_root_of_minus_one():
    assert pow(IMAGINARY, 2, PRIME) == PRIME - 1


@given(st.integers(1, 6), st.integers(0, 9), st.data())
def test_the_two_forms_of_the_law(L, d, data):
    output = data.draw(st.integers(0, d * L))
    degrees = law.swept_degrees(L, d, output)
    largest = max(min(k * L, output + (d - k) * L) for k in range(d + 1))
    assert law.swept_boundary(L, d, output) == largest == degrees[-1]
    assert law.swept_degrees(L, d) == tuple(range(L * (d // 2) + 1))
    # by all splits into k factors of the moved neighbour and d - k others that couple to the output
    by_splits = {
        l
        for k in range(d + 1)
        for l in range(k * L + 1)
        if any(abs(l - output) <= other <= l + output for other in range((d - k) * L + 1))
    }
    assert set(degrees) == by_splits


@given(st.integers(1, 5), st.integers(0, 8), st.data())
def test_the_law_is_monotone(L, d, data):
    output = data.draw(st.integers(0, d * L))
    assert set(law.swept_degrees(L, d, output)) <= set(law.swept_degrees(L, d + 1, output))
    assert law.swept_boundary(L, d, output) <= law.swept_boundary(L + 1, d, output)
    assert law.swept_boundary(L, d, d * L) == law.boundary(L, d)


@pytest.mark.parametrize(("L", "d", "output"), SMALL)
@pytest.mark.parametrize(("channels", "neighbours"), [(1, 1), (2, 2)])
def test_the_degrees_found_are_the_law_s(L, d, output, channels, neighbours):
    ranks = swept_ranks(L, d, output, random_surroundings(channels, neighbours)).ranks
    assert tuple(l for l, rank in enumerate(ranks) if rank) == law.swept_degrees(L, d, output)


@given(
    st.sampled_from([case for case in SMALL if case[0] * case[1] <= 6]),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(0, 99),
)
@settings(deadline=None, max_examples=10)
def test_both_routes_agree(case, channels, neighbours, seed):
    surroundings = random_surroundings(channels, neighbours, seed)
    numeric = swept_numeric(*case, surroundings)
    exact = swept_ranks(*case, surroundings).ranks
    # a singular value near the tolerance decides nothing: it may fall on either side
    for mine, theirs in zip(exact, numeric.degrees, strict=True):
        assert mine == theirs.rank or not theirs.clear


@given(st.integers(0, 99), st.integers(0, 99))
@settings(deadline=None, max_examples=5)
def test_points_and_a_turn_of_everything_change_nothing(seed, other):
    before = random_surroundings(2, 3, seed)
    # quarter turns and this rotation by a rational matrix generate a dense group
    turn = [
        [Fraction(2, 3), Fraction(-1, 3), Fraction(2, 3)],
        [Fraction(2, 3), Fraction(2, 3), Fraction(-1, 3)],
    ]
    turn.append([Fraction(-1, 3), Fraction(2, 3), Fraction(2, 3)])
    directions = tuple(
        tuple(sum((row[i] * u[i] for i in range(3)), Fraction(0)) for row in turn) for u in before.directions
    )
    after = Surroundings(directions, before.weights)
    assert swept_ranks(2, 4, 0, before, 0) == swept_ranks(2, 4, 0, after, other)


@given(st.sampled_from([(1, 4), (2, 3), (2, 4)]), st.integers(1, 2), st.integers(1, 3), st.integers(0, 99))
@settings(deadline=None, max_examples=6)
def test_more_of_anything_never_hurts(case, channels, neighbours, seed):
    L, d = case

    def ranks(L=L, d=d, channels=channels, neighbours=neighbours):
        return swept_ranks(L, d, 0, random_surroundings(channels, neighbours, seed)).ranks

    before = ranks()
    for after in (ranks(d=d + 1), ranks(channels=channels + 1), ranks(neighbours=neighbours + 1)):
        assert all(a <= b for a, b in zip(before, after, strict=False))
    wider = ranks(L=L + 1, d=2)
    assert all(a <= b for a, b in zip(ranks(d=2), wider, strict=False))


def test_marking_by_species_ends_where_all_does():
    weights = [[1, 2, 0, 0], [0, 0, 3, 1], [2, 1, 0, 0], [0, 0, 1, 2]]
    plain = random_surroundings(4, 3)
    marked = Surroundings(plain.directions, tuple(tuple(map(Fraction, row)) for row in weights))
    for d in (2, 3, 4):
        ranks = swept_ranks(2, d, 0, marked).ranks
        assert [l for l, rank in enumerate(ranks) if rank] == list(range(2 * (d // 2) + 1))


def test_parity_and_a_plane():
    flat, solid = (swept_ranks(2, 4, 0, random_surroundings(5, 4, 0, coplanar)) for coplanar in (True, False))
    assert flat.true == (1, 2, 3, 4, 5, 0, 0, 0, 0)
    assert flat.pseudo == (0, 1, 2, 3, 0, 0, 0, 0, 0)
    assert solid.true == (1, 3, 5, 7, 9, 0, 0, 0, 0)
    # pseudo-scalars end one degree earlier where d is even, and there are none for d = 2
    for L, d in [(1, 2), (2, 2), (1, 3), (2, 3), (1, 4), (3, 4), (1, 5), (2, 5)]:
        pseudo = swept_ranks(L, d, 0, random_surroundings(3, 2)).pseudo
        top = max((l for l, rank in enumerate(pseudo) if rank), default=None)
        assert top == (None if d == 2 else L * (d // 2) - (d % 2 == 0))


def test_symmetric_surroundings_see_less():
    u = unit_vector(Fraction(1), Fraction(1, 2))
    opposite = tuple(-c for c in u)
    two = Surroundings((u, opposite), ((Fraction(1), Fraction(1), Fraction(1)),))
    assert swept_ranks(2, 4, 0, two).ranks == (1, 0, 1, 0, 1, 0, 0, 0, 0)
    one = Surroundings((u,), ((Fraction(1), Fraction(1)), (Fraction(2), Fraction(1))))
    assert swept_ranks(2, 4, 0, one).ranks == (1, 1, 1, 1, 1, 0, 0, 0, 0)


@pytest.mark.parametrize(("L", "d"), [(1, 2), (1, 3), (1, 4), (2, 2), (2, 3)])
def test_enough_is_where_it_starts(L, d):
    rows = enough(L, d)
    for row in rows:
        for neighbours in range(1, 5):
            found = check_invariants(Instance(L, d, 0, row.channels, neighbours), "exact").full
            assert found == (row.neighbours is not None and neighbours >= row.neighbours)
    if d % 2 == 0:
        k = d // 2
        fewest = next(c for c in range(1, 99) if comb(c + k - 1, k) >= 2 * k * L + 1)
        assert (rows[-1].channels, rows[-1].neighbours) == (fewest, fewest)


@given(st.integers(1, 12))
def test_requirements_of_an_invariant(l):
    found = invariant_requirements(l)
    reaching = {(L, d) for L in range(1, l + 1) for d in range(2 * l + 1) if l in law.swept_degrees(L, d)}
    minimal = {p for p in reaching if not any(q != p and q[0] <= p[0] and q[1] <= p[1] for q in reaching)}
    assert {(r.L, r.d) for r in found} == minimal


def test_the_command_says_what_it_finds(capsys, tmp_path):
    path = tmp_path / "invariants.json"
    line = f"invariants --L 2 --d 3 --channels 2 --neighbours 3 --enough --json {path}"
    assert main(line.split()) == 0
    out = capsys.readouterr().out
    assert "have the degrees l <= 2" in out
    assert "Verdict: proved, confirmed numerically" in out
    content = json.loads(path.read_text())
    assert (content["boundary"], content["verified"], content["full"]) == (2, True, True)
    assert [degree["rank"] for degree in content["degrees"]] == [1, 3, 5, 0, 0, 0, 0]
    assert content["enough"][1:] == [{"channels": 2, "neighbours": 3}, {"channels": 3, "neighbours": 2}]
    for name, text in render_tables([read_result(path)]).items():
        (tmp_path / name).write_text(text)
    assert [row[1] for row in body(tmp_path / "invariants.tex")] == ["1", "3", "5", "0", "0", "0", "0"]
    assert body(tmp_path / "invariants-enough.tex") == [["1", "never"], ["2", "3"], ["3", "2"]]


def test_a_wrong_law_is_not_verified(monkeypatch, capsys):
    monkeypatch.setattr(law, "swept_degrees", lambda L, d, output_degree=0: tuple(range(d * L + 1)))
    assert main(["invariants", "--L", "2", "--d", "2", "--method", "exact"]) == 1
    assert "NOT verified" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("invariants --L 2 --d 2 --output-degree 5", "expected at most dL = 4"),
        ("invariants --L 8 --d 8", "GiB"),
        (f"invariants --L {10**30} --d {10**30}", "GiB"),
        ("invariants --L 2 --d 2 --neighbours 0", "neighbours"),
        ("invariants --L 2 --d 2 --neighbours 100000", "at most 10000"),
        ("require --l 5 --invariant --features exact", "expected --features upto"),
    ],
)
def test_what_cannot_be_done_is_refused(line, words, capsys):
    assert main(line.split()) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("directions", "weights"), [(((1, 1, 0),), ((1, 1),)), (((1, 0, 0),), ((1,),)), ((), ())]
)
def test_surroundings_are_checked(directions, weights):
    with pytest.raises(InputError, match="expected"):
        Surroundings(directions, weights)
