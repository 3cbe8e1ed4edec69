"""Training and test frames: from two sets, or from one that is divided here; never with a frame in both.

Background: a recovery counts only on frames that were never fitted. This module samples the frames and makes sure.
"""

import numpy as np

from experiments.seeds import generator
from experiments.structures import Structures
from span_theorem.errors import InputError


def sample(structures: Structures, number: int, seed: int) -> Structures:
    """At most ``number`` of the frames, sampled without replacement."""
    if number >= len(structures):
        return structures
    return structures.subset(np.sort(generator(seed, "draw").permutation(len(structures))[:number]))


def divide(structures: Structures, n_training: int, n_test: int, seed: int) -> tuple[Structures, Structures]:
    """Divide one set at random; if it is too small for both numbers, in their proportion.

    Raises:
        InputError: fewer than two frames.
    """
    total = len(structures)
    if total < 2:
        raise InputError(f"{structures.source} holds {total} frame: expected at least 2 to divide it")
    if total < n_training + n_test:
        n_training = min(max(1, round(total * n_training / (n_training + n_test))), total - 1)
        n_test = total - n_training
    order = generator(seed, "divide").permutation(total)
    return (
        structures.subset(np.sort(order[:n_training])),
        structures.subset(np.sort(order[n_training : n_training + n_test])),
    )


def require_disjoint(training: Structures, test: Structures) -> None:
    """Refuse test frames that are also training frames.

    Raises:
        InputError: a frame stands in both sets.
    """
    fitted = {one.positions.tobytes() for one in training}
    both = [index for index, one in enumerate(test) if one.positions.tobytes() in fitted]
    if both:
        raise InputError(
            f"{len(both)} test frames of {test.source} (first: {both[0]}) are also training frames of "
            f"{training.source}: expected frames that are never fitted"
        )
