"""Background: the diagnostic compares frames of one molecule, so a set of frames shares its atoms and their
order. Question: none; this is what every other module reads. Provides: `Frames`, checked once when it is
made, so that nobody further on has to ask whether a coordinate is a number.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from span_theorem.errors import InputError

# Å, eV, eV/Å: far beyond any molecule, and squares and sums of these are still numbers
LIMITS = {"position": 1e6, "energy": 1e9, "force": 1e6}


@dataclass(frozen=True, eq=False)
class Frames:
    """Frames of one molecule, in eV and Å. The arrays are read-only copies of what was given.

    Attributes:
        numbers: (n_atoms,) int64 atomic numbers, the same in every frame.
        positions: (n_frames, n_atoms, 3) float64, Å.
        energies: (n_frames,) float64, eV, or None.
        forces: (n_frames, n_atoms, 3) float64, eV/Å, or None.
        source: where the frames come from, for messages and result files.

    Raises:
        InputError: wrong shapes, no frame, an atomic number outside 1..118, a value that is not finite or beyond
            :data:`LIMITS` (the message names source, frame and atom).
    """

    numbers: NDArray[np.int64]
    positions: NDArray[np.float64]
    energies: NDArray[np.float64] | None
    forces: NDArray[np.float64] | None
    source: str

    def __post_init__(self) -> None:
        numbers = self._numbers(self.numbers)
        positions = self._floats("positions", self.positions)
        n_atoms = len(numbers)
        if positions.ndim != 3 or positions.shape[1:] != (n_atoms, 3):
            raise self._error(f"positions have shape {positions.shape}, expected (n_frames, {n_atoms}, 3)")
        if not len(positions):
            raise self._error("there are no frames, expected at least one")
        self._in_range("position", "Å", positions)
        self._set("numbers", numbers)
        self._set("positions", positions)
        for name, one, unit, shape in (
            ("energies", "energy", "eV", positions.shape[:1]),
            ("forces", "force", "eV/Å", positions.shape),
        ):
            if getattr(self, name) is None:
                continue
            values = self._floats(name, getattr(self, name))
            if values.shape != shape:
                raise self._error(f"{name} have shape {values.shape}, expected {shape} as the positions have")
            self._in_range(one, unit, values)
            self._set(name, values)

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.positions)

    @property
    def n_atoms(self) -> int:
        return len(self.numbers)

    def select(self, indices: Sequence[int] | NDArray[np.integer]) -> "Frames":
        """The frames at ``indices``, in that order.

        Raises:
            InputError: no index, or one outside -len..len-1.
        """
        chosen = np.asarray(indices)
        if chosen.ndim != 1 or not len(chosen) or chosen.dtype.kind not in "iu":
            raise self._error("a selection needs at least one frame index, all of them integers")
        outside = chosen[(chosen >= len(self)) | (chosen < -len(self))]
        if len(outside):
            raise self._error(f"there is no frame {outside[0]}, expected 0 to {len(self) - 1}")
        energies = None if self.energies is None else self.energies[chosen]
        forces = None if self.forces is None else self.forces[chosen]
        return Frames(self.numbers, self.positions[chosen], energies, forces, self.source)

    cluster = None

    def subset(self, indices: Sequence[int] | NDArray[np.integer]) -> "Frames":
        """The same as :meth:`select`, as :class:`experiments.structures.Structures` calls it."""
        return self.select(indices)

    def turned(self, rotations: NDArray[np.float64]) -> "Frames":
        """Every frame in other orientations about the origin, its forces with it, its energy as it was.

        Args:
            rotations: (n_frames, k, 3, 3).

        Returns:
            n_frames k frames, those of one frame together.
        """
        k = rotations.shape[1]

        def turn(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.einsum("nkij,naj->nkai", rotations, vectors).reshape(-1, *vectors.shape[1:])

        energies = None if self.energies is None else np.repeat(self.energies, k)
        forces = None if self.forces is None else turn(self.forces)
        return Frames(self.numbers, turn(self.positions), energies, forces, self.source)

    def with_field(self, energies: NDArray[np.float64], forces: NDArray[np.float64]) -> "Frames":
        """The same frames with energies (n_frames,) and forces (n_frames, n_atoms, 3) added to theirs."""
        if self.energies is None or self.forces is None:
            raise self._error("there are no energies and forces to add to, expected labelled frames")
        return Frames(
            self.numbers, self.positions, self.energies + energies, self.forces + forces, self.source
        )

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of the numerical content: numbers, positions, energies and forces, but not ``source``."""
        digest = hashlib.sha256()
        for name in ("numbers", "positions", "energies", "forces"):
            values = getattr(self, name)
            digest.update(f"{name}:{None if values is None else values.shape}\n".encode())
            if values is not None:
                little_endian = values.astype(values.dtype.newbyteorder("<"), copy=False)
                digest.update(np.ascontiguousarray(little_endian).tobytes())
        return digest.hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """What a result file says about the frames it used (not the frames themselves)."""
        return {
            "source": self.source,
            "n_frames": len(self),
            "n_atoms": self.n_atoms,
            "numbers": self.numbers.tolist(),
            "checksum": self.checksum,
        }

    def _numbers(self, value: ArrayLike) -> NDArray[np.int64]:
        given = np.asarray(value)
        if given.ndim != 1 or not len(given) or given.dtype.kind not in "iu":
            raise self._error(
                f"atomic numbers have shape {given.shape}, type {given.dtype}, expected integers (n_atoms,)"
            )
        outside = np.flatnonzero((given < 1) | (given > 118))
        if len(outside):
            atom = outside[0]
            raise self._error(f"atom {atom} has atomic number {given[atom]}, expected 1 to 118")
        return given.astype(np.int64)

    def _floats(self, name: str, value: ArrayLike) -> NDArray[np.float64]:
        try:
            given = np.asarray(value)
        except ValueError:  # nested lists of different lengths
            raise self._error(f"{name} are not a rectangular array of numbers") from None
        if given.dtype.kind not in "fiu":
            raise self._error(f"{name} have type {given.dtype}, expected real numbers")
        return np.array(given, dtype=np.float64, order="C")

    def _in_range(self, one: str, unit: str, values: NDArray[np.float64]) -> None:
        limit = LIMITS[one]
        bad = np.argwhere(~(np.abs(values) <= limit))
        if len(bad):
            place = f"frame {bad[0][0]}" + (f", atom {bad[0][1]}" if values.ndim > 1 else "")
            raise self._error(
                f"the {one} of {place} is {values[tuple(bad[0])]}, expected at most {limit:.0e} {unit} in size"
            )

    def _set(self, name: str, values: NDArray[Any]) -> None:
        values.setflags(write=False)
        object.__setattr__(self, name, values)

    def _error(self, message: str) -> InputError:
        return InputError(f"{self.source}: {message}")
