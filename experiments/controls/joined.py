"""Backbones made of others: features of several layers, or of several atoms, side by side.

Background: a backbone is any object with a name, irreps and features, so a larger one is a small object. Provides: two
that keep the order L and multiply the number of components.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from experiments.backbones.protocol import Backbone, Card, card_of
from experiments.backbones.site import site_features
from experiments.controls.derived import lend_predictions
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor


class JoinedLayers:
    """One network at several layers.

    Args:
        layers: the network, opened at each.

    Raises:
        InputError: no layer.
    """

    def __init__(self, layers: Sequence[Backbone]):
        if not layers:
            raise InputError("no layer is given to join: expected at least one")
        self.layers = tuple(layers)
        names = " and ".join(card_of(layer).layer for layer in layers)
        self.name = f"{layers[0].name}, layers {names}"
        self.irreps = sum((layer.irreps for layer in layers[1:]), layers[0].irreps)
        self.card = _joined_card(layers[0], f"layers {names}", str(self.irreps))
        lend_predictions(self, layers[0])

    def features(self, numbers: "Tensor", positions: "Tensor") -> "Tensor":
        import torch

        return torch.cat([layer.features(numbers, positions) for layer in self.layers], dim=-1)

    def site_features(self, numbers: "Tensor", positions: "Tensor", site: int) -> "Tensor":
        import torch

        return torch.cat([site_features(layer, numbers, positions, site) for layer in self.layers], dim=-1)


class JoinedAtoms:
    """Every atom's features, followed by those of certain atoms of the molecule.

    Args:
        inner: the network.
        atoms: whose features are added, by index.

    Raises:
        InputError: no atom.
    """

    def __init__(self, inner: Backbone, atoms: Sequence[int]):
        if not atoms:
            raise InputError("no atom is given to join: expected at least one")
        self.inner, self.atoms = inner, tuple(atoms)
        names = ", ".join(map(str, atoms))
        self.name = f"{inner.name}, with atoms {names}"
        self.irreps = sum((inner.irreps for _ in atoms), inner.irreps)
        self.card = _joined_card(inner, f"{card_of(inner).layer}, with atoms {names}", str(self.irreps))
        lend_predictions(self, inner)

    def features(self, numbers: "Tensor", positions: "Tensor") -> "Tensor":
        import torch

        own = self.inner.features(numbers, positions)
        return torch.cat([own, *(own[:, [atom]].expand_as(own) for atom in self.atoms)], dim=-1)

    def site_features(self, numbers: "Tensor", positions: "Tensor", site: int) -> "Tensor":
        import torch

        whole = self.inner.features(numbers, positions)
        return torch.cat([whole[:, atom] for atom in (site, *self.atoms)], dim=-1)


def _joined_card(inner: Backbone, layer: str, irreps: str) -> Card:
    return replace(card_of(inner), layers={layer: irreps}, layer=layer, default_layer=layer)
