"""The marked direction: the one direction of a frame whose harmonics are asked for.

Background: the theorem speaks of a single direction u; in a molecule it is the unit vector from a site atom to
another atom. This module provides u for every frame and refuses pairs for which it is not defined.
"""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.data.bonds import bond_matrix
from experiments.data.frames import Frames
from span_theorem.errors import InputError

# Å. Atoms never come this close; where they do, the direction is noise.
CLOSEST = 0.1


@dataclass(frozen=True)
class MarkedPair:
    """An ordered pair of atoms by index: the direction points from ``site`` towards ``toward``."""

    site: int
    toward: int

    def directions(self, frames: Frames) -> NDArray[np.float64]:
        """Unit vectors (r_toward - r_site) / |r_toward - r_site|, (n_frames, 3).

        Raises:
            InputError: an index out of range, both the same, or atoms closer than :data:`CLOSEST` in some frame.
        """
        bond = self._bonds(frames)
        return bond / np.linalg.norm(bond, axis=1)[:, None]

    def lengths(self, frames: Frames) -> NDArray[np.float64]:
        """Distances of the two atoms, (n_frames,), Å (see :meth:`directions` for errors)."""
        return np.linalg.norm(self._bonds(frames), axis=1)

    def _bonds(self, frames: Frames) -> NDArray[np.float64]:
        for role, atom in (("site", self.site), ("toward", self.toward)):
            if not 0 <= atom < frames.n_atoms:
                raise InputError(f"{role} {atom} is out of range: expected 0 to {frames.n_atoms - 1}", role)
        if self.site == self.toward:
            raise InputError(f"site and marked atom are both {self.site}: expected two different atoms")
        bond = frames.positions[:, self.toward] - frames.positions[:, self.site]
        length = np.linalg.norm(bond, axis=1)
        closest = int(np.argmin(length))
        if length[closest] < CLOSEST:
            raise InputError(
                f"frame {closest} of {frames.source}: atoms {self.site} and {self.toward} are {length[closest]:.3g} Å "
                f"apart, so their direction is undefined: expected at least {CLOSEST} Å"
            )
        return bond


def choose_pairs(
    frames: Frames, site: int | None, toward: int | None, pairs: str | None
) -> tuple[MarkedPair, ...]:
    """Marked pairs as a user names them: one by ``site`` and ``toward``, or ``pairs``.

    Args:
        frames: whose bonds `bonds` means: those of its first frame.
        site, toward: one pair.
        pairs: `bonds` for every bonded pair in both directions, or a list such as `12-11,10-12`.

    Raises:
        InputError: both ways or neither given, something that is no pair, or no bond.
    """
    if pairs is None:
        if site is None or toward is None:
            raise InputError(
                "no marked direction is given: expected a site and an atom it points to, or pairs", "pairs"
            )
        return (MarkedPair(site, toward),)
    if site is not None or toward is not None:
        raise InputError("pairs were given with a site or an atom it points to: expected one or the other")
    if pairs == "bonds":
        bonded = bond_matrix(frames.numbers, frames.positions[0])
        found = tuple(MarkedPair(int(a), int(b)) for a, b in np.argwhere(bonded))
        if not found:
            raise InputError(
                f"the first frame of {frames.source} has no bonded pair: expected a site and an atom it points to"
            )
        return found
    return tuple(_parse_pair(text) for text in pairs.split(","))


def _parse_pair(text: str) -> MarkedPair:
    atoms = re.fullmatch("([0-9]{1,9})-([0-9]{1,9})", text.strip())
    if atoms is None:
        raise InputError(f"pairs has '{text.strip()}': expected pairs such as 12-11,10-12, or bonds", "pairs")
    return MarkedPair(int(atoms[1]), int(atoms[2]))
