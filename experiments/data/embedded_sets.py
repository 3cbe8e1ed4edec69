"""Background: the project carries a small aspirin set that it generated itself, so that its main job runs
with nothing downloaded. Question: which embedded frames are these? Provides: reading the two embedded files.
"""

from pathlib import Path

from experiments.data.frames import Frames
from experiments.data.npz import read_npz
from span_theorem.errors import InputError

FOLDER = Path(__file__).with_name("embedded")
SETS = {"train": "aspirin_gfn2_train.npz", "test": "aspirin_gfn2_test.npz"}
CARD = "card.json"


def read_embedded(name: str) -> Frames:
    """``train`` or ``test``: aspirin at 500 K under GFN2-xTB (see docs/data.md).

    Raises:
        InputError: another name.
    """
    if name not in SETS:
        raise InputError(f"there is no embedded set {name!r}, expected embedded:train or embedded:test")
    return read_npz(FOLDER / SETS[name], source=f"embedded:{name}")
