"""How fast, and in how much memory, are 20,000 structures of 21 atoms read, beside ASE's reader alone?

Whole processes on one thread, the import of the packages included. The direct route for extended xyz is what was there
before: ASE's list of `Atoms`, stacked. 100,000 structures show that memory grows as the arrays do.
"""

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.measure import measure

STRUCTURES, MANY = 20_000, 100_000


def run() -> dict[str, Any]:
    """Write the files, and read each in a process of its own."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        # by another process: a child counts the size of the one that started it as its own
        if measure(["benchmarks.reading", "write", name]).status:
            raise RuntimeError("the files were not written")
        files = _files(folder)
        rows = [
            _row("extxyz", files["extxyz"], STRUCTURES),
            _row("extxyz, ASE's list of Atoms, stacked", files["extxyz"], STRUCTURES, "ase"),
            _row("extxyz", files["many"], MANY),
            *(_row(kind, files[kind], STRUCTURES) for kind in ("extxyz.gz", "npz", "traj", "h5")),
        ]
    return {"reading": rows}


def _files(folder: Path) -> dict[str, Path]:
    files = {kind: folder / f"frames.{kind}" for kind in ("extxyz", "extxyz.gz", "npz", "traj", "h5")}
    return files | {"many": folder / "many.extxyz"}


def _write(folder: Path) -> None:
    import gzip

    import numpy as np
    from ase.io import write

    from experiments.data import read_structures, write_extxyz, write_npz

    embedded = read_structures("embedded:train")
    structures = embedded.subset(np.resize(np.arange(len(embedded)), STRUCTURES))
    files = _files(folder)
    write_extxyz(structures, files["extxyz"])
    write_npz(structures, files["npz"])
    write(files["traj"], structures.to_ase())
    with files["extxyz"].open("rb") as source, gzip.open(files["extxyz.gz"], "wb", 1) as packed:
        shutil.copyfileobj(source, packed)
    with files["many"].open("wb") as target:
        for _ in range(MANY // STRUCTURES):
            with files["extxyz"].open("rb") as source:
                shutil.copyfileobj(source, target)
    _write_spice(files["h5"], structures)


def _write_spice(path: Path, structures: Any) -> None:
    import h5py
    from ase import units

    with h5py.File(path, "w") as file:
        numbers, positions = structures.stacked()
        for start in range(0, len(structures), 50):
            group = file.create_group(f"molecule-{start}")
            group["atomic_numbers"] = numbers
            group["conformations"] = positions[start : start + 50] / units.Bohr
            group["dft_total_energy"] = structures.energies[start : start + 50] / units.Hartree
            forces = structures.padded(structures.forces)[start : start + 50]
            group["dft_total_gradient"] = -forces / (units.Hartree / units.Bohr)


def _row(what: str, path: Path, number: int, how: str = "here") -> dict[str, Any]:
    process = measure(["benchmarks.reading", how, str(path)])
    if process.status:
        raise RuntimeError(f"{what} was not read")
    return {
        "what": what,
        "structures": f"{number:,}",
        "s": round(process.wall_s, 1),
        "CPU s": round(process.cpu_s, 1),
        "MB": round(process.peak_bytes / 1e6),
    }


def _work(how: str, path: str) -> None:
    if how == "write":
        _write(Path(path))
        return
    if how == "here":
        from experiments.data import read_structures

        read_structures(path)
        return
    import numpy as np
    from ase.io import read

    images = read(path, index=":", format="extxyz")
    for take in (
        lambda atoms: atoms.positions,
        lambda atoms: atoms.get_potential_energy(),
        lambda atoms: atoms.get_forces(),
    ):
        np.array([take(atoms) for atoms in images])


if __name__ == "__main__":
    _work(*sys.argv[1:])
