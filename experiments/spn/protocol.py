"""What an SPN solver is: it fits residuals from node features, and predicts what was injected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
            name the degree and every SO(3) path is allowed.
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
        components: the same for every unit vector c in the molecule's axes, in the shape of
            :meth:`experiments.samples.Targets.components`, of solvers that predict equivariantly.
    """

    null: Mapping[int, Array]
    injected: Mapping[int, Array]
    components: Mapping[int, Array] = field(default_factory=dict)


class Solver(Protocol):
    """One way of fitting an SPN; an object is fitted once, to energies or to forces.

    It is fitted to several targets on the same inputs at once (other marked directions, amplitudes): what depends on
    the inputs alone is made once. Targets share their frequencies.
    """

    def estimate(self, inputs: Inputs, targets: Sequence[Targets]) -> Estimate:
        """Memory and time that ``fit`` is expected to need at most."""
        ...

    def fit(self, inputs: Inputs, targets: Sequence[Targets], validation: NDArray[np.bool_]) -> "list[Fit]":
        """Fit the residuals of every frequency of every target.

        Args:
            inputs: training structures; with a Jacobian if the targets are of forces.
            targets: residuals of the same structures.
            validation: (n_frames,) the structures on which the regularisation is chosen.
        """
        ...

    def predict(self, inputs: Inputs) -> list[Prediction]:
        """Predict other structures, for every target; nothing is known of them but features and orientations."""
        ...


@dataclass(frozen=True)
class Fit:
    """How an SPN was fitted to one target.

    Attributes:
        regularisation: what was chosen on validation structures, by frequency: a ridge strength or a number of steps.
        parameters: number of fitted parameters, by frequency; a frequency without a path is absent.
    """

    regularisation: Mapping[int, float]
    parameters: Mapping[int, int]
