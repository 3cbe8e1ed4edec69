"""Background: training belongs to nequip's own command, which more people have tested than would a new loop.
Question: none; this hands a recipe to `nequip-train`, tells its progress, and continues a training that was
interrupted. Provides: `train`, from extended xyz files to a finished run folder.
"""

import csv
import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from span_theorem.errors import InputError
from span_theorem.output import write_text

CONFIGS = Path(__file__).parent
POLL_SECONDS = 0.5
_ESCAPED = {"${": "\\${", "'": "\\'", "": ""}


@dataclass(frozen=True)
class Run:
    """One training in one folder.

    Attributes:
        folder: where nequip writes checkpoints and logs.
        training: extended xyz file with exactly the training and validation frames.
        test: extended xyz file.
        config: name of a configuration file of this package, without `.yaml`.
        overrides: values set in it.
        threads: CPU threads.
    """

    folder: Path
    training: Path
    test: Path
    config: str = "small"
    overrides: Mapping[str, Any] = field(default_factory=dict)
    threads: int = 1

    @property
    def best(self) -> Path:
        """Checkpoint of the epoch with the smallest validation force error."""
        return self.folder / "best.ckpt"

    @property
    def last(self) -> Path:
        """Checkpoint after the newest epoch, from which an interrupted training continues."""
        return self.folder / "last.ckpt"

    @property
    def log(self) -> Path:
        """Everything nequip printed."""
        return self.folder / "nequip-train.log"

    @property
    def finished(self) -> bool:
        return (self.folder / "finished").is_file()

    @property
    def wall_seconds(self) -> float:
        """Time spent in this folder, interrupted parts included."""
        try:
            return float((self.folder / "seconds").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return 0.0

    def command(self) -> list[str]:
        """nequip's command with Hydra's overrides."""
        settings = {
            "train_file": self.training.resolve(),
            "test_file": self.test.resolve(),
            **self.overrides,
            "hydra.run.dir": self.folder.resolve(),
        }
        if self.last.is_file():
            settings["++ckpt_path"] = self.last.resolve()
        return [
            *(sys.executable, "-m", "nequip.scripts.train"),
            *("-cd", str(CONFIGS), "-cn", self.config),
            *(f"{key}={_hydra(value)}" for key, value in settings.items()),
        ]


@dataclass(frozen=True)
class Epoch:
    """Validation after one epoch: ``number`` from 1, force mean absolute error in meV/Å."""

    number: int
    force_mae: float


def train(run: Run, progress: Callable[[Epoch], None] = lambda epoch: None) -> None:
    """Train until ``run`` is finished; a finished run is left as it is, an interrupted one continues.

    Args:
        run: what to train where.
        progress: called after every epoch.

    Raises:
        InputError: the folder cannot be made, another training runs in it, or nequip-train failed.
    """
    if run.finished:
        return
    try:
        run.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {run.folder}: {error.strerror or error}") from error
    environment = {**os.environ, "OMP_NUM_THREADS": str(run.threads)}
    with _locked(run.folder) as lock, run.log.open("a", encoding="utf-8") as log:
        before, start = run.wall_seconds, time.monotonic()
        process = subprocess.Popen(
            run.command(), stdout=log, stderr=subprocess.STDOUT, env=environment, pass_fds=(lock,)
        )
        try:
            _follow(run, process, progress, lambda: before + time.monotonic() - start)
        finally:
            _stop(process)
    if process.returncode:
        lines = run.log.read_text(encoding="utf-8", errors="replace").split("\n")
        reason = next((line.strip() for line in reversed(lines) if line.strip()), "no output")
        raise InputError(f"nequip-train failed with status {process.returncode}: {reason} (see {run.log})")
    write_text(run.folder / "finished", "")


def epochs(run: Run) -> list[Epoch]:
    """Validation of the epochs so far, from nequip's metrics file."""
    metrics = run.folder / "log" / "metrics.csv"
    if not metrics.is_file():
        return []
    found: dict[int, Epoch] = {}
    with metrics.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            error = row.get("val0_epoch/forces_mae")
            if error:
                try:
                    number = int(row["epoch"]) + 1
                    found[number] = Epoch(number, 1e3 * float(error))
                except (KeyError, TypeError, ValueError):  # a row that is being written, or damaged
                    continue
    return list(found.values())


def can_compile() -> bool:
    """Whether torch.compile has the C++ compiler it needs on a CPU."""
    return any(map(shutil.which, ("g++", "clang++", os.environ.get("CXX", "c++"))))


@contextmanager
def _locked(folder: Path) -> Iterator[int]:
    """Hold the folder's lock and yield its file descriptor.

    nequip-train inherits it, so that the folder stays locked if it outlives the process that started it.
    """
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InputError(
                f"a training is still running in {folder}: expected it to end first, or another folder",
                "work",
            ) from error
        yield file.fileno()


def _follow(
    run: Run,
    process: subprocess.Popen[bytes],
    progress: Callable[[Epoch], None],
    seconds: Callable[[], float],
) -> None:
    done = 0
    running = True
    while running:
        try:
            process.wait(POLL_SECONDS)
            running = False
        except subprocess.TimeoutExpired:
            pass
        for epoch in epochs(run):
            if epoch.number > done:
                done = epoch.number
                progress(epoch)
                write_text(run.folder / "seconds", f"{seconds():.1f}\n")
    write_text(run.folder / "seconds", f"{seconds():.1f}\n")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End nequip-train if this process is being interrupted; what it has saved stays."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _hydra(value: Any) -> str:
    """``value`` in the grammar of Hydra's overrides; strings are quoted, so that a path may hold anything.

    Nothing in a string is an interpolation. A backslash is special before a quote or a ``${`` only.

    >>> _hydra(3), _hydra("it's"), _hydra(["H", "C"])
    ('3', "'it\\\\'s'", "['H','C']")
    """
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_hydra, value)) + "]"
    if isinstance(value, str | Path):
        escaped = re.sub(r"(\\*)(\$\{|'|\Z)", lambda found: 2 * found[1] + _ESCAPED[found[2]], str(value))
        return f"'{escaped}'"
    return str(value).lower() if isinstance(value, bool) else str(value)
