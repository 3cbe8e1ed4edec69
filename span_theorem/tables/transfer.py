"""The angular transfer of networks: how much of a layer's power lies above L, layer by layer."""

from math import floor, log10

from span_theorem.errors import InputError
from span_theorem.latex import Column, Table, escape, label
from span_theorem.results import Record
from span_theorem.tables.estimate import in_words

_ROUNDING = -10
"""Exponent of the share of power below which float32 features cannot tell it from none."""

_SYSTEMS = ("pair", "triple", "molecule")

_COLUMNS = (
    Column("networks", "l"),
    Column("weights", "l"),
    Column("layer"),
    *(Column(system) for system in _SYSTEMS[:-1]),
    Column(_SYSTEMS[-1], "l"),
    Column("$v$"),
)


def transfer_table(result: Record) -> Table:
    """The table of a file written by ``controls transfer``.

    Raises:
        InputError: a field is missing or not what it should be.
    """
    groups = list(result.records("groups"))
    if not groups:
        raise InputError(f"{result.path}: field groups is empty, expected at least one network")
    rows: list[tuple[str, ...]] = []
    breaks = set()
    for index, group in enumerate(groups):
        systems = {name: _system(group, name) for name in _SYSTEMS}
        molecule = systems["molecule"]
        if index and group.integer("depth") == 0:
            breaks.add(index)
        rows.append(
            (
                escape(group.text("group")),
                f"{group.integer('n_networks')} {escape(group.text('weights'))}",
                escape(group.text("layer")),
                *(share(systems[name].number("above")) for name in _SYSTEMS[:-1]),
                share(molecule.number("above"), molecule.interval("above_ci")),
                share(molecule.number("varying")),
            )
        )
    caption = (
        r"One neighbour moves over the sphere around the site, everything else stays: percentage of the features' "
        r"angular power ($l \ge 1$) at degrees above $L$, for the pair alone, with the atom that comes closest, "
        r"and in the whole molecule (with its 95\% interval over networks and frames); $v$: percentage of the "
        r"mean square of the molecule's features that depends on the direction at all; 0: a share below "
        rf"$10^{{{_ROUNDING}}}$, rounding of float32; --: nothing varies. " + in_words(result)
    )
    return Table(label(result.path.stem), caption, _COLUMNS, tuple(rows), frozenset(breaks), small=True)


def _system(group: Record, name: str) -> Record:
    systems = group.record("systems")
    found = systems.record(name) if systems else None
    if found is None:
        raise InputError(f"{group.path}: {group.place}.systems.{name} is null, expected an object")
    return found


def share(value: float | None, interval: tuple[float, float] | None = None) -> str:
    r"""A share in percent with its interval, or a power of ten that bounds it where a decimal shows nothing.

    >>> share(0.1234, (0.1, 0.15)), share(3.2e-5), share(3.2e-15), share(None)
    ('12.3 [10.0, 15.0]', '$<10^{-2}$', '0', '--')
    """
    if value is None:
        return "--"
    if value < 10**_ROUNDING:
        return "0"
    if value < 5e-4:
        return f"$<10^{{{floor(log10(100 * value)) + 1}}}$"
    ends = "" if interval is None else f" [{100 * interval[0]:.1f}, {100 * interval[1]:.1f}]"
    return f"{100 * value:.1f}{ends}"
