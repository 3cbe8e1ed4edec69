"""Background: a user has backbones, layers, structures and probes of their own. Question: where is the boundary in each
combination of them, and how high is the recovery at it? Result: one line a combination, as in every other study.

The combinations stand in a TOML file: `[base]` sets fields of all cells, `[axes]` lists values, of which every
combination is measured. Keys are the fields of :class:`experiments.lab.cell.Cell`, and `solver`, `d`, `activation`,
`width` and `steps` of the SPN.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from itertools import product
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.lab import figures
from experiments.lab.ceilings import above_boundary, at_boundary, ceilings, tests_above
from experiments.lab.cell import Cell
from experiments.lab.claims import Absent, Claim, Reached, Statement, bounds_sentence, require_tests
from experiments.lab.drawing import plain
from experiments.lab.estimate import Results
from experiments.lab.study import Lab, Report
from experiments.lab.tables import Cell as TableCell
from experiments.lab.tables import Table, estimate
from span_theorem.checked import checked
from span_theorem.errors import InputError
from span_theorem.reading import read_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PROBE = {"solver": "solver", "d": "degree", "activation": "activation"}
TRAINING = ("width", "steps")
"""Keys of the SPN."""
MOST_CELLS = 100_000


class Sweep:
    """A user's grid as a study.

    Args:
        path: of the TOML file.

    Raises:
        InputError: unreadable, a key that is unknown or missing, or a value of the wrong type.
    """

    __file__ = __file__

    def __init__(self, path: Path):
        file = _read(path)
        base, axes = file.base, file.axes
        combinations = product(*axes.values())
        self._cells = [_cell(path, base | dict(zip(axes, values, strict=True))) for values in combinations]
        self._varied = [name for name, values in axes.items() if len(values) > 1]

    def cells(self, lab: Lab) -> list[Cell]:
        return self._cells

    def report(self, lab: Lab, results: Results) -> Report:
        results = results.assign(L=lambda cell, measurement: measurement.facts["L"])
        by = list(
            dict.fromkeys([*self._varied, "backbone", "layer", "rule", "solver", "d", "activation", "L"])
        )
        number = require_tests(tests_above(results, by))
        table = ceilings(results, by, together=(), tests=number)
        # what is the same everywhere stands in the settings
        shown = [name for name in by if name == "backbone" or len(set(table[name])) > 1]
        columns: dict[str, str | TableCell] = {f"<{name}": _text(name) for name in shown}
        columns |= {
            "dL": "boundary",
            "measured": "measured",
            "<verdict": "verdict",
            "ρ(dL)": at_boundary("rho"),
            "ρ(dL+1)": above_boundary("rho"),
        }
        if "r2_injected_at" in table and table["r2_injected_at"].notna().any():
            columns |= {"R²_inj(dL)": at_boundary("r2_injected"), "Δ": estimate("contrast")}
        table_of = Table.of(
            "sweep",
            "Every combination: boundary by the theorem and measured, recovered shares at it and above it",
            table,
            columns,
        )
        claims: list[Claim] = []

        def place(row: Any) -> str:
            return ", ".join(str(row[name]) for name in by if row[name] is not None)

        tested = table[table["upper"].notna()]
        if len(tested):
            claims.append(Absent.of("Above dL", tested, place))
            claims.append(Statement(bounds_sentence(number)))
        short = table[table["measured"] < table["boundary"]]
        names = tuple(place(row) for _, row in short.iterrows())
        claims.append(Statement(Reached("dL is reached", len(table), names).words()))
        return Report(claims, [table_of], lambda: draw(results))


def _text(name: str) -> TableCell:
    return lambda row: "" if row[name] is None else str(row[name])


def draw(results: Results) -> "Figure":
    """ρ(l), a panel a backbone and layer, a curve a solver and degree."""
    table = results.estimate(["backbone", "layer", "solver", "d", "L"], together=("rule", "training"))
    places = list(dict.fromkeys(zip(table["backbone"], table["layer"], strict=True)))
    figure, axes = figures.panels(len(places), min(3, len(places)), sharey=True)
    table["curve"] = table["solver"] + ", d = " + table["d"].astype(str)
    styles = figures.solver_looks(list(zip(table["solver"], table["d"], strict=True)))
    for panel, (backbone, layer) in zip(axes, places, strict=True):
        subset = table[(table["backbone"] == backbone) & ((table["layer"] == layer) | table["layer"].isna())]
        figures.curves(panel, subset, "curve", styles, spread=0.1)
        figures.tidy(panel, l_max=int(subset["l"].max()))
        panel.set_title(plain(backbone) + ("" if layer is None else f"\nlayer {plain(layer)}"), fontsize=7)
    axes[0].set_ylabel(figures.RECOVERED, fontsize=8)
    figures.legend_below(figure)
    return figure


@dataclass(frozen=True)
class _File:
    base: dict[str, Any] = field(default_factory=dict)
    axes: dict[str, list[Any]] = field(default_factory=dict)


def _read(path: Path) -> _File:
    try:
        content = tomllib.loads(read_text(path, "a TOML file"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"{path} is not TOML: {error}") from error
    file = checked(content, _File, path)
    for name, values in file.axes.items():
        if name in file.base:
            raise InputError(f"{path}: {name} stands in [base] and in [axes], expected one of them")
        if not values:
            raise InputError(f"{path}: axes.{name} is empty, expected values such as [1, 2]")
    total = prod(map(len, file.axes.values()))
    if total > MOST_CELLS:
        raise InputError(f"{path}: {total} combinations, expected at most {MOST_CELLS}")
    return file


def _cell(path: Path, values: Mapping[str, Any]) -> Cell:
    """One combination; the SPN's keys stand beside the cell's."""
    known = {one.name for one in fields(Cell)} - {"probe", "measure"} | {*TRAINING, *PROBE}
    for name in values:
        if name not in known:
            raise InputError(f"{path}: {name}: unknown key, expected one of {', '.join(sorted(known))}")
    if "training" not in values:
        raise InputError(f"{path}: training is missing, expected structures such as embedded:train or a file")
    given = dict(values)
    training = {name: given.pop(name) for name in TRAINING if name in given}
    probe = {field: given.pop(name) for name, field in PROBE.items() if name in given}
    return checked(given | {"probe": probe | {"training": training}}, Cell, path)
