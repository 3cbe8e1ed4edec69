"""A MACE runs in an environment of its own, and the diagnostic here, on the feature file that came from there.

    SPAN_THEOREM_MACE_PYTHON=mace-env/bin/python python -m pytest -m environments

docs/backbones.md says how to make that environment.
"""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from experiments.backbones import Potential, open_backbone
from experiments.backbones.batch import Batch
from experiments.backbones.site import site_jacobian
from experiments.backbones.verification import verify
from experiments.cli import main
from experiments.data import read_structures, write_npz
from experiments.structures import Structures

PYTHON = os.environ.get("SPAN_THEOREM_MACE_PYTHON")
REPOSITORY = Path(__file__).parents[2]
SITE, TOWARD = 12, 11
STEP = 1e-3

pytestmark = [
    pytest.mark.environments,
    pytest.mark.skipif(not PYTHON, reason="SPAN_THEOREM_MACE_PYTHON names no Python with mace-torch"),
]


def run_there(*arguments):
    assert PYTHON
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [PYTHON, *arguments], env=environment, capture_output=True, text=True, cwd=REPOSITORY
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mace")
    start = read_structures(REPOSITORY / "experiments/data/aspirin.xyz")
    noise = np.random.default_rng(0).normal(scale=0.1, size=(30, *start.positions.shape))
    shaken = start.positions + noise
    write_npz(Structures.of_molecule(start.numbers, shaken), folder / "frames.npz")
    displaced = np.repeat(shaken[:1], 2, axis=0)
    displaced[0, TOWARD, 1] -= STEP
    displaced[1, TOWARD, 1] += STEP
    write_npz(Structures.of_molecule(start.numbers, displaced), folder / "displaced.npz")
    run_there(str(REPOSITORY / "tests/environments/random_mace.py"), str(folder / "random.model"))
    shown = run_there(
        *("-m", "experiments", "extract", "--backbone", f"mace:{folder}/random.model", "--trust"),
        *("--structures", f"{folder}/frames.npz", "--structures", f"{folder}/displaced.npz"),
        *("--site", str(SITE), "--jacobian", "-o", f"{folder}/mace.npz"),
    )
    assert "labels O3" in shown
    return folder


def test_the_verification_came_along(folder):
    backbone = open_backbone(f"features:{folder}/mace.npz")
    frames = read_structures(str(folder / "frames.npz"))
    found = verify(backbone, frames)
    assert backbone.name == "mace:random.model"
    assert str(backbone.irreps) == "16x0e+16x1o+16x2e"
    assert found.parity == "o3"
    assert max(found.rotation, found.inversion, found.translation, found.batch) < 1e-10
    assert isinstance(backbone, Potential)


def test_the_jacobian_is_the_features_derivative(folder):
    backbone = open_backbone(f"features:{folder}/mace.npz")
    frames, displaced = (
        read_structures(str(folder / "frames.npz")),
        read_structures(str(folder / "displaced.npz")),
    )
    _, jacobian = site_jacobian(backbone, Batch.of(frames.subset([0])), torch.tensor([SITE]))
    size = int(displaced.sizes[0])
    behind, ahead = backbone.features(Batch.of(displaced))[[SITE, size + SITE]]
    scale = float(jacobian.abs().max())
    assert scale > 1e-4
    torch.testing.assert_close(
        jacobian[TOWARD, :, 1], (ahead - behind) / (2 * STEP), rtol=0, atol=1e-4 * scale
    )


def test_the_diagnostic_runs_on_them(folder):
    options = [
        "diagnose",
        "--backbone",
        f"features:{folder}/mace.npz",
        "--structures",
        f"{folder}/frames.npz",
    ]
    marked = ["--site", str(SITE), "--toward", str(TOWARD), "--d", "1", "--l-max", "3"]
    sizes = ["--n-train", "20", "--n-test", "10", "--json", f"{folder}/result.json"]
    assert main([*options, *marked, *sizes]) in (
        0,
        1,
    )  # 30 frames of a random network need not reach a verdict
    result = json.loads((folder / "result.json").read_text())
    assert result["backbone"] == "mace:random.model"
    assert result["L"] == 2
    assert (
        main(
            [
                "diagnose",
                "--backbone",
                f"features:{folder}/mace.npz",
                *options[3:],
                "--site",
                "3",
                *marked[2:],
            ]
        )
        == 2
    )
