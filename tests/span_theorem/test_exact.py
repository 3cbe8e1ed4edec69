"""Exact ranks: against sympy's Gaunt coefficients, under a change of basis, and their order in L and d."""

from itertools import combinations_with_replacement

import pytest
import sympy
from flint import nmod_poly
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sympy.physics.wigner import real_gaunt

from span_theorem.exact import PRIME, _Block, _legendre, _products, exact_span, weight_polynomials
from span_theorem.law import FEATURES, expected_degrees, expected_dim

features_of = st.sampled_from(FEATURES)


def test_prime():
    assert sympy.isprime(PRIME)
    assert PRIME.bit_length() == 61


@given(st.integers(0, 5), st.integers(0, 5), features_of)
@settings(deadline=None, max_examples=40)
def test_ranks_are_the_laws(L, d, features):
    span = exact_span(L, d, features)
    expected = expected_degrees(L, d, features)
    assert span.ranks == tuple((2 * l + 1) * (l in expected) for l in range(d * L + 3))
    assert span.span_dim == expected_dim(L, d, features)


@pytest.mark.parametrize(("L", "features"), [(1, "upto"), (1, "exact"), (2, "exact")])
def test_quadratic_ranks_by_real_gaunt(L, features):
    degrees = range(L + 1) if features == "upto" else [L]
    functions = [(l, m) for l in degrees for m in range(-l, l + 1)]
    constant = [(0, 0)] if features == "exact" else []
    for l, rank in enumerate(exact_span(L, 2, features).ranks):
        rows = [
            [real_gaunt(a, b, l, p, q, m) for m in range(-l, l + 1)]
            for (a, p), (b, q) in combinations_with_replacement(functions, 2)
        ]
        rows += [[sympy.Integer(key == (l, m)) for m in range(-l, l + 1)] for key in constant + functions]
        assert sympy.Matrix(rows).rank() == rank


@given(st.integers(1, 4), st.integers(1, 3), features_of, st.data())
@settings(deadline=None, max_examples=20)
def test_ranks_do_not_depend_on_the_basis_of_the_features(L, d, features, data):
    entry = st.integers(-9, 9)
    matrices = []
    for m in range(L + 1):
        size = L - m + 1 if features == "upto" else 1
        rows = data.draw(
            st.lists(st.lists(entry, min_size=size, max_size=size), min_size=size, max_size=size)
        )
        assume(sympy.Matrix(rows).det() % PRIME != 0)
        matrices.append(rows)
    mixed = exact_span(L, d, features, change_of_basis=matrices.__getitem__)
    assert mixed == exact_span(L, d, features)


def test_a_singular_change_of_basis_loses_rank():
    # without Y_20 the weight-0 block of H_2 can come from nowhere
    matrices = [[[1, 0, 0], [0, 1, 0], [0, 0, 0]], [[1, 0], [0, 1]], [[1]]]
    assert exact_span(2, 1, change_of_basis=matrices.__getitem__).ranks == (1, 3, 4, 0, 0)


@given(st.integers(0, 4), st.integers(0, 4))
@settings(deadline=None, max_examples=15)
def test_monotone_in_L_and_d(L, d):
    ranks = exact_span(L, d).ranks
    for larger in (exact_span(L + 1, d).ranks, exact_span(L, d + 1).ranks):
        assert all(a <= b for a, b in zip(ranks, larger, strict=False))
        assert len(ranks) <= len(larger)


def test_progress_reaches_its_end():
    steps = []
    exact_span(2, 3, progress=lambda done, total: steps.append((done, total)))
    assert steps == sorted(steps)
    assert steps[-1][0] == steps[-1][1]


def test_products_are_those_of_functions_on_the_sphere():
    # the ranks alone would not notice a lost factor 1 - z²: compare values at a point with w w̄ = 1 - z²
    z, w = 1234567, 7654321
    mirrored = (1 - z * z) * pow(w, -1, PRIME)

    def value(m, q):
        return int(q(z)) * pow(w if m >= 0 else mirrored, abs(m), PRIME) % PRIME

    L = 3
    factors = [block[-1:] for block in weight_polynomials(L, "upto")]
    blocks = [_Block(4, 1) for _ in range(5)]
    for m, block in enumerate(blocks):
        block.add([m + 1, 2, 0, 5], 1)
    functions = {id(block): nmod_poly([m + 1, 2, 0, 5], PRIME) for m, block in enumerate(blocks)}
    for m in range(6):
        found = sorted(value(m, functions[id(block)] * by) for block, by in _products(m, blocks, factors))
        expected = sorted(
            value(mu, factors[abs(mu)][0]) * value(m - mu, functions[id(blocks[abs(m - mu)])]) % PRIME
            for mu in range(-L, L + 1)
            if abs(m - mu) < len(blocks)
        )
        assert found == expected


@pytest.mark.parametrize("highest", [0, 1, 9])
def test_legendre_polynomials_are_sympys(highest):
    z = sympy.Symbol("z")
    for l, found in enumerate(_legendre(highest)):
        coefficients = sympy.Poly(sympy.legendre(l, z), z).all_coeffs()[::-1]
        assert [int(c) for c in found.coeffs()] == [
            int(c.p) * pow(int(c.q), -1, PRIME) % PRIME for c in coefficients
        ]
