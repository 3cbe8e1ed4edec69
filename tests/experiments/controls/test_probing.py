"""What the controls share: a diagnosis kept as a part, bounds that hold together, joined backbones."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from e3nn.o3 import Irreps
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.backbones.protocol import Potential, card_of
from experiments.backbones.verification import verify
from experiments.controls.joined import JoinedAtoms, JoinedLayers
from experiments.controls.probing import Sample, pooled, probe_part, sample
from experiments.controls.protocol import Context
from experiments.controls.simultaneous import Comparisons
from experiments.data import write_npz
from experiments.diagnosis import Settings, diagnose
from experiments.direction import MarkedPair
from experiments.features import FeatureReader
from experiments.parts import Parts
from experiments.recovery import Recovery, Summary
from span_theorem.errors import InputError
from tests.experiments.synthetic import FeaturesOnly, Noise, Spectrum, random_frames

ASKED = Settings(pairs=(MarkedPair(0, 1),), l_max=3, forces=False)
NOTHING_KEPT = FeatureReader()


@pytest.fixture(scope="module")
def shown():
    return Sample(random_frames(30, 0), random_frames(12, 1))


class Dead(Spectrum):
    def features(self, numbers, positions):
        raise AssertionError("computed")


def test_a_part_is_the_diagnosis_and_is_computed_once(tmp_path, shown):
    context = Context(0, Parts(tmp_path))
    part = probe_part(context, Spectrum([0, 1]), shown, ASKED, NOTHING_KEPT)
    direct = diagnose(Spectrum([0, 1]), shown.training, shown.test, ASKED)
    assert [one["rho"] for one in part["diagnosis"]["degrees"]] == [one.rho for one in direct.summary.degrees]
    assert probe_part(context, Dead([0, 1]), shown, ASKED, NOTHING_KEPT) == part


@pytest.mark.parametrize("change", ["backbone", "frames", "settings"])
def test_a_part_of_something_else_is_computed_anew(tmp_path, shown, change):
    context = Context(0, Parts(tmp_path))
    probe_part(context, Spectrum([0, 1]), shown, ASKED, NOTHING_KEPT)
    other = replace(shown, test=random_frames(12, 2)) if change == "frames" else shown
    asked = replace(ASKED, seed=1) if change == "settings" else ASKED
    dead = Dead([0, 2] if change == "backbone" else [0, 1])
    with pytest.raises(AssertionError, match="computed"):
        probe_part(context, dead, other, asked, NOTHING_KEPT)


def test_replicates_share_a_figure_that_is_their_mean(shown):
    parts = [
        probe_part(Context(0, Parts()), one, shown, ASKED, NOTHING_KEPT)
        for one in (Spectrum([0, 1]), Noise4())
    ]
    single = [pooled([part], 0, "test").degrees[0].rho for part in parts]
    both = pooled(parts, 0, "test").degrees[0]
    assert both.rho == pytest.approx(np.mean(single))
    assert both.rho_ci[0] <= min(single) + 0.1  # the interval knows that the networks differ
    assert both.rho_ci[1] >= max(single) - 0.1


class Noise4(Noise):
    """Of the first two atoms' direction nothing: harmonics of the step after it."""

    def features(self, numbers, positions):
        return super().features(numbers, positions[:, [2, 0, 1, 2]])[:, :3]


def test_samples_are_drawn_from_named_frames(tmp_path):
    write_npz(random_frames(20, 0), tmp_path / "a.npz")
    write_npz(random_frames(20, 1), tmp_path / "b.npz")
    found = sample(str(tmp_path / "a.npz"), str(tmp_path / "b.npz"), 8, 30, 0)
    assert (len(found.training), len(found.test)) == (8, 20)
    again = sample(str(tmp_path / "a.npz"), str(tmp_path / "b.npz"), 8, 30, 0)
    assert found.to_dict() == again.to_dict()
    with pytest.raises(InputError):
        sample(str(tmp_path / "none.npz"), str(tmp_path / "b.npz"), 8, 30, 0)


def summary(draws):
    """One frequency with the given resamples."""
    low, high = np.percentile(draws, [2.5, 97.5])
    found = Recovery(
        l=4, rho=float(draws.mean()), rho_ci=(low, high), rho_bca=(low, high), null_gain=0.0, path=True,
        **dict.fromkeys(
            ("r2_injected", "r2_injected_ci", "r2_injected_bca", "raw_gain", "raw_gain_ci", "null_force_gain")
        ),
    )  # fmt: skip
    return Summary((found,), draws[:, None], None)


@given(st.integers(1, 200), st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_bounds_hold_a_share_of_the_resamples_that_falls_with_their_number(number, seed):
    draws = np.random.default_rng(seed).normal(size=20_000)
    figures = Comparisons(number).figures(summary(draws), 4)
    for outside in (np.mean(draws < figures["lower"]), np.mean(draws > figures["upper"])):
        assert abs(outside - 0.05 / number) <= 1 / 20_000
    assert figures["lower"] < figures["rho"] < figures["upper"]


def test_bounds_that_the_resamples_cannot_give_are_refused():
    for number in (0, 201):
        with pytest.raises(ValueError, match=f"{number} tests .* expected 1 to 200"):
            Comparisons(number)
    with pytest.raises(ValueError, match="no frequency 5"):
        Comparisons(1).bounds(summary(np.zeros(2000)), 5)


JOINED = {
    "layers": lambda: JoinedLayers([Spectrum([0, 1]), Spectrum([2])]),
    "atoms": lambda: JoinedAtoms(Spectrum([0, 1, 2]), [2, 1]),
}


@pytest.mark.parametrize("kind", JOINED)
def test_joined_backbones_are_backbones(kind):
    frames = random_frames(3, 0)
    backbone = JOINED[kind]()
    assert verify(backbone, frames.numbers, frames.positions).parity == "o3"
    assert isinstance(backbone, Potential)
    assert card_of(backbone).layers[card_of(backbone).layer] == str(backbone.irreps)
    numbers, positions = torch.tensor(frames.numbers), torch.tensor(frames.positions)
    whole = backbone.features(numbers, positions)
    for site in range(3):
        torch.testing.assert_close(backbone.site_features(numbers, positions, site), whole[:, site])


def test_joined_backbones_hold_the_features_of_their_parts():
    frames = random_frames(3, 0)
    numbers, positions = torch.tensor(frames.numbers), torch.tensor(frames.positions)
    layers = JOINED["layers"]().features(numbers, positions)
    torch.testing.assert_close(layers, Spectrum([0, 1, 2]).features(numbers, positions))
    own = Spectrum([0, 1, 2]).features(numbers, positions)
    atoms = JOINED["atoms"]().features(numbers, positions).unflatten(-1, (3, 9))
    torch.testing.assert_close(atoms[:, 0], torch.stack([own[:, 0], own[:, 2], own[:, 1]], dim=1))
    assert JOINED["atoms"]().irreps == 3 * Irreps("1x0e+1x1o+1x2e")


def test_what_predicts_nothing_predicts_nothing_when_joined():
    assert not isinstance(JoinedAtoms(FeaturesOnly([1]), [1]), Potential)
    with pytest.raises(InputError, match="no atom"):
        JoinedAtoms(Spectrum([1]), [])
    with pytest.raises(InputError, match="no layer"):
        JoinedLayers([])
