"""Background: most who train force fields train them on crystals, where a site has many neighbours alike and all of it
repeats. Question: which frequencies of the direction to a neighbour do networks trained on crystals carry there, site
by site? Result: predicted and measured boundary and ρ(l) by site element, in rattled crystals of nine compositions,
beside aspirin.

The structures are made by ASE (`python -m experiments data crystals` writes them): strained cells with displaced
atoms, of :mod:`experiments.data.crystals`. The SevenNets were trained on many crystals, the NequIP by this project on
the metals alone, labelled by effective-medium theory, so that it is shown no other. The marked direction goes to the
nearest neighbour of an element, or along every bond where a bond is meant. Labels are not used: what remains to fit is
the injected field.

dL bounds what can be recovered, whatever surrounds the site. Where several neighbours are alike, the features are sums
over all of them and the probe is asked for one: less comes back than where a neighbour is the only one of its kind.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from experiments.crosscheck import THRESHOLD
from experiments.lab import figures
from experiments.lab.ceilings import ABOVE, BOUNDED, ceilings, nothing_above, tests_above
from experiments.lab.cell import Cell
from experiments.lab.claims import Claim, Reached, Statement, bounds_sentence
from experiments.lab.estimate import Results
from experiments.lab.study import Lab, Report
from experiments.lab.tables import Table
from experiments.spn import Probe
from span_theorem import law

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NETWORKS = ("sevennet:7net-0", "sevennet:7net-l3i5", "nequip:metals-emt")
SITES = {
    "nearest(Na, Cl)": "NaCl: Na, one of 6 Cl",
    "nearest(Cl, Na)": "NaCl: Cl, one of 6 Na",
    "nearest(Si, Si)": "Si: Si, one of 4 Si",
    "nearest(Zn, S)": "ZnS: Zn, one of 4 S",
    "nearest(Cu, Cu)": "Cu: Cu, one of 12 Cu",
    "nearest(Fe, S)": "FeS2: Fe, one of 6 S",
    "bonds(S, S)": "FeS2: S, its only S",
    "bonds(O, H)": "Mg(OH)2: O, its only H",
}
METALS = {
    "nearest(Cu, Cu)": "Cu (metals): Cu, one of 12 Cu",
    "nearest(Al, Ni)": "Ni3Al: Al, one of 12 Ni",
    "nearest(Ni, Al)": "Ni3Al: Ni, one of 4 Al",
    "nearest(Pd, Ag)": "Pd on Ag(100): Pd, one of 4 Ag",
}
"""Rules, and how tables name the sites that they read; of `crystals:train` and of `metals:train`."""
OF_METALS = ("nequip:metals-emt",)
REFUSED = {"sevennet:7net-l3i5": ("NaCl: Na, one of 6 Cl", "NaCl: Cl, one of 6 Na")}
"""Where a network's features of some degree are next to nothing, six like neighbours around the site, so that single
precision turns them by more than verification lets pass: 1.6e-4 of the 2e features."""
ASPIRIN = "aspirin: O, its only C"
PROBES = (Probe("equivariant", 2), Probe("free", 1), Probe("free", 2))
ENVIRONMENTS = 200
BY = ["backbone", "L", "d", "solver", "activation", "site"]


def cells(lab: Lab) -> list[Cell]:
    crystal = Cell(
        "", "crystals:train", "crystals:test", labels=False, forces=False, n_train=10_000, n_test=10_000,
        orientations=10, environments=ENVIRONMENTS, seed=lab.seed,
    )  # fmt: skip
    # as many aspirins as there are environments
    aspirin = Cell("", labels=False, forces=False, n_train=ENVIRONMENTS, orientations=10, seed=lab.seed)
    metal = replace(crystal, training="metals:train", test="metals:test")
    metals = [replace(metal, rule=rule) for rule in METALS]
    sites = [*(replace(crystal, rule=rule) for rule in SITES), *metals, aspirin]
    shown = {True: metals, False: [sites[0], sites[-1]] if lab.quick else sites}
    selected = []
    for backbone in NETWORKS[:1] if lab.quick else NETWORKS:
        irreps = lab.irreps(backbone)
        if irreps is not None:
            selected += [
                replace(
                    site,
                    backbone=backbone,
                    probe=probe,
                    l_max=law.boundary(irreps.lmax, probe.degree) + ABOVE,
                )
                for site in shown[backbone in OF_METALS]
                if _name(site) not in REFUSED.get(backbone, ())
                for probe in PROBES
            ]
    return selected


def _name(cell: Cell) -> str:
    """How tables name the site that is read."""
    return (METALS if cell.training == "metals:train" else SITES).get(cell.rule, ASPIRIN)


def report(lab: Lab, results: Results) -> Report:
    results = results.assign(
        site=lambda cell, measurement: _name(cell),
        L=lambda cell, measurement: measurement.facts["L"],
    )
    tests = tests_above(results, BY)
    table = ceilings(results, BY, (), tests)
    below = table[table["measured"] < table["boundary"]]
    cases = (
        below["backbone"]
        + " at "
        + below["site"]
        + ", "
        + below["solver"]
        + ", d = "
        + below["d"].astype(str)
    )
    claims: list[Claim] = [
        nothing_above(
            results,
            BY,
            "In no crystal and at no site is anything recovered above dL",
            lambda row: (
                f"{row['backbone']} at {row['site']}, {row['solver']}, d = {row['d']}, l = {row['l']}"
            ),
            (),
        ),
        # whether a bound is reached is reported, not claimed: symmetric surroundings keep frequencies to themselves
        Statement(Reached("dL is reached at every site", len(table), tuple(cases)).words()),
        Statement(bounds_sentence(tests)),
    ]
    rows = Table.of(
        "crystals",
        "Networks trained on crystals, by site: recovered at the boundary dL and above it, 95% intervals; ≤: largest "
        "simultaneous bound above dL",
        table.sort_values(["backbone", "d", "solver"], kind="stable"),
        {"<network": "backbone", "L": "L", "d": "d", "<SPN": "solver", "<site": "site", **BOUNDED},
        group="backbone",
    )
    return Report(claims, [rows], lambda: draw(results))


def draw(results: Results) -> "Figure":
    """ρ(l) of the free SPN of the highest degree: a panel a network, a colour a site."""
    table = results.estimate(BY, ())
    table = table[(table["solver"] == "free") & (table["d"] == table["d"].max())]
    networks = list(table["backbone"].unique())
    figure, axes = figures.panels(len(networks), len(networks), width=3.2, height=2.4)
    for panel, network in zip(axes, networks, strict=True):
        visible = table[table["backbone"] == network]
        figures.curves(
            panel,
            visible,
            "site",
            figures.looks([*dict.fromkeys([*SITES.values(), *METALS.values()]), ASPIRIN]),
            spread=0.05,
        )
        L, d = int(visible["L"].iloc[0]), int(visible["d"].iloc[0])
        figures.tidy(panel, THRESHOLD, law.boundary(L, d), int(visible["l"].max()))
        panel.set_ylim(-0.25, 1.05)
        panel.set_title(f"{network}, L = {L}", fontsize=7)
        panel.set_ylabel(f"ρ(l), free, d = {d}", fontsize=7)
    figures.legend_below(figure)
    return figure
