"""What is refused at the door: names that are paths, files that are none, numbers out of range."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest

from experiments.cli import main
from experiments.data import read_structures, write_extxyz, write_npz
from experiments.environments import choose_pairs
from experiments.report.figure import draw_recoveries
from span_theorem.errors import InputError
from tests.experiments.synthetic import random_frames

FRAMES = random_frames(5, 0)


@pytest.mark.parametrize("molecule", ["x/../../y", "..", "", "é", "aspirin\n"])
def test_a_molecule_that_leads_elsewhere(tmp_path, monkeypatch, capsys, molecule):
    monkeypatch.setenv("SPAN_THEOREM_CACHE", str(tmp_path / "a" / "cache"))
    (tmp_path / "archive" / "npz_data").mkdir(parents=True)
    for more in ([], ["--from", str(tmp_path / "archive")]):
        assert main(["data", "fetch", "rmd17", "--molecule", molecule, "--split", "1", *more]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    assert not list(tmp_path.glob("**/*.npz"))


@pytest.mark.parametrize("split", ["²", "٣", "0", "6", "1" * 5000])
def test_splits_that_are_no_digit(capsys, split):
    assert main(["data", "fetch", "rmd17", "--split", split]) == 2
    assert "expected 1 to 5 or all" in capsys.readouterr().err


@pytest.mark.parametrize("pairs", ["²-1", "1-²", "1-" + "1" * 5000, "1--2", "1-2,"])
def test_pairs_that_are_no_digits(pairs):
    with pytest.raises(InputError, match="expected pairs such as"):
        choose_pairs(FRAMES, None, None, pairs)


@pytest.mark.parametrize("name", ["a@b.xyz", "a@0.extxyz", "@.xyz"])
def test_a_file_name_with_an_at(tmp_path, name):
    write_extxyz(FRAMES, tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert len(read_structures(tmp_path / name)) == len(FRAMES)


@pytest.mark.parametrize("name", ["pipe.npz", "pipe.xyz"])
def test_a_pipe_is_not_waited_for(tmp_path, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises(InputError, match="it is a pipe"):
        read_structures(tmp_path / name)


@pytest.mark.parametrize(
    ("field", "one"), [("positions", "position"), ("energies", "energy"), ("forces", "force")]
)
@pytest.mark.parametrize("value", [1e160, -1e160, 1e12, np.inf])
def test_numbers_whose_squares_are_none(field, one, value):
    arrays = {name: np.array(getattr(FRAMES, name)) for name in ("positions", "energies", "forces")}
    arrays[field][-1] = value
    with pytest.raises(InputError, match=f"the {one} of structure 4.* expected at most"):
        replace(FRAMES, **arrays)


@pytest.mark.parametrize("amplitude", ["1e160", "1e-320", "nan", "inf", "0", "-1"])
def test_amplitudes_out_of_range(tmp_path, capsys, amplitude):
    write_npz(FRAMES, tmp_path / "frames.npz")
    arguments = ["--structures", str(tmp_path / "frames.npz"), "--site", "0", "--toward", "1", "--l", "1"]
    output = tmp_path / "x.xyz"
    assert main(["inject", *arguments, "--amplitude", amplitude, "-o", str(output)]) == 2
    assert "expected a force from" in capsys.readouterr().err
    assert not output.exists()


@pytest.mark.parametrize("name", ["a$b$c", "$", "$$", "a\x00b\x1b[31m", "$\\frac{$"])
def test_a_name_is_no_formula(tmp_path, name):
    degree = {"l": 1, "rho": 0.5, "rho_ci": [0.4, 0.6], "path": True}
    result = {
        "backbone": name,
        "L": 1,
        "solver": "free",
        "d": 1,
        "degrees": [degree],
        "predicted_boundary": 1,
    }
    draw_recoveries([json.loads(json.dumps(result))], [tmp_path / "x.svg"])
    assert name.replace("\x00", "?").replace("\x1b", "?") in (tmp_path / "x.svg").read_text()
