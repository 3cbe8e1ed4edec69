"""Leakage: angular power of a layer's features above L while one neighbour moves over the sphere around the site."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from experiments.backbones.protocol import card_of
from experiments.lab.cell import Cell
from experiments.lab.measurement import Measurement
from experiments.lab.potential import mean_figures
from experiments.lab.sources import Sources
from experiments.sphere import above, choose_move, features_over_sphere, powers, shares
from numerics.quadrature import sphere_quadrature
from span_theorem.errors import InputError

Array = NDArray[np.float64]

QUADRATURE = 24
"""Degree up to which the quadrature over the sphere is exact."""


def measure(cells: Sequence[Cell], sources: Sources) -> list[Measurement]:
    """Shares of angular power by degree l = 1..l_max, and of all above as l_max + 1.

    The cell's training structures choose the sphere; the first ``n_test`` of them are measured, alone (`pair`), with
    the atom that comes closest (`triple`) or whole (`molecule`), as ``read`` says. ``L`` is the network's highest
    degree at any layer.

    Raises:
        InputError: features that are not finite, or a degree above ``l_max``.
    """
    from e3nn.o3 import Irreps

    (cell,) = cells
    frames, _ = sources.structures(cell)
    backbone = sources.backbone(cell)
    card = card_of(backbone)
    highest = max(Irreps(irreps).lmax for irreps in card.layers.values())
    if highest > cell.l_max:
        raise InputError(f"backbone {backbone.name} has degree {highest}: expected at most {cell.l_max}")
    move = choose_move(frames)
    shown = frames.subset(np.arange(min(len(frames), cell.n_test)))
    numbers, every = shown.stacked()
    rule = sphere_quadrature(QUADRATURE)
    columns = cell.l_max + 1
    sums = {
        "share": np.zeros((len(shown), columns)),
        **{name: np.zeros((len(shown), 1)) for name in ("above", "varying", "leak", "median_channel")},
    }
    degrees = sorted({irrep.l for _, irrep in backbone.irreps})
    sums["above_by_degree"] = np.zeros((len(shown), len(degrees)))
    for index, positions in enumerate(every):
        values = features_over_sphere(backbone, numbers, positions, move, cell.read, rule.directions)
        blocks = powers(values, backbone.irreps, rule, cell.l_max)
        total = sum(block.sum(axis=0) for block in blocks)
        sums["share"][index] = shares(total)
        sums["above"][index] = above(total, highest)
        sums["varying"][index] = total[1:].sum() / total.sum()
        # above L, and nothing at all, count as rounding by the same measure: the mean square of the features
        sums["leak"][index] = total[highest + 1 :].sum() / total.sum()
        channels = above(np.concatenate(blocks), highest)
        varying = channels[~np.isnan(channels)]
        sums["median_channel"][index] = np.median(varying) if len(varying) else np.nan
        for column, one in enumerate(degrees):
            own = sum(
                block.sum(axis=0)
                for (_, irrep), block in zip(backbone.irreps, blocks, strict=True)
                if irrep.l == one
            )
            sums["above_by_degree"][index, column] = above(own, highest)
    facts = {
        "name": backbone.name,
        "L": highest,
        "layer": card.layer,
        "depth": list(card.layers).index(card.layer),
        "irreps": str(backbone.irreps),
        "degrees": degrees,
        "leak": float(sums["leak"].max()),
        "move": asdict(move) | {"elements": numbers[[move.site, move.moved, move.third]].tolist()},
        "card": card.to_dict(),
        "test": shown.to_dict(),
    }
    return [Measurement(tuple(range(1, columns + 1)), sums, shown.checksum, facts, shown.places)]


def figures(sums: Mapping[str, Array], number: Array) -> dict[str, Array]:
    """Means over structures; what a layer has once stands at every degree."""
    return mean_figures({name: value for name, value in sums.items() if name != "above_by_degree"}, number)
