"""Background: one network on one set of structures is an anecdote. Question: do four networks, trained from other seeds
on other structures, end at the same frequency, and does that frequency follow d·L? Result: for every kind of network,
solver and degree the figures over all replicates, with each replicate's own beside them.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from experiments.crosscheck import Verdict
from experiments.lab import figures
from experiments.lab.ceilings import above_boundary, at_boundary, ceilings
from experiments.lab.cell import Cell
from experiments.lab.claims import Claim, Reached, Statement
from experiments.lab.estimate import Results
from experiments.lab.study import Lab, Report
from experiments.lab.tables import Cell as TableCell
from experiments.lab.tables import Table, estimate, ratio
from experiments.published import published_sentence
from experiments.spn import Probe
from experiments.spn.mlp import Training
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame, Series

BY = ["data", "networks", "L", "d", "solver", "activation"]
DEGREES = (1, 2, 3)
REPLICATES = "trained, L = 2"
OTHERS = {"rmd17-l1": "trained, L = 1", "rmd17-l3": "trained, L = 3", "random": "untrained, L = 2"}
EQUIVARIANT = tuple(Probe("equivariant", d) for d in DEGREES)
# linear least squares has a closed form: `free` is that probe at d = 1
MLP = tuple(Probe("mlp", d, training=Training(width=128, steps=3000)) for d in DEGREES if d > 1)
FREE = {1: 60, 2: 60, 3: 10}
"""Orientations of a training structure by degree; quadratic: more samples than monomials of 144 components."""


def cells(lab: Lab) -> list[Cell]:
    selected = [] if lab.quick else _rmd17(lab)
    return [*selected, *_embedded(lab)]


def _rmd17(lab: Lab) -> list[Cell]:
    base = Cell("", n_train=1000, n_test=500, l_max=7, seed=lab.seed)
    try:
        lab.sources.structures(_split(base, 1))
    except InputError as error:
        lab.left_out["rmd17:aspirin"] = str(error)
        return []
    selected = []
    for i in range(4):
        subset = replace(_split(base, i + 1), backbone=f"nequip:aspirin-rmd17-{i}")
        selected += [replace(subset, probe=probe) for probe in (*EQUIVARIANT, *MLP)]
        selected += [replace(subset, probe=Probe("free", d), orientations=n) for d, n in FREE.items()]
    for name in OTHERS:
        subset = replace(_split(base, 1), backbone=f"nequip:aspirin-{name}")
        irreps = lab.irreps(subset.backbone)
        if irreps is not None:
            # one above the highest boundary of the study
            subset = replace(subset, l_max=max(DEGREES) * max(irreps.lmax, 2) + 1)
        selected += [replace(subset, probe=probe) for probe in EQUIVARIANT]
        selected += [replace(subset, probe=Probe("free", d), orientations=10) for d in (1, 2)]
    return selected


def _split(base: Cell, number: int) -> Cell:
    name = "rmd17:aspirin/{}_" + f"{number:02d}"
    return replace(base, training=name.format("train"), test=name.format("test"))


def _embedded(lab: Lab) -> list[Cell]:
    base = Cell("", l_max=7, force_structures=100, seed=lab.seed)
    return [
        replace(base, backbone=f"nequip:aspirin-gfn2-{i}", probe=probe)
        for i in range(4)
        for probe in (*EQUIVARIANT, Probe("free", 2))
    ]


def report(lab: Lab, results: Results) -> Report:
    results = results.assign(
        data=lambda cell, measurement: cell.training.partition(":")[0],
        networks=lambda cell, measurement: OTHERS.get(
            cell.backbone.removeprefix("nequip:aspirin-"), REPLICATES
        ),
        L=lambda cell, measurement: measurement.facts["L"],
    )
    tables, claims = [], list[Claim]()
    for data in results.table["data"].unique():
        subset = results.where(data=data)
        groups = ceilings(subset, BY)
        whole, single = {"<networks": _networks}, {"<network": "backbone"}
        caption = f"Aspirin, {data} structures"
        tables += [
            _table(f"{data}-headline", f"{caption}, mean over the networks", groups, whole),
            _table(
                f"{data}-replicates", f"{caption}, one by one", ceilings(subset, [*BY, "backbone"]), single
            ),
        ]
        claims += _claims(data, groups)
    return Report([*claims, Statement(published_sentence())], tables, lambda: draw(results))


def _networks(row: "Series") -> str:
    return f"{row['networks']} ({row['n_backbone']})"


def _table(name: str, caption: str, table: "DataFrame", first: Mapping[str, str | TableCell]) -> Table:
    return Table.of(
        f"aspirin-{name}",
        f"{caption}: recovered at the boundary dL and above it, 95% intervals; ratio: 95% lower bound of "
        "ρ(dL)/|ρ(dL+1)|; Δ = G(dL) - G(dL+1)",
        table,
        {
            **first,
            "<solver": "solver",
            "d": "d",
            "dL": "boundary",
            "measured": "measured",
            "ρ(dL)": at_boundary("rho"),
            "ρ(dL+1)": above_boundary("rho"),
            "R²_inj(dL)": at_boundary("r2_injected"),
            "R²_inj(dL+1)": above_boundary("r2_injected"),
            "ratio ≥": lambda row: ratio(row["cliff_lower"]),
            "Δ": estimate("contrast"),
        },
        group="networks",
    )


def _claims(data: str, groups: "DataFrame") -> list[Claim]:
    """That every ceiling is reached by some probe, and crossed by none."""
    names = groups["networks"] + ", d = " + groups["d"].astype(str)
    reached = (groups["verdict"] == Verdict.REACHED).groupby(names, sort=False).any()
    crossed = groups["verdict"] == Verdict.CROSSED
    return [
        Reached(f"{data}: dL is reached by some probe", len(reached), tuple(reached.index[~reached])),
        Reached(
            f"{data}: nothing is recovered above dL",
            len(groups),
            tuple(names[crossed] + ", " + groups["solver"][crossed]),
        ),
    ]


def draw(results: Results) -> "Figure":
    """ρ and R²_inj of the replicates: a column a degree, two rows a data set."""
    table = results.where(networks=REPLICATES).estimate(BY)
    sets, degrees = list(table["data"].unique()), sorted(table["d"].unique())
    kinds = (("rho", "ρ(l)"), ("r2_injected", "R²_inj(l)"))
    figure, axes = figures.panels(
        len(sets) * len(kinds) * len(degrees), len(degrees), height=1.9, sharex=True, sharey=True
    )
    rows = [(data, name, label) for data in sets for name, label in kinds]
    for row, (data, name, label) in enumerate(rows):
        for column, d in enumerate(degrees):
            panel = axes[row * len(degrees) + column]
            subset = table[(table["data"] == data) & (table["d"] == d)]
            figures.curves(panel, subset, "solver", figures.SOLVERS, y=name, spread=0.1)
            boundary = int(subset["L"].iloc[0] * d)
            figures.tidy(
                panel, boundary=boundary, l_max=int(table["l"].max()) if row + 1 == len(rows) else None
            )
            panel.set_ylim(-0.08, 1.08)
            if not row:
                panel.set_title(f"d = {d}, dL = {boundary}", fontsize=9)
            if not column:
                panel.set_ylabel(f"{label}, {data}", fontsize=8)
    figures.legend_below(figure)
    return figure
