from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from experiments.backbones.batch import Batch  # noqa: E402
from experiments.backbones.shipped import Errors  # noqa: E402
from experiments.training.evaluate import disagreement, errors  # noqa: E402
from span_theorem.errors import InputError  # noqa: E402
from tests.rmd17 import RMD17  # noqa: E402


class Flat:
    """Predicts zero everywhere."""

    name = "flat"

    def energy_forces(self, batch):
        return torch.zeros(len(batch)), torch.zeros(batch.positions.shape)


def test_errors_are_the_mean_and_root_mean_square_of_the_differences(labelled):
    seen = []
    found = errors(Flat(), labelled, at_once=7, progress=seen.append)
    assert found.n_frames == 24
    assert found.energy_mae == pytest.approx(np.abs(labelled.energies).mean())
    assert found.energy_mae_per_atom == pytest.approx(np.abs(labelled.energies).mean() / 21)
    assert found.force_mae == pytest.approx(1e3 * np.abs(labelled.forces).mean())
    assert found.force_rmse == pytest.approx(1e3 * np.sqrt((labelled.forces**2).mean()))
    assert seen == [7, 14, 21, 24]


def test_frames_without_forces_are_refused(labelled):
    bare = replace(labelled, forces=None, source="bare")
    with pytest.raises(InputError, match="bare has no energies and forces"):
        errors(Flat(), bare)


def test_disagreement_names_the_figure():
    found = Errors(10, 0.01, 0.001, 20.0, 30.0)
    assert disagreement(found, found) is None
    assert disagreement(found, replace(found, force_mae=20.0001)) is None
    assert disagreement(found, replace(found, force_mae=20.1)).startswith("force_mae is 20")


@pytest.mark.rmd17
def test_a_shipped_backbone_predicts_real_frames():
    pytest.importorskip("nequip")
    from experiments.backbones.registry import open_backbone
    from experiments.data import read_structures

    frames = read_structures(RMD17 / "rmd17_aspirin_test_01.npz").subset(range(20))
    backbone = open_backbone("nequip:aspirin-rmd17-0")
    found = errors(backbone, frames, at_once=6)
    forces = backbone.energy_forces(Batch.of(frames))[1]
    direct = 1e3 * np.abs(forces.numpy() - frames.forces).mean()
    assert found.force_mae == pytest.approx(direct, rel=1e-5)
    assert found.force_mae < 35
