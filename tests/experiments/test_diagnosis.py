"""The diagnosis must report what is there: synthetic backbones of known spectrum, one that breaks the ceiling too."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.diagnosis import Settings, diagnose
from experiments.direction import MarkedPair
from span_theorem.errors import InputError
from tests.experiments.synthetic import Noise, Silent, Spectrum, random_frames

TRAINING, TEST = random_frames(80, seed=0), random_frames(40, seed=1)
PAIR = MarkedPair(0, 1)


def run(backbone, training=TRAINING, test=TEST, **options):
    options = {"pair": PAIR, "orientations": 8, "test_orientations": 4} | options
    return diagnose(backbone, training, test, Settings(**options))


def reachable(orders, degree, l_max):
    """Which l ≥ 1 products of up to ``degree`` of the Y_l contain, by the triangle and parity rules of Gaunt."""
    reached, products = set(), {0}
    for _ in range(degree):
        products = {
            l for a in products for b in orders for l in range(abs(a - b), a + b + 1) if (a + b + l) % 2 == 0
        } | products
    reached = products - {0}
    return {l for l in reached if l <= l_max}


@pytest.mark.parametrize("solver", ["equivariant", "free"])
def test_exact_harmonics_up_to_two_are_recovered_up_to_four(solver):
    result = run(Spectrum([0, 1, 2]), solver=solver, degree=2)
    r2 = {found.l: found.r2 for found in result.degrees}
    assert all(r2[l] > 0.99 for l in (1, 2, 3, 4))
    assert all(abs(r2[l]) < 0.02 for l in (5, 6))
    assert result.cross_check.measured_boundary == 4
    assert result.cross_check.agrees is True


@pytest.mark.parametrize("solver", ["equivariant", "free"])
def test_a_network_that_breaks_its_ceiling_is_found_out(solver):
    result = run(Spectrum([0, 1, 2, 5]), solver=solver, degree=2, order=2)
    assert result.cross_check.predicted_boundary == 4
    assert next(found.r2 for found in result.degrees if found.l == 5) > 0.9
    assert result.cross_check.measured_boundary > 4
    assert result.cross_check.agrees is False


@pytest.mark.parametrize("solver", ["equivariant", "free"])
def test_without_order_two_the_boundary_is_two(solver):
    result = run(Spectrum([0, 1]), solver=solver, degree=2, order=2)
    assert result.cross_check.measured_boundary == 2
    assert result.cross_check.agrees is False


@pytest.mark.parametrize("solver", ["equivariant", "free"])
@pytest.mark.parametrize("backbone", [Noise(), Silent()])
def test_nothing_is_recovered_where_nothing_is(solver, backbone):
    training, test = random_frames(80, 2, n_atoms=4), random_frames(40, 3, n_atoms=4)
    result = run(backbone, training, test, solver=solver, degree=2)
    assert result.cross_check.measured_boundary == 0
    for found in result.degrees:
        assert abs(found.r2) < 0.03
        assert found.r2_ci[0] < 0.01


@settings(max_examples=8, deadline=None)
@given(st.sets(st.integers(0, 3), min_size=1), st.integers(1, 3), st.sampled_from(["equivariant", "free"]))
def test_the_measured_boundary_is_the_one_the_spectrum_implies(orders, degree, solver):
    if solver == "free" and degree * max(orders) > 6:
        degree = (
            2 if max(orders) == 3 else degree
        )  # cubics of 16 components want more samples than a test has
    result = run(Spectrum(sorted(orders)), solver=solver, degree=degree, l_max=6)
    recovered = {found.l for found in result.degrees if found.r2_ci[0] > 0.5}
    implied = reachable(orders, degree, 6)
    assert recovered == implied
    assert result.cross_check.measured_boundary == max(implied, default=0)


def test_equivariant_says_where_there_is_no_path():
    paths = {found.l: found.path for found in run(Spectrum([0, 1, 2]), degree=2).degrees}
    assert paths == {1: True, 2: True, 3: True, 4: True, 5: False, 6: False}


def test_nothing_above_the_prediction_measured_leaves_the_verdict_open():
    assert run(Spectrum([0, 1, 2]), degree=2, l_max=4).cross_check.agrees is None


def test_the_same_seed_gives_the_same_result():
    first = run(Spectrum([0, 1, 2]), solver="free", seed=3).to_dict()
    assert first == run(Spectrum([0, 1, 2]), solver="free", seed=3).to_dict()
    assert first["degrees"] != run(Spectrum([0, 1, 2]), solver="free", seed=4).to_dict()["degrees"]


def test_labels_that_do_not_hold_under_rotation_stop_the_run():
    with pytest.raises(InputError, match="not equivariant"):
        run(Spectrum([1, 2], claimed="2x0e+1x1o+1x1o"))


def test_shuffled_labels_recover_nothing(monkeypatch):
    generator = np.random.default_rng(0)
    original = MarkedPair.directions
    monkeypatch.setattr(
        MarkedPair, "directions", lambda self, frames: generator.permutation(original(self, frames))
    )
    result = run(Spectrum([0, 1, 2]), solver="free")
    assert result.cross_check.measured_boundary == 0
    assert all(abs(found.r2) < 0.05 for found in result.degrees)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"degree": 0}, "--d 0 is out of range"),
        ({"degree": 4}, "--d 4 is out of range"),
        ({"l_max": 0}, "--l-max 0 is out of range"),
        ({"l_max": 13}, "--l-max 13 is out of range"),
        ({"order": -1}, "--L -1 is out of range"),
        ({"orientations": 0}, "orientations must be at least 1"),
        ({"solver": "magic"}, "unknown solver 'magic'"),
        ({"pair": MarkedPair(0, 3)}, "--toward 3 is out of range"),
        ({"pair": MarkedPair(-1, 1)}, "--site -1 is out of range"),
        ({"pair": MarkedPair(1, 1)}, "both 1"),
    ],
)
def test_unusable_settings(options, message):
    with pytest.raises(InputError, match=message):
        run(Spectrum([0, 1]), **options)


def test_too_few_frames():
    with pytest.raises(InputError, match=r"19 training frames .* at least 20"):
        run(Spectrum([0, 1]), training=random_frames(19, 5))
    with pytest.raises(InputError, match=r"9 test frames .* at least 10"):
        run(Spectrum([0, 1]), test=random_frames(9, 5))


def test_test_frames_that_were_fitted_are_refused():
    with pytest.raises(InputError, match="also training frames"):
        run(Spectrum([0, 1]), test=TRAINING)


def test_different_molecules_are_refused():
    with pytest.raises(InputError, match="different molecules"):
        run(Spectrum([0, 1]), test=random_frames(40, 1, n_atoms=4))


@pytest.mark.parametrize(
    "options", [{"solver": "free", "orientations": 10**5}, {"solver": "equivariant", "l_max": 12}]
)
def test_a_fit_that_does_not_fit_in_memory_is_refused_with_the_estimate(options, monkeypatch):
    monkeypatch.setattr("span_theorem.budget.available_memory", lambda: 1e6)
    with pytest.raises(
        InputError, match=r"GiB of memory, 0\.0 GiB are available; expected fewer training frames"
    ):
        run(Spectrum([0, 1]), **options)
