"""Background: a regular n-gon around a centre has an orientation in its plane, cos nα and sin nα; which polynomials
in the harmonics of one marked vertex tell it, and which in their sum over all vertices, is known exactly. Question:
does the diagnostic's own probe, which knows neither n nor dL, give the exact answer for every n, L and d, on bare
harmonics and on the features of a real network? Result: R² on unseen angles beside the arithmetic of
`span_theorem.polygon`, 1:1.

By arithmetic a marked vertex tells the orientation if and only if dL ≥ n, and the density A_lm = Σ_j Y_lm(r_j), what
one layer of message passing sums at the centre, if and only if L ≥ n, whatever d. The second is the n-fold table of
Joshi et al., "On the Expressive Power of Geometric Graph Neural Networks" (2023).

Everything is as in a diagnosis with solver `free`: an angle is a frame, the label is a harmonic of degree n that is
cos nα or sin nα in the polygon's plane, ρ is R² since the label holds nothing else, and a target counts as recovered
if the interval of its ρ lies above the same threshold. The plane is drawn at random, so no component is special.

The centre of a network sees the density if all vertices are of one element, and a marked vertex if one is of another.
By equivariance its features of order l turn with frequencies up to l at every depth, and in a polygon whose vertices
are alike with those frequencies only that n divides: the exact answer is the same after every layer.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from experiments.backbones.protocol import Backbone, card_of
from experiments.controls.protocol import Context
from experiments.controls.untrained import untrained
from experiments.crosscheck import THRESHOLD
from experiments.direction import MarkedPair
from experiments.recovery import FrameSums, energy_sums
from experiments.recovery import summarise as figures
from experiments.samples import Inputs, Targets
from experiments.seeds import generator
from experiments.spn.free import FreeSPN
from numerics.bootstrap import RESAMPLES
from numerics.harmonics import random_rotation, spherical_harmonics, wigner_d
from span_theorem.errors import MissingPackage
from span_theorem.polygon import (
    POLYGON_FEATURES,
    POLYGON_SCOPE,
    PolygonFeatures,
    PolygonSpan,
    polygon_grid,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from rich.table import Table

Array = NDArray[np.float64]

HARMONICS = "harmonics"
CARBON, OXYGEN = 6, 8
RADIUS = 1.4  # Å, from centre to vertex: an aromatic bond
CONFIG = "aspirin-gfn2-0"  # whose architecture the networks have
WAVES = ("cos", "sin")


@dataclass(frozen=True)
class Grid:
    """Every L = 1..max_L and d = 1..max_d of an n-gon."""

    n: int
    max_L: int
    max_d: int


@dataclass(frozen=True)
class Settings:
    """What is measured.

    Attributes:
        grids: on bare harmonics; the first is drawn as a map of L against d.
        networks: on an untrained NequIP of every order L up to max_L, at every layer that carries it.
        n_train, n_test: angles.
        n_validation: training angles on which the regularisation is chosen.
    """

    grids: tuple[Grid, ...] = (Grid(5, 10, 5), *(Grid(n, 10, 2) for n in range(2, 11) if n != 5))
    networks: tuple[Grid, ...] = tuple(Grid(n, 5, 2) for n in range(2, 6))
    n_train: int = 240
    n_test: int = 120
    n_validation: int = 60

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {
            "architecture": CONFIG,
            "radius": RADIUS,
            "threshold": THRESHOLD,
            "resamples": RESAMPLES,
        }


@dataclass(frozen=True, eq=False)
class Polygon:
    """A regular n-gon in a plane, at many angles.

    Attributes:
        n: number of vertices.
        angles: (n_angles,) α, turns about the plane's normal.
        plane: (3, 3) rotation that takes the plane z, x (normal y, e3nn's polar axis) to the polygon's.
    """

    n: int
    angles: Array
    plane: Array

    @property
    def vertices(self) -> Array:
        """Unit vectors from the centre, (n_angles, n, 3): vertex j at α + 2πj/n, counted from z towards x."""
        turns = self.angles[:, None] + 2 * np.pi * np.arange(self.n) / self.n
        return np.stack([np.sin(turns), np.zeros_like(turns), np.cos(turns)], axis=-1) @ self.plane.T

    @cached_property
    def waves(self) -> dict[str, Targets]:
        """Labels that hold nothing but cos nα, or sin nα, up to a constant factor.

        In the plane z, x the components ±n of Y_n are proportional to them; D^n takes these to the polygon's plane.
        """
        vertices, zeros = self.vertices, np.zeros(len(self.angles))
        turned = wigner_d(self.n, self.plane)
        return {
            name: Targets(
                zeros, vertices[:, 0], zeros + 1, MarkedPair(0, 1), {self.n: 1.0}, {self.n: turned[:, column]}
            )
            for name, column in zip(WAVES, (2 * self.n, 0), strict=True)
        }


def harmonic_features(polygon: Polygon, L: int, features: PolygonFeatures) -> Array:
    """Y_lm, l ≤ L, of the first vertex, or their sum over all: (n_angles, (L+1)²)."""
    values = spherical_harmonics(L, polygon.vertices)
    return values[:, 0] if features == "marked" else values.sum(axis=1)


def measure(
    values: tuple[Array, Array], polygons: tuple[Polygon, Polygon], d: int, held: int, seed: int
) -> dict[str, Any]:
    """R² of the two waves with their intervals.

    Args:
        values: features at the angles of training and test, (n_angles, dim).
        polygons: of training and test.
        d: degree of the probe.
        held: training angles on which the regularisation is chosen.
        seed: of the bootstrap.
    """
    shown = tuple(map(_inputs, values))
    validation = np.arange(len(shown[0])) < held  # angles are independent: the first are as good as any
    n = polygons[0].n
    found = {}
    for name in WAVES:
        training, test = (polygon.waves[name] for polygon in polygons)
        probe = FreeSPN(d).fit(shown[0], training, validation)
        sums = FrameSums((n,), (True,), energy_sums(shown[1], test, probe.predict(shown[1])), None)
        (recovery,) = figures([[sums]], generator(seed, f"calibration {name}")).degrees
        found[name] = {"r2": recovery.rho, "r2_ci": list(recovery.rho_ci)}
    return found


def _inputs(values: Array) -> Inputs:
    """Features as the lab shows them: each angle a frame in one orientation, no order told."""
    from e3nn.o3 import Irreps

    return Inputs(values, Irreps(f"{values.shape[1]}x0e"), np.broadcast_to(np.eye(3), (len(values), 1, 3, 3)))


def is_recovered(cell: dict[str, Any]) -> bool | None:
    """Whether both waves lie above the threshold; ``None`` if one alone does."""
    above = {cell[name]["r2_ci"][0] > THRESHOLD for name in WAVES}
    return above.pop() if len(above) == 1 else None


def draw_polygons(n: int, settings: Settings, seed: int) -> tuple[Polygon, Polygon]:
    """The polygon at the angles of training and at others, in one plane."""
    rng = generator(seed, f"calibration, {n} vertices")
    plane = random_rotation(rng)
    angles = [rng.uniform(0, 2 * np.pi, size) for size in (settings.n_train, settings.n_test)]
    return Polygon(n, angles[0], plane), Polygon(n, angles[1], plane)


def _on_harmonics(grid: Grid, settings: Settings, seed: int) -> Iterator[dict[str, Any]]:
    polygons = draw_polygons(grid.n, settings, seed)
    for L in range(1, grid.max_L + 1):
        for features in POLYGON_FEATURES:
            training, test = (harmonic_features(polygon, L, features) for polygon in polygons)
            for d in range(1, grid.max_d + 1):
                found = measure((training, test), polygons, d, settings.n_validation, seed)
                yield {"n": grid.n, "L": L, "d": d, "features": features} | found


def network_features(backbone: Backbone, polygon: Polygon, features: PolygonFeatures) -> Array:
    """Features of a carbon in the middle of carbons, one of them an oxygen if it is to be marked: (n_angles, dim)."""
    import torch

    numbers = torch.full((polygon.n + 1,), CARBON)
    if features == "marked":
        numbers[1] = OXYGEN
    centre = np.zeros((len(polygon.angles), 1, 3))
    positions = RADIUS * np.concatenate([centre, polygon.vertices], axis=1)
    with torch.no_grad():
        return backbone.features(numbers, torch.from_numpy(positions))[:, 0].double().numpy()


def _on_network(grid: Grid, backbone: Backbone, settings: Settings, seed: int) -> Iterator[dict[str, Any]]:
    polygons = draw_polygons(grid.n, settings, seed)
    L = backbone.irreps.lmax
    for features in POLYGON_FEATURES:
        training, test = (network_features(backbone, polygon, features) for polygon in polygons)
        for d in range(1, grid.max_d + 1):
            found = measure((training, test), polygons, d, settings.n_validation, seed)
            yield {"n": grid.n, "L": L, "d": d, "features": features} | found


def run(context: Context, settings: Settings | None = None) -> dict[str, Any]:
    settings = settings or Settings()
    cells, skipped = [], []
    for grid in settings.grids:
        context.note(f"polygon of {grid.n} vertices, harmonics")
        cells += _compared(
            context,
            settings,
            {"source": HARMONICS, "grid": asdict(grid)},
            partial(_on_harmonics, grid, settings, context.seed),
            polygon_grid(grid.n, grid.max_L, grid.max_d),
        )
    try:
        cells += _network_cells(context, settings)
    except MissingPackage as error:
        skipped.append({"what": "features of a network", "reason": str(error)})
    result = {
        "agrees": all(cell["agrees"] for cell in cells),
        "settings": settings.to_dict(),
        "scope": POLYGON_SCOPE,
        "summary": [_summary(source, _of(cells, source)) for source in _sources(cells)],
        "folds": [fold for source in _sources(cells) for fold in _folds(_of(cells, source))],
        "cells": cells,
        "skipped": skipped,
    }
    return result | {"conclusions": _conclusions(result)}


def _network_cells(context: Context, settings: Settings) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = []
    for L in range(1, max((grid.max_L for grid in settings.networks), default=0) + 1):
        layers = card_of(untrained(CONFIG, l_max=L)).layers
        for layer in (name for name, irreps in layers.items() if _order(irreps) == L):
            backbone = untrained(CONFIG, layer, L)
            for grid in (grid for grid in settings.networks if grid.max_L >= L):
                context.note(f"polygon of {grid.n} vertices, untrained NequIP, L = {L}, layer {layer}")
                exact = [one for one in polygon_grid(grid.n, L, grid.max_d) if one.L == L]
                cells += _compared(
                    context,
                    settings,
                    {"source": f"NequIP, layer {layer}", "L": L, "grid": asdict(grid)}
                    | {"backbone": dict(card_of(backbone).settings)},
                    partial(_on_network, grid, backbone, settings, context.seed),
                    exact,
                )
    return cells


def _order(irreps: str) -> int:
    from e3nn.o3 import Irreps

    return int(Irreps(irreps).lmax)


def _compared(
    context: Context,
    settings: Settings,
    what: dict[str, Any],
    measured: Callable[[], Iterator[dict[str, Any]]],
    exact: Sequence[PolygonSpan],
) -> list[dict[str, Any]]:
    """Measured cells, each beside the exact instance that has its n, L, d and features."""
    key = {**what, "settings": settings.to_dict(), "seed": context.seed}
    part = context.store.get(key, lambda: {"cells": list(measured())})
    spans = {(span.n, span.L, span.d, span.features): span for span in exact}
    cells = []
    for cell in part["cells"]:
        span = spans[cell["n"], cell["L"], cell["d"], cell["features"]]
        found = is_recovered(cell)
        verdict = {"recovered": found, "exact": span.recovered, "proved": span.verified}
        cells.append(
            {"source": what["source"], **cell, **verdict, "agrees": span.verified and found is span.recovered}
        )
    return cells


def _sources(cells: Sequence[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(cell["source"] for cell in cells))


def _of(cells: Sequence[dict[str, Any]], source: str) -> list[dict[str, Any]]:
    return [cell for cell in cells if cell["source"] == source]


def _summary(source: str, cells: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """How many cells agree, and how near the two kinds come to each other."""
    return {
        "source": source,
        "cells": len(cells),
        "agreeing": sum(cell["agrees"] for cell in cells),
        "least_recovered": _extreme([cell for cell in cells if cell["exact"]], min),
        "most_lost": _extreme([cell for cell in cells if not cell["exact"]], max),
    }


def _extreme(cells: Sequence[dict[str, Any]], choose: Callable[..., Any]) -> dict[str, Any] | None:
    """The smallest or largest R², with the number of tests that it is the extreme of."""
    tests = [
        {**cell[wave], "wave": wave, **{name: cell[name] for name in ("n", "L", "d", "features")}}
        for cell in cells
        for wave in WAVES
    ]
    return {**choose(tests, key=lambda test: test["r2"]), "tests": len(tests)} if tests else None


def _folds(cells: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The least order that recovers the orientation, measured and exact, for every kind of features, n and d."""
    groups: dict[tuple[str, int, int], list[dict[str, Any]]] = {}
    for cell in cells:
        groups.setdefault((cell["features"], cell["n"], cell["d"]), []).append(cell)
    return [
        {
            "source": members[0]["source"],
            **{"features": features, "n": n, "d": d, "max_L": max(cell["L"] for cell in members)},
            "least_L": _least(members, "recovered"),
            "least_L_exact": _least(members, "exact"),
            "agrees": all(cell["agrees"] for cell in members),
        }
        for (features, n, d), members in sorted(groups.items())
    ]


def _least(cells: Sequence[dict[str, Any]], verdict: str) -> int | None:
    return min((cell["L"] for cell in cells if cell[verdict]), default=None)


def _conclusions(result: dict[str, Any]) -> list[str]:
    """What the figures mean, in words."""
    found = []
    for one in result["summary"]:
        text = f"{one['source']}: {one['agreeing']} of {one['cells']} instances agree with exact arithmetic"
        if kept := one["least_recovered"]:
            text += (
                f"; 1 - R² is at most {1 - kept['r2']:.0e} in the {kept['tests']} tests where it is recovered"
            )
        if lost := one["most_lost"]:
            text += (
                f", R² at most {lost['r2']:.3f} [{lost['r2_ci'][0]:.3f}, {lost['r2_ci'][1]:.3f}] "
                f"in the {lost['tests']} where it is lost"
            )
        found.append(f"{text}.")
    density = [fold for fold in result["folds"] if fold["features"] == "density"]
    if density and all(
        fold["least_L"] == (fold["n"] if fold["n"] <= fold["max_L"] else None) for fold in density
    ):
        found.append(
            "The density tells the orientation of an n-gon from order L = n on and not below, at every degree measured."
        )
    return [*found, result["scope"]]


def summarise(result: dict[str, Any]) -> "Table":
    from span_theorem.console import table

    degrees = sorted({fold["d"] for fold in result["folds"]})
    rows = table(
        "least order L that recovers the orientation of an n-gon: measured (exact)",
        ("<features of", "<kind", "n", *(f"d={d}" for d in degrees)),
    )
    groups: dict[tuple[str, str, int], dict[int, str]] = {}
    for fold in result["folds"]:
        text = f"{_order_text(fold, 'least_L')} ({_order_text(fold, 'least_L_exact')})"
        groups.setdefault((fold["source"], fold["features"], fold["n"]), {})[fold["d"]] = text
    for (source, features, n), cells in groups.items():
        rows.add_row(source, features, str(n), *(cells.get(d, "") for d in degrees))
    rows.caption = "\n".join(result["conclusions"])
    rows.caption_justify = "left"
    return rows


def _order_text(fold: dict[str, Any], name: str) -> str:
    return f">{fold['max_L']}" if fold[name] is None else str(fold[name])


def draw(result: dict[str, Any]) -> "Figure":
    """R² as maps: L against d for the first polygon, n against L for the density, of harmonics and of a network."""
    from matplotlib import pyplot as plt

    first = result["settings"]["grids"][0]["n"]
    sources = _sources(result["cells"])
    figure, axes = plt.subplots(2, 2, figsize=(7, 6.4), layout="constrained")
    harmonics = _of(result["cells"], sources[0])
    for panel, features in zip(axes[0], POLYGON_FEATURES, strict=True):
        cells = [cell for cell in harmonics if (cell["n"], cell["features"]) == (first, features)]
        _map(panel, cells, "d", "L", f"{first}-gon, {_NAMES[features]}")
    for panel, source in zip(axes[1], (sources[0], sources[-1]), strict=True):
        density = [cell for cell in _of(result["cells"], source) if cell["features"] == "density"]
        d = density[-1]["d"]
        _map(panel, [cell for cell in density if cell["d"] == d], "L", "n", f"density, {source}, $d = {d}$")
    figure.suptitle(
        r"$R^2$ of $\cos n\alpha$, $\sin n\alpha$ on unseen angles; framed: recovered by exact arithmetic",
        fontsize=9,
    )
    return figure


_NAMES = {"marked": "one marked vertex", "density": "density"}


def _map(panel: "Axes", cells: Sequence[dict[str, Any]], across: str, up: str, title: str) -> None:
    from matplotlib.patches import Rectangle

    for cell in cells:
        value = float(np.mean([cell[wave]["r2"] for wave in WAVES]))
        x, y, shade = cell[across], cell[up], min(max(value, 0.0), 1.0)
        panel.add_patch(
            Rectangle(
                (x - 0.44, y - 0.44),
                0.88,
                0.88,
                facecolor=(1 - 0.7 * shade, 1 - 0.4 * shade, 1),
                edgecolor="black" if cell["exact"] else "white",
                linewidth=0.9,
            )
        )
        # adding zero turns -0.0 into 0.0
        panel.text(x, y, f"{round(value, 2) + 0:.2f}", ha="center", va="center", fontsize=5.5)
    for axis, name in ((panel.xaxis, across), (panel.yaxis, up)):
        values = sorted({cell[name] for cell in cells})
        axis.set_ticks(values)
        axis.set_label_text({"n": "vertices $n$", "L": "order $L$", "d": "degree $d$"}[name], fontsize=8)
    panel.set_xlim(min(cell[across] for cell in cells) - 0.6, max(cell[across] for cell in cells) + 0.6)
    panel.set_ylim(min(cell[up] for cell in cells) - 0.6, max(cell[up] for cell in cells) + 0.6)
    panel.tick_params(labelsize=7)
    panel.set_title(title, fontsize=9)
    panel.spines[["top", "right"]].set_visible(False)
