"""Background: a table typed by hand drifts from what was measured. Question: how do the project's backbones
compare? Provides: rows made from the model cards alone, for the terminal and for the documentation.
"""

from dataclasses import dataclass
from pathlib import Path

from experiments.backbones import shipped

HEADINGS = (
    "backbone",
    "L",
    "parameters",
    "trained on",
    "epochs",
    "minutes",
    "E MAE (meV)",
    "E MAE (meV/atom)",
    "F MAE (meV/Å)",
    "F RMSE (meV/Å)",
)


@dataclass(frozen=True)
class Row:
    """One backbone's figures as text, in the order of ``HEADINGS``."""

    cells: tuple[str, ...]


def rows(folder: Path = shipped.FOLDER) -> list[Row]:
    """A row for every model card in ``folder``.

    Raises:
        InputError: a card cannot be read or lacks something.
    """
    return [Row(_cells(shipped.read_card(name, folder))) for name in shipped.names(folder)]


def markdown(folder: Path = shipped.FOLDER) -> str:
    """The table as Markdown."""
    lines = [HEADINGS, ("---", "---:", "---:", "---", *["---:"] * (len(HEADINGS) - 4))]
    lines += [row.cells for row in rows(folder)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _cells(card: shipped.ModelCard) -> tuple[str, ...]:
    training, test = card.training, card.test
    seconds = training.wall_seconds
    return (
        f"`{card.name}`",
        str(card.l_max),
        f"{card.n_parameters:,}",
        card.data.training.source if training.epochs else "nothing",
        str(training.epochs),
        "" if seconds is None else f"{seconds / 60:.0f}",
        f"{1e3 * test.energy_mae:.1f}",
        f"{1e3 * test.energy_mae_per_atom:.2f}",
        f"{test.force_mae:.1f}",
        f"{test.force_rmse:.1f}",
    )
