import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from numerics.ridge import (
    STRENGTHS,
    NormalEquations,
    Shifted,
    choose_explicit,
    choose_kernel,
    kernel_ridge,
    solve_explicit,
)


@given(st.integers(0, 10_000), st.floats(1e-3, 10))
def test_dual_predictions_equal_primal_ridge(seed, strength):
    generator = np.random.default_rng(seed)
    features, new = generator.normal(size=(12, 5)), generator.normal(size=(4, 5))
    targets = generator.normal(size=(12, 2))
    gram = features @ features.T
    dual = (new @ features.T) @ kernel_ridge(gram, targets, strength)
    alpha = strength * np.trace(gram) / len(gram)
    primal = Ridge(alpha=alpha, fit_intercept=False).fit(features, targets).predict(new)
    np.testing.assert_allclose(dual, primal, atol=1e-8)


def test_the_gram_matrix_is_left_as_it_was():
    gram = np.eye(3)
    kernel_ridge(gram, np.ones((3, 1)), 1.0)
    np.testing.assert_array_equal(gram, np.eye(3))


def test_validation_prefers_strength_for_noise_and_weakness_for_signal():
    generator = np.random.default_rng(1)
    features = generator.normal(size=(200, 20))
    signal = features @ generator.normal(size=(20, 1))
    targets = np.concatenate([signal, generator.normal(size=(200, 1))], axis=1)
    fit, held = slice(0, 150), slice(150, 200)
    gram, cross = features[fit] @ features[fit].T, features[held] @ features[fit].T
    best = choose_kernel(gram, targets[fit], cross, targets[held])
    assert best[0] < 1e-4
    assert best[1] >= 1
    assert best == by_hand(features, targets, fit, held)


def by_hand(features, targets, fit, held):
    """The strength of least error for every target, by scikit-learn."""
    errors = []
    for strength in STRENGTHS:
        alpha = strength * np.sum(features[fit] ** 2) / (fit.stop - fit.start)
        fitted = Ridge(alpha=alpha, fit_intercept=False, solver="svd").fit(features[fit], targets[fit])
        errors.append(np.mean((targets[held] - fitted.predict(features[held])) ** 2, axis=0))
    return [STRENGTHS[row] for row in np.argmin(errors, axis=0)]


@given(st.integers(0, 10_000), st.integers(1, 40), st.integers(1, 3))
def test_one_reduction_serves_every_strength(seed, size, count):
    generator = np.random.default_rng(seed)
    rows = generator.normal(size=(size, size + 2))
    gram, targets = rows @ rows.T, generator.normal(size=(size, count))
    strengths = (1e-3, 1e-1, 1e2)
    for strength, found in zip(strengths, Shifted(gram).solve(targets, strengths), strict=True):
        shift = strength * np.trace(gram) / size * np.eye(size)
        np.testing.assert_allclose(found, np.linalg.solve(gram + shift, targets), rtol=1e-7, atol=1e-9)


def test_a_strength_too_weak_for_a_singular_matrix_is_passed_over():
    gram = np.array([[1.0, 1.0], [1.0, 1.0 - 1e-12]])
    targets = np.array([[1.0], [2.0]])
    assert np.isinf(Shifted(gram).solve(targets, (1e-16, 1.0))[0]).all()
    assert choose_kernel(gram, targets, np.ones((1, 2)), np.ones((1, 1)), (1e-16, 1.0)) == [1.0]


@given(st.integers(0, 10_000), st.floats(1e-3, 10))
def test_normal_equations_are_ridge_on_features_of_equal_power(seed, strength):
    generator = np.random.default_rng(seed)
    features, targets = generator.normal(size=(30, 4)) * [1, 10, 0.1, 3], generator.normal(size=(30, 2))
    equations = NormalEquations.empty(4, 2)
    for rows in (slice(0, 7), slice(7, 30)):
        equations.add(features[rows], targets[rows])
    scale = np.sqrt(np.sum(features**2, axis=0))
    reference = (
        Ridge(alpha=strength, fit_intercept=False).fit(features / scale, targets).coef_.T / scale[:, None]
    )
    np.testing.assert_allclose(solve_explicit(equations, strength), reference, rtol=1e-6, atol=1e-10)


def test_errors_of_normal_equations_are_those_of_the_predictions():
    generator = np.random.default_rng(0)
    features, targets = generator.normal(size=(20, 3)), generator.normal(size=(20, 2))
    weights, mixtures = generator.normal(size=(3, 2)), generator.normal(size=(2, 4))
    equations = NormalEquations.empty(3, 2)
    equations.add(features, targets)
    expected = np.mean(((targets - features @ weights) @ mixtures) ** 2, axis=0)
    np.testing.assert_allclose(equations.errors(weights, mixtures), expected)


def test_a_feature_that_is_zero_has_no_weight():
    equations = NormalEquations.empty(2, 1)
    equations.add(np.array([[1.0, 0.0], [2.0, 0.0]]), np.array([[1.0], [2.0]]))
    np.testing.assert_allclose(solve_explicit(equations, 1e-8)[:, 0], [1, 0], atol=1e-6)


def test_held_rows_choose_the_strength():
    generator = np.random.default_rng(1)
    features = generator.normal(size=(200, 20))
    targets = np.concatenate(
        [features @ generator.normal(size=(20, 1)), generator.normal(size=(200, 1))], axis=1
    )
    fitted, held = NormalEquations.empty(20, 2), NormalEquations.empty(20, 2)
    fitted.add(features[:150], targets[:150])
    held.add(features[150:], targets[150:])
    best = choose_explicit(fitted, held, np.eye(2))
    assert best[0] < 1e-4
    assert best[1] >= 0.1
    total = fitted + held
    assert total.rows == 200
    np.testing.assert_allclose(total.gram, features.T @ features)
