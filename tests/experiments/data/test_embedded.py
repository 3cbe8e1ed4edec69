import json

import numpy as np
import pytest

from experiments.data import read_structures
from experiments.data.bonds import first_changed_bond
from experiments.data.card import check_card
from experiments.data.dynamics import labels
from experiments.data.embedded_sets import CARD, FOLDER, SETS
from experiments.data.generate import start_geometry
from experiments.split import require_disjoint


def card() -> dict:
    return json.loads((FOLDER / CARD).read_text(encoding="utf-8"))


def test_sizes() -> None:
    assert len(read_structures("embedded:train")) == 2000
    assert len(read_structures("embedded:test")) == 1000
    assert sum((FOLDER / name).stat().st_size for name in SETS.values()) < 2_000_000


def test_files_are_those_of_the_card() -> None:
    assert check_card(FOLDER) == []
    for part in SETS:
        assert card()["files"][part]["checksum"] == read_structures(f"embedded:{part}").checksum


def test_training_and_test_come_from_different_trajectories() -> None:
    origins = {}
    for part, name in SETS.items():
        with np.load(FOLDER / name) as archive:
            origins[part] = set(archive["trajectory"].tolist())
    assert origins == {"train": set(range(8)), "test": set(range(8, 12))}
    require_disjoint(read_structures("embedded:train"), read_structures("embedded:test"))


def test_every_frame_is_aspirin() -> None:
    atoms = start_geometry()
    for part in SETS:
        numbers, positions = read_structures(f"embedded:{part}").stacked()
        assert numbers.tolist() == atoms.numbers.tolist()
        assert first_changed_bond(numbers, atoms.positions, positions) is None


def test_dynamics_had_the_temperature_asked_for() -> None:
    # at 0.5 fs the kinetic temperature of the C-H and O-H stretches comes out about 2 % low, that of the whole
    # molecule under 1 %
    measured = card()["measured"]
    assert abs(measured["temperature_K"] - 500.0) < 8.0
    assert measured["temperature_standard_error_K"] < 2.0


def test_labels_are_gfn2_xtb_of_the_stored_positions() -> None:
    # tblite's self-consistent field at this accuracy stops at 1e-8 hartree (3e-7 eV); forces follow to 4e-6
    # eV/Å, and are stored in float32
    frames = read_structures("embedded:test").subset([0, 499, 999])
    energies, forces = labels(*frames.stacked())
    np.testing.assert_allclose(frames.energies, energies, rtol=0, atol=1e-6)
    np.testing.assert_allclose(frames.padded(frames.forces), forces, rtol=0, atol=2e-5)


def test_forces_are_the_negative_gradient_of_energies() -> None:
    frames = read_structures("embedded:train").subset([1234])
    assert frames.forces is not None
    step, atom, axis = 1e-3, 12, 1
    numbers, positions = frames.stacked()
    shifted = np.repeat(positions, 2, axis=0)
    shifted[0, atom, axis] += step
    shifted[1, atom, axis] -= step
    (forward, backward), _ = labels(numbers, shifted)
    assert frames.forces[atom, axis] == pytest.approx(-(forward - backward) / (2 * step), abs=2e-3)
