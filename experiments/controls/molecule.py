"""Background: every other control looks at aspirin; a ceiling that belongs to the features' order must not know the
molecule. Question: with the same settings and no change of code, does the ceiling of the same networks lie at the same
frequency on ethanol as on aspirin? Result: predicted and measured boundary and ρ(l) of both molecules, side by side.

Only names of frames and the marked atoms differ: an oxygen towards a carbon bonded to it, in both. The frames are
rMD17's, which the user fetches; without those of ethanol nothing is claimed, without those of aspirin the embedded ones
stand in. The NequIPs were trained on aspirin: they know the elements of ethanol but never saw it, and their predictions
for it are as wrong as that makes them. That does not matter to a ceiling, which belongs to their features.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from experiments.backbones.protocol import Backbone, card_of
from experiments.controls.ceilings import (
    ABOVE,
    Ceiling,
    ceiling,
    cells,
    comparisons,
    nothing_above,
    what_is_above,
    with_bounds,
)
from experiments.controls.probing import Sample, probe_part, sample
from experiments.controls.protocol import Context
from experiments.controls.simultaneous import Comparisons
from experiments.crosscheck import NOT_TESTED, TESTED, THRESHOLD
from experiments.diagnosis import Settings as Asked
from experiments.direction import MarkedPair
from experiments.spn import Probe
from span_theorem import law
from span_theorem.errors import InputError, MissingPackage

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.table import Table


@dataclass(frozen=True)
class Molecule:
    """Frames of a molecule and what is marked in it.

    Attributes:
        name: how results refer to it.
        training, test: frames, as ``--frames`` takes them.
        pair: marked atoms.
        instead: names of training and test frames to take where those are not there.
    """

    name: str
    training: str
    test: str
    pair: MarkedPair
    instead: tuple[str, str] | None = None


ASPIRIN = Molecule(
    "aspirin",
    "rmd17:aspirin/train_01",
    "rmd17:aspirin/test_01",
    MarkedPair(12, 11),
    ("embedded:train", "embedded:test"),
)
ETHANOL = Molecule("ethanol", "rmd17:ethanol/train_01", "rmd17:ethanol/test_01", MarkedPair(2, 0))


@dataclass(frozen=True)
class Settings:
    """What is measured on what.

    Attributes:
        molecules: the one all others are compared with, then the others.
        networks: names of backbones, or objects.
        probes: SPNs.
        n_train, n_test: frames drawn.
        orientations: of every training frame, for `free`.
    """

    molecules: tuple[Molecule, ...] = (ASPIRIN, ETHANOL)
    networks: tuple[str | Backbone, ...] = (
        "sevennet:7net-0",
        "nequip:aspirin-rmd17-l1",
        "nequip:aspirin-rmd17-0",
        "nequip:aspirin-rmd17-l3",
    )
    probes: tuple[Probe, ...] = (
        Probe("equivariant", 1),
        Probe("equivariant", 2),
        Probe("free", 1),
        Probe("free", 2),
    )
    n_train: int = 300
    n_test: int = 500
    orientations: int = 10

    def to_dict(self) -> dict[str, Any]:
        return {
            "molecules": [asdict(molecule) for molecule in self.molecules],
            "probes": [{"solver": probe.solver, "d": probe.degree} for probe in self.probes],
            **{name: getattr(self, name) for name in ("n_train", "n_test", "orientations")},
        }


def run(context: Context, settings: Settings | None = None) -> dict[str, Any]:
    from experiments.backbones import open_backbone

    settings = settings or Settings()
    shown: dict[str, tuple[Molecule, Sample]] = {}
    networks: list[dict[str, Any]] = []
    rows: list[Ceiling] = []
    skipped: list[dict[str, str]] = []
    for molecule in settings.molecules:
        try:
            shown[molecule.name] = _frames(molecule, settings, context.seed, skipped)
        except InputError as error:
            skipped.append({"what": molecule.name, "reason": str(error)})
    if not shown:
        raise MissingPackage(skipped[0]["reason"] if skipped else "there is no molecule to measure")
    for given in settings.networks:
        try:
            backbone = open_backbone(given) if isinstance(given, str) else given
        except (MissingPackage, ModuleNotFoundError) as error:
            skipped.append({"what": str(given), "reason": str(error)})
            continue
        networks.append(_describe(backbone))
        for molecule, frames in shown.values():
            rows += _measure(backbone, molecule, frames, settings, context)
    if not networks:
        raise MissingPackage(skipped[-1]["reason"] if skipped else "there is no network to measure")
    figures = with_bounds(rows)
    result = {
        "agrees": _agrees(figures) if len(shown) == len(settings.molecules) else None,
        "scope": [TESTED, NOT_TESTED],
        "settings": settings.to_dict(),
        "threshold": THRESHOLD,
        "tests": comparisons(rows).to_dict(),
        "molecules": [
            {"name": name, "pair": asdict(molecule.pair), "frames": frames.to_dict()}
            for name, (molecule, frames) in shown.items()
        ],
        "networks": networks,
        "rows": figures,
        "skipped": skipped,
    }
    return result | {"conclusions": _conclusions(result)}


def _frames(
    molecule: Molecule, settings: Settings, seed: int, skipped: list[dict[str, str]]
) -> tuple[Molecule, Sample]:
    """Frames of a molecule, or those that stand in; the latter is noted in ``skipped``."""
    sizes = (settings.n_train, settings.n_test, seed)
    try:
        return molecule, sample(molecule.training, molecule.test, *sizes)
    except InputError as error:
        if molecule.instead is None:
            raise
        skipped.append({"what": molecule.training, "reason": f"{error}; {molecule.instead[0]} stands in"})
        other = replace(molecule, training=molecule.instead[0], test=molecule.instead[1])
        return other, sample(other.training, other.test, *sizes)


def _describe(backbone: Backbone) -> dict[str, Any]:
    card = card_of(backbone)
    return {
        "network": backbone.name,
        "L": backbone.irreps.lmax,
        "layer": card.layer,
        "parameters": card.parameters,
        "source": card.source,
        "checksums": dict(card.settings),
    }


def _measure(
    backbone: Backbone, molecule: Molecule, frames: Sample, settings: Settings, context: Context
) -> list[Ceiling]:
    rows = []
    for probe in settings.probes:
        context.note(f"{backbone.name} on {molecule.name}, {probe.solver}, d = {probe.degree}")
        asked = Asked(
            pairs=(molecule.pair,),
            probe=probe,
            l_max=law.boundary(backbone.irreps.lmax, probe.degree) + ABOVE,
            orientations=settings.orientations,
            forces=False,
            seed=context.seed,
        )
        identity = {"network": backbone.name, "molecule": molecule.name, "layer": card_of(backbone).layer}
        rows.append(ceiling(probe_part(context, backbone, frames, asked), identity, context.seed))
    return rows


def _agrees(figures: Sequence[dict[str, Any]]) -> bool | None:
    """Whether every ceiling dL is reached by some probe, on every molecule, and nothing lies above; ``None``: open."""
    return False if _unreached(figures) else nothing_above(figures)


def _unreached(figures: Sequence[dict[str, Any]]) -> list[str]:
    reached: dict[tuple[str, str, int], bool] = {}
    for row in figures:
        key = row["network"], row["molecule"], row["d"]
        whole = row["measured_boundary"] == row["predicted_boundary"]
        reached[key] = reached.get(key, False) or whole
    return [f"{network} on {name}, d = {d}" for (network, name, d), whole in reached.items() if not whole]


def _conclusions(result: dict[str, Any]) -> list[str]:
    """What the figures mean, in words."""
    rows = result["rows"]
    sources = [molecule["frames"]["test"]["source"] for molecule in result["molecules"]]
    # embedded frames may stand in for one of them
    source = next((source for source in sources if source.startswith("embedded")), sources[0])
    found = [what_is_above(result), Comparisons(result["tests"]["number"]).sentence(source)]
    short = _unreached(rows)
    found.append(
        f"dL is reached by no probe for {'; '.join(short)}."
        if short
        else "dL is reached by some probe for every network, degree and molecule."
    )
    first, *others = [molecule["name"] for molecule in result["molecules"]]
    for other in others:
        moved = [
            f"{row['network']}, {row['solver']}, d = {row['d']} ({there['measured_boundary']} and "
            f"{row['measured_boundary']})"
            for row in rows
            if row["molecule"] == other
            for there in [_same(rows, row, first)]
            if there["measured_boundary"] != row["measured_boundary"]
        ]
        number = sum(row["molecule"] == other for row in rows)
        found.append(
            f"The measured boundary is the same on {first} and {other} in {number - len(moved)} of {number} cases"
            + (f"; not for {'; '.join(moved)}." if moved else ".")
        )
    return found


def _same(rows: Sequence[dict[str, Any]], row: dict[str, Any], molecule: str) -> dict[str, Any]:
    """The same network and probe on another molecule."""
    keys = ("network", "layer", "solver", "d")
    return next(
        other
        for other in rows
        if other["molecule"] == molecule and all(other[key] == row[key] for key in keys)
    )


def summarise(result: dict[str, Any]) -> "Table":
    from span_theorem.console import table

    rows = table(
        "the same networks on several molecules",
        ("<network", "L", "d", "<solver", "<molecule", "dL", "measured", "ρ(dL)", "95%", "ρ(dL+1)", "95%"),
    )
    for row in result["rows"]:
        names = ("network", "L", "d", "solver", "molecule", "predicted_boundary", "measured_boundary")
        rows.add_row(*(str(row[name]) for name in names), *cells(row))
    rows.caption = "\n".join(result["conclusions"])
    rows.caption_justify = "left"
    return rows


def draw(result: dict[str, Any]) -> "Figure":
    """ρ(l) of the probes of highest degree: a column a network, a row a solver, a colour a molecule."""
    from matplotlib import pyplot as plt

    from experiments.controls.plot import curve, tidy

    degree = max(row["d"] for row in result["rows"])
    own = [row for row in result["rows"] if row["d"] == degree]
    solvers = list(dict.fromkeys(row["solver"] for row in own))
    networks = [network["network"] for network in result["networks"]]
    molecules = [molecule["name"] for molecule in result["molecules"]]
    figure, panels = plt.subplots(
        len(solvers),
        len(networks),
        figsize=(2.0 * len(networks) + 0.6, 1.9 * len(solvers) + 0.4),
        layout="constrained",
        squeeze=False,
        sharex="col",
    )
    for row in own:
        panel = panels[solvers.index(row["solver"]), networks.index(row["network"])]
        number = molecules.index(row["molecule"])
        found = [degree for degree in row["degrees"] if degree["path"]]
        shift = 0.12 * (number - (len(molecules) - 1) / 2)
        style = {"color": f"C{number}", "label": row["molecule"]}
        if found:
            curve(panel, [degree["l"] + shift for degree in found], found, "os^D"[number % 4] + "-", **style)
        panel.axvline(row["predicted_boundary"] + 0.5, color="0.3", linestyle="--", linewidth=0.9)
        panel.set_xticks([degree["l"] for degree in row["degrees"]])
        tidy(panel, result["threshold"])
    # a fit to the errors of a network out of its training set can be far worse than none
    lowest = min(degree["rho_ci"][0] for row in own for degree in row["degrees"])
    plt.setp(panels, ylim=(min(-0.25, 1.05 * lowest), 1.05))
    for panel, network in zip(panels[0], result["networks"], strict=True):
        panel.set_title(f"{network['network']}\n$L = {network['L']}$", fontsize=7)
    for panel, solver in zip(panels[:, 0], solvers, strict=True):
        panel.set_ylabel(rf"$\rho(l)$, {solver}, $d = {degree}$", fontsize=7)
    for panel in panels[-1]:
        panel.set_xlabel("$l$", fontsize=8)
    panels[0, 0].legend(fontsize=7, frameon=False, loc="lower left")
    return figure
