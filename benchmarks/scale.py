"""How many cells a minute does each executor measure, and what would 10,000 cells on 100 workers cost the client?

The same list of cells, nothing cached, serial, in two processes and on a local Dask cluster of two workers. The
overhead is measured with empty cells: what the client spends on a cell (key, submission, packing, one durable write to
the store) bounds how many workers it keeps busy.
"""

import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

EMPTY = 1000
WORKERS, CELLS = 100, 10_000


def run() -> dict[str, Any]:
    """Measure throughput and overhead."""
    return {"cells per minute": _throughput(), "overhead": _overhead()}


def _cells() -> list[Any]:
    from experiments.lab.cell import Cell, grid
    from experiments.spn import Probe

    base = Cell("", n_train=100, n_test=50, forces=False)
    return grid(
        base,
        backbone=[f"nequip:aspirin-gfn2-{index}" for index in range(4)],
        seed=range(4),
        probe=[Probe("equivariant", 1), Probe("equivariant", 2), Probe("free", 1)],
    )


def _places(stack: ExitStack) -> dict[str, Any]:
    from distributed import LocalCluster

    from experiments.lab.executors import executor

    cluster = stack.enter_context(LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None))
    names = {
        "serial": "serial",
        "2 processes": "processes:2",
        "Dask, 2 workers": f"dask:{cluster.scheduler_address}",
    }
    return {what: stack.enter_context(executor(name)) for what, name in names.items()}


def _throughput() -> list[dict[str, Any]]:
    from experiments.lab.runner import run as measure
    from experiments.lab.sources import Access, Sources
    from experiments.lab.store import Store

    rows = []
    with ExitStack() as stack:
        for what, place in _places(stack).items():
            with tempfile.TemporaryDirectory() as folder:
                sources = Sources(Access(cache=Path(folder)))
                cells = _cells()
                start = time.perf_counter()
                outcome = measure(cells, Store(Path(folder) / "store.sqlite"), place, sources)
                seconds = time.perf_counter() - start
            rows.append(
                {
                    "executor": what,
                    "cells": len(outcome.measured),
                    "s": round(seconds, 1),
                    "per minute": round(60 * len(outcome.measured) / seconds),
                }
            )
    return rows


def _overhead() -> list[dict[str, Any]]:
    from experiments.lab import runner
    from experiments.lab.cell import Cell
    from experiments.lab.measurement import Measurement
    from experiments.lab.sources import Access, Sources
    from experiments.lab.store import Store, key_of

    cells = [replace(Cell("nequip:aspirin-gfn2-0"), seed=seed, sample_seed=0) for seed in range(EMPTY)]
    rows = []
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        import numpy as np

        sources = Sources(Access(cache=Path(folder)))
        store = Store(Path(folder) / "store.sqlite")
        key_of(cells[0], sources)  # opens the backbone
        start = time.perf_counter()
        keys = [key_of(cell, sources) for cell in cells]
        planned = time.perf_counter() - start
        rng = np.random.default_rng(0)
        sums = {"energy": rng.random((150, 7, 3)), "force": rng.random((150, 7, 4))}
        found = Measurement(tuple(range(1, 8)), sums, "none", {"paths": [True] * 7})
        start = time.perf_counter()
        for cell, key in zip(cells, keys, strict=True):
            store.put(key, cell, found)
        kept = time.perf_counter() - start
        rows.append({"what": "key of a cell", "ms": round(1e3 * planned / EMPTY, 2)})
        rows.append({"what": "durable write of its sums", "ms": round(1e3 * kept / EMPTY, 2)})
        for name, place in _places(stack).items():
            if name == "serial":
                continue
            sent = _empty_tasks(place, cells, runner)
            rows.append({"what": f"empty cell through {name}", "ms": round(1e3 * sent / EMPTY, 2)})
        client = (planned + kept + sent) / EMPTY
        rows.append(
            {
                "what": f"client for {CELLS:,} cells on {WORKERS} workers of Dask",
                "ms": round(1e3 * client * CELLS),
                "busy workers if a cell takes 10 s": round(10 / client),
            }
        )
    return rows


def _empty_tasks(place: Any, cells: Sequence[Any], runner: Any) -> float:
    from concurrent.futures import wait

    executor = place.start()
    wait(
        [executor.submit(runner.describe, cell) for cell in cells[: 2 * place.workers]]
    )  # workers have started
    start = time.perf_counter()
    wait([executor.submit(runner.describe, cell) for cell in cells])
    return time.perf_counter() - start
