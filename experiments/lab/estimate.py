"""Figures with intervals, as pandas tables: the one place of this project that resamples.

Backbones are crossed with clusters: a resample gives every cluster of structures a weight and, where several backbones
(or marked directions) are averaged, every one of those another (multinomial weights, Davison and Hinkley 1997, section
3.8). Cells with the same test structures share the weights of these, in every table made with one seed, so differences
between groups are paired. Intervals are 95% percentile intervals.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from experiments.lab.cell import Cell
from experiments.lab.measure import MEASURES
from experiments.lab.measurement import Measurement
from experiments.lab.runner import Failure
from experiments.seeds import generator

if TYPE_CHECKING:
    from pandas import DataFrame

Array = NDArray[np.float64]

RESAMPLES = 2000
MANY = 20_000
"""Resamples of figures that are bounded together."""
LEVEL = 0.95
IN_TAIL = 5
"""Fewest resamples from which the end of a tail is told."""


@dataclass(frozen=True, eq=False)
class Resampled:
    """The figures of a group of cells, and how they vary.

    Attributes:
        frequencies: l of the columns.
        values: by figure, (1 + resamples, n_frequencies); the first row is the estimate.
        paths: whether any cell has a path to the frequency.
        cells: number of cells in the group.
        counts: number of levels of what was averaged.
        structures: number of clusters.
    """

    frequencies: tuple[int, ...]
    values: Mapping[str, Array]
    paths: tuple[bool, ...]
    cells: int
    counts: Mapping[str, int]
    structures: int

    def at(self, name: str, l: int) -> Array:
        """(1 + resamples,) of one figure at one frequency."""
        return self.values[name][:, self.frequencies.index(l)]

    def minus(self, other: "Resampled") -> "Resampled":
        """Paired differences."""
        values = {name: self.values[name] - other.values[name] for name in self.values}
        return Resampled(self.frequencies, values, self.paths, self.cells, self.counts, self.structures)

    def rows(self, tests: int = 0) -> Iterator[dict[str, Any]]:
        """One tidy row a frequency: every figure with the ends of its interval.

        Args:
            tests: of how many one-sided bounds on ρ are to hold together (Bonferroni); 0 for none.
        """
        ends = {name: interval(resampled) for name, resampled in self.values.items()}
        if tests:
            tail = (1 - LEVEL) / tests
            bounds = np.quantile(self.values["rho"][1:], [tail, 1 - tail], axis=0)
        for column, l in enumerate(self.frequencies):
            row: dict[str, Any] = {"l": l}
            for name, resampled in self.values.items():
                row[name] = float(resampled[0, column])
                row[f"{name}_low"], row[f"{name}_high"] = (float(end) for end in ends[name][:, column])
            if tests:
                row["lower"], row["upper"] = (float(bound) for bound in bounds[:, column])
            yield row | {
                "path": self.paths[column],
                **{f"n_{name}": count for name, count in self.counts.items()},
                "n_structures": self.structures,
            }


def interval(resampled: Array, level: float = LEVEL) -> Array:
    """Percentile interval (2, …) of figures (1 + resamples, …), whose first row is the estimate."""
    tail = 50 * (1 - level)
    return np.percentile(resampled[1:], [tail, 100 - tail], axis=0)


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
        for index, values in enumerate(self.table[list(by)].itertuples(index=False, name=None)):
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
        common = set.intersection(
            *(set(end.table[[*by, *match]].itertuples(index=False, name=None)) for end in ends)
        )

        def paired(table: "DataFrame") -> list[bool]:
            return [row in common for row in table[[*by, *match]].itertuples(index=False, name=None)]

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
        other.failures, other.seed, other._weights = self.failures, self.seed, self._weights
        other.table = table.reset_index(drop=True)
        return other

    def _resampled(self, indices: Sequence[int], together: Sequence[str], resamples: int) -> Resampled:
        first = self.measurements[indices[0]]
        weights = np.ones((1 + resamples, len(indices)))
        counts = {}
        for factor in together:
            levels = list(dict.fromkeys(self.table[factor].iloc[indices]))
            counts[factor] = len(levels)
            counted = self._multiplicities(factor, len(levels), resamples)
            weights *= counted[:, [levels.index(level) for level in self.table[factor].iloc[indices]]]
        weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-300)
        values: dict[str, Array] = {}
        for column, index in enumerate(indices):
            for name, figures in self._figures(index, resamples).items():
                part = weights[:, [column]] * figures
                values[name] = values[name] + part if name in values else part
        shared = set.intersection(*(set(self._names(index)) for index in indices))
        paths = np.any(
            [
                self.measurements[index].facts.get("paths", [True] * len(first.frequencies))
                for index in indices
            ],
            axis=0,
        )
        return Resampled(
            first.frequencies,
            {name: figures for name, figures in values.items() if name in shared},
            tuple(map(bool, paths)),
            len(indices),
            counts,
            int(first.clusters.max()) + 1,
        )

    def _names(self, index: int) -> list[str]:
        measurement = self.measurements[index]
        figures = MEASURES[self.cells[index].measure].figures
        return list(
            figures({name: sums[:1].sum(axis=0) for name, sums in measurement.sums.items()}, np.ones(1))
        )

    def _figures(self, index: int, resamples: int) -> dict[str, Array]:
        """Figures of one cell, (1 + resamples, n_frequencies)."""
        measurement = self.measurements[index]
        clusters = measurement.clusters
        weights = self._multiplicities(measurement.structures, int(clusters.max()) + 1, resamples)[
            :, clusters
        ]
        totals = {
            name: (weights @ sums.reshape(len(sums), -1)).reshape(-1, *sums.shape[1:])
            for name, sums in measurement.sums.items()
        }
        shape = (1 + resamples, len(measurement.frequencies))
        figures = MEASURES[self.cells[index].measure].figures(totals, weights.sum(axis=1, keepdims=True))
        return {name: np.broadcast_to(values, shape) for name, values in figures.items()}

    def _multiplicities(self, what: str, number: int, resamples: int) -> Array:
        """How often each of ``number`` things is counted, (1 + resamples, number); in the first row once each."""
        key = what, number, resamples
        if key not in self._weights:
            rng = generator(self.seed, f"resamples of {what}")
            counted = rng.multinomial(number, np.full(number, 1 / number), size=resamples)
            self._weights[key] = np.concatenate([np.ones((1, number)), counted])
        return self._weights[key]
