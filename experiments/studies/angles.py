"""Background: outputs that turn with the structure end at l = dL, but an energy is an invariant, and by the law of
docs/theory.md invariant polynomials of degree d in features of one convolution resolve one neighbour's direction up to
l = L⌊d/2⌋ alone. Nothing about rotations of the whole structure says so, and nothing bounds deeper layers. Question:
which P_l(cos θ) of an angle and which cos nφ of a torsion do invariants of a network's features express, layer by
layer, with and without training, and which does a reference energy ask for? Result: power spectra of all invariant
polynomials of degree ≤ d while one neighbour moves, R² of every P_l and cos nφ fitted on such structures and tested on
others, and the spectra of energies over the same sphere.

The sphere is that of the study `leakage`, at 0.95, 1 and 1.1 times the bond's length from structure to structure; the
angle is that with the site's nearest other atom, in the triple of these three or in the molecule. A torsion turns one
atom about a bond; the features of both ends are coupled. `density:L` is no network but Σ_j R(r_j) Y_l(u_j), every
element marked. `mlp` is no polynomial: it sees quadratic invariants and knows no degree. No fit knows L or the law.
Over the whole sphere bonds break: no network has seen such structures. A layer of SO3LR is more than a convolution:
|A_l|² and perceptrons stand in it, and the law does not bound it. Features of MACE are products, which count in d.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from experiments.crosscheck import THRESHOLD
from experiments.lab import figures
from experiments.lab.angles import REFERENCE, SPHERE, TORSION
from experiments.lab.cell import Cell, grid
from experiments.lab.claims import Claim, Crossed, Reached, Statement
from experiments.lab.estimate import Results
from experiments.lab.figures import Look
from experiments.lab.study import Lab, Report
from experiments.lab.tables import Table, number, percent, percents, spread
from experiments.spn import Probe
from span_theorem import law

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame, Series

NEQUIP = {L: f"nequip:aspirin-rmd17-{name}" for L, name in ((1, "l1"), (2, "0"), (3, "l3"))}
SAME_LABELS = "nequip:aspirin-gfn2-0"
SO3LR = "so3lr:so3lr"
OTHERS = ("sevennet:7net-0", "sevennet:7net-l3i5", SO3LR, "mace:untrained")
KINDS = {
    **{name: f"NequIP, L = {L}" for L, name in NEQUIP.items()},
    **{f"density:{L}": f"density, L = {L}" for L in NEQUIP},
    **dict(zip(OTHERS, ("SevenNet, L = 2", "SevenNet, L = 3", "SO3LR, L = 4", "MACE, L = 2"), strict=True)),
    **{SAME_LABELS: "NequIP, L = 2, trained on GFN2-xTB", REFERENCE: "GFN2-xTB"},
}
PROBES = (*(Probe("equivariant", d) for d in (1, 2, 3, 4)), Probe("mlp", 2, "silu"))
COLUMNS = {"<moved": "rule", "<shown": "read", "<features": "kind", "<weights": "weights", "layer": "depth"}
L_MAX = 10
LOOKS = {
    f"layer {layer}, {weights}": replace(look, line=line, fill="full" if weights == "trained" else "none")
    for layer, look in figures.looks([0, 1, 2]).items()
    for weights, line in (("trained", "-"), ("initial", "--"))
}
NOTHING = 1e-9
"""Share of the varying power that counts as rounding: float32 features and products of four of them."""
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
        if (card := lab.card(name)) is not None:
            selected.extend(grid(cell, layer=list(card.layers)[:layers], probe=PROBES))

    for name in (*(f"density:{L}" for L in NEQUIP), *networks):
        add(name, 2 if lab.quick else 3)
    add(NEQUIP[2], 1, shuffled=True)
    for name in OTHERS[::3] if lab.quick else OTHERS:
        add(name, 1 if lab.quick else 2)
    for name in ("density:2", *((NEQUIP[2],) if lab.quick else networks)):
        add(name, 2, "molecule")
        add(name, 2, "molecule", TORSION)
    return [*selected, *_energies(lab, base)]


def _energies(lab: Lab, base: Cell) -> list[Cell]:
    base = replace(base, n_test=3, read="molecule", measure="angle energy")
    names = [*NEQUIP.values(), *(() if lab.quick else (SAME_LABELS, f"{NEQUIP[2]}|untrained"))]
    names = [name for name in names if lab.card(name) is not None]
    reference, networks = (grid(base, backbone=one, rule=(SPHERE, TORSION)) for one in ([REFERENCE], names))
    return reference + [one for cell in networks for one in grid(cell, layer="01" if lab.quick else "012")]


def report(lab: Lab, results: Results) -> Report:
    results = results.assign(
        kind=lambda cell, found: KINDS[cell.backbone.partition("|")[0]],
        weights=lambda cell, found: _weights(cell.backbone),
        depth=lambda cell, found: found.facts["depth"],
        law=lambda cell, found: _law(found.facts, cell.probe.degree),
        bounds=lambda cell, found: ", ".join(str(_law(found.facts, d)) for d in range(1, 5)),
        single=lambda cell, found: found.facts["depth"] == 0 and cell.backbone != SO3LR,
        probe=lambda cell, found: "mlp" if cell.probe.solver == "mlp" else f"d = {cell.probe.degree}",
    )
    by = [*COLUMNS.values(), "backbone", "single", "law", "bounds", "solver", "d", "probe", "shuffled"]
    table = results.where(measure="angles").estimate(by).astype({"depth": int, "law": int})
    shuffled, table = table[table["shuffled"]], table[~table["shuffled"]]
    energies = results.where(measure="angle energy").estimate(["rule", "kind", "weights", "depth"])
    tables = [_boundaries(table), _spectra(table), _recovered(table)]
    tables += [_demand(energies)] if len(energies) else []
    return Report(_claims(table, shuffled), tables, lambda: draw(table, energies), SCOPE)


def _law(facts: Mapping[str, Any], d: int) -> int:
    return law.swept_boundary(facts.get("density_L", 0), facts.get("products", 1) * d)


def _weights(backbone: str) -> str:
    none = backbone == REFERENCE or backbone.startswith("density:")
    return "none" if none else "initial" if backbone.endswith("untrained") else "trained"


def _above(table: "DataFrame", by: Sequence[str]) -> "DataFrame":
    """Share of the varying power above the law, one row a group."""
    rows = table[(table["l"] > table["law"]) & (table["solver"] == "equivariant")]
    return rows.groupby(list(by), sort=False, as_index=False)["share"].sum()


def _last(rows: "DataFrame") -> str:
    """The highest l up to which every wave is recovered, by the lower end of its interval."""
    found = _found(rows.sort_values("l"))[:L_MAX].tolist()
    return "≥ 10" if all(found) else str(found.index(False))


def _boundaries(table: "DataFrame") -> Table:
    """Every network and layer: the law beside what is recovered."""
    import pandas

    by = list(COLUMNS.values())
    rows = []
    for key, group in table.groupby(by, sort=False):
        bounds = group["bounds"].iloc[0] if group["single"].all() else "none"
        row = dict(zip(by, key, strict=True)) | {"law": bounds}
        rows.append(row | {probe: _last(part) for probe, part in group.groupby("probe")})
    return Table.of(
        "angles",
        "Up to which l every P_l(cos θ) (sphere), or n every cos nφ (torsion), is recovered: lower end of R² above "
        "0.05; the law L⌊d/2⌋ for d = 1, 2, 3, 4 holds after one convolution",
        pandas.DataFrame(rows),
        COLUMNS | {"<law": "law"} | {f"d = {d}": f"d = {d}" for d in (1, 2, 3, 4)} | {"mlp": "mlp"},
        group="rule",
    )


def _spectra(table: "DataFrame") -> Table:
    by = list(COLUMNS.values())
    above = _above(table[table["d"] > 1], [*by, "d"])
    wide = spread(above, by, "d", lambda row: "0" if row["share"] < NOTHING else f"{100 * row['share']:.2g}")
    return Table.of(
        "angles-spectra",
        "Share of the varying power of all invariant polynomials of degree ≤ d above L⌊d/2⌋, per cent",
        wide,
        COLUMNS | {f"d = {d}": d for d in wide.columns.drop(by)},
        group="rule",
    )


def _recovered(table: "DataFrame") -> Table:
    """R² of every wave at the first layer and the second; of torsions only the boundary is told."""
    by = ["kind", "weights", "depth", "probe"]
    wanted = table[(table["rule"] == SPHERE) & (table["read"] == "triple") & (table["l"] <= L_MAX)]
    wanted = wanted[(wanted["depth"] < 2) & (wanted["d"] > 1)]
    wide = spread(wanted, by, "l", lambda row: number(row["r2"], 2))
    return Table.of(
        "angles-recovery",
        "R² of P_l(cos θ) in the triple on structures never fitted; intervals: cells.csv",
        wide,
        {"<features": "kind", "<weights": "weights", "layer": "depth", "<probe": "probe"}
        | {f"l = {l}": l for l in wide.columns.drop(by)},
        group="kind",
    )


def _demand(energies: "DataFrame") -> Table:
    """Energies over the sphere and around the bond: how much of their power lies above what ceilings allow."""
    import pandas

    rows: dict[tuple[str, str, str], dict[str, str]] = {}
    by = ["rule", "kind", "weights"]
    for (*key, depth), group in energies.groupby([*by, "depth"], sort=False, dropna=False):
        row = rows.setdefault(tuple(key), dict(zip(by, key, strict=True)))
        row["rms"] = f"{(group['rms'] ** 2).sum() ** 0.5:.2f}"
        row |= {f"above {l}": percent(group.loc[group["l"] > l, "share"].sum()) for l in (1, 2, 3, 4, 6)}
        if depth == depth:
            row[f"layer {depth:.0f}"] = percents("carried")(group.iloc[0])
    found = pandas.DataFrame(list(rows.values())).fillna("").sort_values("rule", kind="stable")
    return Table.of(
        "angles-energy",
        "Energy while the atom moves over the sphere, or around the bond, in the molecule: root mean square of what "
        "varies, eV; share of its power above l, or n, per cent; share of it that quadratic invariants of the site, or "
        "of both ends, at a layer reproduce on other structures, per cent",
        found,
        {"<moved": "rule", "<energy of": "kind", "<weights": "weights"} | {n: n for n in found.columns[3:]},
        group="rule",
    )


def _claims(table: "DataFrame", shuffled: "DataFrame") -> list[Claim]:
    above = _above(table[table["depth"] <= 1], ["backbone", "rule", "read", "depth", "single", "probe"])
    waves = table[table["single"] & (table["l"] <= L_MAX)]
    polynomial, network = (waves[waves["solver"] == solver] for solver in ("equivariant", "mlp"))
    first, inside = above[above["single"]], polynomial["l"] <= polynomial["law"]
    within = polynomial[inside & (polynomial["read"] == "triple")]
    beyond = _found(network[(network["l"] > network["law"]) & (network["read"] == "triple")])
    deeper = above[(above["depth"] == 1) & (above["probe"] == "d = 2") & (above["rule"] == SPHERE)]["share"]
    text = f"After one convolution at most {first['share'].max():.0e} of the varying power lies above L⌊d/2⌋"
    if len(deeper):
        text += f"; after two, quadratic invariants have {deeper.min():.1%} to {deeper.max():.1%} of it there"
    one, null = "after one convolution", shuffled[shuffled["l"] <= L_MAX]
    allowed = _none(f"{one} P_l up to L⌊d/2⌋ are recovered in the triple", within, ~_found(within))
    return [
        _none(f"{one} no invariant varies above L⌊d/2⌋", first, first["share"] >= NOTHING),
        _none(f"{one} no polynomial recovers a wave above L⌊d/2⌋", polynomial[~inside], _found(polynomial)),
        _none("shuffled targets are recovered by nothing", null, _found(null)),
        Crossed(f"{one} a probe that is no polynomial recovers P_l above L", int(beyond.sum()), len(beyond)),
        *map(Statement, (allowed.words(), f"{text}.")),
    ]


def _found(rows: "DataFrame") -> "Series":
    return rows["r2_low"] > THRESHOLD


def _none(what: str, rows: "DataFrame", against: "Series") -> Reached:
    ends = rows["l"].map(", l = {}".format) if "l" in rows else ""
    cases = rows["backbone"] + ", " + rows["rule"] + ", " + rows["read"] + ", " + rows["probe"] + ends
    return Reached.unless(what, cases, against)


def draw(table: "DataFrame", energies: "DataFrame") -> "Figure":
    """Spectra of quadratic invariants by layer beside the reference energy's, a panel a network; R² at layer 0 last."""
    shown = table[(table["rule"] == SPHERE) & (table["read"] == "triple") & (table["l"] <= L_MAX)]
    networks = shown[shown["kind"].str.startswith("NequIP")]
    figure, axes = figures.panels(networks["kind"].nunique() + 1, 2, width=3.2, height=2.4)
    for panel, (kind, own) in zip(axes, networks.groupby("kind", sort=False), strict=False):
        spectra = own[(own["probe"] == "d = 2") & (own["share"] > NOTHING)]
        spectra = spectra.sort_values("depth", kind="stable")
        names = "layer " + spectra["depth"].astype(str) + ", " + spectra["weights"]
        spectra = spectra.assign(name=names)
        figures.curves(panel, spectra, "name", LOOKS, y="share")
        if len(energies):
            demand = energies.query(f"kind == 'GFN2-xTB' and rule == '{SPHERE}' and l <= {L_MAX}")
            figures.curve(panel, demand, "l", "share", Look("black", "s", ":"), "GFN2-xTB energy")
        panel.axvline(own.loc[own["d"] == 2, "law"].iloc[0] + 0.5, color="0.3", linestyle="--")
        panel.set_yscale("log")
        panel.set_title(f"{kind}: share of power by l, d = 2", fontsize=8)
    density = shown[shown["kind"] == "density, L = 2"]
    figures.curves(axes[-1], density, "probe", figures.looks(density["probe"].unique()), y="r2")
    figures.tidy(axes[-1], THRESHOLD, None, L_MAX)
    axes[-1].set_title("no network, L = 2: R² of P_l", fontsize=8)
    figures.legend_below(figure)
    return figure
