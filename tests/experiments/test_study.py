"""The study: replicates put together, resumed after any interruption, and read off by nothing but its JSON."""

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest

from experiments import study
from experiments.cli import main
from experiments.features import FeatureReader
from experiments.parts import Parts
from experiments.spn import Probe
from span_theorem.cli import main as theorem_main
from span_theorem.errors import InputError
from span_theorem.results import read_result
from span_theorem.tables import render_tables
from tests.experiments.synthetic import Spectrum, random_frames

PUBLISHED = Path(__file__).parents[2] / "docs" / "results"

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


def test_a_ceiling_that_is_crossed_does_not_hold_and_one_that_is_missed_does():
    result = run()
    first, *others = result["groups"]
    for verdict, holds in (("crossed", False), ("below", True), ("undecided", True)):
        assert study.holds({**result, "groups": [{**first, "verdict": verdict}, *others]}) is holds


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


def rows_of(table):
    """Cells of the rows below the heading of a table in LaTeX, without those that are one cell across."""
    lines = table.split(r"\midrule")[1:]
    found = [
        [cell.strip() for cell in line.rstrip(" \\").split("&")]
        for part in lines
        for line in part.split(r"\bottomrule")[0].splitlines()
        if "&" in line
    ]
    return found


def assert_shows(cell, value, ends, unit=1, digits=3):
    """A cell of value_{lower}^{upper}; a dash where there is no figure."""
    numbers = [float(number) for number in re.findall(r"-?\d+\.\d+", cell)]
    expected = [] if value is None or ends is None else [unit * number for number in (value, *ends)]
    assert numbers == pytest.approx(expected, abs=0.6 * 10**-digits)


def check_tables(result, tables):
    """Headline and replicates against the JSON that they were made from."""
    name = re.sub("[^a-z0-9]+", "-", f"{result['molecule']}-{result['data']}".lower())
    headline, replicates = (rows_of(tables[f"{name}-{kind}.tex"]) for kind in ("headline", "replicates"))
    groups = result["groups"]
    assert len(headline) == len(groups)
    for row, group in zip(headline, groups, strict=True):
        boundary = group["predicted_boundary"]
        assert row[:4] == [str(group["d"]), group["solver"], str(boundary), str(group["measured_boundary"])]
        degrees = {degree["l"]: degree for degree in group["degrees"]}
        for cell, l, figure in (
            (row[4], boundary, "rho"),
            (row[5], boundary + 1, "rho"),
            (row[6], boundary, "r2_injected"),
            (row[7], boundary + 1, "r2_injected"),
        ):
            found = degrees[l] if degrees[l]["path"] else {figure: None, f"{figure}_ci": None}
            assert_shows(cell, found[figure], found[f"{figure}_ci"])
        cliff = re.findall(r"[\d.]+", row[8])
        if group["cliff_lower"] is None:
            assert row[8] == "--"
        else:
            assert float(cliff[0]) == pytest.approx(min(group["cliff_lower"], 1000), abs=0.06)
    members = [(group, one) for group in groups for one in group["replicates"]]
    assert len(replicates) == len(members)
    for row, (group, one) in zip(replicates, members, strict=True):
        assert row[0].replace("\\_", "_") == one["backbone"]
        assert row[1:5] == [
            str(group["d"]),
            group["solver"],
            str(group["predicted_boundary"]),
            str(one["measured_boundary"]),
        ]
        degrees = {degree["l"]: degree for degree in one["degrees"]}
        for cell, l in ((row[5], group["predicted_boundary"]), (row[6], group["predicted_boundary"] + 1)):
            shown = (degrees[l]["rho"], degrees[l]["rho_ci"]) if degrees[l]["path"] else (None, None)
            assert_shows(cell, *shown)
        assert_shows(row[7], one["contrast"], one["contrast_ci"], unit=1000, digits=2)


def test_latex_tables_say_what_the_json_says(tmp_path, capsys):
    main(["aspirin", "--data", "toy", "--quick", "-o", str(tmp_path / "out")])
    assert theorem_main(["tables", "--results", str(tmp_path / "out"), "-o", str(tmp_path / "tex")]) == 0
    result = json.loads((tmp_path / "out" / "aspirin-toy.json").read_text())
    check_tables(result, {path.name: path.read_text() for path in (tmp_path / "tex").iterdir()})


@pytest.mark.parametrize("name", ["aspirin-rmd17", "aspirin-embedded"])
def test_the_published_tables_are_those_of_their_json(name):
    path = PUBLISHED / f"{name}.json"
    check_tables(json.loads(path.read_text()), render_tables([read_result(path)]))


@pytest.mark.parametrize(
    "change",
    [
        {"groups": []},
        {"published": 1},
        {"published": {"source": "x", "L": 2, "d": 2, "cliff": None, "rho": {}}},
        {"groups": [{"label": "x"}]},
        {"scope": None},
        {"molecule": 3},
    ],
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
