"""HDF5 files in SPICE's layout: a group for every molecule, with its conformations, energies and gradients.

Nothing outside the file is read: links to other files, virtual data sets and external storage are refused.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from experiments.data.collected import collect
from experiments.data.labels import Labels
from experiments.data.raw import Raw
from experiments.data.reading import Reading, Say, silent
from experiments.data.units import Stated, given_units, stated_units
from experiments.structures import Structures
from span_theorem.errors import InputError, MissingPackage
from span_theorem.reading import require_regular

EXPECTED = "an HDF5 file with a group for every molecule, as SPICE has"
NUMBERS, POSITIONS = "atomic_numbers", "conformations"
ENERGY, FORCES = "dft_total_energy", "dft_total_gradient"
UNITS = Stated("hartree", "bohr")
FREE, NO_CELL = np.zeros(3, dtype=bool), np.zeros((3, 3))
PART = 1000
"""Structures read at a time."""
MOST = 1100
"""How many times larger than what is stored unpacked data can be (deflate's limit), so nothing else is made "
"room for."""


def read_hdf5(path: Path, reading: Reading = Reading(), say: Say = silent) -> Structures:
    """Structures of a file in SPICE's layout; forces are minus the gradient.

    Units that its data sets state (attribute `units`) hold; without them they are bohr and hartree, or those given.
    The name of a molecule's group is its value `group`, so ``cluster="group"`` tells molecules apart.

    Raises:
        InputError: not this layout, and all that :func:`experiments.data.collected.collect` refuses.
        MissingPackage: h5py is not installed.
    """
    try:
        import h5py
    except ImportError:
        raise MissingPackage(
            "reading HDF5 needs the package h5py, expected after: pip install 'span-theorem[hdf5]'"
        ) from None
    require_regular(path, EXPECTED)
    try:
        with h5py.File(path, "r", locking=False) as file:
            groups = _Groups(file, str(path), reading)
            return collect(groups, reading, str(path), say, groups.units, groups.labels)
    except InputError:
        raise
    except Exception as error:  # h5py raises OSError, KeyError, RuntimeError and others on damaged files
        raise InputError(
            f"{path} cannot be read ({' '.join(str(error).split())[:200]}), expected {EXPECTED}"
        ) from None


class _Groups:
    """The structures of an open file."""

    def __init__(self, file: Any, source: str, reading: Reading):
        self.file, self.source, self.reading = file, source, reading
        self.labels = Labels(reading, source, {"energy": ENERGY, "forces": FORCES})
        self.names = list(file)
        if not self.names:
            raise InputError(f"{source}: there are no groups, expected {EXPECTED}")
        self.stated = self._stated(self._members(self.names[0]))
        given = given_units(reading.units)
        length = self.stated.length or given.length or UNITS.length
        energy = self.stated.energy or given.energy or UNITS.energy
        self.units = Stated(energy, length, self.stated.force or given.force)

    def __iter__(self) -> Iterator[Raw]:
        for name in self.names:
            yield from self._structures(name)

    def _structures(self, name: str) -> Iterator[Raw]:
        members = self._members(name)
        self.labels.see(members)
        if self._stated(members) != self.stated:
            raise self._error(name, "states other units than the first group, expected the same throughout")
        numbers = members[NUMBERS][()]
        positions = members[POSITIONS]
        if numbers.dtype.kind not in "iu" or numbers.ndim != 1 or positions.shape[1:] != (len(numbers), 3):
            raise self._error(
                name,
                f"has {NUMBERS} {numbers.shape} and {POSITIONS} {positions.shape}, expected (n_atoms,) and "
                "(n, n_atoms, 3)",
            )
        n = len(positions)
        values = {
            key: members[key] for key in (self.labels.keys["energy"], self.reading.cluster) if key in members
        }
        arrays = {key: members[key] for key in (self.labels.keys["forces"],) if key in members}
        for key, member in (values | arrays).items():
            if member.shape[:1] != (n,):
                raise self._error(
                    name, f"has {key} {member.shape}, expected one of each of its {n} conformations"
                )
        for start in range(0, n, PART):
            rows = slice(start, start + PART)
            part = {key: member[rows] for key, member in (values | arrays | {POSITIONS: positions}).items()}
            for index, one in enumerate(part[POSITIONS]):
                yield Raw(
                    numbers.astype(np.int64),
                    one.astype(np.float64),
                    NO_CELL,
                    FREE,
                    {"group": name} | {key: part[key][index] for key in values},
                    {key: part[key][index] for key in arrays},
                )

    def _members(self, name: str) -> dict[str, Any]:
        """Data sets of a group that lie in this file."""
        import h5py

        if not isinstance(self.file.get(name, getlink=True), h5py.HardLink):
            raise self._error(name, "is a link, expected everything in one file")
        group = self.file[name]
        if not isinstance(group, h5py.Group) or not {NUMBERS, POSITIONS} <= set(group):
            raise self._error(name, f"has no {NUMBERS} and {POSITIONS}, expected {EXPECTED}")
        members = {}
        for key in group:
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                raise self._error(name, f"has a link {key}, expected everything in one file")
            member = group[key]
            if not isinstance(member, h5py.Dataset) or member.dtype.kind not in "fiu":
                continue  # SMILES and the like
            if member.is_virtual or member.external:
                raise self._error(name, f"has {key} in another file, expected everything in one file")
            if member.nbytes > MOST * member.id.get_storage_size() + 1024:
                raise self._error(name, f"has {key} of {member.nbytes} bytes, which are not there")
            members[key] = member
        return members

    def _stated(self, members: dict[str, Any]) -> Stated:
        """Units of what is used."""
        roles = {
            "length_unit": POSITIONS,
            "energy_unit": self.labels.keys["energy"],
            "force_unit": self.labels.keys["forces"],
        }
        values = {
            role: members[key].attrs["units"]
            for role, key in roles.items()
            if key in members and "units" in members[key].attrs
        }
        return stated_units(values, self.source)

    def _error(self, name: str, message: str) -> InputError:
        return InputError(f"{self.source}: group {name!r} {message}")
