"""A cell says what is measured: equal fields, equal cells; a value out of range is refused in one line."""

import json
from dataclasses import fields

import pytest

from experiments.environments import Pair
from experiments.lab.cell import Cell, grid, pair
from experiments.lab.recovering import shared
from experiments.spn import Probe
from experiments.spn.mlp import Training
from span_theorem.errors import InputError


def test_a_grid_is_every_combination_the_last_axis_fastest():
    cells = grid(Cell("x"), backbone=["x", "y"], l_max=range(3, 6))
    assert [(cell.backbone, cell.l_max) for cell in cells] == [
        ("x", 3), ("x", 4), ("x", 5), ("y", 3), ("y", 4), ("y", 5)
    ]  # fmt: skip
    assert grid(Cell("x")) == [Cell("x")]
    assert grid(Cell("x"), seed=[]) == []
    with pytest.raises(TypeError):
        grid(Cell("x"), flavour=["sweet"])


def test_equal_cells_are_one_and_any_other_field_makes_another():
    assert len({Cell("x"), Cell("x", probe=Probe()), Cell("x", seed=1)}) == 2


def test_a_cell_is_plain_data_and_a_row_names_its_spn():
    cell = Cell("x", probe=Probe("mlp", 2, "tanh", Training(width=8, steps=10)))
    written = json.loads(json.dumps(cell.to_dict()))
    assert set(written) == {one.name for one in fields(Cell)}
    assert written["probe"]["training"]["width"] == 8
    row = cell.row()
    assert (row["solver"], row["d"], row["activation"], row["width"], row["steps"]) == (
        "mlp",
        2,
        "tanh",
        8,
        10,
    )
    assert "probe" not in row
    assert Cell("x").row()["width"] is None


def test_the_rule_and_the_atom_read():
    cell = Cell("x", rule=pair(3, 7))
    assert cell.pair == Pair(3, 7)
    assert cell.atom == 3
    assert Cell("x", rule=pair(3, 7), read="atom(5)").atom == 5
    for rule in ("pair(1)", "pair(1, -2)", "bond(1, 2)", "pair(1, 2); x", ""):
        with pytest.raises(InputError, match="expected a pair of atoms such as"):
            _ = Cell("x", rule=rule).pair
    for read in ("atom", "atom(-1)", "Site"):
        with pytest.raises(InputError, match="expected site, edge, or an atom"):
            _ = Cell("x", read=read).atom


@pytest.mark.parametrize(
    "options",
    [
        {"n_train": 0}, {"n_test": -1}, {"orientations": 0}, {"test_orientations": 0}, {"l_max": 0}, {"l_max": 99},
        {"assumed_L": -1}, {"amplitude": float("inf")}, {"amplitude": 1e7}, {"scale": 0.0}, {"force_structures": 19},
        {"validation_share": 0.0}, {"validation_share": 1.0}, {"spread": -1.0}, {"spread": float("nan")},
        {"spread": 0.5, "probe": Probe("equivariant")},
    ],
)  # fmt: skip
def test_values_out_of_range(options):
    with pytest.raises(InputError, match="expected") as caught:
        Cell("x", **options)
    assert "\n" not in str(caught.value)
    assert "--" not in str(caught.value)


def test_cells_that_differ_in_what_is_injected_alone_are_fitted_together():
    base = Cell("x", rule=pair(0, 1))
    for same in (
        {"rule": pair(0, 2)},
        {"amplitude": 0.3},
        {"scale": 2.0},
        {"shuffled": True},
        {"rule": pair(1, 2), "read": "atom(0)"},
    ):
        assert shared(*grid(base, **{name: [value] for name, value in same.items()})) == shared(base)
    for other in (
        {"rule": pair(1, 0)},
        {"seed": 1},
        {"layer": "2"},
        {"l_max": 5},
        {"orientations": 3},
        {"probe": Probe("free")},
        {"probe": Probe("free"), "spread": 0.5},
        {"training": "other"},
        {"backbone": "x|planted(5, 0.3)"},
    ):
        assert shared(*grid(base, **{name: [value] for name, value in other.items()})) != shared(base)
    alone = [Cell("x", rule=pair(0, toward), probe=Probe("mlp")) for toward in (1, 2)]
    assert shared(alone[0]) != shared(alone[1])
