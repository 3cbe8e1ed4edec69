"""Recovered share by activation, hidden units and training steps, around the quadratic boundary."""

from __future__ import annotations

from span_theorem.errors import InputError
from span_theorem.latex import Column, Table, escape, label
from span_theorem.results import Record
from span_theorem.tables.estimate import in_words, recovered

SHOWN = 3
"""Frequencies shown: the quadratic boundary and those next above it."""


def activation_table(result: Record) -> Table:
    """The table of a file written by ``controls activation``.

    Raises:
        InputError: a field is missing or not what it should be.
    """
    cases = list(result.records("cases"))
    if not cases:
        raise InputError(f"{result.path}: field cases is empty, expected at least one network")
    boundary = result.integer("quadratic_boundary")
    shown = range(boundary, boundary + SHOWN)
    names = [case.text("activation") for case in cases]
    rows = []
    breaks = set()
    for index, case in enumerate(cases):
        by_l = {degree.integer("l"): degree for degree in case.records("degrees")}
        name = names[index]
        if name in names[:index] and name != names[index - 1]:
            breaks.add(index)
        rows.append(
            (
                escape(name),
                str(case.integer("width")),
                str(case.integer("steps")),
                *(recovered(by_l[l]) if l in by_l else "--" for l in shown),
            )
        )
    columns = (
        Column("activation", "l"),
        Column("units"),
        Column("steps"),
        *(Column(rf"$\rho({l})$", "l") for l in shown),
    )
    caption = (
        rf"Recovered share by activation of one hidden layer, {escape(result.text('backbone'))}; the boundary of "
        rf"degree 2 is $l = {boundary}$; 95\% intervals over test frames. " + in_words(result)
    )
    return Table(label(result.path.stem), caption, columns, tuple(rows), frozenset(breaks), small=True)
