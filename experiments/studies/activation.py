"""Background: a square or cubic hidden layer is a polynomial in the features and ends at dL; with SiLU, tanh or ReLU it
is no polynomial, and the theorem says nothing of it. Question: at the same width and number of training steps, which
activations recover frequencies above the quadratic boundary, and how does that grow with width and training? Result:
ρ(l) for every activation, and ρ just above the boundary against hidden units and against steps.

Features of degree up to L that turn with the direction hold the direction itself, so some function of them is any
function of it. A ceiling is therefore a property of SPNs of bounded degree: it says what a readout of that degree can
use, not what the features contain. How far a readout without a degree gets is a question of its size and its training,
and that is what the growth shows.

Every network is trained once, all of them from the same seed; intervals and bounds are over test structures.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from experiments.crosscheck import NOT_TESTED, TESTED, TESTED_NON_POLYNOMIAL, THRESHOLD
from experiments.lab import figures
from experiments.lab.cell import Cell
from experiments.lab.claims import Absent, Claim, Crossed, Found, Statement, bounds_sentence, require_tests
from experiments.lab.estimate import Results
from experiments.lab.study import Lab, Report
from experiments.lab.tables import Table, across, estimate
from experiments.spn import Probe
from experiments.spn.mlp import POLYNOMIAL_DEGREE, Training
from experiments.spn.registry import is_polynomial

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

BACKBONE = "nequip:aspirin-gfn2-0"
QUADRATIC = 2
L_MAX = 7
WIDTH, STEPS, BATCH = 128, 1500, 500
"""Where activations are compared: hidden units, training steps and samples a step."""
GROWING = ("silu", "tanh")
"""Activations, no polynomials, that are also measured at other widths and numbers of steps."""
WIDTHS = (4, 16, 64, 128, 256, 512)
LENGTHS = (100, 300, 750, 1500, 4000)
UNITS = {"width": "hidden units", "steps": "training steps"}
BY = ["activation", "polynomial", "L", "d", "width", "steps"]
LOOKS = {
    name: replace(look, line="--") if is_polynomial(name) else look
    for name, look in figures.looks(list(POLYNOMIAL_DEGREE)).items()
}


def cells(lab: Lab) -> list[Cell]:
    base = Cell(BACKBONE, l_max=L_MAX, forces=False, seed=lab.seed)
    widths, lengths = ((16, WIDTH), (300, STEPS)) if lab.quick else (WIDTHS, LENGTHS)
    cases = [(name, WIDTH, STEPS) for name in POLYNOMIAL_DEGREE]
    cases += [(name, width, STEPS) for name in GROWING for width in widths]
    cases += [(name, WIDTH, steps) for name in GROWING for steps in lengths]
    return [replace(base, probe=probe(*case)) for case in dict.fromkeys(cases)]


def probe(activation: str, width: int, steps: int) -> Probe:
    """One hidden layer; one that is no polynomial is set beside the quadratic prediction."""
    training = Training(width, steps, samples=(BATCH, BATCH))
    return Probe("mlp", POLYNOMIAL_DEGREE[activation] or QUADRATIC, activation, training)


def report(lab: Lab, results: Results) -> Report:
    results = results.assign(
        L=lambda cell, measured: measured.facts["L"],
        polynomial=lambda cell, measured: cell.probe.polynomial,
    )
    quadratic = QUADRATIC * int(results.table["L"].iloc[0])
    above = results.table["l_max"] - results.table["L"] * results.table["d"]
    # of a polynomial every frequency above dL, of what is none the one above the quadratic boundary
    tests = require_tests(int(above.where(results.table["polynomial"], 1).sum()))
    table = results.estimate(BY, together=(), tests=tests)
    return Report(
        [
            *claims(table, quadratic),
            Statement(
                "A ceiling belongs to SPNs of bounded degree. It does not say that the features hold no information on "
                "the frequencies above."
            ),
            Statement(bounds_sentence(tests)),
            Statement("Every network was trained once."),
        ],
        [_table(table, quadratic)],
        lambda: draw(table, quadratic),
        (TESTED, TESTED_NON_POLYNOMIAL, NOT_TESTED),
    )


def claims(table: "DataFrame", quadratic: int) -> list[Claim]:
    """That polynomials end at dL and others do not, and from which size and training on.

    Args:
        table: one row a case and frequency, with simultaneous bounds.
        quadratic: boundary of degree 2.
    """
    ending = table[table["polynomial"] & (table["l"] > table["L"] * table["d"])]
    others = table[~table["polynomial"] & (table["l"] == quadratic + 1)]
    crossing = int((others["lower"] > THRESHOLD).sum())
    return [
        Absent.of(
            "Polynomial activations above dL", ending, lambda row: f"{row['activation']} at l = {row['l']}"
        ),
        Crossed(
            f"Networks without a degree that are above {THRESHOLD} at l = {quadratic + 1}",
            crossing,
            len(others),
        ),
        *(_growth(others, name, by, quadratic + 1) for by in UNITS for name in GROWING),
    ]


def _growth(table: "DataFrame", activation: str, by: str, l: int) -> Found:
    curve = growing(table, activation, by)
    # the cases in which it is there, and in all larger ones too
    there = (curve["lower"] > THRESHOLD)[::-1].cummin()
    least, most = float(curve[by].min()), float(curve[by].max())
    level = float(curve[by][there].min()) if there.any() else None
    return Found(f"{activation} at l = {l}", level, least, most, UNITS[by])


def growing(table: "DataFrame", activation: str, by: str) -> "DataFrame":
    """The cases in which only ``by`` (`width` or `steps`) varies, in its order."""
    fixed = {"width": table["steps"] == STEPS, "steps": table["width"] == WIDTH}[by]
    return table[(table["activation"] == activation) & fixed].sort_values(by)


def _table(table: "DataFrame", quadratic: int) -> Table:
    return Table.of(
        "activation",
        f"Recovered share ρ(l) by activation, {BACKBONE}, 95% intervals",
        across(table, BY),
        {
            "<activation": "activation",
            "units": lambda row: f"{row['width']:.0f}",
            "steps": lambda row: f"{row['steps']:,.0f}",
            **{f"ρ({l})": estimate(f"rho_{l}", path=f"path_{l}") for l in range(quadratic, L_MAX + 1)},
        },
    )


def draw(table: "DataFrame", quadratic: int) -> "Figure":
    """ρ(l) of every activation; ρ above the quadratic boundary against width and against steps."""
    figure, (compared, *grown) = figures.panels(3, 3, height=2.5, sharey=True)
    common = table[(table["width"] == WIDTH) & (table["steps"] == STEPS)]
    figures.curves(compared, common, "activation", LOOKS)
    figures.tidy(compared, THRESHOLD, boundary=quadratic, l_max=L_MAX)
    compared.set_title(f"{WIDTH} units, {STEPS} steps", fontsize=9)
    compared.set_ylabel(figures.RECOVERED, fontsize=8)
    above = table[table["l"] == quadratic + 1]
    fixed = {"width": f"{STEPS} steps", "steps": f"{WIDTH} units"}
    for panel, by in zip(grown, UNITS, strict=True):
        for name in GROWING:
            figures.curve(panel, growing(above, name, by), by, "rho", LOOKS[name])
        figures.tidy(panel, THRESHOLD)
        _ticks(panel, sorted(set(growing(above, GROWING[0], by)[by])))
        panel.set_title(f"l = {quadratic + 1}, {fixed[by]}", fontsize=9)
        panel.set_xlabel(UNITS[by], fontsize=8)
    figures.legend_below(figure, columns=6)
    return figure


def _ticks(panel: "Axes", values: list[int]) -> None:
    """A logarithmic axis with these ticks alone."""
    from matplotlib.ticker import NullLocator

    panel.set_xscale("log")
    panel.set_xticks(values, [str(value) for value in values])
    panel.xaxis.set_minor_locator(NullLocator())
