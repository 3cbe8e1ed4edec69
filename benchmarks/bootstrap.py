"""How long do the intervals of a study take: four networks, 500 frames, 2,000 resamples? Target: 5 s."""

import time
from typing import Any

N_BACKBONES, N_FRAMES, FREQUENCIES = 4, 500, 7


def run() -> dict[str, Any]:
    """Measure :func:`experiments.recovery.summarise` with force figures, percentile and BCa intervals."""
    import numpy as np

    from experiments.recovery import ENERGY_SUMS, FORCE_SUMS, FrameSums, summarise

    rng = np.random.default_rng(0)
    frequencies = tuple(range(1, FREQUENCIES + 1))
    sums = [
        [
            FrameSums(
                frequencies,
                (True,) * FREQUENCIES,
                rng.random((N_FRAMES, FREQUENCIES, ENERGY_SUMS)),
                rng.random((N_FRAMES, FREQUENCIES, FORCE_SUMS)),
            )
        ]
        for _ in range(N_BACKBONES)
    ]
    start = time.perf_counter()
    summarise(sums, rng)
    seconds = time.perf_counter() - start
    what = f"{N_BACKBONES} networks, {N_FRAMES} frames, l = 1..{FREQUENCIES}, 2,000 resamples"
    return {"bootstrap": [{"what": what, "s": round(seconds, 2), "target s": 5, "met": seconds <= 5}]}
