"""Background: a frequency that is not recovered may be absent from the features, or lost in noise, or asked of too few
frames. Question: at which injected amplitude, number of frames and orientations, and with how good a network does the
diagnostic lose its power, and does it say yes to a frequency above the ceiling that is there? Result: ρ(l) along each
of these doses, the frames that every l needs, and the dose of a planted frequency at which it is found.

- Amplitude. The injected energies compete with what the network itself leaves of the labels, E - E_0; how much that is
  makes one network a better background than another. Forces are left out.
- Frames and orientations. A probe that knows rotations (`equivariant`) learns from a frame all that its orientations
  hold; `free` has to see them.
- Planted frequency. A channel of order dL + 1 is appended to the features, a known share of its power signal, the rest
  noise (:mod:`experiments.controls.planted`). ρ(dL + 1) of an ideal linear probe equals that
  share.

A dose finds a frequency if the interval of ρ lies above the threshold, at every larger dose too; it is enough if ρ is
also within a tenth of what the largest dose gives, at every larger one too. A dose is one draw of frames, the
smaller ones parts of the larger; what another draw would give is not in the intervals. Test frames and their
orientations stay as they are, and the replicates' figures are those of all of them together: one network alone has
wider intervals.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.backbones.protocol import Backbone, card_of
from experiments.controls.capacity import PAIR
from experiments.controls.planted import Planted
from experiments.controls.probing import Sample, open_layer, pooled, probe_part, sample
from experiments.controls.protocol import Context
from experiments.controls.simultaneous import Comparisons, is_there, none_there
from experiments.crosscheck import NOT_TESTED, TESTED, THRESHOLD
from experiments.data.cache import cache_folder
from experiments.diagnosis import Settings as Asked
from experiments.direction import MarkedPair
from experiments.features import FeatureReader
from experiments.injection import amplitude, default_force
from experiments.residuals import residuals
from experiments.spn import Probe
from experiments.spn.mlp import Training
from span_theorem import law

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from rich.table import Table

SETTLED = 0.1
"""How far from the value at the largest dose, as a share of it, ρ may be at a dose that counts as enough."""
D = 2
PLANTED_PROBES = (
    Probe("free", 1),
    Probe("free", D),
    Probe("mlp", D, training=Training(width=64, steps=1500, samples=(1000, 256))),
    Probe("equivariant", D),
)


@dataclass(frozen=True)
class Network:
    """A network to measure.

    Attributes:
        name: how results refer to it.
        open: gives its backbone.
        replicate: whether it is one of the replicates that share their figures.
    """

    name: str
    open: Callable[[], Backbone]
    replicate: bool = True


NETWORKS = (
    *(Network(f"aspirin-gfn2-{i}", partial(open_layer, f"nequip:aspirin-gfn2-{i}")) for i in range(4)),
    *(
        Network(name, partial(open_layer, f"nequip:{name}"), replicate=False)
        for name in ("aspirin-gfn2-0-epoch10", "aspirin-gfn2-0-epoch1", "aspirin-random")
    ),
)


@dataclass(frozen=True)
class Settings:
    """What is measured on what.

    Attributes:
        networks: the first one also carries the planted frequency.
        training, test: frames, as ``--frames`` takes them.
        n_train, n_test: frames drawn where their number is no dose.
        orientations: of a training frame for `free`, where their number is no dose.
        forces: doses of the amplitude, as multiples of half the root mean square force.
        frames: doses of training frames, by solver and degree.
        turns: doses of orientations.
        shares: doses of the planted frequency; 0 for none.
        planted_probes: that look for it.
        pair: marked atoms.
    """

    networks: tuple[Network, ...] = NETWORKS
    training: str = "embedded:train"
    test: str = "embedded:test"
    n_train: int = 300
    n_test: int = 150
    orientations: int = 10
    forces: tuple[float, ...] = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
    frames: dict[tuple[str, int], tuple[int, ...]] = field(
        default_factory=lambda: {
            ("equivariant", 2): (20, 40, 80, 150, 300, 600, 1200),
            ("equivariant", 3): (20, 40, 150, 300),
            ("free", 2): (20, 40, 80, 150, 300, 600),
        }
    )
    turns: tuple[int, ...] = (1, 2, 5, 10)
    planted_probes: tuple[Probe, ...] = PLANTED_PROBES
    shares: tuple[float, ...] = (0.0, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 1.0)
    pair: MarkedPair = PAIR

    def to_dict(self) -> dict[str, Any]:
        names = ("training", "test", "n_train", "n_test", "orientations", "forces", "turns", "shares")
        return {name: getattr(self, name) for name in names} | {
            "networks": [network.name for network in self.networks],
            "frames": [
                {"solver": solver, "d": d, "doses": doses} for (solver, d), doses in self.frames.items()
            ],
            "pair": asdict(self.pair),
            "settled": SETTLED,
        }


def run(context: Context, settings: Settings | None = None) -> dict[str, Any]:
    settings = settings or Settings()
    measured = _Measured(context, settings)
    frames, planted = measured.frames(), measured.planted()
    unplanted = [dose for series in planted for dose in series["doses"] if dose["dose"] == 0]
    result = {
        "agrees": none_there(is_there(dose["lower"], dose["upper"]) for dose in unplanted)
        if all(_first(series["doses"]) is not None for series in planted)
        else False,
        "settings": settings.to_dict(),
        "sample": measured.shown.to_dict(),
        "backbones": [backbone.name for backbone in measured.backbones],
        "boundary": measured.boundary,
        "threshold": THRESHOLD,
        "tests": measured.tests.to_dict(),
        "amplitude": measured.amplitude(),
        "frames": frames,
        "orientations": measured.orientations(),
        "planted": planted,
        "scope": [TESTED, NOT_TESTED],
    }
    result["needed"] = _needed(result)
    return result | {"conclusions": _conclusions(result)}


class _Measured:
    """The four series of doses, on networks and frames opened once."""

    def __init__(self, context: Context, settings: Settings):
        self.context, self.settings = context, settings
        self.backbones = [network.open() for network in settings.networks]
        self.order = self.backbones[0].irreps.lmax
        self.boundary = law.boundary(self.order, D)
        self.shown = self._sample(settings.n_train)
        # whether a planted frequency is found is asked at every dose of every probe
        self.tests = Comparisons(len(settings.shares) * len(settings.planted_probes))

    def amplitude(self) -> list[dict[str, Any]]:
        """ρ against the injected force, every network alone."""
        unit = default_force(self.shown.training) or 1.0
        lengths = self.settings.pair.lengths(self.shown.training)
        result = []
        for network, backbone in zip(self.settings.networks, self.backbones, strict=True):
            left = self._residual(backbone)
            for solver in ("equivariant", "free") if backbone in self._ends else ("equivariant",):
                doses = []
                for dose in self.settings.forces:
                    asked = self._asked(Probe(solver, D), force=dose * unit)
                    figures = self._figures([self._part(backbone, asked)], "amplitude")
                    injected = amplitude(self.boundary, dose * unit, lengths)
                    given = {
                        "dose": dose,
                        "force": dose * unit,
                        "injected": injected,
                        "ratio": injected / left,
                    }
                    doses.append(given | figures)
                result.append(
                    {
                        "network": network.name,
                        "solver": solver,
                        "d": D,
                        "residual": left,
                        "doses": doses,
                    }
                )
        return result

    def frames(self) -> list[dict[str, Any]]:
        """ρ against the number of training frames, replicates together."""
        result = []
        for (solver, d), numbers in self.settings.frames.items():
            top = law.boundary(self.order, d) + 1
            doses = []
            for number in numbers:
                shown = self._sample(number)
                asked = self._asked(Probe(solver, d), l_max=top)
                parts = [self._part(backbone, asked, shown) for backbone in self._replicates]
                doses.append({"dose": number} | self._figures(parts, "frames"))
            result.append({"solver": solver, "d": d, "networks": len(self._replicates), "doses": doses})
        return result

    def orientations(self) -> list[dict[str, Any]]:
        """ρ of `free` against the orientations of a training frame, replicates together."""
        doses = []
        for number in self.settings.turns:
            asked = self._asked(Probe("free", D), orientations=number)
            parts = [self._part(backbone, asked) for backbone in self._replicates]
            doses.append({"dose": number} | self._figures(parts, "orientations"))
        return [{"solver": "free", "d": D, "networks": len(self._replicates), "doses": doses}]

    def planted(self) -> list[dict[str, Any]]:
        """ρ one above the boundary against the share of a planted signal, with bounds that hold together."""
        planted = self.boundary + 1
        result = []
        for probe in self.settings.planted_probes:
            doses = []
            for share in self.settings.shares:
                backbone = Planted(self.backbones[0], self.settings.pair, planted, share)
                asked = replace(self._asked(probe), order=self.order)
                part = self._part(backbone, asked)
                figures = self.tests.figures(pooled([part], self.context.seed, "planted"), planted)
                verdict = part["diagnosis"]["verdict"]  # what the diagnosis says by itself
                doses.append(
                    {"dose": share, **figures, "found": figures["lower"] > THRESHOLD, "verdict": verdict}
                )
            result.append(
                {
                    "network": self.settings.networks[0].name,
                    "solver": probe.solver,
                    "d": probe.degree,
                    "l": planted,
                    "doses": doses,
                }
            )
        return result

    @property
    def _replicates(self) -> list[Backbone]:
        pairs = zip(self.settings.networks, self.backbones, strict=True)
        return [backbone for network, backbone in pairs if network.replicate]

    @property
    def _ends(self) -> list[Backbone]:
        """The first and the last network: those that `free` is shown at every amplitude."""
        return [self.backbones[0], self.backbones[-1]]

    def _asked(self, probe: Probe, **changes: Any) -> Asked:
        usual: dict[str, Any] = {
            "pairs": (self.settings.pair,),
            "probe": probe,
            "l_max": self.boundary + 1,
            "orientations": self.settings.orientations,
            "forces": False,
            "seed": self.context.seed,
        }
        return Asked(**(usual | changes))

    def _part(self, backbone: Backbone, asked: Asked, shown: Sample | None = None) -> dict[str, Any]:
        probe, given = asked.probe, shown or self.shown
        self.context.note(
            f"{backbone.name}, {probe.solver}, d = {probe.degree}, {len(given.training)} frames"
        )
        return probe_part(self.context, backbone, given, asked)

    def _figures(self, parts: Sequence[dict[str, Any]], purpose: str) -> dict[str, Any]:
        summary = pooled(parts, self.context.seed, purpose)
        rows = [
            {"l": one.l, "rho": one.rho, "rho_ci": list(one.rho_ci), "path": one.path}
            for one in summary.degrees
        ]
        return {"degrees": rows}

    def _sample(self, number: int) -> Sample:
        settings = self.settings
        return sample(settings.training, settings.test, number, settings.n_test, self.context.seed)

    def _residual(self, backbone: Backbone) -> float:
        """Root mean square over test frames of what the network leaves of the energies, eV."""
        key = {
            "part": "residual",
            "backbone": backbone.name,
            "weights": dict(card_of(backbone).settings),
            "training": self.shown.training.checksum,
            "test": self.shown.test.checksum,
        }

        def compute() -> dict[str, Any]:
            reader = FeatureReader(cache_folder())
            left = residuals(backbone, self.shown.training, self.shown.test, reader, forces=False)
            return {"rms": float(np.sqrt(np.mean(left.energies[1] ** 2)))}

        return float(self.context.store.get(key, compute)["rms"])


def _from_here_on(doses: Sequence[dict[str, Any]], holds: Sequence[bool], name: str = "dose") -> float | None:
    """The least dose at which something holds, and at every larger one; ``None`` if it does not at the largest."""
    least = None
    for dose, here in zip(reversed(doses), reversed(holds), strict=True):
        if not here:
            break
        least = dose[name]
    return least


def _first(doses: Sequence[dict[str, Any]]) -> float | None:
    """The least planted share that is found."""
    return _from_here_on(doses, [dose["found"] for dose in doses])


def _needed(result: dict[str, Any]) -> list[dict[str, Any]]:
    """For every series and frequency the dose that finds it, and the dose that is enough; see the module's text.

    A frequency to which the probe has no path needs no dose and is passed over. Doses of the amplitude are given as
    multiples of what the network leaves of the energies.
    """
    needed = []
    for varied, name in (("amplitude", "ratio"), ("frames", "dose"), ("orientations", "dose")):
        for series in result[varied]:
            doses = series["doses"]
            for last in doses[-1]["degrees"]:
                l = last["l"]
                if not last["path"] or (varied == "amplitude" and l != result["boundary"]):
                    continue
                at = [dose["degrees"][l - 1] for dose in doses]
                seen = [one["rho_ci"][0] > THRESHOLD for one in at]
                nearly = [
                    yes and abs(one["rho"] - last["rho"]) <= SETTLED * abs(last["rho"])
                    for yes, one in zip(seen, at, strict=True)
                ]
                doses_needed = {
                    "found": _from_here_on(doses, seen, name),
                    "enough": _from_here_on(doses, nearly, name),
                    "least": doses[0][name],
                    "most": doses[-1][name],
                }
                figures = {key: last[key] for key in ("l", "rho", "rho_ci")}
                needed.append(_who(varied, series) | doses_needed | figures)
    for series in result["planted"]:
        last = series["doses"][-1]
        figures = {"l": last["l"], "rho": last["rho"], "rho_ci": last["rho_ci"]}
        dose = {
            "found": _first(series["doses"]),
            "enough": None,
            "least": min(dose["dose"] for dose in series["doses"] if dose["dose"]),
            "most": last["dose"],
        }
        needed.append(_who("planted", series) | dose | figures)
    return needed


def _who(varied: str, series: dict[str, Any]) -> dict[str, Any]:
    by = series["network"] if "network" in series else f"{series['networks']} networks"
    return {"varied": varied, "network": by, "solver": series["solver"], "d": series["d"]}


_UNITS = {
    "amplitude": "times the network's residual",
    "frames": "training frames",
    "orientations": "orientations",
    "planted": "of the channel's power",
}


def _conclusions(result: dict[str, Any]) -> list[str]:
    """What the figures mean, in words."""
    said = []
    for entry in result["needed"]:
        unit = _UNITS[entry["varied"]]
        who = f"{entry['network']}, {entry['solver']}, d = {entry['d']}, l = {entry['l']}"
        if entry["found"] is None:
            said.append(f"{who}: not found with {entry['most']:.3g} {unit}.")
            continue
        enough = "" if entry["enough"] is None else f", {entry['enough']:.3g} are enough"
        first = "the smallest dose, " * (entry["found"] == entry["least"])
        said.append(
            f"{who}: found from {first}{entry['found']:.3g} {unit}, on{enough}; "
            f"ρ = {entry['rho']:.2f} with {entry['most']:.3g}."
        )
    planted = Comparisons(result["tests"]["number"]).sentence(result["settings"]["test"])
    said.append(f"Planted frequencies: {planted} Elsewhere intervals stand for themselves, 95% each.")
    said.append("A dose is one draw of frames; replicates are measured together.")
    return said


def _shown(entry: dict[str, Any], name: str) -> str:
    """A dose; the smallest one may be more than is needed."""
    dose = entry[name]
    return "" if dose is None else f"{'≤ ' * (name == 'found' and dose == entry['least'])}{dose:.3g}"


def summarise(result: dict[str, Any]) -> "Table":
    from span_theorem.console import table

    rows = table(
        "the least dose that finds a frequency, and that is enough",
        (
            "<varied",
            "<measured by",
            "<solver",
            "d",
            "l",
            "found from",
            "enough from",
            "largest",
            "ρ there",
            "95% interval",
        ),
    )
    for entry in result["needed"]:
        low, high = entry["rho_ci"]
        rows.add_row(
            entry["varied"],
            entry["network"],
            entry["solver"],
            str(entry["d"]),
            str(entry["l"]),
            *(_shown(entry, name) for name in ("found", "enough", "most")),
            f"{entry['rho']:.3f}",
            f"{low:.3f} … {high:.3f}",
        )
    rows.caption = "\n".join(
        [
            *(f"{varied}: {unit}" for varied, unit in _UNITS.items()),
            *(
                f"{series['network']} leaves {1000 * series['residual']:.0f} meV of the energies"
                for series in result["amplitude"]
                if series["solver"] == "equivariant"
            ),
            result["conclusions"][-1],
        ]
    )
    rows.caption_justify = "left"
    return rows


def draw(result: dict[str, Any]) -> "Figure":
    """ρ against amplitude, training frames, orientations, and the share of a planted frequency."""
    from matplotlib import pyplot as plt

    from experiments.controls.plot import tidy

    figure, axes = plt.subplots(2, 2, figsize=(6.8, 5.4), sharey=True, layout="constrained")
    boundary = result["boundary"]
    _amplitude_panel(axes[0, 0], result)
    axes[0, 0].set_title(f"amplitude, $l = {boundary}$ (dashed: equivariant)", fontsize=9)
    axes[0, 0].set_xlabel("injected energy / network's residual (rms)", fontsize=8)
    _degrees_panel(axes[0, 1], [one for one in result["frames"] if one["d"] == D])
    axes[0, 1].set_title(f"frames, $d = {D}$ (dashed: equivariant)", fontsize=9)
    axes[0, 1].set_xlabel("training frames", fontsize=8)
    _degrees_panel(axes[1, 0], result["orientations"])
    axes[1, 0].set_title(f"orientations, free, $d = {D}$", fontsize=9)
    axes[1, 0].set_xlabel("orientations of a frame", fontsize=8)
    axes[1, 0].set_xticks(result["settings"]["turns"], map(str, result["settings"]["turns"]))
    axes[1, 0].minorticks_off()
    _planted_panel(axes[1, 1], result)
    axes[1, 1].set_title(f"planted $l = {boundary + 1}$", fontsize=9)
    axes[1, 1].set_xlabel("share of signal", fontsize=8)
    for panel in axes.flat:
        tidy(panel, result["threshold"])
    axes[0, 0].legend(fontsize=5.5, loc="lower right", framealpha=0.8)
    axes[1, 1].legend(fontsize=6, loc="upper left", frameon=False)
    for panel in (axes[0, 1], axes[1, 0]):
        panel.legend(fontsize=6, loc="center right", frameon=False)
    for panel in axes[:, 0]:
        panel.set_ylabel(r"recovered share $\rho$", fontsize=8)
    return figure


def _amplitude_panel(panel: "Axes", result: dict[str, Any]) -> None:
    from experiments.controls.plot import curve

    names = list(dict.fromkeys(series["network"] for series in result["amplitude"]))
    for series in result["amplitude"]:
        equivariant = series["solver"] == "equivariant"
        at = [(dose["ratio"], dose["degrees"][result["boundary"] - 1]) for dose in series["doses"]]
        # an interval wider than all values that ρ can have tells nothing and hides the others
        shown = [(ratio, one) for ratio, one in at if one["rho_ci"][1] - one["rho_ci"][0] < 1]
        if shown:
            colour = f"C{names.index(series['network'])}"
            curve(
                panel,
                [ratio for ratio, _ in shown],
                [one for _, one in shown],
                "^--" if equivariant else "o-",
                color=colour,
                markerfacecolor="white" if equivariant else colour,
                label=series["network"] if equivariant else None,
            )
    panel.set_xscale("log")


def _degrees_panel(panel: "Axes", found: Sequence[dict[str, Any]]) -> None:
    from experiments.controls.plot import curve

    for series in found:
        equivariant = series["solver"] == "equivariant"
        for column in range(len(series["doses"][0]["degrees"])):
            degrees = [dose["degrees"][column] for dose in series["doses"]]
            l = degrees[0]["l"]
            if not degrees[-1]["path"]:
                continue
            curve(
                panel,
                [dose["dose"] for dose in series["doses"]],
                degrees,
                "^--" if equivariant else "o-",
                color=f"C{l - 1}",
                markerfacecolor="white" if equivariant else f"C{l - 1}",
                label=None if equivariant else f"$l = {l}$",
            )
    panel.set_xscale("log")


def _planted_panel(panel: "Axes", result: dict[str, Any]) -> None:
    from experiments.controls.plot import curve

    for number, series in enumerate(result["planted"]):
        doses = [dose for dose in series["doses"] if dose["dose"] > 0]
        label = f"{series['solver']}, $d = {series['d']}$"
        curve(panel, [dose["dose"] for dose in doses], doses, color=f"C{number}", label=label)
    shares = np.geomspace(min(dose["dose"] for dose in doses), 1, 50)
    panel.plot(shares, shares, color="0.5", linewidth=0.8, linestyle=":", label="linear, ideal")
    panel.set_xscale("log")
