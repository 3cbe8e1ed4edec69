"""Tables and figures are made from result files alone, and say so when a file is none."""

import json
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from experiments.cli import main
from experiments.diagnosis import diagnose
from experiments.lab.cell import Cell
from experiments.lab.sources import Sources
from experiments.report.figure import draw_recoveries
from experiments.spn import Probe
from tests.experiments.synthetic import Spectrum, random_frames


@pytest.fixture(scope="module")
def result():
    names = {"training": "training", "test": "test", "rule": "pair(0, 1)"}
    cell = Cell("network", **names, probe=Probe("free"), orientations=4, test_orientations=2)
    structures = {"training": random_frames(40, 0), "test": random_frames(20, 1)}
    diagnosis = diagnose([cell], Sources(backbones={"network": Spectrum([0, 1, 2])}, structures=structures))
    return json.loads(json.dumps(diagnosis.to_dict()))


def test_report_prints_what_the_file_holds_and_draws_it(result, tmp_path, capsys):
    path = tmp_path / "result.json"
    path.write_text(json.dumps(result))
    assert main(["report", str(path), "-o", str(tmp_path / "figure")]) == 0
    printed = capsys.readouterr().out
    for degree in result["degrees"]:
        value = f"{round(degree['rho'], 3) + 0.0:.3f}"
        assert any(f"│ {degree['l']} │" in line and value in line for line in printed.splitlines())
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
    text = "".join(ElementTree.parse(tmp_path / "figure.svg").getroot().itertext())
    assert "synthetic:0+1+2" in text


def test_the_same_result_gives_the_same_svg(result, tmp_path):
    for name in ("one", "two"):
        draw_recoveries([result], [tmp_path / f"{name}.svg"])
    assert (tmp_path / "one.svg").read_text() == (tmp_path / "two.svg").read_text()


def heights(path):
    """y of the points of the only curve, in drawing units: larger is lower."""
    points = [
        use for use in ElementTree.parse(path).getroot().iter("{http://www.w3.org/2000/svg}use") if len(use)
    ]
    return [float(use.get("y")) for use in points]


def test_points_are_drawn_in_proportion_to_the_recovery(result, tmp_path):
    draw_recoveries([result], [tmp_path / "figure.svg"], title="a title of $my$ own")
    values = [degree["rho"] for degree in result["degrees"]]
    drawn = heights(tmp_path / "figure.svg")
    slope, _ = np.polyfit(values, drawn, 1)
    assert slope < 0
    assert abs(np.corrcoef(values, drawn)[0, 1]) > 0.999999
    assert "a title of $my$ own" in (tmp_path / "figure.svg").read_text()


def test_no_marker_where_there_is_no_path(result, tmp_path):
    degrees = [{**one, "path": one["l"] != 2} for one in result["degrees"]]
    draw_recoveries([{**result, "degrees": degrees}], [tmp_path / "figure.svg"])
    assert len(heights(tmp_path / "figure.svg")) == len(degrees) - 1


def test_ten_results_are_ten_curves(result, tmp_path):
    draw_recoveries([{**result, "backbone": f"number {i}"} for i in range(11)], [tmp_path / "figure.svg"])
    text = (tmp_path / "figure.svg").read_text()
    assert all(f"number {i} " in text for i in range(11))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot read"),
        ("{", "is not a readable JSON file"),
        ("[]", "holds no JSON object but a list, expected a result file"),
        ('{"kind": "grid"}', "is not a diagnosis"),
        ('{"kind": "diagnosis", "L": 2}', "missing required field backbone"),
    ],
)
def test_files_that_are_no_results(tmp_path, capsys, content, message):
    path = tmp_path / "result.json"
    if content is not None:
        path.write_text(content)
    assert main(["report", str(path)]) == 2
    error = capsys.readouterr().err.strip()
    assert message in error
    assert str(path) in error
    assert len(error.splitlines()) == 1


def test_a_figure_that_cannot_be_written(result, tmp_path, capsys):
    path = tmp_path / "result.json"
    path.write_text(json.dumps(result))
    assert main(["report", str(path), "-o", str(tmp_path / "missing" / "figure")]) == 2
    assert "cannot write" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"degrees": []}, "degrees: expected one entry a frequency"),
        ({"degrees": [{"l": 1}]}, "degrees[0]: missing required field path"),
        ({"degrees": None}, "degrees: expected array, found null"),
        (
            {"degrees": [{"l": 1, "rho": "x", "rho_ci": [0, 1], "null_gain": 0, "path": False}]},
            'degrees[0].rho: expected float, found "x"',
        ),
        (
            {"degrees": [{"l": 1, "rho": 0, "rho_ci": [0], "null_gain": 0, "path": False}]},
            "degrees[0].rho_ci: expected array of length 2, found [0]",
        ),
        ({"settings": {}}, "settings: missing required field pairs"),
        ({"settings": {"pairs": [{"site": 1}]}}, "settings.pairs[0]: expected site and toward, or rule"),
        ({"card": []}, "card: expected object, found []"),
        ({"L": 1.5}, "L: expected int, found 1.5"),
        ({"verdict": "maybe"}, "verdict: invalid enum value 'maybe'"),
        ({"cliff": 1e999}, "Infinity is not JSON"),
    ],
)
def test_spoilt_results_are_refused_in_one_line(result, tmp_path, capsys, change, words):
    path = tmp_path / "result.json"
    path.write_text(json.dumps({**result, **change}))
    assert main(["report", str(path)]) == 2
    error = capsys.readouterr().err.strip()
    assert len(error.splitlines()) == 1
    assert words in error
