"""Write a small MACE of random weights; runs in an environment that has mace-torch.

python -m tests.environments.random_mace FILE.model
"""

import sys

import torch

from experiments.backbones.old_e3nn import allow_constants

if __name__ == "__main__":
    allow_constants()
    from experiments.backbones.mace import untrained

    torch.save(untrained(), sys.argv[1])
