"""What an SPN solver is: it fits residuals from node features, and predicts what was injected."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from experiments.samples import Inputs, Targets
from span_theorem.budget import Estimate

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Layout:
    """How node features are laid out.

    Attributes:
        irreps: ``e3nn.o3.Irreps`` of one sample's features.
        parity: whether the parity labels of ``irreps`` hold under reflections. Where they do not, the labels only
            name the order and every SO(3) path is allowed.
    """

    irreps: Any
    parity: bool


@dataclass(frozen=True, eq=False)
class Prediction:
    """What an SPN predicts on some frames, in the shape of :meth:`experiments.samples.Targets.oriented`.

    Attributes:
        null: by frequency, of the same SPN fitted with nothing injected: (n_frames, k) or (n_frames, k, 3 n_atoms).
        injected: by frequency, of the injected field: the prediction of the SPN fitted to residuals with the injection
            less ``null``. A frequency to which the solver has no path is absent.
    """

    null: Mapping[int, Array]
    injected: Mapping[int, Array]


class Solver(Protocol):
    """One way of fitting an SPN; an object is fitted once, to energies or to forces."""

    def estimate(self, inputs: Inputs, targets: Targets) -> Estimate:
        """Memory and time that ``fit`` is expected to need at most."""
        ...

    def fit(self, inputs: Inputs, targets: Targets, validation: NDArray[np.bool_]) -> "Solver":
        """Fit the residuals of every frequency.

        Args:
            inputs: training frames; with a Jacobian if ``targets`` are of forces.
            targets: residuals of the same frames.
            validation: (n_frames,) the frames on which the regularisation is chosen.
        """
        ...

    def predict(self, inputs: Inputs) -> Prediction:
        """Predict other frames; nothing is known of them but features and orientations."""
        ...

    @property
    def regularisation(self) -> Mapping[int, float]:
        """What was chosen on validation frames, by frequency: a ridge strength or a number of steps."""
        ...

    @property
    def parameters(self) -> Mapping[int, int]:
        """Number of fitted parameters, by frequency."""
        ...
