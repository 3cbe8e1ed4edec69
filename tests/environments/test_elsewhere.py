"""A network runs in an environment of its own, and the diagnostic here, on the feature file that came from there.

    SPAN_THEOREM_MACE_PYTHON=mace-env/bin/python SPAN_THEOREM_PAINN_PYTHON=painn-env/bin/python \\
        python -m pytest -m environments

docs/backbones.md says how to make those environments.
"""

import json
import os
import subprocess
from dataclasses import dataclass
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

REPOSITORY = Path(__file__).parents[2]
SITE, TOWARD = 12, 11
STEP = 1e-3

pytestmark = pytest.mark.environments


@dataclass(frozen=True)
class Elsewhere:
    """A family of networks with its environment.

    Attributes:
        family: its name.
        irreps: of the layer that is read of ``random_FAMILY.py``.
    """

    family: str
    irreps: str

    @property
    def python(self):
        return os.environ.get(f"SPAN_THEOREM_{self.family.upper()}_PYTHON")

    def run(self, *arguments):
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        done = subprocess.run(
            [self.python, *arguments], env=environment, capture_output=True, text=True, cwd=REPOSITORY
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(
    scope="module",
    params=[Elsewhere("mace", "16x0e+16x1o+16x2e"), Elsewhere("painn", "16x0e+16x1o")],
    ids=lambda one: one.family,
)
def network(request):
    if not request.param.python:
        pytest.skip(f"SPAN_THEOREM_{request.param.family.upper()}_PYTHON names no Python with its package")
    return request.param


@pytest.fixture(scope="module")
def folder(network, tmp_path_factory):
    folder = tmp_path_factory.mktemp(network.family)
    start = read_structures(REPOSITORY / "experiments/data/aspirin.xyz")
    noise = np.random.default_rng(0).normal(scale=0.1, size=(30, *start.positions.shape))
    shaken = start.positions + noise
    write_npz(Structures.of_molecule(start.numbers, shaken), folder / "frames.npz")
    displaced = np.repeat(shaken[:1], 2, axis=0)
    displaced[0, TOWARD, 1] -= STEP
    displaced[1, TOWARD, 1] += STEP
    write_npz(Structures.of_molecule(start.numbers, displaced), folder / "displaced.npz")
    network.run(f"tests/environments/random_{network.family}.py", str(folder / "random.model"))
    shown = network.run(
        *("-m", "experiments", "extract", "--backbone", f"{network.family}:{folder}/random.model", "--trust"),
        *("--structures", f"{folder}/frames.npz", "--structures", f"{folder}/displaced.npz"),
        *("--site", str(SITE), "--jacobian", "-o", f"{folder}/features.npz"),
    )
    assert "labels O3" in shown
    return folder


def test_the_verification_came_along(network, folder):
    backbone = open_backbone(f"features:{folder}/features.npz")
    frames = read_structures(str(folder / "frames.npz"))
    found = verify(backbone, frames)
    assert backbone.name == f"{network.family}:random.model"
    assert str(backbone.irreps) == network.irreps
    assert found.parity == "o3"
    assert max(found.rotation, found.inversion, found.translation, found.batch) < 1e-10
    assert isinstance(backbone, Potential)


def test_the_jacobian_is_the_features_derivative(folder):
    backbone = open_backbone(f"features:{folder}/features.npz")
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


def test_the_diagnostic_runs_on_them(network, folder):
    spec = f"features:{folder}/features.npz"
    options = ["diagnose", "--backbone", spec, "--structures", f"{folder}/frames.npz"]
    marked = ["--toward", str(TOWARD), "--d", "1", "--l-max", "3"]
    sizes = ["--n-train", "20", "--n-test", "10", "--json", f"{folder}/result.json"]
    # 30 frames of a random network need not reach a verdict
    assert main([*options, "--site", str(SITE), *marked, *sizes]) in (0, 1)
    result = json.loads((folder / "result.json").read_text())
    assert result["backbone"] == f"{network.family}:random.model"
    assert result["L"] == open_backbone(spec).irreps.lmax
    assert main([*options, "--site", "3", *marked]) == 2
