"""How fast are a site's features and Jacobian computed, beside the naive loop through the whole molecule?

In one process, torch on all cores. The naive loop is what one would write first: features of every atom, one backward
pass per component of the site's. Targets: Jacobians of 1,500 aspirin frames in 150 s and 300 feature frames/s on two
cores.
"""

import os
import time
from typing import Any

FRAMES = 1500
NAIVE_FRAMES = 50
CELLS, CELL_ATOMS = 10, 64
BACKBONE, LAYER, SITE = "nequip:aspirin-rmd17-0", "1", 12


def run() -> dict[str, Any]:
    """Measure features and Jacobians, then the naive loop on fewer frames."""
    import torch

    from experiments.backbones import Options, open_backbone
    from experiments.backbones.batch import Batch
    from experiments.data import read_structures
    from experiments.features import FeatureReader, Sites

    torch.set_num_threads(os.cpu_count() or 1)
    backbone = open_backbone(BACKBONE, Options(layer=LAYER))
    frames = read_structures("embedded:train").subset(range(FRAMES))
    reader, sites = FeatureReader(), Sites.same(frames, SITE)
    few = frames.subset(range(50))
    reader.read(backbone, few, Sites.same(few, SITE), jacobian=True)  # warm up

    features_s = _seconds(lambda: reader.read(backbone, frames, sites))
    jacobian_s = _seconds(lambda: reader.read(backbone, frames, sites, jacobian=True))
    batch = Batch.of(frames.subset(range(NAIVE_FRAMES)))
    every_s = _seconds(lambda: backbone.features(batch))
    naive_s = _seconds(lambda: _naive_jacobian(backbone, batch))
    return {
        "features": [
            _row("features of the site", FRAMES, features_s) | {"target": "300 frames/s"},
            _row("features of every atom", NAIVE_FRAMES, every_s),
        ],
        "cells": [_cells(sites) for sites in (1, CELL_ATOMS)],
        "jacobians": [
            _row("Jacobian, only what reaches the site", FRAMES, jacobian_s) | {"target": "150 s"},
            _row("Jacobian, naive loop", NAIVE_FRAMES, naive_s)
            | {"for 1,500 frames s": round(naive_s / NAIVE_FRAMES * FRAMES)},
        ],
    }


def _cells(sites: int) -> dict[str, Any]:
    """Rattled NaCl, 64 atoms a cell, SevenNet-0: features of one site, or of every atom."""
    import numpy as np
    from ase.build import bulk

    from experiments.backbones import open_backbone
    from experiments.features import FeatureReader, Sites
    from experiments.structures import Structures

    perfect = bulk("NaCl", "rocksalt", 5.64, cubic=True) * (2, 2, 2)
    images = []
    for seed in range(CELLS):
        images.append(perfect.copy())
        images[-1].rattle(0.05, seed=seed)
    structures = Structures.from_ase(images)
    read = Sites(np.repeat(np.arange(CELLS), sites), np.tile(np.arange(sites), CELLS))
    backbone = open_backbone("sevennet:7net-0")
    FeatureReader().read(backbone, structures.subset([0]), Sites.same(structures.subset([0]), 0))  # warm up
    seconds = _seconds(lambda: FeatureReader().read(backbone, structures, read))
    return _row(f"sevennet:7net-0, NaCl, 64 atoms, features of {sites}", CELLS, seconds)


def _naive_jacobian(backbone: Any, batch: Any) -> Any:
    import torch

    moved = batch.positions.clone().requires_grad_()
    features = backbone.features(batch.moved(moved))[batch.first[:-1] + SITE]
    return torch.stack(
        [
            torch.autograd.grad(features[:, component].sum(), moved, retain_graph=True)[0]
            for component in range(features.shape[1])
        ],
        dim=1,
    )


def _seconds(work: Any) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _row(what: str, frames: int, seconds: float) -> dict[str, Any]:
    return {
        "what": what,
        "frames": frames,
        "s": round(seconds, 2),
        "frames/s": round(frames / seconds, 1),
    }
