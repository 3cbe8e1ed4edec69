"""A small NequIP of nequip's own modules, trained from scratch by a plain loop of torch.

nequip's command spends half a minute on starting for what trains in seconds here. The loss is its own, energies and
forces alike; the learning rate falls as a cosine.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from experiments.triples import NUMBERS

if TYPE_CHECKING:
    from torch import Tensor

Array = NDArray[np.float64]
Predict = Callable[[Array], tuple[Array, Array]]
"""Positions (n, 3, 3) to energies (n,) and forces (n, 3, 3)."""

FEATURES, WIDTH, BESSELS = 16, 32, 8


@dataclass(frozen=True)
class Descent:
    """How weights are found.

    Attributes:
        steps: of Adam.
        batch: structures in each, at most.
        rate: the first learning rate, which falls to zero.
        every: after how many steps the weights are judged on structures set aside; the best are kept.
    """

    steps: int = 250
    batch: int = 60
    rate: float = 0.01
    every: int = 25


class Scratch:
    """NequIPs of one shape for triples of a carbon and two hydrogens, whose initial weights are always the same.

    Args:
        layers: number of convolutions.
        l_max: L.
        everyone: whether the hydrogens are one another's neighbours; each has the carbon alone otherwise.
        cutoff: Å.
        seed: of the weights.
    """

    def __init__(self, layers: int, l_max: int, everyone: bool, cutoff: float, seed: int):
        from experiments.backbones.nequip import build
        from experiments.backbones.nequip_framework import trainable

        pairs = [(0, 1), (0, 2), (1, 0), (2, 0), *([(1, 2), (2, 1)] if everyone else [])]
        self._pairs = np.array(pairs).T
        self._config = {
            "seed": seed,
            "model_dtype": "float32",
            "type_names": ["C", "H"],
            "r_max": cutoff,
            "l_max": l_max,
            "parity": False,
            "num_layers": layers,
            "num_features": FEATURES,
            "num_bessels": BESSELS,
            "radial_mlp_depth": 1,
            "radial_mlp_width": WIDTH,
            "avg_num_neighbors": len(pairs) / len(NUMBERS),
            "per_type_energy_shifts": 0.0,
            "per_type_energy_scales": 1.0,
        }
        self._build = build
        self.parameters = sum(one.numel() for one in trainable(build(self._config)).values())

    def train(
        self,
        data: tuple[Array, Array, Array],
        validation: NDArray[np.bool_],
        descent: Descent,
        rng: np.random.Generator,
    ) -> Predict:
        """Fit energies, scaled to power one, and forces alike.

        Args:
            data: positions (n, 3, 3) in Å, energies (n,) in eV, about zero, and forces (n, 3, 3) in eV/Å.
            validation: (n,) structures that are not fitted and choose the weights that are kept.
            descent: see :class:`Descent`.
            rng: of the batches.
        """
        import torch

        model = self._build(self._config)
        positions, energies, forces = data
        size = float(energies.std())
        wanted = torch.tensor(energies / size), torch.tensor(forces)
        training, reserved = np.flatnonzero(~validation), np.flatnonzero(validation)
        optimiser = torch.optim.Adam(model.parameters(), lr=descent.rate)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, descent.steps)

        def loss(chosen: NDArray[np.int64]) -> "Tensor":
            predicted, turned = self._forward(model, positions[chosen])
            error = ((predicted / size - wanted[0][chosen]) ** 2).mean()
            return error + ((turned - wanted[1][chosen]) ** 2).mean()

        least, best = np.inf, model.state_dict()
        for step in range(1, descent.steps + 1):
            model.train()
            optimiser.zero_grad()
            loss(rng.choice(training, min(descent.batch, len(training)), replace=False)).backward()
            optimiser.step()
            schedule.step()
            if step % descent.every == 0:
                model.eval()
                error = float(loss(reserved).detach())
                if error < least:
                    least = error
                    best = {name: value.clone() for name, value in model.state_dict().items()}
        model.load_state_dict(best)
        model.eval()

        def predict(positions: Array) -> tuple[Array, Array]:
            found = self._forward(model, positions)
            values, turned = (one.detach().double().numpy() for one in found)
            return values, turned

        return predict

    def _forward(self, model: Any, positions: Array) -> "tuple[Tensor, Tensor]":
        """Energies (n,) and forces (n, 3, 3) that can be derived by the weights in training."""
        import torch
        from nequip.data import AtomicDataDict as keys

        n, size, _ = positions.shape
        index = torch.tensor(self._pairs)[:, None] + size * torch.arange(n)[None, :, None]
        found = model(
            {
                keys.POSITIONS_KEY: torch.tensor(positions).reshape(-1, 3),
                keys.EDGE_INDEX_KEY: index.reshape(2, -1),
                keys.ATOM_TYPE_KEY: torch.tensor([int(z != NUMBERS[0]) for z in NUMBERS]).repeat(n),
                keys.BATCH_KEY: torch.arange(n).repeat_interleave(size),
                keys.NUM_NODES_KEY: torch.full((n,), size),
            }
        )
        return found[keys.TOTAL_ENERGY_KEY].reshape(-1), found[keys.FORCE_KEY].reshape(n, size, 3)
