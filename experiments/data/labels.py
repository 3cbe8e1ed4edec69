"""Which values of a file are its energies and forces, and which others look like them and are not used."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.data.extxyz import fortran
from experiments.data.reading import Reading, Say
from span_theorem.errors import InputError

STANDARD = {"energy": "energy", "forces": "forces"}
SETTINGS = {"energy": "energy-key", "forces": "forces-key"}
ENERGY = re.compile(r"energ|^e_?(tot|pot|dft|ref|qm|scf)?$|^U0?$|etot|epot", re.I)
FORCES = re.compile(r"forc|grad|^(dft_|ref_)?f$|^f_|^columns:", re.I)
NOT_LABELS = re.compile(
    r"unit|kinetic|ekin|weight|config|fermi|gap|std|sigma|max|min|_per_|^energies$|^e0$", re.I
)


def energy_like(keys: Iterable[str]) -> list[str]:
    """Those keys that usually name energies."""
    return [key for key in keys if ENERGY.search(key) and not NOT_LABELS.search(key)]


def forces_like(keys: Iterable[str]) -> list[str]:
    """Those keys that usually name forces, or gradients."""
    return [key for key in keys if FORCES.search(key) and not NOT_LABELS.search(key)]


def number(value: Any) -> float | None:
    """A number, as text or in an array of one, with Fortran's exponents too; ``None`` if it is none."""
    if isinstance(value, str):
        try:
            return float(fortran(value))
        except ValueError:
            return None
    array = np.asarray(value)
    return float(array.reshape(-1)[0]) if array.size == 1 and array.dtype.kind in "fiu" else None


class Labels:
    """Chooses the labels of structures one after another, and remembers what it saw.

    Args:
        reading: names the keys, or leaves them to the standard ones.
        source: for messages.
        standard: keys of energy and forces where none are given.
    """

    def __init__(self, reading: Reading, source: str, standard: Mapping[str, str] = STANDARD):
        self.reading, self.source = reading, source
        self.keys = {
            "energy": reading.energy_key or standard["energy"],
            "forces": reading.forces_key or standard["forces"],
        }
        if not reading.labels:
            self.keys = {"energy": "", "forces": ""}
        self.asked = {"energy": reading.energy_key is not None, "forces": reading.forces_key is not None}
        self.seen: dict[str, dict[str, None]] = {"energy": {}, "forces": {}}
        self._looked_at: set[tuple[str, ...]] = set()

    def energy(self, values: Mapping[str, Any], index: int) -> float | None:
        """The energy of structure ``index``, ``None`` if it has none.

        Raises:
            InputError: it is no number.
        """
        key = self.keys["energy"]
        value = values.get(key)
        self._look(values, "energy", energy_like, lambda value: number(value) is not None)
        if value is None:
            return None
        found = number(value)
        if found is None:
            raise InputError(
                f"{self.source}: {key} of structure {index} is {_short(value)}, expected a number"
            )
        return found

    def forces(
        self, arrays: Mapping[str, NDArray[Any]], index: int, n_atoms: int
    ) -> NDArray[np.float64] | None:
        """The forces (n_atoms, 3) of structure ``index``, ``None`` if it has none.

        Raises:
            InputError: they are something else.
        """
        key = self.keys["forces"]
        value = arrays.get(key)
        self._look(arrays, "forces", forces_like, lambda value: np.shape(value)[1:] == (3,))
        if value is None:
            return None
        if np.shape(value) != (n_atoms, 3) or np.asarray(value).dtype.kind not in "fiu":
            raise InputError(
                f"{self.source}: {key} of structure {index} have shape {np.shape(value)}, expected numbers "
                f"({n_atoms}, 3)"
            )
        found = np.asarray(value, dtype=np.float64)
        return -found if is_gradient(key) else found

    def see(self, keys: Iterable[str]) -> None:
        """Remember those keys of a file that usually name labels."""
        keys = list(keys)
        self.seen["energy"].update(dict.fromkeys(energy_like(keys)))
        self.seen["forces"].update(dict.fromkeys(forces_like(keys)))

    def say(self, energies: NDArray | None, forces: NDArray | None, say: Say) -> None:
        """Tell of labels that were seen and not used where the used ones are missing or all zero.

        Raises:
            InputError: a key that was given is in no structure; or something is to be told and forces are asked for.
        """
        if not self.reading.labels:
            return
        unused: dict[str, list[str]] = {}
        zero = []
        for name, values in (("energy", energies), ("forces", forces)):
            others = [key for key in self.seen[name] if key != self.keys[name]]
            if values is None and self.asked[name]:
                raise InputError(
                    f"{self.source}: no structure has {self.keys[name]!r}, expected {name} under this key"
                    + (f" (seen: {', '.join(others)})" if others else ""),
                    SETTINGS[name],
                )
            if values is None or not values.any():
                unused |= {name: others} if others else {}
                zero += [] if values is None else [f"{self.keys[name]} (zero in every structure)"]
        every = ", ".join(key for keys in unused.values() for key in keys)
        if unused:
            used = f" but {' and '.join(zero)} instead" if zero else ""
            line = f"{self.source}: labels were seen and are not used{used}: {every}"
            settings = [SETTINGS[name] for name in unused]
            if self.reading.forces:
                raise InputError(
                    f"{line}; expected keys to be given where forces are asked for", settings[-1]
                )
            say(line, *settings)

    def _look(self, values: Mapping[str, Any], name: str, like: Any, usable: Any) -> None:
        keys = (name, *values)
        if keys not in self._looked_at:
            self._looked_at.add(keys)
            self.seen[name].update({key: None for key in like(values) if usable(values[key])})


def is_gradient(key: str) -> bool:
    """Whether forces are the negative of what the key names."""
    return "grad" in key.lower()


def require_all(present: Sequence[bool], name: str, source: str, indices: Sequence[int]) -> bool:
    """Whether all have a label; no is an answer only where none has it.

    Args:
        present: by structure.
        name: of the label.
        source: for messages.
        indices: of the structures in their file.

    Raises:
        InputError: some have it, and some have not.
    """
    if all(present):
        return True
    if any(present):
        raise InputError(
            f"{source}: structure {indices[list(present).index(False)]} has no {name} though others have, "
            f"expected {name} "
            "of every structure or of none"
        )
    return False


def _short(value: Any) -> str:
    text = repr(str(value) if not isinstance(value, str) else value)
    return text if len(text) <= 60 else text[:57] + "..."
