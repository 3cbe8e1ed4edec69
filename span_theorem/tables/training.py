"""The recovery curve along training: one row a network and probe, from initial weights to trained ones."""

from math import ceil

from span_theorem.errors import InputError
from span_theorem.latex import Column, Table, escape, label
from span_theorem.results import Record

_DECIMALS = 2


def training_table(result: Record) -> Table:
    """The table of a file written by ``controls training``.

    Raises:
        InputError: a field is missing or not what it should be.
    """
    networks = {network.text("name"): network for network in result.records("networks")}
    boundary = result.integer("predicted_boundary")
    probes = list(result.records("probes"))
    if not probes:
        raise InputError(f"{result.path}: field probes is empty, expected at least one")
    for probe in probes:
        if probe.text("network") not in networks:
            raise InputError(
                f"{result.path}: field {probe.place}.network is {probe.text('network')}, which networks does not have"
            )
    probes.sort(key=lambda probe: (probe.text("solver"), networks[probe.text("network")].integer("epochs")))
    shown = [one.integer("l") for one in probes[0].records("degrees")]
    rows: list[tuple[str, ...]] = []
    breaks = set()
    for index, probe in enumerate(probes):
        network = networks[probe.text("network")]
        if index == 0 or probe.text("solver") != probes[index - 1].text("solver"):
            breaks.add(len(rows))
            rows.append((escape(probe.text("solver")), *("" for _ in range(2 + len(shown)))))
        rows.append(
            (
                escape(network.text("line").removeprefix("aspirin-")),
                str(network.integer("epochs")),
                _fixed(network.number("force_mae"), 0),
                *(
                    recovered(one, uncertain=one.integer("l") in (boundary, boundary + 1))
                    for one in probe.records("degrees")
                ),
            )
        )
    columns = (
        Column("network", "l"),
        Column("ep."),
        Column("$F$"),
        *(Column(rf"$\rho({l})$", "l") for l in shown),
    )
    caption = (
        rf"Recovery $\rho(l)$ along training, by probe: epochs (ep.), mean absolute force error $F$ in meV/\AA. At the "
        rf"boundary, $l = {boundary}$, and one above, parentheses hold half the width of the 95\% interval in units of "
        r"the last digit; --: no path. "
        + " ".join(
            # what was learned when is a long list: the result file has it
            escape(str(sentence))
            for sentence in (*result.values("conclusions")[:1], *result.values("scope"))
        )
    )
    return Table(label(result.path.stem), caption, columns, tuple(rows), frozenset(breaks - {0}))


def recovered(degree: Record, uncertain: bool) -> str:
    """ρ at one frequency, with or without its uncertainty."""
    if not degree.boolean("path"):
        return "--"
    return figure(degree.number("rho"), degree.interval("rho_ci") if uncertain else None)


def figure(value: float | None, interval: tuple[float, float] | None) -> str:
    """A number with half the width of its interval, rounded up, in units of the last digit; zero has no sign.

    >>> figure(0.704, (0.64, 0.761)), figure(-0.001, None)
    ('0.70(7)', '0.00')
    """
    if value is None or interval is None:
        return _fixed(value, _DECIMALS)
    half = ceil(round((interval[1] - interval[0]) / 2 * 10**_DECIMALS, 6))
    return f"{_fixed(value, _DECIMALS)}({half})"


def _fixed(value: float | None, decimals: int) -> str:
    return "--" if value is None else f"{round(value, decimals) + 0:.{decimals}f}"
