"""Molecules cut by their box: a file that says they are free, and positions that were wrapped into a box."""

import numpy as np

from experiments.data.bonds import bond_limits
from experiments.data.raw import Raw
from experiments.data.reading import Say

LARGEST = 2000
"""Atoms of a structure that is looked at: all pairs are."""


class Cuts:
    """Looks at structures one after another, and keeps the first that is cut.

    Attributes:
        count: of structures that are cut.
        first: what is the matter with the first of them.
    """

    def __init__(self) -> None:
        self.count = 0
        self.first = ""

    def look(self, raw: Raw, index: int, length: float) -> None:
        """Look at structure ``index``, whose unit of length is ``length`` Å."""
        if raw.pbc.any() or not raw.cell.any() or not 1 < len(raw.numbers) <= LARGEST:
            return
        bond = cut_bond(raw, length)
        if bond is None:
            return
        self.count += 1
        if self.count == 1:
            from ase.data import chemical_symbols

            a, b, apart, across = bond
            names = " and ".join(f"{atom} ({chemical_symbols[raw.numbers[atom]]})" for atom in (a, b))
            self.first = f"atoms {names} of structure {index} are {apart:.2f} Å apart and {across:.2f} Å across the box"

    def say(self, source: str, say: Say) -> None:
        """Name the first bond that goes through the wall of its box, if there is one."""
        if self.count:
            say(
                f"{source}: {self.count} structures are said to be free but are cut by their box: "
                f"{self.first}; expected "
                "whole molecules (shift atoms to their bonded neighbours' side by ase.geometry.find_mic), or "
                'pbc="T T T" if the box is a cell'
            )


def cut_bond(raw: Raw, length: float = 1.0) -> tuple[int, int, float, float] | None:
    """The first pair of atoms bonded through the wall of the box alone.

    Args:
        raw: a structure.
        length: its unit of length, Å.

    Returns:
        Atoms, and their distances inside and across the box, Å; ``None`` if no bond is cut.
    """
    cell, positions = raw.cell * length, raw.positions * length
    if abs(np.linalg.det(cell)) < 1e-6:
        return None
    apart = positions[None] - positions[:, None]
    distance = np.linalg.norm(apart, axis=-1)
    limits = bond_limits(raw.numbers)
    across = apart - np.round(apart @ np.linalg.inv(cell)) @ cell
    through = np.linalg.norm(across, axis=-1)
    found = np.argwhere(np.triu((through < limits) & (distance > limits) & (distance > through + 0.5), 1))
    if not len(found):
        return None
    a, b = (int(atom) for atom in found[0])
    return a, b, float(distance[a, b]), float(through[a, b])
