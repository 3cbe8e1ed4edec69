"""Plain and extended xyz: read structure by structure without a gap, and written as `nequip-train` reads it.

The meaning of the header is ASE's. Every line of the file has to belong to a structure, or the file is refused: how
many structures there should be is not known beforehand, and a reader that stops early would say nothing.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from experiments.data.raw import Raw
from experiments.data.species import Species
from experiments.data.stream import lines, open_text
from experiments.structures import Structures
from span_theorem.errors import InputError
from span_theorem.output import replacing

EXPECTED = "an xyz or extxyz file"
PLAIN = "species:S:1:pos:R:3"
# key=value with the quotes and brackets that ASE takes, or a key alone
HEADER = re.compile(
    r"""([^\s=]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|\{([^}]*)\}|\[([^\]]*)\]|(\S*))|(\S+)"""
)
TRUTH = {"t": True, "true": True, "1": True, "f": False, "false": False, "0": False}
NO_CELL, FREE, PERIODIC = np.zeros((3, 3)), np.zeros(3, dtype=bool), np.ones(3, dtype=bool)


def read_xyz(path: Path, species: Species) -> Iterator[Raw]:
    """Structures of a file, one by one.

    Raises:
        InputError: it cannot be opened, or is something else anywhere; the message names line or structure.
    """
    with open_text(path, EXPECTED) as text:
        yield from _Reader(text, path, species)


class _Reader:
    def __init__(self, text: IO[str], path: Path, species: Species):
        self.lines = lines(text)
        self.path, self.species = path, species
        self.number = 0  # of the line read last, from 1
        self.index = 0  # of the structure
        self.layouts: dict[str, _Layout] = {}

    def __iter__(self) -> Iterator[Raw]:
        ahead = self._next()
        while ahead is not None:
            if not ahead.strip():  # between structures, or at the end
                ahead = self._next()
                continue
            n_atoms, start = self._count(ahead), self.number
            header = self._next()
            rows = list(islice(self.lines, n_atoms))
            self.number += n_atoms
            if header is None or len(rows) < n_atoms:
                raise InputError(
                    f"{self.path}: structure {self.index} is cut off (line {start} says {n_atoms} atoms, "
                    f"{len(rows)} are "
                    "there), expected complete structures"
                )
            ahead, vectors = self._next(), []
            while ahead is not None and ahead.lstrip().startswith("VEC"):
                vectors.append(ahead)
                ahead = self._next()
            yield self._structure(header, rows, vectors)
            self.index += 1

    def _next(self) -> str | None:
        self.number += 1
        return next(self.lines, None)

    def _count(self, line: str) -> int:
        if not re.fullmatch(r"\s*[0-9]{1,9}\s*", line) or int(line) < 1:
            raise InputError(
                f"{self.path}: line {self.number} is {_short(line.strip())}, expected the number of atoms of "
                f"structure {self.index}"
            )
        return int(line)

    def _structure(self, header: str, rows: list[str], vectors: list[str]) -> Raw:
        values = header_values(header)
        lattice, pbc = values.pop("Lattice", None), values.pop("pbc", None)
        layout = self._layout(values.pop("Properties", PLAIN))
        table = [row.split() for row in rows]
        arrays = layout.arrays(table, self._refuse)
        names = arrays.pop("Z", None)
        names = arrays.pop("species", None) if names is None else names
        if names is None or "pos" not in arrays:
            raise self._error(f"has the columns {layout.text}, expected species (or Z) and pos")
        arrays.pop("species", None)
        numbers = self.species.numbers(names, self._refuse)
        cell = NO_CELL
        if lattice is not None:
            cell = self._floats("Lattice", lattice, 9).reshape(3, 3)
        if vectors:
            cell = np.zeros((3, 3))
            for row, line in enumerate(vectors[:3]):
                cell[row] = self._floats(f"VEC{row + 1}", " ".join(line.split()[1:]), 3)
            pbc = " ".join("T" if row < len(vectors) else "F" for row in range(3))
        periods = FREE if lattice is None else PERIODIC
        if pbc is not None:
            truths = [TRUTH.get(word.lower()) for word in re.findall(r"[^\s,]+", pbc)]
            if None in truths or len(truths) not in (1, 3):
                raise self._error(f"has pbc={_short(pbc)}, expected three of T and F")
            periods = np.array(truths * (3 // len(truths)))
        positions = arrays.pop("pos")
        return Raw(numbers, positions, cell, periods, values, arrays)

    def _layout(self, text: str) -> "_Layout":
        if text not in self.layouts:
            self.layouts[text] = _Layout(text, self._refuse)
        return self.layouts[text]

    def _floats(self, key: str, text: str, number: int) -> NDArray[np.float64]:
        words = re.findall(r"[^\s,]+", text)
        try:
            values = to_floats(words)
        except ValueError:
            values = np.zeros(0)
        if len(values) != number:
            raise self._error(f"has {key}={_short(text)}, expected {number} numbers")
        return values

    def _refuse(self, message: str) -> InputError:
        return self._error(message)

    def _error(self, message: str) -> InputError:
        return InputError(f"{self.path}: structure {self.index} {message}")


class _Layout:
    """The columns of a structure, from its `Properties`."""

    def __init__(self, text: str, refuse: Any):
        fields = text.split(":")
        self.text = text
        self.columns: list[tuple[str, str, slice]] = []
        start = 0
        for name, kind, count in zip(fields[::3], fields[1::3], fields[2::3], strict=False):
            if kind not in "RISL" or len(kind) != 1 or not re.fullmatch("[1-9][0-9]{0,3}", count):
                raise refuse(f"has Properties={_short(text)}, expected name:R, I, S or L:columns")
            self.columns.append((name, kind, slice(start, start + int(count))))
            start += int(count)
        if len(fields) % 3 or len({name for name, *_ in self.columns}) < len(self.columns):
            raise refuse(
                f"has Properties={_short(text)}, expected name:R, I, S or L:columns, every name once"
            )
        self.width = start

    def arrays(self, table: list[list[str]], refuse: Any) -> dict[str, Any]:
        """Values by name: (n_atoms,) or (n_atoms, columns); text of one column as a list."""
        width = len(table[0])
        if width < self.width or any(len(row) != width for row in table):
            atom = next((i for i, row in enumerate(table) if len(row) < self.width or len(row) != width), 0)
            raise refuse(
                f"has {len(table[atom])} columns at atom {atom}, expected {max(width, self.width)} ({self.text})"
            )
        result: dict[str, Any] = {}
        for name, kind, columns in self.columns:
            if kind == "S":
                if columns.stop - columns.start == 1:
                    result[name] = [row[columns.start] for row in table]
                continue
            if kind == "L":
                continue
            result[name] = self._numbers(name, table, columns, refuse)
        if width > self.width:
            self._unnamed(table, width, result)
        return result

    def _numbers(self, name: str, table: list[list[str]], columns: slice, refuse: Any) -> NDArray[np.float64]:
        words = [word for row in table for word in row[columns]]
        try:
            values = to_floats(words)
        except ValueError:
            place = next(index for index, word in enumerate(words) if not _is_number(word))
            count = columns.stop - columns.start
            raise refuse(
                f"has {name} {_short(words[place])} at atom {place // count}, expected a number"
            ) from None
        return values if columns.stop - columns.start == 1 else values.reshape(len(table), -1)

    def _unnamed(self, table: list[list[str]], width: int, result: dict[str, Any]) -> None:
        try:
            values = to_floats([word for row in table for word in row[self.width :]])
        except ValueError:
            return
        result[f"columns:{self.width + 1}-{width}"] = values.reshape(len(table), -1)


def header_values(header: str) -> dict[str, str]:
    """Values of the second line of a structure by key; a key without one is `T`."""
    values = {}
    for match in HEADER.finditer(header):
        if match[1] is None:
            values[match[7].strip("\"'")] = "T"
            continue
        value = next((group for group in match.groups()[1:6] if group is not None), "")
        values[match[1].strip("\"'")] = re.sub(r"\\(.)", r"\1", value) if "\\" in value else value
    return values


def to_floats(words: list[str]) -> NDArray[np.float64]:
    """Numbers, with Fortran's exponents too.

    Raises:
        ValueError: something else.
    """
    try:
        return np.array(words, dtype=np.float64)
    except ValueError:
        return np.array([fortran(word) for word in words], dtype=np.float64)


def fortran(word: str) -> str:
    """A number with D or d for its exponent as others write it.

    >>> fortran("-1.5D-03")
    '-1.5E-03'
    """
    return re.sub(r"(?<=[0-9.])[dD](?=[+-]?[0-9])", "E", word)


def _is_number(word: str) -> bool:
    try:
        to_floats([word])
    except ValueError:
        return False
    return True


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")


def require_suffix(path: Path) -> None:
    """Refuse an output name that would not be read back as extxyz.

    Raises:
        InputError: the name does not end in .extxyz or .xyz.
    """
    if path.suffix not in (".extxyz", ".xyz"):
        raise InputError(f"cannot write {path}: the name of an extxyz file ends in .extxyz or .xyz")


def write_extxyz(structures: Structures, path: Path, info: Mapping[str, Any] | None = None) -> None:
    """Write structures as extended xyz with ASE's standard keys, whole or not at all.

    Positions (Å) and forces (eV/Å) get eight decimals, energies (eV) all their digits. ``info`` stands in the header of
    every structure.
    """
    from ase.io import write

    images = structures.to_ase()
    for atoms in images:
        atoms.info.update(info or {})
    # a file and not its name, of which ASE takes parts for orders: the suffix, what follows an @
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        write(file, images, format="extxyz")
