"""The solvers, each against an independent route: scikit-learn, autograd, finite differences, one another."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from e3nn.o3 import Irreps
from sklearn.preprocessing import PolynomialFeatures

from experiments.environments import Pair
from experiments.injection import harmonics
from experiments.samples import Inputs, Targets, inject, random_rotations
from experiments.spn import Layout, Probe, free, make_solver
from experiments.spn.mlp import POLYNOMIAL_DEGREE, MlpSPN, Training
from experiments.spn.monomials import monomial_count, monomial_tangents, monomials
from span_theorem.errors import InputError
from tests.experiments.synthetic import random_frames

PAIR = Pair(0, 1)
IRREPS = Irreps("2x0e+2x1o+1x2e")
LAYOUT = Layout(IRREPS, parity=True)
SMALL = Training(width=24, steps=600, samples=(400, 60))


class Synthetic:
    """Features with a smooth dependence on positions, among them the marked direction's harmonics up to l = 2."""

    def __init__(self, n_frames, seed, orientations=4, l_max=3, base=0.0):
        frames = random_frames(n_frames, seed)
        x = torch.tensor(frames.stacked()[1], requires_grad=True)
        from e3nn.o3 import spherical_harmonics

        step, other = x[:, 1] - x[:, 0], x[:, 2] - x[:, 0]
        vectors = [
            spherical_harmonics(l, v, normalize=True, normalization="component")
            for l in (1, 2)
            for v in (step, other)
        ]
        scalars = torch.stack([step.norm(dim=1), other.norm(dim=1)], dim=1)
        features = torch.cat([scalars, vectors[0], vectors[1], vectors[2] + 0.3 * vectors[3]], dim=1)
        slopes = torch.stack(
            [torch.autograd.grad(features[:, i].sum(), x, retain_graph=True)[0] for i in range(IRREPS.dim)],
            dim=1,
        )
        rotations = random_rotations(n_frames, orientations, np.random.default_rng(seed))
        values = features.detach().numpy()
        self.energies = Inputs(values, IRREPS, rotations)
        self.forces = Inputs(values, IRREPS, rotations, slopes.reshape(n_frames, IRREPS.dim, -1).numpy())
        rng = np.random.default_rng(seed + 1)
        residual = base * rng.normal(size=n_frames), base * rng.normal(size=(n_frames, 9))
        self.energy_targets, self.force_targets = (
            inject(PAIR(frames), range(1, l_max + 1), 0.5, PAIR(frames).lengths, part, 0) for part in residual
        )


def share(targets: Targets, inputs: Inputs, predicted, l):
    field = targets.oriented(l, inputs.rotations)
    return 1 - np.sum((field - predicted[l]) ** 2) / np.sum(field**2)


TRAIN, TEST = Synthetic(60, 0), Synthetic(30, 1)
HELD = np.arange(60) % 5 == 0


def solver_of(name, degree=2):
    return make_solver(Probe(name, degree, training=SMALL), LAYOUT, seed=0)


def fitted(solver, inputs, targets, validation=HELD):
    """A solver fitted to one target, as a function of inputs."""
    solver.fit(inputs, [targets], validation)
    return lambda unseen: solver.predict(unseen)[0]


@pytest.mark.parametrize("name", ["equivariant", "free", "mlp"])
def test_linear_probes_find_harmonics_that_are_there(name):
    """Y_1 is a feature: energies and forces of l = 1 come back from a linear probe, those of l = 3 do not."""
    for part, wanted in (("energies", "energy_targets"), ("forces", "force_targets")):
        inputs, targets = getattr(TRAIN, part), getattr(TRAIN, wanted)
        unseen, expected = getattr(TEST, part), getattr(TEST, wanted)
        injected = fitted(solver_of(name, 1), inputs, targets)(unseen).injected
        assert share(expected, unseen, injected, 1) > 0.99
        if 3 in injected:
            assert share(expected, unseen, injected, 3) < 0.05


@pytest.mark.parametrize("name", ["equivariant", "free", "mlp"])
def test_forces_are_the_gradient_of_what_is_fitted(name):
    """A quadratic probe of forces: its R² at l = 2 is no accident of how derivatives are laid out."""
    injected = fitted(solver_of(name, 2), TRAIN.forces, TRAIN.force_targets)(TEST.forces).injected
    assert share(TEST.force_targets, TEST.forces, injected, 2) > 0.9


def test_equivariant_forces_fit_the_same_polynomial_as_its_energies():
    """Where the target is in the span both ways of fitting find it, to rounding."""
    of_energy = fitted(solver_of("equivariant"), TRAIN.energies, TRAIN.energy_targets)
    of_force = fitted(solver_of("equivariant"), TRAIN.forces, TRAIN.force_targets)
    assert share(TEST.energy_targets, TEST.energies, of_energy(TEST.energies).injected, 1) > 0.9999
    assert share(TEST.force_targets, TEST.forces, of_force(TEST.forces).injected, 1) > 0.9999


def test_equivariant_has_no_path_where_none_exists():
    predicted = fitted(solver_of("equivariant", 1), TRAIN.energies, TRAIN.energy_targets)(TEST.energies)
    assert set(predicted.injected) == {1, 2}
    assert set(predicted.null) == {1, 2, 3}


def test_the_null_part_is_what_is_fitted_with_nothing_injected(monkeypatch):
    """`free` is linear in its targets: with the field taken away, the same strength gives the null prediction."""
    train, test = Synthetic(60, 0, base=0.3), Synthetic(30, 1, base=0.3)
    solver = solver_of("free")
    (fit,) = solver.fit(train.energies, [train.energy_targets], HELD)
    silent = replace(train.energy_targets, amplitudes=dict.fromkeys((1, 2, 3), 1e-300))
    monkeypatch.setattr(free, "choose_explicit", lambda *_: list(fit.regularisation.values()))
    alone = fitted(solver_of("free"), train.energies, silent)(test.energies)
    found = solver.predict(test.energies)[0]
    for l in (1, 2, 3):
        assert np.abs(alone.null[l]).max() > 1e-3
        np.testing.assert_allclose(found.null[l], alone.null[l] + alone.injected[l], atol=1e-9)


def test_free_approaches_equivariant_as_orientations_grow():
    """On noisy features, where more orientations mean a better fit; the limit is that of all SO(3) paths."""
    layout = Layout(IRREPS, parity=False)
    noise = np.random.default_rng(3)

    def noisy(sample):
        values = sample.energies.values + 0.3 * noise.normal(size=sample.energies.values.shape)
        return Inputs(values, IRREPS, sample.energies.rotations)

    test = Synthetic(60, 8, orientations=10)
    unseen = noisy(test)

    def score(name, orientations):
        train = Synthetic(80, 7, orientations=orientations)
        train_inputs = Inputs(shared, IRREPS, train.energies.rotations)
        solver = make_solver(Probe(name, 2), layout, 0)
        held = np.arange(80) % 5 == 0
        return share(
            test.energy_targets,
            unseen,
            fitted(solver, train_inputs, train.energy_targets, held)(unseen).injected,
            1,
        )

    shared = noisy(Synthetic(80, 7, orientations=1)).values
    few, many, limit = score("free", 1), score("free", 40), score("equivariant", 1)
    assert few < many
    assert many == pytest.approx(limit, abs=0.03)


def test_explicit_and_kernel_form_of_free_agree_where_data_decide(monkeypatch):
    """Enough samples: the polynomial found does not depend on the form, nor on its prior."""
    train = Synthetic(200, 2, orientations=2)
    held = np.arange(200) % 5 == 0
    explicit = fitted(solver_of("free"), train.energies, train.energy_targets, held)
    monkeypatch.setattr(free, "MOST_EXPLICIT", 0)
    monkeypatch.setattr(free, "choose_explicit", None)  # a call would fail
    kernel = fitted(solver_of("free"), train.energies, train.energy_targets, held)
    monkeypatch.setattr(free, "choose_kernel", None)
    for l in (1, 2):
        np.testing.assert_allclose(
            explicit(TEST.energies).injected[l], kernel(TEST.energies).injected[l], atol=2e-3
        )


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_monomials_are_those_of_scikit_learn(degree):
    z = np.random.default_rng(0).normal(size=(5, 4))
    expected = PolynomialFeatures(degree).fit_transform(z)
    found = monomials(z, degree)
    assert found.shape[1] == monomial_count(4, degree) == expected.shape[1]
    np.testing.assert_allclose(np.sort(found, axis=1), np.sort(expected, axis=1))


def test_monomial_tangents_are_derivatives():
    rng = np.random.default_rng(0)
    z, direction = rng.normal(size=(5, 4)), rng.normal(size=(5, 3, 4))
    found = monomial_tangents(z, direction, 3)
    for t in range(3):
        step = 1e-6 * direction[:, t]
        slope = (monomials(z + step, 3) - monomials(z - step, 3)) / 2e-6
        np.testing.assert_allclose(found[:, t], slope, atol=1e-7)


@pytest.mark.parametrize("activation", list(POLYNOMIAL_DEGREE))
def test_every_activation_trains(activation):
    solver = MlpSPN(activation, Training(width=8, steps=40, samples=(50, 20)), seed=0)
    (fit,) = solver.fit(TRAIN.energies, [TRAIN.energy_targets], HELD)
    (predicted,) = solver.predict(TEST.energies)
    assert all(np.isfinite(values).all() for values in predicted.injected.values())
    assert fit.parameters[1] == 8 * (IRREPS.dim + 2) + 1
    assert fit.regularisation[1] in range(1, 41)


@pytest.mark.parametrize(("activation", "degree"), [("linear", 1), ("square", 2), ("cube", 3)])
def test_polynomial_activations_are_polynomials_of_their_degree(activation, degree):
    """The (degree + 1)-th difference of the fitted energy along a line of features vanishes."""
    solver = MlpSPN(activation, Training(width=16, steps=400, samples=(200, 20)), seed=0)
    predict = fitted(solver, TRAIN.energies, TRAIN.energy_targets)
    start, step = TEST.energies.values[:1], TEST.energies.values[1:2]
    line = np.concatenate([start + t * step for t in range(degree + 3)])
    still = Inputs(line, IRREPS, np.broadcast_to(np.eye(3), (len(line), 1, 3, 3)))
    values = predict(still).injected[degree][:, 0]
    assert np.abs(np.diff(values, degree)).max() > 1e-2 * np.abs(values).max() > 0
    assert np.abs(np.diff(values, degree + 1)).max() < 1e-3 * np.abs(values).max()


def test_a_wide_layer_that_is_no_polynomial_crosses_a_linear_ceiling():
    """l = 3 is above the ceiling of a linear probe of Y_1 and Y_2; tanh makes products of its own."""
    training = Training(width=150, steps=1000, samples=(400, 60))
    train, test = Synthetic(150, 4), Synthetic(40, 5)
    held = np.arange(150) % 5 == 0
    shares = {}
    for activation in ("linear", "tanh"):
        predict = fitted(MlpSPN(activation, training, 0), train.energies, train.energy_targets, held)
        shares[activation] = share(test.energy_targets, test.energies, predict(test.energies).injected, 3)
    assert shares["linear"] < 0.03
    assert shares["tanh"] > 0.5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"solver": "magic"}, "unknown solver 'magic': expected one of equivariant, free, mlp"),
        ({"degree": 0}, "the degree d = 0 is out of range"),
        ({"degree": 5}, "the degree d = 5 is out of range"),
        ({"activation": "square"}, "activation square is for solver mlp, not for equivariant"),
        ({"solver": "mlp", "activation": "swish"}, "unknown activation 'swish'"),
        ({"solver": "mlp", "degree": 3, "activation": "square"}, "expected d = 2"),
    ],
)
def test_probes_that_do_not_exist(options, message):
    with pytest.raises(InputError, match=message):
        Probe(**options)


def test_training_out_of_range():
    with pytest.raises(InputError, match="width 0"):
        Training(width=0)
    with pytest.raises(InputError, match="steps 0"):
        Training(steps=0)


def test_harmonics_of_the_marked_direction_are_the_components():
    targets = TRAIN.energy_targets
    np.testing.assert_allclose(targets.components(2), targets.amplitudes[2] * harmonics(targets.units, 2))
