"""What an SPN solver is: it fits harmonics of every frequency from node features, and says where it cannot."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from span_theorem.budget import Estimate

if TYPE_CHECKING:
    from e3nn.o3 import Irreps

Array = NDArray[np.float64]

Targets = Mapping[int, Array]
"""Targets by angular frequency l, each (n_samples, 2l+1)."""


@dataclass(frozen=True)
class Layout:
    """How node features are laid out.

    Attributes:
        irreps: of one sample's features.
        parity: whether the parity labels of ``irreps`` hold under reflections. Where they do not, the labels only
            name the order and every SO(3) path is allowed.
    """

    irreps: "Irreps"
    parity: bool


class Solver(Protocol):
    """One way of fitting an SPN.

    Attributes:
        oriented: whether the solver has to be shown every frame in many orientations. One that does not is
            equivariant by construction.
    """

    oriented: bool

    @property
    def strengths(self) -> Mapping[int, float]:
        """After ``fit``, the ridge strength chosen for every frequency."""
        ...

    def estimate(self, n_samples: int, frequencies: Collection[int]) -> Estimate:
        """Memory and time that ``fit`` is expected to need at most."""
        ...

    def fit(self, features: Array, targets: Targets, validation: NDArray[np.bool_]) -> "Solver":
        """Fit every frequency.

        Args:
            features: (n_samples, irreps.dim).
            targets: see :data:`Targets`.
            validation: (n_samples,) the samples on which the ridge strength is chosen; it is then fitted on all.
        """
        ...

    def predict(self, features: Array) -> dict[int, Array]:
        """Predictions by frequency; a frequency that no polynomial of the solver's degree has is absent."""
        ...
