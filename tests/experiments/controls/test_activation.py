"""Activation: networks with and without a degree on features that hold the direction and nothing else."""

import json
from io import StringIO
from pathlib import Path

import numpy as np
import pytest

from experiments.controls import activation
from experiments.controls.activation import Case, Settings
from experiments.controls.protocol import Context
from experiments.data import write_npz
from experiments.direction import MarkedPair
from experiments.parts import Parts
from span_theorem.errors import InputError
from span_theorem.output import write_json
from span_theorem.results import read_result
from span_theorem.tables import render_tables
from tests.experiments.synthetic import Noise, Spectrum, random_frames

PUBLISHED = Path(__file__).parents[3] / "docs" / "results" / "control-activation.json"


def run(folder, **changes):
    for name, n_frames, seed in (("training", 100, 0), ("test", 40, 1)):
        path = folder / f"{name}.npz"
        if not path.exists():
            write_npz(random_frames(n_frames, seed, n_atoms=4), path)
    given = {
        "activations": ("linear", "square", "tanh"),
        "width": 24,
        "steps": 300,
        "growing": ("tanh",),
        "widths": (2, 24),
        "lengths": (20, 300),
        "batch": 400,
        "backbone": Spectrum([0, 1]),
        "training": str(folder / "training.npz"),
        "test": str(folder / "test.npz"),
        "pair": MarkedPair(0, 1),
        "l_max": 4,
    } | changes
    store = given.pop("store", Parts())
    return activation.run(Context(0, store), Settings(**given))


@pytest.fixture(scope="module")
def direction(tmp_path_factory):
    return run(tmp_path_factory.mktemp("activation"))


def test_what_has_a_degree_ends_there_and_what_has_none_goes_on(direction):
    assert direction["agrees"] is True
    assert direction["quadratic_boundary"] == 2
    by_name = {entry["activation"]: entry for entry in direction["cases"][:3]}
    assert (by_name["linear"]["boundary"], by_name["square"]["boundary"], by_name["tanh"]["boundary"]) == (
        1,
        2,
        None,
    )
    assert by_name["square"]["degrees"][1]["rho"] > 0.5
    assert (
        max(figures["upper"] for name in ("linear", "square") for figures in by_name[name]["tested"]) < 0.05
    )
    crossing = by_name["tanh"]["tested"][0]
    assert crossing["l"] == 3
    assert crossing["lower"] > 0.05
    assert by_name["tanh"]["reached"] >= 3


def test_the_crossing_grows_with_width_and_with_training(direction):
    for by in ("width", "steps"):
        curve = activation._curve(direction, "tanh", by)
        assert [entry[by] for entry in curve] == {"width": [2, 24], "steps": [20, 300]}[by]
        assert curve[0]["tested"][0]["rho"] + 0.1 < curve[1]["tested"][0]["rho"]


def test_every_case_is_trained_once_and_counted(direction):
    cases = [(entry["activation"], entry["width"], entry["steps"]) for entry in direction["cases"]]
    assert len(cases) == len(set(cases)) == 5
    # linear at 2, 3, 4, square at 3, 4, each tanh at 3
    assert direction["tests"]["number"] == 3 + 2 + 3
    assert direction["claims"]["n_polynomial"] == 5


def test_features_that_know_nothing_let_nobody_cross(tmp_path):
    result = run(tmp_path, backbone=Noise(), widths=(), lengths=(), steps=50, l_max=5)
    assert result["agrees"] is False
    assert result["claims"]["others_cross"] is False


def test_what_cannot_be_asked_is_refused(tmp_path):
    with pytest.raises(InputError, match="silu, cube: expected at least one, and no polynomial"):
        Settings(growing=("silu", "cube"))
    with pytest.raises(InputError, match="l_max is 2: expected more than 2"):
        run(tmp_path, l_max=2)


def test_a_case_without_degree_stands_beside_the_quadratic_prediction():
    assert Case("silu", 4, 5).probe(7).degree == 2
    assert Case("silu", 4, 5).probe(7).polynomial is False
    assert Case("cube", 4, 5).probe(7).degree == 3
    assert Case("cube", 4, 5).probe(7).training.samples == (7, 7)


def test_a_killed_run_ends_with_the_same_result(tmp_path):
    class Killed(Spectrum):
        def features(self, numbers, positions):
            raise KeyboardInterrupt

    small = {"steps": 5, "lengths": (), "widths": (3,)}
    whole = run(tmp_path, **small)
    store = Parts(tmp_path / "parts")
    run(tmp_path, store=store, activations=("linear", "tanh"), **(small | {"widths": ()}))
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, store=store, backbone=Killed([0, 1]), **small)
    assert len(list((tmp_path / "parts").iterdir())) == 2
    assert json.dumps(run(tmp_path, store=store, **small)) == json.dumps(whole)


def test_table_figure_and_summary_are_made_from_the_json(tmp_path, direction):
    from rich.console import Console

    from experiments.report.save import drawing, save

    result = json.loads(json.dumps(direction)) | {"kind": "control-activation"}
    write_json(tmp_path / "control-activation.json", result)
    check_table(tmp_path / "control-activation.json", result)
    with drawing():
        for name in ("one.svg", "two.svg"):
            save(activation.draw(result), [tmp_path / name])
    assert (tmp_path / "one.svg").read_text() == (tmp_path / "two.svg").read_text()
    console = Console(width=200, file=StringIO())
    console.print(activation.summarise(result))
    assert "A ceiling belongs to probes of bounded degree" in console.file.getvalue()


def check_table(path, result):
    """Every cell of the LaTeX against the JSON."""
    lines = render_tables([read_result(path)])["control-activation.tex"].splitlines()
    rows = [line.removesuffix(r" \\").split(" & ") for line in lines if line.endswith(r" \\")][1:]
    assert len(rows) == len(result["cases"])
    first = result["quadratic_boundary"]
    for row, case in zip(rows, result["cases"], strict=True):
        assert row[:3] == [case["activation"], str(case["width"]), str(case["steps"])]
        by_l = {degree["l"]: degree for degree in case["degrees"]}
        for l, cell in enumerate(row[3:], first):
            found = [float(word.strip("[],")) for word in cell.split()]
            np.testing.assert_allclose(found, [by_l[l]["rho"], *by_l[l]["rho_ci"]], atol=0.00501)


def test_the_published_table_is_that_of_its_json():
    result = json.loads(PUBLISHED.read_text())
    assert result["agrees"] is True
    check_table(PUBLISHED, result)
