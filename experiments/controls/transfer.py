"""Background: the theorem bounds polynomials in features that carry l ≤ L of one direction; a layer's irreps say how
its features turn with the whole molecule, not what they carry of a single neighbour's direction while everything else
stays where it is. Question: when one neighbour moves over the sphere around the site at fixed distance, how fast does
angular power leak above L with depth, in trained and in untrained networks? Result: the power spectrum of the site's
features over that sphere, per layer, from an exact quadrature.

The moved pair is not chosen by hand: of all bonds, both ways, the one whose sphere keeps the largest distance from
every other atom, since atoms that meet would be a frame no network knows. Three surroundings tell where a leak comes
from: the pair alone, the pair with the one atom that the sphere comes closest to, the whole molecule.

What has to come out, by algebra, and is the check of the measurement:

- After one convolution a feature of order l is Σ_j R(r_j) Y_l(u_j) times a gate that depends on distances to the site
  only. The moved neighbour's part of it is of degree l exactly: nothing above L.
- The pair alone has one direction only, so by equivariance a feature of order l is of degree l at every depth.

Nothing else is bounded: from the second layer on the messages depend on |r_moved - r_k|, which is no polynomial in u.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.backbones.protocol import Backbone, card_of
from experiments.controls.probing import open_layer
from experiments.controls.protocol import Context
from experiments.controls.sphere import (
    ROUNDING,
    SYSTEMS,
    Array,
    Move,
    above,
    choose_move,
    features_over_sphere,
    powers,
    shares,
)
from experiments.controls.untrained import untrained
from experiments.data.frames import Frames
from experiments.seeds import generator
from experiments.split import draw as draw_frames
from numerics.bootstrap import RESAMPLES
from numerics.quadrature import sphere_quadrature
from span_theorem.errors import InputError, MissingPackage

if TYPE_CHECKING:
    from e3nn.o3 import Irreps
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from rich.table import Table


@dataclass(frozen=True)
class Network:
    """A network to measure.

    Attributes:
        name: how results refer to it.
        family: kind of network; with the order L it makes the group that replicates are averaged over.
        weights: ``trained`` or ``initial``.
        open: gives its backbone at a layer, ``None`` for the default one.
        n_frames: frames it is shown, at most; ``None`` for all.
    """

    name: str
    family: str
    weights: str
    open: Callable[[str | None], Backbone]
    n_frames: int | None = None


def _initial(spec: str, layer: str | None) -> Backbone:
    return untrained(spec.removeprefix("nequip:"), layer)


TRAINED = tuple(f"nequip:aspirin-rmd17-{name}" for name in ("0", "1", "2", "3", "l1", "l3"))

NETWORKS = (
    *(Network(spec, "NequIP", "trained", partial(open_layer, spec)) for spec in TRAINED),
    *(Network(spec, "NequIP", "initial", partial(_initial, spec)) for spec in TRAINED),
    Network("nequip:aspirin-random", "NequIP", "initial", partial(open_layer, "nequip:aspirin-random")),
    # its five layers cost 15 times as much as a NequIP's three
    Network("sevennet:7net-0", "SevenNet", "trained", partial(open_layer, "sevennet:7net-0"), n_frames=3),
)


@dataclass(frozen=True)
class Settings:
    """What is measured on what.

    Attributes:
        networks: see :class:`Network`.
        frames: frames of one molecule, as ``--frames`` takes them.
        n_frames: frames to draw.
        degree: of the quadrature.
        l_report: highest degree that is told apart; power above it is given as one figure.
    """

    networks: tuple[Network, ...] = NETWORKS
    frames: str = "embedded:test"
    n_frames: int = 8
    degree: int = 24
    l_report: int = 10

    def to_dict(self) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in ("frames", "n_frames", "degree", "l_report")}
        return values | {"rounding": ROUNDING, "resamples": RESAMPLES}


def measure(
    backbone: Backbone, order: int, frames: Frames, move: Move, settings: Settings
) -> dict[str, dict[str, Any]]:
    """Power at one layer, by system: ``power`` (n_frames, orders, l_report + 2); ``channels`` (channels, l_report + 2),
    the mean over frames for every channel in order of the irreps; and ``median_channel`` (n_frames,), the share above
    ``order`` that the median channel has.
    """
    rule = sphere_quadrature(settings.degree)
    orders = _orders(backbone)
    result = {}
    for system in SYSTEMS:
        power = np.zeros((len(frames), len(orders), settings.l_report + 2))
        every = np.zeros((sum(count for count, _ in backbone.irreps), settings.l_report + 2))
        median: list[float | None] = []
        for index, positions in enumerate(frames.positions):
            values = features_over_sphere(backbone, frames.numbers, positions, move, system, rule.directions)
            blocks = powers(values, backbone.irreps, rule, settings.l_report)
            for (_, irrep), block in zip(backbone.irreps, blocks, strict=True):
                power[index, orders.index(irrep.l)] += block.sum(axis=0)
            every += np.concatenate(blocks) / len(frames)
            channels = above(np.concatenate(blocks), order)
            median.append(None if np.isnan(channels).all() else float(np.nanmedian(channels)))
        result[system] = {"power": power.tolist(), "channels": every.tolist(), "median_channel": median}
    return result


def _orders(backbone: Backbone) -> list[int]:
    return sorted({irrep.l for _, irrep in backbone.irreps})


def run(context: Context, settings: Settings | None = None) -> dict[str, Any]:
    from experiments.data import load

    settings = settings or Settings()
    frames = draw_frames(load(settings.frames), settings.n_frames, context.seed)
    move = choose_move(frames)
    networks, layers, skipped = [], [], []
    for network in settings.networks:
        try:
            found = _network_layers(network, frames, move, settings, context)
        except (MissingPackage, ModuleNotFoundError) as error:
            skipped.append({"what": network.name, "reason": str(error)})
            continue
        networks.append(found[0])
        layers += found[1]
    if not networks:
        raise MissingPackage(skipped[0]["reason"] if skipped else "there is no network to measure")
    groups = _groups(layers, context.seed)
    result = {
        "agrees": not _leaks(layers, _bounded),
        "settings": settings.to_dict(),
        "frames": frames.to_dict(),
        "move": asdict(move) | {"elements": frames.numbers[[move.site, move.moved, move.third]].tolist()},
        "groups": groups,
        "trained_minus_initial": _training_effect(layers, context.seed),
        "networks": networks,
        "layers": [{key: value for key, value in entry.items() if key != "raw"} for entry in layers],
        "skipped": skipped,
    }
    return result | {"conclusions": _conclusions(result)}


def _network_layers(
    network: Network, frames: Frames, move: Move, settings: Settings, context: Context
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What a network is, and its figures layer by layer."""
    from e3nn.o3 import Irreps

    default = network.open(None)
    card = card_of(default)
    order = max(Irreps(irreps).lmax for irreps in card.layers.values())
    if order > settings.l_report:
        raise InputError(f"backbone {network.name} has order {order}: expected at most {settings.l_report}")
    shown = frames.select(np.arange(min(len(frames), network.n_frames or len(frames))))
    identity = {"network": network.name, "weights": network.weights, "L": order}
    group = f"{network.family}, L = {order}"
    entries = []
    for depth, (layer, irreps) in enumerate(card.layers.items()):
        context.note(f"{network.name} ({network.weights}), layer {layer}")
        key = {
            **identity,
            "checksums": dict(card.settings),
            "layer": layer,
            "frames": shown.checksum,
            "move": asdict(move),
            "settings": {"degree": settings.degree, "l_report": settings.l_report},
        }

        def compute(layer: str = layer) -> dict[str, Any]:
            backbone = default if layer == card.layer else network.open(layer)
            return measure(backbone, order, shown, move, settings)

        part = context.store.get(key, compute)
        names = sorted({irrep.l for _, irrep in Irreps(irreps)})
        entries.append(
            {
                **identity,
                "group": group,
                "layer": layer,
                "depth": depth,
                "irreps": irreps,
                "systems": {system: _figures(part[system], names, order, context.seed) for system in SYSTEMS},
                "channels": _channels(np.array(part["molecule"]["channels"]), Irreps(irreps)),
                "raw": {system: np.array(part[system]["power"]).sum(axis=1) for system in SYSTEMS},
            }
        )
    described = {
        "group": group,
        "parameters": card.parameters,
        "source": card.source,
        "checksums": dict(card.settings),
        "n_frames": len(shown),
    }
    return identity | described, entries


def _figures(part: dict[str, Any], orders: Sequence[int], L: int, seed: int) -> dict[str, Any]:
    """Figures of one network, layer and system, averaged over frames."""
    power = np.array(part["power"])  # (n_frames, orders, l_report + 2)
    total = power.sum(axis=1)
    median = [value for value in part["median_channel"] if value is not None]
    # above L, and nothing at all, count as rounding by the same measure: the mean square of the features
    leak = (total[:, L + 1 :].sum(axis=1) / total.sum(axis=1)).max()
    figures = _spectrum(total[None], L, seed)
    by_degree = figures.pop("degrees")  # their intervals are given for groups only
    return figures | {
        "shares": [degree["share"] for degree in by_degree],
        "ends_at_L": bool(leak < ROUNDING),
        "leak": float(leak),
        "median_channel": float(np.mean(median)) if median else None,
        "orders": [
            {"order": order, "above": _mean(above(power[:, index], L))} for index, order in enumerate(orders)
        ],
    }


def _channels(power: Array, irreps: "Irreps") -> list[dict[str, Any]]:
    """Power spectrum of every channel in the molecule, mean over frames: shares of l = 1, 2, … and of all above those
    told apart; ``None`` for a channel that does not vary.
    """
    orders = [irrep.l for count, irrep in irreps for _ in range(count)]
    return [
        {"order": order, "shares": None if np.isnan(row).any() else row.round(6).tolist()}
        for order, row in zip(orders, shares(power), strict=True)
    ]


def _mean(values: Array) -> float | None:
    """Mean over frames; ``None`` where the power of a frame does not vary."""
    return None if np.isnan(values).any() else float(values.mean())


def _spectrum(total: Array, L: int, seed: int) -> dict[str, Any]:
    """Shares by degree and above L with 95 % intervals.

    Args:
        total: (n_networks, n_frames, l_report + 2) power of the whole feature.
        L: order of the networks.
        seed: of the bootstrap.
    """
    varying = float((total[..., 1:].sum(axis=-1) / total.sum(axis=-1)).mean())
    by_degree = shares(total)
    if np.isnan(by_degree).any():
        return {
            "varying": varying,
            "above": None,
            "above_ci": None,
            "l99": None,
            "degrees": [],
            "beyond": None,
        }
    # the last column is the share above L: one bootstrap for all figures
    figures = np.concatenate([by_degree, above(total, L)[..., None]], axis=2)
    mean = figures.mean(axis=(0, 1))
    low, high = _interval(figures, seed)
    return {
        "varying": varying,
        "above": float(mean[-1]),
        "above_ci": [float(low[-1]), float(high[-1])],
        "l99": _reaches(mean[:-1], 0.99),
        "degrees": [
            {"l": l, "share": float(mean[l - 1]), "share_ci": [float(low[l - 1]), float(high[l - 1])]}
            for l in range(1, by_degree.shape[2])
        ],
        "beyond": float(mean[-2]),  # above the highest degree told apart
    }


def _interval(values: Array, seed: int) -> tuple[Array, Array]:
    """95 % percentile interval of the mean over networks and frames, both resampled.

    Every network is shown the same frames, so the two are crossed: one draw of frames serves all networks.

    Args:
        values: (n_networks, n_frames, k).
        seed: of the resampling.

    Returns:
        Lower and upper ends, (k,) each.
    """
    rng = generator(seed, "control-transfer")
    networks, frames = (rng.multinomial(n, np.full(n, 1 / n), size=RESAMPLES) / n for n in values.shape[:2])
    means = np.einsum("rn,rf,nfk->rk", networks, frames, values, optimize=True)
    low, high = np.percentile(means, [2.5, 97.5], axis=0)
    return low, high


def _reaches(by_degree: Array, share: float) -> int | None:
    """The lowest degree up to which ``share`` of the power lies; ``None`` if it is above those told apart."""
    reached = np.flatnonzero(np.cumsum(by_degree[:-1]) >= share)
    return int(reached[0]) + 1 if len(reached) else None


def _groups(layers: Sequence[dict[str, Any]], seed: int) -> list[dict[str, Any]]:
    """Replicates together: family, order, weights and layer."""
    members: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for entry in layers:
        members.setdefault((entry["group"], entry["weights"], entry["depth"]), []).append(entry)
    return [
        {
            "group": group,
            "weights": weights,
            "L": entries[0]["L"],
            "layer": entries[0]["layer"],
            "depth": depth,
            "n_networks": len(entries),
            "systems": {
                system: _spectrum(
                    np.stack([entry["raw"][system] for entry in entries]), entries[0]["L"], seed
                )
                for system in SYSTEMS
            },
        }
        for (group, weights, depth), entries in members.items()
    ]


def _training_effect(layers: Sequence[dict[str, Any]], seed: int) -> list[dict[str, Any]]:
    """What training adds to the share above L in the molecule: each network against its own initial weights."""
    by_weights = {(entry["network"], entry["depth"], entry["weights"]): entry for entry in layers}
    differences: dict[tuple[str, int], list[Array]] = {}
    for (network, depth, weights), entry in by_weights.items():
        initial = by_weights.get((network, depth, "initial"))
        if weights != "trained" or initial is None:
            continue
        ends = [above(one["raw"]["molecule"], one["L"]) for one in (entry, initial)]
        differences.setdefault((entry["group"], depth), []).append(ends[0] - ends[1])
    result = []
    for (group, depth), values in differences.items():
        stacked = np.stack(values)[..., None]
        if not np.isnan(stacked).any():
            low, high = _interval(stacked, seed)
            ci = [float(low[0]), float(high[0])]
            result.append(
                {"group": group, "depth": depth, "n_networks": len(values)}
                | {"above": float(stacked.mean()), "above_ci": ci}
            )
    return result


def _bounded(depth: int, system: str) -> bool:
    """Where algebra forbids any power above L (see the module's docstring)."""
    return depth == 0 or system == "pair"


def _leaks(layers: Sequence[dict[str, Any]], where: Callable[[int, str], bool]) -> list[str]:
    """The networks and layers with power above L, of those asked for."""
    return [
        f"{entry['network']} ({entry['weights']}) layer {entry['layer']}, {system}"
        for entry in layers
        for system, figures in entry["systems"].items()
        if where(entry["depth"], system) and not figures["ends_at_L"]
    ]


def _conclusions(result: dict[str, Any]) -> list[str]:
    """What the figures mean, in words."""
    layers = result["layers"]
    first = _leaks(layers, lambda depth, system: depth == 0)
    alone = _leaks(layers, lambda depth, system: system == "pair")
    deeper = [
        figures["above"]
        for entry in layers
        if entry["depth"] > 0 and (figures := entry["systems"]["molecule"])["above"] is not None
    ]
    found = [
        "After the first layer there is power above L: " + ", ".join(first)
        if first
        else "After one convolution the site's features carry no degree above L of the moved neighbour's direction.",
        "With site and neighbour alone there is power above L: " + ", ".join(alone)
        if alone
        else "With site and neighbour alone none does at any depth, so what leaks in larger surroundings "
        "comes from the other atoms.",
    ]
    if deeper:
        found.append(
            f"From the second layer on, in the whole molecule, {min(deeper):.1%} to {max(deeper):.1%} of the power "
            "that varies lies above L."
        )
    differences = [
        f"{one['above']:+.2f} [{one['above_ci'][0]:+.2f}, {one['above_ci'][1]:+.2f}] ({one['group']}, "
        f"n = {one['n_networks']}, layer {one['depth']})"
        for one in result["trained_minus_initial"]
        if one["depth"] > 0
    ]
    if differences:
        found.append(
            f"That share in trained networks less that with their initial weights: {', '.join(differences)}."
        )
    found.append(
        "Scope: in one neighbour's direction with the rest held fixed, polynomials of degree d are bounded by "
        "dL only where the features themselves end at L, which is after one convolution. Deeper features carry "
        "more, so that bound does not hold there. What bounds a probe of them is the other law, under rotations "
        "of the whole molecule: products of d features of order up to L contain no order above dL."
    )
    return found


def summarise(result: dict[str, Any]) -> "Table":
    from span_theorem.console import table

    move = result["move"]
    rows = table(
        f"share of angular power above L: atom {move['moved']} moved around atom {move['site']}, "
        f"closest approach {move['closest']:.2f} Å",
        ("<networks", "<weights", "layer", *SYSTEMS, "95% interval", "varying"),
    )
    for group in result["groups"]:
        systems = group["systems"]
        molecule = systems["molecule"]
        rows.add_row(
            f"{group['group']} (n = {group['n_networks']})",
            group["weights"],
            group["layer"],
            *(_short(systems[system]["above"]) for system in SYSTEMS),
            " … ".join(map(_short, molecule["above_ci"])) if molecule["above_ci"] else "",
            _short(molecule["varying"]),
        )
    rows.caption = "\n".join(
        ["varying: share of the features' mean square that depends on the direction", *result["conclusions"]]
    )
    rows.caption_justify = "left"
    return rows


def _short(share: float | None) -> str:
    if share is None:
        return "constant"
    return f"{share:.3f}" if share >= 5e-4 else f"{share:.0e}"


def draw(result: dict[str, Any]) -> "Figure":
    """Power by degree in the molecule, a panel a depth; last, the share above L against depth."""
    from matplotlib import pyplot as plt

    groups = [group for group in result["groups"] if group["systems"]["molecule"]["degrees"]]
    names = list(dict.fromkeys(group["group"] for group in groups))
    depths = sorted({group["depth"] for group in groups})
    columns = min(3, len(depths) + 1)
    rows = -(-(len(depths) + 1) // columns)
    figure, panels = plt.subplots(
        rows, columns, figsize=(2.6 * columns, 2.3 * rows), layout="constrained", squeeze=False
    )
    axes = panels.ravel()
    for panel, depth in zip(axes, depths, strict=False):
        for group in groups:
            if group["depth"] == depth:
                degrees = group["systems"]["molecule"]["degrees"]
                _curve(
                    panel,
                    [degree["l"] for degree in degrees],
                    [degree["share"] for degree in degrees],
                    [degree["share_ci"] for degree in degrees],
                    (names.index(group["group"]), group["weights"]),
                )
        panel.set_yscale("log")
        panel.set_title(f"layer {depth}", fontsize=9)
        panel.set_xticks(range(1, result["settings"]["l_report"] + 1))
        panel.tick_params(labelsize=7)
        panel.set_xlabel("degree $l$ of the direction", fontsize=8)
        panel.set_ylabel("share of power", fontsize=8)
    _depth_panel(axes[len(depths)], groups, names)
    figure.legend(
        *axes[len(depths)].get_legend_handles_labels(),
        loc="outside lower center",
        ncols=4,
        fontsize=7,
        frameon=False,
    )
    for panel in axes[len(depths) + 1 :]:
        panel.set_visible(False)
    for panel in axes:
        panel.spines[["top", "right"]].set_visible(False)
    return figure


def _depth_panel(panel: "Axes", groups: Sequence[dict[str, Any]], names: Sequence[str]) -> None:
    for number, name in enumerate(names):
        for weights in ("trained", "initial"):
            curve = [group for group in groups if (group["group"], group["weights"]) == (name, weights)]
            if curve:
                found = [group["systems"]["molecule"] for group in curve]
                _curve(
                    panel,
                    [group["depth"] for group in curve],
                    [figures["above"] for figures in found],
                    [figures["above_ci"] for figures in found],
                    (number, weights),
                    f"{name}, {weights}",
                )
    panel.set_title("share above $L$", fontsize=9)
    panel.set_xlabel("layer", fontsize=8)
    panel.set_xticks(sorted({group["depth"] for group in groups}))
    panel.tick_params(labelsize=7)


def _curve(
    panel: "Axes",
    x: Sequence[int],
    y: Sequence[float],
    intervals: Sequence[Sequence[float]],
    look: tuple[int, str],
    label: str | None = None,
) -> None:
    """One group: colour by network, trained filled and solid, initial hollow and dashed."""
    number, weights = look
    colour = f"C{number}"
    panel.plot(
        x,
        y,
        "-o" if weights == "trained" else "--o",
        color=colour,
        markerfacecolor=colour if weights == "trained" else "white",
        markersize=3,
        linewidth=1.2,
        label=label,
    )
    low, high = zip(*intervals, strict=True)
    panel.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0)
