"""Neighbour pairs of a batch of isolated molecules, all frames at once."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def neighbour_pairs(positions: "Tensor", cutoff: float) -> "tuple[Tensor, Tensor]":
    """All ordered pairs of atoms of the same frame closer than ``cutoff``.

    Args:
        positions: (n_frames, n_atoms, 3), Å.
        cutoff: Å.

    Returns:
        Two (n_pairs,) int64 tensors of indices into the flattened (n_frames * n_atoms) atoms, ordered by the
        first.
    """
    import torch

    n_atoms = positions.shape[1]
    fixed = positions.detach()
    near = torch.cdist(fixed, fixed, compute_mode="donot_use_mm_for_euclid_dist") < cutoff
    near &= ~torch.eye(n_atoms, dtype=torch.bool, device=positions.device)
    frame, first, second = near.nonzero(as_tuple=True)
    return frame * n_atoms + first, frame * n_atoms + second
