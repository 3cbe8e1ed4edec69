"""Background: the ceiling dL should follow from the order L of a network's features and the degree d of the probe, not
from who trained the network, on what, or in which package. Question: where does the ceiling of published force fields
lie, on the same aspirin frames, layer by layer? Result: for NequIP, SevenNet, SO3LR, MACE and invariant features alone,
predicted and measured boundary, and ρ(l) at and above it.

The networks were trained on five levels of theory, so how far their energies miss those of the frames says nothing of
their features. The frames are shown without labels: what is left to fit is the injected field.

`equivariant` has no path above dL, by algebra; `free` and `mlp` know neither L nor the theorem and could find any
frequency. `mlp` is shown new orientations all the time and comes nearest to what can be recovered; `free` is solved in
closed form. The claim is about these two: nowhere do they find a frequency above dL, by bounds that hold for all these
tests together. Whether dL is reached is reported, not claimed: that takes enough frames and enough channels of the
highest order.

A network that cannot live in this environment comes as a feature file (docs/backbones.md). Two of a small MACE are part
of the project, trained (`experiments/training/mace.py` writes it) and with random weights
(`tests/environments/mace_features.py`). Those of the user are taken from the folder ``extracted`` of the cache: every
frame of ``embedded:train`` and ``embedded:test`` at the site.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
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
from experiments.controls.derived import Invariants
from experiments.controls.probing import Sample, open_layer, probe_part, sample
from experiments.controls.protocol import Context
from experiments.controls.simultaneous import Comparisons
from experiments.crosscheck import NOT_TESTED, TESTED, THRESHOLD
from experiments.data.cache import cache_folder
from experiments.diagnosis import Settings as Asked
from experiments.direction import MarkedPair
from experiments.spn import Probe
from experiments.spn.mlp import Training
from span_theorem import law
from span_theorem.errors import InputError, MissingPackage
from span_theorem.reading import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from rich.table import Table

MACE_FILES = {name: Path(__file__).with_name(f"mace_{name}.npz") for name in ("trained", "random")}
EXTRACTED = "extracted"
USERS = "user's"
"""Family of the networks that are not this project's: one that cannot be read is left out."""
LOOKS = {"free": ("o-", "#0072b2"), "mlp": ("^:", "#009e73"), "equivariant": ("s--", "#d55e00")}


@dataclass(frozen=True)
class Network:
    """A network to measure.

    Attributes:
        name: how results refer to it.
        family: kind of network.
        weights: ``trained``, ``random`` or ``unknown``.
        open: gives its backbone at a layer, ``None`` for the default one.
    """

    name: str
    family: str
    weights: str
    open: Callable[[str | None], Backbone]


def _invariants(spec: str, layer: str | None) -> Backbone:
    return Invariants(open_layer(spec))


def _network(family: str, spec: str, weights: str = "trained") -> Network:
    return Network(spec, family, weights, partial(open_layer, spec))


def _invariant(spec: str) -> Network:
    return Network(f"{spec}, invariants alone", "invariants", "trained", partial(_invariants, spec))


NETWORKS = (
    _invariant("nequip:aspirin-gfn2-0"),
    _invariant("sevennet:7net-0"),
    _network("NequIP", "nequip:aspirin-rmd17-l1"),
    _network("NequIP", "nequip:aspirin-gfn2-0"),
    _network("NequIP", "nequip:aspirin-rmd17-0"),
    _network("NequIP", "nequip:aspirin-rmd17-l3"),
    _network("SevenNet", "sevennet:7net-0"),
    _network("SevenNet", "sevennet:7net-l3i5"),
    _network("SO3LR", "so3lr:so3lr"),
    Network("mace:aspirin-gfn2", "MACE", "trained", partial(open_layer, f"features:{MACE_FILES['trained']}")),
    Network("mace:random", "MACE", "random", partial(open_layer, f"features:{MACE_FILES['random']}")),
)

MLP = Probe("mlp", 2, "square", Training(width=64, steps=1500, samples=(1000, 256)))


def users_networks() -> tuple[Network, ...]:
    """The feature files that the user put into the cache."""
    folder = cache_folder() / EXTRACTED
    paths = visible(folder, ".npz") if folder.is_dir() else []
    return tuple(
        Network(f"features:{path.name}", USERS, "unknown", partial(open_layer, f"features:{path}"))
        for path in paths
    )


@dataclass(frozen=True)
class Settings:
    """What is measured on what.

    Attributes:
        networks: see :class:`Network`.
        training, test: frames, as ``--frames`` takes them.
        n_train, n_test: frames drawn.
        frames_seed: of that draw; the same for every seed of the control, so that feature files from elsewhere stay
            good.
        pair: marked atoms.
        probes: at every layer.
        main_probes: those and more, at the default layer.
        orientations: of every training frame, for `free`.
    """

    networks: tuple[Network, ...] = NETWORKS
    training: str = "embedded:train"
    test: str = "embedded:test"
    n_train: int = 300
    n_test: int = 150
    frames_seed: int = 0
    pair: MarkedPair = field(default=MarkedPair(12, 11))
    probes: tuple[Probe, ...] = (Probe("equivariant", 1), Probe("equivariant", 2), Probe("free", 1))
    main_probes: tuple[Probe, ...] = (*probes, Probe("free", 2), MLP)
    orientations: int = 10

    def to_dict(self) -> dict[str, Any]:
        names = ("training", "test", "n_train", "n_test", "frames_seed", "orientations")
        probes = {
            name: [{"solver": probe.solver, "d": probe.degree} for probe in getattr(self, name)]
            for name in ("probes", "main_probes")
        }
        return {name: getattr(self, name) for name in names} | probes | {"pair": asdict(self.pair)}


def run(context: Context, settings: Settings | None = None) -> dict[str, Any]:
    settings = settings or Settings(networks=(*NETWORKS, *users_networks()))
    drawn = sample(settings.training, settings.test, settings.n_train, settings.n_test, settings.frames_seed)
    shown = drawn.unlabelled()
    networks, rows, skipped = [], [], []
    for network in settings.networks:
        try:
            found, own = _measure(network, shown, settings, context)
        except (MissingPackage, ModuleNotFoundError, InputError) as error:
            lacking = isinstance(error, MissingPackage | ModuleNotFoundError)
            if not lacking and network.family != USERS:
                raise
            skipped.append({"what": network.name, "reason": str(error)})
            continue
        networks.append(found)
        rows += own
    if not networks:
        raise MissingPackage(skipped[0]["reason"] if skipped else "there is no network to measure")
    figures = with_bounds(rows)
    result = {
        "agrees": nothing_above(figures),
        "scope": [TESTED, NOT_TESTED],
        "settings": settings.to_dict(),
        "frames": shown.to_dict(),
        "threshold": THRESHOLD,
        "tests": comparisons(rows).to_dict(),
        "networks": networks,
        "rows": figures,
        "skipped": skipped,
    }
    return result | {"conclusions": _conclusions(result)}


def _measure(
    network: Network, shown: Sample, settings: Settings, context: Context
) -> tuple[dict[str, Any], list[Ceiling]]:
    """What a network is, and one row for every layer and probe."""
    default = network.open(None)
    card = card_of(default)
    rows = []
    labels = ""
    # a feature file holds one layer, whatever its network has
    readable = {card.layer: str(default.irreps)} if "feature_file" in card.settings else card.layers
    for layer in readable:
        backbone = default if layer == card.layer else network.open(layer)
        for probe in settings.main_probes if layer == card.layer else settings.probes:
            context.note(f"{network.name}, layer {layer}, {probe.solver}, d = {probe.degree}")
            L = backbone.irreps.lmax
            asked = Asked(
                pairs=(settings.pair,),
                probe=probe,
                l_max=law.boundary(L, probe.degree) + ABOVE,
                orientations=settings.orientations,
                forces=False,
                seed=context.seed,
            )
            part = probe_part(context, backbone, shown, asked)
            labels = part["diagnosis"]["verification"]["parity"]
            identity = {"network": network.name, "layer": layer, "default": layer == card.layer}
            rows.append(ceiling(part, identity, context.seed))
    described = {
        "network": network.name,
        "family": network.family,
        "weights": network.weights,
        "parameters": card.parameters,
        "labels": labels,
        "layers": {layer: str(irreps) for layer, irreps in readable.items()},
        "default_layer": card.layer,
        "source": card.source,
        "licence": card.licence,
        "checksums": dict(card.settings),
    }
    return described, rows


def _conclusions(result: dict[str, Any]) -> list[str]:
    """What the figures mean, in words."""
    rows = result["rows"]
    found = [
        what_is_above(result),
        Comparisons(result["tests"]["number"]).sentence(result["settings"]["test"]),
    ]
    for solver in ("free", "mlp", "equivariant"):
        own = [row for row in rows if (row["solver"], row["d"]) == (solver, 2) and row["predicted_boundary"]]
        if own:
            short = [
                f"{row['network']} layer {row['layer']} ({row['measured_boundary']} of {row['predicted_boundary']})"
                for row in own
                if row["measured_boundary"] < row["predicted_boundary"]
            ]
            found.append(
                f"With d = 2, {solver} reaches dL in {len(own) - len(short)} of {len(own)} layers asked"
                + (f"; below it stay {', '.join(short)}." if short else ".")
            )
    random = [network["network"] for network in result["networks"] if network["weights"] == "random"]
    if random:
        found.append(f"Random weights, nothing trained: {', '.join(random)}.")
    return found


def summarise(result: dict[str, Any]) -> "Table":
    from span_theorem.console import table

    columns = (
        "<network",
        "layer",
        "L",
        "d",
        "<solver",
        "dL",
        "measured",
        "ρ(dL)",
        "95%",
        "ρ(dL+1)",
        "95%",
        "parameters",
    )
    rows = table("ceilings of networks on the same aspirin frames, default layers", columns)
    parameters = {network["network"]: network["parameters"] for network in result["networks"]}
    for row in result["rows"]:
        if row["default"]:
            rows.add_row(
                row["network"],
                row["layer"],
                *(str(row[key]) for key in ("L", "d", "solver", "predicted_boundary", "measured_boundary")),
                *cells(row),
                f"{parameters[row['network']]:,}",
            )
    rows.caption = "\n".join(result["conclusions"])
    rows.caption_justify = "left"
    return rows


def draw(result: dict[str, Any]) -> "Figure":
    """ρ(l) of the quadratic probes at the default layers, a panel a network; last, ρ(dL) layer by layer."""
    from matplotlib import pyplot as plt

    from experiments.controls.plot import tidy

    networks = result["networks"]
    columns = 4
    rows = -(-(len(networks) + 1) // columns)  # one more: ρ(dL) by layer
    figure, panels = plt.subplots(
        rows, columns, figsize=(2.1 * columns, 1.8 * rows), layout="constrained", squeeze=False
    )
    axes = panels.ravel()
    for panel, network in zip(axes, networks, strict=False):
        own = [row for row in result["rows"] if row["network"] == network["network"] and row["default"]]
        _panel(panel, [row for row in own if row["d"] == max(row["d"] for row in own)])
        tidy(panel, result["threshold"])
        panel.set_title(_title(network), fontsize=7)
    _layers_panel(axes[len(networks)], result)
    for panel in axes[len(networks) + 1 :]:
        panel.set_axis_off()
    if axes[len(networks)].get_legend_handles_labels()[0]:
        axes[len(networks)].legend(loc="center", fontsize=5, labelspacing=0.15, frameon=False)
    for panel in panels[:, 0]:
        panel.set_ylabel(r"$\rho(l)$", fontsize=8)
    labels = {label: handle for panel in axes[: len(networks)] for handle, label in _legend(panel)}
    figure.legend(
        labels.values(), labels.keys(), loc="outside lower center", ncols=3, fontsize=7, frameon=False
    )
    return figure


def _title(network: dict[str, Any]) -> str:
    family, _, name = network["network"].partition(":")
    random = ", random weights" if network["weights"] == "random" and "random" not in name else ""
    return f"{family}:{name}{random}".replace(", ", ",\n")


def _panel(axes: "Axes", rows: Sequence[dict[str, Any]]) -> None:
    from experiments.controls.plot import curve

    for row in rows:
        found = [degree for degree in row["degrees"] if degree["path"]]
        if found:
            look, colour = LOOKS[row["solver"]]
            label = f"{row['solver']}, $d = {row['d']}$"
            curve(axes, [degree["l"] for degree in found], found, look, color=colour, label=label)
        axes.axvline(row["predicted_boundary"] + 0.5, color="0.3", linestyle="--", linewidth=0.9)
    axes.set_xticks([degree["l"] for degree in rows[0]["degrees"]])
    axes.set_xlabel("$l$", fontsize=8, labelpad=0)


def _legend(axes: "Axes") -> Iterator[tuple[Any, str]]:
    return zip(*axes.get_legend_handles_labels(), strict=True)


def _layers_panel(axes: "Axes", result: dict[str, Any]) -> None:
    """ρ at the boundary of `equivariant`, d = 2, against the layer."""
    from experiments.controls.plot import curve, tidy

    for number, network in enumerate(result["networks"]):
        names = list(network["layers"])
        own = [
            row
            for row in result["rows"]
            if row["network"] == network["network"]
            and row["solver"] == "equivariant"
            and row["d"] == 2
            and row["rho_at"] is not None
        ]
        if len(names) > 1 and own:
            figures = [{"rho": row["rho_at"], "rho_ci": row["rho_at_ci"]} for row in own]
            curve(
                axes,
                [names.index(row["layer"]) for row in own],
                figures,
                color=f"C{number}",
                label=network["network"].partition(":")[2],
            )
    tidy(axes, result["threshold"])
    axes.set_title(r"$\rho(2L)$, equivariant", fontsize=7)
    axes.set_xlabel("layer", fontsize=8, labelpad=0)
