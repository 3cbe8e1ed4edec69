"""Recovered share against the number of parameters: the ladder of linear and quadratic probes."""

from __future__ import annotations

from span_theorem.errors import InputError
from span_theorem.latex import Column, Table, escape, label
from span_theorem.results import Record
from span_theorem.tables.estimate import in_words, recovered, thousands


def capacity_table(result: Record) -> Table:
    """The table of a file written by ``controls capacity``.

    Raises:
        InputError: a field is missing or not what it should be.
    """
    rungs = list(result.records("rungs"))
    settings = result.record("settings")
    if not rungs or settings is None:
        raise InputError(f"{result.path}: expected settings and at least one entry in rungs")
    boundary = settings.integer("boundary")
    rows = []
    breaks = set()
    for index, rung in enumerate(rungs):
        trained = rung.record("training")
        group = (rung.text("solver"), rung.integer("d"))
        if index and group != (rungs[index - 1].text("solver"), rungs[index - 1].integer("d")):
            breaks.add(index)
        rows.append(
            (
                escape(rung.text("features")),
                escape(group[0]),
                str(group[1]),
                "--" if trained is None else str(trained.integer("width")),
                thousands(rung.integer("parameters")),
                *(recovered(_object(rung, which)) for which in ("at", "above")),
            )
        )
    columns = (
        Column("features", "l"),
        Column("solver", "l"),
        Column("$d$"),
        Column("units"),
        Column("parameters"),
        Column(rf"$\rho({boundary})$", "l"),
        Column(rf"$\rho({boundary + 1})$", "l"),
    )
    caption = (
        rf"Recovered share at $l = {boundary}$ and ${boundary + 1}$ against the number of parameters, "
        rf"{escape(result.text('backbone'))}; 95\% intervals over test frames. " + in_words(result)
    )
    return Table(label(result.path.stem), caption, columns, tuple(rows), frozenset(breaks), small=True)


def _object(rung: Record, name: str) -> Record:
    found = rung.record(name)
    if found is None:
        raise InputError(f"{rung.path}: {rung.place}.{name} is null, expected an object")
    return found
