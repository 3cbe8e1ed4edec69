"""The diagnosis must report what is there: synthetic backbones of known spectrum, one that breaks the ceiling too."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.diagnosis import diagnose
from experiments.lab.cell import Cell, grid, pair
from experiments.lab.sources import Sources
from experiments.spn import Probe
from experiments.spn.mlp import Training
from span_theorem.errors import InputError
from tests.experiments.synthetic import FeaturesOnly, Noise, Silent, Spectrum, random_frames

TRAINING, TEST = random_frames(80, seed=0), random_frames(40, seed=1)
QUICK = Training(width=32, steps=500, samples=(300, 60))
PROBES = {
    "equivariant": Probe("equivariant", 2),
    "free": Probe("free", 2),
    "mlp": Probe("mlp", 2, training=QUICK),
}


SHORT = {
    "free": PROBES["free"],
    "mlp": Probe("mlp", 2, training=Training(width=8, steps=40, samples=(100, 30))),
}


def run(
    backbone, training=TRAINING, test=TEST, probe=PROBES["equivariant"], rules=("pair(0, 1)",), **options
):
    options = {"orientations": 8, "test_orientations": 4} | options
    base = Cell("network", training="training", test="test", probe=probe, **options)
    sources = Sources(backbones={"network": backbone}, structures={"training": training, "test": test})
    return diagnose(grid(base, rule=rules), sources)


def by_frequency(result):
    """The figures as a result file holds them."""
    return {degree["l"]: degree for degree in result.to_dict()["degrees"]}


def reachable(orders, degree, l_max):
    """Which l ≥ 1 products of up to ``degree`` of the Y_l contain, by the triangle and parity rules of Gaunt."""
    reached, products = set(), {0}
    for _ in range(degree):
        products = {
            l for a in products for b in orders for l in range(abs(a - b), a + b + 1) if (a + b + l) % 2 == 0
        } | products
    reached = products - {0}
    return {l for l in reached if l <= l_max}


@pytest.mark.parametrize("solver", PROBES)
def test_exact_harmonics_up_to_two_are_recovered_up_to_four(solver):
    result = run(Spectrum([0, 1, 2]), probe=PROBES[solver])
    found = by_frequency(result)
    for l in (1, 2, 3, 4):
        assert found[l]["rho"] == pytest.approx(1, abs=0.02)
        assert found[l]["r2_injected"] == pytest.approx(1, abs=0.05)
    for l in (5, 6):
        assert -0.1 < found[l]["rho"] < 0.03
        assert found[l]["rho_ci"][0] < 0.01
        assert abs(found[l]["r2_injected"]) < 0.1  # the frames' own forces are noise of four times the power
    assert result.check.measured_boundary == 4
    assert result.check.verdict == "reached"
    assert result.check.contrast_ci[0] > 0


@pytest.mark.parametrize("solver", PROBES)
def test_a_network_that_breaks_its_ceiling_is_found_out(solver):
    result = run(Spectrum([0, 1, 2, 5]), probe=PROBES[solver], assumed_L=2, forces=solver != "mlp")
    assert result.check.predicted_boundary == 4
    at_five = by_frequency(result)[5]
    assert at_five["rho"] > 0.9
    assert solver == "mlp" or at_five["r2_injected"] > 0.9
    assert result.check.measured_boundary > 4
    assert result.check.verdict == "crossed"
    assert "CONTRADICTS" in result.check.sentence()


@pytest.mark.parametrize("solver", ["equivariant", "free"])
def test_without_order_two_the_boundary_is_two(solver):
    result = run(Spectrum([0, 1]), probe=PROBES[solver], assumed_L=2)
    assert result.check.measured_boundary == 2
    assert result.check.verdict == "below"


@pytest.mark.parametrize("solver", PROBES)
@pytest.mark.parametrize("backbone", [Noise(), Silent()])
def test_nothing_is_recovered_where_nothing_is(solver, backbone):
    training, test = random_frames(80, 2, n_atoms=4), random_frames(40, 3, n_atoms=4)
    result = run(backbone, training, test, probe=PROBES[solver], forces=solver != "mlp")
    assert result.check.measured_boundary == 0
    for found in by_frequency(result).values():
        assert abs(found["rho"]) < 0.04
        assert found["rho_ci"][0] < 0.01
        assert solver == "mlp" or found["r2_injected"] < 0.01


@settings(max_examples=8, deadline=None)
@given(st.sets(st.integers(0, 3), min_size=1), st.integers(1, 3), st.sampled_from(["equivariant", "free"]))
def test_the_measured_boundary_is_the_one_the_spectrum_implies(orders, degree, solver):
    if solver == "free" and max(orders) == 3:
        degree = min(degree, 2)  # cubics of 16 components want more samples than a test has
    result = run(Spectrum(sorted(orders)), probe=Probe(solver, degree), l_max=6, forces=False)
    recovered = {l for l, found in by_frequency(result).items() if found["rho_ci"][0] > 0.5}
    implied = reachable(orders, degree, 6)
    assert recovered == implied
    assert result.check.measured_boundary == max(implied, default=0)


@pytest.mark.parametrize("solver", PROBES)
def test_shuffled_labels_recover_nothing(solver):
    result = run(Spectrum([0, 1, 2]), probe=PROBES[solver], shuffled=True, forces=False)
    assert result.check.measured_boundary == 0
    for found in by_frequency(result).values():
        assert found["rho_ci"][0] < 0.02
        assert found["rho"] < 0.03


def test_a_network_that_has_part_of_the_labels_has_a_null_gain():
    """Energies that are a function of the features are gained with nothing injected, and do not count as recovery."""

    def labelled(frames):
        _, positions = frames.stacked()
        lengths = np.linalg.norm(positions[:, 1] - positions[:, 0], axis=1)
        return replace(frames, energies=0.4 * lengths)

    class WithLength(Spectrum):
        def features(self, numbers, positions):
            step = positions.roll(-1, dims=1) - positions
            values = super().features(numbers, positions).clone()
            values[..., 0] = step.norm(dim=-1)
            return values

    for solver in ("equivariant", "free"):
        result = run(
            WithLength([0, 1, 2]),
            labelled(TRAINING),
            labelled(TEST),
            probe=PROBES[solver],
            orientations=16,
            test_orientations=50,  # energies times field average out over orientations only
            forces=False,
        )
        variance = np.var(labelled(TEST).energies)
        for found in by_frequency(result).values():
            assert found["null_gain"] == pytest.approx(variance, rel=0.1)
            assert found["rho"] == pytest.approx(1 if found["l"] <= 4 else 0, abs=0.08)


def test_equivariant_says_where_there_is_no_path():
    paths = {l: found["path"] for l, found in by_frequency(run(Spectrum([0, 1, 2]))).items()}
    assert paths == {1: True, 2: True, 3: True, 4: True, 5: False, 6: False}


def test_nothing_above_the_prediction_measured_leaves_the_verdict_open():
    assert run(Spectrum([0, 1, 2]), l_max=4).check.verdict == "undecided"


def test_a_probe_that_is_no_polynomial_has_nothing_to_agree_with():
    probe = Probe("mlp", 2, "tanh", Training(width=8, steps=20, samples=(100, 20)))
    result = run(Spectrum([0, 1, 2]), probe=probe, forces=False)
    assert result.check.verdict == "undecided"
    assert "no polynomial" in result.to_dict()["scope"][0]
    assert "this is none" in result.check.sentence()


@pytest.mark.parametrize("solver", ["free", "mlp"])
def test_the_same_seed_gives_the_same_result(solver):
    first, second, other = (
        json.dumps(run(Spectrum([0, 1, 2]), probe=SHORT[solver], seed=seed).to_dict()) for seed in (3, 3, 4)
    )
    assert first == second
    assert json.loads(first)["degrees"] != json.loads(other)["degrees"]


def test_figures_of_many_pairs_are_the_mean_of_theirs():
    both = run(Spectrum([0, 1, 2]), rules=(pair(0, 1), pair(1, 2)), forces=False)
    written = both.to_dict()
    assert [(one["site"], one["toward"]) for one in written["pairs"]] == [(0, 1), (1, 2)]
    for column, degree in enumerate(written["degrees"]):
        mean = np.mean([one["degrees"][column]["rho"] for one in written["pairs"]])
        assert degree["rho"] == pytest.approx(mean)


def test_features_may_be_read_at_another_atom():
    """Atom 1 of a chain does not see the direction from atom 0 to itself."""
    result = run(Spectrum([0, 1, 2]), read="atom(1)", forces=False)
    assert result.check.measured_boundary == 0


def test_without_predictions_energy_figures_are_given_and_the_reason_for_no_others():
    result = run(FeaturesOnly([0, 1, 2]))
    degrees = by_frequency(result)
    assert all(found["r2_injected"] is None and found["raw_gain"] is None for found in degrees.values())
    assert degrees[4]["rho"] == pytest.approx(1, abs=1e-6)
    assert degrees[4]["null_gain"] == 0
    notes = " ".join(result.facts["notes"])
    assert "predicts no forces" in notes
    assert "injection alone" in notes


def test_features_without_derivative_give_energy_figures():
    class Detached(Spectrum):
        def features(self, numbers, positions):
            return super().features(numbers, positions).detach()

    result = run(Detached([0, 1, 2]))
    assert by_frequency(result)[4]["rho"] == pytest.approx(1, abs=0.02)
    assert by_frequency(result)[4]["r2_injected"] is None
    assert "not differentiable" in " ".join(result.facts["notes"])


def test_frames_without_labels_give_energy_figures():
    def bare(frames):
        return replace(frames, energies=None, forces=None)

    result = run(Spectrum([0, 1, 2]), bare(TRAINING), bare(TEST))
    assert result.check.measured_boundary == 4
    assert result.facts["force"] == 1
    assert "the structures have no" in " ".join(result.facts["notes"])


def test_forces_without_energies_give_both_figures():
    forces_alone = [replace(one, energies=None) for one in (TRAINING, TEST)]
    result, labelled = run(Spectrum([0, 1, 2]), *forces_alone), run(Spectrum([0, 1, 2]))
    assert by_frequency(result)[4]["r2_injected"] == by_frequency(labelled)[4]["r2_injected"]
    (note,) = result.facts["notes"]
    assert note == "energy residuals are the injection alone: the structures have no energies"


def test_forces_that_are_all_zero_are_no_scale():
    zero = [replace(one, forces=np.zeros_like(one.forces)) for one in (TRAINING, TEST)]
    result = run(Spectrum([0, 1, 2]), *zero)
    assert result.facts["force"] == 1.0
    assert "the forces are zero in every structure" in " ".join(result.facts["notes"])


def test_labels_that_do_not_hold_under_rotation_stop_the_run():
    with pytest.raises(InputError, match="not equivariant"):
        run(Spectrum([1, 2], claimed="2x0e+1x1o+1x1o"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"l_max": 0}, "l_max is 0: expected 1 to 12"),
        ({"l_max": 13}, "l_max is 13: expected 1 to 12"),
        ({"assumed_L": -1}, "degree L is -1"),
        ({"orientations": 0}, "orientations is 0: expected at least 1"),
        ({"amplitude": 0.0}, "amplitude is 0.0: expected a positive number"),
        ({"amplitude": -1.0}, "amplitude is -1.0"),
        ({"scale": float("nan")}, "scale is nan"),
        ({"validation_share": 1.0}, "training structure is left"),
        ({"force_structures": 1}, "force_structures is 1: expected at least 20"),
        ({"rules": ("pair(0, 3)",)}, "3 is out of range"),
        ({"rules": ("pair(-1, 1)",)}, r"rule is 'pair\(-1, 1\)': expected pair\("),
        ({"rules": ("pair(1, 1)",)}, "both 1"),
        ({"rules": ()}, "no marked direction"),
        ({"read": "atom(3)"}, "atom 3 is to be read: expected 0 to 2"),
        ({"read": "bond"}, "read at 'bond': expected site, edge, or an atom"),
    ],
)
def test_unusable_settings(options, message):
    with pytest.raises(InputError, match=message):
        run(Spectrum([0, 1]), **options)


def test_too_few_frames():
    with pytest.raises(InputError, match=r"19 training structures .* at least 20"):
        run(Spectrum([0, 1]), training=random_frames(19, 5))
    with pytest.raises(InputError, match=r"9 test structures .* at least 10"):
        run(Spectrum([0, 1]), test=random_frames(9, 5))


def test_test_frames_that_were_fitted_are_refused():
    with pytest.raises(InputError, match="also training structures"):
        run(Spectrum([0, 1]), test=TRAINING)


def test_different_molecules_are_refused():
    with pytest.raises(InputError, match="different molecules"):
        run(Spectrum([0, 1]), test=random_frames(40, 1, n_atoms=4))


def test_a_fit_that_does_not_fit_in_memory_is_refused_with_the_estimate(monkeypatch):
    monkeypatch.setattr("span_theorem.budget.available_memory", lambda: 1e6)
    for solver in PROBES:
        with pytest.raises(
            InputError, match=r"GiB of memory, 0\.0 GiB are available; expected fewer training structures"
        ):
            run(Spectrum([0, 1]), probe=PROBES[solver])
