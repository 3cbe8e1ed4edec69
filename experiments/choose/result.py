"""What is said of a choice: claims, tables, a figure and the files of a result folder, in a study's form."""

from collections.abc import Sequence
from dataclasses import asdict
from math import floor, log10
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.choose.choosing import Choice
from experiments.choose.decision import Curve, Enough, is_enough, verdict
from experiments.choose.fits import Size
from experiments.lab import claims as claiming
from experiments.lab.claims import Claim, Statement
from experiments.lab.names import CELLS, FORMATS, KIND, RESULT
from experiments.lab.study import Report
from experiments.lab.tables import Cell, Table, estimate
from experiments.versions import versions
from numerics.coupling import Irrep, path_count
from numerics.jackknife import Interval
from span_theorem.output import replacing, together, write_json
from span_theorem.requirement import requirements

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

NAME = "choose"
STATEMENT = (
    "Question: which L and which degree d do these labels ask for? A linear model of invariants of degree d in density "
    "features of degree L is fitted for every size and compared on structures that were not fitted."
)
SCOPE = (
    "Tested: one layer of density features and polynomials of degree d in them, fitted to these labels.",
    "Not tested: what deeper networks reach with less. A second layer multiplies densities of neighbours, which raises "
    "the degree that a smaller L can reach; a nonlinear readout raises d.",
)
ANSWERS = {True: "yes", False: "no", None: "open"}
MILLI = 1000


def report(choice: Choice) -> Report:
    """Claims, the headline first, tables and figure."""
    d = choice.degree()
    headline = choice.verdict(d)
    errors = choice.deciding.errors()
    best = min(choice.plan.sizes, key=lambda size: errors[size].value)
    of = "force" if choice.forces is not None else "energy per atom"
    claims: list[Claim] = [
        headline,
        Statement(
            f"Left at L = {best[0]}, d = {best[1]}: {errors[best].value / choice.rms:.3f} of the labels' RMS {of}, "
            f"beyond L ≤ {choice.settings.max_L}, d ≤ {max(choice.degrees)} within {choice.settings.cutoff:g} Å, "
            "or noise."
        ),
        *(Statement(_of_degree(choice, other)) for other in choice.degrees),
        *map(Statement, choice.notes),
    ]
    tables = [_sizes(choice)]
    if choice.elements:
        tables.append(_elements(choice, d))
    if isinstance(headline, Enough) and headline.L:
        tables.append(_equivalents(choice, (headline.L, headline.d)))
    return Report(claims, tables, lambda: _figure(choice), SCOPE)


def frame(choice: Choice) -> "DataFrame":
    """One row a size, in eV, Å: its cost, its errors with intervals, the largest fall that remains."""
    import pandas

    rows = []
    for size in choice.plan.sizes:
        L, d = size
        remaining = _remaining(choice.deciding, size)
        largest = max(remaining, key=lambda fall: fall.value, default=None)
        row: dict[str, Any] = {"L": L, "d": d, "features": _features(choice, size), "paths": _paths(size)}
        for name, curve in (("force_error", choice.forces), ("energy_error", choice.energies)):
            if curve is not None:
                row |= _columns(name, curve.errors()[size])
        for element, curve in choice.elements.items():
            row |= _columns(f"force_error_{_symbol(element)}", curve.errors()[size])
        row |= _columns("remaining", largest) if largest is not None else {}
        # nothing larger was fitted beside the largest
        row["enough"] = ANSWERS[is_enough(remaining, choice.tolerance)] if remaining else "–"
        rows.append(row)
    return pandas.DataFrame(rows)


def write(choice: Choice, found: Report, folder: Path) -> tuple[Path, ...]:
    """Write study.json, cells.csv and the figure into ``folder``, which exists.

    Raises:
        InputError: a file cannot be written.
    """
    from experiments.lab.drawing import drawing, save

    result, csv, *pictures = files(folder)
    with together():
        with drawing():
            save(found.figure(), pictures)
        with replacing(csv) as temporary:
            frame(choice).to_csv(temporary, index=False, lineterminator="\n")
        write_json(result, _document(choice, found))
    return result, csv, *pictures


def files(folder: Path) -> tuple[Path, ...]:
    """What :func:`write` writes."""
    return folder / RESULT, folder / CELLS, *(folder / f"{NAME}{suffix}" for suffix in FORMATS)


def _document(choice: Choice, found: Report) -> dict[str, Any]:
    structures, settings = choice.structures, choice.settings
    expansion = choice.plan.expansion
    return {
        "kind": KIND,
        "name": NAME,
        "statement": STATEMENT,
        "holds": found.holds,
        "claims": [claiming.to_dict(claim) for claim in found.claims],
        "tables": [table.to_dict() for table in found.tables],
        "scope": list(found.scope),
        "settings": asdict(settings)
        | {
            "tolerance": {**asdict(settings.tolerance), "absolute": choice.tolerance},
            "force_rms": choice.labels.force_rms,
            "energy_rms": choice.labels.energy_rms,
            "elements": [_symbol(element) for element in expansion.elements],
            "terms": [asdict(term) for term in expansion.terms],
            "clusters": len(choice.deciding.counts),
        },
        "backbones": {},
        "structures": {
            structures.checksum: {
                "source": structures.source,
                "n_structures": len(structures),
                "n_atoms": len(structures.numbers),
            }
        },
        "left_out": {},
        "versions": versions(),
    }


def _of_degree(choice: Choice, d: int) -> str:
    """The verdict of one degree, and what a higher one would bring."""
    words = choice.verdict(d).words()
    higher = [other for other in choice.degrees if other > d]
    if not higher:
        return f"At d = {d}, {words}."
    curve = choice.deciding
    falls = curve.fall(curve.best(d), [curve.best(other) for other in higher])
    fall, other = max(zip(falls, higher, strict=True), key=lambda pair: pair[0].value)
    lowers = f"d = {other} lowers the least error by {_shares(fall, choice.rms)} of the labels"
    answer = is_enough(falls, choice.tolerance)
    if answer is False:
        return f"d = {d} is too low: {lowers}; at d = {d} itself, {words}."
    return (
        f"At d = {d}, {words}; {lowers}, {'less than the tolerance' if answer else 'perhaps the tolerance'}."
    )


def _sizes(choice: Choice) -> Table:
    scaled = frame(choice)
    errors = [name for name in scaled if "error" in name or name.startswith("remaining")]
    scaled[errors] *= MILLI
    forces = choice.forces is not None
    unit, digits = "meV/Å" if forces else "meV/atom", _digits(choice)
    columns: dict[str, str | Cell] = {"d": "d", "L": "L", "features": "features", "paths": "paths"}
    if forces:
        columns[f"force error, {unit}"] = estimate("force_error", digits)
    if choice.energies is not None:
        columns["energy error, meV/atom"] = estimate("energy_error", 2)
    deciding = "force_error" if forces else "energy_error"
    columns["share of labels"] = lambda row: f"{row[deciding] / MILLI / choice.rms:.3f}"
    columns[f"may still fall by, {unit}"] = estimate("remaining", digits)
    columns["enough"] = "enough"
    caption = (
        f"{choice.structures.source}: root-mean-square errors on {len(choice.structures)} structures not fitted, 95% "
        f"intervals over {len(choice.deciding.counts)} clusters; labels {choice.rms * MILLI:.0f} {unit}, tolerance "
        f"{choice.tolerance * MILLI:.3g} {unit}"
    )
    return Table.of(NAME, caption, scaled.sort_values(["d", "L"]), columns, "d")


def _elements(choice: Choice, d: int) -> Table:
    """Where the error sits at one degree, and which L the atoms of each element ask for."""
    import pandas

    best = choice.deciding.best(d)
    squares = {element: curve.total(best) for element, curve in choice.elements.items()}
    rows = []
    for element, curve in choice.elements.items():
        errors = curve.errors()
        row: dict[str, Any] = {
            "element": _symbol(element),
            "atoms": int(curve.counts.sum()) // 3,
            "squares": f"{100 * squares[element] / sum(squares.values()):.0f}%",
            "words": verdict(curve, d, choice.tolerance).words(),
        }
        row |= {f"L = {L}": f"{errors[L, d].value * MILLI:.{_digits(choice)}f}" for L, _ in curve.at(d)}
        rows.append(row)
    columns: dict[str, str | Cell] = {"<element": "element", "atoms": "atoms"}
    columns |= {f"L = {L}": f"L = {L}" for L, _ in choice.deciding.at(d)}
    columns |= {"squared error": "squares", "<asks for": "words"}
    caption = f"Force errors on the atoms of each element, meV/Å, d = {d}; squared error: share at the best L"
    return Table.of(f"{NAME}-elements", caption, pandas.DataFrame(rows), columns)


def _equivalents(choice: Choice, size: Size) -> Table:
    """Sizes that reach the same degree of one direction, beside what they reach here."""
    import pandas

    l = size[0] * size[1]
    errors = choice.deciding.errors()
    rows = []
    for pair in sorted(requirements(l), key=lambda pair: pair.d):
        # at d = 1 only l = 0 is invariant, so every L is the same size
        measured = errors.get((pair.L if pair.d > 1 else 0, pair.d))
        share = "not fitted" if measured is None else _shares(measured, choice.rms)
        rows.append({"L": pair.L, "d": pair.d, "cost": pair.cost, "share": share})
    caption = (
        f"Sizes whose features tell one direction up to l = {l} (span_theorem require), and their errors here"
    )
    columns: dict[str, str | Cell] = {
        "L": "L", "d": "d", "cost for one direction": "cost", "error here, share of the labels": "share",
    }  # fmt: skip
    return Table.of(f"{NAME}-equivalents", caption, pandas.DataFrame(rows), columns)


def _figure(choice: Choice) -> "Figure":
    from experiments.lab.figures import curves, looks, panels

    forces = choice.forces is not None
    name = "force_error" if forces else "energy_error"
    table = frame(choice)
    table = table.assign(
        **{f"{name}{end}": table[f"{name}{end}"] / choice.rms for end in ("", "_low", "_high")}
    )
    figure, (axes,) = panels(1, 1, 3.6, 2.8)
    curves(axes, table, "d", looks(choice.degrees), "L", name, lambda d: f"d = {d}", spread=0.06)
    share = choice.tolerance / choice.rms
    least = table[name].min()
    axes.axhspan(least, least + share, color="0.9", zorder=0, label="tolerance")
    axes.set_ylim(0, 1.08 * table[f"{name}_high"].max())
    axes.set_xticks(range(choice.settings.max_L + 1))
    axes.set_xlabel("L", fontsize=8)
    axes.set_ylabel(f"{'force' if forces else 'energy'} error / RMS of the labels", fontsize=8)
    axes.tick_params(labelsize=7)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=7, frameon=False)
    return figure


def _remaining(curve: Curve, size: Size) -> Sequence[Interval]:
    """Falls to all larger L at the same degree."""
    larger = [other for other in curve.at(size[1]) if other > size]
    return curve.fall(size, larger) if larger else []


def _features(choice: Choice, size: Size) -> int:
    expansion = choice.plan.expansion
    return int(len(expansion.elements) * expansion.belongs(*size).sum())


def _paths(size: Size) -> int:
    """Ways to couple densities of one kind: what the size costs before elements and radial functions multiply it."""
    L, d = size
    densities: dict[Irrep, int] = {(l, (-1) ** l): 1 for l in range(L + 1)}
    return sum(path_count(densities, degree, (0, 1)) for degree in range(1, d + 1))


def _digits(choice: Choice) -> int:
    """Decimals, in thousandths of the unit, that show a tenth of the tolerance."""
    return max(0, 1 - floor(log10(choice.tolerance * MILLI)))


def _columns(name: str, interval: Interval, scale: float = 1.0) -> dict[str, float]:
    return {
        name: interval.value * scale,
        f"{name}_low": interval.low * scale,
        f"{name}_high": interval.high * scale,
    }


def _shares(interval: Interval, unit: float) -> str:
    return f"{interval.value / unit:.3f} [{interval.low / unit:.3f}, {interval.high / unit:.3f}]"


def _symbol(element: int) -> str:
    from ase.data import chemical_symbols

    return str(chemical_symbols[element])
