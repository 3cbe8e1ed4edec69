"""How small a fall of the error counts as none: a share of the labels' size or an absolute value."""

import re
from dataclasses import dataclass

from span_theorem.errors import InputError

EXPECTED = "a share between 0 and 1, such as 0.02, or a value such as 5meV/A or 1meV/atom"
_ABSOLUTE = re.compile(r"([0-9.eE+-]+)\s*(meV|eV)/(A|Å|atom)")
_FORCE, _ENERGY = "eV/Å", "eV/atom"


@dataclass(frozen=True)
class Tolerance:
    """A share of the labels' root mean square, or a value in eV/Å or eV/atom.

    Attributes:
        value: positive.
        unit: ``None`` for a share.
    """

    value: float
    unit: str | None = None

    @classmethod
    def parse(cls, text: str) -> "Tolerance":
        """From what a user writes.

        Raises:
            InputError: it is neither a share nor a value with a unit.

        >>> Tolerance.parse("5meV/A")
        Tolerance(value=0.005, unit='eV/Å')
        """
        absolute = _ABSOLUTE.fullmatch(text.strip())
        try:
            value = float(absolute[1] if absolute else text)
        except ValueError:
            value = float("nan")
        if not 0 < value < (1e6 if absolute else 1):
            raise InputError(f"the tolerance is {text!r}, expected {EXPECTED}", "tolerance")
        if absolute is None:
            return cls(value)
        return cls(
            value / 1000 if absolute[2] == "meV" else value, _ENERGY if absolute[3] == "atom" else _FORCE
        )

    def absolute(self, rms: float, forces: bool) -> float:
        """In eV/Å or eV/atom.

        Args:
            rms: of the labels that decide.
            forces: whether those are forces.

        Raises:
            InputError: it is of the other kind of label.
        """
        if self.unit is None:
            return self.value * rms
        wanted = _FORCE if forces else _ENERGY
        if self.unit != wanted:
            labels = "forces" if forces else "energies alone"
            raise InputError(
                f"the tolerance is in {self.unit} but {labels} decide, expected a share or a value in {wanted}",
                "tolerance",
            )
        return self.value


DEFAULT = Tolerance(0.02)
