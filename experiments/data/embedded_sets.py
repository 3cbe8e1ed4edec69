"""The small aspirin set that comes with the package, so that the main job runs with nothing downloaded."""

from pathlib import Path

from experiments.data.npz import read_npz
from experiments.data.reading import Reading, Say, silent
from experiments.structures import Structures
from span_theorem.errors import InputError

FOLDER = Path(__file__).with_name("embedded")
SETS = {"train": "aspirin_gfn2_train.npz", "test": "aspirin_gfn2_test.npz"}
CARD = "card.json"


def read_embedded(name: str, reading: Reading = Reading(), say: Say = silent) -> Structures:
    """``train`` or ``test``: aspirin at 500 K under GFN2-xTB (see docs/data.md).

    Raises:
        InputError: another name.
    """
    if name not in SETS:
        raise InputError(f"there is no embedded set {name!r}, expected embedded:train or embedded:test")
    return read_npz(FOLDER / SETS[name], reading, say, source=f"embedded:{name}")
