"""Background: a recovery curve has an end, dL, and a height below it; the theorem speaks of the end only, and an
untrained network has one too. Question: which part of the recovery curve is the architecture's and which is learned?
Result: ρ(l) and force error of NequIPs with initial weights, at stations of one training, and fully trained.

All are of one shape. The stations belong to the training of `nequip:aspirin-gfn2-0`, whose initial weights are among
the untrained and whose end is among the trained: one line through the figure follows one network. What is learned is
the difference between a trained network and its own initial weights, on the same frames with the same injections.

A poor potential leaves large residuals of its own, which a probe would have to fit besides. So frames are shown
without labels: ρ(l) tells what the features carry, and only the force error tells how good the potential is.

`free` could find any frequency; that it finds none above dL is claimed for all networks together. That dL is reached
is claimed of the better of the two probes, and the number of tests is stated.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from experiments.backbones.protocol import Backbone, Potential, card_of
from experiments.controls.probing import open_layer, pooled, probe_part, sample
from experiments.controls.protocol import Context
from experiments.controls.simultaneous import Comparisons, is_there
from experiments.controls.untrained import untrained
from experiments.crosscheck import NOT_TESTED, TESTED, THRESHOLD
from experiments.data.frames import Frames
from experiments.diagnosis import Settings as Asked
from experiments.direction import MarkedPair
from experiments.features import FeatureReader
from experiments.recovery import FrameSums
from experiments.seeds import generator
from experiments.spn import Probe
from numerics.bootstrap import RESAMPLES, hierarchical_bootstrap, percentile_interval
from span_theorem import law
from span_theorem.errors import InputError, MissingPackage

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.table import Table

Array = NDArray[np.float64]

ENDS = ("initial", "trained")
"""Stages at which a training begins and ends."""


@dataclass(frozen=True)
class Network:
    """A network at one moment of its training.

    Attributes:
        name: how results refer to it.
        line: the training it belongs to.
        stage: one of :data:`ENDS`, or a station between.
        epochs: of training behind it.
        open: gives its backbone.
    """

    name: str
    line: str
    stage: str
    epochs: int
    open: Callable[[], Backbone]


def _line(name: str, epochs: int, stations: Sequence[int] = ()) -> tuple[Network, ...]:
    """A shipped network, its initial weights, and what is shipped of the way from these to it."""
    return (
        Network(f"{name}, untrained", name, "initial", 0, partial(untrained, name)),
        *(
            Network(
                f"{name}-epoch{station}",
                name,
                f"epoch {station}",
                station,
                partial(open_layer, f"nequip:{name}-epoch{station}"),
            )
            for station in stations
        ),
        Network(name, name, "trained", epochs, partial(open_layer, f"nequip:{name}")),
    )


NETWORKS = (
    Network("aspirin-random", "aspirin-random", "initial", 0, partial(open_layer, "nequip:aspirin-random")),
    *_line("aspirin-gfn2-0", 60, (1, 3, 10)),
    *(network for replicate in (1, 2, 3) for network in _line(f"aspirin-gfn2-{replicate}", 60)),
)


@dataclass(frozen=True)
class Settings:
    """What is measured on what.

    Attributes:
        networks: see :class:`Network`.
        training, test: frames, as ``--frames`` takes them.
        n_train, n_test: frames drawn.
        pair: marked atoms.
        probes: of one degree.
        l_max: highest frequency injected.
        orientations: of every training frame, for `free`.
    """

    networks: tuple[Network, ...] = NETWORKS
    training: str = "embedded:train"
    test: str = "embedded:test"
    n_train: int = 300
    n_test: int = 150
    pair: MarkedPair = field(default=MarkedPair(12, 11))
    probes: tuple[Probe, ...] = (Probe("equivariant", 2), Probe("free", 2))
    l_max: int = 6
    orientations: int = 10

    def to_dict(self) -> dict[str, Any]:
        values = asdict(replace(self, networks=()))
        del values["networks"]
        return values | {"threshold": THRESHOLD, "resamples_of_differences": RESAMPLES}


def run(context: Context, settings: Settings | None = None) -> dict[str, Any]:
    settings = settings or Settings()
    shown = sample(settings.training, settings.test, settings.n_train, settings.n_test, context.seed)
    networks: list[dict[str, Any]] = []
    parts: dict[tuple[str, str], dict[str, Any]] = {}
    skipped = []
    for network in settings.networks:
        context.note(network.name)
        try:
            backbone = network.open()
        except (MissingPackage, ModuleNotFoundError) as error:
            skipped.append({"what": network.name, "reason": str(error)})
            continue
        for probe in settings.probes:
            asked = Asked(
                (settings.pair,), probe, settings.l_max, orientations=settings.orientations, forces=False
            )
            parts[network.name, probe.solver] = probe_part(
                context, backbone, shown.unlabelled(), replace(asked, seed=context.seed)
            )
        networks.append(_described(network, backbone, shown.test, context))
    if not networks:
        raise MissingPackage(skipped[0]["reason"] if skipped else "there is no network to measure")
    (L,) = {entry["L"] for entry in networks}
    boundary = law.boundary(L, settings.probes[0].degree)
    result = {
        "agrees": None,
        "settings": settings.to_dict(),
        "frames": shown.to_dict(),
        "L": L,
        "d": settings.probes[0].degree,
        "predicted_boundary": boundary,
        **_tests(networks, parts, boundary, settings, context.seed),
        "stages": _stages(networks, parts, settings, context.seed),
        "learned": _learned(networks, parts, settings, context.seed),
        "networks": networks,
        "scope": [TESTED, NOT_TESTED],
        "skipped": skipped,
    }
    fails = bool(result["crossing"] or result["short"])
    result["agrees"] = False if fails else None if result["undecided"] else True
    return result | {"conclusions": _conclusions(result)}


def _described(network: Network, backbone: Backbone, test: Frames, context: Context) -> dict[str, Any]:
    """What a network is, and how good a potential."""
    card = card_of(backbone)
    key = {
        "part": "force error",
        "backbone": backbone.name,
        "weights": dict(card.settings),
        "frames": test.checksum,
    }
    part = context.store.get(key, lambda: {"errors": force_errors(backbone, test).tolist()})
    errors = np.array(part["errors"])
    rng = generator(context.seed, "training, force error")
    found = hierarchical_bootstrap(errors[None, None, :, None], lambda total: total / len(errors), rng)
    return {
        **{name: getattr(network, name) for name in ("name", "line", "stage", "epochs")},
        "L": backbone.irreps.lmax,
        "layer": card.layer,
        "parameters": card.parameters,
        "source": card.source,
        "checksums": dict(card.settings),
        "force_mae": float(found.estimate[0]),
        "force_mae_ci": found.percentile()[0].tolist(),
    }


def force_errors(backbone: Backbone, frames: Frames) -> Array:
    """Mean absolute error of a force component, frame by frame: (n_frames,), meV/Å.

    Raises:
        InputError: a backbone that predicts no forces, or frames without them.
    """
    if not isinstance(backbone, Potential) or frames.forces is None:
        raise InputError(
            f"backbone {backbone.name} on {frames.source}: expected predicted forces and reference forces"
        )
    _, forces = FeatureReader().predict(backbone, frames)
    return 1e3 * np.abs(forces - frames.forces).mean(axis=(1, 2))


def _tests(
    networks: Sequence[dict[str, Any]],
    parts: dict[tuple[str, str], dict[str, Any]],
    boundary: int,
    settings: Settings,
    seed: int,
) -> dict[str, Any]:
    """ρ(l) of every network and probe, and the claims about dL, with bounds that hold for all of them together.

    Claimed of every network: no frequency above dL is there for `free`, and dL is for one probe or another.
    """
    solvers = [probe.solver for probe in settings.probes]
    measured = [solver for solver in solvers if solver != "equivariant"]
    above = range(boundary + 1, settings.l_max + 1)
    tests = Comparisons(len(networks) * (len(above) * len(measured) + len(solvers)))
    probes, short = [], []
    crossing: list[str] = []
    undecided: list[str] = []
    for network in networks:
        reached = False
        for solver in solvers:
            part = parts[network["name"], solver]
            summary = pooled([part], seed, "training")
            degrees = [tests.figures(summary, found.l) for found in summary.degrees]
            probes.append(
                {
                    "network": network["name"],
                    "solver": solver,
                    "measured_boundary": part["diagnosis"]["measured_boundary"],
                    "degrees": degrees,
                }
            )
            reached |= any(one["l"] == boundary and one["lower"] > THRESHOLD for one in degrees)
            for one in degrees:
                if solver in measured and one["l"] in above:
                    answer = is_there(one["lower"], one["upper"])
                    if answer is not False:
                        (crossing if answer else undecided).append(f"{network['name']}, l = {one['l']}")
        if not reached:
            short.append(network["name"])
    return {
        "tests": tests.to_dict(),
        "tests_above": len(networks) * len(above) * len(measured),
        "probes": probes,
        "crossing": crossing,
        "undecided": undecided,
        "short": short,
    }


def _stages(
    networks: Sequence[dict[str, Any]],
    parts: dict[tuple[str, str], dict[str, Any]],
    settings: Settings,
    seed: int,
) -> list[dict[str, Any]]:
    """ρ(l) of the networks of one stage together, in order of training."""
    members: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for network in networks:
        members.setdefault((network["epochs"], network["stage"]), []).append(network)
    result = []
    for (epochs, stage), group in sorted(members.items()):
        for probe in settings.probes:
            summary = pooled(
                [parts[network["name"], probe.solver] for network in group], seed, f"training, {stage}"
            )
            result.append(
                {
                    "stage": stage,
                    "epochs": epochs,
                    "n_networks": len(group),
                    "solver": probe.solver,
                    "degrees": [
                        {"l": found.l, "rho": found.rho, "rho_ci": list(found.rho_ci), "path": found.path}
                        for found in summary.degrees
                    ],
                }
            )
    return result


def _learned(
    networks: Sequence[dict[str, Any]],
    parts: dict[tuple[str, str], dict[str, Any]],
    settings: Settings,
    seed: int,
) -> list[dict[str, Any]]:
    """What a stretch of training adds to ρ(l): from initial weights to trained ones, to a station, and from it on."""
    names = {(network["line"], network["stage"]): network["name"] for network in networks}
    stations = [stage for _, stage in names if stage not in ENDS]
    stretches = [ENDS, *(pair for stage in stations for pair in ((ENDS[0], stage), (stage, ENDS[1])))]
    result = []
    for before, after in stretches:
        lines = [line for line, stage in names if stage == after and (line, before) in names]
        for probe in settings.probes if lines else ():
            sums = [
                [FrameSums.from_dict(parts[names[line, stage], probe.solver]["sums"][0]) for line in lines]
                for stage in (after, before)
            ]
            later, earlier = (np.stack([one.energy for one in stage]) for stage in sums)
            rng = generator(seed, f"training, {before} to {after}, {probe.solver}")
            estimate, interval = _gained(later, earlier, rng)
            result += [
                {
                    "before": before,
                    "after": after,
                    "n_networks": len(lines),
                    "solver": probe.solver,
                    "l": l,
                    "gained": float(estimate[column]),
                    "gained_ci": interval[column].tolist(),
                    "path": any(one.paths[column] for one in sums[0]),
                }
                for column, l in enumerate(sums[0][0].frequencies)
            ]
    return result


def _gained(after: Array, before: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Mean over networks of ρ after less ρ before, with 95% intervals.

    Every network is shown the same frames, so the two are crossed: one draw of frames serves all networks.

    Args:
        after, before: (n_networks, n_frames, n_frequencies, 3), see :attr:`experiments.recovery.FrameSums.energy`.
        rng: draws the resamples.

    Returns:
        (n_frequencies,) and (n_frequencies, 2).
    """
    networks, frames = (rng.multinomial(n, np.full(n, 1 / n), size=RESAMPLES) for n in after.shape[:2])
    weights = np.concatenate([np.ones((1, after.shape[1])), frames])  # as they are, then resampled

    def rho(sums: Array) -> Array:
        power, gain, null = np.moveaxis(np.einsum("rf,nfls->rnls", weights, sums, optimize=True), -1, 0)
        return (gain - null) / power

    gained = rho(after) - rho(before)
    share = networks / after.shape[0]
    return gained[0].mean(axis=0), percentile_interval(np.einsum("rn,rnl->rl", share, gained[1:]))


def _conclusions(result: dict[str, Any]) -> list[str]:
    """What the figures mean, in words."""
    boundary, tests, number = result["predicted_boundary"], result["tests"], len(result["networks"])
    found = []
    if result["agrees"]:
        found.append(
            f"Architecture: all {number} networks, untrained and trained, end at dL = {boundary}; none carries more "
            f"than that ({result['tests_above']} tests), all reach it."
        )
    for what, names in (
        ("carry a frequency above", result["crossing"]),
        ("leave it open whether anything is above", result["undecided"]),
        ("do not reach", result["short"]),
    ):
        if names:
            found.append(f"These {what} dL = {boundary}: {'; '.join(names)}.")
    below = [one for one in result["learned"] if one["path"] and one["l"] <= boundary]
    for stretch in dict.fromkeys((one["before"], one["after"], one["n_networks"]) for one in below):
        steps = [one for one in below if (one["before"], one["after"], one["n_networks"]) == stretch]
        for solver in dict.fromkeys(one["solver"] for one in steps):
            # of the stations the boundary alone: the whole is in the result file
            told = [
                one
                for one in steps
                if one["solver"] == solver and (stretch[:2] == ENDS or one["l"] == boundary)
            ]
            text = ", ".join(f"{_signed(one)} at l = {one['l']}" for one in told)
            found.append(f"Learned from {stretch[0]} to {stretch[1]} (n = {stretch[2]}, {solver}): {text}.")
    found.append(Comparisons(tests["number"]).sentence(result["settings"]["test"]))
    return [*found, *result["scope"]]


def _signed(step: dict[str, Any]) -> str:
    low, high = step["gained_ci"]
    return f"{step['gained']:+.3f} [{low:+.3f}, {high:+.3f}]"


def summarise(result: dict[str, Any]) -> "Table":
    from span_theorem.console import table

    frequencies = [one["l"] for one in result["probes"][0]["degrees"]]
    rows = table(
        f"ρ(l) along training, d = {result['d']}, predicted boundary {result['predicted_boundary']}",
        ("<network", "<solver", "F MAE (meV/Å)", *(f"l={l}" for l in frequencies), "boundary"),
    )
    by_name = {network["name"]: network for network in result["networks"]}
    for probe in sorted(result["probes"], key=lambda probe: by_name[probe["network"]]["epochs"]):
        rows.add_row(
            probe["network"],
            probe["solver"],
            f"{by_name[probe['network']]['force_mae']:.0f}",
            *(f"{one['rho']:.3f}" if one["path"] else "no path" for one in probe["degrees"]),
            str(probe["measured_boundary"]),
        )
    rows.caption = "\n".join(result["conclusions"])
    rows.caption_justify = "left"
    return rows


def draw(result: dict[str, Any]) -> "Figure":
    """ρ(l) by stage, a panel a probe; last, ρ(l) of every network against its force error."""
    from matplotlib import pyplot as plt

    from experiments.controls.plot import curve, tidy

    solvers = list(dict.fromkeys(stage["solver"] for stage in result["stages"]))
    figure, panels = plt.subplots(
        1, len(solvers) + 1, figsize=(3.1 * (len(solvers) + 1), 3.0), layout="constrained"
    )
    shades = plt.get_cmap("viridis")
    for panel, solver in zip(panels, solvers, strict=False):
        stages = [stage for stage in result["stages"] if stage["solver"] == solver]
        for number, stage in enumerate(stages):
            figures = [one for one in stage["degrees"] if one["path"]]
            label = f"{stage['stage']} (n = {stage['n_networks']})"
            colour = shades(0.9 * number / max(len(stages) - 1, 1))
            curve(panel, [one["l"] for one in figures], figures, color=colour, label=label)
        panel.axvline(result["predicted_boundary"] + 0.5, color="0.7", linewidth=0.8, linestyle="--")
        panel.set_title(f"{solver}, $d = {result['d']}$", fontsize=9)
        panel.set_xticks([one["l"] for one in stages[0]["degrees"]])
        panel.set_xlim(0.7, stages[0]["degrees"][-1]["l"] + 0.3)
        panel.set_xlabel("frequency $l$", fontsize=8)
        panel.set_ylabel(r"$\rho(l)$", fontsize=8)
        panel.legend(fontsize=6, frameon=False, loc="lower left")
        tidy(panel, result["settings"]["threshold"])
    error = {network["name"]: network["force_mae"] for network in result["networks"]}
    probes = [probe for probe in result["probes"] if probe["solver"] == solvers[-1]]
    probes.sort(key=lambda probe: error[probe["network"]])
    for column, one in enumerate(probes[0]["degrees"]):
        figures = [probe["degrees"][column] for probe in probes]
        curve(
            panels[-1], [error[probe["network"]] for probe in probes], figures, "o", label=f"$l = {one['l']}$"
        )
    panels[-1].set_xscale("log")
    panels[-1].invert_xaxis()
    panels[-1].set_title(f"every network, {solvers[-1]}", fontsize=9)
    panels[-1].set_xlabel("force MAE (meV/Å), falling with training", fontsize=8)
    panels[-1].set_ylabel(r"$\rho(l)$", fontsize=8)
    panels[-1].legend(fontsize=6, frameon=False, ncols=2, loc="center")
    tidy(panels[-1], result["settings"]["threshold"])
    return figure
