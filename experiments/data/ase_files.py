"""Formats that ASE reads, by a list: nothing that runs code or unpickles is in it, and every one can be counted.

ASE's readers stop at the first thing they do not expect, some of them without a word. So the structures of a file are
counted here by what begins or ends each, and a file from which ASE gives fewer is refused.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.data.raw import Raw, raw_of
from experiments.data.stream import count_matches, lines, open_binary, open_text, plain_name
from experiments.data.units import Stated
from span_theorem.errors import InputError
from span_theorem.reading import read_json, require_regular

if TYPE_CHECKING:
    from ase import Atoms


NOTHING = Stated()


@dataclass(frozen=True)
class Format:
    """One of ASE's formats.

    Attributes:
        ase: its name there.
        names: pattern of the names of such files, in lower case and without the suffix of a compression.
        what: for messages.
        mark: pattern of a line that every structure has once; None where the format itself knows their number.
        units: that the format fixes.
    """

    ase: str
    names: str
    what: str
    mark: str | None
    units: Stated = NOTHING


FORMATS = (
    Format("traj", r"\.traj$", "an ASE trajectory", None),
    Format("db", r"\.db$", "an ASE database", None),
    Format("json", r"\.json$", "an ASE database", None),
    Format("vasp-out", r"outcar", "a VASP OUTCAR", "TOTAL-FORCE", Stated("eV", "Å")),
    Format("vasp-xml", r"vasprun|\.xml$", "a VASP vasprun.xml", "<calculation", Stated("eV", "Å")),
    Format("vasp-xdatcar", r"xdatcar", "a VASP XDATCAR", "[Dd]irect configuration=", Stated(length="Å")),
    Format("vasp", r"poscar|contcar|\.vasp$", "a VASP POSCAR", None, Stated(length="Å")),
    Format(
        "lammps-dump-text", r"\.dump$|\.lammpstrj$|\.lammpsdump$|^dump\.", "a LAMMPS dump", "ITEM: TIMESTEP"
    ),
)
LAMMPS = {"real": Stated("kcal/mol", "Å"), "metal": Stated("eV", "Å"), "electron": Stated("hartree", "bohr")}


def format_of(path: Path) -> Format | None:
    """The format that a file's name says."""
    name = plain_name(path)
    return next((one for one in FORMATS if re.search(one.names, name)), None)


def read_ase(path: Path, format: Format) -> Iterator[Raw]:
    """Structures of a file, one by one.

    Raises:
        InputError: it cannot be opened or read, or ASE gives fewer structures than it holds.
    """
    count = 0
    try:
        for atoms in _READERS.get(format.ase, _read_text)(path, format):
            yield raw_of(atoms)
            count += 1
    except InputError:
        raise
    except Exception as error:  # ASE's readers let whatever their parsing meets through
        why = " ".join(str(error).split())[:200] or type(error).__name__
        place = f" beyond structure {count - 1}" if count else ""
        raise InputError(f"{path} cannot be read{place}, expected {format.what} ({why})") from None
    if format.mark is not None and (there := count_matches(path, format.mark, format.what)) != count:
        raise InputError(
            f"{path} holds {there} structures of which {count} can be read, expected {format.what} that is whole"
        )


def units_of(path: Path, format: Format, given: str | None) -> Stated:
    """The units that a file of this format states.

    Raises:
        InputError: a LAMMPS dump with forces does not, and none were given; or in units that are none of energy.
    """
    if format.ase != "lammps-dump-text":
        return format.units
    style, forces = None, False
    with open_text(path, format.what) as text:
        ahead = ""
        for line in lines(text):
            if ahead.startswith("ITEM: UNITS"):
                style = line.strip()
            if line.startswith("ITEM: ATOMS"):
                columns = line.split()[2:]
                forces = {"fx", "fy", "fz"} <= set(columns)
                if not {"element", "mass"} & set(columns):
                    raise InputError(
                        f"{path}: its columns {' '.join(columns)} do not name elements, expected one of "
                        "element or mass "
                        "(dump_modify element)"
                    )
                break
            ahead = line
    if style is None:
        if forces and given is None:
            raise InputError(
                f"{path}: the dump does not state its units, expected units to be given for its forces, such "
                "as kcal/mol "
                "(real) or eV (metal), or dump_modify units yes",
                "units",
            )
        return Stated()
    if style not in LAMMPS:
        raise InputError(f"{path}: its units are {style!r}, expected one of {', '.join(LAMMPS)}")
    return LAMMPS[style]


def _read_text(path: Path, format: Format) -> Iterator["Atoms"]:
    from ase.io import iread

    with open_text(path, format.what) as text:
        yield from iread(text, index=":", format=format.ase)


def _read_lammps(path: Path, format: Format) -> Iterator["Atoms"]:
    for atoms in _read_text(path, format):
        if atoms.calc is not None:
            atoms.calc.results.pop("energy", None)  # a zero that ASE makes up
        yield atoms


def _read_trajectory(path: Path, format: Format) -> Iterator["Atoms"]:
    from ase.io.trajectory import TrajectoryReader

    with open_binary(path, format.what) as file, TrajectoryReader(file) as trajectory:
        yield from trajectory


def _read_database(path: Path, format: Format) -> Iterator["Atoms"]:
    from ase.db import connect

    if path.suffix.lower() != f".{format.ase}":
        raise InputError(f"{path} is packed, expected {format.what} as it is")
    require_regular(path, format.what)
    if format.ase == "json":
        _require_arrays(read_json(path, format.what), path)
    count = 0
    with connect(str(path), type=format.ase, use_lock_file=False) as database:
        there = database.count()
        for row in database.select():
            atoms = row.toatoms()
            atoms.info.update(row.key_value_pairs)
            yield atoms
            count += 1
    if count != there:
        raise InputError(
            f"{path} holds {there} structures of which {count} can be read, expected {format.what}"
        )


def _require_arrays(content: Any, path: Path) -> None:
    """Refuse arrays that say they are larger than what is there, before ASE makes room for them."""
    waiting = [content]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            waiting += value.values()
            array = value.get("__ndarray__")
            if array is None:
                continue
            try:
                shape, kind, data = array
                fits = prod(shape) == np.size(data) and np.dtype(kind).kind in "biufcUS"
            except (TypeError, ValueError):
                fits = False
            if not fits:
                raise InputError(f"{path} is damaged: an array in it does not have the shape that it says")


_READERS = {
    "traj": _read_trajectory,
    "db": _read_database,
    "json": _read_database,
    "lammps-dump-text": _read_lammps,
}
