"""Backbones made from another one's features: its invariants alone, or the sum of its features over the molecule.

Background: a control asks what a diagnosis would say of a network that carries less, or that is read elsewhere. Both
are the same frozen network with a linear map behind it that commutes with rotations, so both are backbones again.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from experiments.backbones.protocol import Backbone, Card, Potential, card_of
from experiments.backbones.site import site_features

if TYPE_CHECKING:
    from e3nn.o3 import Irreps
    from torch import Tensor


def lend_predictions(derived: object, inner: Backbone) -> None:
    """Give ``derived`` the energies and forces of ``inner`` where it has them: having them says that it predicts."""
    if isinstance(inner, Potential):
        derived.energy_forces = inner.energy_forces  # type: ignore[attr-defined]


class _Derived:
    """What both share: name, card and the other network's predictions, which it keeps if it makes any."""

    def __init__(self, backbone: Backbone, what: str, irreps: "Irreps"):
        card = card_of(backbone)
        self.name = f"{backbone.name}, {what}"
        self.irreps = irreps
        self.card: Card = replace(
            card,
            layers={card.layer: str(irreps)},
            default_layer=card.layer,
            settings={**card.settings, "derived": what},
        )
        self._backbone = backbone
        lend_predictions(self, backbone)


class Invariants(_Derived):
    """The components of order zero alone: a backbone of L = 0, whatever their parity label.

    Args:
        backbone: at the layer wanted.

    Raises:
        ValueError: it has no component of order zero.
    """

    def __init__(self, backbone: Backbone):
        from e3nn.o3 import Irreps

        kept = [(term, part) for term, part in zip(backbone.irreps, backbone.irreps.slices(), strict=True)]
        kept = [(term, part) for term, part in kept if term.ir.l == 0 and term.mul]
        if not kept:
            raise ValueError(f"{backbone.irreps} has no component of order zero")
        super().__init__(backbone, "invariants alone", Irreps([term for term, _ in kept]))
        self._columns = [column for _, part in kept for column in range(part.start, part.stop)]

    def features(self, numbers: "Tensor", positions: "Tensor") -> "Tensor":
        """(n_frames, n_atoms, number of invariants)."""
        return self._backbone.features(numbers, positions)[..., self._columns]

    def site_features(self, numbers: "Tensor", positions: "Tensor", site: int) -> "Tensor":
        """Invariants of one atom, (n_frames, number of invariants)."""
        return site_features(self._backbone, numbers, positions, site)[..., self._columns]


class MoleculeSum(_Derived):
    """The sum of the features over all atoms, the same at every atom: the whole molecule in place of a site.

    Args:
        backbone: at the layer wanted.
    """

    def __init__(self, backbone: Backbone):
        super().__init__(backbone, "summed over atoms", backbone.irreps)

    def features(self, numbers: "Tensor", positions: "Tensor") -> "Tensor":
        """(n_frames, n_atoms, irreps.dim), equal along the second axis."""
        found = self._backbone.features(numbers, positions)
        return found.sum(dim=1, keepdim=True).expand_as(found)
