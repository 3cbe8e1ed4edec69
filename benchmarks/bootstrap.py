"""How long do the intervals of a study take: four networks, 500 structures, 2,000 resamples? Target: 0.3 s."""

import time
from typing import Any

N_BACKBONES, N_STRUCTURES, FREQUENCIES, TARGET_S = 4, 500, 7, 0.3


def run() -> dict[str, Any]:
    """Measure :meth:`experiments.lab.estimate.Results.estimate` with force figures."""
    import numpy as np

    from experiments.lab.cell import Cell
    from experiments.lab.estimate import Results
    from experiments.lab.measurement import Measurement

    rng = np.random.default_rng(0)
    frequencies = tuple(range(1, FREQUENCIES + 1))
    measured = {
        Cell(f"network {index}"): Measurement(
            frequencies,
            {
                "energy": rng.random((N_STRUCTURES, FREQUENCIES, 3)),
                "force": rng.random((N_STRUCTURES, FREQUENCIES, 4)),
            },
            f"structures {index}",
            {"paths": [True] * FREQUENCIES},
        )
        for index in range(N_BACKBONES)
    }
    results = Results(measured)
    start = time.perf_counter()
    results.estimate()
    seconds = time.perf_counter() - start
    what = f"{N_BACKBONES} networks, {N_STRUCTURES} structures each, l = 1..{FREQUENCIES}, 2,000 resamples"
    row = {"what": what, "s": round(seconds, 2), "target s": TARGET_S, "met": seconds <= TARGET_S}
    return {"bootstrap": [row]}
