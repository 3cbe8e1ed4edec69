"""The study `architecture`: feature files, the project's and the user's."""

from dataclasses import replace

import pytest

from experiments.backbones import open_backbone
from experiments.backbones.feature_file import SHIPPED
from experiments.lab.study import Lab
from experiments.spn import Probe
from experiments.studies import architecture
from span_theorem.errors import InputError

RANDOM = architecture.UNTRAINED[0]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SPAN_THEOREM_CACHE", str(tmp_path))
    monkeypatch.setattr(architecture, "NETWORKS", {RANDOM: "mace:random"})
    monkeypatch.setattr(architecture, "DEFAULT_LAYER", (Probe("equivariant", 1), Probe("free", 1)))
    found = tmp_path / "extracted"
    found.mkdir()
    return found


def test_feature_files_of_the_user_take_part_and_one_that_fails_is_left_out(folder):
    whole = (SHIPPED / "mace_random.npz").read_bytes()
    (folder / "mine.npz").write_bytes(whole)
    (folder / "broken.npz").write_bytes(whole[:5000])
    lab = Lab()
    cells = [replace(cell, n_train=40, n_test=20, orientations=2) for cell in architecture.cells(lab)]
    assert list(lab.left_out) == [f"features:{folder / 'broken.npz'}"]
    results = lab.measure(cells)
    report = architecture.report(lab, results)
    assert {row[0] for row in report.tables[0].rows} == {"mace:random", "features:mine.npz"}
    assert {row[:2] for row in report.tables[2].rows} == {
        ("mace:random", "random"),
        ("features:mine.npz", "unknown"),
    }


def test_what_fails_when_it_is_measured_is_left_out_only_if_the_user_brought_it(folder):
    lab = Lab()
    good = next(cell for cell in architecture.cells(lab) if cell.backbone == RANDOM)
    good = replace(good, n_train=40, n_test=20, orientations=2)
    bad = replace(good, read="atom(3)")  # which the file does not hold
    with pytest.raises(InputError, match="atom 12, not of atom 3"):
        lab.measure([good, bad])
    lab.optional.add(RANDOM)
    assert len(lab.measure([good, bad])) == 0
    assert "not of atom 3" in lab.left_out[RANDOM]


@pytest.mark.parametrize(("name", "L"), [("mace_trained", 2), ("mace_random", 2), ("painn_trained", 1)])
def test_shipped_feature_files_have_a_name(name, L):
    assert open_backbone(f"features:{name}").irreps.lmax == L
