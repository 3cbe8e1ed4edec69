import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from experiments.data import generate as module
from experiments.data.dynamics import Dynamics, Trajectory, labels, simulate
from experiments.data.generate import Plan, generate, read_trajectory, save_trajectory, start_geometry
from span_theorem.errors import InputError

COMMAND = [sys.executable, "-m", "experiments", "data", "generate", "--training", "1", "--test", "1"]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny run that nothing disturbed: two trajectories of three frames."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    generate(Plan(Dynamics(equilibration=2, interval=20, frames=3), 1, 1), folder, jobs=2)
    return folder


def test_a_killed_run_continues_to_the_same_bytes(uninterrupted: Path, tmp_path: Path) -> None:
    command = [*COMMAND, "--equilibration", "2", "--interval", "20", "--frames", "3", "-o", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 120
        while not list(tmp_path.glob("*/trajectory-00.npz")) and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    (finished,) = tmp_path.glob("*/trajectory-00.npz")
    stamp = finished.stat().st_mtime_ns
    again = subprocess.run(command, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert finished.stat().st_mtime_ns == stamp  # the finished trajectory was not run again
    names = sorted(
        path.relative_to(uninterrupted)
        for path in uninterrupted.rglob("*")
        if path.suffix in (".npz", ".json")
    )
    assert len(names) == 5
    for name in names:
        assert (tmp_path / name).read_bytes() == (uninterrupted / name).read_bytes(), name


def test_frames_are_centred_float32_with_labels_of_exactly_these(uninterrupted: Path) -> None:
    (path,) = uninterrupted.glob("*/trajectory-01.npz")
    trajectory = read_trajectory(path)
    assert trajectory.positions.dtype == np.float32
    assert trajectory.energies.dtype == np.float64
    masses = start_geometry().get_masses()
    np.testing.assert_allclose(np.einsum("a,fax->fx", masses, trajectory.positions), 0.0, atol=1e-4)
    energies, forces = labels(trajectory.numbers, trajectory.positions)
    np.testing.assert_array_equal(energies, trajectory.energies)
    np.testing.assert_array_equal(forces.astype(np.float32), trajectory.forces)
    # a frame every 20 steps and a record every 10: every other one is the same geometry
    np.testing.assert_array_equal(trajectory.record_positions[1::2], trajectory.positions)


def test_trajectories_and_seeds_differ(uninterrupted: Path) -> None:
    first, second = (read_trajectory(path) for path in sorted(uninterrupted.glob("*/trajectory-*.npz")))
    assert np.abs(first.positions[0] - second.positions[0]).max() > 0.01
    settings = Dynamics(equilibration=0, interval=2, frames=1)
    other = simulate(start_geometry(), Dynamics(equilibration=0, interval=2, frames=1, seed=1), 0)
    assert not np.array_equal(simulate(start_geometry(), settings, 0).positions, other.positions)


def test_other_settings_never_share_a_work_folder() -> None:
    start = start_geometry()
    settings = [
        Dynamics(),
        Dynamics(seed=1),
        Dynamics(frames=2),
        Dynamics(friction=0.02),
        Dynamics(interval=7),
    ]
    assert len({module._digest(start, one) for one in settings}) == len(settings)


def test_a_broken_molecule_is_an_error() -> None:
    with pytest.raises(
        InputError, match=r"trajectory 0 changed the molecule: in frame .* expected intact bonds"
    ):
        simulate(start_geometry(), Dynamics(temperature=20_000.0, equilibration=0, interval=40, frames=1), 0)


def test_a_damaged_trajectory_is_named(tmp_path: Path) -> None:
    path = tmp_path / "trajectory-00.npz"
    empty = np.zeros(0)
    save_trajectory(path, Trajectory(empty, empty, empty, empty, empty, empty, empty))  # type: ignore[arg-type]
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match=r"trajectory-00.npz is not a finished trajectory; delete it"):
        read_trajectory(path)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": -1.0}, "temperature is -1.0, expected a positive number"),
        ({"friction": float("nan")}, "friction is nan"),
        ({"frames": 0}, "frames is 0, expected at least 1"),
        ({"interval": 0}, "interval is 0"),
        ({"equilibration": -1}, "equilibration is -1, expected at least 0"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_refuses_settings(settings: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Dynamics(**settings)


def test_refuses_plans(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="0 training and 4 test trajectories"):
        Plan(training=0)
    with pytest.raises(InputError, match="interval x frames is 9 steps, expected at least 10"):
        Plan(Dynamics(interval=3, frames=3))
    with pytest.raises(InputError, match="jobs is 0"):
        generate(Plan(), tmp_path, jobs=0)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write"):
        generate(Plan(), tmp_path / "file")
