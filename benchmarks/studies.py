"""How long do all studies take, from an empty store and an empty cache of features?

Target: 15 minutes on two cores. rMD17 is measured only where it has been fetched. The results stay in
``results/benchmark-studies``.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from experiments.data.cache import cache_folder
from experiments.studies.registry import STUDIES

TARGET_S = 900
OUTPUT = Path("results/benchmark-studies")


def run() -> dict[str, Any]:
    """Measure every study as a process of its own, one after the other, with one store."""
    shutil.rmtree(OUTPUT, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        fetched = cache_folder() / "rmd17"
        if fetched.is_dir():
            (Path(folder) / "rmd17").symlink_to(fetched.resolve(), target_is_directory=True)
        rows = [_study(name, folder) for name in STUDIES]
    total = sum(row["wall s"] for row in rows)
    met = total < TARGET_S and all(row["status"] == 0 for row in rows)
    return {"studies": rows, "all": [{"wall s": round(total), "target s": TARGET_S, "met": met}]}


def _study(name: str, cache: str) -> dict[str, Any]:
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "experiments", "study", name, "-o", str(OUTPUT)],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "SPAN_THEOREM_CACHE": cache},
        check=False,
    )
    return {
        "command": f"experiments study {name}",
        "wall s": round(time.perf_counter() - start),
        "status": done.returncode,
    }
