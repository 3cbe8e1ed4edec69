"""Background: the project must show its main job without a download, so it makes frames itself. Question:
none; this runs many trajectories (`dynamics.py`) side by side, continues after a kill at any moment with the
same result bit for bit, and packs them into one training and one test file with a data card. Provides:
`generate`, the work behind `python -m experiments data generate`.
"""

import hashlib
import json
import os
import signal
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, fields
from importlib.metadata import version
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.archive import read_archive
from experiments.data.dynamics import LABEL_ACCURACY, METHOD, Dynamics, Trajectory, simulate
from span_theorem.errors import InputError
from span_theorem.output import replacing

if TYPE_CHECKING:
    from ase import Atoms

START = Path(__file__).with_name("aspirin.xyz")

# Set in the worker processes: steps done per trajectory, and the event that ends the work.
_steps: Any = None
_stop: Any = None


@dataclass(frozen=True)
class Plan:
    """Which trajectories to run: the first ``training`` of them train, the next ``test`` test."""

    dynamics: Dynamics = field(default_factory=Dynamics)
    training: int = 8
    test: int = 4

    def __post_init__(self) -> None:
        if self.training < 1 or self.test < 1:
            raise InputError(
                f"{self.training} training and {self.test} test trajectories, expected at least one of each"
            )
        steps = self.dynamics.interval * self.dynamics.frames
        if steps < self.dynamics.record:
            raise InputError(
                f"interval x frames is {steps} steps, expected at least {self.dynamics.record}: "
                "the card's autocorrelation times need a record"
            )

    @property
    def trajectories(self) -> int:
        return self.training + self.test


def generate(plan: Plan, output: Path, jobs: int = 1) -> tuple[Path, Path, Path]:
    """Run what is missing of ``plan``; write the training file, the test file and the card into ``output``.

    Finished trajectories are kept in ``output``/trajectories-<digest of all settings>, so a run that was
    killed continues with the first unfinished trajectory.

    Returns:
        Paths of training file, test file and card.

    Raises:
        InputError: unusable settings or output folder, or a trajectory whose molecule broke.
    """
    if jobs < 1:
        raise InputError(f"jobs is {jobs}, expected at least 1")
    start = start_geometry()
    folder = Path(output) / f"trajectories-{_digest(start, plan.dynamics)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write {folder}: {error.strerror or error}") from error
    _run_missing(plan, folder, jobs)
    from experiments.data.card import write_package

    trajectories = [read_trajectory(_path(folder, index)) for index in range(plan.trajectories)]
    return write_package(plan, trajectories, Path(output))


def start_geometry() -> "Atoms":
    """Aspirin in MD17's order of atoms (see the comment line of aspirin.xyz)."""
    from ase.io import read

    return read(START)


def save_trajectory(path: Path, trajectory: Trajectory) -> None:
    """Write ``trajectory`` whole or not at all."""
    arrays = {field.name: getattr(trajectory, field.name) for field in fields(Trajectory)}
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def read_trajectory(path: Path) -> Trajectory:
    """Read what :func:`save_trajectory` wrote.

    Raises:
        InputError: the file is not a trajectory.
    """
    try:
        return Trajectory(**read_archive(path))
    except (InputError, TypeError) as error:
        raise InputError(f"{path} is not a finished trajectory; delete it and run again ({error})") from None


def _run_missing(plan: Plan, folder: Path, jobs: int) -> None:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    from span_theorem.console import PrintingConsole

    missing = [index for index in range(plan.trajectories) if not _path(folder, index).exists()]
    if not missing:
        return
    # Read by OpenMP when a worker first loads tblite: one core for each process.
    os.environ["OMP_NUM_THREADS"] = "1"
    context = get_context("spawn")
    steps = context.Array("Q", plan.trajectories)
    stop = context.Event()
    console = PrintingConsole(stderr=True)
    total = len(missing) * plan.dynamics.steps
    columns = (TextColumn("{task.completed:,.0f}/{task.total:,.0f} steps"), BarColumn())
    with (
        Progress(
            *columns,
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        ) as progress,
        ProcessPoolExecutor(min(jobs, len(missing)), context, _share, (steps, stop)) as pool,
    ):
        bar = progress.add_task("", total=total)
        running = {pool.submit(_work, plan.dynamics, index, _path(folder, index)): index for index in missing}
        try:
            while running:
                done, _ = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
                for future in done:
                    index = running.pop(future)
                    future.result()
                    console.print(f"trajectory {index} of {plan.trajectories} is finished", highlight=False)
                progress.update(bar, completed=sum(steps[:]))
        except BrokenProcessPool:
            raise InputError(
                "a worker process was ended from outside, expected it to run on; run again to continue"
            ) from None
        finally:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)


def _share(steps: Any, stop: Any) -> None:
    global _steps, _stop
    _steps, _stop = steps, stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it and sets stop


def _work(settings: Dynamics, index: int, path: Path) -> None:
    parent = parent_process()

    def on_step(step: int) -> None:
        # Leave nothing running behind a command that was interrupted or killed.
        if _stop.is_set() or (parent is not None and not parent.is_alive()):
            os._exit(1)
        _steps[index] = step

    save_trajectory(path, simulate(start_geometry(), settings, index, on_step))


def _path(folder: Path, index: int) -> Path:
    return folder / f"trajectory-{index:02d}.npz"


def _digest(start: "Atoms", settings: Dynamics) -> str:
    """Names the work folder by everything that decides a trajectory, so other settings never reuse it."""
    described = {
        "dynamics": settings.to_dict(),
        "start": [start.numbers.tolist(), start.positions.tolist()],
        "method": METHOD,
        "label_accuracy": LABEL_ACCURACY,
        "versions": {name: version(name) for name in ("tblite", "ase", "numpy")},
    }
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()[:12]
