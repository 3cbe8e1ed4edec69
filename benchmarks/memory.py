"""How much memory do the features of many structures need, beside what they and the features themselves take?

A file of aspirin in extended xyz is read, and hand-made features (`density:2`) of one atom are computed in parts. The
figures are of whole processes: those of reading alone, and of reading and computing.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.measure import measure

NUMBERS = (10_000, 100_000)
SITE = 12


def run() -> dict[str, Any]:
    """Write the files, and go through each in a process of its own."""
    rows = []
    for number in NUMBERS:
        with TemporaryDirectory() as name:
            path = str(Path(name) / "many.extxyz")
            process = {
                how: measure(["benchmarks.memory", how, path, str(number)])
                for how in ("write", "read", "features")
            }
            if any(one.status for one in process.values()):
                raise RuntimeError(f"{number} structures were not gone through")
            size = Path(path).stat().st_size
        rows.append(
            {
                "structures": f"{number:,}",
                "file, MB": round(size / 1e6),
                "read, MB": round(process["read"].peak_bytes / 1e6),
                "read and features, MB": round(process["features"].peak_bytes / 1e6),
                "CPU s": round(process["features"].cpu_s),
            }
        )
    return {"memory": rows}


def _work(how: str, path: str, number: int) -> None:
    from experiments.data import read_structures, write_extxyz

    if how == "write":
        write_extxyz(read_structures("embedded:train").subset(range(1000)), Path(path))
        block = Path(path).read_bytes()
        with open(path, "ab") as file:
            for _ in range(number // 1000 - 1):
                file.write(block)
        return
    structures = read_structures(path)
    if how == "features":
        from experiments.backbones import open_backbone
        from experiments.features import FeatureReader, Sites

        FeatureReader().read(open_backbone("density:2"), structures, Sites.same(structures, SITE))


if __name__ == "__main__":
    _work(sys.argv[1], sys.argv[2], int(sys.argv[3]))
