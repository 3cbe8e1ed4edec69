"""`choose` as a user runs it, on structures whose demand is known, and one line for every mistake."""

import json

import numpy as np
import pytest
from ase.io import write

from experiments.choose import known
from experiments.cli import main
from experiments.structures import Structures


def choose(path, *options):
    assert main(["choose", "--structures", str(path), "-o", str(path.parent / "result"), *options]) == 0
    return json.loads((path.parent / "result" / "study.json").read_text())


def headline(result):
    return result["claims"][0]


def written(structures, folder):
    write(folder / "known.extxyz", structures.to_ase())
    return folder / "known.extxyz"


@pytest.mark.parametrize("l", [1, 2, 3, 4, 5])
def test_legendre_triplets_ask_for_their_l_at_degree_two(l, tmp_path):
    path = written(known.structures(known.triplets(l), 120, seed=l), tmp_path)
    result = choose(path, "--max-d", "2")
    assert headline(result)["sentence"] == f"enough: L = {l} at d = 2"
    assert "d = 1 is too low" in " ".join(claim["sentence"] for claim in result["claims"])


def test_a_pair_potential_asks_for_no_angle(tmp_path):
    path = written(known.structures(known.pairs, 60), tmp_path)
    result = choose(path, "--max-d", "2")
    assert headline(result)["sentence"] == "enough: L = 0 at d = 1"
    assert result["claims"][0]["figures"] == {"L": 0, "d": 1, "open": []}


def test_volumes_of_three_neighbours_ask_for_degree_three(tmp_path):
    path = written(known.structures(known.volumes, 120), tmp_path)
    assert headline(choose(path, "--max-L", "3"))["sentence"] == "enough: L = 2 at d = 3"
    two = choose(path, "--max-L", "3", "--max-d", "2")
    # what degree two cannot carry is left, and said
    assert float(two["claims"][1]["sentence"].split(": ")[1].split()[0]) > 0.3


@pytest.mark.parametrize(
    ("make", "cutoff", "answer"),
    [(known.copper, "4.5", "enough: L = 0 at d = 1"), (known.silicon, "4", "enough: L = 2 at d = 2")],
    ids=["effective-medium copper", "Stillinger-Weber silicon"],
)
def test_published_potentials_of_crystals_ask_for_what_their_formulas_hold(make, cutoff, answer, tmp_path):
    result = choose(written(make(80), tmp_path), "--max-L", "3", "--max-d", "2", "--cutoff", cutoff)
    assert headline(result)["sentence"] == answer


def test_a_share_of_the_force_is_what_it_is_said_to_be():
    mixed, alone = known.mixed(2, 0.3, 20), known.structures(known.pairs, 20)
    np.testing.assert_allclose(
        np.linalg.norm(mixed.forces - alone.forces), 0.3 * np.linalg.norm(mixed.forces)
    )


def test_an_L_at_the_end_is_not_settled(tmp_path):
    path = written(known.structures(known.triplets(3), 120), tmp_path)
    found = headline(choose(path, "--max-L", "3", "--max-d", "2"))
    assert found["sentence"] == "not settled: the error still falls at L = 3, d = 2"


@pytest.mark.parametrize("kind", ["noise", "shuffled"])
def test_labels_without_a_cause_name_no_L(kind, tmp_path):
    structures = known.structures(known.triplets(2), 100)
    atoms = structures.to_ase()
    rng = np.random.default_rng(0)
    order = rng.permutation(len(atoms))
    for index, one in enumerate(atoms):
        if kind == "noise":
            labels = {"energy": rng.normal(), "forces": rng.normal(size=(5, 3))}
        else:
            other = structures[order[index]]
            labels = {"energy": other.energy, "forces": other.forces}
        one.calc.results.update(labels)
    path = written(Structures.from_ase(atoms), tmp_path)
    assert headline(choose(path, "--max-d", "2"))["sentence"].startswith("no power")


@pytest.mark.parametrize("kind", ["energies", "forces"])
def test_either_label_alone_will_do(kind, tmp_path):
    structures = known.structures(known.triplets(2), 400 if kind == "energies" else 100, atoms=4)
    atoms = structures.to_ase()
    for one in atoms:
        del one.calc.results["forces" if kind == "energies" else "energy"]
    path = written(Structures.from_ase(atoms), tmp_path)
    assert headline(choose(path, "--max-L", "3", "--max-d", "2"))["sentence"] == "enough: L = 2 at d = 2"


def test_files_hold_what_is_printed(tmp_path, capsys):
    import pandas

    path = written(known.structures(known.triplets(1), 60), tmp_path)
    result = choose(path, "--max-L", "2", "--max-d", "2")
    shown = capsys.readouterr().out
    for claim in result["claims"]:
        assert claim["sentence"] in " ".join(shown.split()).replace("\n", " ") or claim["sentence"] in shown
    cells = pandas.read_csv(tmp_path / "result" / "cells.csv")
    assert list(zip(cells["L"], cells["d"], strict=True)) == [(0, 1), (0, 2), (1, 2), (2, 2)]
    assert (cells["force_error_low"] <= cells["force_error"]).all()
    assert cells["features"].is_monotonic_increasing
    assert {file.name for file in (tmp_path / "result").iterdir()} == {
        "study.json", "cells.csv", "choose.png", "choose.svg",
    }  # fmt: skip
    assert main(["tables", str(tmp_path / "result"), "-o", str(tmp_path / "tables")]) == 0


def refused(capsys, folder, structures, *options):
    path = written(structures, folder) if isinstance(structures, Structures) else structures
    assert main(["choose", "--structures", str(path), "-o", str(folder / "result"), *options]) == 2
    captured = capsys.readouterr()
    assert not captured.out
    assert not list((folder / "result").glob("*"))
    lines = captured.err.strip().splitlines()
    return lines[-1]


def test_mistakes_are_said_in_one_line(tmp_path, capsys):
    structures = known.structures(known.pairs, 8)
    bare = Structures.of_molecule([6] * 5, structures.positions.reshape(-1, 5, 3))
    assert "neither energies nor forces" in refused(capsys, tmp_path, bare)
    assert "1 structure in 1 cluster" in refused(capsys, tmp_path, structures.subset([0]))
    assert "no atom has a neighbour within 0.9 Å" in refused(capsys, tmp_path, structures, "--cutoff", "0.9")
    for given in ("2%", "1.5", "-0.1", "5meV", "nan", "5kcal/A"):
        assert f"the tolerance is '{given}'" in refused(capsys, tmp_path, structures, f"--tolerance={given}")
    assert "decide" in refused(capsys, tmp_path, structures, "--tolerance", "1meV/atom")
    assert "does not exist" in refused(capsys, tmp_path, tmp_path / "none.extxyz")
    flat = Structures.of_molecule(
        [6] * 5, structures.positions.reshape(-1, 5, 3), np.ones(8), np.zeros((8, 5, 3))
    )
    assert "all forces are zero" in refused(capsys, tmp_path, flat)
    few = known.structures(known.pairs, 3, atoms=2)
    few = Structures.of_molecule([6, 6], few.positions.reshape(-1, 2, 3), few.energies)
    assert "too few" in refused(capsys, tmp_path, few)


def test_sizes_with_more_columns_than_labels_are_named(tmp_path):
    structures = known.structures(known.triplets(1), 6)
    result = choose(written(structures, tmp_path), "--max-L", "6")
    notes = [claim["sentence"] for claim in result["claims"] if claim["sentence"].startswith("Not fitted")]
    assert len(notes) == 1
    assert "(L = 6, d = 3)" in notes[0]
    assert "Fitted: d = 1 to L = 0" in notes[0]


def test_more_than_the_machine_can_take_is_refused_with_an_estimate(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("span_theorem.budget.available_memory", lambda: 1e8)
    line = refused(capsys, tmp_path, known.structures(known.pairs, 8))
    assert "would need about" in line
    assert "GiB" in line
