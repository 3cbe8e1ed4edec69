"""The study `molecule`: which structures stand in for those that are not there."""

from experiments.lab.study import Lab
from experiments.studies import molecule


def test_embedded_structures_stand_in_for_aspirin_and_ethanol_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setenv("SPAN_THEOREM_CACHE", str(tmp_path))
    monkeypatch.setattr(molecule, "NETWORKS", ("nequip:aspirin-rmd17-l1",) * 2)
    lab = Lab(quick=True)
    cells = molecule.cells(lab)
    assert {(cell.training, cell.test, cell.rule) for cell in cells} == {
        ("embedded:train", "embedded:test", "pair(12, 11)")
    }
    assert {cell.l_max for cell in cells} == {3, 4}  # two above dL
    assert set(lab.left_out) == {"rmd17:aspirin", "rmd17:ethanol"}
    assert "stand in" in lab.left_out["rmd17:aspirin"]
