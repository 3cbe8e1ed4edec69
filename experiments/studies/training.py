"""Background: a recovery curve has an end, dL, and a height below it; the theorem speaks of the end only, and an
untrained network has one too. Question: which part of the recovery curve is the architecture's and which is learned?
Result: ρ(l) and force error of NequIPs with initial weights, at stations of one training, and fully trained.

All are of one shape. The stations belong to the training of `nequip:aspirin-gfn2-0`, whose initial weights are among
the untrained and whose end is among the trained: one line through the figure follows one network. What is learned is
the difference between a trained network and its initial weights, on the same structures with the same injections.

A poor potential leaves large residuals, which an SPN would have to fit besides. So the labels are not used: ρ(l) tells
what the features carry, and only the force error tells how good the potential is.

That `free` recovers nothing above dL, certain beforehand, is checked for all networks together. That dL is reached is
claimed of the better of the two SPNs, and the bounds of all these tests hold together.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from experiments.crosscheck import THRESHOLD
from experiments.lab import figures
from experiments.lab.ceilings import ceilings, nothing_above, tests_above
from experiments.lab.cell import Cell, grid
from experiments.lab.claims import Claim, Reached, Statement, bounds_sentence, require_tests
from experiments.lab.estimate import Results
from experiments.lab.study import Lab, Report, labels
from experiments.lab.tables import Table, estimate, number, spread
from experiments.spn import Probe

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

EPOCHS = 60
STATIONS = (1, 3, 10)
"""Epochs after which the weights of the first training are shipped."""
INITIAL, TRAINED = "initial", "trained"
PROBES = (Probe("equivariant", 2), Probe("free", 2))
NETWORK = ["network", "stage", "epochs", "L", "d", "solver", "activation"]


def _line(name: str, stations: tuple[int, ...] = ()) -> dict[str, tuple[str, int]]:
    """Backbones of one training, with its name and their epoch."""
    return {
        f"nequip:{name}|untrained": (name, 0),
        **{f"nequip:{name}-epoch{epoch}": (name, epoch) for epoch in stations},
        f"nequip:{name}": (name, EPOCHS),
    }


FOLLOWED = _line("aspirin-gfn2-0", STATIONS)
NETWORKS = {
    "nequip:aspirin-random": ("aspirin-random", 0),
    **FOLLOWED,
    **_line("aspirin-gfn2-1"),
    **_line("aspirin-gfn2-2"),
    **_line("aspirin-gfn2-3"),
}


def cells(lab: Lab) -> list[Cell]:
    base = Cell("", orientations=10, labels=False, forces=False, seed=lab.seed)
    networks = FOLLOWED if lab.quick else NETWORKS
    potential = replace(base, labels=True, measure="force error")
    return [*grid(base, backbone=networks, probe=PROBES), *grid(potential, backbone=networks)]


def stage(epoch: int) -> str:
    """What an epoch is called."""
    return {0: INITIAL, EPOCHS: TRAINED}.get(epoch, f"epoch {epoch}")


def report(lab: Lab, results: Results) -> Report:
    results = results.assign(
        **labels(
            line={name: line for name, (line, _) in NETWORKS.items()},
            epochs={name: epoch for name, (_, epoch) in NETWORKS.items()},
            stage={name: stage(epoch) for name, (_, epoch) in NETWORKS.items()},
        ),
        network=lambda cell, measurement: cell.backbone.removeprefix("nequip:"),
        L=lambda cell, measurement: measurement.facts["L"],
    )
    recovery = results.where(measure="recovery")
    errors = results.where(measure="force error")
    # that nothing is above dL, and of every network and SPN that dL is reached
    tests = require_tests(tests_above(recovery, NETWORK) + len(recovery))
    bounded = recovery.estimate(NETWORK, tests=tests)
    tables = [
        _stages(recovery, errors),
        _networks(bounded, ceilings(recovery, NETWORK), errors),
        _gained(recovery),
    ]
    return Report(_claims(recovery, bounded, tests), tables, lambda: draw(recovery, errors))


def _claims(recovery: Results, bounded: "DataFrame", tests: int) -> list[Claim]:
    at = bounded[bounded["l"] == bounded["L"] * bounded["d"]]
    reached = (at["lower"] > THRESHOLD).groupby(at["network"], sort=False).any()
    absent = nothing_above(
        recovery,
        NETWORK,
        "Untrained or trained, nothing is recovered above dL",
        lambda row: f"{row['network']}, {row['solver']}, l = {row['l']}",
        tests=tests,
    )
    return [
        absent,
        Reached(
            "Untrained or trained, dL is reached by some SPN", len(reached), tuple(reached.index[~reached])
        ),
        Statement(bounds_sentence(tests)),
    ]


def _stages(recovery: Results, errors: Results) -> Table:
    by = ["epochs", "stage", "solver", "n_backbone", "force", "n_clusters"]
    force = _force(errors, "stage")
    table = recovery.estimate(["epochs", "stage", "solver"]).sort_values("epochs", kind="stable")
    table = spread(table.merge(force, on="stage"), by, "l", estimate("rho"))
    columns = {"<stage": "stage", "networks": "n_backbone", "force MAE (meV/Å)": "force", "<SPN": "solver"}
    return Table.of(
        "training-stages",
        "ρ(l) along training, d = 2, mean over networks, 95% intervals",
        table,
        columns | {f"l = {l}": l for l in table.columns.drop(by)},
        group="stage",
    )


def _networks(bounded: "DataFrame", measured: "DataFrame", errors: Results) -> Table:
    by = [
        "epochs",
        "network",
        "stage",
        "solver",
        "force",
        "boundary",
        "measured",
        "at",
        "above",
        "n_clusters",
    ]
    table = bounded.merge(measured[["network", "solver", "boundary", "measured"]], on=["network", "solver"])
    table = table.merge(_force(errors, "network"), on="network")
    one = table["network"] + table["solver"]
    at = table["lower"].where(table["l"] == table["boundary"]).groupby(one).transform("max")
    above = (
        table["upper"].where(table["path"] & (table["l"] > table["boundary"])).groupby(one).transform("max")
    )
    table = table.assign(at=at.map(number), above=above.map(number)).sort_values("epochs", kind="stable")
    table = spread(table, by, "l", lambda row: number(row["rho"]) if row["path"] else "no path")
    columns = {"<network": "network", "<stage": "stage", "force MAE (meV/Å)": "force", "<SPN": "solver"}
    ends = {"dL": "boundary", "measured": "measured", "ρ(dL) ≥": "at", "ρ(l > dL) ≤": "above"}
    return Table.of(
        "training-networks",
        "ρ(l) of every network, d = 2; ≥ and ≤: simultaneous bounds at and above the boundary",
        table,
        columns | {f"l = {l}": l for l in table.columns.drop(by)} | ends,
        group="stage",
    )


def _gained(recovery: Results) -> Table:
    """What a stretch of training adds: from initial weights to trained ones, to a station, and from it on."""
    import pandas

    stations = [one for one in map(stage, STATIONS) if (recovery.table["stage"] == one).any()]
    stretches = [(INITIAL, TRAINED)]
    stretches += [stretch for one in stations for stretch in ((INITIAL, one), (one, TRAINED))]
    table = pandas.concat(
        recovery.difference(
            of={"stage": after}, minus={"stage": before}, match=["line"], by=["solver"]
        ).assign(stretch=f"{before} to {after}")
        for before, after in stretches
    )
    by = ["stretch", "solver", "n_line", "n_clusters"]
    table = spread(table[table["path"]], by, "l", estimate("rho"))
    return Table.of(
        "training-learned",
        "What training adds to ρ(l), d = 2, mean over trainings, 95% intervals of paired differences",
        table,
        {"<training": "stretch", "trainings": "n_line", "<SPN": "solver"}
        | {f"l = {l}": l for l in table.columns.drop(by)},
        group="stretch",
    )


def _force(errors: Results, by: str) -> "DataFrame":
    table = errors.estimate([by])
    cell = estimate("force_mae", 1)
    return table[[by]].assign(error=table["force_mae"], force=[cell(row) for _, row in table.iterrows()])


def draw(recovery: Results, errors: Results) -> "Figure":
    """ρ(l) by stage, a panel an SPN; last, ρ(l) of every network against its force error."""
    stages = recovery.estimate(["epochs", "stage", "solver", "L", "d"]).sort_values("epochs", kind="stable")
    solvers = list(stages["solver"].unique())
    figure, axes = figures.panels(len(solvers) + 1, len(solvers) + 1, width=3.0, height=2.7)
    boundary, l_max = int((stages["L"] * stages["d"]).iloc[0]), int(stages["l"].max())
    sizes = stages.groupby("stage")["n_backbone"].first()
    for panel, solver in zip(axes, solvers, strict=False):
        figures.curves(
            panel,
            stages[stages["solver"] == solver],
            "stage",
            figures.looks(list(stages["stage"].unique())),
            names=lambda name: f"{name} (n = {sizes[name]})",
            spread=0.06,
        )
        figures.tidy(panel, THRESHOLD, boundary, l_max)
        panel.set_xlim(0.7, l_max + 0.3)
        panel.set_title(f"{solver}, d = 2", fontsize=9)
        panel.set_ylabel(figures.RECOVERED, fontsize=8)
        panel.legend(fontsize=6, frameon=False, loc="lower left")
    one = (
        recovery.where(solver=solvers[-1])
        .estimate(["network"])
        .merge(_force(errors, "network"), on="network")
    )
    frequencies = figures.looks(list(one["l"].unique()), line="")
    axes[-1].set_xscale("log")
    figures.curves(axes[-1], one, "l", frequencies, x="error", names=lambda l: f"l = {l}")
    figures.tidy(axes[-1], THRESHOLD)
    axes[-1].invert_xaxis()
    axes[-1].set_title(f"every network, {solvers[-1]}", fontsize=9)
    axes[-1].set_xlabel("force MAE (meV/Å), falling with training", fontsize=8)
    axes[-1].set_ylabel(figures.RECOVERED, fontsize=8)
    axes[-1].legend(fontsize=6, frameon=False, ncols=2, loc="center")
    return figure
