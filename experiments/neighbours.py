"""Neighbour pairs of a batch of structures, periodic images included.

A list is made for each structure by matscipy. Molecules of one size are gone through all at once instead: a list for
each costs 55 µs for aspirin, where features of one atom take a shipped NequIP 200 µs. vesin gives the same pairs, in
0.4 to 0.6 of matscipy's time for cells of 27 atoms and more and in three times it for two atoms; either is below 1% of
what a network takes there (0.7 ms for 64 atoms, SevenNet-0 80 ms), so the one that nequip and sevenn bring along was
taken.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor, dtype

    from experiments.backbones.batch import Batch


@dataclass(frozen=True, eq=False)
class Edges:
    """Ordered pairs of atoms, by the atom that receives.

    Attributes:
        centre: (n_edges,) indices into the batch's atoms.
        neighbour: (n_edges,) the same of the other atom.
        shift: (n_edges, 3) int64, cell vectors between the neighbour and the image meant; ``None``: none.
        offset: (n_edges, 3) float64, the same in Å.
    """

    centre: "Tensor"
    neighbour: "Tensor"
    shift: "Tensor | None" = None
    offset: "Tensor | None" = None

    @property
    def index(self) -> "Tensor":
        """(2, n_edges), receiving atoms first."""
        import torch

        return torch.stack([self.centre, self.neighbour])

    def select(self, rows: "Tensor") -> "Edges":
        """Some of the pairs."""
        columns = (self.centre, self.neighbour, self.shift, self.offset)
        return Edges(*(column if column is None else column[rows] for column in columns))  # type: ignore[arg-type]

    def vectors(self, positions: "Tensor") -> "Tensor":
        """(n_edges, 3) from the receiving atom to the image of the other, in the precision of ``positions``."""
        vectors = positions[self.neighbour] - positions[self.centre]
        return vectors if self.offset is None else vectors + self.offset.to(vectors)

    def offsets(self, dtype: "dtype") -> "Tensor":
        """``offset``, zeros where there is none."""
        return _or_zeros(self.offset, self.centre, dtype)

    def shifts(self, dtype: "dtype") -> "Tensor":
        """``shift``, zeros where there is none."""
        return _or_zeros(self.shift, self.centre, dtype)


def _or_zeros(values: "Tensor | None", centre: "Tensor", dtype: "dtype") -> "Tensor":
    import torch

    if values is None:
        return torch.zeros(len(centre), 3, dtype=dtype, device=centre.device)
    return values.to(dtype)


def edges(batch: "Batch", cutoff: float) -> Edges:
    """All ordered pairs of atoms of one structure, or of an atom and an image, closer than ``cutoff`` in Å.

    Returns:
        On the device of the batch's positions.
    """
    if batch.size is not None and not batch.periodic:
        return _of_molecules(batch.positions.reshape(len(batch), batch.size, 3), cutoff)
    import torch

    positions = batch.positions.detach().cpu().double().numpy()
    starts, cells, periods = batch.first.tolist(), batch.cell.numpy(), batch.pbc.numpy()
    found = []
    for index, cell in enumerate(cells):
        start = starts[index]
        own = positions[start : starts[index + 1]]
        centre, neighbour, shift = pairs(own, cell, periods[index], cutoff)
        found.append((start + centre, start + neighbour, shift, shift @ cell))
    columns = [np.concatenate(column) for column in zip(*found, strict=True)]
    return Edges(*(torch.from_numpy(column).to(batch.positions.device) for column in columns))


def pairs(
    positions: NDArray[np.float64], cell: NDArray[np.float64], pbc: NDArray[np.bool_], cutoff: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Ordered pairs of one structure: both atoms, and the image of the second in cell vectors (n_pairs, 3).

    Args:
        positions: (n_atoms, 3), Å.
        cell: (3, 3), rows are cell vectors, Å; those that are no period do not count.
        pbc: (3,) which of them are periods.
        cutoff: Å; pairs at less than it.
    """
    from matscipy.neighbours import neighbour_list

    # where there is no period, matscipy wants walls, with all atoms between them
    box = np.where(pbc[:, None], cell, 0.0)
    if not pbc.all():
        box += _complement(box)
        scaled = positions @ np.linalg.inv(box)
        low = scaled.min(axis=0) - 0.5
        positions = positions - np.where(pbc, 0.0, low) @ box
        box *= np.where(pbc, 1.0, scaled.max(axis=0) + 0.5 - low)[:, None]
    centre, neighbour, shift = neighbour_list("ijS", positions=positions, cell=box, pbc=pbc, cutoff=cutoff)
    order = np.lexsort((*shift.T[::-1], neighbour, centre))
    return centre[order].astype(np.int64), neighbour[order].astype(np.int64), shift[order].astype(np.int64)


def _complement(box: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vectors perpendicular to the rows of ``box`` that are not zero, in the places of those that are."""
    _, _, right = np.linalg.svd(box)
    rest = np.zeros_like(box)
    empty = ~box.any(axis=1)
    rest[empty] = right[-empty.sum() :]
    return rest


def _of_molecules(positions: "Tensor", cutoff: float) -> Edges:
    import torch

    n_atoms = positions.shape[1]
    fixed = positions.detach()
    near = torch.cdist(fixed, fixed, compute_mode="donot_use_mm_for_euclid_dist") < cutoff
    near &= ~torch.eye(n_atoms, dtype=torch.bool, device=positions.device)
    structure, first, second = near.nonzero(as_tuple=True)
    return Edges(structure * n_atoms + first, structure * n_atoms + second)
