"""Figures with intervals, as pandas tables: the one place of this project that resamples.

A resample gives every cluster of structures another weight (multinomial weights, Davison and Hinkley 1997, section
3.8), and every level of what is averaged where there are many of these; few levels go into the interval by a t quantile
(:mod:`experiments.lab.interval`). Cells with the same test structures share clusters and weights, in every table made
with one seed, so differences between groups are paired. Intervals are 95% intervals.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from experiments.lab.cell import Cell
from experiments.lab.clusters import clusters
from experiments.lab.interval import FEW_LEVELS, Varying
from experiments.lab.measure import MEASURES
from experiments.lab.measurement import Measurement
from experiments.lab.runner import Failure
from experiments.seeds import generator
from numerics.jackknife import LEVEL

if TYPE_CHECKING:
    from pandas import DataFrame

Array = NDArray[np.float64]

RESAMPLES = 2000
MANY = 20_000
"""Resamples of figures that are bounded together."""
IN_TAIL = 5
"""Fewest resamples from which the end of a tail is told."""


@dataclass(frozen=True, eq=False)
class Resampled:
    """The figures of a group of cells, and how they vary.

    Attributes:
        frequencies: l of the columns.
        values: by figure, (…, n_frequencies).
        paths: whether any cell has a path to the frequency.
        cells: number of cells in the group.
        counts: number of levels of what was averaged.
        structures: number of test structures, those of one set if there are several sets.
        clusters: number of clusters that these make.
    """

    frequencies: tuple[int, ...]
    values: Mapping[str, Varying]
    paths: tuple[bool, ...]
    cells: int
    counts: Mapping[str, int]
    structures: int
    clusters: int

    def at(self, name: str, l: int) -> Varying:
        """One figure at one frequency."""
        column = self.frequencies.index(l)
        return self.values[name].map(lambda values: values[:, column])

    def minus(self, other: "Resampled") -> "Resampled":
        """Paired differences."""
        return replace(self, values={name: one - other.values[name] for name, one in self.values.items()})

    def rows(self, tests: int = 0) -> Iterator[dict[str, Any]]:
        """One tidy row a frequency: every figure with the ends of its interval.

        Args:
            tests: of how many one-sided bounds on ρ are to hold together (Bonferroni); 0 for none.
        """
        ends = {name: one.bounds() for name, one in self.values.items()}
        if tests:
            ends["rho together"] = self.values["rho"].bounds((1 - LEVEL) / tests)
        for column, l in enumerate(self.frequencies):
            row: dict[str, Any] = {"l": l}
            for name, one in self.values.items():
                row[name] = float(one.value[column])
                row[f"{name}_low"], row[f"{name}_high"] = (float(end[column]) for end in ends[name])
            if tests:
                row["lower"], row["upper"] = (float(end[column]) for end in ends["rho together"])
            yield row | {
                "path": self.paths[column],
                **{f"n_{name}": count for name, count in self.counts.items()},
                "n_structures": self.structures,
                "n_clusters": self.clusters,
            }


class Results:
    """Measured cells as a table.

    Args:
        measured: measurements by cell.
        failures: cells that could not be measured.
        seed: of the resamples.

    Attributes:
        table: one row a cell, its fields as :meth:`experiments.lab.cell.Cell.row` gives them, and those added by
            :meth:`assign`.
    """

    def __init__(self, measured: Mapping[Cell, Measurement], failures: Sequence[Failure] = (), seed: int = 0):
        import pandas

        self.cells = list(measured)
        self.measurements = list(measured.values())
        self.failures = list(failures)
        self.seed = seed
        self.table = pandas.DataFrame([cell.row() for cell in self.cells])
        self._weights: dict[Any, Array] = {}
        self._clusters: dict[str, NDArray[np.int64]] = {}
        self._root = self

    def __len__(self) -> int:
        """Number of cells."""
        return len(self.cells)

    def assign(self, **columns: Callable[[Cell, Measurement], Any]) -> "Results":
        """The same with further columns, each made from a cell and its measurement."""
        added = {
            name: [
                make(cell, measurement)
                for cell, measurement in zip(self.cells, self.measurements, strict=True)
            ]
            for name, make in columns.items()
        }
        return self._with(self.table.assign(**added), range(len(self)))

    def where(self, keep: "Callable[[DataFrame], Any] | None" = None, **values: Any) -> "Results":
        """The cells with these values in their columns, and for which ``keep`` of the table holds."""
        mask = np.ones(len(self), dtype=bool)
        for name, value in values.items():
            mask &= (self.table[name] == value).to_numpy()
        if keep is not None and len(self):
            mask &= np.asarray(keep(self.table), dtype=bool)
        chosen = np.flatnonzero(mask)
        return self._with(self.table.iloc[chosen], chosen)

    def groups(
        self, by: Sequence[str] = (), together: Sequence[str] = ("backbone",), resamples: int = RESAMPLES
    ) -> Iterator[tuple[dict[str, Any], Resampled]]:
        """Figures of every group of cells, resampled.

        Args:
            by: columns whose values tell groups apart, which come in the order of the cells.
            together: columns whose levels are averaged, and resampled.
            resamples: their number.
        """
        members: dict[tuple[Any, ...], list[int]] = {}
        for index, values in enumerate(_rows(self.table, by)):
            members.setdefault(tuple(None if value != value else value for value in values), []).append(index)
        for key, indices in members.items():
            yield dict(zip(by, key, strict=True)), self._resampled(indices, together, resamples)

    def estimate(
        self, by: Sequence[str] = (), together: Sequence[str] = ("backbone",), tests: int = 0
    ) -> "DataFrame":
        """Figures of groups of cells, one row a group and frequency (see :meth:`groups` and :meth:`Resampled.rows`)."""
        import pandas

        groups = self.groups(by, together, MANY if tests else RESAMPLES)
        return pandas.DataFrame([key | row for key, resampled in groups for row in resampled.rows(tests)])

    def difference(
        self,
        of: Mapping[str, Any],
        minus: Mapping[str, Any],
        match: Sequence[str],
        by: Sequence[str] = (),
        together: Sequence[str] | None = None,
    ) -> "DataFrame":
        """Paired differences of figures between two kinds of cells, averaged over what matches.

        Args:
            of, minus: values of columns that choose the two kinds.
            match: columns that a cell of one kind shares with its partner; what has no partner is left out.
            by: columns whose values tell groups apart.
            together: what is averaged and resampled; by default what is matched.
        """
        import pandas

        ends = [self.where(**of), self.where(**minus)]
        common = set.intersection(*(set(_rows(end.table, [*by, *match])) for end in ends))

        def paired(table: "DataFrame") -> list[bool]:
            return [row in common for row in _rows(table, [*by, *match])]

        first, second = (end.where(paired) for end in ends)
        factors = match if together is None else together
        before = {tuple(key.values()): resampled for key, resampled in second.groups(by, factors)}
        return pandas.DataFrame(
            [
                key | row
                for key, resampled in first.groups(by, factors)
                for row in resampled.minus(before[tuple(key.values())]).rows()
            ]
        )

    def _with(self, table: "DataFrame", chosen: Sequence[int] | NDArray[np.integer]) -> "Results":
        other = Results.__new__(Results)
        other.cells = [self.cells[index] for index in chosen]
        other.measurements = [self.measurements[index] for index in chosen]
        other.failures, other.seed = self.failures, self.seed
        other._weights, other._clusters, other._root = self._weights, self._clusters, self._root
        other.table = table.reset_index(drop=True)
        return other

    def _resampled(self, indices: Sequence[int], together: Sequence[str], resamples: int) -> Resampled:
        first = self.measurements[indices[0]]
        weights = np.ones((1 + resamples, len(indices)))
        counts, few = {}, {}
        for factor in together:
            values = list(self.table[factor].iloc[indices])
            levels = sorted(set(values), key=str)
            counts[factor] = len(levels)
            member = np.array([[value == level for value in values] for level in levels], dtype=float)
            if 1 < len(levels) < FEW_LEVELS:
                few[factor] = member / member.sum(axis=1, keepdims=True)
            elif len(levels) > 1:
                weights *= self._multiplicities(factor, len(levels), resamples) @ member
        weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-300)
        cells = [self._figures(index, resamples) for index in indices]
        n_clusters = min(int(self._labels(self.measurements[index]).max()) + 1 for index in indices)
        shared = [name for name in cells[0] if all(name in figures for figures in cells)]
        varying = {}
        for name in shared:
            stacked = [figures[name] for figures in cells]
            estimates = np.array([one[0] for one in stacked])
            varying[name] = Varying(
                np.sum([weights[:, [column]] * one for column, one in enumerate(stacked)], axis=0),
                {factor: shares @ estimates for factor, shares in few.items()},
                n_clusters,
            )
        paths = [
            self.measurements[index].facts.get("paths", [True] * len(first.frequencies)) for index in indices
        ]
        return Resampled(
            first.frequencies,
            varying,
            tuple(map(bool, np.any(paths, axis=0))),
            len(indices),
            counts,
            len(first),
            n_clusters,
        )

    def _figures(self, index: int, resamples: int) -> dict[str, Array]:
        """Figures of one cell, (1 + resamples, n_frequencies)."""
        measurement = self.measurements[index]
        labels = self._labels(measurement)
        sizes = np.bincount(labels).astype(float)
        weights = self._multiplicities(measurement.structures, len(sizes), resamples)
        totals = {}
        for name, values in measurement.sums.items():
            sums = np.zeros((len(sizes), *values.shape[1:]))
            np.add.at(sums, labels, values)
            totals[name] = (weights @ sums.reshape(len(sums), -1)).reshape(-1, *values.shape[1:])
        return _figures(self.cells[index], measurement, totals, weights @ sizes[:, None])

    def _labels(self, measurement: Measurement) -> NDArray[np.int64]:
        """The cluster of every structure: the same for all measurements on the same structures."""
        if measurement.facts.get("clusters") is not None:  # told by the structures themselves
            return measurement.clusters
        known = self._clusters
        if measurement.structures not in known:
            every = zip(self._root.cells, self._root.measurements, strict=True)
            alike = [(cell, one) for cell, one in every if one.structures == measurement.structures]
            series = [] if measurement.places is None else [_contributions(*one) for one in alike]
            known[measurement.structures] = clusters(
                measurement.places, series or [np.zeros((len(measurement), 0))]
            )
        return known[measurement.structures]

    def _multiplicities(self, what: str, number: int, resamples: int) -> Array:
        """How often each of ``number`` things is counted, (1 + resamples, number); in the first row once each."""
        key = what, number, resamples
        if key not in self._weights:
            rng = generator(self.seed, f"resamples of {what}")
            counted = rng.multinomial(number, np.full(number, 1 / number), size=resamples)
            self._weights[key] = np.concatenate([np.ones((1, number)), counted])
        return self._weights[key]


def _rows(table: "DataFrame", names: Sequence[str]) -> list[tuple[Any, ...]]:
    """Values of some columns, row by row; ``itertuples`` has no row where there is no column, before pandas 3.1."""
    columns = [table[name].tolist() for name in names]
    return [tuple(column[index] for column in columns) for index in range(len(table))]


def _figures(
    cell: Cell, measurement: Measurement, totals: Mapping[str, Array], number: Array
) -> dict[str, Array]:
    """Figures (n, n_frequencies) of n weighted sums over structures; ``number`` of structures (n, 1)."""
    shape = len(number), len(measurement.frequencies)
    figures = MEASURES[cell.measure].figures(totals, number)
    return {name: np.broadcast_to(values, shape) for name, values in figures.items()}


def _contributions(cell: Cell, measurement: Measurement) -> Array:
    """What every structure contributes to every figure, (n_structures, figures): the figure less that without it."""
    n = len(measurement)
    without = {name: values.sum(axis=0) - values for name, values in measurement.sums.items()}
    figures = _figures(cell, measurement, without, np.full((n, 1), n - 1.0))
    values = np.concatenate(list(figures.values()), axis=1)
    return np.nan_to_num(values.mean(axis=0) - values)
