"""Write the feature file of a random MACE that the control `architecture` reads; runs where mace-torch is installed.

python -m tests.environments.mace_features FILE.npz
"""

import sys
import tempfile
from pathlib import Path

import torch

from experiments.backbones import Options, open_backbone
from experiments.backbones.mace import untrained
from experiments.backbones.old_e3nn import allow_constants
from experiments.training.elsewhere import write_shown

if __name__ == "__main__":
    allow_constants()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "random.model"
        # single precision, as published models have, and half the size
        torch.save(untrained().float(), path)
        write_shown(open_backbone(f"mace:{path}", Options(trust=True)), Path(sys.argv[1]))
