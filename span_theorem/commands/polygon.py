"""`python -m span_theorem polygon`: the in-plane orientation of a regular n-gon, one vertex against the sum."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from span_theorem.polygon import PolygonFeatures, PolygonSpan

_FEATURES: "dict[PolygonFeatures, str]" = {
    "marked": "One marked vertex, Y_lm(r_1)",
    "density": "Density, A_lm = sum_j Y_lm(r_j)",
}


def polygon(
    n: Annotated[int, typer.Option("--n", min=2, help="Number of vertices.")],
    max_L: Annotated[int, typer.Option("--max-L", min=1, help="Instances L = 1..max L.")],
    max_d: Annotated[int, typer.Option("--max-d", min=1, help="Instances d = 1..max d.")],
    k: Annotated[
        int | None, typer.Option("--k", min=1, help="Target frequency; n, the orientation, by default.")
    ] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Also write the results to this file.")] = None,
) -> int:
    """Do polynomials of degree <= d see how a regular n-gon is turned in its plane?

    For every L = 1..max L and d = 1..max d: are cos(k alpha) and sin(k alpha) among them, for the harmonics
    up to L of one marked vertex, and summed over the vertices? In exact arithmetic. Exit status 0: every instance
    is proved and as the law says; 1: at least one is not.

    Examples:

      span-theorem polygon --n 5 --max-L 6 --max-d 5

      span-theorem polygon --n 3 --max-L 6 --max-d 2 --k 6 --json polygon.json
    """
    from span_theorem.budget import require_affordable
    from span_theorem.console import progress_bar
    from span_theorem.output import require_writable, write_json
    from span_theorem.polygon import POLYGON_SCOPE, polygon_estimate, polygon_grid

    estimate = polygon_estimate(n, max_L, max_d, k)
    require_affordable(f"polygon --n {n} --max-L {max_L} --max-d {max_d}", estimate, "a smaller n, k, L or d")
    require_writable(json)
    with progress_bar("spans", estimate.seconds) as progress:
        grid = polygon_grid(n, max_L, max_d, k, progress)
    verified = all(span.verified for span in grid)
    if json is not None:
        document = {
            "kind": "polygon",
            "n": n,
            "k": grid[0].k,
            "max_L": max_L,
            "max_d": max_d,
            "scope": POLYGON_SCOPE,
            "verified": verified,
            "instances": [span.to_dict() for span in grid],
        }
        write_json(json, document)
    _print(grid, verified)
    if json is not None:
        typer.echo(f"Written: {json}")
    return 0 if verified else 1


def _print(grid: "tuple[PolygonSpan, ...]", verified: bool) -> None:
    from span_theorem.console import console, mark
    from span_theorem.polygon import POLYGON_SCOPE

    out = console()
    n, k = grid[0].n, grid[0].k
    out.print(
        f"Regular {n}-gon turned by alpha in its plane; target cos {k}alpha, sin {k}alpha.", style="bold"
    )
    for features, title in _FEATURES.items():
        out.print(_rows([span for span in grid if span.features == features], title))
    good = sum(span.verified for span in grid)
    out.print(
        f"Law: one vertex sees every k <= dL, the density the multiples of {n} up to d {n} floor(L/{n})."
    )
    out.print(
        f"Lower bound: rank over F_p <= dimension of the span, p = {grid[0].prime}. "
        "Upper bound: degree and n-fold symmetry. "
        f"They meet in {sum(span.proved for span in grid)} of {len(grid)} instances."
    )
    out.print("Verdict:", mark(verified, "verified", "NOT verified"), f"({good} of {len(grid)} instances)")
    out.print(POLYGON_SCOPE)


def _rows(spans: "list[PolygonSpan]", title: str) -> "Table":
    from rich.text import Text

    from span_theorem.console import mark, table

    degrees = sorted({span.d for span in spans})
    rows = table(title, ["L", *(f"<d = {d}" for d in degrees)])
    for L in sorted({span.L for span in spans}):
        cells: list[str | Text] = [str(L)]
        for span in spans:
            if span.L == L:
                found = "recovered" if span.recovered else "lost"
                cells.append(Text(found) if span.verified else mark(False, "", f"{found} (!)"))
        rows.add_row(*cells)
    return rows
