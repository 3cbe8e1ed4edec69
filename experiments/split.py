"""Training and test frames: from two sets, or from one that is divided here; never with a frame in both.

Background: a recovery counts only on frames that were never fitted. This module samples the frames and makes sure.
"""

import numpy as np

from experiments.data.frames import Frames
from experiments.seeds import generator
from span_theorem.errors import InputError


def sample(frames: Frames, number: int, seed: int) -> Frames:
    """At most ``number`` of the frames, sampled without replacement."""
    if number >= len(frames):
        return frames
    return frames.select(np.sort(generator(seed, "draw").permutation(len(frames))[:number]))


def divide(frames: Frames, n_training: int, n_test: int, seed: int) -> tuple[Frames, Frames]:
    """Divide one set at random; if it is too small for both numbers, in their proportion.

    Raises:
        InputError: fewer than two frames.
    """
    total = len(frames)
    if total < 2:
        raise InputError(f"{frames.source} holds {total} frame: expected at least 2 to divide it")
    if total < n_training + n_test:
        n_training = min(max(1, round(total * n_training / (n_training + n_test))), total - 1)
        n_test = total - n_training
    order = generator(seed, "divide").permutation(total)
    return (
        frames.select(np.sort(order[:n_training])),
        frames.select(np.sort(order[n_training : n_training + n_test])),
    )


def require_disjoint(training: Frames, test: Frames) -> None:
    """Refuse test frames that are also training frames.

    Raises:
        InputError: a frame stands in both sets.
    """
    fitted = {positions.tobytes() for positions in training.positions}
    both = [index for index, positions in enumerate(test.positions) if positions.tobytes() in fitted]
    if both:
        raise InputError(
            f"{len(both)} test frames of {test.source} (first: {both[0]}) are also training frames of "
            f"{training.source}: expected frames that are never fitted"
        )
