"""Polygons: the diagnostic's own probe on a regular n-gon around a centre, where the exact answer is known.

A structure is an angle; the label is cos nα or sin nα, a harmonic of degree n in the polygon's plane. The plane is
random, so no component is special. The backbone is `harmonics(L)`, bare Y_lm with l ≤ L, or a network, read at a carbon
in the middle of carbons, one of them an oxygen where a vertex is marked. The cell's ``training`` names polygon and
features, as `polygon(5, marked)` or `polygon(5, density)`, its ``rule`` the target, `wave(cos)` or `wave(sin)`.
"""

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.backbones.batch import Batch
from experiments.backbones.protocol import Backbone, card_of
from experiments.lab.cell import Cell
from experiments.lab.measurement import Measurement
from experiments.lab.sources import CHECKSUMS, Sources
from experiments.recovery import sums
from experiments.samples import Inputs, Targets
from experiments.seeds import generator
from experiments.spn.free import FreeSPN
from numerics.harmonics import random_rotation, spherical_harmonics, wigner_d
from span_theorem.errors import InputError

Array = NDArray[np.float64]

CARBON, OXYGEN = 6, 8
RADIUS = 1.4  # Å, from centre to vertex: an aromatic bond
WAVES = ("cos", "sin")


@dataclass(frozen=True, eq=False)
class Polygon:
    """A regular n-gon in a plane, at many angles.

    Attributes:
        n: number of vertices.
        angles: (n_angles,) α, turns about the plane's normal.
        plane: (3, 3) rotation that takes the plane z, x (normal y, e3nn's polar axis) to the polygon's.
    """

    n: int
    angles: Array
    plane: Array

    @cached_property
    def vertices(self) -> Array:
        """Unit vectors from the centre, (n_angles, n, 3): vertex j at α + 2πj/n, counted from z towards x."""
        turns = self.angles[:, None] + 2 * np.pi * np.arange(self.n) / self.n
        return np.stack([np.sin(turns), np.zeros_like(turns), np.cos(turns)], axis=-1) @ self.plane.T

    def wave(self, name: str) -> Targets:
        """Labels that hold nothing but cos nα, or sin nα, up to a constant factor.

        In the plane z, x the components ±n of Y_n are proportional to them; D^n takes these to the polygon's plane.
        """
        zeros = np.zeros(len(self.angles))
        column = {"cos": 2 * self.n, "sin": 0}[name]
        direction = wigner_d(self.n, self.plane)[:, column]
        ends = np.tile([0, 1], (len(zeros), 1))
        return Targets(zeros, self.vertices[:, 0], zeros + 1, ends, {self.n: 1.0}, {self.n: direction})


def parse(cell: Cell) -> tuple[int, str]:
    """Number of vertices, and `marked` or `density`.

    Raises:
        InputError: the cell names no polygon, or a target that is no wave.
    """
    named = re.fullmatch(r"polygon\(([0-9]{1,3}), (marked|density)\)", cell.training)
    if named is None:
        raise InputError(f"'{cell.training}' is no polygon: expected one such as polygon(5, marked)")
    if cell.rule not in {f"wave({name})" for name in WAVES}:
        raise InputError(f"'{cell.rule}' is no target: expected wave(cos) or wave(sin)")
    return int(named[1]), named[2]


def sample_polygons(cell: Cell) -> tuple[Polygon, Polygon]:
    """The polygon at the angles of training and at others, in one plane."""
    n, _ = parse(cell)
    rng = generator(cell.seed, f"calibration, {n} vertices")
    plane = random_rotation(rng)
    angles = [rng.uniform(0, 2 * np.pi, size) for size in (cell.n_train, cell.n_test)]
    return Polygon(n, angles[0], plane), Polygon(n, angles[1], plane)


def shared(cell: Cell) -> Hashable:
    """Both waves are fitted together."""
    return replace(cell, rule="")


def identity(cell: Cell, sources: Sources) -> dict[str, Any] | None:
    """The polygon follows from the cell; a network is known by its card."""
    if _bare(cell) is not None:
        return {}
    card = card_of(sources.backbone(cell))
    return {"weights": dict(card.settings)} if set(CHECKSUMS) & set(card.settings) else None


def measure(cells: Sequence[Cell], sources: Sources) -> list[Measurement]:
    """Measure the waves of one polygon."""
    from e3nn.o3 import Irreps

    first = cells[0]
    polygons = sample_polygons(first)
    n, kind = parse(first)
    L = _bare(first)
    facts: dict[str, Any] = {"name": first.backbone}
    if L is None:
        backbone = sources.backbone(first)
        L = backbone.irreps.lmax
        facts = {"name": backbone.name, "card": card_of(backbone).to_dict()}
        values = [network_features(backbone, polygon, kind) for polygon in polygons]
    else:
        values = [harmonic_features(polygon, L, kind) for polygon in polygons]
    training, test = (
        # each angle in one orientation, no degree told
        Inputs(one, Irreps(f"{one.shape[1]}x0e"), np.broadcast_to(np.eye(3), (len(one), 1, 3, 3)))
        for one in values
    )
    # angles are independent: the first are as good as any
    validation = np.arange(len(training)) < round(first.validation_share * len(training))
    waves = [re.sub(r"wave\((.*)\)", r"\1", cell.rule) for cell in cells]
    targets = [[polygon.wave(wave) for wave in waves] for polygon in polygons]
    probe = FreeSPN(first.probe.degree)
    probe.fit(training, targets[0], validation)
    return [
        Measurement(
            (n,),
            {"energy": sums(test, target, predicted)},
            f"polygon {n}, seed {first.seed}, {first.n_test} angles",
            {**facts, "L": L, "n": n, "features": kind},
        )
        for target, predicted in zip(targets[1], probe.predict(test), strict=True)
    ]


def figures(totals: Mapping[str, Array], number: Array) -> dict[str, Array]:
    """R² on unseen angles, which is ρ here since the labels hold nothing else."""
    power, _, gain, null = np.moveaxis(totals["energy"], -1, 0)
    return {"r2": (gain - null) / power}


def harmonic_features(polygon: Polygon, L: int, kind: str) -> Array:
    """Y_lm, l ≤ L, of the first vertex, or their sum over all: (n_angles, (L+1)²)."""
    values = spherical_harmonics(L, polygon.vertices)
    return values[:, 0] if kind == "marked" else values.sum(axis=1)


def network_features(backbone: Backbone, polygon: Polygon, kind: str) -> Array:
    """Features of a carbon in the middle of carbons, one of them an oxygen if it is to be marked: (n_angles, dim)."""
    import torch

    numbers = torch.full((polygon.n + 1,), CARBON)
    if kind == "marked":
        numbers[1] = OXYGEN
    centre = np.zeros((len(polygon.angles), 1, 3))
    positions = RADIUS * np.concatenate([centre, polygon.vertices], axis=1)
    with torch.no_grad():
        batch = Batch.of_molecule(numbers, torch.from_numpy(positions))
        return backbone.features(batch)[batch.first[:-1]].double().cpu().numpy()


def _bare(cell: Cell) -> int | None:
    """L of bare harmonics; ``None`` for a network."""
    match = re.fullmatch(r"harmonics\(([0-9]{1,2})\)", cell.backbone)
    return None if match is None else int(match[1])
