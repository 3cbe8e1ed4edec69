"""A site's surroundings without a network: A_nlm = Σ_j R_n(r_j) Y_lm(u_j), one set of channels an element.

The reference beside every network: what is lost here is lost to the shape of the surroundings, not to weights. R_n are
Gaussians in the distance, so every feature is that of one convolution.
"""

import re
from typing import TYPE_CHECKING

from experiments.backbones.protocol import Card
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from experiments.backbones.batch import Batch

CENTRES = (1.0, 1.6, 2.2, 2.8)  # Å
WIDTH = 0.4  # Å
ELEMENTS = (1, 6, 8)
NAMED = re.compile(r"density\(([0-9]{1,2})\)")


class Density:
    """A backbone that is no network.

    Args:
        order: L.
    """

    def __init__(self, order: int):
        from e3nn.o3 import Irreps

        self.name = f"density({order})"
        self.order = order
        channels = len(CENTRES) * len(ELEMENTS)
        self.irreps = Irreps([(channels, (l, (-1) ** l)) for l in range(order + 1)])
        self.card = Card(
            layers={"0": str(self.irreps)},
            layer="0",
            default_layer="0",
            default_reason="the only one",
            labels="parity under inversion",
            parameters=0,
            source="no network: the density of the neighbours",
            licence="MIT",
            elements=frozenset(ELEMENTS),
        )

    def features(self, batch: "Batch") -> "Tensor":
        """(N, irreps.dim) of one free molecule, differentiable in the positions."""
        import torch

        size = batch.size or 0
        sites = [self.site_features(batch, batch.first[:-1] + atom) for atom in range(size)]
        return torch.stack(sites, dim=1).flatten(0, 1)

    def site_features(self, batch: "Batch", sites: "Tensor") -> "Tensor":
        """(n, irreps.dim) of one atom of every structure, the same in all."""
        size = batch.size or 0
        numbers, positions = batch.numbers[:size], batch.positions.reshape(-1, size, 3)
        return self._around(numbers, positions, int(sites[0] - batch.first[0]))

    def _around(self, numbers: "Tensor", positions: "Tensor", site: int) -> "Tensor":
        import torch
        from e3nn.o3 import spherical_harmonics

        others = [atom for atom in range(len(numbers)) if atom != site]
        steps = positions.double()[:, others] - positions.double()[:, [site]]
        distances = steps.norm(dim=-1, keepdim=True)
        radial = torch.exp(-(((distances - torch.tensor(CENTRES)) / WIDTH) ** 2) / 2)
        marks = (numbers[others, None] == torch.tensor(ELEMENTS)).to(radial)
        weights = (radial[..., None] * marks[:, None]).flatten(2)
        orders = list(range(self.order + 1))
        harmonics = spherical_harmonics(orders, steps, normalize=True, normalization="component")
        sums = torch.einsum("fjn,fjm->fnm", weights, harmonics)
        return torch.cat([sums[..., l * l : (l + 1) ** 2].flatten(1) for l in orders], dim=1)


def open_density(name: str) -> Density | None:
    """The density that `density(L)` names; ``None`` if the name is another kind of thing's.

    Raises:
        InputError: an order that e3nn does not tabulate.
    """
    match = NAMED.fullmatch(name)
    if match is None:
        return None
    if int(match[1]) > 11:
        raise InputError(f"{name}: expected an order up to 11")
    return Density(int(match[1]))
