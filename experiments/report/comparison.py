"""Two results side by side: what was measured alike in both, and the difference of the figures with its interval."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot
from typing import Any, NamedTuple

from experiments.lab.tables import Column, Table, number
from span_theorem.errors import InputError

FIGURES = {"rho": "ρ", "r2_injected": "R²_inj"}
"""Those compared where a result has one of them; otherwise all that it has."""
_BESIDE = ("cell", "L", "path", "n_structures", "n_clusters", "null_gain", "null_force_gain")
_ENDS = ("", "_low", "_high")

Row = Mapping[str, str]


class Estimate(NamedTuple):
    """A figure and the ends of its interval."""

    value: float
    low: float
    high: float

    def text(self) -> str:
        """As tables hold it."""
        return f"{number(self.value)} [{number(self.low)}, {number(self.high)}]"


@dataclass(frozen=True)
class Comparison:
    """Part of a page.

    Attributes:
        heading: which two.
        explanation: in what they differ, and what the intervals rest on.
        tables: one.
        figure: an ``svg`` element, or nothing.
    """

    heading: str
    explanation: str
    tables: Sequence[Table]
    figure: str = ""


def minus(b: Estimate, a: Estimate) -> Estimate:
    """b - a, its interval made from theirs as if they were independent: the method of variance estimates recovery
    (Zou and Donner, Statistics in Medicine 27 (2008) 1693, eq. 3).

    >>> minus(Estimate(1.0, -2.0, 4.0), Estimate(1.0, -3.0, 5.0))
    Estimate(value=0.0, low=-5.0, high=5.0)
    """
    value = b.value - a.value
    return Estimate(
        value,
        value - hypot(b.value - b.low, a.high - a.value),
        value + hypot(b.high - b.value, a.value - a.low),
    )


def compare(names: tuple[str, str], first: str, second: str) -> Comparison:
    """Rows that two tidy tables have in common.

    A column that has one value in either table, but not the same, is what the two differ in; all others have to agree.

    Args:
        names: of the two results.
        first, second: CSV with X, X_low, X_high for every figure X.

    Raises:
        InputError: nothing in common.
    """
    tables = [list(csv.DictReader(io.StringIO(text))) for text in (first, second)]
    figures = _figures(tables)
    fields = list(dict.fromkeys(name for rows in tables for name in rows[0] if _is_field(name, tables)))
    values = {name: [sorted({row.get(name) or "" for row in rows}) for rows in tables] for name in fields}
    different = {
        name: two for name, two in values.items() if two[0] != two[1] and len(two[0]) == len(two[1]) == 1
    }
    shared = [name for name in fields if name not in different]
    keyed = [{tuple(row.get(name) or "" for name in shared): row for row in rows} for rows in tables]
    common = [key for key in keyed[0] if key in keyed[1]]
    if not common or not figures:
        apart = [name for name in shared if not set(values[name][0]) & set(values[name][1])]
        why = f" (apart by {', '.join(apart)})" if apart else ""
        raise InputError(
            f"{names[0]} and {names[1]} have no cell in common{why}: there is nothing to compare"
        )
    varying = [index for index, _ in enumerate(shared) if len({key[index] for key in common}) > 1]
    columns = [Column(shared[index], True) for index in varying] + [Column("figure", True)]
    rows = []
    for key in common:
        for figure in figures:
            a, b = (_estimate(table[key], figure) for table in keyed)
            if a is not None and b is not None:
                texts = [one.text() for one in (a, b, minus(b, a))]
                rows.append((*(key[index] for index in varying), FIGURES.get(figure, figure), *texts))
    differ = "; ".join(
        f"{name}: {two[0][0] or 'none'} and {two[1][0] or 'none'}" for name, two in different.items()
    )
    alone = [len(one) - len(common) for one in keyed]
    return Comparison(
        f"{names[0]} and {names[1]}",
        f"{len(common)} rows measured alike in A = {names[0]} and B = {names[1]}; {alone[0]} stand in A alone, "
        f"{alone[1]} in B alone. They differ in {differ or 'nothing that is set'}. 95% intervals of B - A are made "
        "from theirs as if these were independent; measured on the same structures, they are as a rule too wide.",
        [Table("comparison", "Side by side", (*columns, *map(Column, ("A", "B", "B - A"))), tuple(rows))],
    )


def _figures(tables: Sequence[Sequence[Row]]) -> list[str]:
    names = [
        name for name in tables[0][0] if all(f"{name}_low" in rows[0] and name in rows[0] for rows in tables)
    ]
    return [name for name in names if name in FIGURES] or names


def _is_field(name: str, tables: Sequence[Sequence[Row]]) -> bool:
    figure = name.removesuffix("_low").removesuffix("_high")
    return name not in _BESIDE and not any(f"{figure}_low" in rows[0] for rows in tables)


def _estimate(row: Row, name: str) -> Estimate | None:
    texts: list[Any] = [row.get(f"{name}{end}") for end in _ENDS]
    return Estimate(*map(float, texts)) if all(texts) else None
