"""The demo runs on what the package embeds: a real pretrained network and frames the project generated itself."""

import json

import pytest

from experiments.cli import main


def test_demo_measures_the_ceiling_with_both_solvers(tmp_path, capsys):
    pytest.importorskip("sevenn")
    folder = tmp_path / "demo"
    assert main(["demo", "-o", str(folder), "--n-train", "80", "--n-test", "30"]) == 0
    for solver in ("equivariant", "free"):
        result = json.loads((folder / f"{solver}.json").read_text())
        assert result["training_frames"]["source"] == "embedded:train"
        assert result["measured_boundary"] == result["predicted_boundary"] == 4
    assert (folder / "recovery.png").exists()
    assert (folder / "recovery.svg").exists()
    assert str(folder / "recovery.png") in capsys.readouterr().out


def test_demo_into_a_file_is_refused(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["demo", "-o", str(tmp_path / "file")]) == 2
    assert "cannot make the folder" in capsys.readouterr().err
