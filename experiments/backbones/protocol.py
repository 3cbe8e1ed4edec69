"""What the diagnostic needs of a network: equivariant node features, and where it has them energies, forces.

Any object with ``name``, ``irreps`` and ``features`` is a backbone; nothing has to be inherited. One that knows free
molecules only may have methods of other arguments, see :mod:`experiments.backbones.free_molecule`. An adapter may also
carry a :class:`Card` (``card``) that tells its layers, its elements and what its parity labels mean, and one that only
hands on features computed elsewhere carries what was measured there (``verification``).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Protocol, runtime_checkable

from msgspec import Meta

from span_theorem.checked import Natural, Text

if TYPE_CHECKING:
    from e3nn.o3 import Irreps
    from torch import Tensor

    from experiments.backbones.batch import Batch


@runtime_checkable
class Backbone(Protocol):
    """A frozen network whose node features at one layer transform under rotations as ``irreps``.

    Attributes:
        name: how results refer to it.
        irreps: ``e3nn.o3.Irreps`` of the features of one atom, in e3nn's component order.
    """

    name: str
    irreps: "Irreps"

    def features(self, batch: "Batch") -> "Tensor":
        """Features (N, irreps.dim) of all atoms, on the backbone's device, differentiable in the batch's positions."""
        ...


@runtime_checkable
class Potential(Backbone, Protocol):
    """A backbone that also predicts."""

    def energy_forces(self, batch: "Batch") -> "tuple[Tensor, Tensor]":
        """Energies (n,) in eV and forces (N, 3) in eV/Å."""
        ...


@dataclass(frozen=True)
class Card:
    """What an adapter tells about its network.

    Attributes:
        layers: name of every layer that can be read, in the network's order, with the irreps of its features.
        layer: the layer read.
        default_layer: the layer read unless another is asked for.
        default_reason: why that one.
        labels: what the parity labels ``e`` and ``o`` of the irreps mean in this network.
        parameters: number of trainable parameters of the whole network.
        source: where the weights come from.
        licence: licence of the weights.
        elements: atomic numbers the network knows; ``None`` if it takes any.
        settings: what else identifies the weights (checksum, version), for result files.
    """

    layers: Annotated[Mapping[Text, Text], Meta(min_length=1, max_length=1000)]
    layer: Text
    default_layer: Text
    default_reason: Text
    labels: Text
    parameters: Natural
    source: Text
    licence: Text
    elements: frozenset[Annotated[int, Meta(ge=1, le=118)]] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        values = asdict(self)
        values["elements"] = sorted(self.elements) if self.elements is not None else None
        return values


def card_of(backbone: Backbone) -> Card:
    """The backbone's own card, or for a bare protocol object one that says that nothing is known."""
    card = getattr(backbone, "card", None)
    if isinstance(card, Card):
        return card
    return Card(
        layers={"features": str(backbone.irreps)},
        layer="features",
        default_layer="features",
        default_reason="the only features the object offers",
        labels="as declared by the user",
        parameters=0,
        source="user-supplied object",
        licence="unknown",
    )
