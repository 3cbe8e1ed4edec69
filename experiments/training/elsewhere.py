"""What trainings in environments of their own share: the frames, and the feature file that `architecture` reads."""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from experiments.backbones import Options, Potential, open_backbone
from experiments.backbones.extraction import extract
from experiments.backbones.feature_file import write_features
from experiments.backbones.protocol import Backbone, card_of
from experiments.data import read_structures
from experiments.split import divide, sample
from experiments.structures import Structures
from experiments.training.evaluate import errors
from experiments.training.started import claim
from span_theorem.errors import InputError, MissingPackage
from span_theorem.output import require_writable
from span_theorem.printable import printable
from span_theorem.reading import sha256

N_TRAINING, N_VALIDATION = 950, 50
SITE = 12
SHOWN = {"embedded:train": 300, "embedded:test": 150}
"""Frames that the study draws, with seed 0."""


def started(program: str, package: str, work: Path, trust: bool) -> tuple[Path, Structures, Structures]:
    """Make ready to train in a folder.

    Returns:
        The program of the package beside this Python, and the structures for training and validation.

    Raises:
        MissingPackage: this is not the environment of the package.
        InputError: ``work`` holds another's training and there is no ``trust``.
    """
    found = Path(sys.executable).with_name(program)
    if not found.exists():
        raise MissingPackage(
            f"there is no {found}: run this in an environment with {package} (docs/backbones.md)"
        )
    claim(work, trust)
    return found, *divide(read_structures("embedded:train"), N_TRAINING, N_VALIDATION, seed=0)


def call(command: Sequence[str], cwd: Path | None = None) -> None:
    """Run a package's own training.

    Raises:
        InputError: it failed.
    """
    # the packages' own checkpoints are pickles, which torch >= 2.6 has to be told to read
    environment = {**os.environ, "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD": "1"}
    status = subprocess.run(command, check=False, env=environment, cwd=cwd).returncode
    if status:
        raise InputError(f"{Path(command[0]).name} failed with status {status}: see above")


def write_shown(
    backbone: Backbone, path: Path, source: str = "", training: dict[str, Any] | None = None
) -> None:
    """Write the feature file of the frames that the study `architecture` shows.

    Args:
        backbone: the network.
        path: the file.
        source: who trained it, for its card.
        training: where its weights come from, for its card.
    """
    if training:
        card = card_of(backbone)
        backbone.card = replace(  # type: ignore[attr-defined]
            card, source=source, licence="MIT", settings={**card.settings, **training}
        )
    sets = [sample(read_structures(name), number, seed=0) for name, number in SHOWN.items()]
    # the study shows frames without labels
    shown = [replace(one, energies=None, forces=None) for one in sets]
    write_features(path, extract(backbone, shown, SITE))


def main(family: str, name: str, package: str, config: Path, train: Callable[[Path, bool], Path]) -> None:
    """The command line of one training: train, test, write the features, exit.

    Args:
        family: that opens the model file; the module of the training has its name.
        name: of the training; its folder unless another is given.
        package: whose version stands on the card.
        config: of the training, whose checksum stands there too.
        train: gives the model file, from the folder and whether what lies there is trusted.
    """
    parser = argparse.ArgumentParser(
        description=f"Train {name}, and write the features that architecture reads."
    )
    parser.add_argument("file", type=Path, help="feature file to write")
    parser.add_argument("--work", type=Path, default=Path("results/training") / name)
    parser.add_argument("--trust", action="store_true", help="continue a training that came from elsewhere")
    asked = parser.parse_args()
    try:
        require_writable(asked.file)
        backbone = open_backbone(f"{family}:{train(asked.work, asked.trust)}", Options(trust=True))
        assert isinstance(backbone, Potential)
        found = errors(backbone, read_structures("embedded:test"))
        training = {
            "trained_on": "embedded:train",
            "n_training": N_TRAINING,
            "config_sha256": sha256(config),
            family: version(package),
            "errors": {"frames": "embedded:test", **asdict(found)},
        }
        write_shown(backbone, asked.file, f"trained by experiments/training/{family}.py", training)
    except InputError as error:
        print(f"experiments.training.{family}: error: {printable(str(error))}", file=sys.stderr)
        sys.exit(2)
    print(printable(f"{asked.file}: {found}"))
