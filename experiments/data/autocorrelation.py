"""Background: frames of one trajectory resemble their neighbours, so a thousand may say no more than a
hundred. Question: after how much time does an observable forget itself? Provides: the integrated
autocorrelation time, one trajectory at a time and over several.
"""

import numpy as np
from numpy.typing import NDArray

# The sum of the autocorrelation stops at the first lag beyond this many autocorrelation times: further out it
# holds noise only (A. Sokal, "Monte Carlo Methods in Statistical Mechanics", 1996, section 3).
WINDOW = 5.0


def autocovariance(series: NDArray[np.floating], mean: NDArray[np.floating] | float) -> NDArray[np.float64]:
    """Autocovariance at every lag, summed over components and unbiased in the number of pairs.

    Args:
        series: (n,) or (n, components), one sample after another.
        mean: subtracted before; a scalar or (components,).

    Returns:
        (n,), lag 0 first.
    """
    values = np.asarray(series, dtype=np.float64).reshape(len(series), -1) - mean
    n = len(values)
    spectrum = np.fft.rfft(values, 2 * n, axis=0)
    products = np.fft.irfft((np.abs(spectrum) ** 2).sum(axis=1))[:n]
    return products / np.arange(n, 0, -1)


def integrated_time(covariance: NDArray[np.floating], spacing: float) -> float:
    """Integrated autocorrelation time τ = spacing × (1 + 2 Σ_k ρ_k), the time one independent sample takes.

    Samples at least τ apart are worth nearly as much as independent ones; T/τ of them fit into a time T.

    Args:
        covariance: (n,), from :func:`autocovariance` or an average of several.
        spacing: time from one sample to the next; the result has its unit and is at least this.
    """
    if len(covariance) < 2 or covariance[0] <= 0:
        return spacing
    sums = 1.0 + 2.0 * np.cumsum(covariance[1:] / covariance[0])
    beyond = np.flatnonzero(np.arange(1, len(covariance)) >= WINDOW * sums / 2)
    return spacing * max(1.0, float(sums[beyond[0] if len(beyond) else -1]))
