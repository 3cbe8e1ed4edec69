"""The study: replicates put together, resumed after any interruption, and read off by nothing but its JSON."""

import json
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from experiments import study
from experiments.cli import main
from experiments.features import FeatureReader
from experiments.parts import Parts
from experiments.spn import Probe
from span_theorem.cli import main as theorem_main
from span_theorem.errors import InputError
from tests.experiments.synthetic import Spectrum, random_frames

PLAN = study.Plan(
    n_train=50,
    n_test=20,
    force_frames=30,
    probes=(Probe("equivariant", 1), Probe("equivariant", 2), Probe("free", 2)),
    orientations={2: 8},
)
NETWORKS = {
    "two": Spectrum([0, 1, 2]),
    "again": Spectrum([0, 1, 2]),
    "one": Spectrum([0, 1]),
}


@pytest.fixture(autouse=True)
def synthetic(monkeypatch):
    frames = {"training": random_frames(60, 0), "test": random_frames(30, 1)}
    monkeypatch.setattr(study, "PAIR", study.MarkedPair(0, 1))
    monkeypatch.setattr(study, "load", frames.__getitem__)
    monkeypatch.setattr(study, "open_backbone", lambda name, options: NETWORKS[name])
    members = [study.Member(name, "training", "test") for name in ("two", "again", "one")]
    networks = (
        study.Network("L = 2", tuple(members[:2])),
        study.Network("L = 1", (members[2],), replicated=False),
    )
    monkeypatch.setattr(study, "STUDIES", {"toy": networks})
    monkeypatch.setattr(study, "QUICK", PLAN)


def run(folder=None, note=lambda what, number, total: None, data="toy", plan=PLAN):
    return study.run_study(data, plan, 0, Parts(folder), FeatureReader(), note)


def test_groups_hold_all_replicates_and_their_mean():
    result = run()
    assert [(group["label"], group["solver"], group["d"]) for group in result["groups"]] == [
        ("L = 2", "equivariant", 1),
        ("L = 2", "equivariant", 2),
        ("L = 2", "free", 2),
        ("L = 1", "equivariant", 1),
        ("L = 1", "equivariant", 2),
        ("L = 1", "free", 2),
    ]
    for group in result["groups"]:
        for column, degree in enumerate(group["degrees"]):
            own = [replicate["degrees"][column]["rho"] for replicate in group["replicates"]]
            assert degree["rho"] == pytest.approx(np.mean(own))
        assert group["measured_boundary"] == group["predicted_boundary"] == group["d"] * group["L"]
    assert study.holds(result)


def test_a_run_that_was_killed_ends_with_the_same_result(tmp_path):
    class Killed(Exception):
        pass

    def kill(what, number, total):
        if number == 4:
            raise Killed

    with pytest.raises(Killed):
        run(tmp_path, kill)
    assert len(list(tmp_path.iterdir())) == 3
    victim = sorted(tmp_path.iterdir())[0]
    victim.write_text(victim.read_text()[:100])  # and one part is torn
    resumed = run(tmp_path)
    assert json.dumps(resumed) == json.dumps(run())
    assert json.dumps(run(tmp_path)) == json.dumps(resumed)


def test_a_ceiling_that_is_crossed_or_missed_does_not_hold():
    result = run()
    first, *others = result["groups"]
    for boundary in (first["measured_boundary"] - 1, first["measured_boundary"] + 1):
        moved = {**first, "predicted_boundary": boundary}
        assert not study.holds({**result, "groups": [moved, *others]})


def test_unknown_data():
    with pytest.raises(InputError, match="unknown data 'nothing': expected toy"):
        run(data="nothing")


def test_the_command_writes_result_table_and_figure(tmp_path, capsys, monkeypatch):
    arguments = ["aspirin", "--data", "toy", "--quick", "-o", str(tmp_path / "out")]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    result = json.loads((tmp_path / "out" / "aspirin-toy.json").read_text())
    for group in result["groups"]:
        at = next(degree for degree in group["degrees"] if degree["l"] == group["predicted_boundary"])
        assert f"{at['rho']:.3f}" in printed
    assert "arXiv:2605.08286" in printed
    first = (tmp_path / "out" / "aspirin-toy.json").read_bytes()
    text = "".join(ElementTree.parse(tmp_path / "out" / "aspirin-toy.svg").getroot().itertext())
    assert "2 networks" in text
    assert main(arguments) == 0
    assert (tmp_path / "out" / "aspirin-toy.json").read_bytes() == first
    capsys.readouterr()
    assert main(["report", str(tmp_path / "out" / "aspirin-toy.json"), "-o", str(tmp_path / "again")]) == 0
    assert (tmp_path / "again.svg").read_bytes() == (tmp_path / "out" / "aspirin-toy.svg").read_bytes()


def test_latex_tables_say_what_the_json_says(tmp_path, capsys):
    main(["aspirin", "--data", "toy", "--quick", "-o", str(tmp_path / "out")])
    assert theorem_main(["tables", "--results", str(tmp_path / "out"), "-o", str(tmp_path / "tex")]) == 0
    result = json.loads((tmp_path / "out" / "aspirin-toy.json").read_text())
    rows = [
        [cell.strip() for cell in line.rstrip(" \\").split("&")]
        for line in (tmp_path / "tex" / "aspirin-toy-headline.tex").read_text().splitlines()
        if "&" in line and "networks &" not in line
    ]
    assert len(rows) == len(result["groups"])
    for row, group in zip(rows, result["groups"], strict=True):
        assert row[1:5] == [
            str(group["d"]),
            group["solver"],
            str(group["predicted_boundary"]),
            str(group["measured_boundary"]),
        ]
        for cell, l, name in ((row[5], 0, "rho"), (row[6], 1, "rho"), (row[7], 0, "r2_injected")):
            degree = next(d for d in group["degrees"] if d["l"] == group["predicted_boundary"] + l)
            numbers = [float(number) for number in re.findall(r"-?\d+\.\d+", cell)]
            expected = [degree[name], *degree[f"{name}_ci"]] if degree["path"] else []
            assert numbers == pytest.approx(expected, abs=6e-4)
    replicates = (tmp_path / "tex" / "aspirin-toy-replicates.tex").read_text()
    assert sum("&" in line for line in replicates.splitlines()) == 1 + sum(
        len(group["replicates"]) for group in result["groups"]
    )


@pytest.mark.parametrize(
    "change",
    [{"groups": []}, {"published": 1}, {"groups": [{"label": "x"}]}, {"scope": None}, {"molecule": 3}],
)
def test_spoilt_studies_are_refused_in_one_line(tmp_path, capsys, change):
    path = tmp_path / "study.json"
    path.write_text(json.dumps({**run(), **change}))
    assert main(["report", str(path)]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_frames_that_are_missing_are_named_before_the_work(tmp_path, capsys, monkeypatch):
    def missing(name):
        raise InputError(f"{name} is not in the cache")

    monkeypatch.setattr(study, "load", missing)
    assert main(["aspirin", "--data", "toy", "-o", str(tmp_path)]) == 2
    assert "training is not in the cache" in capsys.readouterr().err
