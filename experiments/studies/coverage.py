"""Background: harmonics of different degrees are orthogonal over all directions only, and molecules in a data set often
hardly turn. Question: how far must orientations spread before a ceiling shows? Result: ρ(l) and R²_inj(l) at the
boundary and above it against the spread of orientations, for `free` and `mlp`, beside what the theorem alone gives:
the exact share of Y_l that polynomials of degree dL in the direction have over the same distribution.

Structures are turned about their places in the data by random rotation vectors of normal components with standard
deviation σ, training and test structures alike; σ = 0 is the data as they come. rMD17 is taken where it is there, the
embedded structures else. A cliff is a statement about all orientations. What a readout can do on structures that hardly
turn is another question, and above the boundary the answer is not zero: a polynomial of degree 4 has a part of Y_5
there.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from experiments.coverage import imitated, mean_length
from experiments.crosscheck import NOT_TESTED, THRESHOLD
from experiments.lab import figures
from experiments.lab.cell import Cell, grid
from experiments.lab.claims import Claim, Statement, is_there, together
from experiments.lab.estimate import Results
from experiments.lab.study import Lab, Report
from experiments.lab.tables import Table, estimate, number, spread
from experiments.published import published_sentence
from experiments.spn import Probe
from experiments.spn.mlp import Training
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

TESTED = (
    "Tested: a probe of degree d on one site's features of degree at most L, under orientations that spread about "
    "those of the data as each row says."
)
L, D = 2, 2
BOUNDARY = L * D
SPREADS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, None)
"""σ in rad, and all orientations."""
FEWER = (0.0, 0.5, 1.0, None)
"""The same in the quick form."""
ALL = 2.6
"""Where all orientations stand on the axis of σ."""
FREE = Probe("free", D)
MLP = Probe("mlp", D, training=Training(width=64, steps=1000, samples=(1000, 256)))


def cells(lab: Lab) -> list[Cell]:
    bases = _bases(lab)[: 1 if lab.quick else None]
    return [
        cell
        for base in bases
        for cell in grid(base, probe=(FREE, MLP), spread=FEWER if lab.quick else SPREADS)
    ]


def _bases(lab: Lab) -> list[Cell]:
    """A cell for every network: trained on rMD17 and shown it, or the same of the embedded structures."""
    base = Cell("", l_max=BOUNDARY + 1, orientations=10, force_structures=60, seed=lab.seed)
    published = replace(base, training="rmd17:aspirin/train_01", test="rmd17:aspirin/test_01")
    try:
        lab.sources.structures(published)
        return [replace(published, backbone=f"nequip:aspirin-rmd17-{i}") for i in range(4)]
    except InputError as error:
        lab.left_out["rmd17:aspirin"] = f"{error}; the embedded structures stand in"
        return [replace(base, backbone=f"nequip:aspirin-gfn2-{i}") for i in range(4)]


def report(lab: Lab, results: Results) -> Report:
    first = results.cells[0]
    training, _ = lab.sources.structures(first)
    units = first.marks(training).directions
    results = results.assign(turned=lambda cell, measurement: name(cell.spread))
    table = results.estimate(["turned", "solver"])
    table["sigma"] = [ALL if turned == name(None) else float(turned) for turned in table["turned"]]
    spreads = dict.fromkeys(cell.spread for cell in results.cells)
    theorem = {name(one): imitated(units, BOUNDARY + 1, BOUNDARY, one) for one in spreads}
    return Report(
        [*_claims(table), Statement(published_sentence())],
        [_table(table, theorem, mean_length(units), first.training)],
        lambda: draw(table, theorem),
        (TESTED, NOT_TESTED),
    )


def name(sigma: float | None) -> str:
    """σ in words."""
    return "all" if sigma is None or sigma != sigma else f"{sigma:g}"


def _claims(table: "DataFrame") -> list[Claim]:
    """That something is found above the boundary as the data come, and nothing over all orientations."""
    above = table[table["l"] == BOUNDARY + 1]
    claims: list[Claim] = []
    for turned, wanted, words in (
        ("0", True, "as the data come"),
        (name(None), False, "over all orientations"),
    ):
        rows = above[above["turned"] == turned]
        answers = [
            None if (there := is_there(row.rho_low, row.rho_high)) is None else there is wanted
            for row in rows.itertuples()
        ]
        shares = ", ".join(
            f"{row.solver} {row.rho:.3f} [{row.rho_low:.3f}, {row.rho_high:.3f}]" for row in rows.itertuples()
        )
        claims.append(Statement(f"ρ({BOUNDARY + 1}) {words}: {shares}.", together(answers)))
    return claims


def _table(table: "DataFrame", theorem: dict[str, float], length: float, source: str) -> Table:
    columns = {"rho": "ρ", "r2_injected": "R²_inj"}
    by = ["turned", "solver", "n_backbone", "n_clusters"]
    wide = None
    for figure, symbol in columns.items():
        one = spread(table[table["l"] >= BOUNDARY], by, "l", estimate(figure))
        one = one.rename(columns={str(l): f"{symbol}({l})" for l in (BOUNDARY, BOUNDARY + 1)})
        wide = one if wide is None else wide.merge(one, on=by)
    return Table.of(
        "coverage",
        f"Recovered shares against the spread of orientations, {source}, whose marked directions have a mean of length "
        f"{length:.2f}; theorem: exact share of Y_{BOUNDARY + 1} in the polynomials of degree ≤ {BOUNDARY}",
        wide,
        {
            "<σ / rad": "turned",
            "<SPN": "solver",
            "networks": "n_backbone",
            **{
                f"{symbol}({l})": f"{symbol}({l})"
                for symbol in columns.values()
                for l in (BOUNDARY, BOUNDARY + 1)
            },
            f"theorem, l = {BOUNDARY + 1}": lambda row: number(theorem[row["turned"]]),
        },
        group="turned",
    )


def draw(table: "DataFrame", theorem: dict[str, float]) -> "Figure":
    """ρ and R²_inj at the boundary and above it against σ, the theorem's share beside them."""
    figure, axes = figures.panels(4, 2, width=3.1, height=2.3, sharex=True, sharey=True)
    places = [ALL if turned == name(None) else float(turned) for turned in theorem]
    kinds = [(y, label, l) for y, label in figures.SYMBOLS.items() for l in (BOUNDARY, BOUNDARY + 1)]
    for panel, (y, label, l) in zip(axes, kinds, strict=True):
        rows = table[table["l"] == l].dropna(subset=[y]).sort_values("sigma")
        figures.curves(panel, rows, "solver", figures.SOLVERS, x="sigma", y=y, spread=0.04)
        if l > BOUNDARY and y == "rho":
            panel.plot(places, list(theorem.values()), ":", color="0.4", linewidth=1, label="theorem, exact")
        figures.tidy(panel, THRESHOLD)
        panel.set_ylim(-0.1, 1.05)
        panel.set_title(f"{label}({l})", fontsize=9)
        panel.set_xticks(places, [*(f"{place:g}" for place in places[:-1]), "all"])
    for panel in axes[-2:]:
        panel.set_xlabel("spread of orientations σ, rad", fontsize=8)
    figures.legend_below(figure)
    return figure
