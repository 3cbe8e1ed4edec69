"""What training changes: networks of known spectrum before and after, paired differences, the shipped stations."""

import json
import re
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import torch

from experiments.backbones import shipped
from experiments.controls import training
from experiments.controls.protocol import Context
from experiments.controls.training import NETWORKS, Network, Settings, force_errors
from experiments.data import write_npz
from experiments.direction import MarkedPair
from experiments.parts import Parts
from experiments.spn import Probe
from experiments.training.evaluate import errors
from span_theorem.errors import InputError, MissingPackage
from span_theorem.output import write_json
from span_theorem.results import read_result
from span_theorem.tables.training import training_table
from tests.experiments.synthetic import FeaturesOnly, Noise, Spectrum, random_frames

PUBLISHED = Path(__file__).parents[3] / "docs" / "results" / "control-training.json"


def network(backbone, line="line", stage="trained", epochs=10):
    return Network(f"{line}, {stage}", line, stage, epochs, lambda: backbone)


def line(before, after, name="line"):
    return network(before, name, "initial", 0), network(after, name, "trained", 10)


class Weak(Spectrum):
    """Y_1 and Y_2 of the marked direction, the latter half drowned in that of an independent one."""

    def __init__(self):
        super().__init__([1, 2])
        self.name = "synthetic:weak"

    def features(self, numbers, positions):
        clean = super().features(numbers, positions)
        return torch.cat(
            [clean[..., :3], (clean[..., 3:] + clean.roll(-2, dims=1)[..., 3:]) / 2**0.5], dim=-1
        )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("frames")
    write_npz(random_frames(60, 0, n_atoms=4), place / "training.npz")
    write_npz(random_frames(30, 1, n_atoms=4), place / "test.npz")
    return place


def run(folder, *networks, store=None, **changes):
    asked = Settings(
        networks=networks,
        training=str(folder / "training.npz"),
        test=str(folder / "test.npz"),
        n_train=60,
        n_test=30,
        pair=MarkedPair(0, 1),
        l_max=5,
        orientations=10,
        **changes,
    )
    return training.run(Context(0, store or Parts()), asked)


def test_the_boundary_is_the_orders_and_what_lies_below_is_learned(folder):
    result = run(folder, *line(Weak(), Spectrum([1, 2])))
    assert result["agrees"] is True
    assert (result["predicted_boundary"], result["crossing"], result["short"]) == (4, [], [])
    assert {probe["measured_boundary"] for probe in result["probes"]} == {4}
    # one measured probe above dL and two probes at it, of two networks
    assert result["tests"]["number"] == 2 * (1 + 2)
    gained = {(one["solver"], one["l"]): one for one in result["learned"]}
    assert gained["free", 4]["gained"] > 0.3
    assert gained["free", 4]["gained_ci"][0] > 0
    assert abs(gained["free", 1]["gained"]) < 0.05
    assert abs(gained["free", 5]["gained"]) < 0.05
    assert [one["solver"] for one in result["learned"] if not one["path"]] == ["equivariant"]
    by_stage = {(one["stage"], one["solver"]): one for one in result["stages"]}
    for solver in ("equivariant", "free"):
        found = gained[solver, 4]["gained"]
        rho = [by_stage[stage, solver]["degrees"][3]["rho"] for stage in ("trained", "initial")]
        assert found == pytest.approx(rho[0] - rho[1])


def test_a_station_divides_what_is_learned(folder):
    before, after = line(Weak(), Spectrum([1, 2]))
    other = line(Weak(), Spectrum([1, 2]), "other")
    result = run(folder, before, network(Spectrum([1, 2]), stage="epoch 1", epochs=1), after, *other)
    gained = {
        (one["before"], one["after"]): one
        for one in result["learned"]
        if (one["solver"], one["l"]) == ("equivariant", 4)
    }
    assert {key: one["n_networks"] for key, one in gained.items()} == {
        ("initial", "trained"): 2,
        ("initial", "epoch 1"): 1,
        ("epoch 1", "trained"): 1,
    }
    assert gained["initial", "epoch 1"]["gained"] == pytest.approx(gained["initial", "trained"]["gained"])
    assert gained["epoch 1", "trained"]["gained_ci"] == [0, 0]
    assert [stage["stage"] for stage in result["stages"][::2]] == ["initial", "epoch 1", "trained"]


def test_a_network_that_ends_early_or_late_is_named(folder, monkeypatch):
    blind = run(folder, network(Noise()))
    assert blind["agrees"] is False
    assert blind["short"] == ["line, trained"]
    assert "do not reach dL = 4: line, trained" in blind["conclusions"][0]
    monkeypatch.setattr(training.law, "boundary", lambda L, d: 3)
    late = run(folder, network(Spectrum([1, 2])))
    assert late["agrees"] is False
    assert late["crossing"] == ["line, trained, l = 4"]


def test_the_difference_is_exact_and_its_interval_is_that_of_paired_frames():
    rng = np.random.default_rng(0)
    power = rng.uniform(1, 2, size=(3, 400, 1))
    noise = rng.normal(0, 0.5, size=(1, 400, 1))  # the same frames in every network
    before = np.stack([power, 0.2 * power, np.zeros_like(power)], axis=-1)
    after = np.stack([power, 0.5 * power + noise, np.zeros_like(power)], axis=-1)
    estimate, interval = training._gained(before, before, np.random.default_rng(1))
    np.testing.assert_allclose([estimate[0], *interval[0]], 0, atol=1e-15)
    estimate, interval = training._gained(after, before, np.random.default_rng(1))
    assert estimate[0] == pytest.approx(0.3 + np.mean(noise.sum() / power.sum(axis=1)))
    # what all networks share does not average out over networks
    width = 2 * 1.96 * noise.std() / 1.5 / 20
    assert np.ptp(interval[0]) == pytest.approx(width, rel=0.1)


def test_an_initial_network_alone_learns_nothing(folder):
    result = run(folder, network(Spectrum([1, 2]), stage="initial", epochs=0))
    assert result["learned"] == []
    assert not any(sentence.startswith("Learned") for sentence in result["conclusions"])


def test_the_force_error_is_that_of_the_model_cards(folder):
    result = run(folder, network(Spectrum([1])))
    frames = random_frames(30, 1, n_atoms=4)
    backbone = Spectrum([1])
    expected = errors(backbone, frames).force_mae
    assert force_errors(backbone, frames).mean() == pytest.approx(expected)
    (entry,) = result["networks"]
    assert entry["force_mae"] == pytest.approx(expected)
    assert entry["force_mae_ci"][0] < expected < entry["force_mae_ci"][1]
    with pytest.raises(InputError, match="expected predicted forces"):
        force_errors(FeaturesOnly([1]), frames)


def test_missing_packages_are_left_out_and_said(folder):
    def missing():
        raise MissingPackage("this backbone needs the package nequip")

    absent = Network("absent", "absent", "trained", 1, missing)
    result = run(folder, absent, network(Spectrum([1, 2])))
    assert result["skipped"] == [{"what": "absent", "reason": "this backbone needs the package nequip"}]
    assert [entry["name"] for entry in result["networks"]] == ["line, trained"]
    with pytest.raises(MissingPackage, match="needs the package nequip"):
        run(folder, absent)


def test_a_killed_run_ends_with_the_same_result(folder, tmp_path):
    def killed():
        raise KeyboardInterrupt

    before, after = line(Weak(), Spectrum([1, 2]))
    whole = run(folder, before, after)
    store = Parts(tmp_path / "parts")
    with pytest.raises(KeyboardInterrupt):
        run(folder, before, Network(after.name, after.line, after.stage, after.epochs, killed), store=store)
    assert len(list((tmp_path / "parts").iterdir())) == 3  # two probes and the force error
    assert json.dumps(run(folder, before, after, store=store)) == json.dumps(whole)


def check_table(result, table):
    """The LaTeX table, read back, against the JSON."""
    networks = {entry["name"]: entry for entry in result["networks"]}
    probes = {}
    for probe in result["probes"]:
        entry = networks[probe["network"]]
        probes[probe["solver"], entry["line"].removeprefix("aspirin-"), entry["epochs"]] = probe
    for row in table.rows:
        if not row[1]:
            (solver,) = filter(None, row)
            continue
        probe = probes.pop((solver, row[0], int(row[1])))
        assert float(row[2]) == pytest.approx(networks[probe["network"]]["force_mae"], abs=0.51)
        for cell, one in zip(row[3:], probe["degrees"], strict=True):
            if not one["path"]:
                assert cell == "--"
                continue
            value, half = re.fullmatch(r"(-?\d\.\d\d)(?:\((\d+)\))?", cell).groups()
            assert float(value) == pytest.approx(one["rho"], abs=5.1e-3)
            assert (half is not None) == (one["l"] - result["predicted_boundary"] in (0, 1))
            if half is not None:
                low, high = one["rho_ci"]
                assert -1e-6 < int(half) - 50 * (high - low) < 1 + 1e-6
    assert not probes


def test_table_figure_and_summary_are_made_from_the_json(folder, tmp_path):
    from rich.console import Console

    from experiments.report.save import drawing, save

    result = run(folder, *line(Weak(), Spectrum([1, 2])))
    result = json.loads(json.dumps(result)) | {"kind": "control-training"}
    path = tmp_path / "control-training.json"
    write_json(path, result)
    check_table(result, training_table(read_result(path)))
    with drawing():
        for name in ("one.svg", "two.svg"):
            save(training.draw(result), [tmp_path / name])
    assert (tmp_path / "one.svg").read_text() == (tmp_path / "two.svg").read_text()
    console = Console(width=160, file=StringIO())
    console.print(training.summarise(result))
    assert "no path" in console.file.getvalue()
    result["probes"][0]["network"] = "other"
    write_json(path, result)
    with pytest.raises(InputError, match="network is other"):
        training_table(read_result(path))


def test_the_networks_are_shipped_and_their_epochs_are_the_cards():
    lines = {}
    for one in NETWORKS:
        lines.setdefault(one.line, []).append(one)
        if one.stage != "initial":
            assert shipped.read_card(one.name).training.epochs == one.epochs
    for members in lines.values():
        assert members[0].stage == "initial"
        assert [one.epochs for one in members] == sorted({one.epochs for one in members})
    assert Settings().probes == (Probe("equivariant", 2), Probe("free", 2))


def test_a_station_lies_between_its_ends():
    """Force errors fall along the training whose stations are shipped."""
    from experiments.data import load

    frames = load("embedded:test").select(range(5))
    names = [one for one in NETWORKS if one.line == "aspirin-gfn2-0"]
    found = [force_errors(one.open(), frames).mean() for one in names]
    assert found == sorted(found, reverse=True)


def test_the_published_result_agrees_with_its_table():
    result = json.loads(PUBLISHED.read_text())
    assert [entry["name"] for entry in result["networks"]] == [one.name for one in NETWORKS]
    check_table(result, training_table(read_result(PUBLISHED)))
