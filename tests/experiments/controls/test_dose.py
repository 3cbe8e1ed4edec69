"""Dose: a planted channel of known power, and what synthetic networks need."""

import json
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import torch
from e3nn.o3 import spherical_harmonics

from experiments.backbones.protocol import Potential, card_of
from experiments.backbones.verification import verify
from experiments.controls import dose
from experiments.controls.dose import Network, Settings
from experiments.controls.planted import Planted
from experiments.controls.protocol import Context
from experiments.data import write_npz
from experiments.diagnosis import FEWEST_TRAINING
from experiments.direction import MarkedPair
from experiments.parts import Parts
from experiments.spn import Probe
from experiments.spn.mlp import Training
from span_theorem.errors import InputError
from span_theorem.output import write_json
from span_theorem.results import read_result
from span_theorem.tables import render_tables
from span_theorem.tables.dose import dose as shown_dose
from tests.experiments.synthetic import FeaturesOnly, Spectrum, random_frames

PUBLISHED = Path(__file__).parents[3] / "docs" / "results" / "control-dose.json"
PAIR = MarkedPair(0, 1)


def channel(backbone, frames):
    """The planted channel of every frame, (n_frames, 2l+1)."""
    values = backbone.features(torch.tensor(frames.numbers), torch.tensor(frames.positions))
    return values[:, 0, -(2 * backbone.l + 1) :].numpy()


@pytest.mark.parametrize("l", [3, 5])
@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_a_planted_channel_has_the_share_it_says(l, share):
    frames = random_frames(4000, 0, n_atoms=5)
    found = channel(Planted(Spectrum([0, 1]), PAIR, l, share), frames)
    u = torch.tensor(frames.positions[:, 1] - frames.positions[:, 0])
    signal = spherical_harmonics(l, u, True, normalization="component").numpy()
    assert np.mean(np.sum(found**2, axis=1)) == pytest.approx(2 * l + 1, rel=0.05)
    regression = np.sum(found * signal) / np.sum(signal**2)
    assert regression == pytest.approx(np.sqrt(share), abs=0.04)
    rest = found - regression * signal
    assert np.mean(rest**2) == pytest.approx(1 - share, abs=0.05)


def test_the_noise_of_one_frame_says_nothing_of_the_next():
    frames = random_frames(4000, 0, n_atoms=5)
    moved = frames.positions.copy()
    moved[:, 2:] += np.random.default_rng(1).normal(scale=0.02, size=moved[:, 2:].shape)
    noise = [
        channel(Planted(Spectrum([0, 1]), PAIR, 3, 0.0), type(frames)(frames.numbers, x, None, None, "moved"))
        for x in (frames.positions, moved)
    ]
    assert abs(np.mean(noise[0] * noise[1])) < 0.05


def test_a_planted_backbone_is_a_backbone():
    frames = random_frames(3, 0, n_atoms=5)
    planted = Planted(Spectrum([0, 1]), PAIR, 3, 0.5)
    assert verify(planted, frames.numbers, frames.positions).parity == "o3"
    assert str(planted.irreps) == "1x0e+1x1o+1x3o"
    assert isinstance(planted, Potential)
    assert not isinstance(Planted(FeaturesOnly([0, 1]), PAIR, 3, 0.5), Potential)
    settings = [card_of(Planted(Spectrum([0]), PAIR, 3, share)).settings for share in (0.1, 0.2)]
    assert settings[0] != settings[1]  # the cache and the parts tell them apart
    numbers, positions = torch.tensor(frames.numbers), torch.tensor(frames.positions)
    for site in range(5):
        torch.testing.assert_close(
            planted.site_features(numbers, positions, site), planted.features(numbers, positions)[:, site]
        )
    with pytest.raises(InputError, match=r"signal is 1\.5: expected 0 to 1"):
        Planted(Spectrum([0]), PAIR, 3, 1.5)


PROBES = (
    Probe("free", 1),
    Probe("free", 2),
    Probe("mlp", 2, training=Training(16, 400, samples=(400, 64))),
    Probe("equivariant", 2),
)


def run(folder, store=None, backbone=None, **changes):
    for name, n_frames, seed in (("training", 160, 0), ("test", 60, 1)):
        path = folder / f"{name}.npz"
        if not path.exists():
            write_npz(random_frames(n_frames, seed, n_atoms=5), path)
    first = backbone or Spectrum([0, 1])
    given = {
        "networks": (
            Network("first", lambda: first),
            Network("second", lambda: Spectrum([0, 1, 1])),
            Network("last", lambda: Spectrum([1]), replicate=False),
        ),
        "training": str(folder / "training.npz"),
        "test": str(folder / "test.npz"),
        "n_train": 120,
        "n_test": 60,
        "forces": (1e-4, 1.0),
        "frames": {("equivariant", 2): (20, 80), ("free", 2): (20, 80)},
        "turns": (1, 4),
        "shares": (0.0, 0.6, 1.0),
        "planted_probes": PROBES,
        "pair": PAIR,
    } | changes
    return dose.run(Context(0, store or Parts()), Settings(**given))


@pytest.fixture(scope="module")
def first_order(tmp_path_factory):
    return run(tmp_path_factory.mktemp("dose"))


def entries(result, varied):
    return [entry for entry in result["needed"] if entry["varied"] == varied]


def test_a_planted_frequency_is_found_where_it_is_and_only_there(first_order):
    assert first_order["agrees"] is True
    for series in first_order["planted"]:
        none, some, all_of_it = series["doses"]
        assert series["l"] == 3
        assert (none["found"], some["found"], all_of_it["found"]) == (False, True, True)
        assert none["verdict"] != "crossed"
        assert all_of_it["verdict"] == "crossed"
        assert all_of_it["rho"] == pytest.approx(1, abs=0.03)
        if series["d"] == 1:
            assert some["rho"] == pytest.approx(0.6, abs=0.15)
    assert first_order["tests"]["number"] == 3 * len(PROBES)


def test_an_injection_far_below_the_residual_is_lost(first_order):
    for series in first_order["amplitude"]:
        weak, strong = (dose["degrees"][1] for dose in series["doses"])
        assert weak["rho_ci"][0] < 0.05
        assert strong["rho"] > 0.9
        assert series["residual"] == pytest.approx(
            0.01, rel=0.3
        )  # the frames' energies: nothing is predicted
        for one in series["doses"]:
            assert one["ratio"] == pytest.approx(one["injected"] / series["residual"])
    assert {entry["l"] for entry in entries(first_order, "amplitude")} == {2}
    assert [(one["network"], one["solver"]) for one in first_order["amplitude"]] == [
        ("first", "equivariant"),
        ("first", "free"),
        ("second", "equivariant"),
        ("last", "equivariant"),
        ("last", "free"),
    ]


def test_frames_and_orientations_are_counted_for_every_frequency(first_order):
    frames, turns = entries(first_order, "frames"), entries(first_order, "orientations")
    # `equivariant` has no path to 3: no number of frames is asked of it
    assert [(entry["solver"], entry["l"]) for entry in frames] == [
        *(("equivariant", l) for l in (1, 2)),
        *(("free", l) for l in (1, 2, 3)),
    ]
    assert [entry["l"] for entry in turns] == [1, 2, 3]
    for entry in frames + turns:
        if entry["l"] == 3:
            assert entry["found"] is None
            assert entry["enough"] is None
        else:
            assert entry["found"] is not None
            assert entry["enough"] is None or entry["enough"] >= entry["found"]
            assert entry["network"] == "2 networks"  # the last is no replicate


def test_the_doses_asked_for_can_be_measured():
    settings = Settings()
    assert all(min(doses) >= FEWEST_TRAINING for doses in settings.frames.values())
    assert settings.shares[0] == 0


def test_a_dose_that_finds_far_too_much_is_not_enough(first_order):
    overshot = json.loads(json.dumps(first_order))
    weak = overshot["amplitude"][0]["doses"][0]["degrees"][1]
    weak |= {"rho": 1.4, "rho_ci": [0.5, 2.3]}
    (entry, *_) = dose._needed(overshot)
    small, large = (dose["ratio"] for dose in overshot["amplitude"][0]["doses"])
    assert (entry["found"], entry["enough"]) == (small, large)


def test_a_dose_that_does_not_find_a_frequency_is_never_enough(first_order):
    """Where the signal drowns, ρ is any number, also one above that of the largest dose."""
    drowned = json.loads(json.dumps(first_order))
    weak = drowned["amplitude"][0]["doses"][0]["degrees"][1]
    weak |= {"rho": 5.0, "rho_ci": [-20.0, 30.0]}
    (entry, *_) = dose._needed(drowned)
    assert entry["found"] == entry["enough"] == drowned["amplitude"][0]["doses"][1]["ratio"]


@pytest.mark.parametrize(
    ("holds", "least"),
    [
        ([True, True, True], 1),
        ([True, False, True], 3),
        ([False, True, True], 2),
        ([True, True, False], None),
    ],
)
def test_the_least_dose_holds_at_every_larger_one(holds, least):
    assert dose._from_here_on([{"dose": 1}, {"dose": 2}, {"dose": 3}], holds) == least


def test_a_killed_run_ends_with_the_same_result(tmp_path):
    class Killed(Spectrum):
        def features(self, numbers, positions):
            raise KeyboardInterrupt

    small = {
        "n_train": 40,
        "shares": (1.0,),
        "frames": {("equivariant", 2): (20, 40)},
        "turns": (1,),
        "forces": (1.0,),
    }
    whole = run(tmp_path, **small)
    store = Parts(tmp_path / "parts")
    networks = (Network("first", lambda: Spectrum([0, 1])), Network("second", lambda: Killed([0, 1, 1])))
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, store, networks=networks, **small)
    assert len(list((tmp_path / "parts").iterdir())) == 1
    assert json.dumps(run(tmp_path, store, **small)) == json.dumps(whole)
    assert json.dumps(run(tmp_path, store, **small)) == json.dumps(whole)


def test_table_figure_and_summary_are_made_from_the_json(tmp_path, first_order):
    from rich.console import Console

    from experiments.report.save import drawing, save

    result = json.loads(json.dumps(first_order)) | {"kind": "control-dose"}
    write_json(tmp_path / "control-dose.json", result)
    check_table(tmp_path / "control-dose.json", result)
    with drawing():
        for name in ("one.svg", "two.svg"):
            save(dose.draw(result), [tmp_path / name])
    assert (tmp_path / "one.svg").read_text() == (tmp_path / "two.svg").read_text()
    console = Console(width=200, file=StringIO())
    console.print(dose.summarise(result))
    assert "first leaves 10 meV of the energies" in console.file.getvalue()


def check_table(path, result):
    """Every cell of the LaTeX against the JSON."""
    lines = render_tables([read_result(path)])["control-dose.tex"].splitlines()
    rows = [line.removesuffix(r" \\").split(" & ") for line in lines if line.endswith(r" \\")]
    rows = [row for row in rows if row[0] != "dose"]  # the heading, once a page
    assert len(rows) == len(result["needed"])
    for row, entry in zip(rows, result["needed"], strict=True):
        assert row[:5] == [
            entry["varied"],
            entry["network"],
            entry["solver"],
            str(entry["d"]),
            str(entry["l"]),
        ]
        least = r"$\leq$ " if entry["found"] == entry["least"] else ""
        assert row[5:8] == [
            least + shown_dose(entry["found"]),
            *(shown_dose(entry[name]) for name in ("enough", "most")),
        ]
        found = [float(word.strip("[],")) for word in row[8].split()]
        np.testing.assert_allclose(found, [entry["rho"], *entry["rho_ci"]], atol=0.00501)


def test_the_published_table_is_that_of_its_json():
    result = json.loads(PUBLISHED.read_text())
    assert result["agrees"] is True
    check_table(PUBLISHED, result)
