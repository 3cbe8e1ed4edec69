"""Background: an SPN that misses a frequency may be too small, or may be of too low a degree; the theorem says degree.
Question: can more parameters, wider hidden layers, more layers or more atoms of features replace degree? Result: ρ at
the boundary of a quadratic SPN and one above it, for linear and quadratic SPNs of 10² to 10⁶ and more parameters.

`mlp` of linear or square activation grows by its hidden units: a linear one is affine at any width, a square one a
quadratic form of rank at most its width, so from as many units as components on nothing is out of reach. All of one
degree are trained for as many steps on as many samples. `free` grows
by its inputs: features of two layers, of the site's neighbours, of every atom. What bounds those is that products of
two features of degree up to L contain no degree above 2L when the whole molecule turns, whichever atoms they come from.

An SPN that learned nothing proves nothing: a linear one counts if it reaches its boundary, a quadratic one, for the
frequency above, if it reaches its. Claims about many SPNs rest on bounds that hold for all of them together.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from experiments.crosscheck import THRESHOLD
from experiments.data.bonds import bond_matrix
from experiments.lab import figures
from experiments.lab.cell import Cell
from experiments.lab.claims import Absent, Claim, Statement, bounds_sentence, require_tests
from experiments.lab.estimate import Results
from experiments.lab.measurement import Measurement
from experiments.lab.study import Lab, Report
from experiments.lab.tables import Table, across, estimate
from experiments.spn import Probe
from experiments.spn.mlp import Training
from experiments.spn.monomials import monomial_count
from experiments.spn.registry import BY_DEGREE

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame, Series

BACKBONE = "nequip:aspirin-gfn2-0"
REACH = {1: (2, 4), 2: (4, 5)}
"""By degree, the frequency that an SPN has to reach, and one that it must not reach."""
BOUNDARY, _ = REACH[2]


def hidden(degree: int, width: int, steps: int, batch: int) -> Probe:
    """An `mlp`. Beyond 512 units slower in inverse proportion to them: the sum over units moves as far."""
    rate = 1e-2 * min(1.0, 512 / width)
    return Probe("mlp", degree, BY_DEGREE[degree], Training(width, steps, rate, (batch, batch)))


LADDER = (
    *(hidden(1, width, 300, 500) for width in (1, 16, 128, 512, 2048, 6850)),
    *(hidden(2, width, 1500, 1000) for width in (1, 2, 3, 4, 6, 8, 16, 32, 64, 144)),
)
KINDS = {1: "linear", 2: "quadratic"}
LOOKS = {
    f"{name}, {solver}": replace(figures.SOLVERS[solver], line=line, fill=figures.FILLS[d])
    for d, name in KINDS.items()
    for solver, line in (("mlp", ":"), ("free", ""))
}


def cells(lab: Lab) -> list[Cell]:
    base = Cell(BACKBONE, l_max=BOUNDARY + 1, orientations=15, forces=False, seed=lab.seed)
    backbones = [BACKBONE] if lab.quick else list(_features(lab, base))
    probes = [probe for probe in LADDER if probe.training.width in (1, 16) or not lab.quick]
    return [
        *(replace(base, probe=probe) for probe in probes),
        *(replace(base, backbone=name, probe=Probe("free", d)) for d in REACH for name in backbones),
    ]


def _features(lab: Lab, cell: Cell) -> dict[str, str]:
    """What an SPN reads, by backbone."""
    training, _ = lab.sources.structures(cell)
    numbers, positions = training.stacked()
    bonded = np.flatnonzero(bond_matrix(numbers, positions[0])[cell.pair.site])
    others = np.delete(np.arange(len(numbers)), cell.pair.site)
    return {
        BACKBONE: "site",
        f"{BACKBONE}|layers(0, 1)": "two layers",
        f"{BACKBONE}|atoms({', '.join(map(str, bonded))})": "with neighbours",
        f"{BACKBONE}|atoms({', '.join(map(str, others))})": "all atoms",
    }


def report(lab: Lab, results: Results) -> Report:
    features = _features(lab, results.cells[0])
    results = results.assign(
        features=lambda cell, measured: features[cell.backbone],
        kind=lambda cell, measured: f"{KINDS[cell.probe.degree]}, {cell.probe.solver}",
        parameters=parameters,
        fitted=fitted,
    )
    # of every SPN what it has to reach, and what it must not reach
    tests = require_tests(2 * len(results))
    by = ["features", "kind", "solver", "d", "width", "parameters", "fitted"]
    table = results.estimate(by, together=(), tests=tests)
    rungs = across(table, by)
    bounds = Statement(f"{bounds_sentence(tests)} Every SPN was trained once.")
    return Report([*claims(rungs), bounds], [_table(rungs)], lambda: draw(table))


def parameters(cell: Cell, measured: Measurement) -> int:
    """Of the SPN itself: of `free` its monomials, of which a dual fit determines as many as there are samples."""
    from e3nn.o3 import Irreps

    if cell.probe.solver == "mlp":
        return fitted(cell, measured)
    return monomial_count(Irreps(measured.facts["irreps"]).dim, cell.probe.degree)


def fitted(cell: Cell, measured: Measurement) -> int:
    return int(measured.facts["fits"]["energy"]["parameters"][str(BOUNDARY)])


def claims(rungs: "DataFrame") -> list[Claim]:
    """That degree decides: of the SPNs (rows) that reach what their degree allows, none goes above it."""
    result: list[Claim] = []
    reaching = {}
    for d, (reach, beyond) in REACH.items():
        kind = rungs[rungs["d"] == d]
        there = kind[f"lower_{reach}"] > THRESHOLD
        text = f"{there.sum()} of {len(kind)} {KINDS[d]} SPNs reach l = {reach}; only they count."
        result.append(Statement(text, bool(there.any())))
        reaching[d] = kind[there].sort_values("parameters")
        if len(reaching[d]):
            tests = reaching[d].assign(lower=kind[f"lower_{beyond}"], upper=kind[f"upper_{beyond}"])
            result.append(Absent.of(f"The {KINDS[d]} SPNs that count, at l = {beyond}", tests, _name))
    if all(map(len, reaching.values())):
        most, least = reaching[1].iloc[-1], reaching[2].iloc[0]
        lower, upper = f"{least[f'lower_{BOUNDARY}']:.2f}", f"{most[f'upper_{BOUNDARY}']:.3f}"
        text = f"At l = {BOUNDARY} ρ is at least {lower} with {_name(least)}, at most {upper} with {_name(most)}."
        result.append(Statement(text, bool(most["parameters"] > least["parameters"])))
    return result


def _name(row: "Series") -> str:
    return f"{row['features']}, {row['kind']}, {row['parameters']:,} parameters"


def _table(rungs: "DataFrame") -> Table:
    return Table.of(
        "capacity",
        f"Recovered share ρ against capacity, {BACKBONE}, 95% intervals",
        rungs,
        {
            "<features": "features",
            "<solver": "solver",
            "d": "d",
            "units": lambda row: "" if row["width"] != row["width"] else f"{row['width']:,.0f}",
            "parameters": lambda row: f"{row['parameters']:,}",
            "fitted": lambda row: f"{row['fitted']:,}",
            **{f"ρ({l})": estimate(f"rho_{l}", path=f"path_{l}") for l in sorted({*REACH[1], *REACH[2]})},
        },
        group="kind",
    )


def draw(table: "DataFrame") -> "Figure":
    """ρ against the number of parameters, at the boundary and above it."""
    figure, axes = figures.panels(2, 2, width=3.1, height=2.5, sharey=True)
    for panel, l in zip(axes, REACH[2], strict=True):
        panel.set_xscale("log")
        figures.curves(panel, table[table["l"] == l].sort_values("parameters"), "kind", LOOKS, x="parameters")
        figures.tidy(panel, THRESHOLD)
        panel.set_title(f"l = {l}", fontsize=9)
        panel.set_xlabel("parameters", fontsize=8)
    axes[0].set_ylabel(figures.RECOVERED, fontsize=8)
    figures.legend_below(figure)
    return figure
