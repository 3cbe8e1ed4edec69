"""How long do all controls take, from an empty folder and an empty cache of features?

Target: 60 minutes on two cores. Ethanol is measured only where rMD17 has been fetched. The results stay in
``results/benchmark-controls``.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from experiments.controls.registry import CONTROLS
from experiments.data.cache import cache_folder

TARGET_S = 3600
OUTPUT = Path("results/benchmark-controls")


def run() -> dict[str, Any]:
    """Measure every control as a process of its own, one after the other."""
    shutil.rmtree(OUTPUT, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        fetched = cache_folder() / "rmd17"
        if fetched.is_dir():
            (Path(folder) / "rmd17").symlink_to(fetched.resolve(), target_is_directory=True)
        rows = [_control(name, folder) for name in CONTROLS]
    total = sum(row["wall s"] for row in rows)
    met = total < TARGET_S and all(row["status"] == 0 for row in rows)
    return {"controls": rows, "all": [{"wall s": round(total), "target s": TARGET_S, "met": met}]}


def _control(name: str, cache: str) -> dict[str, Any]:
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "experiments", "controls", name, "-o", str(OUTPUT)],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "SPAN_THEOREM_CACHE": cache},
        check=False,
    )
    return {
        "command": f"experiments controls {name}",
        "wall s": round(time.perf_counter() - start),
        "status": done.returncode,
    }
