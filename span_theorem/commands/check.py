"""`python -m span_theorem check`: one instance (L, d), by one route or both."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from span_theorem.instance import Method
from span_theorem.law import SCOPE, Features, sentence

if TYPE_CHECKING:
    from rich.table import Table

    from numerics.rank import NumericalRank
    from span_theorem.instance import CheckResult


def check(
    L: Annotated[int, typer.Option("--L", min=0, help="Highest degree of the features.")],
    d: Annotated[int, typer.Option("--d", min=0, help="Highest degree of the polynomials.")],
    features: Annotated[Features, typer.Option(help="upto: all Y_lm, l <= L; exact: Y_Lm alone.")] = "upto",
    method: Annotated[
        Method | None,
        typer.Option(
            help="exact: cheapest proof; rank: over F_p; numeric: floating point; both, the default where e3nn is "
            "installed."
        ),
    ] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Also write the result to this file.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the numeric route's random products.")] = 0,
) -> int:
    """Which degrees do polynomials of degree <= d in spherical-harmonic features span?

    Prints the rank of the projection onto every H_l, l = 0..dL+2, and what is proved. Exit status 0: the law
    holds; 1: it does not, or the two routes contradict each other.

    Examples:

      span-theorem check --L 2 --d 2

      span-theorem check --L 3 --d 2 --features exact --method exact

      span-theorem check --L 2 --d 3 --json check.json
    """
    from span_theorem.budget import require_affordable
    from span_theorem.console import progress_bar
    from span_theorem.instance import check_estimate, check_span, default_method
    from span_theorem.output import require_writable, write_json

    method = method or default_method()
    estimate = check_estimate(L, d, method, features)
    require_affordable(f"check --L {L} --d {d} --method {method}", estimate, hint(method))
    require_writable(json)
    with progress_bar(f"check --L {L} --d {d}", estimate.seconds) as progress:
        result = check_span(L, d, features, method, seed, progress)
    if json is not None:
        write_json(json, result.to_dict())
    _print(result)
    if json is not None:
        typer.echo(f"Written: {json}")
    return 0 if result.verified else 1


def hint(method: Method) -> str:
    """What to ask for instead of a computation that is too large."""
    return "a smaller L or d" + ("" if method == "exact" else ", or --method exact")


def _print(result: "CheckResult") -> None:
    from rich.panel import Panel

    from span_theorem.console import console, mark

    out = console()
    out.print(sentence(result.L, result.d, result.features), style="bold")
    out.print(_degrees(result))
    out.print(f"Whole span: dimension {result.span_dim}, by the law {result.expected_dim}.")
    if result.multiplicities.saturated is None:
        copies = result.multiplicities.total[0]
        out.print(f"L = 0 is degenerate: one constant, which Sym^{{<={result.d}}} holds {copies} times.")
    else:
        times = "once" if result.multiplicities.saturated else f"{result.multiplicities.total[-1]} times"
        out.print(f"The boundary l = {result.L * result.d} occurs {times} in Sym^{{<={result.d}}}.")
    out.print(result.proof)
    if result.numeric:
        from span_theorem.numeric import TOLERANCE_SOURCE

        numeric = result.numeric
        gap = "" if numeric.clear else " NOT CLEAR: singular values within a factor 1000 of the tolerance;"
        out.print(
            f"Numeric route:{gap} {numeric.products} ({numeric.product_count}), {numeric.nodes} quadrature "
            f"nodes; tolerance {numeric.span.tolerance:.1e} = {TOLERANCE_SOURCE}."
        )
    if result.contradiction:
        lines = "\n".join(("The exact and the numeric route contradict each other.", *result.contradiction))
        out.print(Panel(lines, title="CONTRADICTION", style="bold red"), soft_wrap=False)
    out.print("Verdict:", mark(result.verified, _verdict(result), "NOT verified"))
    out.print(SCOPE)


def _verdict(result: "CheckResult") -> str:
    if not result.numeric:
        return "proved"
    if not result.exact:
        return "confirmed numerically"
    return "proved, confirmed numerically" if result.numeric.clear else "proved, numeric route undecided"


def _degrees(result: "CheckResult") -> "Table":
    from span_theorem.console import mark, shown_rows, table

    columns = ["l", "rank", "2l+1", "copies", "<law", "<found"]
    if result.numeric:
        columns += ["numeric rank", "smallest kept", "largest dropped"]
    rows = table(f"L = {result.L}, d = {result.d}, {result.features} features", columns)
    degrees = result.degrees
    printed, rows.caption = shown_rows(len(degrees))
    for degree in (degrees[l] for l in printed):
        found = "spanned" if degree.rank == degree.full_rank else "absent" if not degree.rank else "in part"
        cells = [str(v) for v in (degree.l, degree.rank, degree.full_rank, degree.multiplicity)]
        cells.append("spanned" if degree.expected else "absent")
        numeric = _singular_values(result.numeric.degrees[degree.l]) if result.numeric else []
        rows.add_row(*cells, mark(degree.as_expected, found, f"{found} (!)"), *numeric)
    return rows


def _singular_values(rank: "NumericalRank") -> list[str]:
    values = (rank.smallest_kept, rank.largest_dropped)
    return [str(rank.rank), *("-" if value is None else f"{value:.1e}" for value in values)]
