"""Background: the theorem bounds polynomials in features that carry l ≤ L of one direction; a layer's irreps say how
features turn with the whole molecule, not what they carry of one neighbour's direction while everything else stays.
Question: when one neighbour moves over the sphere around the site at fixed distance, how fast does angular power leak
above L with depth, in trained and in untrained networks? Result: the power spectrum of the site's features over that
sphere, per layer, from an exact quadrature.

Of all bonds, both ways, that one is moved whose sphere keeps furthest from every other atom. Three surroundings tell
where a leak comes from: the pair alone, the pair with the atom that the sphere comes closest to (triple), and all.
By algebra there is nothing above L after one convolution, where a feature of degree l is Σ_j R(r_j) Y_l(u_j) times a
gate of distances to the site, and nothing for the pair alone, which has one direction only. Nothing else is bounded:
from the second layer on messages depend on |r_moved - r_k|, which is no polynomial in u.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from experiments.lab import figures
from experiments.lab.cell import Cell, grid
from experiments.lab.claims import Claim, Reached, Statement
from experiments.lab.estimate import Results
from experiments.lab.measurement import Measurement
from experiments.lab.study import Lab, Report
from experiments.lab.tables import Table, percent, percents
from experiments.sphere import ROUNDING, SYSTEMS

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

TRAINED = tuple(f"nequip:aspirin-rmd17-{name}" for name in ("0", "1", "2", "3", "l1", "l3"))
INITIAL = (*(f"{name}|untrained" for name in TRAINED), "nequip:aspirin-random")
LARGE = "sevennet:7net-0"
FAMILIES = {"nequip": "NequIP", "sevennet": "SevenNet"}
CONSTANT = "constant"
"""Where nothing varies there is no share to give."""
L_MAX = 10
"""Highest degree that is told apart; power above it is one column more."""
SCOPE = (
    "In one neighbour's direction with the rest fixed, polynomials of degree d are bounded by dL only where features "
    "end at L: after one convolution. Deeper features carry more, so that bound does not hold there.",
    "What bounds a probe of deeper features is the other law, under rotations of the whole molecule: products of d "
    "features of degree up to L contain no degree above dL.",
)


def cells(lab: Lab) -> list[Cell]:
    base = Cell("", "embedded:test", n_train=8, n_test=8, l_max=L_MAX, seed=lab.seed, measure="leakage")
    selected = []
    for name in (TRAINED[0], INITIAL[0]) if lab.quick else (*TRAINED, *INITIAL, LARGE):
        card = lab.card(name)
        if card is not None:
            # the large network's five layers cost 15 times as much as a small one's three
            network = replace(base, backbone=name, n_test=3 if name == LARGE else base.n_test)
            selected += grid(network, layer=card.layers, read=SYSTEMS)
    return selected


def report(lab: Lab, results: Results) -> Report:
    results = results.assign(
        network=lambda cell, measurement: cell.backbone.removesuffix("|untrained"),
        weights=lambda cell, measurement: "initial" if cell.backbone in INITIAL else "trained",
        kind=lambda cell, measurement: (
            f"{FAMILIES[cell.backbone.partition(':')[0]]}, L = {measurement.facts['L']}"
        ),
        depth=lambda cell, measurement: measurement.facts["depth"],
        leak=lambda cell, measurement: measurement.facts["leak"],
        degrees=lambda cell, measurement: _by_degree(measurement),
    )
    groups = results.estimate(["kind", "weights", "layer", "depth", "read"])
    single = results.where(read="molecule").estimate(["backbone", "layer", "depth", "degrees"])
    effect = results.where(lambda table: table["depth"] > 0, read="molecule").difference(
        {"weights": "trained"}, {"weights": "initial"}, match=["network"], by=["kind", "layer"]
    )
    tables = [_headline(groups, results.measurements[0].facts["move"])]
    if len(effect):
        tables.append(
            Table.of("leakage-training", "Share above L in the molecule, trained less initial, points of per cent",
                _first(effect),
                {"<networks": "kind", "pairs": "n_network", "layer": "layer", "difference": percents("above")})
        )  # fmt: skip
    tables.append(
        Table.of("leakage-networks", "Share above L in the molecule, per cent, by channel and degree",
            _first(single),
            {"<network": "backbone", "layer": "layer", "above L": percents("above", ROUNDING),
             "median channel": percents("median_channel", ROUNDING), "<by degree": "degrees"}, "backbone")
    )  # fmt: skip
    return Report(_claims(results, single), tables, lambda: draw(groups), SCOPE)


def _first(table: "DataFrame") -> "DataFrame":
    """One row a group: all figures but the spectrum are the same at every degree."""
    return table[table["l"] == 1]


def _by_degree(found: Measurement) -> str:
    """The share above L of the features of every degree, mean over structures."""
    shares = zip(found.facts["degrees"], found.sums["above_by_degree"].mean(axis=0), strict=True)
    return ", ".join(f"l = {l}: {percent(share, ROUNDING, CONSTANT)}" for l, share in shares)


def _headline(groups: "DataFrame", move: dict[str, Any]) -> Table:
    by = ["kind", "weights", "layer"]
    rows = _first(groups).set_index([*by, "read"])
    above = percents("above", ROUNDING, CONSTANT)
    molecule = groups[groups["read"] == "molecule"]
    most = molecule.assign(sum=molecule.groupby(by)["share"].cumsum()).query("sum >= 0.99 and l <= @L_MAX")
    reached = most.groupby(by)["l"].min()
    return Table.of(
        "leakage",
        f"Share of the varying angular power above L, per cent; atom {move['moved']} moved around atom {move['site']} "
        f"at {move['distance']:.2f} Å, never closer than {move['closest']:.2f} Å to a third. Of the molecule: share of "
        "the mean square that varies, and the degree up to which 99% of it lies",
        _first(molecule),
        {"<networks": "kind", "<weights": "weights", "n": "n_backbone", "layer": "layer"}
        | {read: lambda row, read=read: above(rows.loc[(*row[by], read)]) for read in SYSTEMS}
        | {
            "varies": percents("varying"),
            "99% up to": lambda row: str(reached.get(tuple(row[by]), f"> {L_MAX}")),
        },
        group="kind",
    )


def _claims(results: Results, single: "DataFrame") -> list[Claim]:
    """That nothing leaks where algebra forbids it, and how much does elsewhere."""
    table = results.table
    places = table["backbone"] + ", layer " + table["layer"] + ", " + table["read"]
    first, alone, leaks = table["depth"] == 0, table["read"] == "pair", table["leak"] >= ROUNDING
    above = single.loc[single["depth"] > 0, "above"]
    return [
        Reached("after one convolution nothing above L", int(first.sum()), tuple(places[first & leaks])),
        Reached("site and neighbour alone: nothing above L", int(alone.sum()), tuple(places[alone & leaks])),
        Statement(
            f"Where algebra forbids a leak, it is at most {table.loc[first | alone, 'leak'].max():.0e} of the mean "
            f"square; from the second layer on, in the molecule, {above.min():.1%} to {above.max():.1%} of what varies."
        ),
    ]


def draw(groups: "DataFrame") -> "Figure":
    """Power by degree in the molecule, a panel a depth; last, the share above L against depth."""
    table = groups[(groups["read"] == "molecule") & groups["share"].notna() & (groups["l"] <= L_MAX)]
    names = table["kind"] + ", " + table["weights"]
    colours = figures.looks(table["kind"].unique())
    looks = {
        name: replace(
            colours[kind],
            line="-" if weights == "trained" else "--",
            fill="none" if weights == "initial" else "full",
        )
        for name, kind, weights in zip(names, table["kind"], table["weights"], strict=True)
    }
    table, depths = table.assign(name=names), sorted(table["depth"].unique())
    figure, axes = figures.panels(len(depths) + 1, 3, height=2.0)
    for panel, depth in zip(axes, depths, strict=False):
        figures.curves(panel, table[table["depth"] == depth], "name", looks, y="share")
        panel.set_yscale("log")
        panel.yaxis.set_major_formatter("{x:g}")
        panel.set_xticks(range(1, L_MAX + 1))
        panel.set_title(f"layer {depth}", fontsize=9)
        panel.set_xlabel("degree l of the direction", fontsize=8)
    axes[0].set_ylabel("share of power", fontsize=8)
    figures.curves(axes[-1], _first(table), "name", looks, x="depth", y="above", spread=0.04)
    axes[-1].set_xticks(depths)
    axes[-1].set_title("share above L", fontsize=9)
    axes[-1].set_xlabel("layer", fontsize=8)
    for panel in axes:
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(labelsize=7)
    figures.legend_below(figure)
    return figure
