"""Training and test structures: from two sets, or from one that is divided here; never with a structure in both.

Background: a recovery counts only on structures that were never fitted. This module samples them and makes sure.
"""

import numpy as np

from experiments.same import shared
from experiments.seeds import generator
from experiments.structures import Structures
from span_theorem.errors import InputError


def sample(structures: Structures, number: int, seed: int) -> Structures:
    """At most ``number`` of the structures, sampled without replacement."""
    if number >= len(structures):
        return structures
    return structures.subset(np.sort(generator(seed, "draw").permutation(len(structures))[:number]))


def divide(structures: Structures, n_training: int, n_test: int, seed: int) -> tuple[Structures, Structures]:
    """Divide one set at random; if it is too small for both numbers, in their proportion.

    Where clusters are given, structures of one cluster stand on one side: the share of clusters is that of structures,
    and the sides are sampled afterwards.

    Raises:
        InputError: fewer than two structures, or clusters where they are given.
    """
    total = len(structures)
    if total < 2:
        raise InputError(f"{structures.source} holds {total} structure: expected at least 2 to divide it")
    if structures.cluster is not None:
        return _divide_clusters(structures, n_training, n_test, seed)
    n_training, n_test = _proportioned(total, n_training, n_test)
    order = generator(seed, "divide").permutation(total)
    return (
        structures.subset(np.sort(order[:n_training])),
        structures.subset(np.sort(order[n_training : n_training + n_test])),
    )


def require_disjoint(training: Structures, test: Structures) -> None:
    """Refuse test structures that are also training structures, however they are written (:mod:`experiments.same`).

    Raises:
        InputError: a structure stands in both sets.
    """
    both = shared(training, test)
    if len(both):
        raise InputError(
            f"{len(both)} test structures of {test.source} are also training structures of {training.source} (first: "
            f"{both[0, 0]}, which is {both[0, 1]}): expected structures that are never fitted",
            "drop-shared",
        )


def without_shared(training: Structures, test: Structures) -> Structures:
    """The test structures that are no training structures.

    Raises:
        InputError: none is left.
    """
    both = shared(training, test)
    if len(both) == len(test):
        raise InputError(
            f"all {len(test)} test structures of {test.source} are also training structures of {training.source}: "
            "expected some that are never fitted"
        )
    return test.subset(np.setdiff1d(np.arange(len(test)), both[:, 0])) if len(both) else test


def _divide_clusters(
    structures: Structures, n_training: int, n_test: int, seed: int
) -> tuple[Structures, Structures]:
    names, cluster = np.unique(structures.clusters, return_inverse=True)
    if len(names) < 2:
        raise InputError(
            f"{structures.source} holds one cluster: expected at least 2 to divide it", "cluster"
        )
    order = generator(seed, "divide").permutation(len(names))
    share = n_training / (n_training + n_test)
    first = order[: min(max(1, round(len(names) * share)), len(names) - 1)]
    sides = np.isin(cluster, first), ~np.isin(cluster, first)
    training, test = (
        sample(structures.subset(np.flatnonzero(side)), number, seed)
        for side, number in zip(sides, (n_training, n_test), strict=True)
    )
    return training, test


def _proportioned(total: int, n_training: int, n_test: int) -> tuple[int, int]:
    if total >= n_training + n_test:
        return n_training, n_test
    n_training = min(max(1, round(total * n_training / (n_training + n_test))), total - 1)
    return n_training, total - n_training
