"""The maps of `show` are equivariant, restrict to the sphere as stated, and are all there are."""

from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pytest
import torch
from e3nn import o3
from hypothesis import given, settings
from hypothesis import strategies as st

from span_theorem.equivariant_map import EquivariantMap
from span_theorem.errors import InputError
from span_theorem.explicit import EquivariantMaps, equivariant_maps
from span_theorem.multiplicity import multiplicities

maps_of = cache(equivariant_maps)


@st.composite
def instances(draw):
    """Small (L, d, l, features) at or below the boundary."""
    L = draw(st.integers(0, 3))
    d = draw(st.integers(0, 3 if L < 3 else 2))
    return L, d, draw(st.integers(0, d * L)), draw(st.sampled_from(["upto", "exact"]))


def evaluate(found: EquivariantMap, features: dict[int, np.ndarray]) -> np.ndarray:
    """The map at feature vectors, (n, 2k+1) for each k; shape (n, 2l+1)."""
    n = len(next(iter(features.values())))
    columns = []
    for m in range(-found.l, found.l + 1):
        total = np.zeros(n)
        for monomial, coefficient in found.component(m).items():
            term = np.full(n, float(coefficient))
            for k, order, power in monomial:
                term *= features[k][:, order + k] ** power
            total += term
        columns.append(total)
    return np.stack(columns, axis=1)


def random_rotation(seed: int, degrees: set[int]) -> dict[int, np.ndarray]:
    """e3nn's Wigner matrices of one random rotation, by degree, in float64."""
    angles = torch.tensor(np.random.default_rng(seed).uniform(0.1, 3, size=3))
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)  # e3nn makes its generators in the default type
    try:
        return {l: o3.Irrep(l, 1).D_from_angles(*angles).numpy() for l in degrees}
    finally:
        torch.set_default_dtype(default)


@settings(max_examples=25, deadline=None)
@given(instances(), st.integers(0, 2**32 - 1))
def test_maps_commute_with_the_rotations_of_e3nn(instance, seed):
    L, _, l, _ = instance
    rng = np.random.default_rng(seed)
    features = {k: rng.normal(size=(3, 2 * k + 1)) for k in range(L + 1)}
    D = random_rotation(seed, {*range(L + 1), l})
    rotated = {k: vector @ D[k].T for k, vector in features.items()}
    result = maps_of(*instance)
    assert result.verified
    for found in result.maps:
        before, after = evaluate(found, features), evaluate(found, rotated)
        np.testing.assert_allclose(after, before @ D[l].T, atol=1e-9 * np.abs(before).max())
        assert np.abs(before).max() > 0


@settings(max_examples=25, deadline=None)
@given(instances(), st.integers(0, 2**32 - 1))
def test_with_harmonics_put_in_a_map_gives_its_multiple_of_the_harmonic(instance, seed):
    L, _, l, _ = instance
    points = np.random.default_rng(seed).normal(size=(5, 3))

    def harmonics(degree):
        return o3.spherical_harmonics(degree, torch.tensor(points), True, normalization="component").numpy()

    for found in maps_of(*instance).maps:
        values = evaluate(found, {k: harmonics(k) for k in range(L + 1)})
        np.testing.assert_allclose(values, float(found.restriction) * harmonics(l), atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(instances())
def test_there_are_as_many_maps_as_characters_say_and_they_are_independent(instance):
    L, d, l, features = instance
    maps = maps_of(*instance).maps
    assert len(maps) == multiplicities(L, d, features).total[l]
    # the components m = l alone must already be independent
    monomials = sorted({monomial for found in maps for monomial in found.component(l)})
    matrix = [[float(found.component(l).get(monomial, 0)) for monomial in monomials] for found in maps]
    if maps:
        assert np.linalg.matrix_rank(np.array(matrix)) == len(maps)


@pytest.mark.parametrize("L", [1, 2])
def test_quadratic_maps_are_as_many_as_e3nn_finds(L):
    irreps = "+".join(f"1x{k}e" for k in range(L + 1))
    reduced = o3.ReducedTensorProducts("ij=ji", i=irreps).irreps_out
    for l in range(2 * L + 1):
        quadratic = [found for found in maps_of(L, 2, l).maps if found.degree == 2]
        assert len(quadratic) == reduced.count(f"{l}e")


def test_cubic_maps_are_as_many_as_e3nn_finds():
    reduced = o3.ReducedTensorProducts("ijk=jik=ikj", i="1x2e").irreps_out
    for l in range(7):
        cubic = [found for found in maps_of(2, 3, l, "exact").maps if found.degree == 3]
        assert len(cubic) == reduced.count(f"{l}e")


@pytest.mark.parametrize(
    ("l1", "l2", "l"), [(2, 2, 4), (1, 2, 3), (1, 2, 2), (2, 2, 0), (2, 3, 4), (3, 3, 2)]
)
def test_quadratic_maps_are_the_clebsch_gordan_coupling_of_e3nn(l1, l2, l):
    factors = ((l1, 2),) if l1 == l2 else ((l1, 1), (l2, 1))
    (found,) = (m for m in maps_of(max(l1, l2), 2, l).maps if m.factors == factors)
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(4, 2 * l1 + 1)), rng.normal(size=(4, 2 * l2 + 1))
    if l1 == l2:
        b = a
    coupled = np.einsum("ijk,ni,nj->nk", o3.wigner_3j(l1, l2, l, dtype=torch.float64).numpy(), a, b)
    ours = evaluate(found, {l1: a, l2: b})
    scale = np.vdot(coupled, ours) / np.vdot(coupled, coupled)
    assert abs(scale) > 1e-3
    np.testing.assert_allclose(ours, scale * coupled, atol=1e-10)


@pytest.mark.parametrize(("l1", "l2", "l"), [(1, 2, 3), (1, 2, 1), (2, 3, 5), (1, 3, 4)])
def test_quadratic_maps_are_the_gaunt_coefficients_of_sympy(l1, l2, l):
    from sympy.physics.wigner import real_gaunt

    (found,) = (m for m in maps_of(l2, 2, l).maps if m.factors == ((l1, 1), (l2, 1)))
    ours, gaunt = [], []
    for m1, m2, m in product(range(-l1, l1 + 1), range(-l2, l2 + 1), range(-l, l + 1)):
        ours.append(float(found.component(m).get(((l1, m1, 1), (l2, m2, 1)), 0)))
        gaunt.append(float(real_gaunt(l1, l2, l, m1, m2, m)))
    # sympy's polar axis is z, e3nn's is y: one rotation for all three functions leaves the couplings alone
    scale = np.vdot(gaunt, ours) / np.vdot(gaunt, gaunt)
    assert abs(scale) > 1e-3
    np.testing.assert_allclose(ours, scale * np.array(gaunt), atol=1e-12)


@pytest.mark.parametrize("features", ["upto", "exact"])
@pytest.mark.parametrize(("L", "d"), [(1, 1), (1, 4), (2, 2), (2, 3), (3, 2), (4, 2), (5, 0)])
def test_the_boundary_is_reached_by_one_map_and_nothing_lies_above(L, d, features):
    at_boundary = maps_of(L, d, d * L, features)
    (found,) = at_boundary.maps
    assert found.restriction == 1
    assert at_boundary.verified
    assert maps_of(L, d, d * L + 1, features).maps == ()
    assert maps_of(L, d, d * L + 1, features).verified


def test_odd_degrees_are_missing_for_one_even_degree_of_features():
    assert maps_of(2, 2, 3, "exact").maps == ()
    assert maps_of(3, 2, 1, "exact").maps == ()
    # in Sym³ the odd degree l = 3 does occur, but not on the sphere
    (found,) = maps_of(2, 3, 3, "exact").maps
    assert found.restriction == 0


def test_degenerate_features_have_one_map_a_power():
    assert [found.name for found in maps_of(0, 3, 0).maps] == ["1", "Y_0", "Y_0²", "Y_0³"]


def test_a_map_that_was_tampered_with_does_not_verify():
    (found,) = maps_of(2, 2, 4).maps
    components = list(found.scaled)
    components[3] = -components[3]
    flipped = replace(found, scaled=tuple(components))
    assert not flipped.equivariant
    assert flipped.restriction is None
    blended = replace(found, scaled=(found.scaled[0] + found.scaled[1], *found.scaled[1:]))
    assert blended.ratio(-4) is None
    assert blended.restriction is None
    # right on the sphere, and yet not equivariant: Y[2, -2] stands in for Y[0, 0]·Y[2, -2]
    with_constant = next(m for m in maps_of(2, 2, 2).maps if m.name == "Y_0·Y_2")
    first = with_constant.scaled[0].context().gens()[1]
    mixed = replace(with_constant, scaled=(first, *with_constant.scaled[1:]))
    assert mixed.restriction == 1
    assert not mixed.equivariant
    assert not EquivariantMaps(2, 2, 4, "upto", (flipped,)).verified
    assert not EquivariantMaps(2, 2, 2, "upto", maps_of(2, 2, 2).maps[1:]).verified


def test_text_and_sympy_expression_of_a_component_agree():
    import sympy

    for found in maps_of(2, 2, 2).maps:
        for m in range(-2, 3):
            parsed = sympy.sympify(found.formula(m), locals={"Y": sympy.IndexedBase("Y")})
            assert sympy.expand(parsed - found.sympy(m)) == 0


def test_expanding_the_printed_formulas_with_sympy_gives_the_harmonic():
    import sympy

    from span_theorem.harmonics_xyz import harmonic

    x, y, z = sympy.symbols("x y z")
    base = sympy.IndexedBase("Y")
    (found,) = maps_of(2, 2, 4).maps
    put_in = {base[2, m]: harmonic(2, m) for m in range(-2, 3)}
    for m in range(-4, 5):
        difference = sympy.expand(found.sympy(m).subs(put_in) - harmonic(4, m))
        assert sympy.rem(difference, x**2 + y**2 + z**2 - 1, x) == 0


def test_the_result_is_reproducible():
    assert equivariant_maps(2, 3, 2).to_dict() == equivariant_maps(2, 3, 2).to_dict()


@pytest.mark.parametrize(
    "arguments", [(-1, 2, 4), (2, -1, 4), (2, 2, -4), (2.0, 2, 4), (2, 1.5, 4), (2, 2, "4")]
)
def test_numbers_that_are_not_whole_and_positive_are_refused(arguments):
    with pytest.raises(InputError, match="expected an integer >= 0"):
        equivariant_maps(*arguments)


def test_unknown_features_and_orders_are_refused():
    with pytest.raises(InputError, match="features = 'all'"):
        equivariant_maps(2, 2, 4, "all")
    with pytest.raises(InputError, match="order m = 5 is out of range"):
        maps_of(2, 2, 4).maps[0].component(5)


@pytest.mark.parametrize(
    "arguments", [(5, 8, 3), (10, 10, 10), (10**9, 10**9, 5), (0, 10**8, 0), (1, 4999, 3)]
)
def test_a_size_that_cannot_be_written_out_is_refused_with_an_estimate(arguments):
    with pytest.raises(InputError, match=r"too large to write out: .*\d"):
        equivariant_maps(*arguments)
