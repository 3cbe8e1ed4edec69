import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter

from experiments.data.autocorrelation import autocovariance, integrated_time


def autoregressive(memory: float, n: int, seed: int) -> np.ndarray:
    """x_t = memory · x_(t-1) + noise, whose integrated time is (1 + memory)/(1 - memory) steps."""
    noise = np.random.default_rng(seed).normal(size=n)
    return lfilter([1.0], [1.0, -memory], noise)[n // 10 :]


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.9, 0.98])
def test_known_integrated_time(memory: float) -> None:
    series = autoregressive(memory, 400_000, seed=3)
    expected = 5.0 * (1 + memory) / (1 - memory)
    assert integrated_time(autocovariance(series, series.mean()), 5.0) == pytest.approx(expected, rel=0.1)


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 40), st.integers(1, 3), st.integers(0, 1000))
def test_autocovariance_is_the_plain_sum(n: int, components: int, seed: int) -> None:
    series = np.random.default_rng(seed).normal(size=(n, components))
    plain = [np.mean([series[i] @ series[i + lag] for i in range(n - lag)]) for lag in range(n)]
    np.testing.assert_allclose(autocovariance(series, 0.0), plain, atol=1e-10)


@pytest.mark.parametrize("series", [[1.0], [2.0, 2.0, 2.0], [1.0, -1.0, 1.0, -1.0]])
def test_is_never_below_the_spacing(series: list[float]) -> None:
    values = np.array(series)
    assert integrated_time(autocovariance(values, values.mean()), 0.5) >= 0.5
