"""Recovered share at the boundary by kind of bond, and where its direction is read."""

from __future__ import annotations

from span_theorem.errors import InputError
from span_theorem.latex import Column, Table, escape, label
from span_theorem.results import Record
from span_theorem.tables.ceiling import share
from span_theorem.tables.estimate import in_words


def where_table(result: Record) -> Table:
    """The table of a file written by ``controls where``: the first network, read at the ends of bonds.

    Raises:
        InputError: a field is missing or not what it should be.
    """
    network = next(result.records("networks"), None)
    if network is None:
        raise InputError(f"{result.path}: field networks is empty, expected at least one network")
    layers = [str(layer) for layer in network.values("layers")]
    found: dict[str, dict[str, Record]] = {}
    for kind in result.records("kinds"):
        if kind.text("network") == network.text("network") and kind.text("reading") == "end":
            found.setdefault(kind.text("kind"), {})[kind.text("layer")] = kind
    for name, by_layer in found.items():
        if list(by_layer) != layers:
            raise InputError(f"{result.path}: kind '{name}' has layers {list(by_layer)}, expected {layers}")
    boundary = network.integer("boundary")
    ordered = sorted(found.items(), key=lambda item: -(item[1][layers[-1]].number("rho") or 0))
    rows = tuple(
        (
            escape(name),
            str(by_layer[layers[0]].integer("n")),
            *(share(kind.number("rho"), kind.interval("rho_ci")) for kind in by_layer.values()),
        )
        for name, by_layer in ordered
    )
    columns = (
        Column("read at, toward", "l"),
        Column("bonds"),
        *(Column(rf"$\rho({boundary})$, layer {escape(layer)}", "l") for layer in layers),
    )
    caption = (
        rf"Recovered share at $l = {boundary}$ by kind of bond, {escape(network.text('network'))}; an atom is named by "
        r"its element and the number of its bonds, r in a ring; 95\% intervals over bonds and test frames. "
        + in_words(result)
    )
    return Table(label(result.path.stem), caption, columns, rows)
