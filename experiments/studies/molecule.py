"""Background: every other study looks at aspirin; a ceiling that belongs to the features' degree must not know the
molecule. Question: with the same settings and no change of code, does the ceiling of the same networks lie at the same
frequency on ethanol as on aspirin? Result: predicted and measured boundary and ρ(l) of both molecules, side by side.

Only the structures and the marked atoms differ: an oxygen towards a carbon bonded to it, in both. The structures are
rMD17's, which the user fetches; without those of ethanol nothing is claimed, without those of aspirin the embedded ones
stand in. The NequIPs were trained on aspirin: they know the elements of ethanol but never saw it, and their predictions
for it are as wrong as that makes them. That does not matter to a ceiling, which belongs to their features.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from experiments.crosscheck import THRESHOLD
from experiments.lab import figures
from experiments.lab.ceilings import ABOVE, BOUNDED, ceilings, nothing_above, tests_above
from experiments.lab.cell import Cell, pair
from experiments.lab.claims import Claim, Reached, Statement, bounds_sentence
from experiments.lab.estimate import Results
from experiments.lab.study import Lab, Report
from experiments.lab.tables import Table
from experiments.spn import Probe
from span_theorem import law
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

ASPIRIN, ETHANOL = "aspirin", "ethanol"
RULES = {ASPIRIN: pair(12, 11), ETHANOL: pair(2, 0)}
NETWORKS = (
    "sevennet:7net-0",
    "nequip:aspirin-rmd17-l1",
    "nequip:aspirin-rmd17-0",
    "nequip:aspirin-rmd17-l3",
)
PROBES = (Probe("equivariant", 1), Probe("equivariant", 2), Probe("free", 1), Probe("free", 2))
CASE = ["backbone", "L", "d", "solver", "activation"]
BY = [*CASE, "molecule"]


def cells(lab: Lab) -> list[Cell]:
    bases = _molecules(lab)
    selected = []
    for backbone in NETWORKS[1:3] if lab.quick else NETWORKS:
        irreps = lab.irreps(backbone)
        if irreps is not None:
            selected += [
                replace(
                    base,
                    backbone=backbone,
                    probe=probe,
                    l_max=law.boundary(irreps.lmax, probe.degree) + ABOVE,
                )
                for base in bases
                for probe in PROBES
            ]
    return selected


def _molecules(lab: Lab) -> list[Cell]:
    """A cell to start from for every molecule whose structures are there."""
    base = Cell("", n_test=500, orientations=10, forces=False, seed=lab.seed)
    selected = []
    for name, rule in RULES.items():
        cell = replace(base, rule=rule, training=f"rmd17:{name}/train_01", test=f"rmd17:{name}/test_01")
        try:
            lab.sources.structures(cell)
        except InputError as error:
            lab.left_out[f"rmd17:{name}"] = str(error)
            if name != ASPIRIN:
                continue
            lab.left_out[f"rmd17:{name}"] += "; the embedded structures stand in"
            cell = replace(base, rule=rule)
        selected.append(cell)
    return selected


def report(lab: Lab, results: Results) -> Report:
    names = {rule: name for name, rule in RULES.items()}
    results = results.assign(
        molecule=lambda cell, measurement: names[cell.rule],
        L=lambda cell, measurement: measurement.facts["L"],
    )
    tests = tests_above(results, BY)
    table = ceilings(results, BY, (), tests)
    claims = _claims(results, table, tests)
    return Report(claims, [_table(table)], lambda: draw(results))


def _claims(results: Results, table: "DataFrame", tests: int) -> list[Claim]:
    case = table["backbone"] + " on " + table["molecule"] + ", d = " + table["d"].astype(str)
    reached = (table["measured"] == table["boundary"]).groupby(case, sort=False).any()
    claims: list[Claim] = [
        nothing_above(
            results,
            BY,
            "On every molecule nothing is recovered above dL",
            lambda row: (
                f"{row['backbone']} on {row['molecule']}, {row['solver']}, d = {row['d']}, l = {row['l']}"
            ),
            (),
        ),
        Reached("On every molecule dL is reached by some SPN", len(reached), tuple(reached.index[~reached])),
    ]
    both = table[table["molecule"] == ASPIRIN].merge(table[table["molecule"] == ETHANOL], on=CASE)
    if both.empty:
        # one molecule alone says nothing of another
        claims = [Statement(claim.words()) for claim in claims]
    else:
        moved = both[both["measured_x"] != both["measured_y"]]
        same = Reached(
            f"The measured boundary is the same on {ASPIRIN} and {ETHANOL}",
            len(both),
            tuple(
                f"{row['backbone']}, {row['solver']}, d = {row['d']} ({row['measured_x']} and {row['measured_y']})"
                for _, row in moved.iterrows()
            ),
        )
        claims.append(Statement(same.words()))
    return [*claims, Statement(bounds_sentence(tests))]


def _table(table: "DataFrame") -> Table:
    return Table.of(
        "molecule",
        "The same networks on several molecules: recovered at the boundary dL and above it, 95% intervals; "
        "≤: largest simultaneous bound above dL",
        table.sort_values(["d", "solver"], ascending=False, kind="stable").sort_values(
            "backbone", key=lambda column: column.map(list(NETWORKS).index), kind="stable"
        ),
        {
            "<network": "backbone",
            "L": "L",
            "d": "d",
            "<SPN": "solver",
            "<molecule": "molecule",
            **BOUNDED,
        },
        group="backbone",
    )


def draw(results: Results) -> "Figure":
    """ρ(l) with the highest degree: a column a network, a row an SPN, a colour a molecule."""
    table = results.estimate(BY, ())
    table = table[table["d"] == table["d"].max()]
    networks, solvers = list(table["backbone"].unique()), list(table["solver"].unique())
    figure, axes = figures.panels(
        len(networks) * len(solvers), len(networks), width=2.0, height=1.9, sharex="col"
    )
    # a fit to the errors of a network out of its training set can be far worse than none
    lowest = min(-0.25, 1.05 * table["rho_low"].min())
    for panel, (solver, network) in zip(
        axes, ((solver, network) for solver in solvers for network in networks), strict=True
    ):
        visible = table[(table["solver"] == solver) & (table["backbone"] == network)]
        figures.curves(panel, visible, "molecule", figures.looks(list(RULES)), spread=0.12)
        L, d = int(visible["L"].iloc[0]), int(visible["d"].iloc[0])
        last = solver == solvers[-1]
        figures.tidy(panel, THRESHOLD, law.boundary(L, d), int(visible["l"].max()) if last else None)
        panel.set_ylim(lowest, 1.05)
        if solver == solvers[0]:
            panel.set_title(f"{network}\nL = {L}", fontsize=7)
        if network == networks[0]:
            panel.set_ylabel(f"ρ(l), {solver}, d = {d}", fontsize=7)
    figures.legend_below(figure)
    return figure
