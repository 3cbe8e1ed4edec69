"""One diagnosis: from a frozen backbone and structures to a measured boundary and a verdict.

Background: polynomials of degree d in features of degree at most L carry a marked direction's frequencies up to dL.
Question: which of the injected frequencies does a probe of degree d recover from this backbone, at this site and layer?
Result: a :class:`Diagnosis`, with everything that a table or figure needs. It is one cell of the laboratory, or one for
every marked direction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.crosscheck import (
    NOT_TESTED,
    TESTED,
    TESTED_NON_POLYNOMIAL,
    CrossCheck,
    cross_check,
    measured_boundary,
)
from experiments.environments import Pair
from experiments.lab.cell import Cell
from experiments.lab.estimate import RESAMPLES, Resampled, Results
from experiments.lab.measurement import Measurement
from experiments.lab.runner import Progress, run
from experiments.lab.sources import Sources
from experiments.lab.store import Store
from experiments.versions import versions
from span_theorem.errors import InputError, MissingPackage
from span_theorem.output import write_json

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame

FIGURES = ("rho", "r2_injected", "raw_gain")
"""Those that stand with an interval in a result."""


@dataclass(frozen=True, eq=False, repr=False)
class Diagnosis:
    """What was asked, what was recovered, and how it compares with the theorem.

    Attributes:
        cells: one a marked direction; the figures are the mean over them.
        measurements: of the cells.
        resampled: of all directions together.
        pairs: of each alone.
        check: see :class:`experiments.crosscheck.CrossCheck`.
    """

    cells: Sequence[Cell]
    measurements: Sequence[Measurement]
    resampled: Resampled
    pairs: Sequence[Resampled]
    check: CrossCheck

    @property
    def facts(self) -> Mapping[str, Any]:
        """What all directions share."""
        return self.measurements[0].facts

    def to_frame(self) -> "DataFrame":
        """One row a frequency, every figure with the ends of its interval."""
        from pandas import DataFrame

        return DataFrame(self.resampled.rows())

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """ρ(l) with its intervals and the theorem's boundary, on ``ax`` or a figure of its own."""
        from experiments.report.figure import plot_recoveries

        if ax is None:
            from matplotlib import pyplot as plt

            ax = plt.subplots()[1]
        plot_recoveries([self.to_dict()], ax)
        ax.legend(frameon=False)
        return ax

    def write(self, path: "str | Path") -> None:
        """The JSON file that ``diagnose --json`` writes and ``report`` reads.

        Raises:
            InputError: it cannot be written.
        """
        write_json(Path(path), self.to_dict())

    def __repr__(self) -> str:
        probe = self.cells[0].probe
        return f"<Diagnosis of {self.facts['name']}, {probe.solver}, d = {probe.degree}: {self.check.sentence()}>"

    def _repr_html_(self) -> str:
        from experiments.report.table import frequencies

        result = self.to_dict()
        return f"{frequencies(result).html()}<p>{escape(' '.join([self.check.sentence(), *result['scope']]))}</p>"

    def to_dict(self) -> dict[str, Any]:
        """For a JSON file; tables and figures are made from this alone."""
        cell, facts = self.cells[0], self.facts
        return {
            "kind": "diagnosis",
            "backbone": facts["name"],
            "L": facts["L"],
            "d": cell.probe.degree,
            "solver": cell.probe.solver,
            **self.check.to_dict(),
            "degrees": degrees(self.resampled),
            "pairs": [
                {
                    **_marked(one),
                    "environments": found.facts["environments"],
                    "measured_boundary": measured_boundary(resampled),
                    "degrees": degrees(resampled),
                    "fits": found.facts["fits"],
                }
                for one, resampled, found in zip(self.cells, self.pairs, self.measurements, strict=True)
            ],
            "scope": [TESTED if cell.probe.polynomial else TESTED_NON_POLYNOMIAL, NOT_TESTED],
            "settings": cell.to_dict() | {"pairs": [_marked(one) for one in self.cells]},
            **{
                name: facts[name]
                for name in ("force", "mean_direction", "notes", "irreps", "card", "verification")
            },
            "n_clusters": self.resampled.clusters,
            "training_frames": facts["training"],
            "test_frames": facts["test"],
            "resamples": RESAMPLES,
            "versions": versions(),
        }


def _marked(cell: Cell) -> dict[str, Any]:
    """Site and end of a pair, or the rule that marks more."""
    rule = cell.marks
    return asdict(rule) if isinstance(rule, Pair) else {"rule": str(rule)}


def degrees(resampled: Resampled) -> list[dict[str, Any]]:
    """The figures by frequency, as a result file holds them: ``null`` where there are no force figures."""
    found = []
    for row in resampled.rows():
        entry: dict[str, Any] = {"l": row["l"]}
        for name in FIGURES:
            entry[name] = row.get(name)
            entry[f"{name}_ci"] = [row[f"{name}_low"], row[f"{name}_high"]] if name in row else None
        found.append(
            entry | {name: row.get(name) for name in ("null_gain", "null_force_gain")} | {"path": row["path"]}
        )
    return found


def diagnose(
    cells: Sequence[Cell],
    sources: Sources | None = None,
    store: Store | None = None,
    progress: Progress = lambda done, total, what: None,
) -> Diagnosis:
    """Run one diagnosis.

    Args:
        cells: equal but for their rules, which mark one direction each.
        sources: opens what the cells name.
        store: of finished measurements.
        progress: see :data:`experiments.lab.runner.Progress`.

    Raises:
        InputError: no cell, or unusable structures, pair, element or backbone.
    """
    if not cells:
        raise InputError("no marked direction is given: expected at least one")
    outcome = run(cells, store, sources=sources, progress=progress)
    if outcome.failures:
        failure = outcome.failures[0]
        raise (MissingPackage if failure.lacking else InputError)(failure.reason, failure.setting)
    results = Results(outcome.measured, seed=cells[0].seed)
    ((_, resampled),) = results.groups(together=("rule",))
    pairs = [own for _, own in results.groups(["rule"], together=())]
    probe = cells[0].probe
    return Diagnosis(
        results.cells,
        results.measurements,
        resampled,
        pairs,
        cross_check(resampled, results.measurements[0].facts["L"], probe.degree, probe.polynomial),
    )
