"""npz files of structures: rMD17's, sGDML's and this project's keys, and padded arrays of several compositions."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.archive import archive_keys, read_archive
from experiments.data.collected import codes, in_units
from experiments.data.composition import Compositions
from experiments.data.cut import Cuts
from experiments.data.labels import Labels, is_gradient, number
from experiments.data.raw import Raw
from experiments.data.reading import Reading, Say, silent
from experiments.data.units import UNITS, Stated, given_units, stated_units
from experiments.structures import Structures
from span_theorem.errors import InputError
from span_theorem.output import replacing

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Keys:
    """The names one kind of npz file uses.

    Attributes:
        unit: of energy, None where the kind does not fix it.
        columns: whether `lattice` has the cell vectors in its columns.
        trajectories: which trajectory a structure comes from; all from one without it.
        places: where along it; in the order of the file without it.
    """

    kind: str
    numbers: str
    positions: str
    energies: str
    forces: str
    unit: str | None
    columns: bool = False
    trajectories: str | None = None
    places: str | None = None


KINDS = (
    Keys("this project's", "numbers", "positions", "energies", "forces", "eV", trajectories="trajectory"),
    Keys("rMD17's", "nuclear_charges", "coords", "energies", "forces", "kcal/mol", places="old_indices"),
    Keys("sGDML's", "z", "R", "E", "F", None, columns=True),
    Keys("padded", "Z", "R", "E", "F", None),
)
CELLS = ("cell", "lattice", "box", "cells", "lattices", "unit_cell", "Lattice", "L")
OTHERS = ("pbc", "N")


def read_npz(
    path: Path, reading: Reading = Reading(), say: Say = silent, source: str | None = None
) -> Structures:
    """Structures of an npz file. Pickled objects are never loaded.

    Args:
        path: a file with the keys of one of :data:`KINDS`; energies, forces and a cell may be absent.
        reading: see :class:`Reading`; units must be given for kinds that fix none unless the file states them.
        say: told of labels that are not used and of molecules cut by their box.
        source: recorded in the structures; the path unless given.

    Raises:
        InputError: everything that keeps the file from being read, and all that :class:`Structures` refuses.
    """
    source = source or str(path)
    present = archive_keys(path)
    keys = _kind(present, source)
    labels = Labels(reading, source, {"energy": keys.energies, "forces": keys.forces})
    labels.see(present)
    wanted = {keys.numbers, keys.positions, *labels.keys.values(), *CELLS, *OTHERS, reading.cluster}
    wanted |= {keys.trajectories, keys.places}
    arrays = read_archive(path, {key for key in present if key in wanted or "unit" in key.lower()})
    numbers, sizes, atoms = _atoms(
        arrays[keys.numbers], arrays.get("N"), arrays[keys.positions], keys, source
    )
    n = len(sizes)
    energies = _energies(arrays, labels, n, source)
    forces = _of_atoms(arrays, labels.keys["forces"], arrays[keys.positions].shape, source)
    labels.say(energies, forces, say)
    cell, pbc = _cell(arrays, n, keys, source)
    factors = _units(arrays, keys, reading, source, energies is not None or forces is not None).factors()
    structures = Structures(
        numbers,
        arrays[keys.positions].reshape(-1, 3)[atoms],
        np.cumsum([0, *sizes]),
        cell,
        pbc,
        energies,
        None if forces is None else forces.reshape(-1, 3)[atoms],
        _cluster(arrays, reading.cluster, n, source),
        source,
        _places(arrays, keys, n, source),
    )
    if cell.any() and not pbc.all():
        cuts = Cuts()
        for index, one in enumerate(structures):
            cuts.look(Raw(one.numbers, one.positions, cell[index], one.pbc), index, factors.length)
        cuts.say(source, say)
    return _composed(in_units(structures, factors), reading.composition)


def _places(arrays: Arrays, keys: Keys, n: int, source: str) -> NDArray[np.int64] | None:
    """Trajectory and place of every structure (n, 2), ``None`` where the file says nothing of them."""
    given = {key: arrays[key] for key in (keys.trajectories, keys.places) if key in arrays}
    if not given:
        return None
    for key, values in given.items():
        if values.shape != (n,) or values.dtype.kind not in "iu":
            raise InputError(
                f"{source}: {key} has shape {values.shape}, type {values.dtype}, expected {n} integers"
            )
    trajectories, places = (given.get(key or "") for key in (keys.trajectories, keys.places))
    columns = (
        np.zeros(n, dtype=np.int64) if trajectories is None else trajectories,
        np.arange(n) if places is None else places,
    )
    return np.stack(columns, axis=1)


def write_npz(structures: Structures, path: Path) -> None:
    """Write structures with this project's keys, whole or not at all.

    One free molecule: numbers (n_atoms,). Otherwise arrays (n, most atoms, …) padded with zeros, `cell` and `pbc`.
    """
    arrays = {
        "numbers": structures.padded(structures.numbers),
        "positions": structures.padded(structures.positions),
    }
    if structures.one_molecule:
        arrays["numbers"] = arrays["numbers"][0]
    else:
        arrays |= {"cell": structures.cell, "pbc": structures.pbc}
    if structures.energies is not None:
        arrays["energies"] = structures.energies
    if structures.forces is not None:
        arrays["forces"] = structures.padded(structures.forces)
    if structures.cluster is not None:
        arrays["cluster"] = structures.cluster
    if structures.places is not None:
        arrays["trajectory"] = structures.places[:, 0]
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def _kind(present: list[str], source: str) -> Keys:
    for keys in KINDS:
        if keys.numbers in present and keys.positions in present:
            return keys
    for keys in KINDS:
        for one, missing in ((keys.numbers, keys.positions), (keys.positions, keys.numbers)):
            if one in present:
                raise InputError(
                    f"{source}: key {missing!r} is missing, expected it beside {one!r} in a file with {keys.kind} keys"
                )
    expected = "; ".join(f"{keys.kind} {keys.numbers}, {keys.positions}" for keys in KINDS)
    raise InputError(f"{source}: no known keys (found {', '.join(present) or 'none'}), expected {expected}")


def _atoms(
    numbers: NDArray[Any], counts: NDArray[Any] | None, positions: NDArray[Any], keys: Keys, source: str
) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[Any]]:
    """Numbers of the atoms that there are, how many each structure has, and their rows in arrays (n A, …)."""
    if numbers.dtype.kind == "f" and (numbers == np.round(numbers)).all():
        numbers = numbers.astype(np.int64)
    if numbers.dtype.kind not in "iu" or numbers.ndim not in (1, 2):
        raise InputError(
            f"{source}: {keys.numbers} have shape {numbers.shape}, type {numbers.dtype}, expected integers "
            "(n_atoms,) or "
            "(n, n_atoms)"
        )
    n_atoms = numbers.shape[-1]
    n = numbers.shape[0] if numbers.ndim == 2 else positions.shape[0] if positions.ndim else 0
    if positions.shape != (n, n_atoms, 3):
        raise InputError(
            f"{source}: {keys.positions} have shape {positions.shape}, expected "
            f"({'n' if numbers.ndim == 1 else n}, {n_atoms}, 3)"
        )
    if not n:
        raise InputError(f"{source}: there are no structures, expected at least one")
    if numbers.ndim == 1:
        return np.tile(numbers, n), np.full(n, n_atoms), np.arange(n * n_atoms)
    inside = numbers != 0
    sizes = inside.sum(axis=1)
    gaps = np.flatnonzero((inside != (np.arange(n_atoms) < sizes[:, None])).any(axis=1))
    if len(gaps):
        raise InputError(
            f"{source}: structure {gaps[0]} has atomic number 0 before others ({keys.numbers}), expected "
            "zeros behind its "
            "atoms alone"
        )
    if counts is not None and (counts.shape != (n,) or (counts != sizes).any()):
        wrong = 0 if counts.shape != (n,) else int(np.flatnonzero(counts != sizes)[0])
        said = counts[wrong] if counts.shape == (n,) else f"of shape {counts.shape}"
        raise InputError(
            f"{source}: N of structure {wrong} is {said} and it has {sizes[wrong]} atomic numbers "
            f"({keys.numbers}), expected "
            "the same"
        )
    atoms = np.flatnonzero(inside.ravel())
    return numbers.ravel()[atoms], sizes, atoms


def _energies(arrays: Arrays, labels: Labels, n: int, source: str) -> NDArray[Any] | None:
    key = labels.keys["energy"]
    if key not in arrays:
        return None
    values = arrays[key]
    if values.size == n and values.shape in ((n,), (n, 1), ()):
        values = values.reshape(n)
    if values.dtype.kind in "US" and values.shape == (n,):
        found = [number(str(value)) for value in values]
        if None in found:
            index = found.index(None)
            raise InputError(
                f"{source}: {key} of structure {index} is {str(values[index])[:60]!r}, expected a number"
            )
        return np.array(found)
    return values


def _of_atoms(arrays: Arrays, key: str, shape: tuple[int, ...], source: str) -> NDArray[Any] | None:
    if key not in arrays:
        return None
    values = arrays[key]
    if values.shape != shape or values.dtype.kind not in "fiu":
        raise InputError(
            f"{source}: {key} have shape {values.shape}, type {values.dtype}, expected numbers {shape}"
        )
    return -values if is_gradient(key) else values


def _cell(arrays: Arrays, n: int, keys: Keys, source: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Cells (n, 3, 3) and periods (n, 3); a cell without a word about periods is periodic throughout."""
    key = next((key for key in CELLS if key in arrays), None)
    cell = np.zeros((n, 3, 3))
    if key is not None:
        cell[:] = _vectors(arrays[key], n, key, keys.columns and key == "lattice", source)
    given = arrays.get("pbc")
    if given is None:
        return cell, np.repeat(np.any(cell, axis=(1, 2), keepdims=True)[:, :, 0], 3, axis=1)
    if given.dtype.kind not in "biu" or given.shape not in ((), (3,), (n, 3)):
        raise InputError(
            f"{source}: pbc have shape {given.shape}, type {given.dtype}, expected truth values (3,) or ({n}, 3)"
        )
    return cell, np.broadcast_to(given.astype(bool), (n, 3)).copy()


def _vectors(values: NDArray[Any], n: int, key: str, columns: bool, source: str) -> NDArray[np.float64]:
    if values.dtype.kind not in "fiu":
        raise InputError(f"{source}: {key} has type {values.dtype}, expected numbers")
    shape = values.shape
    if shape in ((), (1,)):
        return float(values.reshape(-1)[0]) * np.eye(3)
    if shape in ((3, 3), (n, 3, 3)):
        return values.swapaxes(-1, -2) if columns else values
    if shape in ((9,), (n, 9)):
        return values.reshape(*shape[:-1], 3, 3)
    if shape in ((3,), (n, 3)):
        return values[..., None] * np.eye(3)
    if shape in ((6,), (n, 6)):
        from ase.geometry import cellpar_to_cell

        return np.array([cellpar_to_cell(row) for row in values.reshape(-1, 6)]).reshape(*shape[:-1], 3, 3)
    raise InputError(
        f"{source}: {key} has shape {shape}, expected cell vectors (3, 3) or ({n}, 3, 3), lengths (3,) or "
        f"({n}, 3), or "
        f"lengths and angles (6,) or ({n}, 6)"
    )


def _units(arrays: Arrays, keys: Keys, reading: Reading, source: str, labelled: bool) -> Stated:
    """What the file states, then what was given, then what the keys mean."""
    stated = stated_units({key: value for key, value in arrays.items() if "unit" in key.lower()}, source)
    units = stated.over(given_units(reading.units), source)
    if units.energy is None and units.force is None and keys.unit is None and labelled:
        raise InputError(
            f"{source}: the file does not say its unit of energy, expected units to be given, one of "
            f"{', '.join(UNITS)} (original MD17 files are in kcal/mol)",
            "units",
        )
    return Stated(units.energy or keys.unit, units.length, units.force)


def _cluster(arrays: Arrays, key: str | None, n: int, source: str) -> NDArray[np.int64] | None:
    if key is None:
        return None
    values = arrays.get(key)
    if values is None or values.shape != (n,):
        found = "is missing" if values is None else f"has shape {values.shape}"
        raise InputError(
            f"{source}: key {key!r} {found}, expected ({n},) values that tell clusters apart", "cluster"
        )
    return codes(values.tolist())


def _composed(structures: Structures, composition: str | None) -> Structures:
    if composition is None:
        return structures
    compositions = Compositions(composition)
    chosen = [index for index, one in enumerate(structures) if compositions.takes(one.numbers)]
    if not chosen:
        raise compositions.none(structures.source)
    return structures.subset(chosen)
