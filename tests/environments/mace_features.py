"""Write the feature file of a random MACE that the control `architecture` reads; runs where mace-torch is installed.

python -m tests.environments.mace_features FILE.npz
"""

import sys
import tempfile
from pathlib import Path

import torch

from experiments.backbones import Options, open_backbone
from experiments.backbones.extraction import extract
from experiments.backbones.feature_file import write_features
from experiments.data import load
from experiments.data.frames import Frames
from experiments.split import draw
from tests.environments.random_mace import random_mace

SITE = 12
DRAWN = {"embedded:train": 300, "embedded:test": 150}

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "random.model"
        # single precision, as published models have, and half the size
        torch.save(random_mace().float(), path)
        backbone = open_backbone(f"mace:{path}", Options(trust=True))
        sets = [draw(load(name), number, seed=0) for name, number in DRAWN.items()]
        # no labels and no predictions: the control shows frames without labels
        shown = [Frames(one.numbers, one.positions, None, None, one.source) for one in sets]
        write_features(Path(sys.argv[1]), extract(backbone, shown, SITE))
