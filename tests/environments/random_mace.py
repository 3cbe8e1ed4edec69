"""Write a small MACE of random weights; runs in an environment that has mace-torch.

python random_mace.py FILE.model
"""

import sys

import numpy as np
import torch

torch.serialization.add_safe_globals([slice])  # e3nn 0.4.4 reads its constants under torch >= 2.6
from e3nn import o3  # noqa: E402
from mace import modules  # noqa: E402


def random_mace(seed: int = 0) -> torch.nn.Module:
    """Two interactions, order 2 after the first and scalars after the second, for H, C and O."""
    torch.manual_seed(seed)
    torch.set_default_dtype(torch.float64)
    interaction = modules.interaction_classes["RealAgnosticResidualInteractionBlock"]
    return modules.ScaleShiftMACE(
        r_max=5.0,
        num_bessel=8,
        num_polynomial_cutoff=5,
        max_ell=3,
        interaction_cls=interaction,
        interaction_cls_first=interaction,
        num_interactions=2,
        num_elements=3,
        hidden_irreps=o3.Irreps("16x0e+16x1o+16x2e"),
        MLP_irreps=o3.Irreps("16x0e"),
        gate=torch.nn.functional.silu,
        atomic_energies=np.array([-1.0, -2.0, -3.0]),
        avg_num_neighbors=8.0,
        atomic_numbers=[1, 6, 8],
        correlation=2,
        radial_type="bessel",
        atomic_inter_scale=1.0,
        atomic_inter_shift=0.0,
    )


if __name__ == "__main__":
    torch.save(random_mace(), sys.argv[1])
