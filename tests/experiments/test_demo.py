"""The demo runs on what the package embeds: trained networks and frames the project generated itself."""

import json

import pytest

from experiments import study
from experiments.cli import main
from experiments.spn import Probe


def test_demo_is_the_study_on_the_embedded_frames(tmp_path, capsys, monkeypatch):
    pytest.importorskip("nequip")
    plan = study.Plan(60, 20, 20, (Probe("equivariant", 1), Probe("free", 1)), {1: 10}, replicates_only=True)
    monkeypatch.setattr(study, "QUICK", plan)
    folder = tmp_path / "demo"
    assert main(["demo", "-o", str(folder)]) == 0
    result = json.loads((folder / "aspirin-embedded.json").read_text())
    for group in result["groups"]:
        assert len(group["backbones"]) == 4
        assert group["measured_boundary"] == group["predicted_boundary"] == 2
        at_two, at_three = group["degrees"][1:3]
        assert at_two["rho"] > 0.7
        assert abs(at_three["rho"]) < 0.05
        assert at_two["r2_injected"] > 0.1 > abs(at_three["r2_injected"])
    for replicate in result["groups"][0]["replicates"]:
        assert replicate["training_frames"]["source"] == "embedded:train"
        assert replicate["rotation_error"] < 1e-4
    assert (folder / "aspirin-embedded.png").exists()
    assert str(folder / "aspirin-embedded.png") in capsys.readouterr().out


def test_demo_into_a_file_is_refused(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["demo", "-o", str(tmp_path / "file")]) == 2
    assert "cannot make the folder" in capsys.readouterr().err
