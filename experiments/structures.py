"""Structures: atoms with or without a periodic cell, many in one flat batch, in eV and Å.

Compositions and sizes may differ from one structure to the next; atoms of one structure stand together. All is checked
once when it is made, so nobody further on has to ask whether a coordinate is a number.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from span_theorem.errors import InputError

if TYPE_CHECKING:
    from ase import Atoms

Array = NDArray[np.float64]

LIMITS = {"position": 1e6, "cell": 1e6, "energy": 1e9, "force": 1e6}
"""Å, Å, eV, eV/Å: far beyond any structure, and squares and sums of these are still numbers."""

FLATTEST = 1e-6
"""Least volume (area, length) that periodic cell vectors may span, over the product of their lengths."""

THINNEST = 0.1
"""Å, least distance of a cell's opposite faces: all images within reach are gone through in places."""


@dataclass(frozen=True, eq=False)
class Structure:
    """One of many structures: views of their arrays.

    Attributes:
        numbers: (n_atoms,) atomic numbers.
        positions: (n_atoms, 3), Å.
        cell: (3, 3), its rows the cell vectors, Å; zero where nothing is periodic.
        pbc: (3,) which of them are periods.
        energy: eV, or None.
        forces: (n_atoms, 3), eV/Å, or None.
    """

    numbers: NDArray[np.int64]
    positions: Array
    cell: Array
    pbc: NDArray[np.bool_]
    energy: float | None
    forces: Array | None

    def __len__(self) -> int:
        """Number of atoms."""
        return len(self.numbers)

    def to_ase(self) -> "Atoms":
        """As ASE's `Atoms`, labels in a single-point calculator."""
        from ase import Atoms
        from ase.calculators.singlepoint import SinglePointCalculator

        atoms = Atoms(self.numbers, self.positions, cell=self.cell, pbc=self.pbc)
        results: dict[str, Any] = {} if self.energy is None else {"energy": self.energy}
        if self.forces is not None:
            results["forces"] = self.forces.copy()
        if results:
            atoms.calc = SinglePointCalculator(atoms, **results)
        return atoms


@dataclass(frozen=True, eq=False)
class Structures:
    """A flat batch of n structures with N atoms together. The arrays are read-only copies of what was given.

    Attributes:
        numbers: (N,) int64 atomic numbers.
        positions: (N, 3) float64, Å.
        first: (n+1,) int64: structure i has the atoms first[i] to first[i+1] - 1.
        cell: (n, 3, 3) float64, rows are cell vectors, Å; set to zero where a structure has no period.
        pbc: (n, 3) bool, which of them are periods.
        energies: (n,) float64, eV, or None.
        forces: (N, 3) float64, eV/Å, or None.
        cluster: (n,) int64, the same number for structures that are not independent, or None: each is its own.
        source: where they come from, for messages and result files.
        places: (n, 2) int64, the trajectory that a structure comes from and its place along that, or None.

    Raises:
        InputError: wrong shapes, no structure or one without atoms, an atomic number outside 1..118, a value that is
            not finite or beyond :data:`LIMITS`, periods that span no volume (the message names source, structure and
            atom, counted from 0).
    """

    numbers: NDArray[np.int64]
    positions: Array
    first: NDArray[np.int64]
    cell: Array
    pbc: NDArray[np.bool_]
    energies: Array | None = None
    forces: Array | None = None
    cluster: NDArray[np.int64] | None = None
    source: str = "structures"
    places: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        numbers = self._integers("atomic numbers", self.numbers, (None,))
        first = self._integers("first", self.first, (None,))
        if len(first) < 2:
            raise self._error("there are no structures, expected at least one")
        self._set("first", first)
        if first[0] != 0 or first[-1] != len(numbers):
            raise self._error(
                f"first goes from {first[0]} to {first[-1]}, expected 0 to {len(numbers)} atoms"
            )
        if (empty := np.flatnonzero(self.sizes < 1)).size:
            raise self._error(f"structure {empty[0]} has no atoms, expected at least one")
        if (bad := np.flatnonzero((numbers < 1) | (numbers > 118))).size:
            raise self._error(f"{self._place(bad[0])} has atomic number {numbers[bad[0]]}, expected 1 to 118")
        self._set("numbers", numbers)
        n_atoms, n = len(numbers), len(self)
        pbc = np.array(self.pbc)
        if pbc.dtype != bool or pbc.shape != (n, 3):
            raise self._error(f"pbc have shape {pbc.shape}, type {pbc.dtype}, expected truth values ({n}, 3)")
        self._set("pbc", pbc)
        for name, one, shape, unit in (
            ("positions", "position", (n_atoms, 3), "Å"),
            ("cell", "cell", (n, 3, 3), "Å"),
            ("energies", "energy", (n,), "eV"),
            ("forces", "force", (n_atoms, 3), "eV/Å"),
        ):
            if getattr(self, name) is not None or one in ("position", "cell"):
                self._set(name, self._floats(name, one, shape, unit))
        cell = self.cell.copy()
        cell[~pbc.any(axis=1)] = 0.0
        self._set("cell", cell)
        self._require_volume()
        if self.cluster is not None:
            self._set("cluster", self._integers("clusters", self.cluster, (n,)))
        if self.places is not None:
            places = np.array(self.places)
            if places.shape != (n, 2) or places.dtype.kind not in "iu":
                raise self._error(
                    f"places have shape {places.shape}, type {places.dtype}, expected integers ({n}, 2)"
                )
            self._set("places", places.astype(np.int64))

    @classmethod
    def from_ase(cls, images: Iterable["Atoms"], source: str = "structures") -> "Structures":
        """Structures of ASE's `Atoms` with the energies and forces that their calculators hold.

        Raises:
            InputError: no image, one with a label that others lack, or what :class:`Structures` refuses.
        """
        images = list(images)
        results = [{} if atoms.calc is None else atoms.calc.results for atoms in images]
        labels: dict[str, list[Any]] = {}
        for name in ("energy", "forces"):
            have = [result.get(name) is not None for result in results]
            if any(have) and not all(have):
                raise InputError(
                    f"{source}: structure {have.index(False)} has no {name} though others have, expected {name} "
                    "of every structure or of none"
                )
            if any(have):
                labels[name] = [result[name] for result in results]
        return cls(
            np.concatenate([np.zeros(0, dtype=np.int64), *(atoms.numbers for atoms in images)]),
            np.concatenate([np.zeros((0, 3)), *(atoms.positions for atoms in images)]),
            np.cumsum([0, *map(len, images)]),
            np.array([atoms.cell.array for atoms in images]).reshape(-1, 3, 3),
            np.array([atoms.pbc for atoms in images], dtype=bool).reshape(-1, 3),
            np.array(labels["energy"], dtype=float) if "energy" in labels else None,
            np.concatenate(labels["forces"]) if "forces" in labels else None,
            source=source,
        )

    @classmethod
    def of_molecule(
        cls,
        numbers: ArrayLike,
        positions: ArrayLike,
        energies: ArrayLike | None = None,
        forces: ArrayLike | None = None,
        source: str = "structures",
    ) -> "Structures":
        """Structures of one free molecule: numbers (n_atoms,), positions and forces (n, n_atoms, 3), energies (n,).

        Raises:
            InputError: what :class:`Structures` refuses.
        """
        numbers, positions = np.asarray(numbers), np.asarray(positions)
        if numbers.ndim != 1 or positions.ndim != 3 or positions.shape[1:] != (len(numbers), 3):
            raise InputError(
                f"{source}: positions have shape {positions.shape}, expected (n, {numbers.size}, 3)"
            )
        if forces is not None and np.shape(forces) != positions.shape:
            raise InputError(f"{source}: forces have shape {np.shape(forces)}, expected {positions.shape}")
        n, n_atoms = positions.shape[:2]
        return cls(
            np.tile(numbers, n),
            positions.reshape(-1, 3),
            np.arange(n + 1) * n_atoms,
            np.zeros((n, 3, 3)),
            np.zeros((n, 3), dtype=bool),
            energies if energies is None else np.asarray(energies),
            forces if forces is None else np.asarray(forces).reshape(-1, 3),
            source=source,
        )

    @classmethod
    def joined(cls, sets: Sequence["Structures"]) -> "Structures":
        """The structures of several sets, one set after the other, without labels and clusters."""
        return cls(
            np.concatenate([one.numbers for one in sets]),
            np.concatenate([one.positions for one in sets]),
            np.cumsum([0, *np.concatenate([one.sizes for one in sets])]),
            np.concatenate([one.cell for one in sets]),
            np.concatenate([one.pbc for one in sets]),
            source=", ".join(one.source for one in sets),
        )

    def __len__(self) -> int:
        """Number of structures."""
        return len(self.first) - 1

    def __getitem__(self, index: int) -> Structure:
        """Structure ``index``; negative ones count from the end."""
        i = range(len(self))[index]
        atoms = slice(self.first[i], self.first[i + 1])
        return Structure(
            self.numbers[atoms],
            self.positions[atoms],
            self.cell[i],
            self.pbc[i],
            None if self.energies is None else float(self.energies[i]),
            None if self.forces is None else self.forces[atoms],
        )

    def __iter__(self) -> Iterator[Structure]:
        return (self[index] for index in range(len(self)))

    def to_ase(self) -> list["Atoms"]:
        """As ASE's `Atoms`, labels in single-point calculators."""
        return [structure.to_ase() for structure in self]

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """(n,) number of atoms of each structure."""
        return np.diff(self.first)

    @cached_property
    def structure_of(self) -> NDArray[np.int64]:
        """(N,) the structure that each atom belongs to."""
        return np.repeat(np.arange(len(self)), self.sizes)

    def element_counts(self, elements: Sequence[int]) -> Array:
        """(n, n_elements) atoms of each element; ``elements`` ascend and hold all that occur."""
        counts = np.zeros((len(self), len(elements)))
        np.add.at(counts, (self.structure_of, np.searchsorted(elements, self.numbers)), 1)
        return counts

    @property
    def clusters(self) -> NDArray[np.int64]:
        """(n,) ``cluster``; every structure its own where none is given."""
        return np.arange(len(self)) if self.cluster is None else self.cluster

    @property
    def periodic(self) -> NDArray[np.bool_]:
        """(n,) whether a structure has any period."""
        return np.asarray(self.pbc.any(axis=1))

    @cached_property
    def one_molecule(self) -> bool:
        """Whether all structures are the same atoms in the same order, and none is periodic."""
        size = self.sizes[0]
        return bool(
            (self.sizes == size).all()
            and (self.numbers.reshape(-1, size) == self.numbers[:size]).all()
            and not self.pbc.any()
        )

    def require_one_molecule(self) -> None:
        """Refuse anything but one free molecule.

        Raises:
            InputError: the message names the first structure that differs, and how.
        """
        if self.one_molecule:
            return
        if self.pbc.any():
            raise self._error(
                f"structure {np.flatnonzero(self.periodic)[0]} is periodic, expected a free molecule"
            )
        one = self[0]
        for index, other in enumerate(self):
            if len(other) != len(one):
                raise self._error(
                    f"structure {index} has {len(other)} atoms and structure 0 has {len(one)}, expected the same "
                    "molecule in every structure"
                )
            if (changed := np.flatnonzero(other.numbers != one.numbers)).size:
                atom = changed[0]
                raise self._error(
                    f"structure {index} has atomic number {other.numbers[atom]} at atom {atom} and structure 0 has "
                    f"{one.numbers[atom]}, expected the same atoms in the same order"
                )

    def stacked(self) -> tuple[NDArray[np.int64], Array]:
        """Numbers (n_atoms,) and positions (n, n_atoms, 3), Å, where all structures are one free molecule.

        Raises:
            InputError: they are not.
        """
        self.require_one_molecule()
        size = int(self.sizes[0])
        return self.numbers[:size], self.positions.reshape(-1, size, 3)

    def padded(self, values: NDArray[Any]) -> NDArray[Any]:
        """Values of atoms (N, …) by structure, (n, largest size, …), zero where a structure has fewer atoms."""
        widest = int(self.sizes.max())
        if (self.sizes == widest).all():
            return values.reshape(len(self), widest, *values.shape[1:])
        padded = np.zeros((len(self), widest, *values.shape[1:]), dtype=values.dtype)
        padded[self.structure_of, np.arange(len(values)) - self.first[self.structure_of]] = values
        return padded

    def turned(self, rotations: Array) -> "Structures":
        """Every structure in other orientations about the origin, cell and forces with it, its energy as it was.

        Args:
            rotations: (n, k, 3, 3).

        Returns:
            n k structures, those of one together.
        """
        k = rotations.shape[1]
        repeated = self.subset(np.repeat(np.arange(len(self)), k))
        flat = rotations.reshape(-1, 3, 3)
        atoms = flat[repeated.structure_of]

        def turn(vectors: Array) -> Array:
            return np.einsum("aij,aj->ai", atoms, vectors)

        return replace(
            repeated,
            positions=turn(repeated.positions),
            cell=np.einsum("nij,nkj->nki", flat, repeated.cell),
            forces=None if repeated.forces is None else turn(repeated.forces),
        )

    def with_field(self, energies: Array, forces: Array) -> "Structures":
        """The same structures with energies (n,) and forces (N, 3) added to theirs."""
        if self.energies is None or self.forces is None:
            raise self._error("there are no energies and forces to add to, expected labelled structures")
        return replace(self, energies=self.energies + energies, forces=self.forces + forces)

    def to_dict(self) -> dict[str, Any]:
        """What a result file says about the structures it used (not the structures themselves)."""
        if self.one_molecule:
            atoms = {"n_atoms": int(self.sizes[0]), "numbers": self.numbers[: self.sizes[0]].tolist()}
        else:
            atoms = {"n_atoms": len(self.numbers), "numbers": np.unique(self.numbers).tolist()}
        return {
            "source": self.source,
            "n_frames": len(self),
            **atoms,
            "periodic": int(self.periodic.sum()),
            **({} if self.cluster is None else {"n_clusters": len(np.unique(self.cluster))}),
            "checksum": self.checksum,
        }

    def subset(self, indices: Sequence[int] | NDArray[np.integer] | range) -> "Structures":
        """The structures at ``indices``, in that order.

        Raises:
            InputError: no index, or one outside -len..len-1.
        """
        selected = np.asarray(indices)
        if selected.ndim != 1 or not len(selected) or selected.dtype.kind not in "iu":
            raise self._error("a subset needs at least one index of a structure, all of them integers")
        if (outside := selected[(selected >= len(self)) | (selected < -len(self))]).size:
            raise self._error(f"there is no structure {outside[0]}, expected 0 to {len(self) - 1}")
        selected = selected % len(self)
        sizes = self.sizes[selected]
        first = np.concatenate([[0], np.cumsum(sizes)])
        atoms = np.arange(first[-1]) + np.repeat(self.first[selected] - first[:-1], sizes)
        return Structures(
            self.numbers[atoms],
            self.positions[atoms],
            first,
            self.cell[selected],
            self.pbc[selected],
            None if self.energies is None else self.energies[selected],
            None if self.forces is None else self.forces[atoms],
            None if self.cluster is None else self.cluster[selected],
            self.source,
            None if self.places is None else self.places[selected],
        )

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of the numerical content, without ``cluster`` and ``source``.

        Of one free molecule: of its numbers, then of arrays (n, n_atoms, 3), so that the same structures keep the
        checksum that they had before there were others.
        """
        digest = hashlib.sha256()

        def add(name: str, values: NDArray[Any] | None) -> None:
            digest.update(f"{name}:{None if values is None else values.shape}\n".encode())
            if values is not None:
                little_endian = values.astype(values.dtype.newbyteorder("<"), copy=False)
                digest.update(np.ascontiguousarray(little_endian).tobytes())

        if self.one_molecule:
            shape = len(self), self.sizes[0], 3
            add("numbers", self.numbers[: shape[1]])
            add("positions", self.positions.reshape(shape))
            add("energies", self.energies)
            add("forces", None if self.forces is None else self.forces.reshape(shape))
        else:
            for name in ("first", "numbers", "positions", "cell", "pbc", "energies", "forces"):
                add(name, getattr(self, name))
        return digest.hexdigest()

    def _place(self, atom: int) -> str:
        """Where atom ``atom`` of the flat arrays is, for messages."""
        structure = int(np.searchsorted(self.first, atom, side="right")) - 1
        return f"structure {structure}, atom {atom - self.first[structure]}"

    def _integers(self, name: str, value: ArrayLike, shape: tuple[int | None]) -> NDArray[np.int64]:
        given = np.asarray(value)
        fits = given.ndim == 1 and shape[0] in (None, len(given))
        if not fits or given.dtype.kind not in "iu":
            length = "n" if shape[0] is None else shape[0]
            raise self._error(
                f"{name} have shape {given.shape}, type {given.dtype}, expected integers ({length},)"
            )
        return given.astype(np.int64)

    def _floats(self, name: str, one: str, shape: tuple[int, ...], unit: str) -> Array:
        try:
            given = np.asarray(getattr(self, name))
        except ValueError:  # nested lists of different lengths
            raise self._error(f"{name} are not a rectangular array of numbers") from None
        if given.dtype.kind not in "fiu":
            raise self._error(f"{name} have type {given.dtype}, expected real numbers")
        if given.shape != shape:
            raise self._error(f"{name} have shape {given.shape}, expected {shape}")
        values = np.array(given, dtype=np.float64, order="C")
        limit = LIMITS[one]
        if not (np.abs(values) <= limit).all():
            bad = tuple(np.argwhere(~(np.abs(values) <= limit))[0])
            place = self._place(bad[0]) if one in ("position", "force") else f"structure {bad[0]}"
            raise self._error(
                f"the {one} of {place} is {values[bad]}, expected at most {limit:.0e} {unit} in size"
            )
        return values

    def _require_volume(self) -> None:
        """Refuse periods that are zero or span nothing."""
        vectors = np.where(self.pbc[:, :, None], self.cell, 0.0)
        lengths = np.linalg.norm(vectors, axis=2)
        if (missing := np.argwhere(self.pbc & (lengths < FLATTEST))).size:
            raise self._error(
                f"structure {missing[0][0]} is periodic along cell vector {missing[0][1]}, which is zero: expected a "
                "cell vector for every period"
            )
        unit = np.divide(vectors, lengths[:, :, None], out=np.zeros_like(vectors), where=self.pbc[:, :, None])
        gram = unit @ unit.swapaxes(1, 2) + np.eye(3) * ~self.pbc[:, None, :]
        if (flat := np.flatnonzero(np.linalg.det(gram) < FLATTEST**2)).size:
            raise self._error(
                f"structure {flat[0]} has a cell without volume, expected independent cell vectors"
            )
        heights = np.where(self.pbc, lengths, np.inf) / np.sqrt(
            np.linalg.inv(gram).diagonal(axis1=1, axis2=2)
        )
        if (thin := np.argwhere(heights < THINNEST)).size:
            raise self._error(
                f"structure {thin[0][0]} repeats every {heights[tuple(thin[0])]:.2g} Å along cell vector {thin[0][1]}, "
                f"expected at least {THINNEST} Å"
            )

    def _set(self, name: str, values: NDArray[Any]) -> None:
        values.setflags(write=False)
        object.__setattr__(self, name, values)

    def _error(self, message: str) -> InputError:
        return InputError(f"{self.source}: {message}")
