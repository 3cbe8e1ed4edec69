"""Train a small MACE on the embedded frames and write the features that the control `architecture` reads.

Background: MACE needs an environment of its own, and its package has no weights in it (docs/backbones.md). Provides:
training by MACE's own ``mace_run_train``, errors on frames that were not trained on, and a feature file of the frames
that the control shows, with the training on its card. In the environment of MACE:

    python -m experiments.training.mace FILE.npz --work results/training/aspirin-gfn2-mace

Killed and started again, it goes on from MACE's last checkpoint.
"""

import argparse
import os
import subprocess
import sys
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from experiments.backbones import Options, Potential, open_backbone
from experiments.backbones.extraction import extract
from experiments.backbones.feature_file import write_features
from experiments.backbones.protocol import Backbone, card_of
from experiments.data import read_structures
from experiments.data.extxyz import write_extxyz
from experiments.split import divide, sample
from experiments.training.evaluate import errors
from experiments.training.started import claim
from span_theorem.errors import InputError, MissingPackage
from span_theorem.output import require_writable
from span_theorem.printable import printable
from span_theorem.reading import sha256

CONFIG = Path(__file__).with_suffix(".yaml")
NAME = "aspirin-gfn2-mace"
N_TRAINING, N_VALIDATION = 950, 50
SITE = 12
SHOWN = {"embedded:train": 300, "embedded:test": 150}
"""Frames that the control draws, with seed 0."""


def train(work: Path, trust: bool = False) -> Path:
    """Train in ``work``; the model file, a pickle that this training made.

    Raises:
        MissingPackage: this is not the environment of MACE.
        InputError: the training failed, or ``work`` holds another's and there is no ``trust``.
    """
    program = Path(sys.executable).with_name("mace_run_train")
    if not program.exists():
        raise MissingPackage(
            f"there is no {program}: run this in an environment with mace-torch (docs/backbones.md)"
        )
    claim(work, trust)
    training, validation = divide(read_structures("embedded:train"), N_TRAINING, N_VALIDATION, seed=0)
    files = {"train_file": work / "training.xyz", "valid_file": work / "validation.xyz"}
    for frames, path in zip((training, validation), files.values(), strict=True):
        write_extxyz(frames, path)
    command = [str(program), "--config", str(CONFIG), "--work_dir", str(work), "--restart_latest"]
    command += [word for name, path in files.items() for word in (f"--{name}", str(path))]
    # e3nn 0.4.4 and MACE's own checkpoints are pickles, which torch >= 2.6 has to be told to read
    environment = {**os.environ, "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD": "1"}
    status = subprocess.run(command, check=False, env=environment).returncode
    if status:
        raise InputError(f"mace_run_train failed with status {status}: see above, and {work / 'logs'}")
    return work / f"{NAME}.model"


def write_shown(backbone: Backbone, path: Path, training: dict[str, Any] | None = None) -> None:
    """Write the feature file of the frames that the control `architecture` shows.

    Args:
        backbone: the network.
        path: the file.
        training: where its weights come from, for its card.
    """
    if training:
        card = card_of(backbone)
        backbone.card = replace(  # type: ignore[attr-defined]
            card,
            source="trained by experiments/training/mace.py",
            licence="MIT",
            settings={**card.settings, **training},
        )
    sets = [sample(read_structures(name), number, seed=0) for name, number in SHOWN.items()]
    # the control shows frames without labels
    shown = [replace(one, energies=None, forces=None) for one in sets]
    write_features(path, extract(backbone, shown, SITE))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("file", type=Path, help="feature file to write")
    parser.add_argument("--work", type=Path, default=Path("results/training") / NAME)
    parser.add_argument("--trust", action="store_true", help="continue a training that came from elsewhere")
    asked = parser.parse_args()
    require_writable(asked.file)
    backbone = open_backbone(f"mace:{train(asked.work, asked.trust)}", Options(trust=True))
    assert isinstance(backbone, Potential)
    found = errors(backbone, read_structures("embedded:test"))
    training = {
        "trained_on": "embedded:train",
        "n_training": N_TRAINING,
        "config_sha256": sha256(CONFIG),
        "mace": version("mace-torch"),
        "errors": {"frames": "embedded:test", **asdict(found)},
    }
    write_shown(backbone, asked.file, training)
    print(printable(f"{asked.file}: {found}"))


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        print(f"experiments.training.mace: error: {printable(str(error))}", file=sys.stderr)
        sys.exit(2)
