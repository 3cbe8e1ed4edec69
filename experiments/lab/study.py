"""A study from start to files: its cells measured, its claims, tables and figure written into one folder.

A study is a module with a docstring whose first paragraph asks one question, and

- ``cells(lab)``: what is measured;
- ``more(lab, results)``, optionally: a second round, chosen from the first;
- ``report(lab, results)``: a :class:`Report` of what was found.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from experiments.backbones.protocol import Card, card_of
from experiments.crosscheck import NOT_TESTED, TESTED
from experiments.lab import claims as claiming
from experiments.lab.cell import Cell
from experiments.lab.claims import Claim
from experiments.lab.estimate import RESAMPLES, Results
from experiments.lab.executors import SERIAL, Place
from experiments.lab.names import CELLS, FORMATS, KIND, RESULT
from experiments.lab.runner import Failure, Progress, run
from experiments.lab.sources import Sources
from experiments.lab.statement import statement
from experiments.lab.store import Store
from experiments.lab.tables import Table
from experiments.versions import versions
from span_theorem.errors import InputError, MissingPackage
from span_theorem.output import make_folder, replacing, require_writable, together, write_json

if TYPE_CHECKING:
    from e3nn.o3 import Irreps
    from matplotlib.figure import Figure
    from pandas import DataFrame


@dataclass(frozen=True)
class Report:
    """What a study found.

    Attributes:
        claims: see :mod:`experiments.lab.claims`.
        tables: the headline first.
        figure: draws the figure.
        scope: what was and was not tested, one sentence each.
    """

    claims: Sequence[Claim]
    tables: Sequence[Table]
    figure: "Callable[[], Figure]"
    scope: Sequence[str] = (TESTED, NOT_TESTED)

    @property
    def holds(self) -> bool | None:
        """Whether everything claimed holds; ``None`` if something is open."""
        return claiming.outcome(self.claims)


class Study(Protocol):
    """The module of a study; ``more`` is optional."""

    def cells(self, lab: "Lab") -> list[Cell]: ...

    def report(self, lab: "Lab", results: Results) -> Report: ...


@dataclass(eq=False)
class Lab:
    """What a study gets.

    Attributes:
        sources: opens what cells name.
        store: of finished measurements.
        place: where cells are measured.
        seed: of everything random.
        quick: whether less is measured, in minutes.
        progress: see :data:`experiments.lab.runner.Progress`.
        left_out: what could not be had, and why.
        optional: backbones that the user brought: whatever fails about one leaves it out.
    """

    sources: Sources = field(default_factory=Sources)
    store: Store = field(default_factory=Store)
    place: Place = SERIAL
    seed: int = 0
    quick: bool = False
    progress: Progress = lambda done, total, what: None
    left_out: dict[str, str] = field(default_factory=dict)
    optional: set[str] = field(default_factory=set)

    def measure(self, cells: Sequence[Cell]) -> Results:
        """Measure cells, or read them back; what a missing package keeps from being measured is left out.

        Raises:
            InputError: a cell that fails for another reason, with the first such reason.
        """
        outcome = run(cells, self.store, self.place, self.sources, self.progress)
        without = self.optional & {failure.cell.backbone for failure in outcome.failures}
        failed = [
            failure
            for failure in outcome.failures
            if not failure.lacking and failure.cell.backbone not in without
        ]
        self.left_out.update({failure.cell.backbone: failure.reason for failure in outcome.failures})
        if failed:
            raise InputError(_failures(failed, len(cells)), failed[0].setting)
        measured = {cell: found for cell, found in outcome.measured.items() if cell.backbone not in without}
        return Results(measured, outcome.failures, self.seed)

    def card(self, backbone: str, layer: str | None = None) -> Card | None:
        """The card of a backbone; ``None``, and noted as left out, where a package is missing."""
        found = self._opened(backbone, layer)
        return None if found is None else card_of(found)

    def irreps(self, backbone: str, layer: str | None = None) -> "Irreps | None":
        """Irreps of a backbone at a layer, likewise."""
        found = self._opened(backbone, layer)
        return None if found is None else found.irreps

    def _opened(self, backbone: str, layer: str | None) -> Any:
        if backbone in self.left_out:
            return None
        try:
            return self.sources.backbone(Cell(backbone, layer=layer))
        except (InputError, ModuleNotFoundError) as error:
            lacking = isinstance(error, MissingPackage | ModuleNotFoundError)
            if not lacking and backbone not in self.optional:
                raise
            self.left_out[backbone] = str(error)
            return None


def _failures(failed: Sequence[Failure], total: int) -> str:
    first = failed[0]
    more = f"; {len(failed)} of {total} cells failed" if len(failed) > 1 else ""
    return f"{first.cell.backbone}, {first.cell.probe.solver}, d = {first.cell.probe.degree}: {first.reason}{more}"


def run_study(name: str, study: Any, lab: Lab, folder: Path) -> tuple[Report, tuple[Path, ...]]:
    """Run a study and write its result folder.

    Args:
        name: of the study, and of its figure's files.
        study: see :class:`Study`.
        lab: where it runs.
        folder: made if it is missing; holds cells.csv, study.json and the figure as PNG and SVG afterwards.

    Returns:
        The report and the files.

    Raises:
        MissingPackage: nothing can be measured without a package that is not installed.
        InputError: a cell that fails, or a file that cannot be written.
    """
    make_folder(folder)
    paths = (folder / RESULT, folder / CELLS, *(folder / f"{name}{suffix}" for suffix in FORMATS))
    for path in paths:
        require_writable(path)
    results = lab.measure(study.cells(lab))
    if hasattr(study, "more") and len(results):
        further = lab.measure([*results.cells, *study.more(lab, results)])
        results = further
    if not len(results):
        reasons = "; ".join(dict.fromkeys(lab.left_out.values())) or "there is nothing to measure"
        raise MissingPackage(reasons)
    report = study.report(lab, results)
    _write(name, study, lab, results, report, paths)
    return report, paths


def _write(name: str, study: Any, lab: Lab, results: Results, report: Report, paths: Sequence[Path]) -> None:
    from experiments.lab.drawing import drawing, save

    result, csv, *pictures = paths
    with together():
        with drawing():
            save(report.figure(), pictures)
        with replacing(csv) as temporary:
            cells_table(results).to_csv(temporary, index=False, lineterminator="\n")
        write_json(result, study_dict(name, study, lab, results, report))


def study_dict(name: str, study: Any, lab: Lab, results: Results, report: Report) -> dict[str, Any]:
    """A study as its JSON file holds it."""
    return {
        "kind": KIND,
        "name": name,
        "statement": statement(study.__file__),
        "holds": report.holds,
        "claims": [claiming.to_dict(claim) for claim in report.claims],
        "tables": [table.to_dict() for table in report.tables],
        "scope": list(report.scope),
        "settings": {
            "seed": lab.seed,
            "quick": lab.quick,
            "resamples": RESAMPLES,
            "cells": len(results),
            "varied": _varied(results),
        },
        "backbones": _backbones(results),
        "structures": _structures(results),
        "left_out": dict(lab.left_out),
        "versions": versions(),
    }


def cells_table(results: Results) -> "DataFrame":
    """One row a cell and frequency: the cell's fields, then its figures with intervals."""
    numbers = iter(range(len(results)))
    numbered = results.assign(
        cell=lambda cell, measurement: next(numbers), L=lambda cell, measurement: measurement.facts.get("L")
    )
    rows = numbered.estimate(["cell"], together=())
    return numbered.table.merge(rows, on="cell").dropna(axis="columns", how="all")


def _varied(results: Results) -> dict[str, list[Any]]:
    """The values that fields of the cells take; one alone where a field does not vary."""
    fields = results.table[list(results.cells[0].row())]
    return {
        name: [None if value != value else value for value in fields[name].drop_duplicates().tolist()]
        for name in fields
    }


def _backbones(results: Results) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for measurement in results.measurements:
        facts = measurement.facts
        if "card" in facts:
            card = facts["card"]
            names = ("parameters", "source", "licence", "settings")
            found.setdefault(facts["name"], {name: card[name] for name in names})
    return found


def _structures(results: Results) -> dict[str, Any]:
    sets: dict[str, Any] = {}
    for measurement in results.measurements:
        for role in ("training", "test"):
            if role in measurement.facts:
                described = measurement.facts[role]
                sets.setdefault(described["checksum"], described)
    return sets


def labels(**values: Mapping[str, Any]) -> dict[str, Callable[..., Any]]:
    """Columns for :meth:`experiments.lab.estimate.Results.assign`, each looked up by a cell's backbone."""
    return {name: lambda cell, found, table=table: table.get(cell.backbone) for name, table in values.items()}
