"""What the cutoff sees of the structures, before anything is fitted."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.choose.neighbours import neighbour_pairs
from experiments.structures import Structures
from span_theorem.errors import InputError

AT_ONCE = 5000  # atoms
TOGETHER = 1e-3  # Å


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Numbers of neighbours.

    Attributes:
        pairs: (n,) ordered pairs within the cutoff in every structure.
        isolated: number of atoms without any.
    """

    pairs: NDArray[np.int64]
    isolated: int


def survey(structures: Structures, cutoff: float) -> Surroundings:
    """Count neighbours.

    Raises:
        InputError: nowhere an atom has one, or two atoms are at one place.
    """
    if not 0 < cutoff < np.inf:
        raise InputError(f"the cutoff is {cutoff:g} Å, expected a positive number", "cutoff")
    counts = np.zeros(len(structures.numbers), dtype=np.int64)
    for start, part in _parts(structures):
        pairs = neighbour_pairs(part, cutoff)
        lengths = np.linalg.norm(pairs.vectors, axis=1)
        if len(lengths) and lengths.min() < TOGETHER:
            one = int(lengths.argmin())
            structure, first = _place(structures, start + pairs.centre[one])
            _, second = _place(structures, start + pairs.neighbour[one])
            raise InputError(
                f"{structures.source}: atoms {first} and {second} of structure {structure} are at the same place, "
                "expected atoms apart"
            )
        counts[start : start + len(part.numbers)] = np.bincount(pairs.centre, minlength=len(part.numbers))
    if not counts.any():
        raise InputError(
            f"{structures.source}: no atom has a neighbour within {cutoff:g} Å, expected a cutoff longer than the "
            "shortest distance",
            "cutoff",
        )
    return Surroundings(np.add.reduceat(counts, structures.first[:-1]), int(np.sum(counts == 0)))


def _parts(structures: Structures) -> Iterator[tuple[int, Structures]]:
    number = structures.first[:-1] // AT_ONCE
    for value in np.unique(number):
        members = np.flatnonzero(number == value)
        yield int(structures.first[members[0]]), structures.subset(members)


def _place(structures: Structures, atom: int) -> tuple[int, int]:
    structure = int(structures.structure_of[atom])
    return structure, int(atom - structures.first[structure])
