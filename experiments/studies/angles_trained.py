"""Background: invariant polynomials of degree d in the features of one convolution resolve an angle up to l = L⌊d/2⌋,
by the law of docs/theory.md. That is about functions; a training sees energies and forces on some structures alone. And
readouts that are no polynomials, and deeper layers, are not bound. Question: does the ceiling bind a model that is
trained from scratch on P_l of one angle? Result: errors of energies and forces against l, for linear models of every L
and d, for MACEs of one layer and for NequIPs of one and two.

The structures are a carbon and two hydrogens at all angles alike (uniform cos θ), the energy P_l(cos θ) times
exp(-r_1 - r_2), with the same mean square force for every l; errors are on triples not fitted. `ace(L)` is the linear
model of `choose`: all products of up to d densities around the carbon. In a `star` carbon and hydrogens see one another
and the hydrogens do not; in `all` they do, and their distance tells the angle.

What d means for MACE of one layer: its correlation, whose readout is linear; it is a polynomial of degree d in the
densities, with trained radial functions and couplings. MACE needs an environment of its own (docs/backbones.md): the
study is run there too, and leaves out what is not installed.

What d means for NequIP: its last layer keeps scalars alone. A single layer's are Σ_j R(r_j), so d = 1 and L plays no
part, whatever the readout does. After two, a hydrogen's are Σ_l R_l A_l·Y_l of the carbon's densities, which end at
l = L; behind them come gates, SiLU and a linear map, which are no polynomials.

The carbon's force is minus the sum of the others', and an energy of degree l - 1 explains some of it. Energies and the
hydrogens' forces of different degrees are orthogonal, so the claims are about the latter.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from experiments.crosscheck import THRESHOLD
from experiments.lab import figures
from experiments.lab.angle_training import ALL, STAR
from experiments.lab.cell import Cell, grid
from experiments.lab.claims import Claim, Reached, Statement
from experiments.lab.estimate import Results
from experiments.lab.study import Lab, Report
from experiments.lab.tables import Table, number, spread
from experiments.spn import Probe
from span_theorem import law

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame, Series

L_MAX = 6
DEGREES = (2, 3, 4)
LEARNED = 0.5
"""R² of the hydrogens' forces from which a P_l counts as learned."""
COLUMNS = {"<model": "model", "<who sees whom": "rule", "L": "L", "d": "degree", "law": "law"}
KEY = [*COLUMNS.values(), "bound"]
UNBOUND = -1
SCOPE = (
    "Tested: one angle at one site, energies that are P_l of it, models small enough to train in seconds.",
    "Not tested: many neighbours, whose pairs a density sums over; larger networks and longer trainings, which may "
    "learn what these do not.",
)


def cells(lab: Lab) -> list[Cell]:
    base = Cell("", n_train=300, n_test=200, l_max=L_MAX, rule=STAR, measure="angle training", seed=lab.seed)
    orders, deep = ((1, 2), (2,)) if lab.quick else ((1, 2, 3), (1, 2, 3))
    probes = [Probe("equivariant", d) for d in DEGREES]
    selected = grid(base, backbone=[f"ace({L})" for L in orders], probe=probes)
    selected += grid(base, backbone=[f"mace:scratch({L})" for L in orders], probe=probes)
    # a single layer is the same whatever L
    selected += grid(base, backbone=["nequip:scratch(1, 2)", *(f"nequip:scratch(2, {L})" for L in deep)])
    everyone = [f"nequip:scratch({layers}, 2)" for layers in (1, 2)]
    return selected if lab.quick else selected + grid(replace(base, rule=ALL), backbone=everyone)


def report(lab: Lab, results: Results) -> Report:
    results = results.assign(
        model=lambda cell, found: _model(cell, found.facts.get("layers")),
        L=lambda cell, found: found.facts["L"],
        degree=lambda cell, found: _degree(cell, found.facts.get("layers")),
        bound=lambda cell, found: _bound(cell, found.facts),
        law=lambda cell, found: str(_bound(cell, found.facts)).replace(str(UNBOUND), "none"),
    )
    table = results.estimate(KEY)
    return Report(_claims(table), [_errors(table), _recovered(table)], lambda: draw(table), SCOPE)


def _model(cell: Cell, layers: int | None) -> str:
    if layers is not None:
        return f"NequIP, {layers} layer{'s' * (layers > 1)}"
    return f"{'MACE' if cell.backbone.startswith('mace') else 'linear'}, 1 layer"


def _degree(cell: Cell, layers: int | None) -> str:
    """The d that the law is about: a single layer of NequIP is linear in the densities of l = 0."""
    return str(cell.probe.degree) if layers is None else "1" if layers == 1 else "none"


def _bound(cell: Cell, facts: Mapping[str, Any]) -> int:
    """The law's highest l, unless it says nothing: hydrogens that see one another know the angle by their distance."""
    degree = _degree(cell, facts.get("layers"))
    bounded = degree != "none" and cell.rule == STAR
    return law.swept_boundary(facts["L"], int(degree)) if bounded else UNBOUND


def _learned(rows: "DataFrame", threshold: float = LEARNED) -> "Series":
    return rows["outer_low"] > threshold


def _last(rows: "DataFrame") -> int:
    """The highest l up to which every P_l is learned."""
    learned = [*_learned(rows.sort_values("l")), False]
    return learned.index(False)


def _claims(table: "DataFrame") -> list[Claim]:
    bounded, free = table[table["bound"] != UNBOUND], table[table["bound"] == UNBOUND]
    above = bounded[bounded["l"] > bounded["bound"]]
    beyond = free[free["l"] > free["L"]]
    claims: list[Claim] = [
        Reached.unless(
            "a model of one layer learns nothing of P_l above L⌊d/2⌋",
            _cases(above),
            _learned(above, THRESHOLD),
        )
    ]
    polynomial = bounded[~bounded["model"].str.startswith("NequIP")]
    for model, rows in polynomial.groupby("model", sort=False):
        claims += _ends(str(model), rows)
    for (model, rule), rows in beyond.groupby(["model", "rule"], sort=False):
        some, most = int(_learned(rows, THRESHOLD).sum()), int(_learned(rows).sum())
        claims.append(
            Statement(
                f"{model}, {rule}, which the law does not bound: of {len(rows)} P_l above L something is learned of "
                f"{some}, most of {most}."
            )
        )
    return claims


def _ends(model: str, rows: "DataFrame") -> list[Claim]:
    """Whether models that are polynomials learn all that the law allows, and end where it says."""
    within = rows[rows["l"] <= rows["bound"]]
    ends = {key: _last(one) for key, one in rows.groupby(["L", "degree"], sort=False)}
    orders = list(dict.fromkeys(L for L, _ in ends))
    odd = [f"L = {L}" for L in orders if ends[L, "3"] != ends[L, "2"]]
    doubled = [f"L = {L}" for L in orders if ends[L, "4"] != min(2 * ends[L, "2"], L_MAX)]
    return [
        Reached.unless(f"{model}, learns every P_l up to L⌊d/2⌋", _cases(within), ~_learned(within)),
        Reached(f"{model}, trained, d = 3 ends where d = 2 does", len(orders), tuple(odd)),
        Reached(f"{model}, trained, d = 4 ends at twice that", len(orders), tuple(doubled)),
    ]


def _cases(rows: "DataFrame") -> "Series":
    names = rows["model"] + rows["L"].map(", L = {}".format) + ", d = " + rows["degree"]
    return names + rows["l"].map(", l = {}".format)


def _errors(table: "DataFrame") -> Table:
    ends = {key: _last(rows) for key, rows in table.groupby(KEY, sort=False)}
    wide = spread(table, KEY, "l", lambda row: number(row["error"], 2))
    wide["end"] = [ends[tuple(key)] for key in wide[KEY].itertuples(index=False)]
    return Table.of(
        "angles-trained",
        "Root mean square error of the forces on triples not fitted, over that of the forces, trained on energies and "
        "forces of P_l alone; learned: up to which l every P_l is, R² of the hydrogens' forces above 0.5",
        wide,
        COLUMNS | {f"l = {l}": str(l) for l in range(1, L_MAX + 1)} | {"learned": "end"},
        group="model",
    )


def _recovered(table: "DataFrame") -> Table:
    wide = spread(table, KEY, "l", lambda row: f"{number(row['outer'], 2)}, {number(row['energy'], 2)}")
    return Table.of(
        "angles-trained-recovered",
        "R² of the hydrogens' forces, and of the energy, on triples not fitted; intervals: cells.csv",
        wide,
        COLUMNS | {f"l = {l}": str(l) for l in range(1, L_MAX + 1)},
        group="model",
    )


def draw(table: "DataFrame") -> "Figure":
    """Force error against l, a panel an L; linear models by degree, and NequIP by layers and what the hydrogens see."""
    table = table.assign(
        name=[
            f"{row.model}, {row.rule}" if row.model.startswith("NequIP") else f"{row.model}, d = {row.degree}"
            for row in table.itertuples()
        ]
    )
    looks = figures.looks(list(dict.fromkeys(table["name"])))
    figure, axes = figures.panels(table["L"].nunique(), 3, width=3.2, height=2.6)
    for panel, (L, rows) in zip(axes, table.groupby("L"), strict=False):
        figures.curves(panel, rows, "name", looks, y="error", spread=0.06)
        for half in sorted({d // 2 for d in DEGREES}):
            panel.axvline(L * half + 0.5, color="0.3", linestyle="--", linewidth=0.8)
        figures.tidy(panel, None, None, L_MAX)
        panel.axhline(1, color="0.5", linewidth=0.8, linestyle=":", zorder=0)
        panel.set_ylim(0, 1.2)
        panel.set_title(f"L = {L}; dashed: the law for d = 2, 3 and for d = 4", fontsize=8)
        panel.set_ylabel("force error / RMS of the forces", fontsize=8)
    figures.legend_below(figure)
    return figure
