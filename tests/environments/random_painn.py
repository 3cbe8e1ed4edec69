"""Write a small PaiNN of random weights; runs in an environment that has schnetpack.

python random_painn.py FILE
"""

import sys

import torch
from schnetpack import atomistic, nn, representation
from schnetpack.model import NeuralNetworkPotential


def random_painn(seed: int = 0) -> torch.nn.Module:
    """Two interactions of 16 scalars and 16 vectors."""
    torch.manual_seed(seed)
    return NeuralNetworkPotential(
        representation.PaiNN(16, 2, nn.GaussianRBF(n_rbf=8, cutoff=5.0), nn.CosineCutoff(5.0)),
        input_modules=[atomistic.PairwiseDistances()],
        output_modules=[atomistic.Atomwise(n_in=16, output_key="energy"), atomistic.Forces()],
    ).double()


if __name__ == "__main__":
    torch.save(random_painn(), sys.argv[1])
