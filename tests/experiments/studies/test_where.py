"""Which spots are read, and which of them once more."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.bond_graph import bond_graph
from experiments.data import read_structures
from experiments.lab.cell import Cell, pair
from experiments.lab.estimate import Results
from experiments.lab.measurement import Measurement
from experiments.lab.study import Lab
from experiments.studies import where


@pytest.fixture(scope="module")
def cells() -> list[Cell]:
    pytest.importorskip("nequip")
    return where.cells(Lab())


def test_every_bond_is_read_at_every_place(cells):
    graph = bond_graph(read_structures("embedded:test").subset(range(3)))
    degrees = [len(graph.neighbours(atom)) for atom in range(graph.n_atoms)]
    once = [cell for cell in cells if cell.layer == "0" and cell.probe == where.EQUIVARIANT]
    first = [cell for cell in once if cell.backbone == where.FIRST]
    assert len(cells) == len(set(cells))
    assert sum(cell.read == "site" for cell in first) == sum(degrees)
    assert sum(cell.read != "site" for cell in first) == sum(n * (n - 1) for n in degrees)
    assert sum(cell.backbone.endswith("|sum") for cell in once) == sum(degrees) // 2
    networks = [cell for cell in cells if cell.backbone.startswith("nequip:")]
    assert {cell.layer for cell in networks} == {"0", "1"}
    for name in (where.DENSITY, where.NOBODY):
        assert sum(cell.backbone == name for cell in cells) == sum(degrees)
    for cell in first:
        if cell.read != "site":
            assert cell.atom in graph.neighbours(cell.pair.site)
            assert cell.atom != cell.pair.toward


def measured(cell: Cell, rho: float) -> Measurement:
    """A frequency of ρ at the boundary, nothing elsewhere."""
    sums = np.zeros((12, 5, 4))
    sums[:, :, 0] = 1
    sums[:, where.BOUNDARY - 1, 2] = rho
    return Measurement((1, 2, 3, 4, 5), {"energy": sums}, "same", {"L": 2, "paths": [True] * 5})


def test_more_reads_the_extremes_of_the_deepest_layer():
    base = Cell(where.FIRST, probe=where.EQUIVARIANT, orientations=1, l_max=5, forces=False)
    values = {"0": [0.9, 0.8, 0.7, 0.6, 0.5], "1": [0.2, 0.5, 0.1, 0.3, 0.4]}
    table = {
        replace(base, layer=layer, rule=pair(0, 1 + index)): rho
        for layer, row in values.items()
        for index, rho in enumerate(row)
    }
    near = {replace(base, layer="1", read=f"atom({atom})"): atom / 10 for atom in (3, 5, 4)}
    total = {replace(base, layer="1", backbone=f"{where.FIRST}|sum", read="atom(0)"): 0.5}
    other = {replace(base, layer="1", backbone=where.SECOND, rule=pair(0, 9)): 1.0}
    cells = table | near | total | other
    found = where.more(Lab(), Results({cell: measured(cell, rho) for cell, rho in cells.items()}))
    # highest, median and lowest at ends, the highest elsewhere
    assert [cell.rule for cell in found[:3]] == [pair(0, 2), pair(0, 4), pair(0, 3)]
    assert found[3].read == "atom(5)"
    assert found[4].backbone.endswith("|sum")
    assert all((cell.layer, cell.probe, cell.orientations) == ("1", where.FREE, where.MORE) for cell in found)


def test_without_the_first_network_there_is_nothing_more_to_read():
    cell = Cell(where.SECOND, probe=where.EQUIVARIANT, l_max=5)
    assert where.more(Lab(), Results({cell: measured(cell, 0.5)})) == []
