"""What every SPN has to do, on features whose spectrum is known, and what none may look at."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from e3nn.o3 import Irreps

from experiments.backbones.free_molecule import of_batches
from experiments.environments import Pair
from experiments.features import FeatureReader
from experiments.residuals import residuals
from experiments.samples import Inputs, Targets, inject, random_rotations
from experiments.spn import Layout, Probe, free, make_solver
from experiments.spn.mlp import Training
from tests.experiments.synthetic import Spectrum, random_frames

PAIR, OTHER = Pair(0, 1), Pair(1, 2)
SPNS = ("free, explicit", "free, kernel", "equivariant", "mlp")
DEGREES = {
    "free, explicit": 1
}  # on many channels, of which there are more monomials than samples from degree 2 on
SHORT = Training(width=8, steps=60, samples=(100, 30))
CHANNELS = Irreps("4x0e+4x1o+4x2e")


@pytest.fixture
def make(monkeypatch):
    """Makes a solver of a kind; the form of `free` is set for the whole test."""

    def solver(kind, irreps, training=SHORT):
        name, _, form = kind.partition(", ")
        degree = DEGREES.get(kind, 2) if irreps is CHANNELS else 2
        monkeypatch.setattr(free, "MOST_EXPLICIT", 0 if form == "kernel" else 12_000)
        if form:  # the other form would fail
            monkeypatch.setattr(free, {"kernel": "choose_explicit", "explicit": "choose_kernel"}[form], None)
        return make_solver(Probe(name, degree, training=training), Layout(irreps, parity=True), 0)

    return solver


def spectrum(n, seed, orientations, l_max, forces=False):
    """Features Y_0, Y_1, Y_2 of the marked direction, and injections up to ``l_max``."""
    frames, network = random_frames(n, seed), Spectrum([0, 1, 2])
    x = torch.tensor(frames.stacked()[1], requires_grad=True)
    features = network.features(None, x)[:, 0]
    jacobian = None
    if forces:
        slopes = [torch.autograd.grad(one.sum(), x, retain_graph=True)[0] for one in features.T]
        jacobian = torch.stack(slopes, dim=1).reshape(n, 9, -1).numpy()
    rotations = random_rotations(n, orientations, np.random.default_rng(seed))
    base = np.zeros((n, 9) if forces else n)
    targets = inject(PAIR(frames), range(1, l_max + 1), 0.5, PAIR(frames).lengths, base, 0)
    return Inputs(features.detach().numpy(), network.irreps, rotations, jacobian), targets


def noise(n, seed, orientations=1, irreps=CHANNELS, pair=PAIR, base=0.0):
    """Features that know nothing of what is injected."""
    rng, frames = np.random.default_rng([seed, 7]), random_frames(n, seed)
    inputs = Inputs(rng.normal(size=(n, irreps.dim)), irreps, random_rotations(n, orientations, rng))
    return inputs, inject(pair(frames), range(1, 4), 0.5, pair(frames).lengths, base * rng.normal(size=n), 0)


def held(inputs, every=4):
    return np.arange(len(inputs)) % every == 0


def predict(solver, inputs, targets, unseen, validation=None):
    many = [targets] if isinstance(targets, Targets) else targets
    solver.fit(inputs, many, held(inputs) if validation is None else validation)
    found = solver.predict(unseen)
    return found[0] if isinstance(targets, Targets) else found


def share(inputs, targets, predicted, l):
    field = targets.oriented(l, inputs.rotations)
    return 1 - np.sum((field - predicted.injected.get(l, 0)) ** 2) / np.sum(field**2)


@pytest.mark.parametrize(
    ("kind", "forces"),
    [*((kind, False) for kind in SPNS), ("free, explicit", True), ("equivariant", True)],
)
def test_finds_a_planted_spectrum_and_ends_where_it_must(make, kind, forces):
    inputs, targets = spectrum(90, 0, 6, 6, forces)
    unseen, expected = spectrum(30, 1, 3, 6, forces)
    training = Training(width=32, steps=400, samples=(300, 60))
    found = predict(make(kind, inputs.irreps, training), inputs, targets, unseen)
    for l in (1, 2, 3, 4):
        assert share(unseen, expected, found, l) > 0.95
    for l in (5, 6):
        assert abs(share(unseen, expected, found, l)) < 0.06
        assert (l in found.injected) is (kind != "equivariant")


@pytest.mark.parametrize("kind", SPNS)
def test_nothing_injected_beside_nothing_left_is_nothing_predicted(make, kind):
    inputs, targets = spectrum(40, 0, 2, 2)
    found = predict(make(kind, inputs.irreps), inputs, targets, inputs)
    largest = np.abs(targets.oriented(1, inputs.rotations)).max()
    assert set(found.null) == {1, 2}
    assert all(np.abs(one).max() < 1e-6 * largest for one in found.null.values())


@pytest.mark.parametrize("kind", SPNS)
def test_the_same_twice_is_the_same(make, kind):
    inputs, targets = noise(40, 0, orientations=2, base=0.1)
    first, second = (predict(make(kind, CHANNELS), inputs, targets, inputs) for _ in range(2))
    for l in first.injected:
        np.testing.assert_array_equal(first.injected[l], second.injected[l])
        np.testing.assert_array_equal(first.null[l], second.null[l])


@pytest.mark.parametrize("kind", SPNS)
def test_several_targets_at_once_are_what_each_alone_is(make, kind):
    inputs, targets = noise(40, 0, orientations=2, base=0.1)
    marked = [
        targets,
        noise(40, 0, pair=OTHER, base=0.1)[1],
        replace(targets, amplitudes={l: 3 * a for l, a in targets.amplitudes.items()}),
    ]
    unseen, _ = noise(10, 1, orientations=2)
    for target, one in zip(marked, predict(make(kind, CHANNELS), inputs, marked, unseen), strict=True):
        alone = predict(make(kind, CHANNELS), inputs, target, unseen)
        assert set(alone.injected) == set(one.injected) == {1, 2, 3}
        for l in alone.injected:
            size = np.abs(alone.injected[l]).max()
            np.testing.assert_allclose(one.injected[l], alone.injected[l], rtol=0, atol=1e-10 * size)
            np.testing.assert_allclose(one.null[l], alone.null[l], rtol=0, atol=1e-10)


@pytest.mark.parametrize("kind", SPNS)
def test_the_regularisation_is_chosen_on_rows_that_are_not_fitted(make, kind):
    """As many parameters as rows can repeat noise; what they repeat fails on rows that they have not seen."""
    number = {"equivariant": 24, "mlp": 16}.get(kind, 60)  # rows of these are structures times components
    inputs, targets = noise(number, 0)
    unseen, expected = noise(60, 1, orientations=3)
    training = Training(width=64, steps=400, samples=(300, 60))
    found = predict(make(kind, CHANNELS, training), inputs, targets, unseen, held(inputs, 2))
    assert set(found.injected) == {1, 2, 3}
    for l in found.injected:
        field = expected.oriented(l, unseen.rotations)
        assert np.mean(found.injected[l] ** 2) < 0.25 * np.mean(field**2)


@pytest.mark.parametrize("kind", SPNS)
def test_features_are_standardised_on_training_rows_alone(make, kind):
    """A channel that does not vary there, as Y_0, is no channel, whatever it does on validation structures."""
    inputs, targets = spectrum(60, 0, 2, 2)
    unseen, _ = spectrum(10, 1, 1, 2)
    rng, validation = np.random.default_rng(0), held(inputs)
    inputs.values[:, 1:] += 0.3 * rng.normal(
        size=(60, 8)
    )  # so that a channel that is none would get a weight
    inputs.values[validation, 0] = rng.normal(size=validation.sum())
    varied = unseen.values.copy()
    varied[:, 0] = rng.normal(size=10)
    solver = make(kind, inputs.irreps)
    found = predict(solver, inputs, targets, unseen, validation)
    (moved,) = solver.predict(replace(unseen, values=varied))
    for l in found.injected:
        size = np.abs(found.injected[l]).max()
        assert size > 0
        np.testing.assert_allclose(moved.injected[l], found.injected[l], rtol=0, atol=1e-12 * size)


def test_residuals_of_test_structures_know_nothing_of_their_own_mean():
    frames = [random_frames(30, 0), random_frames(20, 1)]

    def shifted(one, by):
        return replace(one, energies=one.energies + by)

    def left(training, test):
        return residuals(of_batches(Spectrum([0, 1])), training, test, FeatureReader(), True)

    plain, moved = left(*frames), left(frames[0], shifted(frames[1], 5.0))
    np.testing.assert_array_equal(moved.energies[0], plain.energies[0])
    np.testing.assert_allclose(moved.energies[1], plain.energies[1] + 5)
    lifted = left(shifted(frames[0], 5.0), frames[1])
    np.testing.assert_allclose(lifted.energies[0], plain.energies[0], atol=1e-12)
    np.testing.assert_allclose(lifted.energies[1], plain.energies[1] - 5)
    assert plain.energies[0].mean() == pytest.approx(0, abs=1e-12)
