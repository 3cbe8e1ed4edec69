"""What networks on graphs share: neighbours, parts of a batch, energies and forces, the layer that is read.

An adapter says which tensors its network wants (``_graph``) and which it gives (``_node_features``, ``_energies``).
"""

import copy
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from experiments.backbones.elements import require_elements
from experiments.backbones.layers import DEFAULT_REASON, choose_layer, default_layer
from experiments.backbones.message_passing import MessagePassing
from experiments.backbones.protocol import Card
from experiments.neighbours import Edges, edges

if TYPE_CHECKING:
    from e3nn.o3 import Irreps
    from torch import Tensor

    from experiments.backbones.batch import Batch

AT_ONCE = 3000
"""Atoms that pass through a network at once: 100 molecules of 30 atoms."""

Graph = dict[str, Any]


def shortened(module: Any, kept: int, *lists: str) -> Any:
    """The same weights up to the layer that is read: nothing behind it has to be computed.

    Args:
        module: a network, which stays as it is.
        kept: number of layers.
        lists: names of its lists of layers.
    """
    found = copy.copy(module)
    found._modules = dict(module._modules)
    for name in lists:
        setattr(found, name, getattr(module, name)[:kept])
    return found


class GraphBackbone:
    """A network whose features and energies follow from neighbours within a cutoff.

    Attributes:
        name, irreps, card: see :class:`experiments.backbones.protocol.Backbone`.
        at_once: atoms whose features are computed at once on a CPU.
        jacobian_at_once: the same of Jacobians.
    """

    name: str
    irreps: "Irreps"
    card: Card
    at_once = AT_ONCE
    jacobian_at_once = AT_ONCE
    _cutoff: float
    _device: str

    def _graph(self, batch: "Batch", pairs: Edges) -> Graph:
        """What the network wants, batch and pairs on its device."""
        raise NotImplementedError

    def _node_features(self, graph: Graph) -> "Tensor":
        """(N, irreps.dim) after the layer that is read."""
        raise NotImplementedError

    def _energies(self, graph: Graph) -> "Tensor":
        """(n,), eV."""
        raise NotImplementedError

    def _read_layer(self, layers: dict[str, str], layer: str | None, **known: Any) -> None:
        """Take irreps and card from the layers.

        Args:
            layers: name and irreps of each.
            layer: the one asked for, or ``None``.
            known: what the card says beside.

        Raises:
            InputError: no such layer.
        """
        from e3nn.o3 import Irreps

        chosen = choose_layer(layers, layer, self.name)
        self.irreps = Irreps(layers[chosen])
        self.card = Card(
            layers=layers,
            layer=chosen,
            default_layer=default_layer(layers),
            default_reason=DEFAULT_REASON,
            **known,
        )

    def features(self, batch: "Batch") -> "Tensor":
        """Node features after the chosen layer: (N, irreps.dim), the model's dtype."""
        import torch

        return torch.cat([self._node_features(self._of(part)) for part in self._parts(batch, self.at_once)])

    def energy_forces(self, batch: "Batch") -> "tuple[Tensor, Tensor]":
        """Energies (n,) in eV and forces (N, 3) in eV/Å, the model's dtype."""
        import torch

        energies, forces = [], []
        for part in self._parts(batch, AT_ONCE):
            with torch.enable_grad():
                moved = part.positions.detach().clone().requires_grad_()
                energy = self._energies(self._of(part.moved(moved)))
                (gradient,) = torch.autograd.grad(energy.sum(), moved)
            energies.append(energy.detach())
            forces.append(-gradient)
        return torch.cat(energies), torch.cat(forces)

    def _parts(self, batch: "Batch", atoms: int) -> "Iterator[Batch]":
        require_elements(self, batch.numbers)
        return batch.parts(atoms if self._device == "cpu" else max(atoms, AT_ONCE))

    def _of(self, batch: "Batch") -> Graph:
        moved = batch.moved(batch.positions.to(self._device))
        return self._graph(moved, edges(moved, self._cutoff))

    def _structure_of(self, batch: "Batch") -> "Tensor":
        return batch.structure_of.to(self._device)


class MessagePassingBackbone(GraphBackbone):
    """A :class:`GraphBackbone` that is a sequence of message-passing layers: sites need less than every atom."""

    _network: MessagePassing

    def _node_features(self, graph: Graph) -> "Tensor":
        return self._network.features(graph)

    def site_features(self, batch: "Batch", sites: "Tensor") -> "Tensor":
        """Features of some atoms (see :class:`experiments.backbones.site.Local`)."""
        import torch

        return torch.cat(self._of_sites(self._network.site_features, batch, sites, self.at_once))

    def site_jacobian(self, batch: "Batch", sites: "Tensor") -> "tuple[Tensor, Tensor]":
        """Features of one atom a structure and their derivative: :func:`experiments.backbones.site.site_jacobian`."""
        import torch

        found = self._of_sites(self._network.site_jacobian, batch, sites, self.jacobian_at_once)
        features, derivatives = zip(*found, strict=True)
        return torch.cat(features), torch.cat(derivatives)

    def _of_sites(
        self, compute: Callable[[Graph, "Tensor"], Any], batch: "Batch", sites: "Tensor", atoms: int
    ) -> list[Any]:
        found, start = [], 0
        for part in self._parts(batch, atoms):
            stop = start + len(part.numbers)
            own = sites[(sites >= start) & (sites < stop)] - start
            if len(own):
                found.append(compute(self._of(part), own.to(self._device)))
            start = stop
        return found
