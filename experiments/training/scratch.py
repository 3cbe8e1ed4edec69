"""Small networks of nequip's and MACE's own modules, trained from scratch by a plain loop of torch.

The packages' commands spend half a minute on starting for what trains in seconds here. The loss is its own, energies
and forces alike; the learning rate falls as a cosine.
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
    """Networks of one shape for triples of a carbon and two hydrogens, whose initial weights are always the same.

    Attributes:
        parameters: their number.
    """

    parameters: int

    def _new(self) -> Any:
        """A module of its initial weights."""
        raise NotImplementedError

    def _forward(self, model: Any, positions: Array) -> "tuple[Tensor, Tensor]":
        """Energies (n,) and forces (n, 3, 3) that can be derived by the weights in training."""
        raise NotImplementedError

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

        model = self._new()
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


class NequIP(Scratch):
    """See :class:`Scratch`.

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

        self._pairs = _pairs(everyone)
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
            "avg_num_neighbors": self._pairs.shape[1] / len(NUMBERS),
            "per_type_energy_shifts": 0.0,
            "per_type_energy_scales": 1.0,
        }
        self._build = build
        self.parameters = sum(one.numel() for one in trainable(build(self._config)).values())

    def _new(self) -> Any:
        return self._build(self._config)

    def _forward(self, model: Any, positions: Array) -> "tuple[Tensor, Tensor]":
        import torch
        from nequip.data import AtomicDataDict as keys

        n, size, _ = positions.shape
        found = model(
            {
                keys.POSITIONS_KEY: torch.tensor(positions).reshape(-1, 3),
                keys.EDGE_INDEX_KEY: _edges(self._pairs, n, size),
                keys.ATOM_TYPE_KEY: torch.tensor([int(z != NUMBERS[0]) for z in NUMBERS]).repeat(n),
                keys.BATCH_KEY: torch.arange(n).repeat_interleave(size),
                keys.NUM_NODES_KEY: torch.full((n,), size),
            }
        )
        return found[keys.TOTAL_ENERGY_KEY].reshape(-1), found[keys.FORCE_KEY].reshape(n, size, 3)


class MACE(Scratch):
    """One interaction and a linear readout, each hydrogen the neighbour of the carbon alone (see :class:`Scratch`).

    The energy is a polynomial in the densities of one convolution; its degree is the correlation.

    Args:
        l_max: L.
        correlation: degree of the products.
        cutoff: Å.
        seed: of the weights.
    """

    def __init__(self, l_max: int, correlation: int, cutoff: float, seed: int):
        self._l_max, self._correlation, self._cutoff, self._seed = l_max, correlation, cutoff, seed
        self._pairs = _pairs(False)
        self.parameters = sum(one.numel() for one in self._new().parameters())

    def _new(self) -> Any:
        import torch
        from e3nn.o3 import Irreps
        from mace.modules import ScaleShiftMACE, interaction_classes

        torch.manual_seed(self._seed)
        interaction = interaction_classes["RealAgnosticInteractionBlock"]
        return ScaleShiftMACE(
            r_max=self._cutoff,
            num_bessel=BESSELS,
            num_polynomial_cutoff=6,
            max_ell=self._l_max,
            interaction_cls=interaction,
            interaction_cls_first=interaction,
            num_interactions=1,
            num_elements=2,
            hidden_irreps=Irreps(f"{FEATURES}x0e"),
            MLP_irreps=Irreps(f"{FEATURES}x0e"),
            gate=None,
            atomic_energies=np.zeros(2),
            avg_num_neighbors=self._pairs.shape[1] / len(NUMBERS),
            atomic_numbers=sorted(set(NUMBERS)),
            correlation=self._correlation,
            radial_MLP=[WIDTH],
            atomic_inter_scale=1.0,
            atomic_inter_shift=0.0,
        )

    def _forward(self, model: Any, positions: Array) -> "tuple[Tensor, Tensor]":
        import torch

        n, size, _ = positions.shape
        edges = _edges(self._pairs, n, size)
        kinds = torch.tensor([[float(number == kind) for kind in sorted(set(NUMBERS))] for number in NUMBERS])
        found = model(
            {
                "positions": torch.tensor(positions).float().reshape(-1, 3),
                "node_attrs": kinds.repeat(n, 1),
                "edge_index": edges,
                "shifts": torch.zeros(edges.shape[1], 3),
                "unit_shifts": torch.zeros(edges.shape[1], 3),
                "cell": torch.zeros(3 * n, 3),
                "batch": torch.arange(n).repeat_interleave(size),
                "ptr": size * torch.arange(n + 1),
                "head": torch.zeros(n, dtype=torch.int64),
            },
            training=model.training,
        )
        return found["energy"], found["forces"].reshape(n, size, 3)


def _pairs(everyone: bool) -> NDArray[np.int64]:
    """(2, pairs) of atoms that are neighbours."""
    return np.array([(0, 1), (0, 2), (1, 0), (2, 0), *([(1, 2), (2, 1)] if everyone else [])]).T


def _edges(pairs: NDArray[np.int64], n: int, size: int) -> "Tensor":
    """(2, n pairs) of the atoms of n structures of one size."""
    import torch

    return (torch.tensor(pairs)[:, None] + size * torch.arange(n)[None, :, None]).reshape(2, -1)
