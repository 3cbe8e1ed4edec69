"""A backbone with one channel more: Y_l of the marked direction, buried in noise of known power.

Background: a diagnostic that never finds a frequency above the ceiling proves nothing unless it finds one that is
there. Provides: features of a network with a channel √s·Y_l(u) + √(1-s)·n, s the share of its power that is signal. A
probe that is linear in the features recovers ρ(l) = s when it has frames enough, so the answer is known. One of degree
2 recovers at least that: products of the channel with features of order 2 turn it towards where the signal can be.

The noise n turns with the molecule like Y_l and is the same whenever the same frame is shown, as a feature has to be:
n = √(2/N) Σ_j sin(κ r_j) Y_l(u_j) over the N other atoms of the molecule, at distance r_j in direction u_j. With κ as
large as :data:`SPREAD` thermal motion turns each sine through many periods: from frame to frame the coefficients are
as good as random, independent, and of mean square ½, so that |n|² averages |Y_l|² = 2l+1.
"""

from dataclasses import replace
from math import sqrt
from typing import TYPE_CHECKING

from experiments.backbones.protocol import Backbone, card_of
from experiments.backbones.site import site_features
from experiments.controls.derived import lend_predictions
from experiments.direction import MarkedPair
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

SPREAD = 5e3
"""κ, 1/Å: a displacement of 0.03 Å is 24 periods; rounding of a float64 distance stays below 1e-10 periods."""


class Planted:
    """A backbone whose features end with the planted channel; it holds the same for every atom.

    Args:
        inner: the network; its energies and forces stay.
        pair: the marked direction.
        l: order of the channel.
        share: s, 0 to 1.

    Raises:
        InputError: a share out of range.
    """

    def __init__(self, inner: Backbone, pair: MarkedPair, l: int, share: float):
        from e3nn.o3 import Irreps

        if not 0 <= share <= 1:
            raise InputError(f"the share of the planted signal is {share}: expected 0 to 1")
        self.inner, self.pair, self.l, self.share = inner, pair, l, share
        self.name = f"{inner.name}, planted {share:g} of l = {l}"
        self.irreps = inner.irreps + Irreps([(1, (l, (-1) ** l))])
        card = card_of(inner)
        planted = {
            "planted": {"site": pair.site, "toward": pair.toward, "l": l, "share": share, "spread": SPREAD}
        }
        self.card = replace(
            card,
            layers={card.layer: str(self.irreps)},
            default_layer=card.layer,
            settings={**card.settings, **planted},
        )
        lend_predictions(self, inner)

    def features(self, numbers: "Tensor", positions: "Tensor") -> "Tensor":
        import torch

        own = self.inner.features(numbers, positions)
        channel = self._channel(positions).to(own)
        return torch.cat([own, channel[:, None].expand(*own.shape[:2], channel.shape[1])], dim=-1)

    def site_features(self, numbers: "Tensor", positions: "Tensor", site: int) -> "Tensor":
        import torch

        own = site_features(self.inner, numbers, positions, site)
        return torch.cat([own, self._channel(positions).to(own)], dim=-1)

    def _channel(self, positions: "Tensor") -> "Tensor":
        """(n_frames, 2l+1)."""
        import torch

        x = positions.to(torch.float64)
        others = [atom for atom in range(x.shape[1]) if atom not in (self.pair.site, self.pair.toward)]
        signal = self._harmonics(x[:, self.pair.toward] - x[:, self.pair.site])
        steps = x[:, others] - x[:, [self.pair.site]]
        phases = torch.sin(SPREAD * steps.norm(dim=-1, keepdim=True))
        noise = (phases * self._harmonics(steps)).sum(dim=1) * sqrt(2 / len(others))
        return sqrt(self.share) * signal + sqrt(1 - self.share) * noise

    def _harmonics(self, steps: "Tensor") -> "Tensor":
        from e3nn.o3 import spherical_harmonics

        return spherical_harmonics(self.l, steps, normalize=True, normalization="component")
