"""How files are to be read, and what is said about them on the way."""

import warnings
from dataclasses import dataclass
from typing import Protocol


class Say(Protocol):
    """Told one line that a user should see."""

    def __call__(self, line: str, *settings: str) -> None:
        """Say ``line``; ``settings`` are those that would change what it tells of."""


@dataclass(frozen=True)
class Reading:
    """What a user says about files of structures.

    Attributes:
        units: of a file that does not state them: of energy, then of length and force, as in `hartree,bohr`.
        energy_key, forces_key: names of the labels to use; the standard ones of a format unless given.
        cluster: name of the value that tells trajectories or groups apart.
        composition: formula of the structures to take, such as C2H6O; all unless given.
        forces: whether forces are asked for, so that labels that are not used are an error.
        labels: whether energies and forces are read at all.
    """

    units: str | None = None
    energy_key: str | None = None
    forces_key: str | None = None
    cluster: str | None = None
    composition: str | None = None
    forces: bool = False
    labels: bool = True


def silent(line: str, *settings: str) -> None:
    """Says nothing."""


def warned(line: str, *settings: str) -> None:
    """Says it as a Python warning, for scripts and notebooks."""
    named = ", ".join("Reading." + one.replace("-", "_") for one in settings)
    warnings.warn(f"{line} ({named})" if named else line, stacklevel=2)
