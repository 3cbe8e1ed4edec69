"""Capacity: synthetic features on which the answer is known, and the files made of a result."""

import json
from io import StringIO
from pathlib import Path

import numpy as np
import pytest

from experiments.controls import capacity
from experiments.controls.capacity import Features, Rung, Settings, hidden
from experiments.controls.protocol import Context
from experiments.data import write_npz
from experiments.direction import MarkedPair
from experiments.parts import Parts
from experiments.spn import Probe
from span_theorem.errors import InputError
from span_theorem.output import write_json
from span_theorem.results import read_result
from span_theorem.tables import render_tables
from span_theorem.tables.capacity import capacity_table
from tests.experiments.synthetic import Spectrum, random_frames

PUBLISHED = Path(__file__).parents[3] / "docs" / "results" / "control-capacity.json"


def shown(*orders):
    return Features("site", lambda frames: Spectrum(orders))


def run(folder, features, store=None, ladder=None):
    for name, n_frames, seed in (("training", 80, 0), ("test", 40, 1)):
        path = folder / f"{name}.npz"
        if not path.exists():
            write_npz(random_frames(n_frames, seed), path)
    ladder = ladder or (
        Rung(features, hidden("linear", 64, 60, 400)),
        Rung(features, hidden("square", 8, 250, 400)),
        Rung(features, Probe("free", 1)),
        Rung(features, Probe("free", 2)),
    )
    settings = Settings(
        ladder, str(folder / "training.npz"), str(folder / "test.npz"), pair=MarkedPair(0, 1), boundary=2
    )
    return capacity.run(Context(0, store or Parts()), settings)


@pytest.fixture(scope="module")
def first_order(tmp_path_factory):
    return run(tmp_path_factory.mktemp("capacity"), shown(0, 1))


def test_features_of_order_one_end_at_two_whatever_the_width(first_order):
    assert first_order["agrees"] is True
    linear, square, *free = first_order["rungs"]
    assert linear["parameters"] == 64 * (4 + 2) + 1 > square["parameters"] == 8 * (4 + 2) + 1
    assert square["at"]["lower"] > 0.5
    assert linear["degrees"][0]["rho"] > 0.9  # it was trained
    # 4 components of which one is constant
    assert [rung["parameters"] for rung in free] == [5, 15]
    evidence = first_order["evidence"]
    assert evidence["smallest_quadratic"]["parameters"] == 15
    assert evidence["largest_linear"]["parameters"] == linear["parameters"]
    assert first_order["tests"]["number"] == 2 * len(first_order["rungs"])
    for rung in first_order["rungs"]:
        assert rung["above"]["upper"] < 0.05
        assert (
            rung["at"]["lower"] <= rung["at"]["rho_ci"][0] <= rung["at"]["rho_ci"][1] <= rung["at"]["upper"]
        )


@pytest.mark.parametrize(
    ("orders", "which"), [((0, 1, 2), "worst_linear"), ((0, 1, 3), "worst_quadratic"), ((0,), None)]
)
def test_a_ladder_that_refutes_the_claim_says_so(tmp_path, orders, which):
    features = shown(*orders)
    ladder = tuple(Rung(features, Probe("free", d)) for d in (1, 2))
    result = run(tmp_path, features, ladder=ladder)
    assert result["agrees"] is False
    if which:
        assert result["evidence"][which]["lower"] > 0.5
    else:
        assert result["evidence"]["smallest_quadratic"] is None
        assert result["conclusions"][0].startswith(
            "0 of 1 linear SPNs reach l = 1, 0 of 1 quadratic ones l = 2"
        )


def test_an_spn_that_learned_nothing_proves_nothing(tmp_path):
    """A linear one that was hardly trained stays below every threshold, and does not count."""
    features = shown(0, 1)
    lazy = Rung(features, hidden("linear", 64, 1, 1))
    result = run(tmp_path, features, ladder=(lazy, Rung(features, Probe("free", 2))))
    assert result["rungs"][0]["below"]["upper"] < 0.5
    assert result["rungs"][0]["at"]["upper"] < 0.05
    assert result["evidence"]["n_linear_reached"] == 0
    assert result["agrees"] is False


def test_a_ladder_without_both_degrees_is_refused():
    with pytest.raises(InputError, match=r"degree \[1\]: expected linear and quadratic"):
        Settings((Rung(shown(1), Probe("free", 1)),))


def test_very_wide_layers_learn_slower():
    rates = [hidden("linear", width, 10, 10).training.rate for width in (8, 512, 1024, 5120)]
    assert rates == pytest.approx([1e-2, 1e-2, 5e-3, 1e-3])


def test_the_ladder_spans_the_parameters_it_says(monkeypatch):
    """Of 144 components: from 10² to 10⁶ by width, more by inputs; linear ones to a million too."""
    widths = {
        (rung.probe.activation, rung.probe.training.width)
        for rung in capacity.LADDER
        if rung.probe.solver == "mlp"
    }
    for activation in ("linear", "square"):
        parameters = [width * 146 + 1 for name, width in widths if name == activation]
        assert min(parameters) < 2e2
        assert max(parameters) > 1e6
    assert ("square", 144) in widths


def test_a_killed_run_ends_with_the_same_result(tmp_path):
    class Killed(Spectrum):
        def features(self, numbers, positions):
            raise KeyboardInterrupt

    good, bad = shown(0, 1), Features("other", lambda frames: Killed([0, 1, 2]))
    whole = Features("other", lambda frames: Spectrum([0, 1, 2]))
    store = Parts(tmp_path / "parts")

    def ladder(second):
        return Rung(good, Probe("free", 1)), Rung(second, Probe("free", 2))

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, good, store, ladder(bad))
    assert len(list((tmp_path / "parts").iterdir())) == 1
    resumed = run(tmp_path, good, store, ladder(whole))
    assert json.dumps(resumed) == json.dumps(run(tmp_path, good, None, ladder(whole)))


def numbers(cell):
    return [float(word.strip("[],")) for word in cell.split()]


def test_table_figure_and_summary_are_made_from_the_json(tmp_path, first_order):
    from rich.console import Console

    from experiments.report.save import drawing, save

    result = json.loads(json.dumps(first_order)) | {"kind": "control-capacity"}
    write_json(tmp_path / "control-capacity.json", result)
    check_table(tmp_path / "control-capacity.json", result)
    with drawing():
        for name in ("one.svg", "two.svg"):
            save(capacity.draw(result), [tmp_path / name])
    assert (tmp_path / "one.svg").read_text() == (tmp_path / "two.svg").read_text()
    console = Console(width=200, file=StringIO())
    console.print(capacity.summarise(result))
    assert "Bounds hold together" in console.file.getvalue()


def check_table(path, result):
    """Every cell of the LaTeX against the JSON."""
    lines = render_tables([read_result(path)])["control-capacity.tex"].splitlines()
    rows = [line.removesuffix(r" \\").split(" & ") for line in lines if line.endswith(r" \\")][1:]
    assert len(rows) == len(result["rungs"])
    for row, rung in zip(rows, result["rungs"], strict=True):
        assert row[:3] == [rung["features"], rung["solver"], str(rung["d"])]
        assert row[3] == (str(rung["training"]["width"]) if rung["training"] else "--")
        assert int(row[4].replace(r"\,", "")) == rung["parameters"]
        for cell, which in zip(row[5:], ("at", "above"), strict=True):
            np.testing.assert_allclose(
                numbers(cell), [rung[which]["rho"], *rung[which]["rho_ci"]], atol=0.00501
            )


def test_a_result_without_rungs_is_refused(tmp_path, first_order):
    path = tmp_path / "control-capacity.json"
    write_json(path, first_order | {"kind": "control-capacity", "rungs": []})
    with pytest.raises(InputError, match="at least one entry in rungs"):
        capacity_table(read_result(path))


def test_the_published_table_is_that_of_its_json():
    result = json.loads(PUBLISHED.read_text())
    assert result["agrees"] is True
    check_table(PUBLISHED, result)
