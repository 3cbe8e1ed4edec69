"""Structures made up for tests, a cache of the test's own, and the real rMD17 files where they are."""

from pathlib import Path

import numpy as np
import pytest

from experiments.structures import Structures
from tests.rmd17 import RMD17


def made_up(n_frames: int = 5, seed: int = 0, labels: bool = True) -> Structures:
    """Water-like structures with random numbers for labels."""
    rng = np.random.default_rng(seed)
    return Structures.of_molecule(
        np.array([8, 1, 1]),
        rng.normal(size=(n_frames, 3, 3)),
        rng.normal(size=n_frames) if labels else None,
        rng.normal(size=(n_frames, 3, 3)) if labels else None,
        "made up",
    )


def stacked(structures: Structures) -> tuple[np.ndarray, ...]:
    """Numbers (n_atoms,), positions (n, n_atoms, 3), energies and forces of one molecule, as files have them."""
    return (*structures.stacked(), structures.energies, structures.padded(structures.forces))


@pytest.fixture
def frames() -> Structures:
    return made_up()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of rMD17 files in a cache that only this test uses (not made yet)."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("SPAN_THEOREM_CACHE", str(folder))
    monkeypatch.delenv("SPAN_THEOREM_RMD17_URL", raising=False)
    return folder / "rmd17"


@pytest.fixture
def real_rmd17() -> Path:
    """The folder with the published files, for tests marked ``rmd17``."""
    return RMD17
