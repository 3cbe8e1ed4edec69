"""The commands that write, by name, as small as they go."""

import atexit
import shutil
from contextlib import chdir, redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path
from tempfile import mkdtemp

import numpy as np

from experiments.backbones import shipped
from experiments.data import write_npz
from experiments.structures import Structures
from tests.experiments.synthetic import random_frames
from tests.kill.command import REPOSITORY, Command
from tests.rmd17 import RMD17

# features are cached, and cells kept, for networks that name their weights
FACTORY = """
from dataclasses import replace

from experiments.backbones.protocol import card_of
from tests.experiments.synthetic import Spectrum


def two():
    network = Spectrum([0, 1, 2])
    network.card = replace(card_of(network), settings={"weights_sha256": "none but these"})
    return network
"""
GRID = """
[base]
backbone = "harmonics.py:two"
training = "training.npz"
test = "test.npz"
rule = "pair(0, 1)"
l_max = 5
n_train = 40
n_test = 20
orientations = 4
test_orientations = 4
forces = false

[axes]
solver = ["equivariant", "free"]
d = [1, 2]
"""
ASPIRIN = Path(shipped.FOLDER).parents[1] / "data" / "aspirin.xyz"


def _network(folder: Path) -> None:
    (folder / "harmonics.py").write_text(FACTORY)
    write_npz(random_frames(60, 0), folder / "training.npz")
    write_npz(random_frames(30, 1), folder / "test.npz")


def _grid(folder: Path) -> None:
    _network(folder)
    (folder / "grid.toml").write_text(GRID)


@cache
def made() -> Path:
    """A folder with the results of a sweep and of a diagnosis, made once."""
    from experiments.cli import main

    folder = Path(mkdtemp())
    atexit.register(shutil.rmtree, folder)
    _grid(folder)
    with chdir(folder), redirect_stdout(StringIO()):
        assert main([*SWEEP[1:], "serial"]) == 0
        assert main([*DIAGNOSE[1:], "--json", "result.json", "--no-cache"]) == 0
    return folder


def _results(folder: Path) -> None:
    shutil.copytree(made() / "study", folder / "study")
    shutil.copy(made() / "result.json", folder)


def _proofs(folder: Path) -> None:
    (folder / "results").mkdir()
    for name in ("grid", "polygon", "folds", "multiplicity-2-3"):
        shutil.copy(REPOSITORY / "docs" / "results" / f"{name}.json", folder / "results")


def _shaken(folder: Path) -> None:
    from ase.io import read

    atoms, rng = read(ASPIRIN), np.random.default_rng(11)
    positions = atoms.positions + rng.normal(scale=0.05, size=(24, len(atoms), 3))
    labels = rng.normal(size=24), rng.normal(size=positions.shape)
    write_npz(
        Structures.of_molecule(atoms.numbers, positions, *labels, "shaken aspirin"), folder / "shaken.npz"
    )


NETWORK = ("--trust", "--backbone", "harmonics.py:two", "--frames", "training.npz", "--site", "0")
DIAGNOSE = (
    "experiments",
    "diagnose",
    *NETWORK,
    "--toward",
    "1",
    "--test-structures",
    "test.npz",
    "--l-max",
    "5",
)
EXTRACT = ("experiments", "extract", *NETWORK, "--jacobian", "-o", "features.npz")
SWEEP = ("experiments", "sweep", "grid.toml", "--trust", "-o", "study", "--executor")
INJECT = ("experiments", "inject", "--structures", "training.npz", "--site", "0", "--toward", "1", "--l", "3")
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

SWEEP_SERIAL = Command((*SWEEP, "serial"), _grid)
SWEEP_IN_TWO_PROCESSES = Command((*SWEEP, "processes:2"), _grid)
COMMANDS = {
    "diagnose": Command((*DIAGNOSE, "--json", "result.json"), _network, seldom=True),
    "extract": Command(EXTRACT, _network, seldom=True),
    "data generate": Command((*GENERATE, "--equilibration", "2", "--interval", "20", "--frames", "3")),
    "sweep": SWEEP_SERIAL,
    "inject": Command((*INJECT, "-o", "injected.extxyz"), _network, seldom=True),
    "data fetch": Command(("experiments", "data", "fetch", "rmd17", "--split", "1", "--from", str(RMD17))),
    "report": Command(("experiments", "report", "study", "result.json", "-o", "figure"), _results),
    "tables": Command(("experiments", "tables", "study", "-o", "tables"), _results),
    "check": Command(("span_theorem", "check", "--L", "1", "--d", "2", "--json", "check.json"), seldom=True),
    "tables of proofs": Command(("span_theorem", "tables", "--results", "results", "-o", "tables"), _proofs),
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
    seldom=True,
)
