"""What an atom of a file is: symbols, atomic numbers, and symbols with a label behind, as in H1 or C_3."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.data.reading import Say
from span_theorem.errors import InputError

Refuse = Callable[[str], InputError]
"""Makes an error from how a message about a structure goes on."""


class Species:
    """Atomic numbers by what a file calls its atoms.

    Attributes:
        labelled: names that were read as an element with a label behind.
    """

    def __init__(self) -> None:
        self.labelled: dict[str, str] = {}
        self._known: dict[str, int] = {}

    def numbers(self, names: Sequence[Any] | NDArray[Any], refuse: Refuse) -> NDArray[np.int64]:
        """(n_atoms,) atomic numbers.

        Raises:
            InputError: a name that is none.
        """
        if isinstance(names, np.ndarray) and names.dtype.kind == "f":
            wrong = np.flatnonzero((names != np.round(names)) | (names < 1) | (names > 118))
            if names.ndim != 1 or len(wrong):
                atom = int(wrong[0]) if names.ndim == 1 else 0
                raise refuse(f"has atomic number {names[atom]} at atom {atom}, expected 1 to 118")
            return names.astype(np.int64)
        known = self._known
        try:
            return np.array([known[name] for name in names], dtype=np.int64)
        except KeyError:
            for atom, name in enumerate(names):
                if name not in known:
                    known[name] = self._number(name, atom, refuse)
            return self.numbers(names, refuse)

    def say(self, source: str, say: Say) -> None:
        """One line on labelled names, if there were any."""
        if self.labelled:
            some = ", ".join(f"{name} as {symbol}" for name, symbol in list(self.labelled.items())[:4])
            more = ", …" if len(self.labelled) > 4 else ""
            say(f"{source}: labels of atoms are read as their elements: {some}{more}")

    def _number(self, name: str, atom: int, refuse: Refuse) -> int:
        from ase.data import atomic_numbers

        symbol = name.capitalize()
        if symbol in atomic_numbers and symbol != "X":
            return int(atomic_numbers[symbol])
        if re.fullmatch("[0-9]{1,3}", name) and 1 <= int(name) <= 118:
            return int(name)
        match = re.fullmatch("([A-Z][a-zA-Z]?)[^a-zA-Z].*", name)
        symbol = match[1].capitalize() if match else ""
        # CA1 may be calcium or an alpha carbon
        ambiguous = (
            match is not None and match[1].isupper() and len(match[1]) == 2 and match[1][0] in atomic_numbers
        )
        if symbol not in atomic_numbers or symbol == "X" or ambiguous:
            raise refuse(
                f"has species {name!r} at atom {atom}, expected a symbol such as Cl, an atomic number, or a "
                "symbol with a "
                "label such as Cl1"
            )
        self.labelled[name] = symbol
        return int(atomic_numbers[symbol])
