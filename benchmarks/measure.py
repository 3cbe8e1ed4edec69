"""Whole processes measured from outside: wall time, processor time and peak memory."""

import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Process:
    """One finished process: wall and processor time in seconds, peak resident memory in bytes, exit status."""

    wall_s: float
    cpu_s: float
    peak_bytes: int
    status: int


def measure(arguments: Sequence[str], repeats: int = 1, option: str = "-m") -> Process:
    """Run ``python -m`` (or ``-c``) with these arguments; the fastest of ``repeats`` runs, on one thread."""
    runs = [_once([option, *arguments]) for _ in range(repeats)]
    return min(runs, key=lambda run: run.wall_s)


def machine() -> dict[str, str | int | float]:
    """What the figures were measured on, and how busy it was with other work."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 0,
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "system": platform.platform(),
    }


def _once(arguments: Sequence[str]) -> Process:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    start = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, *arguments], stdout=subprocess.DEVNULL, env=environment, close_fds=True
    )
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    # Linux counts kilobytes, macOS bytes
    unit = 1 if sys.platform == "darwin" else 1024
    return Process(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit, child.returncode)


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
