"""`python -m span_theorem grid`: every instance up to (max L, max d)."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from span_theorem.instance import Method
from span_theorem.law import SCOPE, Features

if TYPE_CHECKING:
    from span_theorem.instance import CheckResult


def grid(
    max_L: Annotated[int, typer.Option("--max-L", min=1, help="Instances L = 1..max L.")],
    max_d: Annotated[int, typer.Option("--max-d", min=1, help="Instances d = 1..max d.")],
    features: Annotated[Features, typer.Option(help="upto: all Y_lm, l <= L; exact: Y_Lm alone.")] = "upto",
    method: Annotated[
        Method,
        typer.Option(help="exact: cheapest proof; rank: over F_p; numeric: floating point."),
    ] = "exact",
    json: Annotated[Path | None, typer.Option("--json", help="Also write the results to this file.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the numeric route's random products.")] = 0,
) -> int:
    """Check every instance L = 1..max L, d = 1..max d (the degenerate L = 0 and d = 0: see `check`).

    Exit status 0: the law holds for all; 1: it does not for at least one.

    Examples:

      span-theorem grid --max-L 4 --max-d 4

      span-theorem grid --max-L 3 --max-d 3 --method both --json grid.json
    """
    from span_theorem.budget import Estimate, require_affordable
    from span_theorem.commands.check import hint
    from span_theorem.console import progress_bar
    from span_theorem.instance import check_estimate, check_span
    from span_theorem.output import require_writable, write_json

    # the last instance needs the most memory, and none needs more time
    largest = check_estimate(max_L, max_d, method, features)
    # for every fixed ratio the work grows at least as (Ld)^3: the sum is at most a quarter of the product
    estimate = Estimate(largest.memory, largest.seconds * max(1.0, float(min(max_L * max_d, 10**60)) / 8))
    what = f"grid --max-L {max_L} --max-d {max_d} --method {method}"
    require_affordable(what, estimate, hint(method))
    require_writable(json)
    instances = [(L, d) for L in range(1, max_L + 1) for d in range(1, max_d + 1)]
    results = []
    with progress_bar("instances", estimate.seconds) as progress:
        for done, (L, d) in enumerate(instances):
            progress(done, len(instances))
            results.append(check_span(L, d, features, method, seed))
    verified = all(result.verified for result in results)
    if json is not None:
        document: dict[str, Any] = {
            "kind": "grid",
            "max_L": max_L,
            "max_d": max_d,
            "features": features,
            "method": method,
            "seed": seed,
            "scope": SCOPE,
            "verified": verified,
            "instances": [result.to_dict() for result in results],
        }
        write_json(json, document)
    _print(results, verified)
    if json is not None:
        typer.echo(f"Written: {json}")
    return 0 if verified else 1


def _print(results: list["CheckResult"], verified: bool) -> None:
    from span_theorem.console import console, mark, table

    out = console()
    columns = [
        "L",
        "d",
        "dL",
        "span dim",
        "by the law",
        "multiplicity of dL",
        "<exact",
        "<numeric",
        "<verdict",
    ]
    rows = table(f"Span of polynomials of degree <= d, {results[0].features} features", columns)
    for result in results:
        numeric = ""
        if result.numeric:
            agrees = not result.contradiction and (result.exact is not None or result.law_holds)
            numeric = ("agrees" if result.numeric.clear else "undecided") if agrees else "CONTRADICTS"
        rows.add_row(
            str(result.L),
            str(result.d),
            str(result.L * result.d),
            str(result.span_dim),
            str(result.expected_dim),
            str(result.multiplicities.total[-1]),
            ("proved" if result.proved else "FAILS") if result.exact else "",
            numeric,
            mark(result.verified, "verified", "NOT verified"),
            end_section=result is not results[-1] and result.d == results[-1].d,
        )
    out.print(rows)
    for result in results:
        for line in result.contradiction:
            out.print(f"CONTRADICTION at L = {result.L}, d = {result.d}: {line}", style="bold red")
    good = sum(result.verified for result in results)
    out.print("Verdict:", mark(verified, "verified", "NOT verified"), f"({good} of {len(results)} instances)")
    if results[0].exact:
        bounds, proved = results[0].bounds, sum(result.proved for result in results)
        out.print(f"{bounds} They meet in {proved} of {len(results)} instances.")
    out.print(SCOPE)
