"""Background: a regular n-gon around a centre has an orientation in its plane, cos nα and sin nα; which polynomials
in the harmonics of one marked vertex tell it, and which in their sum over all vertices, is known exactly. Question:
does the diagnostic's SPN, which knows neither n nor dL, give the exact answer for every n, L and d, on bare
harmonics and on the features of a real network? Result: R² on unseen angles beside the arithmetic of
`span_theorem.polygon`, 1:1.

By arithmetic a marked vertex tells the orientation if and only if dL ≥ n, and the density A_lm = Σ_j Y_lm(r_j), what
one layer of message passing sums at the centre, if and only if L ≥ n, whatever d. The second is the n-fold table of
Joshi et al., "On the Expressive Power of Geometric Graph Neural Networks" (2023).

An angle is a structure; SPN (`free`) and threshold are those of every diagnosis, and ρ is R² since a label is nothing
but the wave. The centre of a network sees the density if all vertices are of one element, and a marked vertex if one
is of another. By equivariance its features of degree l turn with frequencies up to l at every depth, and where all
vertices are alike only with those that n divides: the exact answer is the same after every layer.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from experiments.crosscheck import THRESHOLD
from experiments.lab import figures
from experiments.lab.cell import Cell, grid
from experiments.lab.claims import Agreement, Claim, Reached
from experiments.lab.estimate import Results
from experiments.lab.polygons import WAVES
from experiments.lab.study import Lab, Report
from experiments.lab.tables import Table, estimate
from experiments.spn import Probe
from span_theorem.polygon import POLYGON_FEATURES, POLYGON_SCOPE, polygon_grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

HARMONICS, ORDERS = {5: 5, **{n: 2 for n in range(2, 11) if n != 5}}, 10
"""On bare harmonics: highest d by the number of vertices, and highest L."""
NETWORK = "nequip:aspirin-gfn2-0|untrained"
NETWORKS, NETWORK_ORDERS = dict.fromkeys(range(2, 6), 2), 5
"""The same on untrained networks of every L, at every layer that carries it."""
MAPPED, MAPPED_DEGREE = 5, 2
"""The polygon drawn as a map of L against d, and the degree of the maps of n against L."""
INSTANCE = ["source", "n", "L", "d", "features"]


def cells(lab: Lab) -> list[Cell]:
    from e3nn.o3 import Irreps

    base = Cell(
        "", test=None, n_train=240, n_test=120, validation_share=0.25, seed=lab.seed, measure="polygon"
    )
    bare = [replace(base, backbone=f"harmonics({L})") for L in range(1, ORDERS + 1)]
    networks = [
        replace(base, backbone=f"{NETWORK}({L})", layer=layer)
        for L in range(1, NETWORK_ORDERS + 1)
        if (card := lab.card(f"{NETWORK}({L})")) is not None
        for layer, irreps in card.layers.items()
        if Irreps(irreps).lmax == L
    ]
    instances = [(one, n, d) for n, d in HARMONICS.items() if n <= MAPPED or not lab.quick for one in bare]
    instances += [(one, n, d) for one in networks for n, d in NETWORKS.items()]
    return [
        cell
        for one, n, degree in instances
        for cell in grid(
            one,
            training=[f"polygon({n}, {features})" for features in POLYGON_FEATURES],
            probe=[Probe("free", d) for d in range(1, degree + 1)],
            rule=[f"wave({name})" for name in WAVES],
        )
    ]


def report(lab: Lab, results: Results) -> Report:
    results = results.assign(
        source=lambda cell, measured: f"NequIP, layer {cell.layer}" if cell.layer else "bare harmonics",
        n=lambda cell, measured: measured.facts["n"],
        L=lambda cell, measured: measured.facts["L"],
        features=lambda cell, measured: measured.facts["features"],
    )
    waves, instances = verdicts(results.estimate([*INSTANCE, "rule"], together=()))
    tables = [_summary(waves), _least(instances)]
    return Report(_claims(instances), tables, lambda: draw(instances), (POLYGON_SCOPE,))


def verdicts(waves: "DataFrame") -> "tuple[DataFrame, DataFrame]":
    """Whether waves are recovered, beside the exact answer: one row a wave, and one row an instance, R² averaged.

    An instance of which one wave is recovered and the other is not agrees with neither answer.
    """
    import pandas

    highest = waves.groupby("n")[["L", "d"]].max()
    spans = [span for n, L, d in highest.itertuples() for span in polygon_grid(int(n), int(L), int(d))]
    exact = pandas.DataFrame([span.to_dict() for span in spans]).rename(columns={"recovered": "exact"})
    waves = waves.merge(exact[[*INSTANCE[1:], "exact", "verified"]], on=INSTANCE[1:], how="left")
    waves["recovered"] = waves["r2_low"] > THRESHOLD
    waves["agrees"] = waves["verified"] & (waves["recovered"] == waves["exact"])
    instances = waves.groupby(INSTANCE, sort=False).agg(
        {"r2": "mean", "recovered": "all", "exact": "first", "agrees": "all"}
    )
    return waves, instances.reset_index()


def _claims(instances: "DataFrame") -> list[Claim]:
    by_source = instances.groupby("source")["agrees"]
    density = instances[instances["features"] == "density"]
    names = density["source"] + ", n = " + density["n"].astype(str) + ", d = " + density["d"].astype(str)
    follows = (density["recovered"] == (density["L"] >= density["n"])).groupby(names, sort=False).all()
    what = "The density tells the orientation of an n-gon from degree L = n on and not below, at every d"
    return [
        *(Agreement(source, int(agrees.sum()), len(agrees)) for source, agrees in by_source),
        Reached(what, len(follows), tuple(follows.index[~follows])),
    ]


def _summary(waves: "DataFrame") -> Table:
    """How near recovered and lost waves come to each other."""
    by = waves.sort_values("r2").groupby(["exact", "source"])
    # by R², so that the first recovered and the last lost wave are the extremes
    recovered = by.first().loc[True].join(by.size().loc[True].rename("tests"))
    lost = by.last().loc[False].join(by.size().loc[False].rename("tests"))
    return Table.of(
        "calibration",
        "R² of cos nα and sin nα on unseen angles, each a test for every n, L, d and kind of features",
        recovered.join(lost[["tests", "r2", "r2_low", "r2_high"]], lsuffix="_recovered").reset_index(),
        {
            "<features of": "source",
            "tests where recovered": "tests_recovered",
            "1 − R² there, at most": lambda row: f"{1 - row['r2_recovered']:.0e}",
            "tests where lost": "tests",
            "R² there, at most": estimate("r2"),
        },
    )


def _least(instances: "DataFrame") -> Table:
    groups = instances.groupby(["source", "features", "n", "d"])[["L", "recovered", "exact"]]
    least = groups.apply(lambda part: f"{_order(part, 'recovered')} ({_order(part, 'exact')})")
    table = least.unstack("d", fill_value="").rename(columns="d = {}".format).reset_index()
    return Table.of(
        "calibration-degrees",
        "Least degree L that recovers the orientation of an n-gon: measured (exact)",
        table,
        {"<features of": "source", "<kind": "features", **{name: name for name in table.columns[2:]}},
        group="source",
    )


def _order(part: "DataFrame", verdict: str) -> str:
    return str(part.loc[part[verdict], "L"].min()) if part[verdict].any() else f">{part['L'].max()}"


def draw(instances: "DataFrame") -> "Figure":
    """R² as maps: L against d for one polygon, n against L for the density, of harmonics and of a network."""
    sources = list(instances["source"].unique())
    bare = instances[(instances["source"] == sources[0]) & (instances["n"] == MAPPED)]
    density = instances[(instances["features"] == "density") & (instances["d"] == MAPPED_DEGREE)]
    maps = [(part, "d", "L", f"{MAPPED}-gon, {kind}") for kind, part in bare.groupby("features", sort=False)]
    for source in dict.fromkeys((sources[0], sources[-1])):
        title = f"density, {source}, d = {MAPPED_DEGREE}"
        maps.append((density[density["source"] == source], "L", "n", title))
    figure, axes = figures.panels(len(maps), 2, width=3.3, height=3.0)
    words = {"n": "vertices n", "L": "degree L", "d": "degree d"}
    for panel, (table, x, y, title) in zip(axes, maps, strict=True):
        figures.number_map(panel, table, x, y, "r2", "exact")
        panel.set_xlabel(words[x], fontsize=8)
        panel.set_ylabel(words[y], fontsize=8)
        panel.set_title(title, fontsize=9)
    figure.suptitle("R² on unseen angles; framed: recovered by exact arithmetic", fontsize=9)
    return figure
