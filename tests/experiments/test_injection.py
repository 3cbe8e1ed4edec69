"""The injected field: its force is minus its gradient, its power the same for every l, and it can be handed on."""

import ase.io
import numpy as np
import pytest
import torch
from e3nn.o3 import spherical_harmonics
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.cli import main
from experiments.data import read_structures, write_npz
from experiments.environments import Pair, choose_pairs
from experiments.injection import Injection, amplitude, default_force, direction_of
from experiments.structures import Structures
from span_theorem.errors import InputError
from tests.experiments.synthetic import random_frames


def moved(frames, displacement):
    numbers, positions = frames.stacked()
    return Structures.of_molecule(numbers, positions + displacement, source="moved")


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 12), st.integers(0, 3), st.integers(0, 3), st.integers(0, 99))
def test_forces_are_minus_the_gradient_of_the_energy(l, site, toward, seed):
    if site == toward:
        return
    frames = random_frames(3, seed, n_atoms=4)
    pair, injection = Pair(site, toward), Injection(l, direction_of(l, seed), 0.3)
    forces = injection.forces(pair(frames)).reshape(3, 4, 3)
    step = 1e-5
    for atom in range(4):
        for axis in range(3):
            shift = np.zeros((1, 4, 3))
            shift[0, atom, axis] = step
            ahead, behind = (injection.energies(pair(moved(frames, sign * shift))) for sign in (1, -1))
            slope = (ahead - behind) / (2 * step)
            np.testing.assert_allclose(forces[:, atom, axis], -slope, atol=1e-6)
    others = [atom for atom in range(4) if atom not in (site, toward)]
    assert np.all(forces[:, others] == 0)


@pytest.mark.parametrize("l", [1, 4, 5, 12])
def test_energy_and_force_are_those_of_autograd(l):
    frames = random_frames(5, 0)
    direction = direction_of(l, 0)
    x = torch.tensor(frames.stacked()[1], requires_grad=True)
    values = spherical_harmonics(l, x[:, 1] - x[:, 0], normalize=True, normalization="component")
    energy = 0.7 * values @ torch.from_numpy(direction)
    (gradient,) = torch.autograd.grad(energy.sum(), x)
    injection, marked = Injection(l, direction, 0.7), Pair(0, 1)(frames)
    np.testing.assert_allclose(injection.energies(marked), energy.detach().numpy(), atol=1e-12)
    np.testing.assert_allclose(injection.forces(marked), -gradient.numpy().reshape(-1, 3), atol=1e-11)


def test_force_power_is_the_same_for_every_frequency():
    frames = random_frames(20000, 1, n_atoms=2)
    marked = Pair(0, 1)(frames)
    for l in range(1, 13):
        size = amplitude(l, 0.6, marked.lengths)
        forces = Injection(l, direction_of(l, 0), size).forces(marked)
        assert np.sqrt(np.mean(forces**2)) == pytest.approx(0.6, rel=0.03), l


def test_energy_has_the_power_of_the_amplitude():
    frames = random_frames(20000, 2, n_atoms=2)
    for l in (1, 4, 8):
        energies = Injection(l, direction_of(l, 3), 2.0).energies(Pair(0, 1)(frames))
        assert np.mean(energies**2) == pytest.approx(4, rel=0.05)


def test_the_default_is_half_the_force_of_the_frames():
    frames = random_frames(500, 0)
    assert default_force(frames) == pytest.approx(0.5, rel=0.03)
    assert default_force(moved(frames, 0)) == 1


@pytest.mark.parametrize("l", [0, 13, -1])
def test_frequencies_out_of_range(l):
    with pytest.raises(InputError, match=f"l = {l} is out of range: expected 1 to 12"):
        Injection(l, np.ones(1), 1.0)


@pytest.mark.parametrize("size", [0.0, -1.0, np.nan, np.inf])
def test_amplitudes_that_are_not_positive(size):
    with pytest.raises(InputError, match="expected a positive"):
        Injection(1, np.ones(3), size)
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
            "--structures",
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
    frames, perturbed = (read_structures(name) for name in ("frames.npz", "out.extxyz"))
    marked = Pair(0, 1)(frames)
    injection = Injection(4, direction_of(4, 3), amplitude(4, default_force(frames), marked.lengths))
    np.testing.assert_allclose(perturbed.energies - frames.energies, injection.energies(marked), atol=1e-7)
    np.testing.assert_allclose(perturbed.forces - frames.forces, injection.forces(marked), atol=1e-7)
    assert ase.io.read("out.extxyz", index=0).info["injected_l"] == 4
    assert "A = " in capsys.readouterr().out


def test_perturbed_frames_in_random_orientations(frames_file):
    assert inject("--orientations", "3", "--amplitude", "0.4") == 0
    frames, perturbed = (read_structures(name) for name in ("frames.npz", "out.extxyz"))
    assert len(perturbed) == 36
    size = amplitude(4, 0.4, Pair(0, 1)(frames).lengths)
    injected = Injection(4, direction_of(4, 0), size).energies(Pair(0, 1)(perturbed))
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
    assert choose_pairs(frames, 0, 1, None) == (Pair(0, 1),)
    assert choose_pairs(frames, None, None, "0-1, 2-1") == (Pair(0, 1), Pair(2, 1))
    water = Structures.of_molecule([8, 1, 1], np.array([[[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]]]))
    bonds = choose_pairs(water, None, None, "bonds")
    assert bonds == (Pair(0, 1), Pair(0, 2), Pair(1, 0), Pair(2, 0))


@pytest.mark.parametrize(
    ("site", "toward", "pairs", "message"),
    [
        (None, None, None, "expected a site and an atom it points to, pairs, or a rule"),
        (0, None, None, "expected a site and an atom it points to"),
        (0, None, "bonds", "one or the other"),
        (None, None, "0:1", "has '0:1'"),
        (None, None, "", "has ''"),
    ],
)
def test_pairs_that_name_nothing(site, toward, pairs, message):
    with pytest.raises(InputError, match=message):
        choose_pairs(random_frames(3, 0), site, toward, pairs)
