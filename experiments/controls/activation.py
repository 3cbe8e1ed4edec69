"""Background: a square or cubic hidden layer is a polynomial in the features and ends at dL; with SiLU, tanh or ReLU it
is no polynomial, and the theorem says nothing of it. Question: at the same width and number of training steps, which
activations recover frequencies above the quadratic boundary, and how does that grow with width and training? Result:
ρ(l) for every activation, and ρ just above the boundary against hidden units and against steps.

Features of order up to L that turn with the direction hold the direction itself, so some function of them is any
function of it. A ceiling is therefore a property of probes of bounded degree: it says what a readout of that degree can
use, not what the features contain. How far a readout without a degree gets is a question of its size and its training,
and that is what the growth shows.

Every network is trained once, all of them from the same seed; intervals and bounds are over test frames.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from experiments.backbones.protocol import Backbone
from experiments.controls.capacity import BACKBONE, PAIR
from experiments.controls.probing import Sample, pooled, probe_part, sample
from experiments.controls.protocol import Context
from experiments.controls.simultaneous import Comparisons
from experiments.crosscheck import NOT_TESTED, TESTED, TESTED_NON_POLYNOMIAL, THRESHOLD
from experiments.diagnosis import Settings as Asked
from experiments.direction import MarkedPair
from experiments.recovery import Summary
from experiments.spn import Probe
from experiments.spn.mlp import POLYNOMIAL_DEGREE, Training
from span_theorem import law
from span_theorem.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from rich.table import Table

QUADRATIC = 2

COLOURS = {
    "linear": "0.5",
    "square": "#d55e00",
    "cube": "#e69f00",
    "silu": "#0072b2",
    "tanh": "#009e73",
    "relu": "#cc79a7",
}


@dataclass(frozen=True)
class Case:
    """One hidden layer, and for how long it is trained."""

    activation: str
    width: int
    steps: int

    @property
    def degree(self) -> int | None:
        """Of the polynomial that it is; ``None`` if it is none."""
        return POLYNOMIAL_DEGREE[self.activation]

    def probe(self, batch: int) -> Probe:
        """The SPN; one that is no polynomial is set beside the quadratic prediction."""
        training = Training(self.width, self.steps, samples=(batch, batch))
        return Probe("mlp", self.degree or QUADRATIC, self.activation, training)


@dataclass(frozen=True)
class Settings:
    """What is measured on what.

    Attributes:
        activations: compared at ``width`` and ``steps``.
        width, steps: where they are compared.
        growing: activations, no polynomials, that are also shown at other widths and numbers of steps.
        widths: theirs, at ``steps``.
        lengths: their numbers of steps, at ``width``.
        batch: samples a step.
        backbone: a name of the registry, or an object.
        training, test: frames, as ``--frames`` takes them.
        n_train, n_test: frames drawn.
        pair: marked atoms.
        l_max: highest frequency.
    """

    activations: tuple[str, ...] = tuple(POLYNOMIAL_DEGREE)
    width: int = 128
    steps: int = 1500
    growing: tuple[str, ...] = ("silu", "tanh")
    widths: tuple[int, ...] = (4, 16, 64, 128, 256, 512)
    lengths: tuple[int, ...] = (100, 300, 750, 1500, 4000)
    batch: int = 500
    backbone: str | Backbone = BACKBONE
    training: str = "embedded:train"
    test: str = "embedded:test"
    n_train: int = 300
    n_test: int = 150
    pair: MarkedPair = field(default=PAIR)
    l_max: int = 7

    def __post_init__(self) -> None:
        if not self.growing or any(POLYNOMIAL_DEGREE[name] for name in self.growing):
            raise InputError(
                f"the activations shown at other widths are {', '.join(self.growing) or 'none'}: "
                "expected at least one, and no polynomial"
            )

    @property
    def cases(self) -> tuple[Case, ...]:
        """What is trained, each once: the comparison, then growth with width, then with steps."""
        asked = [Case(name, self.width, self.steps) for name in self.activations]
        asked += [Case(name, width, self.steps) for name in self.growing for width in self.widths]
        asked += [Case(name, self.width, steps) for name in self.growing for steps in self.lengths]
        return tuple(dict.fromkeys(asked))

    def to_dict(self) -> dict[str, Any]:
        values = asdict(self)
        del values["backbone"]
        return values


def run(context: Context, settings: Settings | None = None) -> dict[str, Any]:
    from experiments.backbones import open_backbone

    settings = settings or Settings()
    given = settings.backbone
    backbone = open_backbone(given) if isinstance(given, str) else given
    shown = sample(settings.training, settings.test, settings.n_train, settings.n_test, context.seed)
    quadratic = law.boundary(backbone.irreps.lmax, QUADRATIC)
    if quadratic >= settings.l_max:
        raise InputError(
            f"l_max is {settings.l_max}: expected more than {quadratic}, the boundary of degree 2"
        )
    tests = Comparisons(sum(len(_tested(case, backbone, settings)) for case in settings.cases))
    entries = []
    for number, case in enumerate(settings.cases, 1):
        text = f"{case.activation}, {case.width} units, {case.steps} steps"
        context.note(f"{number} of {len(settings.cases)}: {text}")
        entries.append(_measure(case, backbone, shown, settings, tests, context))
    claims = _claims(entries, settings)
    result = {
        "agrees": claims["polynomials_end"] and claims["others_cross"],
        "settings": settings.to_dict(),
        "frames": shown.to_dict(),
        "backbone": backbone.name,
        "quadratic_boundary": quadratic,
        "threshold": THRESHOLD,
        "tests": tests.to_dict(),
        "cases": entries,
        "claims": claims,
        "scope": [TESTED, TESTED_NON_POLYNOMIAL, NOT_TESTED],
    }
    return result | {"conclusions": _conclusions(result)}


def _tested(case: Case, backbone: Backbone, settings: Settings) -> range:
    """Frequencies that are compared with the threshold: above dL for a polynomial, else the one above the quadratic."""
    first = law.boundary(backbone.irreps.lmax, case.degree or QUADRATIC) + 1
    return range(first, settings.l_max + 1 if case.degree else first + 1)


def _measure(
    case: Case, backbone: Backbone, shown: Sample, settings: Settings, tests: Comparisons, context: Context
) -> dict[str, Any]:
    """One case: what it is, and what it recovers."""
    asked = Asked(
        pairs=(settings.pair,),
        probe=case.probe(settings.batch),
        l_max=settings.l_max,
        forces=False,
        seed=context.seed,
    )
    part = probe_part(context, backbone, shown, asked)
    summary: Summary = pooled([part], context.seed, "activation")
    diagnosis = part["diagnosis"]
    fit = diagnosis["pairs"][0]["fits"]["energy"]
    tested = _tested(case, backbone, settings)
    return {
        **asdict(case),
        "degree": case.degree,
        "boundary": diagnosis["predicted_boundary"] if case.degree else None,
        "reached": diagnosis["measured_boundary"],
        "parameters": fit["parameters"]["1"],
        "degrees": [
            {"l": found.l, "rho": found.rho, "rho_ci": list(found.rho_ci)} for found in summary.degrees
        ],
        "tested": [tests.figures(summary, l) for l in tested],
    }


def _claims(entries: Sequence[dict[str, Any]], settings: Settings) -> dict[str, Any]:
    """The two claims, each on bounds that hold together."""
    polynomial = [figures for entry in entries if entry["degree"] for figures in entry["tested"]]
    others = [entry for entry in entries if entry["degree"] is None]
    crossing = [entry for entry in others if entry["tested"][0]["lower"] > THRESHOLD]
    highest = max((figures["upper"] for figures in polynomial), default=None)
    return {
        "polynomials_end": highest is None or highest < THRESHOLD,
        "highest_polynomial": highest,
        "n_polynomial": len(polynomial),
        "others_cross": bool(crossing),
        "n_others": len(others),
        "n_crossing": len(crossing),
    }


def _curve(result: dict[str, Any], activation: str, by: str) -> list[dict[str, Any]]:
    """The cases in which only ``by`` (``width`` or ``steps``) varies, in its order."""
    fixed = {"width": "steps", "steps": "width"}[by]
    asked = result["settings"]["widths" if by == "width" else "lengths"]
    found = [
        entry
        for entry in result["cases"]
        if entry["activation"] == activation
        and entry[fixed] == result["settings"][fixed]
        and entry[by] in asked
    ]
    return sorted(found, key=lambda entry: entry[by])


def _conclusions(result: dict[str, Any]) -> list[str]:
    """What the figures mean, in words."""
    claims, tests, above = result["claims"], result["tests"], result["quadratic_boundary"] + 1
    found = []
    if claims["highest_polynomial"] is not None:
        found.append(
            f"Above dL no polynomial activation recovers anything: at most {claims['highest_polynomial']:.3f} "
            f"({claims['n_polynomial']} figures)."
            if claims["polynomials_end"]
            else f"A polynomial activation may go above dL: up to {claims['highest_polynomial']:.3f}."
        )
    found.append(
        f"At l = {above}, above the quadratic boundary, {claims['n_crossing']} of {claims['n_others']} networks "
        f"without a degree are above {result['threshold']}."
    )
    for by, noun in (("width", "units"), ("steps", "steps")):
        for name in result["settings"]["growing"]:
            curve = _curve(result, name, by)
            if len(curve) > 1:
                ends = [
                    f"{entry['tested'][0]['rho']:.2f} with {entry[by]} {noun}"
                    for entry in (curve[0], curve[-1])
                ]
                found.append(f"{name}: ρ({above}) is {ends[0]}, {ends[1]}.")
    found.append(
        "A ceiling belongs to probes of bounded degree. It does not say that the features hold no information on the "
        "frequencies above."
    )
    found.append(Comparisons(tests["number"]).sentence(result["settings"]["test"]))
    found.append("Every network was trained once.")
    return found


def summarise(result: dict[str, Any]) -> "Table":
    from span_theorem.console import table

    l_max = result["settings"]["l_max"]
    shown = range(max(1, result["quadratic_boundary"]), l_max + 1)
    rows = table(
        f"recovered share ρ(l) by activation, {result['backbone']}",
        ("<activation", "units", "steps", *(f"l = {l}" for l in shown), "95% interval at l = "
         f"{result['quadratic_boundary'] + 1}"),
    )  # fmt: skip
    for entry in result["cases"]:
        by_l = {degree["l"]: degree for degree in entry["degrees"]}
        low, high = by_l[result["quadratic_boundary"] + 1]["rho_ci"]
        rows.add_row(
            entry["activation"],
            str(entry["width"]),
            str(entry["steps"]),
            *(f"{by_l[l]['rho']:.3f}" for l in shown),
            f"{low:.3f} … {high:.3f}",
        )
    rows.caption = "\n".join(result["conclusions"])
    rows.caption_justify = "left"
    return rows


def draw(result: dict[str, Any]) -> "Figure":
    """ρ(l) of every activation; ρ above the quadratic boundary against width and against steps."""
    from matplotlib import pyplot as plt

    from experiments.controls.plot import curve, tidy

    settings, above = result["settings"], result["quadratic_boundary"] + 1
    figure, axes = plt.subplots(1, 3, figsize=(7.4, 2.8), sharey=True, layout="constrained")
    for entry in result["cases"]:
        if (entry["width"], entry["steps"]) == (settings["width"], settings["steps"]):
            name = entry["activation"]
            look = "o-" if entry["degree"] is None else "s--"
            degrees = entry["degrees"]
            curve(axes[0], [one["l"] for one in degrees], degrees, look, color=COLOURS[name], label=name)
    axes[0].axvline(above - 0.5, color="0.3", linestyle="--", linewidth=1)
    axes[0].set_title(f"{settings['width']} units, {settings['steps']} steps", fontsize=9)
    axes[0].set_xlabel("angular frequency $l$", fontsize=8)
    axes[0].set_ylabel(r"recovered share $\rho$", fontsize=8)
    _growth(axes[1], result, "width")
    axes[1].set_title(f"$l = {above}$, {settings['steps']} steps", fontsize=9)
    axes[1].set_xlabel("hidden units", fontsize=8)
    _growth(axes[2], result, "steps")
    axes[2].set_title(f"$l = {above}$, {settings['width']} units", fontsize=9)
    axes[2].set_xlabel("training steps", fontsize=8)
    for panel in axes:
        tidy(panel, result["threshold"])
    handles = axes[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=6, fontsize=7, frameon=False)
    return figure


def _growth(panel: "Axes", result: dict[str, Any], by: str) -> None:
    from matplotlib.ticker import NullFormatter, NullLocator, ScalarFormatter

    from experiments.controls.plot import curve

    panel.set_xscale("log")
    for name in result["settings"]["growing"]:
        entries = _curve(result, name, by)
        if entries:
            points = [entry["tested"][0] for entry in entries]
            curve(panel, [entry[by] for entry in entries], points, color=COLOURS[name])
            panel.set_xticks([entry[by] for entry in entries])
    panel.xaxis.set_major_formatter(ScalarFormatter())
    panel.xaxis.set_minor_locator(NullLocator())
    panel.xaxis.set_minor_formatter(NullFormatter())
