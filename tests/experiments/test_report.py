"""Tables and figures are made from result files alone, and say so when a file is none."""

import json
import xml.etree.ElementTree as ElementTree

import pytest

from experiments.cli import main
from experiments.diagnosis import Settings, diagnose
from experiments.direction import MarkedPair
from experiments.report.figure import draw_recoveries
from tests.experiments.synthetic import Spectrum, random_frames


@pytest.fixture(scope="module")
def result():
    settings = Settings(MarkedPair(0, 1), solver="free", orientations=4, test_orientations=2)
    diagnosis = diagnose(Spectrum([0, 1, 2]), random_frames(40, 0), random_frames(20, 1), settings)
    return json.loads(json.dumps(diagnosis.to_dict()))


def test_report_prints_what_the_file_holds_and_draws_it(result, tmp_path, capsys):
    path = tmp_path / "result.json"
    path.write_text(json.dumps(result))
    assert main(["report", str(path), "-o", str(tmp_path / "figure")]) == 0
    printed = capsys.readouterr().out
    for degree in result["degrees"]:
        value = f"{round(degree['r2'], 3) + 0.0:.3f}"
        assert any(f"│ {degree['l']} │" in line and value in line for line in printed.splitlines())
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
    text = "".join(ElementTree.parse(tmp_path / "figure.svg").getroot().itertext())
    assert "synthetic:0+1+2" in text


def test_the_same_result_gives_the_same_svg(result, tmp_path):
    for name in ("one", "two"):
        draw_recoveries([result], tmp_path / name)
    assert (tmp_path / "one.svg").read_text() == (tmp_path / "two.svg").read_text()


def test_a_smaller_recovery_is_drawn_lower(result, tmp_path):
    lowered = json.loads(json.dumps(result))
    for degree in lowered["degrees"]:
        degree["r2"] = 0.5
    draw_recoveries([result], tmp_path / "one")
    draw_recoveries([lowered], tmp_path / "two")
    assert (tmp_path / "one.svg").read_text() != (tmp_path / "two.svg").read_text()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot read"),
        ("{", "is not a JSON file"),
        ("[]", "is not a diagnosis"),
        ('{"kind": "grid"}', "is not a diagnosis"),
        ('{"kind": "diagnosis", "L": 2}', "lacks backbone"),
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
