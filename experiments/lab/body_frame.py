"""The recovery of a marked direction that needs no network: a constant in the best rigid frame of the other atoms."""

from collections.abc import Sequence

import numpy as np

from experiments.body_frame import predicted
from experiments.injection import harmonics
from experiments.lab.cell import Cell
from experiments.lab.measurement import Measurement
from experiments.lab.sources import Sources
from span_theorem.errors import InputError

NOBODY = "none"


def measure(cells: Sequence[Cell], sources: Sources) -> list[Measurement]:
    """Sums as a recovery has them (:mod:`experiments.recovery`), with nothing left of the labels but the field.

    The cell names no backbone, :data:`NOBODY`.

    Raises:
        InputError: no two near atoms span a frame with the site.
    """
    (cell,) = cells
    training, test = sources.structures(cell)
    pair = cell.pair
    known = training.stacked()[1], pair(training).directions
    (_, unseen), units = test.stacked(), pair(test).directions
    columns = []
    for l in range(1, cell.l_max + 1):
        field = harmonics(units, l)
        frame = predicted(l, known, unseen, pair.site, pair.toward)
        if frame is None:
            raise InputError(
                f"no rigid frame stands at atom {pair.site}: expected two near atoms beside the marked ones"
            )
        power, missed = (np.mean(values**2, axis=1) for values in (field, field - frame))
        columns.append(np.stack([power, missed, power - missed, np.zeros_like(power)], axis=1))
    return [
        Measurement(
            tuple(range(1, cell.l_max + 1)),
            {"energy": np.stack(columns, axis=1)},
            test.checksum,
            {"name": "body frame", "L": None, "test": test.to_dict()},
            test.places,
        )
    ]
