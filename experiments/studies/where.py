"""Background: the diagnostic usually marks one direction at one atom; a ceiling that depended on that choice would not
be the network's. Question: over all bonds of aspirin, all layers, and features read at either end, at a bonded
neighbour or summed over the molecule, is ρ(5) anywhere different from zero, and where is ρ(4) high, and why? Result: a
map of ρ(4) on the drawing of the molecule, its means by kind of bond, and what goes with it.

ρ(4), at dL, is that of `equivariant`, the limit of `free` for many orientations; it has no path to 5, so ρ(5) is that
of `free`. The direction a→b read at b is b→a read at b with the sign of odd harmonics changed, which no figure sees:
every bond is marked both ways, each read at its start. A neighbour is an atom bonded to the start, other than the end.
An atom is named by its element and the number of its bonds, with r in a ring: C(3r) is aromatic carbon.

A height needs a scale, and ends of bonds have two that need no network: a constant in the best rigid frame of the other
near atoms, and hand-made densities of the same L through the same fit. Skill over the frame is what is left to recover
after it, recovered: 1 - (1 - ρ) / (1 - ρ of the frame), negative where the network's features do worse.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from experiments.bond_graph import BondGraph, bond_graph, flat_drawing, likeness
from experiments.crosscheck import THRESHOLD
from experiments.environments import Pair
from experiments.lab import figures
from experiments.lab.body_frame import NOBODY
from experiments.lab.ceilings import ceilings
from experiments.lab.cell import Cell, grid, pair
from experiments.lab.claims import Absent, Claim, Statement, bounds_sentence
from experiments.lab.estimate import Results
from experiments.lab.rank import rank_correlations
from experiments.lab.study import Lab, Report
from experiments.lab.tables import Table, estimate, number, spread
from experiments.spn import Probe
from span_theorem.errors import MissingPackage

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame, Series

FIRST, SECOND = "nequip:aspirin-gfn2-0", "nequip:aspirin-gfn2-1"
"""The first network is read everywhere, the second at the ends of bonds."""
READINGS = {"end": "at the nearer end", "neighbour": "at its neighbours", "molecule": "summed over atoms"}
D, BOUNDARY = 2, 4
EQUIVARIANT, FREE = Probe("equivariant", D), Probe("free", D)
ORIENTATIONS, MORE = 4, 12
"""Of a training structure, for `free` at every bond and at some."""
DENSITY = "density:2"
SPOT = ["network", "layer", "reading", "site", "toward", "read"]


def cells(lab: Lab) -> list[Cell]:
    from e3nn.o3 import Irreps

    selected = []
    for name in (FIRST,) if lab.quick else (FIRST, SECOND):
        card = lab.card(name)
        base = Cell(name, probe=EQUIVARIANT, orientations=1, l_max=BOUNDARY + 1, forces=False, seed=lab.seed)
        graph = bond_graph(lab.sources.structures(base)[0])
        rules = [pair(a, b) for a, b in graph.directions]
        # a layer of scalars carries no direction at all
        for layer in (
            layer for layer, irreps in (card.layers if card else {}).items() if Irreps(irreps).lmax
        ):
            ends = grid(base, layer=[layer], rule=rules)
            selected += ends
            if name == FIRST:
                selected += _elsewhere(ends, graph)
                selected += [replace(cell, probe=FREE, orientations=ORIENTATIONS) for cell in ends]
        if name == FIRST:
            selected += grid(replace(base, labels=False), backbone=[DENSITY], rule=rules)
            selected += grid(
                replace(base, labels=False), backbone=[NOBODY], rule=rules, measure=["body frame"]
            )
    return selected


def _elsewhere(ends: list[Cell], graph: BondGraph) -> list[Cell]:
    """The same directions at neighbours of their start, and in the sum over the molecule, the same at every atom."""
    near = [replace(cell, read=f"atom({atom})") for cell in ends for atom in graph.others(cell.pair)]
    once = [cell for cell in ends if cell.pair.site < cell.pair.toward]
    return near + [replace(cell, backbone=f"{FIRST}|sum", read="atom(0)") for cell in once]


def more(lab: Lab, results: Results) -> list[Cell]:
    """`free` in more orientations, deepest layer: at the ends where ρ is highest, median and lowest, and elsewhere."""
    selected = []
    for reading in READINGS:
        spots = _described(results).where(network=FIRST, solver="equivariant", reading=reading)
        spots = spots.where(lambda table: table["layer"].isin(table["layer"].iloc[-1:]))
        rho = [resampled.at("rho", BOUNDARY).value for _, resampled in spots.groups(SPOT, (), 1)]
        ranked = [spots.cells[index] for index in np.argsort(rho, kind="stable")]
        places = (-1, len(ranked) // 2, 0) if reading == "end" else (-1,)
        selected += [ranked[place] for place in places if ranked]
    return [replace(cell, probe=FREE, orientations=MORE) for cell in selected]


def _reading(cell: Cell) -> str:
    return "molecule" if cell.backbone.endswith("|sum") else "end" if cell.read == "site" else "neighbour"


def _described(results: Results) -> Results:
    return results.assign(
        network=lambda cell, measurement: cell.backbone.removesuffix("|sum"),
        reading=lambda cell, measurement: _reading(cell),
        site=lambda cell, measurement: cell.pair.site,
        toward=lambda cell, measurement: cell.pair.toward,
        spot=lambda cell, measurement: f"{cell.rule}, {cell.read}",
        L=lambda cell, measurement: measurement.facts["L"],
    )


def report(lab: Lab, results: Results) -> Report:
    import pandas

    if not len(results.where(backbone=FIRST)):
        raise MissingPackage("; ".join(lab.left_out.values()))
    training = lab.sources.structures(results.cells[0])[0]
    graph = bond_graph(training)
    results = _described(results).assign(
        kind=lambda cell, measurement: graph.kind(cell.pair, ordered=_reading(cell) != "molecule")
    )
    equivariant, free = (
        results.where(lambda table: table["network"].isin([FIRST, SECOND]), solver="equivariant"),
        results.where(solver="free"),
    )
    bonds = _bonds(results.where(reading="end", solver="equivariant").estimate([*SPOT, "kind"], ()))
    spots = equivariant.estimate(SPOT).query(f"l == {BOUNDARY}")
    by = ["network", "reading", "layer"]
    every = equivariant.estimate(by, ["spot"]).assign(kind="all")
    kinds = pandas.concat([equivariant.estimate([*by, "kind"], ["spot"]), every], ignore_index=True)
    kinds = kinds.query(f"l == {BOUNDARY}").sort_values([*by, "rho"], ascending=[True, True, False, False])
    ends = kinds.query("network == @FIRST and reading == 'end'")
    columns = {"<read at, toward": "kind", "n": "n_spot"}
    columns |= {f"layer {layer}": str(layer) for layer in sorted(spots["layer"].unique())}
    tables = [
        Table.of("where", f"ρ({BOUNDARY}) of {FIRST} read at an end of a bond, by kind of bond",
            spread(ends, ["kind", "n_spot", "n_clusters"], "layer", estimate("rho")), columns),
        Table.of("where-bonds", f"ρ({BOUNDARY}) at every end of a bond by {FIRST}, deepest layer that carries L, "
            "beside the best rigid frame and hand-made densities of the same L",
            bonds, {"<read at, toward": "kind", "<atoms": "bond", "ρ": estimate("rho"), "frame": estimate("rho_frame"),
                    "densities": estimate("rho_density"), "skill over frame": lambda row: number(row["skill"], 2)}),
        Table.of("where-elsewhere", f"ρ({BOUNDARY}) by kind of bond, read elsewhere and by another network",
            spread(kinds.drop(ends.index), ["network", "reading", "kind", "n_spot", "n_clusters"], "layer",
                   estimate("rho")),
            {"<network": "network", "<reading": "reading", **columns}, "reading"),
        Table.of("where-reasons", f"What ρ({BOUNDARY}), read at ends, goes with by rank",
            _reasons(spots.query("reading == 'end'"), lambda pair: likeness(graph, training, pair)),
            {"<network": "network", "layer": "layer", "<with": "with", "n": "n", "correlation": estimate("r", 2)},
            "network"),
    ]  # fmt: skip
    above = ceilings(free, [*SPOT, "orientations", "L", "d", "activation"], tests=len(free))
    molecule = (flat_drawing(training[0].positions), graph.symbols, graph.bonds)
    return Report(
        [*_claims(above), _scale(bonds)],
        tables,
        lambda: draw(molecule, spots.query("network == @FIRST"), ends),
    )


def _bonds(ends: "DataFrame") -> "DataFrame":
    """One row an end of a bond: the network at its deepest layer beside what needs no network."""
    ends = ends[ends["l"] == BOUNDARY]
    names = ["rho", "rho_low", "rho_high"]
    network = ends[
        (ends["network"] == FIRST) & (ends["layer"] == ends["layer"][ends["network"] == FIRST].max())
    ]
    for name, label in ((NOBODY, "frame"), (DENSITY, "density")):
        other = ends.loc[ends["network"] == name, ["site", "toward", *names]]
        other = other.rename(columns={one: one.replace("rho", f"rho_{label}") for one in names})
        network = network.merge(other, on=["site", "toward"], how="left")
    return network.assign(
        bond=network["site"].astype(str) + "→" + network["toward"].astype(str),
        skill=1 - (1 - network["rho"]) / (1 - network["rho_frame"]),
    ).sort_values("rho", ascending=False)


def _scale(bonds: "DataFrame") -> Statement:
    """How the heights stand to those that need no network."""
    above = {name: int((bonds["rho"] > bonds[f"rho_{name}"]).sum()) for name in ("frame", "density")}
    return Statement(
        f"Read at the ends of {len(bonds)} bonds, the deepest layer gives ρ({BOUNDARY}) of {bonds['rho'].mean():.2f} "
        f"on average, the best rigid frame of other atoms {bonds['rho_frame'].mean():.2f}, hand-made densities "
        f"{bonds['rho_density'].mean():.2f}; the network is above the frame at {above['frame']} and above the "
        f"densities at {above['density']}. The median of skill over the frame is {bonds['skill'].median():.2f}."
    )


def _reasons(ends: "DataFrame", like: Callable[[Pair], dict[str, float]]) -> "DataFrame":
    """With what bonds are like, and with the first network's map."""
    from pandas import DataFrame

    values = [like(Pair(*bond)) for bond in zip(ends["site"], ends["toward"], strict=True)]
    other = f"ρ({BOUNDARY}) of {FIRST}"
    first = ends.query("network == @FIRST").rename(columns={"rho": other})[["layer", "site", "toward", other]]
    table = ends.reset_index(drop=True).join(DataFrame(values)).merge(first, how="left")
    table.loc[table["network"] == FIRST, other] = None
    return rank_correlations(table, "rho", [*values[0], other], ["network", "layer"])


def _place(row: "Series") -> str:
    where = row["read"] if row["reading"] == "neighbour" else row["reading"]
    return f"{row['site']}→{row['toward']} read at {where}, layer {row['layer']}, {row['orientations']} orientations"


def _claims(above: "DataFrame") -> list[Claim]:
    low, high = (int(side.sum()) for side in (above["rho_above_high"] < 0, above["rho_above_low"] > 0))
    missed = int((above["rho_at_low"] <= THRESHOLD).sum())
    return [
        Absent.of(f"ρ({BOUNDARY + 1}) by free", above, _place),
        Statement(
            f"Of the 95% intervals of ρ({BOUNDARY + 1}) {high} lie above zero and {low} below, where chance would put "
            f"{0.025 * len(above):.1f} each; the largest ρ is {above['rho_above'].max():.4f}. The same fits recover "
            f"ρ({BOUNDARY}) of {above['rho_at'].min():.2f} to {above['rho_at'].max():.2f}; in {missed} of {len(above)} "
            "not even that is found, so they prove nothing."
        ),
        Statement(bounds_sentence(len(above))),
    ]


def draw(molecule: figures.Molecule, spots: "DataFrame", kinds: "DataFrame") -> "Figure":
    """The molecule with its bonds coloured by ρ, a row a layer and a column a reading; below, the kinds of bond."""
    from matplotlib import pyplot as plt
    from pandas import concat

    layers = list(spots["layer"].unique())
    figure = plt.figure(figsize=(7.4, 2.1 * len(layers) + 2.6), layout="constrained")
    places = figure.add_gridspec(len(layers) + 1, len(READINGS), height_ratios=[2] * len(layers) + [2.2])
    # the sum belongs to either half of a bond
    mirrored = spots.query("reading == 'molecule'").rename(columns={"site": "toward", "toward": "site"})
    label = f"ρ({BOUNDARY}), grey: not read"
    figures.molecule_maps(figure, places, concat([spots, mirrored]), READINGS, molecule, label)
    axes = figure.add_subplot(places[-1, :])
    named = kinds.assign(name=kinds["kind"] + " (" + kinds["n_spot"].astype(str) + ")")
    figures.categories(axes, named, "name", "layer", figures.looks(layers, line=""))
    figures.tidy(axes, THRESHOLD)
    axes.tick_params(axis="x", labelsize=6)
    axes.set_xlabel("read at, toward: element and its number of bonds, r in a ring (how many)", fontsize=7)
    axes.set_ylabel(f"ρ({BOUNDARY})", fontsize=8)
    axes.legend(fontsize=7, frameon=False, loc="lower left")
    return figure
