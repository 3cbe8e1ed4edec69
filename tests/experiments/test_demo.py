"""The demo runs on what the package embeds: trained networks and structures the project generated itself."""

import json
from dataclasses import replace

import pandas
import pytest

from experiments.cli import main
from experiments.spn import Probe
from experiments.studies import aspirin


def test_demo_is_the_study_on_the_embedded_structures(tmp_path, capsys, monkeypatch):
    pytest.importorskip("nequip")
    every = aspirin.cells
    small = {"n_train": 60, "n_test": 20, "force_structures": 20, "orientations": 10}

    def cells(lab):
        assert lab.quick
        networks = dict.fromkeys(cell.backbone for cell in every(lab))
        base = every(lab)[0]
        return [
            replace(base, backbone=name, probe=probe, **small)
            for name in networks
            for probe in (Probe("equivariant", 1), Probe("free", 1))
        ]

    monkeypatch.setattr(aspirin, "cells", cells)
    folder = tmp_path / "demo"
    assert main(["demo", "-o", str(folder), "--executor", "serial"]) == 0
    printed = capsys.readouterr().out
    written = json.loads((folder / "aspirin" / "study.json").read_text())
    assert written["holds"] is True
    assert len(written["backbones"]) == 4
    assert {one["source"] for one in written["structures"].values()} == {"embedded:train", "embedded:test"}
    table = pandas.read_csv(folder / "aspirin" / "cells.csv")
    assert len(table) == 4 * 2 * 7
    means = table.groupby(["solver", "l"])[["rho", "r2_injected"]].mean()
    for solver in ("equivariant", "free"):
        assert means.loc[(solver, 2), "rho"] > 0.7
        assert abs(means.loc[(solver, 3), "rho"]) < 0.05
        assert means.loc[(solver, 2), "r2_injected"] > 0.1 > abs(means.loc[(solver, 3), "r2_injected"])
    assert str(folder / "aspirin" / "aspirin.png") in printed
    assert printed.strip().endswith(f"page: {folder / 'aspirin' / 'report.html'}")
    page = (folder / "aspirin" / "report.html").read_text()
    assert all(claim["sentence"] in page for claim in written["claims"])
    assert (folder / "aspirin" / "aspirin.svg").exists()
    (folder / "aspirin" / "aspirin.svg").unlink()
    first = (folder / "aspirin" / "study.json").read_bytes()
    assert main(["demo", "-o", str(folder), "--executor", "serial"]) == 0  # from the store
    assert (folder / "aspirin" / "study.json").read_bytes() == first
    assert (folder / "aspirin" / "aspirin.svg").exists()


def test_demo_into_a_file_is_refused(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["demo", "-o", str(tmp_path / "file")]) == 2
    assert "cannot make the folder" in capsys.readouterr().err
