"""Ceilings of networks: synthetic ones of known spectrum, what is left out, the table, and the committed MACE."""

import json
from functools import partial
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from e3nn.o3 import Irreps

from experiments.backbones.site import site_features
from experiments.backbones.verification import verify
from experiments.controls import architecture
from experiments.controls.architecture import MACE_FILES, Network, Settings
from experiments.controls.ceilings import comparisons, crossed, nothing_above, with_bounds
from experiments.controls.derived import Invariants, MoleculeSum
from experiments.controls.probing import open_layer
from experiments.controls.protocol import Context
from experiments.data import write_npz
from experiments.parts import Parts
from experiments.spn import Probe
from experiments.spn.mlp import Training
from experiments.training import mace
from span_theorem import law
from span_theorem.errors import InputError, MissingPackage
from span_theorem.output import write_json
from span_theorem.reading import sha256
from span_theorem.results import read_result
from span_theorem.tables.architecture import architecture_table
from tests.experiments.synthetic import Noise, Spectrum, random_frames

PUBLISHED = Path(__file__).parents[3] / "docs" / "results" / "control-architecture.json"
PROBES = (Probe("equivariant", 1), Probe("equivariant", 2), Probe("free", 1))
MLP = Probe("mlp", 2, "square", Training(16, 400, samples=(400, 64)))


def network(backbone, name=None, weights="trained"):
    return Network(name or backbone.name, "synthetic", weights, lambda layer: backbone)


def run(tmp_path, *networks, store=None, **changes):
    paths = [tmp_path / "train.npz", tmp_path / "test.npz"]
    for seed, path in enumerate(paths):
        if not path.exists():
            write_npz(random_frames(60 - 30 * seed, seed, n_atoms=4), path)
    given = {"training": str(paths[0]), "test": str(paths[1]), "orientations": 8}
    given |= {
        "pair": architecture.MarkedPair(0, 1),
        "probes": PROBES,
        "main_probes": (*PROBES, Probe("free", 2), MLP),
    }
    return architecture.run(Context(0, store or Parts()), Settings(networks=networks, **given | changes))


def rows(result, **wanted):
    return [row for row in result["rows"] if all(row[key] == value for key, value in wanted.items())]


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ceilings")
    return run(
        folder,
        network(Invariants(Spectrum([0, 1])), "a: invariants"),
        network(Spectrum([0, 1])),
        network(Spectrum([0, 1, 2]), "b_2 & all", "random"),
        network(Noise()),
    )


@pytest.mark.parametrize(("name", "L"), [("synthetic:0+1", 1), ("b_2 & all", 2)])
@pytest.mark.parametrize(
    ("solver", "d"), [("equivariant", 1), ("equivariant", 2), ("free", 1), ("free", 2), ("mlp", 2)]
)
def test_networks_of_known_order_have_their_ceiling(measured, name, L, solver, d):
    (row,) = rows(measured, network=name, solver=solver, d=d)
    assert row["L"] == L
    assert row["predicted_boundary"] == row["measured_boundary"] == d * L
    assert row["rho_at"] > 0.9
    if solver != "equivariant":
        assert row["above_lower"] < 0.01
        assert row["rho_above"] <= row["above_upper"] < 0.2
        assert len(row["degrees"]) == d * L + 2
    else:
        assert row["rho_above"] is row["above_lower"] is row["above_upper"] is None


def test_invariants_and_noise_carry_no_direction(measured):
    for name in ("a: invariants", "synthetic:noise"):
        for row in rows(measured, network=name):
            assert row["measured_boundary"] == 0
    for row in rows(measured, network="a: invariants"):
        assert row["L"] == row["predicted_boundary"] == 0
        assert row["rho_at"] is None
    assert measured["agrees"] is True
    below = measured["conclusions"][2]
    assert "synthetic:noise layer features (0 of 4)" in below
    assert measured["conclusions"][0].startswith(
        "In 24 tests at frequencies above dL, free and mlp found none"
    )


def test_a_frequency_above_the_prediction_fails_the_control(tmp_path, monkeypatch):
    """A law that is too low by one stands for a network that carries more than it may."""
    true = law.boundary
    monkeypatch.setattr(law, "boundary", lambda L, d: true(L, d) - 1)
    result = run(tmp_path, network(Spectrum([0, 1])))
    assert result["agrees"] is False
    assert result["conclusions"][0].startswith(
        "A frequency above dL was found in synthetic:0+1, layer features, free"
    )


def test_what_is_neither_there_nor_absent_stays_open():
    rows = [{"above_lower": -0.01, "above_upper": upper} for upper in (0.01, 0.2)]
    assert [crossed(row) for row in rows] == [False, None]
    assert nothing_above(rows) is None
    assert nothing_above(rows[:1]) is True
    # a probe without a path above is no test, and no test no answer
    assert nothing_above([{"above_lower": None, "above_upper": None}]) is None


def test_a_shipped_network_that_fails_is_an_error_and_a_users_is_left_out(tmp_path):
    class Understated(Spectrum):
        """Carries l = 2 beside its scalar but calls all of it scalars."""

    backbone = Understated([0, 2], claimed="6x0e")
    with pytest.raises(InputError, match="not equivariant"):
        run(tmp_path, network(backbone), network(Spectrum([0, 1])))
    users = Network("mine", architecture.USERS, "unknown", lambda layer: backbone)
    result = run(tmp_path, users, network(Spectrum([0, 1])))
    assert "not equivariant" in result["skipped"][0]["reason"]
    assert len(result["networks"]) == 1


def test_bounds_are_those_of_all_tests_together(measured, tmp_path):
    tested = [row for row in measured["rows"] if row["above_lower"] is not None]
    able = [*rows(measured, solver="free"), *rows(measured, solver="mlp")]
    assert measured["tests"]["number"] == 2 * len(tested) == 2 * len(able)
    for row in tested:
        above = [degree for degree in row["degrees"] if degree["l"] > row["predicted_boundary"]]
        assert row["above_lower"] <= max(degree["rho_ci"][0] for degree in above) + 1e-12
        assert row["above_upper"] >= max(degree["rho_ci"][1] for degree in above) - 1e-12


def test_more_tests_than_resamples_can_tell_are_refused():
    many = SimpleNamespace(tested=range(201))
    with pytest.raises(InputError, match="too many networks"):
        comparisons([many])
    assert with_bounds([]) == []


def test_what_is_missing_is_left_out_and_said(tmp_path):
    def missing(layer):
        raise MissingPackage("this backbone needs the package x: pip install y")

    absent = Network("x:y", "x", "trained", missing)
    result = run(tmp_path, absent, network(Spectrum([1])))
    assert result["skipped"][0] == {
        "what": "x:y",
        "reason": "this backbone needs the package x: pip install y",
    }
    assert len(result["skipped"]) == 1
    with pytest.raises(MissingPackage, match="needs the package x"):
        run(tmp_path, absent)


def test_a_killed_run_ends_with_the_same_result(tmp_path):
    class Killed(Spectrum):
        def features(self, numbers, positions):
            raise KeyboardInterrupt

    few = {"probes": PROBES[:1], "main_probes": PROBES[:1]}
    networks = [network(Spectrum([0, 1])), network(Spectrum([1, 2]))]
    whole = run(tmp_path, *networks, **few)
    store = Parts(tmp_path / "parts")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, networks[0], network(Killed([1, 2])), store=store, **few)
    assert len(list((tmp_path / "parts").iterdir())) == 1
    assert json.dumps(run(tmp_path, *networks, store=store, **few)) == json.dumps(whole)


def test_feature_files_in_the_cache_take_part(tmp_path, monkeypatch):
    monkeypatch.setenv("SPAN_THEOREM_CACHE", str(tmp_path))
    assert architecture.users_networks() == ()
    (tmp_path / "extracted").mkdir()
    (tmp_path / "extracted" / "mine.npz").write_bytes(MACE_FILES["random"].read_bytes())
    (mine,) = architecture.users_networks()
    assert mine.name == "features:mine.npz"
    assert mine.open(None).name == "mace:random.model"


@pytest.mark.parametrize("weights", MACE_FILES)
def test_the_committed_mace_is_that_of_the_frames_shown(weights):
    """Its features are there for every frame that the control draws, whatever the control's seed."""
    path = MACE_FILES[weights]
    assert path.stat().st_size < 1e6
    named = partial(open_layer, f"features:{path}")
    few = Settings(
        networks=(Network("mace", "MACE", weights, named),), probes=PROBES[:1], main_probes=PROBES[1:2]
    )
    result = architecture.run(Context(5, Parts()), few)
    (row,) = result["rows"]
    assert row["layer"] == "0"
    assert row["measured_boundary"] == row["predicted_boundary"] == 4
    said = "Random weights, nothing trained: mace." in result["conclusions"]
    assert said == (weights == "random")


def test_the_trained_mace_says_where_it_comes_from():
    card = open_layer(f"features:{MACE_FILES['trained']}", None).card
    training = card.settings["backbone"]
    assert training["config_sha256"] == sha256(mace.CONFIG)
    assert training["errors"]["n_frames"] == 1000
    assert 0 < training["errors"]["force_mae"] < 100


def test_invariants_keep_what_does_not_turn():
    frames = random_frames(3, 0, n_atoms=4)
    whole = Spectrum([1, 0, 2])
    kept = Invariants(whole)
    assert kept.irreps == Irreps("1x0e")
    numbers, positions = torch.tensor(frames.numbers), torch.tensor(frames.positions)
    torch.testing.assert_close(
        kept.features(numbers, positions), whole.features(numbers, positions)[..., 3:4]
    )
    torch.testing.assert_close(
        kept.site_features(numbers, positions, 2), kept.features(numbers, positions)[:, 2]
    )
    assert hasattr(kept, "energy_forces")
    with pytest.raises(ValueError, match="order zero"):
        Invariants(Spectrum([1]))


def test_the_sum_over_atoms_is_a_backbone():
    frames = random_frames(3, 0, n_atoms=4)
    summed = MoleculeSum(Spectrum([0, 1, 2]))
    numbers, positions = torch.tensor(frames.numbers), torch.tensor(frames.positions)
    found = site_features(summed, numbers, positions, 3)
    # what is summed are unit vectors around a ring of four
    steps = frames.positions[:, [1, 2, 3, 0]] - frames.positions
    expected = np.sqrt(3) * (steps / np.linalg.norm(steps, axis=2, keepdims=True)).sum(axis=1)
    np.testing.assert_allclose(found[:, 1:4].numpy(), expected, atol=1e-12)
    measured = verify(summed, frames.numbers, frames.positions)
    assert measured.parity == "o3"
    assert summed.card.settings["derived"] == "summed over atoms"


def test_table_figure_and_summary_are_made_from_the_json(measured, tmp_path):
    from rich.console import Console

    from experiments.report.save import drawing, save

    result = json.loads(json.dumps(measured)) | {"kind": "control-architecture"}
    path = tmp_path / "control-architecture.json"
    write_json(path, result)
    check_table(path, result)
    with drawing():
        save(architecture.draw(result), [tmp_path / "figure.svg"])
    assert "rho" in (tmp_path / "figure.svg").read_text()
    console = Console(width=200, file=StringIO())
    console.print(architecture.summarise(result))
    assert "no path" in console.file.getvalue()
    assert "b_2 & all" in console.file.getvalue()


def check_table(path, result):
    """Every row of the table is a row of the result, and every layer and degree is there."""
    table = architecture_table(read_result(path))
    keys = list(dict.fromkeys((row["network"], row["layer"], row["d"]) for row in result["rows"]))
    headings = [cells[0] for cells in table.rows if len(cells) == 1]
    for heading, network in zip(headings, result["networks"], strict=True):
        name, _, rest = heading.partition("{l}{")[2].replace("\\_", "_").replace("\\&", "&").rpartition(", ")
        assert name.removesuffix(", random weights") == network["network"]
        assert int("".join(filter(str.isdigit, rest))) == network["parameters"]
        assert ("random" in heading) == (network["weights"] == "random")
    lines = [cells for cells in table.rows if len(cells) > 1]
    for cells, key in zip(lines, keys, strict=True):
        solver = {"f": "free", "m": "mlp", "e": "equivariant"}[cells[4].split()[1]]
        found = [row for row in result["rows"] if (row["network"], row["layer"], row["d"]) == key]
        asked = {row["solver"] for row in found}
        assert solver == next(one for one in ("mlp", "free", "equivariant") if one in asked)
        (row,) = (row for row in found if row["solver"] == solver)
        assert cells[0].rstrip("*") == row["layer"]
        assert cells[0].endswith("*") is row["default"]
        assert [int(cell.split()[0]) for cell in cells[1:5]] == [
            row[name] for name in ("L", "d", "predicted_boundary", "measured_boundary")
        ]
        for cell, name in zip(cells[5:], ("rho_at", "rho_above"), strict=True):
            if row[name] is None:
                assert cell == "--"
            else:
                figures = [float(word.strip("[],")) for word in cell.split()]
                np.testing.assert_allclose(figures, [row[name], *row[f"{name}_ci"]], atol=0.0051)


def test_the_published_table_is_that_of_its_json():
    result = json.loads(PUBLISHED.read_text())
    assert result["agrees"] is True
    assert [found["network"] for found in result["networks"]] == [one.name for one in architecture.NETWORKS]
    assert result["skipped"] == []
    check_table(PUBLISHED, result)
