"""One structure as a file has it: nothing converted, no label chosen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ase import Atoms


@dataclass(frozen=True, eq=False)
class Raw:
    """A structure in the units of its file.

    Attributes:
        numbers: (n_atoms,) atomic numbers.
        positions: (n_atoms, 3).
        cell: (3, 3), its rows the cell vectors; zero where there is none.
        pbc: (3,) which of them are periods.
        values: of the structure by key: numbers, text or anything else.
        arrays: of its atoms by key, (n_atoms, ...).
    """

    numbers: NDArray[np.int64]
    positions: NDArray[np.float64]
    cell: NDArray[np.float64]
    pbc: NDArray[np.bool_]
    values: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)


def raw_of(atoms: "Atoms") -> Raw:
    """ASE's `Atoms`: what its calculator holds goes before what stands in `info` and `arrays` under the same name."""
    results = {} if atoms.calc is None else atoms.calc.results
    of_atoms = {key: np.asarray(value) for key, value in results.items() if _per_atom(value, len(atoms))}
    arrays = {key: value for key, value in atoms.arrays.items() if key not in ("numbers", "positions")}
    values = {key: value for key, value in results.items() if key not in of_atoms and value is not None}
    return Raw(
        np.asarray(atoms.numbers, dtype=np.int64),
        atoms.positions,
        np.asarray(atoms.cell.array),
        np.asarray(atoms.pbc),
        {**{str(key): value for key, value in atoms.info.items()}, **values},
        {**arrays, **of_atoms},
    )


def _per_atom(value: Any, n_atoms: int) -> bool:
    shape = np.shape(value)
    return len(shape) == 2 and shape[0] == n_atoms
