"""Commands as a user runs them, each in a folder of its own: undisturbed, killed, and two at once."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
HOOK = Path(__file__).with_name("hook")
SECONDS = 3600
STORES = tuple(f"measurements.sqlite{suffix}" for suffix in ("", "-wal", "-shm"))


@dataclass(frozen=True)
class Command:
    """A command that writes.

    Attributes:
        arguments: after ``python -m``; paths are relative to the folder it runs in.
        prepare: puts its input files into the folder.
        seldom: not tried in every run of the tests: it takes long, or writes as one that is tried.
        alone: a second copy on the same folder is refused, with status 2.
    """

    arguments: tuple[str, ...]
    prepare: Callable[[Path], None] = lambda folder: None
    seldom: bool = False
    alone: bool = False


@dataclass(frozen=True)
class Workplace:
    """A folder in which a command runs; its cache lies there too.

    Steps are counted in a file beside the folder.
    """

    command: Command
    folder: Path

    @classmethod
    def make(cls, command: Command, folder: Path) -> "Workplace":
        folder.mkdir()
        command.prepare(folder)
        return cls(command, folder)

    @property
    def steps(self) -> str:
        """A letter for every step of the last run (see the hook)."""
        return self._log.read_text() if self._log.exists() else ""

    def start(self, at: int = 0, half: bool = False) -> subprocess.Popen[bytes]:
        """Start the command; at the step of number ``at`` it and all that it started are killed."""
        self._log.unlink(missing_ok=True)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("KILL_")}
        environment |= {
            "PYTHONPATH": os.pathsep.join((str(HOOK), str(REPOSITORY))),
            "PYTHONDONTWRITEBYTECODE": "1",
            "OMP_NUM_THREADS": "1",
            "SPAN_THEOREM_CACHE": str(self.folder / "cache"),
            "KILL_FOLDER": str(self.folder),
            "KILL_LOG": str(self._log),
            "KILL_AT": str(at),
            "KILL_HALF": "1" if half else "",
        }
        return subprocess.Popen(
            [sys.executable, "-m", *self.command.arguments],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def run(self, at: int = 0, half: bool = False) -> int:
        """Start the command and wait for its end; the exit status."""
        return end(self.start(at, half))[0]

    def kill_after(self, seconds: float) -> int:
        """Start the command and kill it and all that it started after ``seconds``, unless it ends before."""
        process = self.start()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        return end(process)[0]

    def files(self) -> dict[str, bytes]:
        """The content of every file by its path in the folder, but for stores, which hold what was measured."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and path.name not in STORES
        }

    def clear(self) -> None:
        """As :meth:`make` left it."""
        shutil.rmtree(self.folder)
        self.make(self.command, self.folder)

    @property
    def _log(self) -> Path:
        return self.folder.with_suffix(".steps")


def end(process: subprocess.Popen[bytes], seconds: float = SECONDS) -> tuple[int, str]:
    """Wait until the process and all that hold its output have ended; status and output."""
    try:
        output, _ = process.communicate(timeout=seconds)
    except BaseException:  # of a test that is interrupted nothing goes on
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return process.returncode, output.decode(errors="replace")
