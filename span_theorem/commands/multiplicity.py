"""`python -m span_theorem multiplicity`: how often each l occurs in the symmetric powers."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from span_theorem.law import SCOPE, Features

if TYPE_CHECKING:
    from span_theorem.multiplicity import Multiplicities


def multiplicity(
    L: Annotated[int, typer.Option("--L", min=0, help="Highest degree of the features.")],
    d: Annotated[int, typer.Option("--d", min=0, help="Highest symmetric power.")],
    features: Annotated[
        Features, typer.Option(help="upto: Sym^k(V_0 + .. + V_L); exact: Sym^k(V_L).")
    ] = "upto",
    json: Annotated[Path | None, typer.Option("--json", help="Also write the result to this file.")] = None,
) -> int:
    r"""How often does each irreducible representation l occur in Sym^k of the features, k = 0..d?

    From SO(3) characters in integer arithmetic. Exit status 0: the dimensions agree and, for L >= 1, l = dL
    occurs exactly once; 1: they do not.

    Examples:

      span-theorem multiplicity --L 2 --d 2

      span-theorem multiplicity --L 3 --d 4 --features exact \
          --json multiplicity.json
    """
    from span_theorem.budget import multiplicity_estimate, require_affordable
    from span_theorem.console import progress_bar
    from span_theorem.multiplicity import multiplicities
    from span_theorem.output import require_writable, write_json

    estimate = multiplicity_estimate(L, d)
    require_affordable(f"multiplicity of --L {L} --d {d}", estimate, "a smaller L or a smaller d")
    require_writable(json)
    with progress_bar("weights", estimate.seconds) as progress:
        result = multiplicities(L, d, features, progress)
    if json is not None:
        write_json(json, {"kind": "multiplicity", **result.to_dict(), "scope": SCOPE})
    _print(result)
    if json is not None:
        typer.echo(f"Written: {json}")
    return 0 if result.dims_agree and result.saturated is not False else 1


def _print(result: "Multiplicities") -> None:
    from span_theorem.console import console, mark, shown_rows, table

    out = console()
    space = f"V_0 + .. + V_{result.L}" if result.features == "upto" else f"V_{result.L}"
    powers = range(result.d + 1)
    # a column for every power as long as a piped line holds them all
    shown = powers if result.d <= 12 else ()
    rows = table(
        f"Multiplicity of l in Sym^k({space})", ["l", *(f"k = {k}" for k in shown), f"all k <= {result.d}"]
    )
    totals = result.total
    printed, rows.caption = shown_rows(len(totals))
    for l in printed:
        cells = [str(result.by_power[k][l]) if l < len(result.by_power[k]) else "-" for k in shown]
        rows.add_row(str(l), *cells, str(totals[l]), end_section=l == len(totals) - 1)
    rows.add_row("dim", *(str(result.dims[k]) for k in shown), str(sum(result.dims)))
    out.print(rows)
    out.print(
        "Sum of multiplicity x (2l+1) = dim Sym^k:", mark(result.dims_agree, "agrees", "DOES NOT AGREE")
    )
    if result.saturated is None:
        out.print(f"L = 0 is degenerate: one constant, {result.d + 1} copies of l = 0.")
    else:
        out.print(
            f"The boundary l = {result.L * result.d} occurs exactly once:",
            mark(result.saturated, "yes", f"NO, {totals[-1]} times"),
        )
    out.print(SCOPE)
