"""What measuring a cell gives: sums of every structure, from which all figures and their intervals are made."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Measurement:
    """Sums and facts.

    Attributes:
        frequencies: l of the columns of the sums.
        sums: by name, what every test structure contributes, (n_structures, n_frequencies[, k]).
        structures: checksum of the test structures. Measurements with the same are crossed: structure i is the same.
        facts: what else a result says of the cell, as JSON holds it.
        places: (n_structures, 2) trajectory of every test structure, and its place along that; ``None`` where they come
            from no trajectory.
    """

    frequencies: tuple[int, ...]
    sums: Mapping[str, Array]
    structures: str
    facts: Mapping[str, Any]
    places: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        """Number of structures."""
        return len(next(iter(self.sums.values())))

    @property
    def clusters(self) -> NDArray[np.int64]:
        """(n_structures,) the cluster of each, from 0; every structure its own unless the facts say otherwise."""
        given = self.facts.get("clusters")
        if given is None:
            return np.arange(len(self))
        return np.unique(given, return_inverse=True)[1]
