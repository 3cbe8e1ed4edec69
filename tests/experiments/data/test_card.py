import json
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from scipy.spatial.transform import Rotation

from experiments.data import read_structures, write_npz
from experiments.data.card import _in_ring, _unit, check_card, correlations, torsion, write_package
from experiments.data.dynamics import Dynamics, Trajectory
from experiments.data.generate import Plan, start_geometry
from span_theorem.errors import InputError

PLAN = Plan(Dynamics(frames=4, interval=100, record=10), training=2, test=1)


def trajectory(seed: int, n_record: int = 3000, memory: float = 0.0) -> Trajectory:
    """Aspirin shaken by noise, with an energy that remembers itself as told."""
    rng = np.random.default_rng(seed)
    atoms = start_geometry()
    energy = np.zeros(n_record)
    for step in range(1, n_record):
        energy[step] = memory * energy[step - 1] + rng.normal()
    return Trajectory(
        atoms.numbers.astype(np.int64),
        (atoms.positions + rng.normal(scale=0.02, size=(4, 21, 3))).astype(np.float32),
        rng.normal(size=4),
        rng.normal(size=(4, 21, 3)).astype(np.float32),
        (atoms.positions + rng.normal(scale=0.02, size=(n_record, 21, 3))).astype(np.float32),
        energy,
        np.full(n_record, 500.0),
    )


def test_package_and_card_belong_together(tmp_path: Path) -> None:
    train, test, card = write_package(PLAN, [trajectory(seed) for seed in range(3)], tmp_path)
    assert (len(read_structures(train)), len(read_structures(test))) == (8, 4)
    with np.load(train) as archive:
        assert archive["trajectory"].tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    with np.load(test) as archive:
        assert archive["trajectory"].tolist() == [2, 2, 2, 2]
    described = json.loads(card.read_text())
    assert described["files"]["train"]["checksum"] == read_structures(train).checksum
    assert check_card(tmp_path) == []


def test_card_notices_every_change(tmp_path: Path) -> None:
    train, test, card = write_package(PLAN, [trajectory(seed) for seed in range(3)], tmp_path)
    write_npz(read_structures(train), train)  # the same numbers in other bytes
    (difference,) = check_card(tmp_path)
    assert "SHA-256" in difference
    test.unlink()
    assert any("does not exist" in line for line in check_card(tmp_path))
    card.write_text("{}")
    with pytest.raises(InputError, match="is not a readable data card"):
        check_card(tmp_path)


def test_energy_memory_is_found_and_counted() -> None:
    memory = 0.9  # (1 + 0.9)/(1 - 0.9) = 19 samples of 5 fs
    found = correlations(PLAN, [trajectory(seed, 20_000, memory) for seed in range(3)])
    energy = found["potential energy"]
    assert energy.pooled == pytest.approx(95.0, rel=0.15)
    assert energy.trajectories == pytest.approx((95.0,) * 3, rel=0.4)
    assert energy.effective_frames["train"] == pytest.approx(8 * 50 / 95, abs=1)


def test_a_trajectory_stuck_in_one_state_is_not_called_decorrelated() -> None:
    """Noise about two different means: short memory within each trajectory, none of it shared."""
    low, high = trajectory(0), trajectory(1)
    shifted = Trajectory(**(vars(high) | {"record_energies": high.record_energies + 5.0}))
    energy = correlations(PLAN, [low, shifted, trajectory(2)])["potential energy"]
    assert max(energy.trajectories) < 10.0
    assert energy.pooled > 1000.0
    again = correlations(PLAN, [shifted, trajectory(2), low])["potential energy"]
    assert again.pooled == pytest.approx(energy.pooled)  # no trajectory is the reference of the others


def test_torsion_agrees_with_ase() -> None:
    rng = np.random.default_rng(0)
    positions = rng.normal(size=(20, 5, 3))
    expected = [Atoms("H5", one).get_dihedral(4, 1, 0, 3) for one in positions]
    difference = np.degrees(torsion(positions, (4, 1, 0, 3))) - expected
    np.testing.assert_allclose((difference + 180) % 360 - 180, 0.0, atol=1e-9)


def test_direction_in_axes_of_the_ring_does_not_see_rotations() -> None:
    rng = np.random.default_rng(2)
    positions = rng.normal(size=(6, 21, 3))
    rotations = Rotation.random(6, rng=rng).as_matrix()
    turned = np.einsum("nxy,nay->nax", rotations, positions)
    vectors = _unit(positions[:, 11] - positions[:, 12])
    seen = _in_ring(positions, vectors)
    np.testing.assert_allclose(_in_ring(turned, _unit(turned[:, 11] - turned[:, 12])), seen, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(seen, axis=1), 1.0)
