"""Hand-made densities: what the same fits recover with no network at all, `density:2` for degrees up to L = 2.

A_znlm = Σ_j R_n(r_j) Y_lm(u_j) over the neighbours j of element z: one channel an element and radial function. Nothing
is trained; a trained network of the same L has to do better than this to have learned anything of a direction.
"""

import hashlib
from typing import TYPE_CHECKING

from experiments.backbones.elements import require_elements
from experiments.backbones.options import Options
from experiments.backbones.protocol import Card
from experiments.neighbours import edges
from numerics.harmonics import E3NN_MAX_L
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from experiments.backbones.batch import Batch

ELEMENTS = (1, 6, 7, 8)
CUTOFF = 4.0
"""Å; that of the shipped networks."""
RADIAL = 8
SHOWN = 4
"""Names that are listed."""


class Density:
    """See the module's text.

    Args:
        l_max: L.
    """

    def __init__(self, l_max: int):
        from e3nn.o3 import Irreps

        channels = len(ELEMENTS) * RADIAL
        self.name = f"density:{l_max}"
        self.l_max = l_max
        self.irreps = Irreps([(channels, (l, (-1) ** l)) for l in range(l_max + 1)])
        described = f"{ELEMENTS} {CUTOFF} {RADIAL} {l_max} bessel"
        self.card = Card(
            layers={"0": str(self.irreps)},
            layer="0",
            default_layer="0",
            default_reason="the only one",
            labels="parity",
            parameters=0,
            source="made by hand",
            licence="MIT",
            elements=frozenset(ELEMENTS),
            settings={"weights_sha256": hashlib.sha256(described.encode()).hexdigest()},
        )

    def features(self, batch: "Batch") -> "Tensor":
        """(N, irreps.dim), differentiable in the batch's positions."""
        import torch
        from e3nn.math import soft_one_hot_linspace
        from e3nn.o3 import spherical_harmonics

        require_elements(self, batch.numbers)
        near = edges(batch, CUTOFF)
        vectors = near.vectors(batch.positions)
        lengths = vectors.norm(dim=-1)
        radial = soft_one_hot_linspace(lengths, 0.0, CUTOFF, RADIAL, basis="bessel", cutoff=True)
        radial = radial * ((1 - (lengths / CUTOFF) ** 2) ** 2)[:, None]  # smooth at the cutoff
        elements = torch.tensor(ELEMENTS, device=batch.positions.device)
        marked = batch.numbers.to(elements.device)[near.neighbour, None] == elements
        channels = torch.einsum("pn,pz->pzn", radial, marked.to(radial.dtype)).flatten(1)
        blocks = []
        for l in range(self.l_max + 1):
            angular = spherical_harmonics(l, vectors, normalize=True, normalization="component")
            terms = torch.einsum("pc,pm->pcm", channels, angular).flatten(1)
            summed = terms.new_zeros(len(batch.numbers), terms.shape[1])
            blocks.append(summed.index_add(0, near.centre, terms))
        return torch.cat(blocks, dim=-1)


def names() -> tuple[str, ...]:
    """Those worth a line in a list."""
    return tuple(map(str, range(1, SHOWN + 1)))


def open_named(name: str, options: Options) -> Density:
    """Densities of the degrees up to the number in ``name``.

    Raises:
        InputError: no number, or one out of range; another layer than the one that there is.
    """
    if not (name.isdecimal() and int(name) <= E3NN_MAX_L):
        raise InputError(f"density:{name}: expected the highest degree, 0 to {E3NN_MAX_L}, such as density:2")
    if options.layer not in (None, "0"):
        raise InputError(f"density:{name} has no layer {options.layer}: expected 0", "layer")
    return Density(int(name))
