"""Frozen node features at one site for many frames, in batches with a progress report.

Background: every fit reads the same features again and again. This module runs the backbone once per frame.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from experiments.backbones.protocol import Backbone
from experiments.data.frames import Frames
from span_theorem.errors import InputError

Progress = Callable[[int], None]
"""Called with the number of frames just done."""

BATCH = 10


def site_features(
    backbone: Backbone, frames: Frames, site: int, progress: Progress = lambda done: None
) -> NDArray[np.float64]:
    """Features of one atom for every frame: (n_frames, irreps.dim) float64.

    Raises:
        InputError: a feature that is not a finite number.
    """
    import torch

    numbers = torch.tensor(frames.numbers)
    parts = []
    with torch.no_grad():
        for start in range(0, len(frames), BATCH):
            positions = torch.tensor(frames.positions[start : start + BATCH])
            part = backbone.features(numbers, positions)[:, site]
            parts.append(part.to("cpu", torch.float64).numpy())
            progress(len(part))
    features = np.concatenate(parts)
    bad = np.flatnonzero(~np.isfinite(features).all(axis=1))
    if len(bad):
        raise InputError(
            f"backbone {backbone.name} gives features that are not finite for frame {bad[0]} of {frames.source}"
        )
    return features
