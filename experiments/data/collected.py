"""From structures as a file has them, one after another, to `Structures` in eV and Å."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.data.composition import Compositions
from experiments.data.cut import Cuts
from experiments.data.labels import Labels, require_all
from experiments.data.raw import Raw
from experiments.data.reading import Reading, Say
from experiments.data.units import Factors, Stated, given_units, stated_units
from experiments.structures import Structures
from span_theorem.budget import available_memory
from span_theorem.errors import InputError

PART = 1000
"""Structures whose arrays are joined at a time: many small arrays take more memory than one."""
PER_ATOM = 2 * 7 * 8
"""Bytes: number, position and force, and their copy in the end."""


def collect(
    raws: Iterable[Raw],
    reading: Reading,
    source: str,
    say: Say,
    units: Stated = Stated(),
    labels: Labels | None = None,
) -> Structures:
    """Choose labels, convert units and join.

    Args:
        raws: structures of one file, read as they come.
        reading: see :class:`Reading`.
        source: for messages.
        say: told of labels that are not used and of molecules cut by their box.
        units: that the format states; eV and Å where nothing is said.
        labels: where a format has standard keys of its own.

    Raises:
        InputError: labels that are no numbers or that only some structures have, contradicting units, a key that no
            structure has, no structure (of the composition) at all, and all that :class:`Structures` refuses.
    """
    collector = _Collector(reading, source, units, labels or Labels(reading, source))
    for index, raw in enumerate(raws):
        collector.add(index, raw)
    return collector.structures(say)


class _Collector:
    def __init__(self, reading: Reading, source: str, units: Stated, labels: Labels):
        self.reading, self.source, self.units = reading, source, units
        self.labels, self.cuts = labels, Cuts()
        self.compositions = Compositions(reading.composition)
        self.stated: dict[str, Any] | None = None
        self.factors = Factors()
        self.of_atoms = {name: _Joined() for name in ("numbers", "positions", "forces")}
        self.of_structures: dict[str, list[Any]] = {
            name: [] for name in ("index", "size", "cell", "pbc", "energy", "has_forces", "cluster")
        }

    def add(self, index: int, raw: Raw) -> None:
        self._units(index, raw)
        if not self.compositions.takes(raw.numbers):
            return
        n_atoms = len(raw.numbers)
        forces = self.labels.forces(raw.arrays, index, n_atoms)
        self.of_atoms["numbers"].add(raw.numbers)
        self.of_atoms["positions"].add(raw.positions)
        self.of_atoms["forces"].add(np.zeros((0, 3)) if forces is None else forces)
        for name, value in (
            ("index", index),
            ("size", n_atoms),
            ("cell", raw.cell),
            ("pbc", raw.pbc),
            ("energy", self.labels.energy(raw.values, index)),
            ("has_forces", forces is not None),
            ("cluster", self._cluster(raw, index)),
        ):
            self.of_structures[name].append(value)
        self.cuts.look(raw, index, self.factors.length)
        if len(self.of_structures["index"]) % PART == 0:
            self._require_memory()

    def structures(self, say: Say) -> Structures:
        of = self.of_structures
        if not of["index"]:
            raise self.compositions.none(self.source)
        have_energy = require_all(
            [one is not None for one in of["energy"]], "energy", self.source, of["index"]
        )
        have_forces = require_all(of["has_forces"], "forces", self.source, of["index"])
        energies = np.array(of["energy"], dtype=np.float64) if have_energy else None
        forces = self.of_atoms["forces"].all() if have_forces else None
        self.labels.say(energies, forces, say)
        self.cuts.say(self.source, say)
        structures = Structures(
            self.of_atoms["numbers"].all(),
            self.of_atoms["positions"].all(),
            np.cumsum([0, *of["size"]]),
            np.array(of["cell"]),
            np.array(of["pbc"]),
            energies,
            forces,
            None if self.reading.cluster is None else codes(of["cluster"]),
            self.source,
        )
        return in_units(structures, self.factors)

    def _units(self, index: int, raw: Raw) -> None:
        """The units of the first structure are those of all."""
        stated = {key: raw.values[key] for key in raw.values if "unit" in key.lower()}
        if self.stated is None:
            self.stated = stated
            in_file = stated_units(stated, self.source).over(self.units, self.source)
            self.factors = in_file.over(given_units(self.reading.units), self.source).factors()
        elif stated != self.stated:
            raise InputError(
                f"{self.source}: structure {index} states other units ({stated or 'none'}) than structure 0 "
                f"({self.stated or 'none'}), expected the same throughout"
            )

    def _cluster(self, raw: Raw, index: int) -> Any:
        key = self.reading.cluster
        if key is None:
            return None
        value = np.asarray(raw.values.get(key))
        if key not in raw.values or value.size != 1:
            have = ", ".join(list(raw.values)[:12]) or "none"
            raise InputError(
                f"{self.source}: structure {index} has no single value {key!r}, expected one in every "
                "structure that tells "
                f"clusters apart (it has: {have})",
                "cluster",
            )
        return str(value.reshape(-1)[0])

    def _require_memory(self) -> None:
        needed = PER_ATOM * sum(self.of_structures["size"])
        if needed > 2**28 and needed / 2 > available_memory():
            raise InputError(
                f"{self.source} does not fit into memory beyond structure {self.of_structures['index'][-1]}, expected "
                "fewer structures"
            )


class _Joined:
    """Rows of arrays, joined in parts."""

    def __init__(self) -> None:
        self.parts: list[NDArray[Any]] = []
        self.loose: list[NDArray[Any]] = []

    def add(self, rows: NDArray[Any]) -> None:
        self.loose.append(rows)
        if len(self.loose) == PART:
            self.parts, self.loose = [*self.parts, np.concatenate(self.loose)], []

    def all(self) -> NDArray[Any]:
        return np.concatenate([*self.parts, *self.loose])


def codes(values: Iterable[Any]) -> NDArray[np.int64]:
    """A number for each value, the same for equal ones, in the order in which they come."""
    known: dict[Any, int] = {}
    return np.array([known.setdefault(value, len(known)) for value in values], dtype=np.int64)


def in_units(structures: Structures, factors: Factors) -> Structures:
    """Structures whose numbers are in units of a file, in eV and Å."""
    if factors == Factors():
        return structures
    return replace(
        structures,
        positions=structures.positions * factors.length,
        cell=structures.cell * factors.length,
        energies=None if structures.energies is None else structures.energies * factors.energy,
        forces=None if structures.forces is None else structures.forces * factors.force,
    )
