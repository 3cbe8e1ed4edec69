"""The calibration on polygons: targets and features of known symmetry, the 1:1 comparison, and one real network."""

import json
import re
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.controls import calibration
from experiments.controls.calibration import Grid, Polygon, Settings, draw_polygons, harmonic_features
from experiments.controls.protocol import Context
from experiments.controls.untrained import untrained
from experiments.parts import Parts
from numerics.harmonics import random_rotation
from span_theorem.errors import InputError, MissingPackage
from span_theorem.output import write_json
from span_theorem.results import Record, read_result
from span_theorem.tables.calibration import calibration_table

PUBLISHED = Path(__file__).parents[3] / "docs" / "results" / "control-calibration.json"

SMALL = Settings(grids=(Grid(3, 3, 3), Grid(2, 2, 1)), networks=(), n_train=60, n_test=30, n_validation=15)


def run(store=None, asked=SMALL):
    return calibration.run(Context(0, store or Parts()), asked)


def polygon(n, seed, size=20):
    rng = np.random.default_rng(seed)
    return Polygon(n, rng.uniform(0, 2 * np.pi, size), random_rotation(rng))


@given(st.integers(2, 10), st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_the_labels_are_cosine_and_sine_in_any_plane(n, seed):
    shown = polygon(n, seed)
    eye = np.broadcast_to(np.eye(3), (len(shown.angles), 1, 3, 3))
    expected = {"cos": np.cos(n * shown.angles), "sin": np.sin(n * shown.angles)}
    for name, labels in shown.waves.items():
        values = labels.oriented(n, eye)[:, 0]
        scale = np.sqrt(np.mean(values**2) / np.mean(expected[name] ** 2))
        np.testing.assert_allclose(values, scale * expected[name], atol=1e-9 * scale)
        assert not labels.base.any()


@given(st.integers(2, 10), st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_vertices_are_a_regular_polygon_that_turns_about_its_normal(n, seed):
    shown = polygon(n, seed)
    vertices, normal = shown.vertices, shown.plane @ [0.0, 1.0, 0.0]
    np.testing.assert_allclose(np.linalg.norm(vertices, axis=-1), 1)
    np.testing.assert_allclose(vertices @ normal, 0, atol=1e-12)
    np.testing.assert_allclose(vertices.sum(axis=1), 0, atol=1e-12)
    neighbours = np.einsum("ai,ai->a", vertices[:, 0], vertices[:, 1])
    np.testing.assert_allclose(neighbours, np.cos(2 * np.pi / n), atol=1e-12)
    cosine = vertices[0, 0] @ vertices[1, 0]
    assert cosine == pytest.approx(np.cos(shown.angles[1] - shown.angles[0]))


@given(st.integers(2, 8), st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_the_density_is_constant_below_n_and_turns_from_there(n, seed):
    shown = polygon(n, seed)
    assert np.ptp(harmonic_features(shown, n - 1, "density"), axis=0).max() < 1e-12
    assert np.ptp(harmonic_features(shown, n, "density"), axis=0).max() > 0.1
    assert np.ptp(harmonic_features(shown, 1, "marked"), axis=0).max() > 0.1


def test_every_verdict_is_that_of_exact_arithmetic():
    result = run()
    assert result["agrees"] is True
    assert len(result["cells"]) == 2 * (3 * 3 + 2)
    for cell in result["cells"]:
        seen = cell["d"] * cell["L"] if cell["features"] == "marked" else cell["L"]
        assert cell["recovered"] is (seen >= cell["n"])
        for wave in ("cos", "sin"):
            low, high = cell[wave]["r2_ci"]
            assert low <= cell[wave]["r2"] <= high
    (summary,) = result["summary"]
    assert (summary["cells"], summary["agreeing"]) == (22, 22)
    assert summary["least_recovered"]["tests"] + summary["most_lost"]["tests"] == 44
    assert summary["least_recovered"]["r2"] > 1 - 1e-6
    assert any("from order L = n on" in sentence for sentence in result["conclusions"])


def test_features_that_carry_more_than_they_should_are_found_out(monkeypatch):
    honest = calibration.harmonic_features
    monkeypatch.setattr(
        calibration, "harmonic_features", lambda shown, L, features: honest(shown, L, "marked")
    )
    result = run()
    assert result["agrees"] is False
    wrong = [cell for cell in result["cells"] if not cell["agrees"]]
    assert {cell["features"] for cell in wrong} == {"density"}
    assert all(cell["recovered"] and cell["d"] * cell["L"] >= cell["n"] > cell["L"] for cell in wrong)
    assert not any("from order L = n on" in sentence for sentence in result["conclusions"])
    table = calibration_table(Record(Path("x.json"), "", json.loads(json.dumps(result))))
    check_table(result, table)
    marked = [cell for row in table.rows if row[0].endswith("density") for cell in row if "FAILS" in cell]
    assert len(marked) == len({(cell["n"], cell["d"]) for cell in wrong})


def test_one_wave_of_two_is_no_verdict():
    def cell(cosine, sine):
        return {"cos": {"r2_ci": [cosine, 1.0]}, "sin": {"r2_ci": [sine, 1.0]}}

    assert calibration.is_recovered(cell(0.9, 0.8)) is True
    assert calibration.is_recovered(cell(-0.1, 0.04)) is False
    assert calibration.is_recovered(cell(0.9, 0.0)) is None


def test_without_nequip_the_harmonics_are_measured_and_the_rest_is_named(monkeypatch):
    def missing(*_, **__):
        raise MissingPackage("this needs the package nequip")

    monkeypatch.setattr(calibration, "untrained", missing)
    result = run(asked=Settings(grids=(Grid(2, 1, 1),), networks=(Grid(2, 1, 1),)))
    assert result["agrees"] is True
    assert result["skipped"] == [{"what": "features of a network", "reason": "this needs the package nequip"}]


def test_a_real_network_sees_the_density_or_a_marked_vertex():
    asked = Settings(grids=(), networks=(Grid(3, 3, 2),), n_train=80, n_test=40, n_validation=20)
    result = run(asked=asked)
    assert result["agrees"] is True
    assert {cell["source"] for cell in result["cells"]} == {"NequIP, layer 0", "NequIP, layer 1"}
    assert len(result["cells"]) == 2 * 3 * 2 * 2
    assert {cell["L"] for cell in result["cells"]} == {1, 2, 3}


def test_the_centre_of_like_vertices_has_their_symmetry():
    backbone = untrained("aspirin-gfn2-0", "1")
    shown = polygon(3, 0, size=1)
    turned = Polygon(3, shown.angles + 2 * np.pi / 3, shown.plane)
    for features, same in (("density", True), ("marked", False)):
        values = [
            calibration.network_features(backbone, one, features).reshape(-1) for one in (shown, turned)
        ]
        assert np.allclose(*values, atol=1e-5 * np.abs(values[0]).max()) is same


def test_untrained_is_where_a_shipped_backbone_came_from():
    import torch

    from experiments.backbones import open_backbone

    positions = torch.tensor(polygon(3, 0).vertices)
    numbers = torch.tensor([6, 1, 8])
    shipped = open_backbone("nequip:aspirin-random").features(numbers, positions)
    torch.testing.assert_close(
        untrained("aspirin-random").features(numbers, positions), shipped, rtol=0, atol=0
    )
    assert untrained("aspirin-random", l_max=1).irreps.lmax == 1
    with pytest.raises(InputError):
        untrained("nothing")


def test_a_killed_run_ends_with_the_same_result(tmp_path, monkeypatch):
    whole = run()
    store, measure = Parts(tmp_path / "parts"), calibration.measure

    def killed(values, polygons, *rest):
        if polygons[0].n == 2:
            raise KeyboardInterrupt
        return measure(values, polygons, *rest)

    monkeypatch.setattr(calibration, "measure", killed)
    with pytest.raises(KeyboardInterrupt):
        run(store)
    assert len(list((tmp_path / "parts").iterdir())) == 1
    monkeypatch.setattr(calibration, "measure", measure)
    assert json.dumps(run(store)) == json.dumps(whole)


def test_training_and_test_angles_share_the_plane_and_nothing_else():
    training, test = draw_polygons(5, SMALL, 0)
    np.testing.assert_array_equal(training.plane, test.plane)
    assert not set(training.angles) & set(test.angles)
    assert (len(training.angles), len(test.angles)) == (60, 30)


def check_table(result, table):
    """The LaTeX table, read back, against the JSON."""
    polygons = [int(re.sub(r"\D", "", column.heading)) for column in table.columns[2:]]
    read = {
        (row[0], int(row[1]), n): cell
        for row in table.rows
        for n, cell in zip(polygons, row[2:], strict=True)
        if cell
    }
    assert len(read) == len(result["folds"])
    for fold in result["folds"]:
        kind = {"marked": "vertex", "density": "density"}[fold["features"]]
        measured, exact, failing = re.fullmatch(
            r"(\S+)(?: \((\S+)\))?( FAILS)?", read[f"{fold['source']}, {kind}", fold["d"], fold["n"]]
        ).groups()
        above = f"$>{fold['max_L']}$"
        assert measured == str(fold["least_L"] or above)
        assert (exact or measured) == str(fold["least_L_exact"] or above)
        assert (failing is None) is fold["agrees"]


def test_table_figure_and_summary_are_made_from_the_json(tmp_path):
    from rich.console import Console

    from experiments.report.save import drawing, save

    result = json.loads(json.dumps(run())) | {"kind": "control-calibration"}
    path = tmp_path / "control-calibration.json"
    write_json(path, result)
    check_table(result, calibration_table(read_result(path)))
    with drawing():
        for name in ("one.svg", "two.svg"):
            save(calibration.draw(result), [tmp_path / name])
    assert (tmp_path / "one.svg").read_text() == (tmp_path / "two.svg").read_text()
    console = Console(width=160, file=StringIO())
    console.print(calibration.summarise(result))
    assert "22 of 22 instances agree" in console.file.getvalue()


def test_a_damaged_result_is_refused(tmp_path):
    path = tmp_path / "control-calibration.json"
    for folds, message in (
        ([], "folds is empty"),
        ([{"features": "guessed"}], r"folds\[0\].features is guessed"),
    ):
        write_json(path, {"kind": "control-calibration", "folds": folds, "conclusions": []})
        with pytest.raises(InputError, match=message):
            calibration_table(read_result(path))


def test_the_published_result_covers_the_map_and_the_folds_and_agrees():
    result = json.loads(PUBLISHED.read_text())
    assert result["agrees"] is True
    found = {(cell["source"], cell["n"], cell["L"], cell["d"], cell["features"]) for cell in result["cells"]}
    assert len(found) == len(result["cells"])
    for features in ("marked", "density"):
        for L in range(1, 7):
            assert all(("harmonics", 5, L, d, features) in found for d in range(1, 6))
        for n in range(2, 11):
            assert all(("harmonics", n, L, 1, features) in found for L in range(1, 11))
    check_table(result, calibration_table(read_result(PUBLISHED)))
