"""The linear model of every size, fitted to all folds but one in closed form.

One pass over the structures gathers the normal equations of every fold for the largest size; the equations of smaller
sizes are parts of them, and those of several folds their sums. The constants of the elements are not penalised: they
are eliminated first. The ridge strength is chosen on the next fold, which is then fitted too; the fold that a fit is
tested on has no part in it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np
from numpy.typing import NDArray

from experiments.choose.design import Rows, design
from experiments.choose.invariants import Expansion
from experiments.choose.labels import Labels
from experiments.structures import Structures
from numerics.ridge import NormalEquations, choose_explicit, solve_explicit

Array = NDArray[np.float64]
Size = tuple[int, int]
"""(L, d)."""
Progress = Callable[[], None]
"""Called after every step."""

STRENGTHS = tuple(10.0**power for power in range(-10, 3))
BLOCK_BYTES = 2e8
"""Of derivatives, computed and turned into rows at a time."""


def nothing() -> None:
    """No progress is shown."""


@dataclass(frozen=True, eq=False)
class Task:
    """What is fitted.

    Attributes:
        structures: all of them.
        labels: theirs.
        expansion: of every centre.
        fold: (n,) of every structure.
        sizes: those fitted.
        pairs: (n,) number of neighbour pairs of every structure.
    """

    structures: Structures
    labels: Labels
    expansion: Expansion
    fold: NDArray[np.int64]
    sizes: tuple[Size, ...]
    pairs: NDArray[np.int64]

    @property
    def folds(self) -> int:
        """Number of folds."""
        return int(self.fold.max()) + 1

    @property
    def columns(self) -> int:
        """Of the largest size, the constants of elements included."""
        return len(self.expansion.elements) + self.expansion.columns

    def selected(self, size: Size) -> NDArray[np.int64]:
        """Columns of one size, without constants."""
        n = len(self.expansion.elements)
        return n + np.flatnonzero(np.tile(self.expansion.belongs(*size), n))

    def blocks(self, fold: int) -> Iterator[tuple[NDArray[np.int64], Rows]]:
        """Structures of one fold and their rows, as many at a time as memory is meant for."""
        members = np.flatnonzero(self.fold == fold)
        forces = self.labels.forces is not None
        coordinates = 3 * self.pairs[members] if forces else self.structures.sizes[members]
        step = np.cumsum(8.0 * coordinates * self.expansion.doubles) // BLOCK_BYTES
        for number in np.unique(step):
            block = members[step == number]
            yield block, design(self.structures.subset(block), self.expansion, forces)

    def weighted(self, block: NDArray[np.int64], rows: Rows) -> Iterator[tuple[Array, Array]]:
        """Rows and their labels with mean power one."""
        labels = self.labels
        if labels.energies is not None:
            scale = 1 / (self.structures.sizes[block] * labels.energy_rms)
            yield rows.energies * scale[:, None], labels.energies[block] * scale
        if labels.forces is not None and rows.forces is not None:
            atoms = np.isin(self.structures.structure_of, block)
            yield rows.forces / labels.force_rms, labels.forces[atoms].ravel() / labels.force_rms


@dataclass(frozen=True, eq=False)
class Fits:
    """Weights of every fold and size.

    Attributes:
        weights: (folds, columns, 1 + sizes), in eV; first those of the constants alone.
        strengths: (folds, sizes) chosen.
    """

    weights: Array
    strengths: Array


def fit(task: Task, progress: Progress = nothing) -> Fits:
    """Fit every size without each fold in turn."""
    equations = [_gather(task, fold, progress) for fold in range(task.folds)]
    weights = np.zeros((task.folds, task.columns, 1 + len(task.sizes)))
    strengths = np.zeros((task.folds, len(task.sizes)))
    n = len(task.expansion.elements)
    for fold in range(task.folds):
        others = [other for other in range(task.folds) if other != fold]
        validating = (fold + 1) % task.folds
        fitted = reduce(add, (equations[other] for other in others if other != validating))
        constants = _constants(fitted, n)
        parts = [_without(one, constants) for one in (fitted, equations[validating])]
        full = fitted + equations[validating]
        free = _constants(full, n)
        complete = _without(full, free)
        weights[fold, :n, 0] = free[:, -1]
        for index, size in enumerate(task.sizes):
            columns = task.selected(size) - n
            smaller = [_subset(part, columns) for part in parts]
            (strength,) = choose_explicit(smaller[0], smaller[1], np.ones((1, 1)), STRENGTHS)
            solved = solve_explicit(_subset(complete, columns), strength)[:, 0]
            weights[fold, n + columns, 1 + index] = solved
            weights[fold, :n, 1 + index] = free[:, -1] - free[:, columns] @ solved
            strengths[fold, index] = strength
            progress()
    return Fits(weights, strengths)


def _gather(task: Task, fold: int, progress: Progress) -> NormalEquations:
    equations = NormalEquations.empty(task.columns, 1)
    for block, rows in task.blocks(fold):
        for x, y in task.weighted(block, rows):
            equations.add(x, y[:, None])
    progress()
    return equations


def _constants(equations: NormalEquations, n: int) -> Array:
    """(n, columns - n + 1) least-squares constants that fit each polynomial and, last, the labels."""
    inverse = np.linalg.pinv(equations.gram[:n, :n], hermitian=True)
    return inverse @ np.concatenate([equations.gram[:n, n:], equations.moments[:n]], axis=1)


def _without(equations: NormalEquations, constants: Array) -> NormalEquations:
    """Equations of the same rows less constants times the counts of elements."""
    n = len(constants)
    joint = np.block([[equations.gram, equations.moments], [equations.moments.T, equations.power]])
    cross = constants.T @ joint[:n, n:]
    reduced = joint[n:, n:] - cross - cross.T + constants.T @ joint[:n, :n] @ constants
    return NormalEquations(reduced[:-1, :-1], reduced[:-1, -1:], reduced[-1:, -1:], equations.rows)


def _subset(equations: NormalEquations, columns: NDArray[np.int64]) -> NormalEquations:
    return NormalEquations(
        equations.gram[np.ix_(columns, columns)],
        equations.moments[columns],
        equations.power,
        equations.rows,
    )
