"""How long does a first diagnosis take, as a whole process with an empty cache?

Target: 300 training and 150 test frames in under 5 minutes on two cores.
"""

import os
import subprocess
import sys
import tempfile
import time
from typing import Any

TARGET_S = 300
COMMAND = (
    "experiments diagnose --backbone sevennet:7net-0 --layer 1 --structures embedded:train "
    "--test-structures embedded:test --site 12 --toward 11 --d 2 --no-cache --solver"
)


def run() -> dict[str, Any]:
    """Measure both solvers."""
    return {"diagnose": [_solver("equivariant"), _solver("free")]}


def _solver(name: str) -> dict[str, Any]:
    command = f"{COMMAND} {name}"
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", *command.split()],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "SPAN_THEOREM_CACHE": folder},
            check=False,
        )
        seconds = time.perf_counter() - start
    return {
        "command": command,
        "wall s": round(seconds, 1),
        "target s": TARGET_S,
        "met": seconds < TARGET_S and done.returncode == 0,
    }
