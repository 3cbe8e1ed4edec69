"""The injected field: its force is minus its gradient, its power the same for every l, and it can be handed on."""

import ase.io
import numpy as np
import pytest
import torch
from e3nn.o3 import spherical_harmonics
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.cli import main
from experiments.data import load, write_npz
from experiments.data.frames import Frames
from experiments.direction import MarkedPair, choose_pairs
from experiments.injection import Injection, amplitude, default_force, direction_of
from span_theorem.errors import InputError
from tests.experiments.synthetic import random_frames


def moved(frames, displacement):
    return Frames(frames.numbers, frames.positions + displacement, None, None, "moved")


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 12), st.integers(0, 3), st.integers(0, 3), st.integers(0, 99))
def test_forces_are_minus_the_gradient_of_the_energy(l, site, toward, seed):
    if site == toward:
        return
    frames = random_frames(3, seed, n_atoms=4)
    injection = Injection(MarkedPair(site, toward), l, direction_of(l, seed), 0.3)
    forces = injection.forces(frames)
    step = 1e-5
    for atom in range(4):
        for axis in range(3):
            shift = np.zeros((1, 4, 3))
            shift[0, atom, axis] = step
            slope = (injection.energies(moved(frames, shift)) - injection.energies(moved(frames, -shift))) / (
                2 * step
            )
            np.testing.assert_allclose(forces[:, atom, axis], -slope, atol=1e-6)
    others = [atom for atom in range(4) if atom not in (site, toward)]
    assert np.all(forces[:, others] == 0)


@pytest.mark.parametrize("l", [1, 4, 5, 12])
def test_energy_and_force_are_those_of_autograd(l):
    frames = random_frames(5, 0)
    direction = direction_of(l, 0)
    x = torch.tensor(frames.positions, requires_grad=True)
    values = spherical_harmonics(l, x[:, 1] - x[:, 0], normalize=True, normalization="component")
    energy = 0.7 * values @ torch.from_numpy(direction)
    (gradient,) = torch.autograd.grad(energy.sum(), x)
    injection = Injection(MarkedPair(0, 1), l, direction, 0.7)
    np.testing.assert_allclose(injection.energies(frames), energy.detach().numpy(), atol=1e-12)
    np.testing.assert_allclose(injection.forces(frames), -gradient.numpy(), atol=1e-11)


def test_force_power_is_the_same_for_every_frequency():
    frames = random_frames(20000, 1, n_atoms=2)
    pair = MarkedPair(0, 1)
    for l in range(1, 13):
        size = amplitude(l, 0.6, pair.lengths(frames))
        forces = Injection(pair, l, direction_of(l, 0), size).forces(frames)
        assert np.sqrt(np.mean(forces**2)) == pytest.approx(0.6, rel=0.03), l


def test_energy_has_the_power_of_the_amplitude():
    frames = random_frames(20000, 2, n_atoms=2)
    for l in (1, 4, 8):
        energies = Injection(MarkedPair(0, 1), l, direction_of(l, 3), 2.0).energies(frames)
        assert np.mean(energies**2) == pytest.approx(4, rel=0.05)


def test_the_default_is_half_the_force_of_the_frames():
    frames = random_frames(500, 0)
    assert default_force(frames) == pytest.approx(0.5, rel=0.03)
    assert default_force(moved(frames, 0)) == 1


@pytest.mark.parametrize("l", [0, 13, -1])
def test_frequencies_out_of_range(l):
    with pytest.raises(InputError, match=f"l = {l} is out of range: expected 1 to 12"):
        Injection(MarkedPair(0, 1), l, np.ones(1), 1.0)


@pytest.mark.parametrize("size", [0.0, -1.0, np.nan, np.inf])
def test_amplitudes_that_are_not_positive(size):
    with pytest.raises(InputError, match="expected a positive"):
        Injection(MarkedPair(0, 1), 1, np.ones(3), size)
    with pytest.raises(InputError, match="expected a force from"):
        amplitude(2, size, np.ones(3))


@pytest.fixture
def frames_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_npz(random_frames(12, 0), tmp_path / "frames.npz")
    return tmp_path


def inject(*arguments):
    return main(
        [
            "inject",
            "--frames",
            "frames.npz",
            "--site",
            "0",
            "--toward",
            "1",
            "--l",
            "4",
            "-o",
            "out.extxyz",
            *arguments,
        ]
    )


def test_perturbed_frames_are_written_as_extxyz(frames_file, capsys):
    assert inject("--seed", "3") == 0
    frames, perturbed = load("frames.npz"), load("out.extxyz")
    pair = MarkedPair(0, 1)
    size = amplitude(4, default_force(frames), pair.lengths(frames))
    injection = Injection(pair, 4, direction_of(4, 3), size)
    np.testing.assert_allclose(perturbed.energies - frames.energies, injection.energies(frames), atol=1e-7)
    np.testing.assert_allclose(perturbed.forces - frames.forces, injection.forces(frames), atol=1e-7)
    assert ase.io.read("out.extxyz", index=0).info["injected_l"] == 4
    assert "A = " in capsys.readouterr().out


def test_perturbed_frames_in_random_orientations(frames_file):
    assert inject("--orientations", "3", "--amplitude", "0.4") == 0
    frames, perturbed = load("frames.npz"), load("out.extxyz")
    assert len(perturbed) == 36
    size = amplitude(4, 0.4, MarkedPair(0, 1).lengths(frames))
    injected = Injection(MarkedPair(0, 1), 4, direction_of(4, 0), size).energies(perturbed)
    np.testing.assert_allclose(
        perturbed.energies - injected, np.repeat(frames.energies, 3), atol=1e-7
    )  # the field stays in the lab, the molecule's own energy turns with it


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--l", "13"], "l = 13 is out of range"),
        (["--amplitude", "0"], "amplitude 0.0 is out of range"),
        (["--amplitude", "-1"], "amplitude -1.0 is out of range"),
        (["--toward", "7"], "toward 7 is out of range"),
        (["-o", "out.npz"], "extxyz"),
        (["-o", "missing/out.extxyz"], "missing"),
    ],
)
def test_bad_input_to_inject(frames_file, capsys, arguments, message):
    assert inject(*arguments) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert message in line
    assert sorted(path.name for path in frames_file.iterdir()) == ["frames.npz"]


def test_pairs_by_name():
    frames = random_frames(3, 0)
    assert choose_pairs(frames, 0, 1, None) == (MarkedPair(0, 1),)
    assert choose_pairs(frames, None, None, "0-1, 2-1") == (MarkedPair(0, 1), MarkedPair(2, 1))
    water = Frames(
        np.array([8, 1, 1]), np.array([[[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]]]), None, None, "water"
    )
    bonds = choose_pairs(water, None, None, "bonds")
    assert bonds == (MarkedPair(0, 1), MarkedPair(0, 2), MarkedPair(1, 0), MarkedPair(2, 0))


@pytest.mark.parametrize(
    ("site", "toward", "pairs", "message"),
    [
        (None, None, None, "expected a site and an atom it points to, or pairs"),
        (0, None, None, "expected a site and an atom it points to"),
        (0, None, "bonds", "one or the other"),
        (None, None, "0:1", "has '0:1'"),
        (None, None, "", "has ''"),
    ],
)
def test_pairs_that_name_nothing(site, toward, pairs, message):
    with pytest.raises(InputError, match=message):
        choose_pairs(random_frames(3, 0), site, toward, pairs)
