"""`python -m span_theorem folds`: from which degree L on the orientation of an n-fold structure is seen."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from span_theorem.folds import Fold


def folds(
    max_n: Annotated[int, typer.Option("--max-n", min=2, help="Structures n = 2..max n.")] = 10,
    max_L: Annotated[int, typer.Option("--max-L", min=1, help="Orders L = 1..max L.")] = 10,
    max_d: Annotated[int, typer.Option("--max-d", min=1, help="Each at all degrees d = 1..max d.")] = 2,
    json: Annotated[Path | None, typer.Option("--json", help="Also write the results to this file.")] = None,
) -> int:
    """Which degree of summed harmonics sees the orientation of an n-fold symmetric structure?

    A centre with n neighbours in a regular n-gon, features A_lm = sum_j Y_lm(r_j), l <= L, in exact arithmetic.
    Exit status 0: seen if and only if L >= n, at every degree; 1: not so.

    Examples:

      span-theorem folds

      span-theorem folds --max-n 5 --max-L 6 --max-d 3 --json folds.json
    """
    from span_theorem.budget import require_affordable
    from span_theorem.console import progress_bar
    from span_theorem.folds import folds as every_fold
    from span_theorem.folds import folds_estimate
    from span_theorem.output import require_writable, write_json
    from span_theorem.polygon import POLYGON_SCOPE

    estimate = folds_estimate(max_n, max_L, max_d)
    what = f"folds --max-n {max_n} --max-L {max_L} --max-d {max_d}"
    require_affordable(what, estimate, "a smaller n, L or d")
    require_writable(json)
    with progress_bar("structures", estimate.seconds) as progress:
        found = every_fold(max_n, max_L, max_d, progress)
    verified = all(fold.verified for fold in found)
    if json is not None:
        document = {
            "kind": "folds",
            "max_n": max_n,
            "max_L": max_L,
            "max_d": max_d,
            "scope": POLYGON_SCOPE,
            "verified": verified,
            "instances": [fold.to_dict() for fold in found],
        }
        write_json(json, document)
    _print(found, verified, max_d)
    if json is not None:
        typer.echo(f"Written: {json}")
    return 0 if verified else 1


def _print(found: "tuple[Fold, ...]", verified: bool, max_d: int) -> None:
    from rich.text import Text

    from span_theorem.console import console, mark, table
    from span_theorem.polygon import POLYGON_SCOPE

    out = console()
    orders = sorted({fold.L for fold in found})
    rows = table(
        "Orientation of an n-fold structure by summed harmonics", ["n", *(f"<L = {L}" for L in orders)]
    )
    for n in sorted({fold.n for fold in found}):
        cells: list[str | Text] = [str(n)]
        for fold in found:
            if fold.n == n:
                seen = "seen" if fold.identified else "-" if fold.constant else "in part"
                cells.append(Text(seen) if fold.verified else mark(False, "", f"{seen} (!)"))
        rows.add_row(*cells)
    out.print(rows)
    out.print(
        f"seen: at every degree d = 1..{max_d}. -: the features are constant, no function of them sees it."
    )
    good = sum(fold.verified for fold in found)
    out.print(
        "Verdict, seen if and only if L >= n:",
        mark(verified, "verified", "NOT verified"),
        f"({good} of {len(found)} instances)",
    )
    out.print(POLYGON_SCOPE)
