"""The aspirin study: the headline over all networks, and every replicate with its own contrast."""

from collections.abc import Iterator, Sequence

from span_theorem.errors import InputError
from span_theorem.latex import Column, Table, escape, heading, label
from span_theorem.results import Record
from span_theorem.tables.verdict import boundary_verdict

_HEADLINE = (
    Column("$d$"),
    Column("solver", "l"),
    Column("$dL$"),
    Column("found"),
    Column(r"$\rho(dL)$"),
    Column(r"$\rho(dL{+}1)$"),
    Column(r"$R^2_{\mathrm{inj}}(dL)$"),
    Column(r"$R^2_{\mathrm{inj}}(dL{+}1)$"),
    Column("cliff"),
    Column("verdict", "l"),
)
_REPLICATES = (
    Column("network", "l"),
    Column("$d$"),
    Column("solver", "l"),
    Column("$dL$"),
    Column("found"),
    Column(r"$\rho(dL)$"),
    Column(r"$\rho(dL{+}1)$"),
    Column(r"$\Delta$ / $10^{-3}$ (eV/\AA)$^2$"),
)


def study_tables(result: Record) -> tuple[Table, ...]:
    """The tables of a file written by ``aspirin``: NAME-headline and NAME-replicates.

    Raises:
        InputError: a field is missing or not what it should be.
    """
    groups = list(result.records("groups"))
    if not groups:
        raise InputError(f"{result.path}: field groups is empty, expected at least one network")
    what = f"{escape(result.text('molecule'))}, {escape(result.text('data'))} frames"
    scope = escape(" ".join(str(sentence) for sentence in result.values("scope")))
    name = label(result.path.stem)
    return (
        _table(
            f"{name}-headline",
            _HEADLINE,
            list(_headlines(groups)),
            rf"Spectral injection on {what}: power recovered at the boundary $dL$ and above it, mean over the networks "
            r"(their number in brackets), with the ends of the 95\% interval of a bootstrap over networks and frames "
            r"below and above; cliff: 95\% lower bound of $\rho(dL)/|\rho(dL{+}1)|$; --: no path, or no figure. "
            rf"{_published(result)} {scope}",
        ),
        _table(
            f"{name}-replicates",
            _REPLICATES,
            [(group.text("label"), row) for group in groups for row in _replicates(group)],
            rf"Spectral injection on {what}, network by network: $\Delta = G(dL) - G(dL{{+}}1)$, the contrast of raw "
            rf"force gains; the ends of the 95\% interval over frames below and above. {scope}",
        ),
    )


def _table(
    name: str, columns: tuple[Column, ...], rows: list[tuple[str, tuple[str, ...]]], caption: str
) -> Table:
    breaks = {i for i in range(1, len(rows)) if rows[i][0] != rows[i - 1][0]}
    return Table(name, caption, columns, tuple(row for _, row in rows), frozenset(breaks), small=True)


def _headlines(groups: Sequence[Record]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Rows with the networks they belong to, which stand above them."""
    above = None
    for group in groups:
        networks = f"{group.text('label')} ({len(group.values('backbones'))})"
        if networks != above:
            yield networks, heading(_HEADLINE, escape(networks))
        yield networks, _headline(group)
        above = networks


def _headline(group: Record) -> tuple[str, ...]:
    d, boundary = group.integer("d"), group.integer("predicted_boundary")
    at, above = _degree(group, boundary), _degree(group, boundary + 1)
    cliff = group.number("cliff_lower")
    return (
        str(d),
        escape(group.text("solver")),
        str(boundary),
        str(group.integer("measured_boundary")),
        _figure(at, "rho"),
        _figure(above, "rho"),
        _figure(at, "r2_injected"),
        _figure(above, "r2_injected"),
        "--" if cliff is None else rf"$\geq {_rounded(cliff)}$",
        boundary_verdict(group),
    )


def _replicates(group: Record) -> Iterator[tuple[str, ...]]:
    d, boundary = group.integer("d"), group.integer("predicted_boundary")
    for replicate in group.records("replicates"):
        at, above = _degree(replicate, boundary), _degree(replicate, boundary + 1)
        contrast = _bracketed(replicate.number("contrast"), replicate.interval("contrast_ci"), 2, 1000)
        yield (
            escape(replicate.text("backbone")),
            str(d),
            escape(group.text("solver")),
            str(boundary),
            str(replicate.integer("measured_boundary")),
            _figure(at, "rho"),
            _figure(above, "rho"),
            contrast,
        )


def _degree(record: Record, l: int) -> Record:
    for degree in record.records("degrees"):
        if degree.integer("l") == l:
            return degree
    raise InputError(f"{record.path}: {record.place}.degrees has no entry for l = {l}")


def _figure(degree: Record, name: str) -> str:
    if not degree.boolean("path"):
        return "--"
    return _bracketed(degree.number(name), degree.interval(f"{name}_ci"), 3)


def _bracketed(value: float | None, ends: tuple[float, float] | None, digits: int, unit: float = 1) -> str:
    if value is None or ends is None:
        return "--"
    shown = [f"{round(unit * number, digits) + 0.0:.{digits}f}" for number in (value, *ends)]
    return f"${shown[0]}_{{{shown[1]}}}^{{{shown[2]}}}$"


def _rounded(value: float) -> str:
    return f"{value:.1f}" if value < 1000 else "1000"


def _published(result: Record) -> str:
    published = result.record("published")
    if published is None:
        return ""
    found = [
        rf"${symbol}({l}) = {figures.number(l)}$"
        for symbol, name in ((r"\rho", "rho"), (r"R^2_{\mathrm{inj}}", "r2_injected"))
        if (figures := published.record(name)) is not None
        for l in figures.fields
    ]
    return (
        rf"Published for $L = {published.integer('L')}$, $d = {published.integer('d')}$ "
        rf"({escape(published.text('source'))}; other definitions): {', '.join(found)}, "
        rf"cliff ${published.number('cliff')}$."
    )
