"""Compositions as formulas: which structures of a file are taken."""

import numpy as np
from numpy.typing import NDArray

from span_theorem.errors import InputError


class Compositions:
    """Takes structures of one composition, or all.

    Args:
        wanted: a formula such as C2H6O, or None for every composition.

    Raises:
        InputError: it is no formula.
    """

    def __init__(self, wanted: str | None):
        self.wanted = None if wanted is None else _hill(wanted)
        self.met: dict[str, int] = {}
        self._formulas: dict[bytes, str] = {}

    def takes(self, numbers: NDArray[np.int64]) -> bool:
        """Whether a structure of these atoms is taken; it is counted either way."""
        if self.wanted is None:
            return True
        kind = numbers.tobytes()
        if kind not in self._formulas:
            self._formulas[kind] = formula(numbers)
        name = self._formulas[kind]
        self.met[name] = self.met.get(name, 0) + 1
        return name == self.wanted

    def none(self, source: str) -> InputError:
        """The error of a file from which nothing was taken."""
        if not self.met:
            return InputError(f"{source}: there are no structures, expected at least one")
        some = ", ".join(f"{name} ({count})" for name, count in list(self.met.items())[:8])
        return InputError(
            f"{source}: there are no structures of composition {self.wanted}, expected one of {some}",
            "composition",
        )


def formula(numbers: NDArray[np.integer]) -> str:
    """Formula in Hill's order, such as C2H6O."""
    from ase.symbols import Symbols

    return _hill(str(Symbols(numbers)))


def _hill(text: str) -> str:
    from ase.formula import Formula

    try:
        return str(Formula(text).format("hill"))
    except ValueError:
        raise InputError(
            f"composition {text!r} is no formula, expected one such as C2H6O", "composition"
        ) from None
