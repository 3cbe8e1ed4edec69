"""Background: the diagnostic usually marks one direction at one atom; a ceiling that depended on that choice would be
no property of the network. Question: over all bonds of aspirin, all layers, and features read at either end, at a
bonded neighbour or summed over the molecule, is ρ(5) anywhere different from zero, and where is ρ(4) high, and why?
Result: a map of ρ(4) on the drawing of the molecule, its means by kind of bond, and what goes with it.

4 stands for dL and 5 for dL+1 of the networks measured. ρ(4) is that of `equivariant`, the limit of `free` for many
orientations; it has no path to 5, so ρ(5) is that of `free`, at every bond, read at either end, in few orientations,
and at some in many.

A bond has two ends a and b. The direction a→b read at b is the direction b→a read at b with the sign of odd harmonics
changed, which no figure sees: every bond is therefore marked in both directions, each read at its own start, and that
is either end. A neighbour is an atom bonded to the start, other than the end. The molecule is the sum of the features
over its atoms. An atom is named by its element and the number of its bonds, with r in a ring: C3r is aromatic carbon.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from experiments.backbones.protocol import Backbone, card_of
from experiments.controls.bond_graph import BondGraph, bond_graph, flat_drawing, sway
from experiments.controls.derived import MoleculeSum
from experiments.controls.molecule_map import draw_bonds
from experiments.controls.probing import Sample, open_layer, pooled, probe_part, sample
from experiments.controls.protocol import Context
from experiments.controls.simultaneous import Comparisons, is_there, none_there
from experiments.crosscheck import NOT_TESTED, TESTED, THRESHOLD
from experiments.diagnosis import Settings as Asked
from experiments.direction import MarkedPair
from experiments.seeds import generator
from experiments.spn import Probe
from numerics.bootstrap import RESAMPLES, percentile_interval
from span_theorem import law
from span_theorem.errors import MissingPackage

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from rich.table import Table

READINGS = ("end", "neighbour", "molecule")


@dataclass(frozen=True)
class Settings:
    """What is measured on what.

    Attributes:
        networks: names of backbones; the first is read everywhere, the others at the ends of bonds only.
        open: gives a backbone from its name and a layer, ``None`` for the default one.
        training, test: frames, as ``--frames`` takes them.
        n_train, n_test: frames drawn.
        degree: d.
        orientations: of every training frame, for `free` at every bond.
        more_orientations: the same at some.
    """

    networks: tuple[str, ...] = ("nequip:aspirin-gfn2-0", "nequip:aspirin-gfn2-1")
    open: Callable[[str, str | None], Backbone] = open_layer
    training: str = "embedded:train"
    test: str = "embedded:test"
    n_train: int = 300
    n_test: int = 150
    degree: int = 2
    orientations: int = 4
    more_orientations: int = 12

    def to_dict(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "open"} | {
            "networks": list(self.networks)
        }


@dataclass(frozen=True)
class Spot:
    """Where a direction is read.

    Attributes:
        layer: of the network.
        reading: one of :data:`READINGS`.
        read: the atom read; ``None`` for all of them.
        pair: the marked direction.
    """

    layer: str
    reading: str
    read: int | None
    pair: MarkedPair

    def to_dict(self) -> dict[str, Any]:
        return {"layer": self.layer, "reading": self.reading, "read": self.read, **asdict(self.pair)}


def spots(graph: BondGraph, layer: str, readings: Sequence[str] = READINGS) -> Iterator[Spot]:
    """Every place a direction is read at, those of one atom one after another."""
    bonds = [MarkedPair(a, b) for a in range(graph.n_atoms) for b in graph.neighbours(a)]
    if "end" in readings:
        yield from (Spot(layer, "end", pair.site, pair) for pair in bonds)
    if "neighbour" in readings:
        for read in range(graph.n_atoms):
            near = [pair for pair in bonds if pair.site in graph.neighbours(read) and pair.toward != read]
            yield from (Spot(layer, "neighbour", read, pair) for pair in near)
    if "molecule" in readings:
        yield from (Spot(layer, "molecule", None, pair) for pair in bonds if pair.site < pair.toward)


class _Map:
    """One network on one sample.

    Raises:
        MissingPackage: the network needs a package that is not installed.
    """

    def __init__(self, name: str, settings: Settings, shown: Sample, context: Context):
        from e3nn.o3 import Irreps

        self.name, self._shown, self._context = name, shown, context
        self.card = card_of(settings.open(name, None))
        # a layer of scalars carries no direction at all
        layers = [layer for layer, irreps in self.card.layers.items() if Irreps(irreps).lmax]
        self._backbones = {layer: settings.open(name, layer) for layer in layers}
        self.order = max(backbone.irreps.lmax for backbone in self._backbones.values())
        self.boundary = law.boundary(self.order, settings.degree)

    @property
    def layers(self) -> list[str]:
        return list(self._backbones)

    def to_dict(self) -> dict[str, Any]:
        return {
            "network": self.name,
            "L": self.order,
            "boundary": self.boundary,
            "layers": self.layers,
            "parameters": self.card.parameters,
            "checksums": dict(self.card.settings),
        }

    def read(self, asked: Sequence[Spot], probe: Probe, orientations: int) -> list[dict[str, Any]]:
        """Figures and sums of spots, one diagnosis for those that share layer and features."""
        found: dict[Spot, dict[str, Any]] = {}
        for spot in asked:
            if spot not in found:
                same = [
                    other
                    for other in asked
                    if (other.layer, other.reading) == (spot.layer, spot.reading)
                    and (other.read == spot.read or spot.reading == "end")
                ]
                for one, part in zip(same, self._diagnose(same, probe, orientations), strict=True):
                    found[one] = part
        return [found[spot] for spot in asked]

    def _diagnose(self, same: Sequence[Spot], probe: Probe, orientations: int) -> Iterator[dict[str, Any]]:
        first = same[0]
        backbone = self._backbones[first.layer]
        if first.reading == "molecule":
            backbone = MoleculeSum(backbone)
        self._context.note(
            f"{self.name}, layer {first.layer}, {first.reading} {first.read if first.reading == 'neighbour' else ''}, "
            f"{len(same)} directions, {probe.solver}"
        )
        asked = Asked(
            pairs=tuple(spot.pair for spot in same),
            probe=probe,
            l_max=self.boundary + 1,
            orientations=orientations,
            forces=False,
            read_at=first.read if first.reading == "neighbour" else None,
            seed=self._context.seed,
        )
        part = probe_part(self._context, backbone, self._shown, asked)
        for pair, sums in zip(part["diagnosis"]["pairs"], part["sums"], strict=True):
            yield {"degrees": pair["degrees"], "sums": sums}


def run(context: Context, settings: Settings | None = None) -> dict[str, Any]:
    settings = settings or Settings()
    shown = sample(settings.training, settings.test, settings.n_train, settings.n_test, context.seed)
    graph = bond_graph(shown.training)
    maps, spotted, skipped = [], [], []
    for name in settings.networks:
        try:
            one = _Map(name, settings, shown, context)
        except (MissingPackage, ModuleNotFoundError) as error:
            skipped.append({"what": name, "reason": str(error)})
            continue
        maps.append(one)
        readings = READINGS if len(maps) == 1 else ("end",)
        asked = [spot for layer in one.layers for spot in spots(graph, layer, readings)]
        found = one.read(asked, Probe("equivariant", settings.degree), orientations=1)
        spotted += [(one, spot, part) for spot, part in zip(asked, found, strict=True)]
    if not maps:
        raise MissingPackage(skipped[0]["reason"] if skipped else "there is no network to measure")
    networks = [one.to_dict() for one in maps]
    entries = [
        {
            "network": one.name,
            **spot.to_dict(),
            "kind": graph.kind(spot.pair, ordered=spot.reading != "molecule"),
        }
        | {"degrees": _degrees(part)[: one.boundary]}
        for one, spot, part in spotted
    ]
    above = _above(
        maps[0], [(spot, part) for one, spot, part in spotted if one is maps[0]], settings, context
    )
    result = {
        "agrees": none_there(
            is_there(entry["above"]["lower"], entry["above"]["upper"]) for entry in above["entries"]
        ),
        "scope": [TESTED, NOT_TESTED],
        "settings": settings.to_dict(),
        "frames": shown.to_dict(),
        "threshold": THRESHOLD,
        "molecule": {
            "symbols": list(graph.symbols),
            "names": [graph.name(atom) for atom in range(graph.n_atoms)],
            "bonds": [list(bond) for bond in graph.bonds],
            "drawing": flat_drawing(shown.training.positions[0]).tolist(),
        },
        "networks": networks,
        "spots": entries,
        "kinds": _kinds(entries, [part for _, _, part in spotted], context.seed),
        "above": above,
        "reasons": _reasons(entries, shown, graph, context.seed),
        "replicates": _replicates(entries, networks),
        "skipped": skipped,
    }
    return result | {"conclusions": _conclusions(result)}


def _degrees(part: dict[str, Any]) -> list[dict[str, Any]]:
    return [{key: found[key] for key in ("l", "rho", "rho_ci")} for found in part["degrees"]]


def _at(entry: dict[str, Any]) -> float:
    """ρ at the boundary."""
    return entry["degrees"][-1]["rho"]


def _above(
    one: _Map, found: Sequence[tuple[Spot, dict[str, Any]]], settings: Settings, context: Context
) -> dict[str, Any]:
    """ρ just above the boundary by `free`: at both ends of every bond and layer, and in more orientations at some."""

    def ranked(reading: str) -> list[Spot]:
        own = [
            (spot, part) for spot, part in found if spot.layer == one.layers[-1] and spot.reading == reading
        ]
        return [spot for spot, _ in sorted(own, key=lambda item: item[1]["degrees"][one.boundary - 1]["rho"])]

    ends = ranked("end")
    some = [ends[-1], ends[len(ends) // 2], ends[0]]
    some += [ranked(reading)[-1] for reading in ("neighbour", "molecule") if ranked(reading)]
    every = [spot for spot, _ in found if spot.reading == "end"]
    cases = [(spot, settings.orientations) for spot in every] + [
        (spot, settings.more_orientations) for spot in some
    ]
    probe = Probe("free", settings.degree)
    tests = Comparisons(len(cases))
    entries = []
    for spot, orientations in cases:
        (part,) = one.read([spot], probe, orientations)
        summary = pooled([{"sums": [part["sums"]]}], context.seed, "control-where")
        entries.append(
            {**spot.to_dict(), "orientations": orientations, "at": _degrees(part)[one.boundary - 1]}
            | {"above": tests.figures(summary, one.boundary + 1)}
        )
    return {
        "network": one.name,
        "tests": tests.to_dict(),
        "intervals_above_zero": sum(entry["above"]["rho_ci"][0] > 0 for entry in entries),
        "intervals_below_zero": sum(entry["above"]["rho_ci"][1] < 0 for entry in entries),
        "bounds_above_zero": sum(entry["above"]["lower"] > 0 for entry in entries),
        "expected_by_chance": 0.025 * len(entries),
        "entries": entries,
    }


def _kinds(
    entries: Sequence[dict[str, Any]], parts: Sequence[dict[str, Any]], seed: int
) -> list[dict[str, Any]]:
    """Mean ρ at the boundary by kind of bond, with intervals over bonds and frames."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for index, entry in enumerate(entries):
        keys = (*(entry[key] for key in ("network", "layer", "reading")), entry["kind"])
        groups.setdefault(keys, []).append(index)
        groups.setdefault((*keys[:3], "all"), []).append(index)
    result = []
    for (network, layer, reading, kind), members in groups.items():
        summary = pooled([{"sums": [parts[index]["sums"] for index in members]}], seed, "control-where")
        found = summary.degrees[len(entries[members[0]]["degrees"]) - 1]
        result.append(
            {"network": network, "layer": layer, "reading": reading, "kind": kind, "n": len(members)}
            | {"l": found.l, "rho": found.rho, "rho_ci": list(found.rho_ci)}
        )
    return result


def _reasons(
    entries: Sequence[dict[str, Any]], shown: Sample, graph: BondGraph, seed: int
) -> list[dict[str, Any]]:
    """Rank correlation of ρ at the boundary, read at ends, with what a bond is like."""
    from scipy.stats import rankdata

    rng = generator(seed, "control-where reasons")
    result = []
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for entry in entries:
        if entry["reading"] == "end":
            groups.setdefault((entry["network"], entry["layer"]), []).append(entry)
    for (network, layer), own in groups.items():
        pairs = [MarkedPair(entry["site"], entry["toward"]) for entry in own]
        candidates = {
            "sway of the direction": [sway(shown.training, pair) for pair in pairs],
            "like neighbours of the site": [graph.like_neighbours(pair) for pair in pairs],
            "bonds of the site": [len(graph.neighbours(pair.site)) for pair in pairs],
            "bond length": [pair.lengths(shown.training).mean() for pair in pairs],
        }
        rho = np.array([_at(entry) for entry in own])
        drawn = rng.integers(len(own), size=(RESAMPLES, len(own)))
        for what, values in candidates.items():
            ranks = [rankdata(np.asarray(column)) for column in (values, rho)]
            redrawn = [rankdata(np.asarray(column)[drawn], axis=1) for column in (values, rho)]
            low, high = percentile_interval(_correlation(*redrawn)[:, None])[0]
            result.append(
                {"network": network, "layer": layer, "what": what, "n": len(own)}
                | {"rank_correlation": float(_correlation(*ranks)), "ci": [float(low), float(high)]}
            )
    return result


def _correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlation along the last axis, zero where one of both does not vary."""
    x, y = (values - values.mean(axis=-1, keepdims=True) for values in (x, y))
    size = np.sqrt((x**2).sum(axis=-1) * (y**2).sum(axis=-1))
    return np.divide((x * y).sum(axis=-1), size, out=np.zeros_like(size), where=size > 1e-12)


def _replicates(
    entries: Sequence[dict[str, Any]], networks: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Whether the map is the molecule's or the network's: the first network's against each other one's."""
    from scipy.stats import spearmanr

    def rho(network: str, layer: str) -> list[float]:
        return [
            _at(entry)
            for entry in entries
            if (entry["network"], entry["layer"], entry["reading"]) == (network, layer, "end")
        ]

    first = networks[0]
    return [
        {"networks": [first["network"], other["network"]], "layer": layer}
        | {
            "rank_correlation": float(
                spearmanr(rho(first["network"], layer), rho(other["network"], layer)).statistic
            )
        }
        for other in networks[1:]
        for layer in first["layers"]
        if layer in other["layers"]
    ]


def _conclusions(result: dict[str, Any]) -> list[str]:
    """What the figures mean, in words."""
    above, first = result["above"], result["networks"][0]
    l, tests = first["boundary"], above["tests"]["number"]
    worst = max(above["entries"], key=lambda entry: entry["above"]["rho"])
    found = [
        f"ρ({l + 1}) by free in {tests} tests: largest {worst['above']['rho']:.4f}, {above['intervals_above_zero']} "
        f"intervals above zero and {above['intervals_below_zero']} below ({above['expected_by_chance']:.1f} each "
        f"expected by chance), {above['bounds_above_zero']} bounds above zero that hold together; the largest "
        f"upper bound is {max(entry['above']['upper'] for entry in above['entries']):.3f}. The same fits find "
        f"ρ({l}) of {min(entry['at']['rho'] for entry in above['entries']):.2f} to "
        f"{max(entry['at']['rho'] for entry in above['entries']):.2f}."
    ]
    for layer in first["layers"]:
        kinds = [
            kind
            for kind in result["kinds"]
            if (kind["network"], kind["layer"], kind["reading"]) == (first["network"], layer, "end")
            and kind["kind"] != "all"
        ]
        kinds.sort(key=lambda kind: -kind["rho"])
        best, last = kinds[0], kinds[-1]
        found.append(
            f"Layer {layer}, read at an end: ρ({l}) is highest for {best['kind']} ({best['rho']:.2f}) and lowest for "
            f"{last['kind']} ({last['rho']:.2f})."
        )
    clear = [
        f"{reason['what']} ({reason['rank_correlation']:+.2f}, layer {reason['layer']})"
        for reason in result["reasons"]
        if reason["network"] == first["network"] and (reason["ci"][0] > 0 or reason["ci"][1] < 0)
    ]
    asked = sum(reason["network"] == first["network"] for reason in result["reasons"])
    if clear:
        found.append(f"What goes with ρ({l}) by rank, of {asked} tests: {', '.join(clear)}.")
    for pair in result["replicates"]:
        found.append(
            f"Layer {pair['layer']}: the maps of {' and '.join(pair['networks'])} agree with a rank correlation of "
            f"{pair['rank_correlation']:.2f}."
        )
    return found


def _table(result: dict[str, Any], network: str) -> tuple[list[tuple[str, str]], list[dict[str, Any]]]:
    """Columns (layer, reading) of a network, and the kinds of bond by ρ in the last layer read at an end."""
    own = [kind for kind in result["kinds"] if kind["network"] == network]
    columns = list(dict.fromkeys((kind["layer"], kind["reading"]) for kind in own))
    last = next(entry["layers"][-1] for entry in result["networks"] if entry["network"] == network)
    order = sorted(
        (kind for kind in own if (kind["layer"], kind["reading"]) == (last, "end")),
        key=lambda kind: -kind["rho"],
    )
    return columns, order


def summarise(result: dict[str, Any]) -> "Table":
    from span_theorem.console import table

    network = result["networks"][0]["network"]
    columns, order = _table(result, network)
    ends = [(layer, reading) for layer, reading in columns if reading == "end"]
    l = result["networks"][0]["boundary"]
    rows = table(
        f"ρ({l}) of {network} read at an end of a bond, by kind of bond",
        ("<read at, toward", "n", *(f"layer {layer}" for layer, _ in ends)),
    )
    for kind in order:
        found = [_kind(result, network, layer, reading, kind["kind"]) for layer, reading in ends]
        rows.add_row(kind["kind"], str(kind["n"]), *(_cell(one) for one in found))
    rows.caption = "\n".join(result["conclusions"])
    rows.caption_justify = "left"
    return rows


def _kind(result: dict[str, Any], network: str, layer: str, reading: str, kind: str) -> dict[str, Any] | None:
    wanted = (network, layer, reading, kind)
    keys = ("network", "layer", "reading", "kind")
    return next((one for one in result["kinds"] if tuple(one[key] for key in keys) == wanted), None)


def _cell(kind: dict[str, Any] | None) -> str:
    return "" if kind is None else f"{kind['rho']:.3f} [{kind['rho_ci'][0]:.3f}, {kind['rho_ci'][1]:.3f}]"


def draw(result: dict[str, Any]) -> "Figure":
    """The molecule with its bonds coloured by ρ, a row a layer and a column a reading; below, the kinds of bond."""
    from matplotlib import pyplot as plt
    from matplotlib.colors import Normalize

    first = result["networks"][0]
    layers = first["layers"]
    figure = plt.figure(figsize=(7.4, 2.1 * len(layers) + 2.6), layout="constrained")
    grid = figure.add_gridspec(len(layers) + 1, len(READINGS), height_ratios=[2] * len(layers) + [2.2])
    norm, colours = Normalize(0, 1), plt.get_cmap("viridis")
    for row, layer in enumerate(layers):
        for column, reading in enumerate(READINGS):
            axes = figure.add_subplot(grid[row, column])
            _drawing(axes, result, layer, reading, lambda rho: colours(norm(rho)))
            where = {"end": "read at the nearer end", "neighbour": "at a neighbour of the nearer end"}
            axes.set_title(f"layer {layer}, {where.get(reading, 'summed over the molecule')}", fontsize=7)
    bar = figure.colorbar(plt.cm.ScalarMappable(norm, colours), ax=figure.axes, shrink=0.7, aspect=30)
    bar.set_label(rf"$\rho({first['boundary']})$, grey: not read", fontsize=8)
    bar.ax.tick_params(labelsize=7)
    _kinds_panel(figure.add_subplot(grid[-1, :]), result)
    return figure


def _drawing(
    axes: "Axes", result: dict[str, Any], layer: str, reading: str, colour: Callable[[float], Any]
) -> None:
    """Every half of a bond in the colour of what is read there, the mean where several spots read it."""
    halves: dict[tuple[int, int], list[float]] = {}
    network = result["networks"][0]["network"]
    for spot in result["spots"]:
        if (spot["network"], spot["layer"], spot["reading"]) == (network, layer, reading):
            pair = (spot["site"], spot["toward"])
            for half in {pair, pair[::-1]} if reading == "molecule" else {pair}:
                halves.setdefault(half, []).append(_at(spot))
    draw_bonds(axes, result["molecule"], {half: colour(float(np.mean(rho))) for half, rho in halves.items()})


def _kinds_panel(axes: "Axes", result: dict[str, Any]) -> None:
    """ρ at an end by kind of bond, with intervals, a colour a layer."""
    from experiments.controls.plot import curve, tidy

    first = result["networks"][0]
    columns, order = _table(result, first["network"])
    for layer, reading in columns:
        if reading == "end":
            number = first["layers"].index(layer)
            figures = [_kind(result, first["network"], layer, reading, kind["kind"]) for kind in order]
            curve(
                axes,
                [index + 0.2 * (number - 0.5) for index in range(len(order))],
                [one for one in figures if one is not None],
                "o",
                color=f"C{number}",
                label=f"layer {layer}",
            )
    tidy(axes, result["threshold"])
    axes.set_xticks(
        range(len(order)), [f"{kind['kind']} ({kind['n']})" for kind in order], rotation=60, ha="right"
    )
    axes.tick_params(axis="x", labelsize=6)
    axes.set_xlabel("read at, toward: element and its number of bonds, r in a ring (how many)", fontsize=7)
    axes.set_ylabel(rf"$\rho({first['boundary']})$", fontsize=8)
    axes.legend(fontsize=7, frameon=False, loc="lower left")
