"""`diagnose` as a user runs it: files in, tables, JSON and figures out, and one line for every mistake."""

import json
from pathlib import Path

import numpy as np
import pytest

from experiments.cli import main
from experiments.data import write_npz
from span_theorem.errors import InputError
from tests.experiments.synthetic import random_frames
from tests.rmd17 import RMD17

FACTORY = Path(__file__).with_name("synthetic.py")


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "harmonics.py").write_text(
        "from tests.experiments.synthetic import Spectrum\n\n\ndef two():\n    return Spectrum([0, 1, 2])\n"
    )
    write_npz(random_frames(60, 0), tmp_path / "training.npz")
    write_npz(random_frames(30, 1), tmp_path / "test.npz")
    return tmp_path


def arguments(**changes):
    options = {
        "backbone": "harmonics.py:two",
        "frames": "training.npz",
        "test-frames": "test.npz",
        "site": "0",
        "toward": "1",
        "d": "2",
    } | changes
    given = ["diagnose", "--trust"]
    for name, value in options.items():
        if value is not None:
            given += [f"--{name}", str(value)]
    return given


def test_result_file_table_and_figures(workplace, capsys):
    assert main(arguments(json="result.json")) == 0
    printed = capsys.readouterr()
    assert "measured boundary l = 4, predicted dL = 4: reached." in printed.out
    assert "no path" in printed.out
    result = json.loads((workplace / "result.json").read_text())
    assert result["L"] == result["d"] == 2
    assert result["solver"] == "equivariant"
    assert result["predicted_boundary"] == result["measured_boundary"] == 4
    assert (result["verdict"], result["agrees"]) == ("reached", True)
    assert [degree["l"] for degree in result["degrees"]] == [1, 2, 3, 4, 5, 6]
    assert result["training_frames"]["checksum"] == random_frames(60, 0).checksum
    assert result["verification"]["parity"] == "o3"
    assert (workplace / "result.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (workplace / "result.svg").read_text()
    assert not list(workplace.glob(".*"))


def test_one_file_is_divided(workplace, capsys):
    assert main(arguments(**{"test-frames": None, "json": "result.json"})) == 0
    result = json.loads((workplace / "result.json").read_text())
    assert result["training_frames"]["n_frames"] == 40
    assert result["test_frames"]["n_frames"] == 20


def test_many_pairs_in_one_result(workplace, capsys):
    assert main(arguments(site=None, toward=None, pairs="0-1,1-2", json="result.json")) == 0
    result = json.loads((workplace / "result.json").read_text())
    assert [(pair["site"], pair["toward"]) for pair in result["pairs"]] == [(0, 1), (1, 2)]
    assert all(pair["measured_boundary"] == 4 for pair in result["pairs"])
    assert "ρ by marked direction" in capsys.readouterr().out


def test_every_field_of_the_contract_is_there(workplace, capsys):
    assert main(arguments(json="result.json", solver="free")) == 0
    result = json.loads((workplace / "result.json").read_text())
    for degree in result["degrees"]:
        for name in ("rho", "r2_injected", "raw_gain"):
            low, high = degree[f"{name}_ci"]
            assert low <= degree[name] <= high
        assert isinstance(degree["null_gain"], float)
    assert result["contrast_ci"][0] > 0
    assert result["cliff_lower"] > 1
    assert result["settings"]["seed"] == 0


def test_energies_alone_if_asked(workplace, capsys):
    assert main([*arguments(json="result.json"), "--no-forces"]) == 0
    result = json.loads((workplace / "result.json").read_text())
    assert all(degree["r2_injected"] is None for degree in result["degrees"])


def test_result_and_figure_are_written_together_or_not_at_all(workplace, capsys, monkeypatch):
    def fail(results, paths, title):
        raise InputError("the figure cannot be drawn")

    monkeypatch.setattr("experiments.report.figure.draw_recoveries", fail)
    before = sorted(path.name for path in workplace.iterdir())
    assert main(arguments(json="result.json")) == 2
    assert "the figure cannot be drawn" in capsys.readouterr().err
    assert sorted(path.name for path in workplace.iterdir() if path.name != "__pycache__") == before


def test_dots_in_a_figure_name_stay(workplace, capsys):
    assert main(arguments(figure="aspirin-0.5")) == 0
    assert (workplace / "aspirin-0.5.png").exists()
    assert (workplace / "aspirin-0.5.svg").exists()


def test_a_link_is_written_through(workplace, capsys):
    (workplace / "link.json").symlink_to(workplace / "target.json")
    assert main(arguments(json="link.json")) == 0
    assert (workplace / "link.json").is_symlink()
    assert json.loads((workplace / "target.json").read_text())["kind"] == "diagnosis"


@pytest.mark.parametrize(
    ("options", "verdict", "agrees", "status"),
    [
        ({"L": 1}, "crossed", False, 1),
        ({"L": 3, "l-max": 7}, "below", False, 0),
        ({"l-max": 4}, "undecided", None, 0),
    ],
)
def test_a_boundary_that_is_crossed_alone_is_status_1(workplace, capsys, options, verdict, agrees, status):
    assert main(arguments(**options, json="result.json")) == status
    assert f": {verdict}. " in capsys.readouterr().out
    result = json.loads((workplace / "result.json").read_text())
    assert (result["verdict"], result["agrees"]) == (verdict, agrees)
    (workplace / "result.json").write_text(json.dumps({**result, "direction": None} | {"verdict": "other"}))
    assert main(["report", "result.json"]) == 2
    old = {name: value for name, value in result.items() if name != "verdict"}  # as earlier versions wrote it
    (workplace / "result.json").write_text(json.dumps(old))
    capsys.readouterr()
    assert main(["report", "result.json"]) == 0
    assert f": {verdict}. " in capsys.readouterr().out


def broken(name, **arrays):
    np.savez(name, **arrays)


def frames_with(**changes):
    numbers, positions = random_frames(60, 0).stacked()
    arrays = {
        "nuclear_charges": numbers,
        "coords": positions,
        "energies": np.zeros(60),
        "forces": np.zeros((60, 3, 3)),
    }
    return arrays | changes


def prepare_nan():
    coords = np.array(random_frames(60, 0).stacked()[1])
    coords[7, 2, 1] = np.nan
    broken("bad.npz", **frames_with(coords=coords))


def prepare_close():
    coords = np.array(random_frames(60, 0).stacked()[1])
    coords[5, 1] = coords[5, 0] + 1e-4
    broken("bad.npz", **frames_with(coords=coords))


def prepare_missing_key():
    arrays = frames_with()
    del arrays["coords"]
    broken("bad.npz", **arrays)


def prepare_shape():
    broken("bad.npz", **frames_with(coords=np.zeros((60, 4, 3))))


def prepare_truncated():
    broken("bad.npz", **frames_with())
    Path("bad.npz").write_bytes(Path("bad.npz").read_bytes()[:900])


@pytest.mark.parametrize(
    ("changes", "prepare", "expected"),
    [
        ({"frames": "none.npz"}, None, ["none.npz"]),
        ({"frames": "bad.npz"}, prepare_truncated, ["bad.npz"]),
        ({"frames": "bad.npz"}, prepare_missing_key, ["bad.npz", "coords"]),
        ({"frames": "bad.npz"}, prepare_nan, ["bad.npz", "structure 7", "atom 2"]),
        ({"frames": "bad.npz"}, prepare_shape, ["bad.npz", "(60, 4, 3)"]),
        ({"frames": "bad.npz"}, prepare_close, ["bad.npz", "structure 5", "0.1 Å"]),
        ({"site": 3}, None, ["site 3", "0 to 2"]),
        ({"toward": 0}, None, ["both 0"]),
        ({"site": "x"}, None, ["--site", "x"]),
        ({"d": 9}, None, ["d = 9", "1 to 4"]),
        ({"d": "1.5"}, None, ["--d", "valid integer"]),
        ({"l-max": 40}, None, ["l_max is 40", "1 to 12"]),
        ({"solver": "magic"}, None, ["magic", "equivariant, free, mlp"]),
        ({"backbone": "nothing"}, None, ["unknown backbone 'nothing'"]),
        ({"backbone": "sevennet:7net-0", "layer": "9"}, None, ["no layer '9'", "0, 1, 2, 3, 4"]),
        ({"device": "abacus"}, None, ["device abacus", "cpu"]),
        ({"amplitude": 0}, None, ["amplitude is 0.0", "positive"]),
        ({"amplitude": -2}, None, ["amplitude is -2.0", "positive"]),
        ({"read-at": 5}, None, ["atom 5 is to be read", "0 to 2"]),
        ({"pairs": "bonds"}, None, ["pairs were given with a site", "one or the other"]),
        ({"site": None}, None, ["a site and an atom it points to, pairs, or a rule"]),
        ({"site": None, "toward": None, "pairs": "0-9"}, None, ["toward 9", "0 to 2"]),
        ({"solver": "mlp", "activation": "swish"}, None, ["swish", "silu"]),
        ({"activation": "silu"}, None, ["for solver mlp"]),
        ({"solver": "mlp", "width": 0}, None, ["width 0", "at least 1"]),
        ({"n-train": 10}, None, ["10 training structures", "at least 20"]),
        ({"n-test": 3}, None, ["3 test structures", "at least 10"]),
        ({"test-frames": "training.npz"}, None, ["also training structures"]),
        ({"json": "missing/result.json"}, None, ["missing/result.json"]),
        ({"json": "."}, None, ["folder"]),
        ({"json": "/dev/null"}, None, ["/dev/null", "device"]),
        ({"figure": "missing/figure"}, None, ["missing/figure.png"]),
        ({"figure": "."}, None, ["expected a file name"]),
    ],
)
def test_bad_input_is_one_line_and_status_two(workplace, capsys, changes, prepare, expected):
    if prepare:
        prepare()
    before = sorted(path.name for path in workplace.iterdir())
    assert main(arguments(**changes)) == 2
    (message,) = capsys.readouterr().err.strip().splitlines()
    assert message.startswith("experiments: error: ")
    for fragment in expected:
        assert fragment in message
    assert sorted(path.name for path in workplace.iterdir() if path.name != "__pycache__") == before


def test_an_element_that_the_backbone_does_not_know(workplace, capsys):
    pytest.importorskip("sevenn")
    frames = frames_with(nuclear_charges=np.array([6, 118, 6]))
    broken("og.npz", **frames)
    assert main(arguments(backbone="sevennet:7net-0", frames="og.npz", **{"test-frames": None})) == 2
    assert "Og" in capsys.readouterr().err.strip().splitlines()[-1]


@pytest.mark.rmd17
@pytest.mark.parametrize("solver", ["equivariant", "free"])
def test_seven_net_on_real_aspirin_loses_five_and_keeps_four(workplace, solver, capsys):
    pytest.importorskip("sevenn")
    changes = {
        "backbone": "sevennet:7net-0",
        "layer": "1",
        "frames": RMD17 / "rmd17_aspirin_train_01.npz",
        "test-frames": RMD17 / "rmd17_aspirin_test_01.npz",
        "site": 12,
        "toward": 11,
        "solver": solver,
        "n-train": 100,
        "n-test": 40,
        "json": "result.json",
    }
    assert main([*arguments(**changes), "--no-forces"]) == 0
    result = json.loads((workplace / "result.json").read_text())
    found = {degree["l"]: degree for degree in result["degrees"]}
    assert result["verification"]["parity"] == "so3"
    assert found[1]["rho"] > found[3]["rho"] > found[4]["rho"] > 0.3
    assert abs(found[5]["rho"]) < 0.02
    assert abs(found[6]["rho"]) < 0.02


def test_a_table_and_a_titled_figure(tmp_path, capsys):
    words = [
        "diagnose",
        "--backbone",
        "density:1",
        "--structures",
        "embedded:train",
        "--test-structures",
        "embedded:test",
    ]
    words += [
        "--site",
        "12",
        "--toward",
        "11",
        "--n-train",
        "20",
        "--n-test",
        "10",
        "--l-max",
        "3",
        "--no-forces",
    ]
    assert main([*words, "--title", "Mine"]) == 2
    assert "there is no figure" in capsys.readouterr().err
    places = ["--csv", str(tmp_path / "a.csv"), "--figure", str(tmp_path / "f"), "--title", "Mine"]
    assert main([*words, *places]) == 0
    assert "nothing written" not in capsys.readouterr().out
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 4
    assert "Mine" in (tmp_path / "f.svg").read_text()
