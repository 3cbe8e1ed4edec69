"""Background: a probe that misses a frequency may be too small, or may be of too low a degree; the theorem says degree.
Question: can more parameters, wider hidden layers, more layers or more atoms of features replace degree? Result: ρ at
the boundary of a quadratic probe and one above it, for linear and quadratic SPNs of 10² to 10⁶ and more parameters.

The ladder has two kinds of rungs. `mlp` of linear or square activation grows by its hidden units: a linear one is an
affine function at any width, a square one a quadratic form of rank at most its width (any form of n components has
rank at most n, so from n units on nothing is out of reach). `free` grows by its inputs: features of two layers, of the
site's neighbours, of every atom. What bounds those is that products of two features of order up to L contain no order
above 2L when the whole molecule turns, whichever atoms they come from.

A dual fit has as many free parameters as samples; both numbers are given. A probe that learned nothing proves nothing:
a linear SPN counts if it reaches its own boundary, a quadratic one, for the frequency above, if it reaches its. Claims
about many probes rest on bounds that hold for all of them together.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.backbones.protocol import Backbone
from experiments.controls.joined import JoinedAtoms, JoinedLayers
from experiments.controls.probing import Sample, pooled, probe_part, sample
from experiments.controls.protocol import Context
from experiments.controls.simultaneous import Comparisons
from experiments.crosscheck import NOT_TESTED, TESTED, THRESHOLD
from experiments.data.frames import Frames
from experiments.diagnosis import Settings as Asked
from experiments.direction import MarkedPair
from experiments.spn import Probe
from experiments.spn.mlp import Training
from experiments.spn.monomials import monomial_count
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from rich.table import Table

BACKBONE = "nequip:aspirin-gfn2-0"
PAIR = MarkedPair(12, 11)  # ester oxygen to acetyl carbon
RATE = 1e-2
WIDEST_AT_FULL_RATE = 512


@dataclass(frozen=True)
class Features:
    """What a probe is shown.

    Attributes:
        name: for results.
        open: gives the backbone, for frames of the molecule.
    """

    name: str
    open: Callable[[Frames], Backbone]


def _site(frames: Frames) -> Backbone:
    from experiments.backbones import open_backbone

    return open_backbone(BACKBONE)


def _layers(frames: Frames) -> Backbone:
    from experiments.backbones import Options, open_backbone

    return JoinedLayers([open_backbone(BACKBONE, Options(layer=layer)) for layer in ("0", "1")])


def _neighbours(frames: Frames) -> Backbone:
    from experiments.data.bonds import bond_matrix

    bonded = bond_matrix(frames.numbers, frames.positions[0])[PAIR.site]
    return JoinedAtoms(_site(frames), np.flatnonzero(bonded).tolist())


def _molecule(frames: Frames) -> Backbone:
    others = [atom for atom in range(frames.n_atoms) if atom != PAIR.site]
    return JoinedAtoms(_site(frames), others)


SITE = Features("site", _site)
LAYERS = Features("two layers", _layers)
NEIGHBOURS = Features("with neighbours", _neighbours)
MOLECULE = Features("all atoms", _molecule)


@dataclass(frozen=True)
class Rung:
    """One SPN on one set of features."""

    features: Features
    probe: Probe


def hidden(activation: str, width: int, steps: int, batch: int) -> Probe:
    """An `mlp`. Very wide ones learn slower, in inverse proportion to the width: the sum over units moves as far."""
    rate = RATE * min(1.0, WIDEST_AT_FULL_RATE / width)
    degree = {"linear": 1, "square": 2}[activation]
    return Probe("mlp", degree, activation, Training(width, steps, rate, (batch, batch)))


LADDER = (
    *(Rung(SITE, hidden("linear", width, 300, 1000)) for width in (1, 16, 128, 512)),
    *(Rung(SITE, hidden("linear", width, 300, 500)) for width in (2048, 6850)),
    *(Rung(SITE, hidden("square", width, 1500, 1000)) for width in (1, 2, 3, 4, 6, 8, 16, 32, 64, 144)),
    Rung(SITE, hidden("square", 512, 600, 1000)),
    Rung(SITE, hidden("square", 2048, 800, 500)),
    Rung(SITE, hidden("square", 6850, 400, 500)),
    *(Rung(shown, Probe("free", 1)) for shown in (SITE, LAYERS, NEIGHBOURS, MOLECULE)),
    *(Rung(shown, Probe("free", 2)) for shown in (SITE, LAYERS, NEIGHBOURS, MOLECULE)),
)


@dataclass(frozen=True)
class Settings:
    """What is measured on what.

    Attributes:
        ladder: the SPNs.
        training, test: frames, as ``--frames`` takes them.
        n_train, n_test: frames drawn.
        pair: marked atoms.
        boundary: the frequency that only a quadratic SPN should reach; none should reach the next.
        orientations: of a training frame, for `free`.
    """

    ladder: tuple[Rung, ...] = LADDER
    training: str = "embedded:train"
    test: str = "embedded:test"
    n_train: int = 300
    n_test: int = 150
    pair: MarkedPair = field(default=PAIR)
    boundary: int = 4
    orientations: int = 15

    def __post_init__(self) -> None:
        degrees = {rung.probe.degree for rung in self.ladder}
        if degrees != {1, 2}:
            raise InputError(
                f"the ladder has SPNs of degree {sorted(degrees)}: expected linear and quadratic ones"
            )

    def to_dict(self) -> dict[str, Any]:
        names = ("training", "test", "n_train", "n_test", "boundary", "orientations")
        return {name: getattr(self, name) for name in names} | {"pair": asdict(self.pair)}


def run(context: Context, settings: Settings | None = None) -> dict[str, Any]:
    settings = settings or Settings()
    shown = sample(settings.training, settings.test, settings.n_train, settings.n_test, context.seed)
    # of every SPN what it has to reach, and what it must not reach
    tests = Comparisons(2 * len(settings.ladder))
    opened: dict[str, Backbone] = {}
    rungs = []
    for number, rung in enumerate(settings.ladder, 1):
        context.note(f"{number} of {len(settings.ladder)}: {_describe(rung)}")
        name = rung.features.name
        if name not in opened:
            opened[name] = rung.features.open(shown.training)
        rungs.append(_measure(rung, opened[name], shown, settings, tests, context))
    evidence = _evidence(rungs)
    return {
        "agrees": evidence["degree_decides"],
        "settings": settings.to_dict(),
        "frames": shown.to_dict(),
        "backbone": opened[settings.ladder[0].features.name].name,
        "threshold": THRESHOLD,
        "tests": tests.to_dict(),
        "rungs": rungs,
        "evidence": evidence,
        "conclusions": _conclusions(evidence, settings.boundary, tests.sentence(settings.test)),
        "scope": [TESTED, NOT_TESTED],
    }


def _describe(rung: Rung) -> str:
    probe = rung.probe
    width = f", {probe.training.width} units" if probe.solver == "mlp" else ""
    return f"{rung.features.name}, {probe.solver}, d = {probe.degree}{width}"


def _measure(
    rung: Rung, backbone: Backbone, shown: Sample, settings: Settings, tests: Comparisons, context: Context
) -> dict[str, Any]:
    """One rung: what it is, and what it recovers."""
    probe = rung.probe
    asked = Asked(
        pairs=(settings.pair,),
        probe=probe,
        l_max=settings.boundary + 1,
        orientations=settings.orientations,
        forces=False,
        seed=context.seed,
    )
    part = probe_part(context, backbone, shown, asked)
    summary = pooled([part], context.seed, "capacity")
    fitted = part["diagnosis"]["pairs"][0]["fits"]["energy"]["parameters"][str(settings.boundary)]
    by_units = probe.solver == "mlp"
    return {
        "features": rung.features.name,
        "components": backbone.irreps.dim,
        "solver": probe.solver,
        "d": probe.degree,
        "training": asdict(probe.training) if by_units else None,
        "parameters": fitted if by_units else monomial_count(backbone.irreps.dim, probe.degree),
        "fitted": fitted,
        "degrees": [
            {"l": found.l, "rho": found.rho, "rho_ci": list(found.rho_ci)} for found in summary.degrees
        ],
        "below": tests.figures(summary, settings.boundary // 2),
        "at": tests.figures(summary, settings.boundary),
        "above": tests.figures(summary, settings.boundary + 1),
    }


def _evidence(rungs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The comparisons on which the answer rests: of the SPNs that reach what their degree allows."""
    linear = [rung for rung in rungs if rung["d"] == 1 and rung["below"]["lower"] > THRESHOLD]
    quadratic = [rung for rung in rungs if rung["d"] == 2 and rung["at"]["lower"] > THRESHOLD]
    smallest = min(quadratic, key=_parameters, default=None)
    largest = max(linear, key=_parameters, default=None)
    worst_linear = max(linear, key=lambda rung: rung["at"]["upper"], default=None)
    worst_quadratic = max(quadratic, key=lambda rung: rung["above"]["upper"], default=None)
    return {
        "degree_decides": smallest is not None
        and largest is not None
        and largest["parameters"] > smallest["parameters"]
        and max(rung["at"]["upper"] for rung in linear) < THRESHOLD
        and max(rung["above"]["upper"] for rung in quadratic) < THRESHOLD,
        "n_linear": sum(rung["d"] == 1 for rung in rungs),
        "n_linear_reached": len(linear),
        "n_quadratic": sum(rung["d"] == 2 for rung in rungs),
        "n_quadratic_reached": len(quadratic),
        "largest_linear": _short(largest, "at"),
        "smallest_quadratic": _short(smallest, "at"),
        "worst_linear": _short(worst_linear, "at"),
        "worst_quadratic": _short(worst_quadratic, "above"),
    }


def _parameters(rung: dict[str, Any]) -> int:
    return int(rung["parameters"])


def _short(rung: dict[str, Any] | None, which: str) -> dict[str, Any] | None:
    if rung is None:
        return None
    return {name: rung[name] for name in ("features", "solver", "parameters", "fitted")} | rung[which]


def _conclusions(evidence: dict[str, Any], boundary: int, last: str) -> list[str]:
    """What the figures mean, in words, with the sentence ``last`` on the bounds."""
    small, large = evidence["smallest_quadratic"], evidence["largest_linear"]
    linear, quadratic = evidence["worst_linear"], evidence["worst_quadratic"]
    found = [
        f"{evidence['n_linear_reached']} of {evidence['n_linear']} linear SPNs reach l = {boundary // 2}, "
        f"{evidence['n_quadratic_reached']} of {evidence['n_quadratic']} quadratic ones l = {boundary}; only they "
        "count."
    ]
    if small and large:
        found.append(
            f"A quadratic SPN of {small['parameters']:,} parameters reaches l = {boundary} "
            f"(ρ = {small['rho']:.2f}, at least {small['lower']:.2f}); a linear one of {large['parameters']:,} has at "
            f"most {large['upper']:.3f} there."
        )
    if linear:
        found.append(
            f"Of all linear ones none has more than {linear['upper']:.3f} at l = {boundary} (upper bound)."
        )
    if quadratic:
        found.append(
            f"Of all quadratic ones none has more than {quadratic['upper']:.3f} at l = {boundary + 1}."
        )
    return [*found, last, "Every SPN was trained once."]


def summarise(result: dict[str, Any]) -> "Table":
    from span_theorem.console import table

    boundary = result["settings"]["boundary"]
    rows = table(
        f"recovered share ρ against capacity, {result['backbone']}",
        (
            "<features", "<solver", "d", "width", "parameters", "fitted",
            f"ρ({boundary})", "95% interval", f"ρ({boundary + 1})", "95% interval",
        ),
    )  # fmt: skip
    for rung in result["rungs"]:
        cells = [
            f"{value:.3f}" if isinstance(value, float) else " … ".join(f"{end:.3f}" for end in value)
            for which in ("at", "above")
            for value in (rung[which]["rho"], rung[which]["rho_ci"])
        ]
        rows.add_row(
            rung["features"],
            rung["solver"],
            str(rung["d"]),
            str(rung["training"]["width"]) if rung["training"] else "",
            f"{rung['parameters']:,}",
            f"{rung['fitted']:,}",
            *cells,
        )
    rows.caption = "\n".join(result["conclusions"])
    rows.caption_justify = "left"
    return rows


def draw(result: dict[str, Any]) -> "Figure":
    """ρ against the number of parameters, at the boundary and above it."""
    from matplotlib import pyplot as plt

    boundary = result["settings"]["boundary"]
    figure, axes = plt.subplots(1, 2, figsize=(6.6, 2.8), sharey=True, layout="constrained")
    for panel, which, l in zip(axes, ("at", "above"), (boundary, boundary + 1), strict=True):
        _panel(panel, result, which)
        panel.set_title(f"$l = {l}$", fontsize=9)
        panel.set_xlabel("parameters", fontsize=8)
    axes[0].set_ylabel(r"recovered share $\rho$", fontsize=8)
    figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=7, frameon=False
    )
    return figure


def _panel(panel: "Axes", result: dict[str, Any], which: str) -> None:
    from experiments.controls.plot import curve, tidy

    for d, colour, name in ((1, "#0072b2", "linear"), (2, "#d55e00", "quadratic")):
        for solver, look, fill in (("mlp", "o-", colour), ("free", "^", "white")):
            rungs = sorted(
                (rung for rung in result["rungs"] if (rung["d"], rung["solver"]) == (d, solver)),
                key=lambda rung: rung["parameters"],
            )
            if rungs:
                curve(
                    panel,
                    [rung["parameters"] for rung in rungs],
                    [rung[which] for rung in rungs],
                    look,
                    color=colour,
                    markerfacecolor=fill,
                    label=f"{name}, {solver}",
                )
    panel.set_xscale("log")
    tidy(panel, result["threshold"])
