"""Background: outputs that turn with the structure end at l = dL, but an energy is an invariant, and by the law of
docs/theory.md invariant polynomials of degree d in features of one convolution resolve one neighbour's direction up to
l = L⌊d/2⌋ alone. Nothing about rotations of the whole structure says so, and nothing bounds deeper layers. Question:
which P_l(cos θ) of an angle and which cos nφ of a torsion do invariants of a network's features express, layer by
layer, with and without training, and which does a reference energy ask for? Result: power spectra of all invariant
polynomials of degree ≤ d while one neighbour moves, R² of every P_l and cos nφ fitted on such structures and tested on
others, and the spectra of energies over the same sphere.

The sphere is that of the study `leakage`, at 0.95, 1 and 1.1 times the bond's length from structure to structure; the
angle is that with the site's nearest other atom, in the triple of these three or in the molecule. A torsion turns one
atom about a bond; the features of both ends are coupled. `density(L)` is no network but Σ_j R(r_j) Y_l(u_j), every
element marked. `mlp` is no polynomial: it sees quadratic invariants and knows no degree. No fit knows L or the law. The
energies over the whole sphere break bonds: no network has seen such structures.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from experiments.crosscheck import THRESHOLD
from experiments.lab import figures
from experiments.lab.angles import REFERENCE, SPHERE, TORSION
from experiments.lab.cell import Cell, grid
from experiments.lab.claims import Claim, Crossed, Reached, Statement
from experiments.lab.estimate import Results
from experiments.lab.figures import Look
from experiments.lab.study import Lab, Report
from experiments.lab.tables import Table, percents, spread
from experiments.spn import Probe
from span_theorem import law

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame, Series

NEQUIP = {L: f"nequip:aspirin-rmd17-{name}" for L, name in ((1, "l1"), (2, "0"), (3, "l3"))}
SAME_LABELS = "nequip:aspirin-gfn2-0"
OTHERS = ("sevennet:7net-0", "sevennet:7net-l3i5", "so3lr:so3lr")
FAMILIES = {"nequip": "NequIP", "sevennet": "SevenNet", "so3lr": "SO3LR"}
PROBES = (*(Probe("equivariant", d) for d in (1, 2, 3, 4)), Probe("mlp", 2, "silu"))
L_MAX = 10
NOTHING = 1e-9
"""Share of the varying power that counts as rounding: float32 features are good to 1e-6 at worst, and products of four
of them to a few times that, in amplitude."""
SCOPE = (
    "Tested: polynomials of degree up to four in the features of one site, or of the two ends of a bond, while one "
    "atom moves and all else is fixed. L⌊d/2⌋ bounds them after one convolution.",
    "Not tested: what a readout of deeper layers, or one that is no polynomial, cannot do: nothing bounds it.",
)


def cells(lab: Lab) -> list[Cell]:
    base = Cell("", n_train=100, n_test=5, l_max=L_MAX, seed=lab.seed, rule=SPHERE, measure="angles")
    networks = [*NEQUIP.values(), *(f"{NEQUIP[L]}|untrained" for L in ((2,) if lab.quick else NEQUIP))]
    selected = []

    def add(name: str, layers: int, read: str = "triple", rule: str = SPHERE, shuffled: bool = False) -> None:
        cell = replace(base, backbone=name, read=read, rule=rule, shuffled=shuffled)
        if name.startswith("density"):
            selected.extend(grid(cell, probe=PROBES))
        elif (card := lab.card(name)) is not None:
            selected.extend(grid(cell, layer=list(card.layers)[:layers], probe=PROBES))

    for L in NEQUIP:
        add(f"density({L})", 1)
    for name in networks:
        add(name, 2 if lab.quick else 3)
    add(NEQUIP[2], 1, shuffled=True)
    for name in OTHERS[:1] if lab.quick else OTHERS:
        add(name, 1 if lab.quick else 2)
    chosen = (NEQUIP[2],) if lab.quick else networks
    for name in ("density(2)", *chosen):
        add(name, 2, "molecule")
        add(name, 2, "molecule", TORSION)
    return [*selected, *_energies(lab, base)]


def _energies(lab: Lab, base: Cell) -> list[Cell]:
    base = replace(base, n_test=3, read="molecule", measure="angle energy")
    selected = [replace(base, backbone=REFERENCE)]
    for name in (*NEQUIP.values(), *(() if lab.quick else (SAME_LABELS, f"{NEQUIP[2]}|untrained"))):
        if lab.card(name) is not None:
            layers = ["0", "1"] if lab.quick else ["0", "1", "2"]
            selected += grid(replace(base, backbone=name), layer=layers, probe=[Probe("equivariant", 2)])
    return selected


def report(lab: Lab, results: Results) -> Report:
    results = results.assign(
        kind=lambda cell, measurement: _kind(cell.backbone, measurement.facts["L"]),
        weights=lambda cell, measurement: _weights(cell.backbone),
        depth=lambda cell, measurement: measurement.facts["depth"],
        L=lambda cell, measurement: measurement.facts.get("order", measurement.facts["L"]),
        probe=lambda cell, measurement: "mlp" if cell.probe.solver == "mlp" else f"d = {cell.probe.degree}",
        above=lambda cell, measurement: _above(cell, measurement),
    )
    angles = results.where(measure="angles")
    real = angles.where(shuffled=False)
    by = ["kind", "weights", "backbone", "rule", "read", "depth", "L", "solver", "d", "probe"]
    table = real.estimate(by)
    table["law"] = [law.swept_boundary(L, d) for L, d in zip(table["L"], table["d"], strict=True)]
    energies = results.where(measure="angle energy").estimate(["kind", "weights", "backbone", "depth", "L"])
    tables = [
        _boundaries(table), _spectra(table), _recovered(table, SPHERE), _recovered(table, TORSION), _demand(energies)
    ]  # fmt: skip
    claims = _claims(real, table, angles.where(shuffled=True).estimate(["d", "probe"]), energies)
    return Report(claims, tables, lambda: draw(table, energies), SCOPE)


def _kind(backbone: str, L: int | None) -> str:
    if backbone == REFERENCE:
        return "GFN2-xTB"
    family = FAMILIES.get(backbone.partition(":")[0], "density")
    return f"{family}, L = {L}" + " (GFN2)" * backbone.startswith(SAME_LABELS)


def _weights(backbone: str) -> str:
    if backbone == REFERENCE or backbone.startswith("density"):
        return "none"
    return "initial" if backbone.endswith("|untrained") else "trained"


def _above(cell: Cell, measurement: "object") -> float:
    """Largest share of the varying power above the law, over structures; only told after the measurement."""
    sums, facts = measurement.sums, measurement.facts  # type: ignore[attr-defined]
    if cell.measure != "angles" or "share" not in sums:
        return float("nan")
    boundary = law.swept_boundary(facts["order"], cell.probe.degree)
    shares = sums["share"]
    varying = shares[shares[:, 0] == shares[:, 0]]
    return float(varying[:, boundary:].sum(axis=1).max()) if len(varying) else 0.0


def _last(rows: "DataFrame") -> str:
    """The highest l up to which every wave is recovered, by the lower end of its interval."""
    last = 0
    for _, row in rows.sort_values("l").iterrows():
        if row["l"] > L_MAX or not row["r2_low"] > THRESHOLD:
            break
        last = int(row["l"])
    return "≥ 10" if last == L_MAX else str(last)


def _boundaries(table: "DataFrame") -> Table:
    """Every network and layer: the law beside what is recovered."""
    import pandas

    by = ["rule", "read", "kind", "weights", "depth"]
    rows = []
    for key, group in table.groupby(by, sort=False):
        row = dict(zip(by, key, strict=True))
        for probe, part in group.groupby("probe", sort=False):
            row[probe] = _last(part)
        row["law"] = ", ".join(str(law.swept_boundary(group["L"].iloc[0], d)) for d in (1, 2, 3, 4))
        row["law"] = row["law"] if row["depth"] == 0 else "none"
        rows.append(row)
    return Table.of(
        "angles",
        "Up to which l every P_l(cos θ) (sphere), or n every cos nφ (torsion), is recovered: lower end of R² above "
        "0.05; the law L⌊d/2⌋ for d = 1, 2, 3, 4 holds after one convolution",
        pandas.DataFrame(rows),
        {"<moved": "rule", "<shown": "read", "<features": "kind", "<weights": "weights"}
        | {"layer": "depth", "<law": "law"}
        | {probe: probe for probe in ("d = 1", "d = 2", "d = 3", "d = 4", "mlp")},
        group="rule",
    )  # fmt: skip


def _spectra(table: "DataFrame") -> Table:
    """Share of the varying power above L⌊d/2⌋ of all invariants."""
    import pandas

    rows = table[(table["rule"] == SPHERE) & (table["solver"] == "equivariant") & (table["d"] > 1)]
    by = ["read", "kind", "weights", "depth"]
    found = []
    for key, group in rows.groupby([*by, "d"], sort=False):
        above = group[group["l"] > group["law"]]
        found.append(dict(zip([*by, "d"], key, strict=True)) | {"above": float(above["share"].sum())})
    wide = spread(pandas.DataFrame(found), by, "d", lambda row: _percent(row["above"]))
    return Table.of(
        "angles-spectra",
        "Share of the varying power of all invariant polynomials above L⌊d/2⌋, per cent, one neighbour over the sphere",
        wide,
        {"<shown": "read", "<features": "kind", "<weights": "weights", "layer": "depth"}
        | {f"d = {d}": d for d in wide.columns.drop(by)},
        group="read",
    )


def _percent(share: float) -> str:
    return "" if share != share else "0" if share < NOTHING else f"{100 * share:.2g}"


def _recovered(table: "DataFrame", rule: str) -> Table:
    """R² of every wave at the first layer and the second."""
    by = ["kind", "weights", "depth", "probe"]
    wanted = table[(table["rule"] == rule) & (table["l"] <= L_MAX) & (table["probe"] != "d = 1")]
    if rule == SPHERE:
        wanted = wanted[(wanted["read"] == "triple") & (wanted["depth"] < 2)]
    wide = spread(wanted, by, "l", lambda row: f"{row['r2'] + 0:.2f}".replace("-0.00", "0.00"))
    what = "P_l(cos θ) in the triple" if rule == SPHERE else "cos nφ in the molecule"
    return Table.of(
        f"angles-{'recovery' if rule == SPHERE else 'torsion'}",
        f"R² of {what} on structures never fitted; intervals: cells.csv",
        wide,
        {"<features": "kind", "<weights": "weights", "layer": "depth", "<probe": "probe"}
        | {("l" if rule == SPHERE else "n") + f" = {l}": l for l in wide.columns.drop(by)},
        group="kind",
    )


def _demand(energies: "DataFrame") -> Table:
    """Energies over the sphere: how much of their power lies above what ceilings allow."""
    by = ["kind", "weights"]
    carried = spread(
        energies[(energies["l"] == 1) & energies["depth"].notna()].astype({"depth": int}),
        by, "depth", percents("carried"),
    ).set_index(by)  # fmt: skip
    first = energies[energies["depth"].isna() | (energies["depth"] == 0)]
    rows = []
    for key, group in first.groupby(by, sort=False):
        row = dict(zip(by, key, strict=True))
        total = group["share"].sum()
        row["rms"] = f"{(group['rms'] ** 2).sum() ** 0.5:.2f}"
        row |= {
            f"above {l}": f"{100 * group.loc[group['l'] > l, 'share'].sum() / total:.2f}"
            for l in (1, 2, 3, 4, 6)
        }
        row |= {f"layer {k}": carried[k].get(key, "") for k in carried}
        rows.append(row)
    import pandas

    return Table.of(
        "angles-energy",
        "Energy while the neighbour moves over the sphere in the molecule: root mean square of what varies, eV; share "
        "of its power above l, per cent; share of it that quadratic invariants of the site at a layer reproduce on "
        "other structures, per cent",
        pandas.DataFrame(rows),
        {"<energy of": "kind", "<weights": "weights", "rms": "rms"}
        | {f"above {l}": f"above {l}" for l in (1, 2, 3, 4, 6)}
        | {f"layer {k}": f"layer {k}" for k in carried},
    )


def _claims(real: Results, table: "DataFrame", shuffled: "DataFrame", energies: "DataFrame") -> list[Claim]:
    cells = real.table[(real.table["depth"] == 0) & (real.table["solver"] == "equivariant")]
    places = cells["backbone"] + ", " + cells["rule"] + ", " + cells["read"] + ", " + cells["probe"]
    leaks = tuple(places[cells["above"] >= NOTHING])
    first = table[(table["depth"] == 0) & (table["l"] <= L_MAX)]
    polynomial = first[first["solver"] == "equivariant"]
    above = polynomial[polynomial["l"] > polynomial["law"]]
    triple = polynomial[(polynomial["read"] == "triple") & (polynomial["l"] <= polynomial["law"])]
    network = first[(first["solver"] == "mlp") & (first["read"] == "triple") & (first["l"] > first["law"])]
    deeper = real.table[
        (real.table["depth"] == 1) & (real.table["d"] == 2) & (real.table["solver"] == "equivariant")
    ]
    claims: list[Claim] = [
        Reached("after one convolution no invariant has power above L⌊d/2⌋", len(cells), leaks),
        Reached(
            "after one convolution no polynomial recovers a wave above L⌊d/2⌋",
            len(above),
            tuple(_place(row) for _, row in above[above["r2_low"] > THRESHOLD].iterrows()),
        ),
        Reached(
            "after one convolution every P_l up to L⌊d/2⌋ is recovered in the triple",
            len(triple),
            tuple(_place(row) for _, row in triple[~(triple["r2_low"] > THRESHOLD)].iterrows()),
        ),
        Crossed(
            "A probe that is no polynomial recovers P_l above L from the first layer's invariants",
            int((network["r2_low"] > THRESHOLD).sum()),
            len(network),
        ),
        Reached(
            "shuffled targets are recovered by nothing",
            len(shuffled[shuffled["l"] <= L_MAX]),
            tuple(
                f"{row['probe']}, l = {row['l']}"
                for _, row in shuffled[shuffled["r2_low"] > THRESHOLD].iterrows()
            ),
        ),
        Statement(
            f"After one convolution at most {cells['above'].max():.0e} of the varying power lies above L⌊d/2⌋; after "
            f"two, quadratic invariants have {deeper['above'].min():.1%} to {deeper['above'].max():.1%} of it there."
        ),
    ]
    reference = energies[energies["kind"] == "GFN2-xTB"]
    if len(reference):
        misses = ", ".join(
            f"{reference.loc[reference['l'] > l, 'share'].sum():.1%} above {l}" for l in (1, 2, 3, 4, 6)
        )
        claims.append(Statement(f"Of the reference energy's varying power over the sphere lies {misses}."))
    return claims


def _place(row: "Series") -> str:
    where = f"{row['backbone']}, {row['rule']}, {row['read']}"
    return f"{where}, {row['probe']}, l = {row['l']} (R² = {row['r2']:.2f})"


def draw(table: "DataFrame", energies: "DataFrame") -> "Figure":
    """R² by l in the triple, a panel a network at its first layer; last the energies' spectra."""
    rows = table[(table["rule"] == SPHERE) & (table["read"] == "triple") & (table["l"] <= L_MAX)]
    kinds = [kind for kind in rows["kind"].unique() if kind.startswith(("NequIP", "density"))]
    looks = figures.looks(["d = 2", "d = 3", "d = 4"]) | {"mlp": Look("0.5", "s:")}
    figure, axes = figures.panels(2 * len(kinds) // 2 + 4, 4, height=2.0)
    shown = [(kind, 0) for kind in kinds] + [(kind, 1) for kind in kinds if kind.startswith("NequIP")]
    for panel, (kind, depth) in zip(axes, shown, strict=False):
        own = rows[(rows["kind"] == kind) & (rows["depth"] == depth)]
        for weights, line in (("trained", "-"), ("none", "-"), ("initial", "--")):
            lines = {name: replace(look, line=look.line[0] + line) for name, look in looks.items()}
            part = own[own["weights"] == weights]
            figures.curves(panel, part, "probe", lines, y="r2", names=lambda name, w=weights: f"{name}, {w}")
        figures.tidy(panel, THRESHOLD, None, L_MAX)
        if depth == 0:
            for d, line in ((2, "--"), (4, ":")):
                panel.axvline(
                    law.swept_boundary(int(own["L"].iloc[0]), d) + 0.5, color="0.3", linestyle=line, lw=0.8
                )
        panel.set_title(f"{kind}, layer {depth}", fontsize=8)
    axes[0].set_ylabel("$R^2$ of $P_l$", fontsize=8)
    panel = axes[len(shown)]
    spectra = energies[energies["depth"].isna() | (energies["depth"] == 0)]
    spectra = spectra[spectra["l"] <= L_MAX].assign(name=spectra["kind"] + ", " + spectra["weights"])
    figures.curves(panel, spectra, "name", figures.looks(spectra["name"].unique()), y="share")
    panel.set_yscale("log")
    panel.set_title("energy over the sphere", fontsize=8)
    panel.set_xlabel("degree $l$", fontsize=8)
    panel.tick_params(labelsize=7)
    for empty in axes[len(shown) + 1 :]:
        empty.set_axis_off()
    figures.legend_below(figure)
    return figure
