"""What a network is shown: structures in one flat batch of tensors, as the field's own batches are."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from experiments.structures import Structures


@dataclass(frozen=True, eq=False)
class Batch:
    """n structures with N atoms together; atoms of one structure stand together.

    Attributes:
        numbers: (N,) int64 atomic numbers.
        positions: (N, 3) float, Å, on any device.
        first: (n+1,) int64: structure i has the atoms first[i] to first[i+1] - 1.
        cell: (n, 3, 3) float64, rows are cell vectors, Å; zero where a structure has no period.
        pbc: (n, 3) bool, which of them are periods.
    """

    numbers: "Tensor"
    positions: "Tensor"
    first: "Tensor"
    cell: "Tensor"
    pbc: "Tensor"

    @classmethod
    def of(cls, structures: "Structures") -> "Batch":
        """All of the structures."""
        import torch

        names = ("numbers", "positions", "first", "cell", "pbc")
        return cls(*(torch.tensor(getattr(structures, name)) for name in names))

    @classmethod
    def of_molecule(cls, numbers: "Tensor", positions: "Tensor") -> "Batch":
        """One free molecule: numbers (n_atoms,) and positions (n, n_atoms, 3), Å."""
        import torch

        n, n_atoms, _ = positions.shape
        return cls(
            numbers.repeat(n),
            positions.reshape(-1, 3),
            torch.arange(n + 1) * n_atoms,
            torch.zeros(n, 3, 3, dtype=torch.float64),
            torch.zeros(n, 3, dtype=torch.bool),
        )

    def __len__(self) -> int:
        """Number of structures."""
        return len(self.first) - 1

    @cached_property
    def sizes(self) -> "Tensor":
        """(n,) number of atoms of each structure."""
        return self.first.diff()

    @cached_property
    def structure_of(self) -> "Tensor":
        """(N,) the structure that each atom belongs to."""
        import torch

        return torch.repeat_interleave(torch.arange(len(self)), self.sizes)

    @cached_property
    def periodic(self) -> bool:
        """Whether any structure has a period."""
        return bool(self.pbc.any())

    @cached_property
    def size(self) -> int | None:
        """The number of atoms that all structures have, ``None`` if they differ."""
        return int(self.sizes[0]) if bool((self.sizes == self.sizes[0]).all()) else None

    @cached_property
    def one_molecule(self) -> bool:
        """Whether all structures are the same atoms in the same order, and none is periodic."""
        if self.size is None or self.periodic:
            return False
        return bool((self.numbers.reshape(-1, self.size) == self.numbers[: self.size]).all())

    def moved(self, positions: "Tensor", cell: "Tensor | None" = None) -> "Batch":
        """The same atoms at other positions (N, 3), perhaps in other cells (n, 3, 3)."""
        return replace(self, positions=positions, cell=self.cell if cell is None else cell)

    def select(self, structures: "Tensor") -> "Batch":
        """The structures at these indices, in that order, any of them more than once."""
        import torch

        sizes = self.sizes[structures]
        first = torch.cat([sizes.new_zeros(1), sizes.cumsum(0)])
        atoms = torch.arange(int(first[-1])) + torch.repeat_interleave(
            self.first[structures] - first[:-1], sizes
        )
        return Batch(
            self.numbers[atoms], self.positions[atoms], first, self.cell[structures], self.pbc[structures]
        )

    def parts(self, atoms: int) -> "Iterator[Batch]":
        """The structures in order, as many at once as have about ``atoms`` atoms, at least one."""
        start = 0
        while start < len(self):
            # the largest stop with no more atoms than that
            stop = int((self.first <= self.first[start] + atoms).sum()) - 1
            stop = max(stop, start + 1)
            a, b = self.first[start], self.first[stop]
            yield Batch(
                self.numbers[a:b],
                self.positions[a:b],
                self.first[start : stop + 1] - a,
                self.cell[start:stop],
                self.pbc[start:stop],
            )
            start = stop
