"""Environments: which atom is read, and in which direction its neighbour lies.

An environment is a structure, a site a and an atom b towards which the marked direction points, b perhaps a periodic
image: u = (r_b + s·cell − r_a)/|r_b + s·cell − r_a|. A rule maps structures to environments:

- `pair(12, 11)`: the same two atoms of every structure, of b the image that is nearest;
- `bonds`, `bonds(O, C)`: every bond, both ways, or from every O to every C bonded to it;
- `within(3.5)`, `within(3.5, O, C)`: every pair at no more than this distance, Å;
- `nearest`, `nearest(O, C)`: of every atom the nearest other one, or of every O the nearest C.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from experiments.data.bonds import bond_limits
from experiments.elements import SYMBOLS, symbol
from experiments.neighbours import pairs
from experiments.seeds import generator
from experiments.structures import Structure, Structures
from span_theorem.errors import InputError

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

# Å. Atoms never come this close; where they do, the direction is noise.
CLOSEST = 0.1

FARTHEST = 24.0
"""Å up to which `nearest` looks."""

Elements = tuple[str, str] | None
"""Of site and end; ``None``: any."""


@dataclass(frozen=True, eq=False)
class Environments:
    """m environments, those of one structure together, in the order of the structures.

    Attributes:
        structures: where they are.
        structure: (m,) index of the structure.
        site: (m,) index of the site among its atoms.
        toward: (m,) the same of the atom at the end.
        shift: (m, 3) cell vectors between that atom and the image meant.

    Raises:
        InputError: a site that is its own end, or atoms closer than :data:`CLOSEST`.
    """

    structures: Structures
    structure: Integers
    site: Integers
    toward: Integers
    shift: Integers

    def __post_init__(self) -> None:
        own = np.flatnonzero(self.site == self.toward)
        if len(own):
            image = " (an image of it)" if self.shift[own[0]].any() else ""
            raise InputError(
                f"{self._place(own[0])}: site and marked atom are both {self.site[own[0]]}{image}: expected two "
                "different atoms"
            )
        if len(self) and self.lengths.min() < CLOSEST:
            closest = int(np.argmin(self.lengths))
            raise InputError(
                f"{self._place(closest)}: atoms {self.site[closest]} and {self.toward[closest]} are "
                f"{self.lengths[closest]:.3g} Å apart, so their direction is undefined: expected at least {CLOSEST} Å"
            )

    def __len__(self) -> int:
        """Number of environments."""
        return len(self.structure)

    @cached_property
    def vectors(self) -> Array:
        """(m, 3) from the site to the end, Å."""
        first = self.structures.first[self.structure]
        positions = self.structures.positions
        vectors = positions[first + self.toward] - positions[first + self.site]
        if not self.shift.any():
            return vectors
        return vectors + np.einsum("mi,mij->mj", self.shift, self.structures.cell[self.structure])

    @cached_property
    def lengths(self) -> Array:
        """(m,) distances, Å."""
        return np.linalg.norm(self.vectors, axis=1)

    @cached_property
    def directions(self) -> Array:
        """(m, 3) unit vectors u."""
        return self.vectors / self.lengths[:, None]

    @property
    def ends(self) -> Integers:
        """(m, 2) site and end."""
        return np.stack([self.site, self.toward], axis=1)

    def select(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> "Environments":
        """Some of them, in order."""
        return Environments(
            self.structures, self.structure[rows], self.site[rows], self.toward[rows], self.shift[rows]
        )

    def of_structures(self) -> "Environments":
        """The same with those structures alone that have any."""
        present, index = np.unique(self.structure, return_inverse=True)
        if len(present) == len(self.structures):
            return self
        return Environments(self.structures.subset(present), index, self.site, self.toward, self.shift)

    def subset(self, structures: NDArray[np.integer]) -> "Environments":
        """Those of some of the structures, given in increasing order."""
        rows = np.isin(self.structure, structures)
        return Environments(
            self.structures.subset(structures),
            np.searchsorted(structures, self.structure[rows]),
            self.site[rows],
            self.toward[rows],
            self.shift[rows],
        )

    def sample(self, number: int, seed: int) -> "Environments":
        """At most ``number`` of them, sampled without replacement."""
        if number >= len(self):
            return self
        return self.select(np.sort(generator(seed, "environments").permutation(len(self))[:number]))

    def _place(self, row: int) -> str:
        return f"structure {self.structure[row]} of {self.structures.source}"


class Rule(Protocol):
    """Maps structures to environments; its text is what :func:`parse_rule` reads."""

    def __call__(self, structures: Structures) -> Environments:
        """The environments of all structures; those that have none are passed over.

        Raises:
            InputError: there is none in any.
        """
        ...


@dataclass(frozen=True)
class Pair:
    """Two atoms by index, the same in every structure: the direction points from ``site`` towards ``toward``."""

    site: int
    toward: int

    def __str__(self) -> str:
        return f"pair({self.site}, {self.toward})"

    def __call__(self, structures: Structures) -> Environments:
        """One environment a structure.

        Raises:
            InputError: an index out of range, or what :class:`Environments` refuses.
        """
        smallest = int(structures.sizes.min())
        for role, atom in (("site", self.site), ("toward", self.toward)):
            if not 0 <= atom < smallest:
                raise InputError(f"{role} {atom} is out of range: expected 0 to {smallest - 1}", role)
        n = len(structures)
        ends = np.full(n, self.site), np.full(n, self.toward)
        shift = np.zeros((n, 3), dtype=np.int64)
        for index in np.flatnonzero(structures.periodic).tolist():
            shift[index] = _nearest_image(structures[index], self.site, self.toward)
        return Environments(structures, np.arange(n), *ends, shift)


@dataclass(frozen=True)
class _Neighbours:
    """A rule on pairs of any elements, or of one for the site and one for the end."""

    elements: Elements = None

    def __call__(self, structures: Structures) -> Environments:
        """The environments of all structures; those that have none are passed over.

        Raises:
            InputError: there is none in any.
        """
        found = [self._of(structure) for structure in structures]
        structure = np.repeat(np.arange(len(structures)), [len(one) for one in found])
        site, toward, shift = (
            np.concatenate(column) for column in zip(*(one.columns for one in found), strict=True)
        )
        if not len(structure):
            raise InputError(
                f"{structures.source}: {self} gives no environment, {self._why_none(structures)}", "rule"
            )
        return Environments(structures, structure, site, toward, shift)

    def __str__(self) -> str:
        arguments = [*self._arguments(), *(self.elements or ())]
        return type(self).__name__.lower() + (f"({', '.join(arguments)})" if arguments else "")

    def _arguments(self) -> list[str]:
        return []

    def _of(self, structure: Structure) -> "_Pairs":
        raise NotImplementedError

    def _why_none(self, structures: Structures) -> str:
        present = {symbol(int(z)) for z in np.unique(structures.numbers)}
        absent = [one for one in self.elements or () if one not in present]
        if absent:
            return f"for there is no {absent[0]}: expected of {', '.join(sorted(present))}"
        return "for no two such atoms are like that: expected at least one pair"


@dataclass(frozen=True)
class Bonds(_Neighbours):
    """Every bond (see :mod:`experiments.data.bonds`), both ways, or from one element to another."""

    def _of(self, structure: Structure) -> "_Pairs":
        limits = bond_limits(structure.numbers)
        found = _Pairs.of(structure, float(limits.max()), self.elements)
        return found.select(found.distance < limits[found.site, found.toward])


@dataclass(frozen=True)
class BondedAtom:
    """An atom of a structure: its index, its name (O12), and the names and distances, Å, of what it is bonded to."""

    index: int
    name: str
    bonds: tuple[tuple[str, float], ...]


def bonded(structures: Structures, index: int) -> list[BondedAtom]:
    """The atoms of one structure with their bonds, nearest first."""
    structure = structures[index]
    names = [f"{symbol(int(z))}{atom}" for atom, z in enumerate(structure.numbers)]
    found = Bonds()._of(structure)
    atoms = []
    for atom, name in enumerate(names):
        own = found.select(found.site == atom)
        order = np.argsort(own.distance, kind="stable")
        bonds = tuple((names[own.toward[row]], float(own.distance[row])) for row in order)
        atoms.append(BondedAtom(atom, name, bonds))
    return atoms


@dataclass(frozen=True)
class Within(_Neighbours):
    """Every pair of atoms at no more than ``r_max``, Å."""

    r_max: float = 0.0

    def _arguments(self) -> list[str]:
        return [f"{self.r_max:g}"]

    def _of(self, structure: Structure) -> "_Pairs":
        return _Pairs.of(structure, float(np.nextafter(self.r_max, np.inf)), self.elements)


@dataclass(frozen=True)
class Nearest(_Neighbours):
    """Of every atom the nearest other one, or the nearest of an element."""

    def _of(self, structure: Structure) -> "_Pairs":
        sites = len(structure) if self.elements is None else _count(structure, self.elements[0])
        cutoff = 3.0
        while True:
            found = _Pairs.of(structure, cutoff, self.elements)
            order = np.lexsort((found.distance, found.site))
            _, first = np.unique(found.site[order], return_index=True)
            if len(first) == sites or cutoff >= FARTHEST:
                return found.select(order[first])
            cutoff *= 2


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Pairs of different atoms of one structure, images included, with their distances in Å."""

    site: Integers
    toward: Integers
    shift: Integers
    distance: Array

    @classmethod
    def of(cls, structure: Structure, cutoff: float, elements: Elements) -> "_Pairs":
        """All within the cutoff, or those from one element to another."""
        site, toward, shift = pairs(structure.positions, structure.cell, structure.pbc, cutoff)
        vectors = structure.positions[toward] - structure.positions[site] + shift @ structure.cell
        found = cls(site, toward, shift, np.linalg.norm(vectors, axis=1))
        keep = site != toward
        if elements is not None:
            wanted = [_number(one) for one in elements]
            keep &= (structure.numbers[site] == wanted[0]) & (structure.numbers[toward] == wanted[1])
        return found.select(keep)

    def __len__(self) -> int:
        return len(self.site)

    @property
    def columns(self) -> tuple[Integers, Integers, Integers]:
        return self.site, self.toward, self.shift

    def select(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> "_Pairs":
        return _Pairs(self.site[rows], self.toward[rows], self.shift[rows], self.distance[rows])


def parse_rule(text: str) -> Rule:
    """The rule of a text, such as `pair(12, 11)` (see the top of this module).

    Raises:
        InputError: no such rule, or arguments that it does not take.

    >>> str(parse_rule("within(3.50, O,C)"))
    'within(3.5, O, C)'
    """
    match = re.fullmatch(r"\s*([a-z]+)\s*(?:\(([^()]*)\))?\s*", text)
    arguments = (
        [] if match is None or not (match[2] or "").strip() else [one.strip() for one in match[2].split(",")]
    )
    try:
        if match is None or match[1] not in _RULES:
            raise ValueError
        return _RULES[match[1]](arguments)
    except ValueError:
        raise InputError(f"the rule is '{text}': expected {EXPECTED}", "rule") from None


EXPECTED = (
    "pair(12, 11), bonds, bonds(O, C), within(3.5), within(3.5, O, C), nearest or nearest(O, C), with atoms by index, "
    "elements by symbol and distances in Å"
)


def _pair(arguments: list[str]) -> Rule:
    site, toward = arguments
    if not all(re.fullmatch("[0-9]{1,9}", one) for one in arguments):
        raise ValueError
    return Pair(int(site), int(toward))


def _within(arguments: list[str]) -> Rule:
    r_max = float(arguments[0]) if arguments else 0.0
    if not CLOSEST <= r_max <= FARTHEST:
        raise ValueError
    return Within(_elements(arguments[1:]), r_max)


def _elements(arguments: list[str]) -> Elements:
    if not arguments:
        return None
    site, toward = arguments
    for one in arguments:
        _number(one)
    return site, toward


_RULES: dict[str, Callable[[list[str]], Rule]] = {
    "pair": _pair,
    "bonds": lambda arguments: Bonds(_elements(arguments)),
    "within": _within,
    "nearest": lambda arguments: Nearest(_elements(arguments)),
}


def choose_pairs(
    structures: Structures, site: int | None, toward: int | None, pairs: str | None
) -> tuple[Pair, ...]:
    """Marked pairs as a user names them: one by ``site`` and ``toward``, or ``pairs``.

    Args:
        structures: whose bonds `bonds` means: those of the first one.
        site, toward: one pair.
        pairs: `bonds` for every bonded pair in both directions, or a list such as `12-11,10-12`.

    Raises:
        InputError: both ways or neither given, something that is no pair, or no bond.
    """
    if pairs is None:
        if site is None or toward is None:
            raise InputError(
                "no marked direction is given: expected a site and an atom it points to, pairs, or a rule",
                "rule",
            )
        return (Pair(site, toward),)
    if site is not None or toward is not None:
        raise InputError("pairs were given with a site or an atom it points to: expected one or the other")
    if pairs == "bonds":
        found = Bonds()(structures.subset([0]))
        return tuple(dict.fromkeys(Pair(int(a), int(b)) for a, b in found.ends))
    return tuple(_parse_pair(text) for text in pairs.split(","))


def _parse_pair(text: str) -> Pair:
    atoms = re.fullmatch("([0-9]{1,9})-([0-9]{1,9})", text.strip())
    if atoms is None:
        raise InputError(f"pairs has '{text.strip()}': expected pairs such as 12-11,10-12, or bonds", "pairs")
    return Pair(int(atoms[1]), int(atoms[2]))


def _nearest_image(structure: Structure, site: int, toward: int) -> Integers:
    """Cell vectors to the nearest image of an atom; (3,)."""
    from ase.geometry import find_mic

    vector = structure.positions[toward] - structure.positions[site]
    nearest, _ = find_mic(vector, structure.cell, structure.pbc)
    periods = np.flatnonzero(structure.pbc)
    shift = np.zeros(3, dtype=np.int64)
    steps, *_ = np.linalg.lstsq(structure.cell[periods].T, nearest - vector, rcond=None)
    shift[periods] = np.rint(steps).astype(np.int64)
    return shift


def _number(element: str) -> int:
    """Atomic number of a symbol; ValueError if there is none."""
    return SYMBOLS.index(element) + 1


def _count(structure: Structure, element: str) -> int:
    return int((structure.numbers == _number(element)).sum())
