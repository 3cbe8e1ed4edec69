"""Angular transfer: networks of known spectrum, the exactness of the figures, and one real network."""

import json
from functools import partial
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import torch
from e3nn.o3 import Irreps
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import lqn

from experiments.controls import sphere, transfer
from experiments.controls.probing import open_layer
from experiments.controls.protocol import Context
from experiments.controls.sphere import choose_move
from experiments.controls.transfer import Network, Settings
from experiments.data import write_npz
from experiments.data.frames import Frames
from experiments.parts import Parts
from span_theorem.errors import InputError, MissingPackage
from span_theorem.output import write_json
from span_theorem.results import read_result
from span_theorem.tables.transfer import share, transfer_table
from tests.experiments.controls.water import WATER, water
from tests.experiments.synthetic import Spectrum

PUBLISHED = Path(__file__).parents[3] / "docs" / "results" / "control-transfer.json"


class Squares(Spectrum):
    """All products of two components of Y_2 of the direction to the next atom, as scalars."""

    def __init__(self):
        super().__init__([2])
        self.irreps = Irreps("25x0e")

    def features(self, numbers, positions):
        values = super().features(numbers, positions)
        return torch.einsum("...i,...j->...ij", values, values).flatten(-2)


class ThirdBody:
    """1/(1 + |r_1 - r_2|²) from the third atom on, a constant without it: no polynomial in the moved direction."""

    name = "synthetic:third"
    irreps = Irreps("1x0e")

    def features(self, numbers, positions):
        value = torch.ones_like(positions[..., :1])
        if positions.shape[1] > 2:
            value = value / (1 + (positions[:, None, 1] - positions[:, None, 2]).square().sum(-1, True))
        return value


def network(backbone, name=None, weights="trained"):
    return Network(name or backbone.name, "synthetic", weights, lambda layer: backbone)


def run(tmp_path, *networks, store=None, frames=None, **changes):
    path = tmp_path / "frames.npz"
    if not path.exists():
        write_npz(frames or water(), path)
    given = {"frames": str(path), "degree": 16, "l_report": 6} | changes
    return transfer.run(Context(0, store or Parts()), Settings(networks=networks, **given))


def shares(result, system="molecule", index=0):
    return [degree["share"] for degree in result["groups"][index]["systems"][system]["degrees"]]


@pytest.mark.parametrize("l", [1, 2, 5])
def test_a_feature_of_one_degree_puts_all_power_there(tmp_path, l):
    result = run(tmp_path, network(Spectrum([0, l])))
    expected = np.zeros(6)
    expected[l - 1] = 1
    for system in transfer.SYSTEMS:
        np.testing.assert_allclose(shares(result, system), expected, atol=1e-12)
        figures = result["groups"][0]["systems"][system]
        assert figures["l99"] == l
        # Y_0 is 1 and Y_l has mean square 2l + 1: so much of the whole varies
        assert figures["varying"] == pytest.approx((2 * l + 1) / (2 * l + 2))
    assert result["agrees"] is True
    scalars = result["layers"][0]["systems"]["pair"]["orders"][0]
    assert scalars == {"order": 0, "above": None}


def test_products_carry_twice_the_degree_and_are_found_out(tmp_path):
    result = run(tmp_path, network(Squares()))
    found = np.array(shares(result))
    # what varies of Y_2 Y_2 lies at 2 and 4, in proportion to <20 20|l0>²: 2/7 to 18/35
    np.testing.assert_allclose(found, [0, 5 / 14, 0, 9 / 14, 0, 0], atol=1e-12)
    assert result["agrees"] is False
    assert "Squares" not in result["conclusions"][0]
    assert result["layers"][0]["network"] in result["conclusions"][0]


def test_a_third_body_leaks_where_it_is_and_only_there(tmp_path):
    result = run(tmp_path, network(ThirdBody()))
    systems = result["groups"][0]["systems"]
    assert systems["pair"]["above"] is None
    assert systems["pair"]["degrees"] == []
    assert systems["triple"] == systems["molecule"]  # water has no fourth atom


def test_the_power_of_a_third_body_is_that_of_the_closed_form(tmp_path):
    frames = water(1)
    result = run(tmp_path, network(ThirdBody()), frames=frames, degree=60, l_report=8)
    move = choose_move(frames)
    site, moved, third = frames.positions[0, [move.site, move.moved, move.third]]
    r, R = np.linalg.norm(moved - site), np.linalg.norm(third - site)
    figures = result["groups"][0]["systems"]["triple"]
    assert figures["above"] == pytest.approx(1)  # of a scalar everything that varies is above its order
    assert sum(shares(result, "triple")) + figures["beyond"] == pytest.approx(1)
    # 1 + |r_1 - r_2|² = 2rR (z - x), and 1/(z - x) = Σ (2l+1) Q_l(z) P_l(x), Q_l of the second kind
    second_kind, _ = lqn(40, (1 + r * r + R * R) / (2 * r * R))
    expected = ((2 * np.arange(41) + 1) * second_kind**2)[1:]
    np.testing.assert_allclose(shares(result, "triple"), expected[:8] / expected.sum(), rtol=1e-4)


@given(st.integers(1, 5), st.integers(2, 12), st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_intervals_hold_the_mean_and_are_as_wide_as_its_error(n_networks, n_frames, seed):
    values = np.random.default_rng(seed).normal(size=(n_networks, n_frames, 2))
    low, high = transfer._interval(values, seed=1)
    mean = values.mean(axis=(0, 1))
    assert (low <= mean).all()
    assert (mean <= high).all()
    same = np.repeat(values[:, :1], n_frames, axis=1)[:1]
    low, high = transfer._interval(same, seed=1)
    np.testing.assert_allclose(high - low, 0, atol=1e-12)


def test_an_interval_over_frames_is_that_of_the_mean():
    values = np.random.default_rng(0).normal(size=(1, 400, 1))
    low, high = transfer._interval(values, seed=0)
    assert (high - low)[0] == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)


def test_training_effect_pairs_a_network_with_its_own_initial_weights(tmp_path):
    result = run(
        tmp_path,
        network(Spectrum([1, 4], claimed="1x1o+1x4e"), "a"),
        network(ThirdBody(), "b"),
        network(ThirdBody(), "b", "initial"),
        network(ThirdBody(), "c", "initial"),
    )
    (effect,) = result["trained_minus_initial"]
    assert effect["n_networks"] == 1
    assert effect["above"] == 0
    assert effect["above_ci"] == [0, 0]


def test_missing_packages_are_left_out_and_said(tmp_path):
    def missing(layer):
        raise MissingPackage("this backbone needs the package x: pip install y")

    absent = Network("x:y", "x", "trained", missing)
    result = run(tmp_path, absent, network(Spectrum([1])))
    assert result["skipped"] == [
        {"what": "x:y", "reason": "this backbone needs the package x: pip install y"}
    ]
    assert [entry["network"] for entry in result["networks"]] == ["synthetic:1"]
    with pytest.raises(MissingPackage, match="needs the package x"):
        run(tmp_path, absent)


def test_what_cannot_be_measured_is_refused(tmp_path):
    with pytest.raises(InputError, match="order 7: expected at most 6"):
        run(tmp_path, network(Spectrum([7])))
    apart = Frames(WATER, water(1).positions * 9, None, None, "apart")
    with pytest.raises(InputError, match="apart: expected a molecule"):
        choose_move(apart)

    class Broken(Spectrum):
        def features(self, numbers, positions):
            return super().features(numbers, positions) / 0

    with pytest.raises(InputError, match="not finite"):
        run(tmp_path, network(Broken([1])))


def test_a_killed_run_ends_with_the_same_result(tmp_path):
    class Killed(Spectrum):
        def features(self, numbers, positions):
            raise KeyboardInterrupt

    first, second = network(ThirdBody()), network(Spectrum([1, 2]))
    whole = run(tmp_path, first, second)
    store = Parts(tmp_path / "parts")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, first, network(Killed([1, 2])), store=store)
    assert len(list((tmp_path / "parts").iterdir())) == 1
    assert json.dumps(run(tmp_path, first, second, store=store)) == json.dumps(whole)
    assert json.dumps(run(tmp_path, first, second, store=store)) == json.dumps(whole)


def test_table_figure_and_summary_are_made_from_the_json(tmp_path):
    from rich.console import Console

    from experiments.report.save import drawing, save

    result = run(tmp_path, network(ThirdBody(), "_third & last"), network(Spectrum([1, 2])))
    result = json.loads(json.dumps(result)) | {"kind": "control-transfer"}
    path = tmp_path / "control-transfer.json"
    write_json(path, result)
    table = transfer_table(read_result(path))
    assert table.name == "control-transfer"
    assert len(table.rows) == len(result["groups"])
    for row, group in zip(table.rows, result["groups"], strict=True):
        assert row[:3] == (group["group"], f"{group['n_networks']} {group['weights']}", group["layer"])
        systems = group["systems"]
        assert list(row[3:5]) == [share(systems[name]["above"]) for name in ("pair", "triple")]
        assert row[5] == share(systems["molecule"]["above"], systems["molecule"]["above_ci"])
        if systems["molecule"]["above"] > 1e-3:
            figures = [float(word.strip("[],")) for word in row[5].split()]
            expected = [systems["molecule"]["above"], *systems["molecule"]["above_ci"]]
            np.testing.assert_allclose(figures, 100 * np.array(expected), atol=0.05)
    with drawing():
        for name in ("one.svg", "two.svg"):
            save(transfer.draw(result), [tmp_path / name])
    assert (tmp_path / "one.svg").read_text() == (tmp_path / "two.svg").read_text()
    console = Console(width=160, file=StringIO())
    console.print(transfer.summarise(result))
    assert "constant" in console.file.getvalue()


@pytest.fixture(scope="module")
def nequip(tmp_path_factory):
    """A trained network and its initial weights, on two aspirin frames with a small quadrature."""
    spec = "nequip:aspirin-rmd17-0"
    networks = (
        Network(spec, "NequIP", "trained", partial(open_layer, spec)),
        Network(spec, "NequIP", "initial", partial(transfer._initial, spec)),
    )
    small = Settings(networks=networks, n_frames=2, degree=14, l_report=7)
    return transfer.run(Context(0, Parts()), small)


def test_one_convolution_ends_at_L_and_the_next_does_not(nequip):
    assert nequip["agrees"] is True
    assert nequip["move"]["closest"] > 0.9
    for entry in nequip["layers"]:
        leaks = {system: figures["leak"] for system, figures in entry["systems"].items()}
        assert leaks["pair"] < 1e-12
        if entry["depth"] == 0:
            assert max(leaks.values()) < 1e-12
            for order in entry["systems"]["molecule"]["orders"][1:]:
                assert order["above"] < 1e-11
        else:
            assert min(leaks["triple"], leaks["molecule"]) > 1e-6
            assert entry["systems"]["molecule"]["above"] > 0.01


def test_the_quadrature_is_fine_enough(nequip):
    """The default degree against a much higher one, at the layer that leaks most."""
    backbone = open_layer("nequip:aspirin-rmd17-0", "1")
    from experiments.data import load

    frames = load("embedded:test").select([0])
    move = choose_move(frames)
    found = []
    for degree in (Settings().degree, 40):
        part = transfer.measure(backbone, 2, frames, move, Settings(degree=degree))
        found.append(sphere.shares(np.array(part["molecule"]["power"]).sum(axis=1))[0])
    np.testing.assert_allclose(found[0], found[1], atol=3e-4)
    assert found[0][2:].sum() == pytest.approx(found[1][2:].sum(), abs=5e-4)
