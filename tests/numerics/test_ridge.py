import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from numerics.ridge import STRENGTHS, kernel_ridge, validation_errors


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
    errors = validation_errors(
        features[fit] @ features[fit].T, targets[fit], features[held] @ features[fit].T, targets[held]
    )
    best = np.asarray(STRENGTHS)[np.argmin(errors, axis=0)]
    assert best[0] < 1e-4
    assert best[1] >= 1
    assert errors[np.argmin(errors[:, 0]), 0] < 1e-6


def test_a_strength_too_weak_for_a_singular_matrix_is_passed_over():
    gram = np.array([[1.0, 1.0], [1.0, 1.0 - 1e-12]])
    errors = validation_errors(gram, np.array([[1.0], [2.0]]), np.ones((1, 2)), np.ones((1, 1)), (1e-16, 1.0))
    assert np.isinf(errors[0, 0])
    # (K + I) w = t with K of ones: w = (0, 1) to first order, prediction 1, error 0
    assert errors[1, 0] == pytest.approx(0, abs=1e-6)
