"""`python -m span_theorem invariants`: how finely invariants resolve the direction of one neighbour."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from span_theorem.instance import Method

if TYPE_CHECKING:
    from rich.table import Table

    from span_theorem.enough import Enough
    from span_theorem.invariants import InvariantsResult


def invariants(
    L: Annotated[int, typer.Option("--L", min=0, help="Highest degree of the features.")],
    d: Annotated[int, typer.Option("--d", min=0, help="Highest degree of the polynomials.")],
    output_degree: Annotated[int, typer.Option(min=0, help="Degree of the outputs; 0: invariants.")] = 0,
    channels: Annotated[int, typer.Option(min=1, help="Radial channels.")] = 2,
    neighbours: Annotated[int, typer.Option(min=1, help="Neighbours besides the one that is moved.")] = 3,
    enough: Annotated[
        bool, typer.Option("--enough", help="Also from how many channels and neighbours on the span is full.")
    ] = False,
    method: Annotated[Method, typer.Option(help="exact: over F_p; numeric: floating point.")] = "both",
    json: Annotated[Path | None, typer.Option("--json", help="Also write the result to this file.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of directions, weights and points.")] = 0,
) -> int:
    r"""Which degrees in one neighbour's direction do polynomials of degree <= d in a site's features hold?

    Features of one convolution, A_nlm = sum over neighbours of R_n(r) Y_lm(u), l <= L. Invariants, what an energy is
    made of, end at l = L floor(d/2): so P_l(cos) of a bond angle is out of reach above. Exit status 0: the degrees
    found are the law's; 1: they are not, or the two routes contradict each other.

    Examples:

      span-theorem invariants --L 2 --d 4

      span-theorem invariants --L 2 --d 2 --output-degree 4 \
          --json invariants.json

      span-theorem invariants --L 2 --d 4 --channels 4 --neighbours 4 --enough
    """
    from span_theorem.console import progress_bar
    from span_theorem.enough import enough as fewest
    from span_theorem.invariants import Instance, check_invariants
    from span_theorem.output import require_writable, write_json

    instance = Instance(L, d, output_degree, channels, neighbours)
    instance.require_affordable(method)
    require_writable(json)
    result = check_invariants(instance, method, seed)
    with progress_bar("channels and neighbours", enough):
        rows = fewest(L, d, output_degree, seed) if enough else ()
    if json is not None:
        write_json(json, {**result.to_dict(), "enough": [row.to_dict() for row in rows]})
    _print(result, rows)
    if json is not None:
        typer.echo(f"Written: {json}")
    return 0 if result.verified else 1


def _print(result: "InvariantsResult", enough: "tuple[Enough, ...]") -> None:
    from rich.panel import Panel

    from span_theorem.console import console, mark, table
    from span_theorem.invariants import sentence
    from span_theorem.law import SWEPT_SCOPE

    out = console()
    out.print(sentence(result.instance), style="bold")
    out.print(_degrees(result))
    partly = (
        "Some degrees are spanned in part: more channels or neighbours would span them (--enough: how many)."
    )
    out.print("Every degree that occurs is spanned whole." if result.full else partly)
    if enough:
        rows = table("From here on the span is full", ["channels", "other neighbours"])
        for row in enough:
            rows.add_row(str(row.channels), "never" if row.neighbours is None else str(row.neighbours))
        out.print(rows)
        out.print(f"More channels than {enough[-1].channels} need no fewer neighbours.")
    out.print(result.proof)
    if result.numeric:
        gap = (
            ""
            if result.numeric.clear
            else " NOT CLEAR: singular values within a factor 1000 of the tolerance;"
        )
        out.print(
            f"Numeric route:{gap} e3nn's couplings, all {result.numeric.paths} paths, {result.numeric.nodes} nodes."
        )
    if result.contradiction:
        lines = "\n".join(("The exact and the numeric route contradict each other.", *result.contradiction))
        out.print(Panel(lines, title="CONTRADICTION", style="bold red"), soft_wrap=False)
    out.print("Verdict:", mark(result.verified, _verdict(result), "NOT verified"))
    out.print(SWEPT_SCOPE)


def _degrees(result: "InvariantsResult") -> "Table":
    from span_theorem.console import mark, table

    case = result.instance
    title = f"L = {case.L}, d = {case.d}, {case.channels} channels, {case.neighbours} other neighbours"
    columns = ["l", "rank", "2l+1", "<expected", "<found"]
    columns += ["true", "pseudo"] if result.exact else []
    columns += ["numeric rank", "smallest kept", "largest dropped"] if result.numeric else []
    rows = table(title, columns)
    for degree in result.degrees:
        found = "spanned" if degree.rank == degree.full_rank else "absent" if not degree.rank else "in part"
        cells = [str(degree.l), str(degree.rank), str(degree.full_rank)]
        cells.append("occurs" if degree.expected else "absent")
        parity = [str(degree.true), str(degree.pseudo)] if result.exact else []
        numeric = []
        if result.numeric:
            rank = result.numeric.degrees[degree.l]
            values = (rank.smallest_kept, rank.largest_dropped)
            numeric = [str(rank.rank), *("-" if value is None else f"{value:.1e}" for value in values)]
        rows.add_row(*cells, mark(degree.as_expected, found, f"{found} (!)"), *parity, *numeric)
    return rows


def _verdict(result: "InvariantsResult") -> str:
    if not result.numeric:
        return "proved"
    if not result.exact:
        return "confirmed numerically"
    return "proved, confirmed numerically" if result.numeric.clear else "proved, numeric route undecided"
