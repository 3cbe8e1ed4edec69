"""Background: a frequency that is not recovered may be absent from the features, lost in noise, or sought with too few
structures. Question: at which injected amplitude, number of structures and orientations, and with how good a network
does the diagnostic lose its power, and does it find a frequency above the ceiling that is there? Result: learning
curves of ρ(l), the structures that every l needs, and the share of a planted frequency from which on it is found.

Injected energies compete with what the network itself leaves of the labels, E - E_0, and at equal force power those of
a higher l are smaller: the signal-to-noise ratio of the energies is the scale of every l. `equivariant` learns from a
structure all that its orientations hold; `free` has to see them. The planted channel has degree dL + 1, a known share
of its power is signal and the rest noise: ρ(dL + 1) of an ideal linear SPN equals that share.

A level is one sample of structures, the smaller ones parts of the larger; what another sample would give is not in the
intervals. The replicates' figures are those of all of them together: one network alone has wider intervals.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from experiments.crosscheck import THRESHOLD
from experiments.injection import amplitude
from experiments.lab import figures
from experiments.lab.ceilings import ceilings
from experiments.lab.cell import Cell, grid
from experiments.lab.claims import Absent, Claim, Statement, bounds_sentence
from experiments.lab.estimate import Results
from experiments.lab.levels import found, level, needed
from experiments.lab.measurement import Measurement
from experiments.lab.study import Lab, Report
from experiments.lab.tables import Cell as TableCell
from experiments.lab.tables import Table, estimate, number, spread
from experiments.spn import Probe
from experiments.spn.mlp import Training

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

L, D = 2, 2
BOUNDARY = L * D
REPLICATES = tuple(f"nequip:aspirin-gfn2-{i}" for i in range(4))
OTHERS = tuple(f"nequip:aspirin-{name}" for name in ("gfn2-0-epoch10", "gfn2-0-epoch1", "random"))
ENDS = (REPLICATES[0], OTHERS[-1])
"""The best and the worst network: `free` is shown their structures at every amplitude."""
SCALES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
STRUCTURES = {
    Probe("equivariant", 2): (20, 40, 80, 150, 300, 600, 1200),
    Probe("equivariant", 3): (20, 40, 150, 300),
    Probe("free", 2): (20, 40, 80, 150, 300, 600),
}
ORIENTATIONS = (1, 2, 5, 10)
MOST = 10
"""Orientations of a training structure where their number is not varied."""
SHARES = {
    f"{REPLICATES[0]}|planted({BOUNDARY + 1}, {share:g})": share
    for share in (0.0, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 1.0)
}
"""Shares of signal by the backbone that carries them."""
PLANTED = (
    Probe("free", 1),
    Probe("free", D),
    Probe("mlp", D, training=Training(width=64, steps=1500, samples=(1000, 256))),
    Probe("equivariant", D),
)
UNITS = {
    "amplitude": "injected energy over the network's residual",
    "structures": "for training",
    "orientations": "of a training structure",
    "planted": "of the channel's power",
}


def cells(lab: Lab) -> list[Cell]:
    base = Cell("", l_max=BOUNDARY + 1, orientations=MOST, forces=False, seed=lab.seed)
    replicates, scales = (REPLICATES[:2], SCALES[2:]) if lab.quick else (REPLICATES, SCALES)
    free, equivariant = Probe("free", D), Probe("equivariant", D)
    networks = (*replicates, *OTHERS)
    selected = grid(base, backbone=networks, measure=["energy residual"])
    selected += grid(base, backbone=networks, probe=[equivariant], scale=scales)
    selected += grid(base, backbone=ENDS, probe=[free], scale=scales)
    for probe, numbers in STRUCTURES.items():
        top = replace(base, probe=probe, l_max=L * probe.degree + 1)
        selected += grid(top, n_train=numbers[:4] if lab.quick else numbers, backbone=replicates)
    selected += grid(replace(base, probe=free), orientations=ORIENTATIONS, backbone=replicates)
    planted = list(SHARES)[::2] if lab.quick else list(SHARES)
    selected += grid(replace(base, assumed_L=L), probe=PLANTED, backbone=planted)
    return list(dict.fromkeys(selected))  # the axes meet at their standard values


def report(lab: Lab, results: Results) -> Report:
    import pandas

    residuals = results.where(measure="energy residual").estimate(["backbone"])
    rms = dict(zip(residuals["backbone"], residuals["energy_rms"], strict=True))

    def ratio(cell: Cell, found: Measurement) -> float:
        """Injected energy at the boundary over the network's residual, both root mean squares."""
        lengths = cell.marks(lab.sources.structures(cell)[0]).lengths
        return amplitude(BOUNDARY, found.facts["force"], lengths) / rms.get(cell.backbone, np.nan)

    results = results.where(measure="recovery").assign(
        ratio=ratio,
        L=lambda cell, measurement: measurement.facts["L"],
        share=lambda cell, measurement: SHARES.get(cell.backbone),
    )
    plain = results.where(lambda table: table["share"].isna())
    networks = plain.where(n_train=300, orientations=MOST, d=D).estimate(["backbone", "solver", "d", "ratio"])
    # `free` at one amplitude alone is no curve
    networks = networks[(networks["solver"] != "free") | networks["backbone"].isin(ENDS)]
    replicates = plain.where(lambda table: table["backbone"].isin(REPLICATES), scale=1.0)
    by = ["solver", "d", "n_train", "orientations"]
    numbers = replicates.estimate(by).sort_values([*by, "l"])
    numbers["backbone"] = [f"{number} networks" for number in numbers["n_backbone"]]
    turned = numbers[(numbers["n_train"] == 300) & (numbers["solver"] == "free")]
    planted = _planted(results.where(lambda table: table["share"].notna()))
    curves = {
        "amplitude": _amplitudes(networks),
        "structures": numbers[numbers["orientations"] == MOST].assign(level=numbers["n_train"]),
        "orientations": turned.assign(level=turned["orientations"]),
        "planted": planted[planted["share"] > 0].assign(level=planted["share"]),
    }
    by = ["backbone", "solver", "d", "l"]
    levels = pandas.concat([needed(curve, by).assign(varied=varied) for varied, curve in curves.items()])
    levels.loc[levels["varied"] == "planted", "enough"] = None  # a planted share settles nowhere
    largest = networks.groupby("backbone", sort=False)["ratio"].max().rename("most").reset_index()
    tables = _tables(levels, numbers, residuals.merge(largest), planted)
    return Report(_claims(levels, planted), tables, lambda: draw(curves))


def _amplitudes(networks: "DataFrame") -> "DataFrame":
    """Every network at the boundary, the best at every l, against the injected energy of that l over the residual.

    Forces of equal power are energies in proportion to 1/√(l(l+1)).
    """
    l = networks["l"]
    level = networks["ratio"] * np.sqrt(BOUNDARY * (BOUNDARY + 1) / (l * (l + 1)))
    return networks.assign(level=level)[(l == BOUNDARY) | (networks["backbone"] == ENDS[0])]


def _planted(results: Results) -> "DataFrame":
    """ρ at the planted frequency with bounds that hold for all shares and SPNs together, and the verdict on each."""
    by = ["solver", "d", "share"]
    table = results.estimate(by, tests=len(results))
    verdicts = ceilings(results, [*by, "L", "activation"])[[*by, "verdict"]]
    return table[table["l"] == BOUNDARY + 1].merge(verdicts, on=by).assign(backbone=REPLICATES[0])


def _claims(levels: "DataFrame", planted: "DataFrame") -> list[Claim]:
    """With nothing planted nothing is there, and what is planted is found by every SPN."""
    nothing, what = planted[planted["share"] == 0], "planted l = {l}, {solver}, d = {d}"
    found_from = levels[levels["varied"] == "planted"]
    return [
        Absent.of("share 0", nothing, lambda row: what.format_map(row)),
        *(found(row, what.format_map(row), UNITS["planted"]) for _, row in found_from.iterrows()),
        Statement(bounds_sentence(len(planted))),
    ]


def _tables(
    levels: "DataFrame", numbers: "DataFrame", residuals: "DataFrame", planted: "DataFrame"
) -> list[Table]:
    units = "; ".join(f"{varied}: {unit}" for varied, unit in UNITS.items())
    who: dict[str, str | TableCell] = {"<solver": "solver", "d": "d"}
    return [
        Table.of("sensitivity", f"Least level that finds a frequency, and that is enough for nine tenths of ρ; {units}",
            levels, {"<varied": "varied", "<network": "backbone", **who, "l": "l", "found from": level("first"),
                     "enough from": level("enough"), "highest": level("most"), "ρ there": estimate("rho")}, "varied"),
        Table.of("sensitivity-numbers", "ρ(l) of direction 12→11 by number of structures, mean over the networks",
            spread(numbers, ["solver", "d", "n_train", "orientations", "n_clusters"], "l", estimate("rho")),
            {**who, "training structures": "n_train", "orientations": "orientations"}
            | {f"ρ({l})": str(l) for l in sorted(numbers["l"].unique())}, "solver"),
        Table.of("sensitivity-residuals", "What networks leave of the energies, and the largest injection against it",
            residuals, {"<network": "backbone", "residual / meV": lambda row: number(1000 * row["energy_rms"], 1),
                        "injected / residual": level("most")}),
        Table.of("sensitivity-planted", f"ρ({BOUNDARY + 1}) of a planted channel; bounds hold for all rows together",
            planted, {**who, "share of signal": lambda row: f"{row['share']:g}", f"ρ({BOUNDARY + 1})": estimate("rho"),
                      "lower": lambda row: number(row["lower"]), "upper": lambda row: number(row["upper"]),
                      "<verdict": "verdict"}, "solver"),
    ]  # fmt: skip


def draw(curves: "dict[str, DataFrame]") -> "Figure":
    """ρ against amplitude, training structures, orientations, and the share of a planted frequency."""
    figure, axes = figures.panels(4, 2, width=3.3, height=2.5, sharey=True)
    for panel, (varied, table) in zip(axes, curves.items(), strict=True):
        kept = table if varied == "planted" else table[table["d"] == D]
        # an interval wider than all values that ρ can have tells nothing and hides the others
        kept = kept[kept["rho_high"] - kept["rho_low"] < 1]
        name, frequency = "l = " + kept["l"].astype(str), "l"
        if varied == "amplitude":
            kept = kept[(kept["backbone"] == ENDS[0]) & (kept["solver"] == "equivariant") & kept["path"]]
            name = "l = " + kept["l"].astype(str)
            panel.set_title(ENDS[0], fontsize=6.5)
        elif varied == "planted":
            name, frequency = kept["solver"] + ", d = " + kept["d"].astype(str), str(BOUNDARY + 1)
            ideal = np.geomspace(0.01, 1)
            panel.plot(ideal, ideal, ":", color="0.5", linewidth=0.8, label="linear, ideal")
        figures.learning_curves(panel, kept.assign(name=name), "name")
        figures.tidy(panel, THRESHOLD)
        panel.set_xlabel(f"{varied}, {UNITS[varied]}", fontsize=8)
        panel.set_ylabel(f"ρ({frequency})", fontsize=8)
        panel.legend(fontsize=5.5, frameon=False)
    return figure
