"""Background: the ceiling dL should follow from the degree L of a network's features and the degree d of the SPN, not
from who trained the network, on what, or in which package. Question: where does the ceiling of published force fields
lie, on the same aspirin structures, layer by layer? Result: for NequIP, SevenNet, SO3LR, MACE, PaiNN and invariant
features alone, predicted and measured boundary, and ρ(l) at and above it.

The networks were trained on five levels of theory, so how far their energies miss those of the structures says nothing
of their features. The labels are not used: what remains to fit is the injected field.

`equivariant` has no path above dL; `free` and `mlp` know neither L nor the theorem, but over all orientations no
polynomial of degree d in equivariant features recovers anything there. `mlp` sees new orientations all the time and
comes nearest to what can be recovered; `free` is solved in closed form. That these two recover nothing above dL checks
software and equivariance, by bounds that hold for all tests together. What is measured is the height at dL. Beside it
stand hand-made densities and random weights, through the same fits, and the best rigid frame of the other atoms.
Whether dL is reached is reported, not claimed: that takes enough structures and enough channels
of the highest degree.

A network that cannot live in this environment comes as a feature file (docs/backbones.md). A small PaiNN and a small
MACE are part of the project, trained (`experiments/training/painn.py` and `mace.py`), the MACE with random weights too
(`tests/environments/mace_features.py`). Those of the user are taken from the folder ``extracted`` of the cache: every
structure of ``embedded:train`` and ``embedded:test`` at the site.
"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.crosscheck import THRESHOLD
from experiments.data.cache import cache_folder
from experiments.lab import figures
from experiments.lab.body_frame import NOBODY
from experiments.lab.ceilings import ABOVE, BOUNDED, at_boundary, ceilings, nothing_above, tests_above
from experiments.lab.cell import Cell
from experiments.lab.claims import Claim, Reached, Statement, bounds_sentence
from experiments.lab.estimate import Results
from experiments.lab.networks import networks_table
from experiments.lab.study import Lab, Report
from experiments.lab.tables import Table, number, spread
from experiments.spn import Probe
from experiments.spn.mlp import Training
from numerics.harmonics import E3NN_MAX_L
from span_theorem import law
from span_theorem.reading import visible

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame, Series

ALLEGRO, EXTRACTED = "allegro:aspirin-gfn2-allegro", "extracted"
NEQUIPS = ("aspirin-rmd17-l1", "aspirin-gfn2-0", "aspirin-rmd17-0", "aspirin-rmd17-l3")
NETWORKS = {
    **{f"density:{L}": f"no network, densities of L = {L}" for L in (1, 2, 3)},
    "nequip:aspirin-gfn2-0|untrained": "nequip:aspirin-gfn2-0, untrained",
    "nequip:aspirin-gfn2-0|invariants": "nequip:aspirin-gfn2-0, invariants alone",
    "sevennet:7net-0|invariants": "sevennet:7net-0, invariants alone",
    **{f"nequip:{name}": f"nequip:{name}" for name in NEQUIPS},
    **{name: name for name in ("sevennet:7net-0", "sevennet:7net-l3i5", "so3lr:so3lr", ALLEGRO)},
    **{f"features:{name}": f"features:{name}" for name in ("mace_trained", "mace_random", "painn_trained")},
}
"""The project's backbones, and how results refer to them."""
MORE = (
    *(f"no network, densities of L = {L}" for L in (1, 3)), "nequip:aspirin-rmd17-0", "features:mace_random",
)  # fmt: skip
"""Rows of the long tables alone."""
UNTRAINED = ("features:mace_random", "nequip:aspirin-gfn2-0|untrained")
EVERY_LAYER = (Probe("equivariant", 1), Probe("equivariant", 2), Probe("free", 1))
DEFAULT_LAYER = (
    *EVERY_LAYER,
    Probe("free", 2),
    Probe("mlp", 2, "square", Training(width=64, steps=1500, samples=(1000, 256))),
)
BY = ["network", "layer", "default", "depth", "L", "parameters", "d", "solver", "activation"]


def cells(lab: Lab) -> list[Cell]:
    from e3nn.o3 import Irreps

    # one sample of structures whatever the seed, so that feature files from elsewhere stay good
    base = Cell("", orientations=10, labels=False, forces=False, sample_seed=0, seed=lab.seed)
    users = _users()
    lab.optional.update(users)
    # what needs no network, for every l that some network reaches
    selected = [replace(base, backbone=NOBODY, measure="body frame", l_max=E3NN_MAX_L)]
    for backbone in (*NETWORKS, *users):
        card = lab.card(backbone)
        if card is None:
            continue
        # a feature file holds one layer, whatever its network has
        one_layer = lab.quick or "feature_file" in card.settings
        for layer in [card.layer] if one_layer else card.layers:
            L = Irreps(card.layers[layer]).lmax
            probes = DEFAULT_LAYER if layer == card.layer else EVERY_LAYER
            selected += [
                replace(
                    base,
                    backbone=backbone,
                    layer=layer,
                    probe=probe,
                    l_max=law.boundary(L, probe.degree) + ABOVE,
                )
                for probe in probes
                if not (lab.quick and probe.solver == "mlp")
            ]
    return selected


def _users() -> list[str]:
    """The feature files that the user put into the cache."""
    folder = cache_folder() / EXTRACTED
    return [f"features:{path}" for path in visible(folder, ".npz")] if folder.is_dir() else []


def _name(backbone: str) -> str:
    return NETWORKS.get(backbone, f"features:{Path(backbone.partition(':')[2]).name}")


def _weights(backbone: str) -> str:
    if backbone.startswith("density:"):
        return "none"
    return "random" if backbone in UNTRAINED else "trained" if backbone in NETWORKS else "unknown"


def _is_default(card: dict[str, Any], layer: str | None) -> bool:
    """Whether a layer is the network's default one, or the only one that there is of it."""
    return layer == card["default_layer"] or "feature_file" in card["settings"]


def report(lab: Lab, results: Results) -> Report:
    frame = results.where(measure="body frame").estimate((), ())
    results = results.where(measure="recovery").assign(
        network=lambda cell, measurement: _name(cell.backbone),
        weights=lambda cell, measurement: _weights(cell.backbone),
        default=lambda cell, measurement: _is_default(measurement.facts["card"], cell.layer),
        depth=lambda cell, measurement: list(measurement.facts["card"]["layers"]).index(cell.layer),
        irreps=lambda cell, measurement: measurement.facts["irreps"],
        parity=lambda cell, measurement: measurement.facts["verification"]["parity"],
        parameters=lambda cell, measurement: measurement.facts["card"]["parameters"],
        L=lambda cell, measurement: measurement.facts["L"],
    )
    tests = tests_above(results, BY)
    absent = nothing_above(
        results,
        BY,
        "Whatever the network, nothing is recovered above dL",
        lambda row: f"{_place(row)}, {row['solver']}, d = {row['d']}, l = {row['l']}",
        (),
    )
    table = ceilings(results, BY, (), tests)
    known = dict(zip(frame["l"], frame["rho"], strict=True))
    table["frame"] = [known.get(boundary, np.nan) for boundary in table["boundary"]]
    table["skill"] = 1 - (1 - table["rho_at"].astype(float)) / (1 - table["frame"])
    claims: list[Claim] = [absent, Statement(bounds_sentence(tests)), *_reached(table)]
    tables = [_ceilings(table), _layers(table), networks_table(results), _short(table)]
    return Report(claims, tables, lambda: draw(results, table))


def _place(row: "Series") -> str:
    return f"{row['network']}, layer {row['layer']}"


def _reached(table: "DataFrame") -> list[Claim]:
    """How often dL is reached with d = 2: reported, not claimed."""
    selected = list[Claim]()
    table = table[(table["d"] == 2) & (table["boundary"] > 0)]
    for solver, rows in table.groupby("solver", sort=False):
        short = rows[rows["measured"] < rows["boundary"]]
        names = tuple(
            f"{_place(row)} ({row['measured']} of {row['boundary']})" for _, row in short.iterrows()
        )
        selected.append(Statement(Reached(f"With d = 2, {solver} reaches dL", len(rows), names).words()))
    return selected


def _ceilings(table: "DataFrame") -> Table:
    return Table.of(
        "architecture-ceilings",
        "Ceilings of networks on the same aspirin structures, default layers: recovered at the boundary dL and above "
        "it, 95% intervals; ≤: largest simultaneous bound above dL; frame: ρ(dL) of the best rigid frame of other "
        "atoms, without any network; skill: the share of what that leaves which is recovered",
        table[table["default"]],
        {
            "<network": "network",
            "layer": "layer",
            "L": "L",
            "d": "d",
            "<SPN": "solver",
            **BOUNDED,
            "frame": lambda row: number(row["frame"]),
            "skill": lambda row: number(row["skill"], 2) if row["path_at"] else "",
            "parameters": lambda row: f"{row['parameters']:,}",
        },
        group="network",
    )


def _short(table: "DataFrame") -> Table:
    """What a first page shows: one network of a kind."""
    shown = (
        table["default"] & (table["d"] == 2) & (table["solver"] == "equivariant") & (table["boundary"] > 0)
    )
    return Table.of(
        "architecture-short",
        "Quadratic probes on aspirin, default layers, equivariant: what comes back at dL",
        table[shown & ~table["network"].isin(MORE)],
        {
            "<network": "network",
            "L": "L",
            "dL": "boundary",
            "ρ(dL)": at_boundary("rho"),
            "frame": lambda row: number(row["frame"], 2),
            "skill": lambda row: number(row["skill"], 2),
        },
    )


def _layers(table: "DataFrame") -> Table:
    by = ["network", "d", "L", "boundary", "n_clusters"]
    subset = table[(table["solver"] == "equivariant") & (table["L"] > 0)].sort_values("d", kind="stable")
    wide = spread(subset, by, "layer", at_boundary("rho"))
    return Table.of(
        "architecture-layers",
        "ρ(dL) by layer, equivariant, 95% intervals; layers of scalars alone are left out",
        wide,
        {"<network": "network", "d": "d", "L": "L", "dL": "boundary"}
        | {f"layer {layer}": layer for layer in wide.columns.drop(by)},
        group="d",
    )


def draw(results: Results, table: "DataFrame") -> "Figure":
    """ρ(l) with the highest degree at the default layers, a panel a network; last, ρ(dL) layer by layer."""
    curves = results.where(default=True).estimate(BY, ())
    curves = curves[curves["d"] == curves["d"].max()]
    networks = list(curves["network"].unique())
    figure, axes = figures.panels(len(networks) + 1, 4, width=2.1, height=1.8)
    for panel, network in zip(axes, networks, strict=False):
        subset = curves[curves["network"] == network]
        figures.curves(panel, subset, "solver", figures.SOLVERS)
        boundary = int(subset["L"].iloc[0] * subset["d"].iloc[0])
        figures.tidy(panel, THRESHOLD, boundary, int(subset["l"].max()))
        panel.set_title(network.replace(", ", ",\n"), fontsize=7)
        panel.set_ylabel(figures.RECOVERED, fontsize=8)
    figures.legend_below(figure)
    # a legend of its own, which the one for all panels does not hold
    several = table[(table["solver"] == "equivariant") & (table["d"] == 2) & (table["L"] > 0)]
    several = several[several.groupby("network")["layer"].transform("size") > 1]
    looks = figures.looks(list(several["network"].unique()))
    figures.curves(
        axes[-1], several, "network", looks, x="depth", y="rho_at", names=lambda name: name.partition(":")[2]
    )
    figures.tidy(axes[-1], THRESHOLD)
    axes[-1].set_title("ρ(2L), equivariant", fontsize=7)
    axes[-1].set_xlabel("layer", fontsize=8)
    axes[-1].set_xticks(sorted(several["depth"].unique()))
    if looks:
        axes[-1].legend(fontsize=5, labelspacing=0.15, frameon=False, loc="center")
    return figure
