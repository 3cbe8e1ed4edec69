"""The same networks on several molecules: synthetic ones, frames that are not there, the table, and real ethanol."""

import json
from io import StringIO
from pathlib import Path

import numpy as np
import pytest

from experiments.controls import molecule
from experiments.controls.molecule import ASPIRIN, ETHANOL, Molecule, Settings
from experiments.controls.protocol import Context
from experiments.data import load, write_npz
from experiments.direction import MarkedPair
from experiments.parts import Parts
from experiments.spn import Probe
from span_theorem.errors import MissingPackage
from span_theorem.output import write_json
from span_theorem.results import read_result
from span_theorem.tables.molecule import molecule_table
from tests.experiments.synthetic import Noise, Spectrum, random_frames
from tests.rmd17 import RMD17

PUBLISHED = Path(__file__).parents[3] / "docs" / "results" / "control-molecule.json"
PROBES = (Probe("equivariant", 1), Probe("equivariant", 2), Probe("free", 1))


def made(folder, name, n_atoms, **changes):
    """Frames of a chain of atoms, written."""
    paths = [folder / f"{name}-{part}.npz" for part in ("train", "test")]
    for seed, path in enumerate(paths):
        write_npz(random_frames(60 - 30 * seed, seed, n_atoms=n_atoms), path)
    return Molecule(name, str(paths[0]), str(paths[1]), MarkedPair(0, 1), **changes)


def run(molecules, *networks, store=None, probes=PROBES):
    few = Settings(molecules=tuple(molecules), networks=networks, probes=probes, orientations=8)
    return molecule.run(Context(0, store or Parts()), few)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("molecules")
    molecules = [made(folder, "long & thin", 6), made(folder, "short", 4)]
    return run(molecules, Spectrum([0, 1]), Spectrum([1, 2]))


def test_the_ceiling_does_not_know_the_molecule(measured):
    assert measured["agrees"] is True
    assert len(measured["rows"]) == 2 * 2 * len(PROBES)
    for row in measured["rows"]:
        assert row["measured_boundary"] == row["predicted_boundary"] == row["L"] * row["d"]
    assert "6 of 6 cases" in measured["conclusions"][3]
    assert measured["tests"]["number"] == 2 * 2 * 2


def test_a_molecule_whose_direction_is_lost_fails_the_control(tmp_path):
    molecules = [made(tmp_path, "one", 5), made(tmp_path, "two", 4)]
    result = run(molecules, Noise())
    assert result["agrees"] is False
    assert "synthetic:noise on two, d = 2" in result["conclusions"][2]


def test_frames_that_are_not_there_are_said_and_others_stand_in(tmp_path, monkeypatch):
    monkeypatch.setenv("SPAN_THEOREM_CACHE", str(tmp_path))
    there = made(tmp_path, "there", 4)
    absent = Molecule(
        "aspirin", ASPIRIN.training, ASPIRIN.test, MarkedPair(0, 1), (there.training, there.test)
    )
    result = run([absent, ETHANOL], Spectrum([1]), probes=PROBES[:1])
    assert result["agrees"] is None
    stand_in, ethanol = result["skipped"]
    assert "data fetch rmd17 --molecule aspirin" in stand_in["reason"]
    assert stand_in["reason"].endswith("there-train.npz stands in")
    assert ethanol["what"] == "ethanol"
    assert "data fetch rmd17 --molecule ethanol" in ethanol["reason"]
    assert [entry["name"] for entry in result["molecules"]] == ["aspirin"]
    assert result["molecules"][0]["frames"]["training"]["source"] == there.training
    with pytest.raises(MissingPackage, match="data fetch"):
        run([ETHANOL], Spectrum([1]))


def test_a_missing_network_is_left_out_and_said(tmp_path, monkeypatch):
    def missing(spec):
        raise MissingPackage("this backbone needs the package x: pip install y")

    monkeypatch.setattr("experiments.backbones.open_backbone", missing)
    there = made(tmp_path, "there", 4)
    result = run([there], "x:y", Spectrum([1]), probes=PROBES[:1])
    assert result["skipped"] == [
        {"what": "x:y", "reason": "this backbone needs the package x: pip install y"}
    ]
    with pytest.raises(MissingPackage, match="needs the package x"):
        run([there], "x:y")


def test_a_killed_run_ends_with_the_same_result(tmp_path):
    class Killed(Spectrum):
        def features(self, numbers, positions):
            if positions.shape[1] == 5:
                raise KeyboardInterrupt
            return super().features(numbers, positions)

    molecules = [made(tmp_path, "four", 4), made(tmp_path, "five", 5)]
    whole = run(molecules, Spectrum([1]), probes=PROBES[:1])
    store = Parts(tmp_path / "parts")
    with pytest.raises(KeyboardInterrupt):
        run(molecules, Killed([1]), store=store, probes=PROBES[:1])
    assert len(list((tmp_path / "parts").iterdir())) == 1
    assert json.dumps(run(molecules, Spectrum([1]), store=store, probes=PROBES[:1])) == json.dumps(whole)


def is_an_oxygen_towards_a_carbon_bonded_to_it(frames, pair):
    assert frames.numbers[[pair.site, pair.toward]].tolist() == [8, 6]
    assert pair.lengths(frames).max() < 1.75


def test_what_is_marked_in_aspirin():
    is_an_oxygen_towards_a_carbon_bonded_to_it(load("embedded:test"), ASPIRIN.pair)


@pytest.mark.rmd17
def test_what_is_marked_in_ethanol():
    is_an_oxygen_towards_a_carbon_bonded_to_it(
        load(RMD17 / "rmd17_ethanol_test_01.npz", units="kcal/mol"), ETHANOL.pair
    )


def test_table_figure_and_summary_are_made_from_the_json(measured, tmp_path):
    from rich.console import Console

    from experiments.report.save import drawing, save

    result = json.loads(json.dumps(measured)) | {"kind": "control-molecule"}
    path = tmp_path / "control-molecule.json"
    write_json(path, result)
    check_table(path, result)
    with drawing():
        save(molecule.draw(result), [tmp_path / "figure.svg"])
    assert "long &amp; thin" in (tmp_path / "figure.svg").read_text()
    console = Console(width=200, file=StringIO())
    console.print(molecule.summarise(result))
    assert "no path" in console.file.getvalue()


def check_table(path, result):
    """Every row of the result is a row of the table."""
    table = molecule_table(read_result(path))
    left = list(result["rows"])
    for cells in table.rows:
        if len(cells) == 1:
            network = cells[0].partition("{l}{")[2].removesuffix("}")
            continue
        solver = {"f": "free", "e": "equivariant"}[cells[3].split()[1]]
        wanted = (network, cells[0].replace("\\&", "&"), int(cells[1]), solver)
        (row,) = (
            row for row in left if tuple(row[key] for key in ("network", "molecule", "d", "solver")) == wanted
        )
        left.remove(row)
        assert [int(cells[2]), int(cells[3].split()[0])] == [
            row["predicted_boundary"],
            row["measured_boundary"],
        ]
        for cell, name in zip(cells[4:], ("rho_at", "rho_above"), strict=True):
            if row[name] is None:
                assert cell == "--"
            else:
                figures = [float(word.strip("[],")) for word in cell.split()]
                np.testing.assert_allclose(figures, [row[name], *row[f"{name}_ci"]], atol=0.0051)
    assert not left


def test_the_published_table_is_that_of_its_json():
    check_table(PUBLISHED, json.loads(PUBLISHED.read_text()))
