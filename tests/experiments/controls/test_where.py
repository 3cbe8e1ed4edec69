"""Where a direction is read: a molecule whose features are known, the spots, the graph of bonds, table and figure."""

import json
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from scipy.stats import spearmanr

from experiments.controls import where
from experiments.controls.bond_graph import BondGraph, bond_graph, flat_drawing, sway
from experiments.controls.probing import Sample, probe_part
from experiments.controls.protocol import Context
from experiments.controls.where import Settings, Spot, spots
from experiments.data import load, write_npz
from experiments.data.frames import Frames
from experiments.direction import MarkedPair
from experiments.parts import Parts
from span_theorem.errors import InputError, MissingPackage
from span_theorem.output import write_json
from span_theorem.results import read_result
from span_theorem.tables.where import where_table
from tests.experiments.synthetic import Spectrum

PUBLISHED = Path(__file__).parents[3] / "docs" / "results" / "control-where.json"
CHAIN = BondGraph(("O", "H", "H"), ((0, 1), (0, 2)))


def loose_water(n_frames, seed):
    """Oxygen and two hydrogens in independent isotropic directions from it, at 0.96 and 1.0 Å."""
    rng = np.random.default_rng(seed)
    units = rng.normal(size=(n_frames, 2, 3))
    units *= np.array([[[0.96], [1.0]]]) / np.linalg.norm(units, axis=2, keepdims=True)
    positions = np.concatenate([np.zeros((n_frames, 1, 3)), units], axis=1)
    return Frames(np.array([8, 1, 1]), positions, None, None, "loose water")


def run(folder, *networks, store=None, **changes):
    paths = [folder / "train.npz", folder / "test.npz"]
    for seed, path in enumerate(paths):
        if not path.exists():
            write_npz(loose_water(80 - 40 * seed, seed), path)
    backbones = {network.name: network for network in networks}
    given = {"training": str(paths[0]), "test": str(paths[1]), "orientations": 4, "more_orientations": 6}
    given |= {"networks": tuple(backbones), "open": lambda name, layer: backbones[name]}
    return where.run(Context(0, store or Parts()), Settings(**given | changes))


class Renamed(Spectrum):
    def __init__(self, orders, name):
        super().__init__(orders)
        self.name = name


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    # features of an atom are harmonics of the direction to the next one: 0 to 1, 1 to 2, 2 to 0
    return run(tmp_path_factory.mktemp("where"), Spectrum([1, 2]), Renamed([1, 2], "the_same"))


def rho(result, reading, read, site, toward, network="synthetic:1+2"):
    (spot,) = (
        spot
        for spot in result["spots"]
        if (spot["network"], spot["reading"]) == (network, reading)
        and (spot["read"], spot["site"], spot["toward"]) == (read, site, toward)
    )
    return spot["degrees"][-1]["rho"]


def test_a_direction_is_found_where_it_is_read_and_nowhere_else(measured):
    assert rho(measured, "end", 0, 0, 1) > 0.95
    assert rho(measured, "end", 2, 2, 0) > 0.95
    assert abs(rho(measured, "end", 0, 0, 2)) < 0.2
    assert rho(measured, "neighbour", 2, 0, 1) < 0.2
    assert measured["agrees"] is not False  # 40 test frames leave some of it open
    assert [degree["l"] for degree in measured["spots"][0]["degrees"]] == [1, 2, 3, 4]


def test_spots_are_every_bond_at_every_place():
    found = list(spots(CHAIN, "a"))
    assert [spot.pair for spot in found if spot.reading == "end"] == [
        MarkedPair(*pair) for pair in ((0, 1), (0, 2), (1, 0), (2, 0))
    ]
    neighbours = [
        (spot.read, spot.pair.site, spot.pair.toward) for spot in found if spot.reading == "neighbour"
    ]
    assert neighbours == [(1, 0, 2), (2, 0, 1)]
    assert [spot.pair for spot in found if spot.reading == "molecule"] == [MarkedPair(0, 1), MarkedPair(0, 2)]
    aspirin = bond_graph(load("embedded:test").select(range(3)))
    counts = [sum(spot.reading == reading for spot in spots(aspirin, "a")) for reading in where.READINGS]
    degrees = [len(aspirin.neighbours(atom)) for atom in range(aspirin.n_atoms)]
    assert counts == [sum(degrees), sum(n * (n - 1) for n in degrees), sum(degrees) // 2]


def test_a_direction_reversed_and_read_at_the_same_atom_is_the_same():
    """Why either end needs no further measurement."""
    shown = Sample(loose_water(60, 0), loose_water(30, 1))
    found = []
    for pair in (MarkedPair(0, 1), MarkedPair(1, 0)):
        asked = where.Asked(pairs=(pair,), l_max=5, forces=False, read_at=0)
        found.append(probe_part(Context(0, Parts()), Spectrum([1, 2]), shown, asked)["diagnosis"]["degrees"])
    for one, other in zip(*found, strict=True):
        assert one["rho"] == pytest.approx(other["rho"], abs=1e-9)


def test_means_by_kind_are_those_of_their_spots(measured):
    kinds = {(kind["network"], kind["reading"], kind["kind"]): kind for kind in measured["kinds"]}
    both = kinds["synthetic:1+2", "end", "O2 to H1"]
    assert both["n"] == 2
    mean = (rho(measured, "end", 0, 0, 1) + rho(measured, "end", 0, 0, 2)) / 2
    assert both["rho"] == pytest.approx(mean)
    assert both["rho_ci"][0] <= both["rho"] <= both["rho_ci"][1]
    assert kinds["synthetic:1+2", "end", "all"]["n"] == 4
    assert kinds["synthetic:1+2", "molecule", "H1-O2"]["n"] == 2
    assert ("the_same", "neighbour", "O2 to H1") not in kinds
    (pair,) = measured["replicates"]
    assert pair["rank_correlation"] == pytest.approx(1)


def test_every_test_above_the_boundary_is_counted(measured):
    above = measured["above"]
    assert above["tests"]["number"] == len(above["entries"]) == 4 + 5
    for entry in above["entries"]:
        assert entry["above"]["l"] == 5
        assert entry["at"]["l"] == 4
        assert entry["above"]["lower"] <= entry["above"]["rho_ci"][0]
    lows = [entry["above"]["rho_ci"][0] for entry in above["entries"]]
    assert above["intervals_above_zero"] == sum(low > 0 for low in lows)
    assert f"in {len(lows)} tests" in measured["conclusions"][0]
    best = next(entry for entry in above["entries"] if entry["orientations"] == 6)
    assert (best["read"], best["toward"]) in ((0, 1), (2, 0))
    assert best["at"]["rho"] > 0.8


def test_reasons_are_rank_correlations(measured):
    ends = [spot for spot in measured["spots"] if (spot["network"], spot["reading"]) == ("the_same", "end")]
    lengths = [0.96 if {spot["site"], spot["toward"]} == {0, 1} else 1.0 for spot in ends]
    (reason,) = (
        reason
        for reason in measured["reasons"]
        if (reason["network"], reason["what"]) == ("the_same", "bond length")
    )
    expected = spearmanr(lengths, [spot["degrees"][-1]["rho"] for spot in ends]).statistic
    assert reason["rank_correlation"] == pytest.approx(expected, abs=1e-9)
    assert reason["ci"][0] <= reason["rank_correlation"] <= reason["ci"][1]


def test_a_missing_network_is_left_out_and_said(tmp_path):
    def opening(name, layer):
        if name == "x:y":
            raise MissingPackage("this backbone needs the package x: pip install y")
        return Spectrum([1])

    result = run(tmp_path, networks=("x:y", "synthetic:1"), open=opening)
    assert result["skipped"] == [
        {"what": "x:y", "reason": "this backbone needs the package x: pip install y"}
    ]
    assert result["networks"][0]["network"] == "synthetic:1"
    with pytest.raises(MissingPackage, match="needs the package x"):
        run(tmp_path, networks=("x:y",), open=opening)


def test_a_killed_run_ends_with_the_same_result(tmp_path, monkeypatch):
    whole = run(tmp_path, Spectrum([1]))
    store = Parts(tmp_path / "parts")
    above = where._above
    monkeypatch.setattr(where, "_above", lambda *arguments: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, Spectrum([1]), store=store)
    monkeypatch.setattr(where, "_above", above)
    kept = {path: path.read_bytes() for path in (tmp_path / "parts").iterdir()}
    assert len(kept) == 4  # the ends in one part, either hydrogen as a neighbour, the molecule
    assert json.dumps(run(tmp_path, Spectrum([1]), store=store)) == json.dumps(whole)
    assert all(path.read_bytes() == content for path, content in kept.items())


def test_atoms_of_aspirin_have_the_names_of_their_chemistry():
    graph = bond_graph(load("embedded:test").select(range(3)))
    names = [graph.name(atom) for atom in range(graph.n_atoms)]
    assert sorted(names) == sorted(["C3r"] * 6 + ["C3"] * 2 + ["C4"] + ["O1"] * 2 + ["O2"] * 2 + ["H1"] * 8)
    assert names[12] == "O2"
    assert graph.name(11) == "C3"
    assert graph.kind(MarkedPair(12, 11)) == "O2 to C3"
    assert graph.kind(MarkedPair(12, 11), ordered=False) == "C3-O2"
    methyl = next(atom for atom in range(21) if names[atom] == "C4")
    hydrogen = next(atom for atom in graph.neighbours(methyl) if graph.symbols[atom] == "H")
    assert graph.like_neighbours(MarkedPair(methyl, hydrogen)) == 2
    assert graph.like_neighbours(MarkedPair(hydrogen, methyl)) == 0


def test_rings_are_cycles_and_nothing_that_hangs_on_them():
    tail = BondGraph(("C",) * 5, ((0, 1), (0, 2), (1, 2), (2, 3), (3, 4)))
    assert [tail.in_ring(atom) for atom in range(5)] == [True, True, True, False, False]
    # between two rings, in none
    chain = BondGraph(("C",) * 7, ((0, 1), (0, 2), (1, 2), (2, 3), (3, 4), (4, 5), (4, 6), (5, 6)))
    assert [chain.in_ring(atom) for atom in range(7)] == [True, True, True, False, True, True, True]


def test_atoms_apart_have_no_graph():
    water = loose_water(2, 0)
    apart = Frames(water.numbers, 9 * water.positions, None, None, water.source)
    with pytest.raises(InputError, match="loose water: expected a molecule with a bond"):
        bond_graph(apart)


@given(st.integers(0, 2**32 - 1))
@limits(max_examples=20)
def test_a_drawing_of_flat_atoms_keeps_their_distances(seed):
    rng = np.random.default_rng(seed)
    flat = np.concatenate([rng.normal(size=(6, 2)), np.zeros((6, 1))], axis=1)
    turned = Rotation.random(rng=rng).apply(flat) + rng.normal(size=3)
    drawn = flat_drawing(turned)
    assert drawn.shape == (6, 2)
    distances = np.linalg.norm(flat[:, None] - flat[None], axis=2)
    np.testing.assert_allclose(np.linalg.norm(drawn[:, None] - drawn[None], axis=2), distances, atol=1e-9)


@given(st.integers(0, 2**32 - 1))
@limits(max_examples=20)
def test_a_rigid_molecule_does_not_sway_however_it_turns(seed):
    rng = np.random.default_rng(seed)
    rigid = rng.normal(size=(5, 3))
    frames = np.stack([turn.apply(rigid) for turn in Rotation.random(6, rng=rng)]) + rng.normal(
        size=(6, 1, 3)
    )
    assert sway(Frames(np.full(5, 6), frames, None, None, "rigid"), MarkedPair(0, 1)) < 1e-4


def test_a_bond_that_swings_sways_by_its_angle():
    angle = np.radians(10)
    heavy = np.random.default_rng(0).normal(size=(40, 3))
    frames = [np.vstack([heavy, [[0, 0, 0], [np.cos(a), np.sin(a), 0]]]) for a in (angle, -angle)]
    found = sway(Frames(np.full(42, 6), np.array(frames), None, None, "swing"), MarkedPair(40, 41))
    assert found == pytest.approx(10, abs=0.2)


def test_table_figure_and_summary_are_made_from_the_json(measured, tmp_path):
    from rich.console import Console

    from experiments.report.save import drawing, save

    result = json.loads(json.dumps(measured)) | {"kind": "control-where"}
    path = tmp_path / "control-where.json"
    write_json(path, result)
    check_table(path, result)
    with drawing():
        save(where.draw(result), [tmp_path / "figure.svg"])
    drawn = (tmp_path / "figure.svg").read_text()
    assert "O0" in drawn
    assert "H2" in drawn
    console = Console(width=200, file=StringIO())
    console.print(where.summarise(result))
    assert "O2 to H1" in console.file.getvalue()


def check_table(path, result):
    """Every row of the table is a kind of bond, with its figures in every layer."""
    table = where_table(read_result(path))
    first = result["networks"][0]
    own = [
        kind for kind in result["kinds"] if (kind["network"], kind["reading"]) == (first["network"], "end")
    ]
    assert len(table.rows) == len({kind["kind"] for kind in own})
    for cells in table.rows:
        for cell, layer in zip(cells[2:], first["layers"], strict=True):
            (kind,) = (kind for kind in own if (kind["kind"], kind["layer"]) == (cells[0], layer))
            assert int(cells[1]) == kind["n"]
            figures = [float(word.strip("[],")) for word in cell.split()]
            np.testing.assert_allclose(figures, [kind["rho"], *kind["rho_ci"]], atol=0.0051)


def test_the_published_table_is_that_of_its_json():
    check_table(PUBLISHED, json.loads(PUBLISHED.read_text()))


def test_one_real_spot_is_what_the_study_says():
    """The marked pair of the headline, among the spots of the shipped network: other draws of frames and fields."""
    spot = Spot("1", "end", 12, MarkedPair(12, 11))
    result = json.loads(PUBLISHED.read_text())
    (found,) = (
        entry
        for entry in result["spots"]
        if entry["network"] == "nequip:aspirin-gfn2-0"
        and {key: entry[key] for key in spot.to_dict()} == spot.to_dict()
    )
    assert found["kind"] == "O2 to C3"
    study = json.loads((PUBLISHED.parent / "aspirin-embedded.json").read_text())
    (group,) = (one for one in study["groups"] if (one["solver"], one["d"]) == ("equivariant", 2))
    (network,) = (one for one in group["replicates"] if one["backbone"] == found["network"])
    for here, there in zip(found["degrees"], network["degrees"], strict=False):
        assert here["l"] == there["l"]
        assert here["rho"] == pytest.approx(there["rho"], abs=0.01)
    assert len(found["degrees"]) == 4
