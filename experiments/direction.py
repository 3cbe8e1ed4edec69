"""The marked direction: the one direction of a frame whose harmonics are asked for.

Background: the theorem speaks of a single direction u; in a molecule it is the unit vector from a site atom to
another atom. This module provides u for every frame and refuses pairs for which it is not defined.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
        for role, atom in (("site", self.site), ("toward", self.toward)):
            if not 0 <= atom < frames.n_atoms:
                raise InputError(f"--{role} {atom} is out of range: expected 0 to {frames.n_atoms - 1}")
        if self.site == self.toward:
            raise InputError(f"--site and --toward are both {self.site}: expected two different atoms")
        bond = frames.positions[:, self.toward] - frames.positions[:, self.site]
        length = np.linalg.norm(bond, axis=1)
        closest = int(np.argmin(length))
        if length[closest] < CLOSEST:
            raise InputError(
                f"frame {closest} of {frames.source}: atoms {self.site} and {self.toward} are {length[closest]:.3g} Å "
                f"apart, so their direction is undefined: expected at least {CLOSEST} Å"
            )
        return bond / length[:, None]
