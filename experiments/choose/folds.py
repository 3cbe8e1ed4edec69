"""Clusters of structures dealt into folds, by what no rotation, unit or order of structures or atoms changes.

Clusters are sorted by composition and by the size of their labels and dealt out in turn, so every fold has its share of
every composition and of strong and weak forces.
"""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from experiments.seeds import generator
from experiments.structures import Structures


def deal(structures: Structures, number: int, seed: int) -> NDArray[np.int64]:
    """(n,) the fold 0..number-1 of every structure; those of one cluster share it.

    Args:
        structures: labelled.
        number: of folds, at most that of clusters.
        seed: of the order in which neighbours in size are dealt.
    """
    names, cluster = np.unique(structures.clusters, return_inverse=True)
    members = [np.flatnonzero(cluster == index) for index in range(len(names))]
    order = sorted(range(len(names)), key=lambda index: _key(structures, members[index]))
    rng, fold_of = generator(seed, "folds"), np.empty(len(names), dtype=np.int64)
    for start in range(0, len(order), number):
        dealt = order[start : start + number]
        fold_of[dealt] = rng.permutation(number)[: len(dealt)]
    return fold_of[cluster]


def _key(structures: Structures, members: NDArray[np.int64]) -> tuple:
    """Compositions of a cluster, then how strong its labels are."""
    atoms = np.isin(structures.structure_of, members)
    composition = sorted(Counter(structures.numbers[atoms].tolist()).items())
    if structures.forces is not None:
        return composition, float(np.mean(structures.forces[atoms] ** 2))
    assert structures.energies is not None
    return composition, float(np.mean(structures.energies[members]))
