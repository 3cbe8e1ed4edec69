"""The commands that write, by name, as small as they go."""

import shutil
from functools import partial
from pathlib import Path

import numpy as np

from experiments.backbones import shipped
from experiments.data import Frames, write_npz
from tests.experiments.synthetic import random_frames
from tests.kill.command import REPOSITORY, Command
from tests.rmd17 import RMD17

# features are cached for networks that name their weights
FACTORY = """
from dataclasses import replace

from experiments.backbones.protocol import card_of
from tests.experiments.synthetic import Spectrum


def two():
    network = Spectrum([0, 1, 2])
    network.card = replace(card_of(network), settings={"weights_sha256": "none but these"})
    return network
"""
ASPIRIN = Path(shipped.FOLDER).parents[1] / "data" / "aspirin.xyz"


def _network(folder: Path) -> None:
    (folder / "harmonics.py").write_text(FACTORY)
    write_npz(random_frames(60, 0), folder / "training.npz")
    write_npz(random_frames(30, 1), folder / "test.npz")


def _results(folder: Path, pattern: str) -> None:
    (folder / "results").mkdir()
    for path in (REPOSITORY / "docs" / "results").glob(pattern):
        shutil.copy(path, folder / "results")


def _shaken(folder: Path) -> None:
    from ase.io import read

    atoms, rng = read(ASPIRIN), np.random.default_rng(11)
    positions = atoms.positions + rng.normal(scale=0.05, size=(24, len(atoms), 3))
    labels = rng.normal(size=24), rng.normal(size=positions.shape)
    write_npz(Frames(atoms.numbers, positions, *labels, "shaken aspirin"), folder / "shaken.npz")


NETWORK = ("--trust", "--backbone", "harmonics.py:two", "--frames", "training.npz", "--site", "0")
DIAGNOSE = ("experiments", "diagnose", *NETWORK, "--toward", "1", "--test-frames", "test.npz", "--l-max", "5")
EXTRACT = ("experiments", "extract", *NETWORK, "--jacobian", "-o", "features.npz")
INJECT = ("experiments", "inject", "--frames", "training.npz", "--site", "0", "--toward", "1", "--l", "3")
GENERATE = ("experiments", "data", "generate", "--training", "1", "--test", "1", "-o", "set")
TRAIN = (
    "experiments",
    "train",
    "run",
    "aspirin-rmd17-l1",
    "--training",
    "shaken.npz",
    "--test",
    "shaken.npz",
)

LONG = {
    "diagnose": Command((*DIAGNOSE, "--json", "result.json"), _network),
    "extract": Command(EXTRACT, _network),
    "data generate": Command((*GENERATE, "--equilibration", "2", "--interval", "20", "--frames", "3")),
    "aspirin": Command(
        ("experiments", "aspirin", "--data", "embedded", "--quick", "-o", "study"), minutes=True
    ),
    "controls": Command(("experiments", "controls", "calibration", "-o", "controls"), minutes=True),
}
TRAINING = Command(
    (
        *TRAIN,
        "--epochs",
        "4",
        "--frames",
        "20",
        "--validation",
        "5",
        "--eager",
        "--work",
        "work",
        "-o",
        "out",
    ),
    _shaken,
    minutes=True,
)
SHORT = {
    "inject": Command((*INJECT, "-o", "injected.extxyz"), _network),
    "data fetch": Command(("experiments", "data", "fetch", "rmd17", "--split", "1", "--from", str(RMD17))),
    "report": Command(
        ("experiments", "report", "results/aspirin-embedded.json", "-o", "figure"),
        partial(_results, pattern="aspirin-embedded.json"),
    ),
    "check": Command(("span_theorem", "check", "--L", "1", "--d", "2", "--json", "check.json")),
    "tables": Command(
        ("span_theorem", "tables", "--results", "results", "-o", "tables"),
        partial(_results, pattern="*.json"),
    ),
}
