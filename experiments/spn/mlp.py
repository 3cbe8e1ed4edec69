"""`mlp`: one hidden layer of chosen width and activation, trained by Adam on orientations sampled anew all the time.

With a linear, square or cubic activation it is a polynomial of degree 1, 2 or 3 in the lab-frame components, of limited
rank, and as ignorant of rotations as `free`; with SiLU, tanh or ReLU it is no polynomial, and no degree bounds it. One
network for every frequency, and one for nothing injected: same initial weights, same batches, trained side by side. The
weights kept are those of least error on validation frames, and what they predict is scaled by the factor from 0 to 1 of
least error there: where nothing can be found, next to nothing is predicted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from experiments.samples import Inputs, Targets, random_rotations
from experiments.spn.protocol import Array, Fit, Prediction
from span_theorem.budget import Estimate
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

POLYNOMIAL_DEGREE: Mapping[str, int | None] = {
    "linear": 1,
    "square": 2,
    "cube": 3,
    "silu": None,
    "tanh": None,
    "relu": None,
}
"""Activations, and the degree of the polynomial that a hidden layer of it is; ``None`` if it is none."""

REFRESH = 20  # steps on one sample of orientations
CHECK = 100  # steps between looks at the validation frames
BLOCK_FRAMES = 25


@dataclass(frozen=True)
class Training:
    """How an `mlp` is trained.

    Attributes:
        width: hidden units.
        steps: of Adam.
        rate: learning rate at the start; it falls to zero along half a cosine.
        samples: frames in random orientations in one step, for energies and for forces.
    """

    width: int = 64
    steps: int = 1500
    rate: float = 1e-2
    samples: tuple[int, int] = (2000, 256)

    def __post_init__(self) -> None:
        for name, value in (("width", self.width), ("steps", self.steps)):
            if value < 1:
                raise InputError(f"{name} {value} is out of range: expected at least 1")


class MlpSPN:
    """See the module's text.

    Args:
        activation: a key of :data:`POLYNOMIAL_DEGREE`.
        training: see :class:`Training`.
        seed: of initial weights, batches and orientations.
    """

    def __init__(self, activation: str, training: Training, seed: int):
        self.activation = activation
        self.training = training
        self.seed = seed

    def estimate(self, inputs: Inputs, targets: Sequence[Targets]) -> Estimate:
        """See :class:`experiments.spn.protocol.Solver`."""
        first = targets[0]
        networks = 1 + len(first.frequencies)
        batch = self.training.samples[first.of_forces]
        outputs = first.base.shape[1] if first.of_forces else 1
        width, dim = self.training.width, inputs.values.shape[1]
        operations = 6.0 * self.training.steps * networks * batch * dim * (3 * width + 2 * outputs)
        return Estimate(
            32.0 * networks * batch * (width + dim * outputs), len(targets) * (4 + operations / 1e10)
        )

    def fit(self, inputs: Inputs, targets: Sequence[Targets], validation: NDArray[np.bool_]) -> list[Fit]:
        """See :class:`experiments.spn.protocol.Solver`."""
        self._trained = [_Trained(self.activation, self.training, self.seed) for _ in targets]
        return [
            one.fit(inputs, target, validation) for one, target in zip(self._trained, targets, strict=True)
        ]

    def predict(self, inputs: Inputs) -> list[Prediction]:
        """See :class:`experiments.spn.protocol.Solver`."""
        return [one.predict(inputs) for one in self._trained]


class _Trained:
    """The networks of one target, one a frequency and one for nothing injected."""

    def __init__(self, activation: str, training: Training, seed: int):
        self.activation = activation
        self.training = training
        self.seed = seed

    def fit(self, inputs: Inputs, targets: Targets, validation: NDArray[np.bool_]) -> Fit:
        import torch

        self._frequencies = targets.frequencies
        self._forces = targets.of_forces
        own, own_targets = inputs.select(~validation), targets.select(~validation)
        features = own.oriented.reshape(-1, inputs.values.shape[1])
        spread = features.std(axis=0)
        varies = spread > 1e-7 * np.abs(features).max()
        self._mean, self._scale = features.mean(axis=0), np.where(varies, 1 / np.where(varies, spread, 1), 0)
        rng = np.random.default_rng([self.seed, *b"mlp"])
        reserved = np.flatnonzero(validation)
        reserved = reserved[np.arange(self._samples) % len(reserved)]
        checks = self._batch(inputs.select(reserved), targets.select(reserved), rng)
        self._unit = float(np.sqrt(np.mean(np.square(checks[-1].numpy())))) or 1.0
        weights = self._initial(features.shape[1])
        best = [weight.detach().clone() for weight in weights]
        lowest = np.full(1 + len(self._frequencies), np.inf)
        reached = np.zeros(1 + len(self._frequencies))
        optimiser = torch.optim.Adam(weights, lr=self.training.rate)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, self.training.steps)
        for step in range(self.training.steps):
            if step % REFRESH == 0:
                chosen = rng.integers(len(own), size=self._samples)
                batch = self._batch(own.select(chosen), own_targets.select(chosen), rng)
            optimiser.zero_grad()
            self._errors(weights, *batch).sum().backward()
            optimiser.step()
            schedule.step()
            if (step + 1) % CHECK == 0 or step + 1 == self.training.steps:
                errors = self._errors(weights, *checks).detach().numpy()
                better = errors < lowest
                for kept, weight in zip(best, weights, strict=True):
                    kept[better] = weight.detach()[better]
                lowest, reached = np.where(better, errors, lowest), np.where(better, step + 1.0, reached)
        self._weights = best
        self._shrinkage = self._best_factors(best, *checks)
        number = self.training.width * (features.shape[1] + 2) + 1
        return Fit(
            {l: float(reached[1 + i]) for i, l in enumerate(self._frequencies)},
            dict.fromkeys(self._frequencies, number),
        )

    def predict(self, inputs: Inputs) -> Prediction:
        import torch

        parts = []
        for start in range(0, len(inputs), BLOCK_FRAMES):
            frames = slice(start, start + BLOCK_FRAMES)
            x, slopes = self._tensors(inputs.select(frames))
            predicted = self._predict(self._weights, x, slopes).detach().to(torch.float64).numpy()
            parts.append(predicted.reshape(len(predicted), -1, inputs.orientations, *predicted.shape[2:]))
        outputs = np.concatenate(parts, axis=1)
        outputs *= self._unit * self._shrinkage.reshape(-1, *[1] * (outputs.ndim - 1))
        return Prediction(
            null=dict.fromkeys(self._frequencies, outputs[0]),
            injected={l: outputs[1 + i] - outputs[0] for i, l in enumerate(self._frequencies)},
        )

    @property
    def _samples(self) -> int:
        return self.training.samples[self._forces]

    def _initial(self, dim: int) -> "list[Tensor]":
        """The same weights for every network."""
        import torch

        generator = torch.Generator().manual_seed(self.seed)
        width, networks = self.training.width, 1 + len(self._frequencies)
        shapes = ((dim, width, dim**-0.5), (1, width, 0.1), (width, 1, width**-0.5), (1, 1, 0.0))
        return [
            (scale * torch.randn(rows, columns, generator=generator)).repeat(networks, 1, 1).requires_grad_()
            for rows, columns, scale in shapes
        ]

    def _batch(
        self, inputs: Inputs, targets: Targets, rng: np.random.Generator
    ) -> "tuple[Tensor, Tensor | None, Tensor]":
        """Frames in one new orientation each: inputs, their derivatives, targets of every network."""
        import torch

        turned = inputs.turned(random_rotations(len(inputs), 1, rng, inputs.spread))
        fields = [targets.oriented(l, turned.rotations)[:, 0] for l in self._frequencies]
        values = np.stack([targets.base, *(targets.base + field for field in fields)])
        return *self._tensors(turned), torch.from_numpy(values).float()

    def _tensors(self, inputs: Inputs) -> "tuple[Tensor, Tensor | None]":
        import torch

        x = (inputs.oriented.reshape(-1, len(self._mean)) - self._mean) * self._scale
        slopes = None
        if self._forces:
            derivative = inputs.oriented_jacobian() * self._scale[:, None]
            slopes = torch.from_numpy(derivative.reshape(-1, *derivative.shape[2:])).float()
        return torch.from_numpy(x).float(), slopes

    def _errors(self, weights: "list[Tensor]", x: "Tensor", slopes: "Tensor | None", y: "Tensor") -> "Tensor":
        """Mean squared error of every network, in units of the targets' power."""
        missed = self._predict(weights, x, slopes) - y / self._unit
        return (missed**2).flatten(1).mean(dim=1)

    def _best_factors(
        self, weights: "list[Tensor]", x: "Tensor", slopes: "Tensor | None", y: "Tensor"
    ) -> Array:
        """For every network the factor 0..1 of its prediction that leaves the least squared error."""
        predicted = self._predict(weights, x, slopes).detach().flatten(1).double()
        power = (predicted**2).sum(dim=1).clamp(min=1e-300)
        return ((predicted * (y / self._unit).flatten(1)).sum(dim=1) / power).clamp(0, 1).numpy()

    def _predict(self, weights: "list[Tensor]", x: "Tensor", slopes: "Tensor | None") -> "Tensor":
        """Energies (networks, n), or forces (networks, n, 3 n_atoms) through the features' derivative."""
        import torch

        if slopes is None:
            return self._energy(weights, x)
        with torch.enable_grad():
            moved = x.expand(len(weights[0]), *x.shape).requires_grad_()
            energy = self._energy(weights, moved).sum()
            (gradient,) = torch.autograd.grad(energy, moved, create_graph=True)
        return -torch.einsum("knd,ndx->knx", gradient, slopes)

    def _energy(self, weights: "list[Tensor]", x: "Tensor") -> "Tensor":
        inner, offset, outer, constant = weights
        hidden = _activation(self.activation)(x @ inner + offset)
        return (hidden @ outer + constant)[..., 0]


def _activation(name: str) -> "Callable[[Tensor], Tensor]":
    import torch

    functions: dict[str, Callable[[Tensor], Tensor]] = {
        "linear": lambda x: x,
        "square": lambda x: x**2,
        "cube": lambda x: x**3,
        "silu": torch.nn.functional.silu,
        "tanh": torch.tanh,
        "relu": torch.relu,
    }
    return functions[name]
