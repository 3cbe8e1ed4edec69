"""The one door through which structures come in: a file of any kind that can be read, or the name of a known set."""

from collections.abc import Callable
from pathlib import Path

from experiments.data.ase_files import format_of, read_ase, units_of
from experiments.data.collected import collect
from experiments.data.crystals import KINDS, read_crystals
from experiments.data.embedded_sets import read_embedded
from experiments.data.extxyz import read_xyz
from experiments.data.hdf5 import read_hdf5
from experiments.data.npz import read_npz
from experiments.data.plausible import say_implausible
from experiments.data.reading import Reading, Say, silent
from experiments.data.rmd17 import read_cached
from experiments.data.species import Species
from experiments.data.stream import plain_name
from experiments.structures import Structures
from span_theorem.errors import InputError

EXPECTED = (
    "npz, xyz, extxyz, traj, db, json, OUTCAR, vasprun.xml, XDATCAR, POSCAR, LAMMPS dump or h5, some also "
    "packed (gz, bz2, xz), "
    "embedded:train, embedded:test, crystals:train, crystals:test, metals:train or metals:test"
)


def read_structures(spec: str | Path, reading: Reading = Reading(), say: Say = silent) -> Structures:
    """Structures in eV and Å from a file or a named set.

    Args:
        spec: a path (its suffix says what it is), the set ``train`` or ``test`` of ``embedded``, ``crystals`` or
            ``metals``, as in ``embedded:train``, or a file of the user's cache such as ``rmd17:aspirin/train_01``.
        reading: see :class:`Reading`.
        say: told, in one line each, of what a user should know about the file.

    Raises:
        InputError: the set or file does not exist or cannot be used; the message says why and where.
    """
    name, colon, rest = str(spec).partition(":")
    if colon and name in ("embedded", "rmd17"):
        if reading.units is not None:
            raise InputError(f"units {reading.units} do not apply to {spec}: its units are known", "units")
        return read_embedded(rest, reading, say) if name == "embedded" else read_cached(rest, reading, say)
    if colon and name in KINDS:
        return read_crystals(name, rest, reading.labels)
    path = Path(spec)
    structures = _reader(path, spec)(path, reading, say)
    say_implausible(structures, say)
    return structures


def _reader(path: Path, spec: str | Path) -> Callable[[Path, Reading, Say], Structures]:
    name = plain_name(path)
    if name.endswith(".npz"):
        return read_npz
    if name.endswith((".h5", ".hdf5")):
        return read_hdf5
    if name.endswith((".xyz", ".extxyz")):
        return _read_xyz
    if format_of(path) is not None:
        return _read_ase
    if not path.exists():
        raise InputError(f"{spec} does not exist, expected a file: {EXPECTED}")
    raise InputError(f"{spec}: unknown kind of file {path.suffix or '(no suffix)'!r}, expected {EXPECTED}")


def _read_xyz(path: Path, reading: Reading, say: Say) -> Structures:
    species = Species()
    structures = collect(read_xyz(path, species), reading, str(path), say)
    species.say(str(path), say)
    return structures


def _read_ase(path: Path, reading: Reading, say: Say) -> Structures:
    format = format_of(path)
    assert format is not None
    units = units_of(path, format, reading.units)
    return collect(read_ase(path, format), reading, str(path), say, units)
