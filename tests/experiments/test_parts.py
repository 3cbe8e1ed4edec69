"""The diagnosis' small parts, each against an independent route."""

import numpy as np
import pytest
import torch
from e3nn.o3 import Irreps, spherical_harmonics
from hypothesis import given
from hypothesis import strategies as st

from experiments.crosscheck import cross_check
from experiments.direction import MarkedPair
from experiments.harmonics import harmonics
from experiments.orientations import orient
from experiments.recovery import Recovery, recoveries
from experiments.split import divide, draw, require_disjoint
from experiments.spn import Layout, make_solver
from span_theorem.errors import InputError
from tests.experiments.synthetic import random_frames


def unit_vectors(n, seed):
    vectors = np.random.default_rng(seed).normal(size=(n, 3))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_harmonics_are_e3nn_component_harmonics():
    directions = unit_vectors(5, 0)
    for l, values in harmonics(directions, 4).items():
        expected = spherical_harmonics(l, torch.from_numpy(directions), True, normalization="component")
        np.testing.assert_allclose(values, expected.numpy(), atol=1e-12)


def test_oriented_features_are_those_of_the_oriented_direction():
    directions = unit_vectors(6, 1)
    irreps = Irreps("1x1o+1x3o")
    features = np.concatenate([harmonics(directions, 3)[l] for l in (1, 3)], axis=1)
    turned, turned_directions = orient(
        features, directions, irreps, orientations=4, rng=np.random.default_rng(2)
    )
    expected = np.concatenate([harmonics(turned_directions, 3)[l] for l in (1, 3)], axis=1)
    np.testing.assert_allclose(turned, expected, atol=1e-10)


def test_orientations_are_uniform_and_frames_stay_together():
    directions = np.repeat(unit_vectors(1, 0), 3, axis=0)
    _, turned = orient(
        np.zeros((3, 1)), directions, Irreps("1x0e"), orientations=4000, rng=np.random.default_rng(0)
    )
    values = harmonics(turned, 4)
    for l in values:  # every harmonic averages to zero over uniform orientations
        assert np.abs(values[l].mean(axis=0)).max() < 5 / np.sqrt(12000)


def test_free_approaches_equivariant_as_orientations_grow():
    generator = np.random.default_rng(0)
    irreps = Irreps("2x0e+2x1o+2x2e")
    frames, unseen = 60, 60
    features = generator.normal(size=(frames + unseen, irreps.dim))
    # an equivariant target of degree two: the vector 1o(0) times the scalar 0e(1), plus noise
    target = features[:, 2:5] * features[:, 1:2] + 0.3 * generator.normal(size=(frames + unseen, 3))
    layout, held = Layout(irreps, parity=True), np.arange(frames) % 5 == 0

    def score(solver, orientations):
        fitted, predicted = make_solver(solver, 2, layout), None
        if orientations:
            turned, _ = orient(
                np.concatenate([features, target], axis=1)[:frames],
                unit_vectors(frames, 0),
                Irreps(f"{irreps}+1x1o"),
                orientations,
                rng=np.random.default_rng(1),
            )
            fitted.fit(turned[:, :-3], {1: turned[:, -3:]}, np.repeat(held, orientations))
        else:
            fitted.fit(features[:frames], {1: target[:frames]}, held)
        predicted = fitted.predict(features[frames:])[1]
        return 1 - np.sum((predicted - target[frames:]) ** 2) / np.sum(target[frames:] ** 2)

    equivariant, few, many = score("equivariant", 0), score("free", 1), score("free", 40)
    assert few < many <= equivariant + 0.02
    assert many > equivariant - 0.1


def test_marked_direction():
    frames = random_frames(10, 0)
    directions = MarkedPair(2, 0).directions(frames)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1)
    np.testing.assert_allclose(directions, -MarkedPair(0, 2).directions(frames))


@given(st.integers(20, 60), st.integers(2, 40), st.integers(2, 40), st.integers(0, 5))
def test_divided_frames_are_disjoint_and_within_their_numbers(total, n_training, n_test, seed):
    frames = random_frames(total, 0)
    training, test = divide(frames, n_training, n_test, seed)
    require_disjoint(training, test)
    assert 1 <= len(training) <= n_training
    assert 1 <= len(test) <= n_test
    if total >= n_training + n_test:
        assert (len(training), len(test)) == (n_training, n_test)


def test_drawing_more_frames_than_there_are_takes_all():
    frames = random_frames(5, 0)
    assert draw(frames, 10, seed=0) is frames
    assert len(draw(frames, 3, seed=0)) == 3


def test_a_shared_frame_is_refused():
    frames = random_frames(5, 0)
    with pytest.raises(InputError, match="1 test frames"):
        require_disjoint(frames, frames.select([2]))


def test_recovery_of_perfect_half_and_absent_predictions():
    generator = np.random.default_rng(0)
    targets = {l: generator.normal(size=(200, 2 * l + 1)) for l in (1, 2, 3)}
    predictions = {1: targets[1], 2: targets[2] / 2}
    perfect, half, absent = recoveries(
        targets, predictions, {1: 1e-3, 2: 1.0}, clusters=50, rng=np.random.default_rng(0)
    )
    assert perfect.r2 == 1
    assert half.r2 == pytest.approx(0.75)
    assert half.r2_ci == pytest.approx((0.75, 0.75))
    assert (absent.r2, absent.r2_ci, absent.path) == (0, (0, 0), False)


def found(*lows):
    return [Recovery(l, low + 0.1, (low, low + 0.2), True, 1.0) for l, low in enumerate(lows, start=1)]


@pytest.mark.parametrize(
    ("lows", "L", "measured", "agrees"),
    [
        ((0.9, 0.9, 0.9, 0.5, 0.0, 0.0), 2, 4, True),
        ((0.9, 0.9, 0.9, 0.04, 0.0, 0.0), 2, 3, False),
        ((0.9, 0.9, 0.9, 0.5, 0.3, 0.0), 2, 5, False),
        ((0.9, 0.9, 0.9, 0.5, 0.0, 0.0), 3, 4, False),
        ((0.0, 0.0, 0.0, 0.0, 0.0, 0.0), 0, 0, True),
        ((0.9, 0.9), 2, 2, None),
        ((0.9, 0.9, 0.0, 0.0), 2, 2, False),
    ],
)
def test_cross_check(lows, L, measured, agrees):
    result = cross_check(found(*lows), L, 2)
    assert result.measured_boundary == measured
    assert result.agrees is agrees
    assert result.direction == {True: None, None: None}.get(agrees, "above" if measured > 2 * L else "below")


def test_a_solver_without_any_path_decides_nothing():
    silent = [Recovery(l, 0.0, (0.0, 0.0), False, None) for l in range(1, 7)]
    assert cross_check(silent, 0, 2).agrees is None
    assert "no path to any frequency" in cross_check(silent, 0, 2).verdict()
