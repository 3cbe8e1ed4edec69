"""`python -m span_theorem require`: the cheapest (L, d) that reach a wanted degree."""

from pathlib import Path
from typing import Annotated

import typer

from span_theorem.law import SCOPE, SWEPT_SCOPE, Features

MAX_L = 1000


def require(
    l: Annotated[int, typer.Option("--l", min=0, max=MAX_L, help="The degree to be reached.")],
    features: Annotated[Features, typer.Option(help="upto: all Y_km, k <= L; exact: Y_Lm alone.")] = "upto",
    invariant: Annotated[
        bool,
        typer.Option(
            "--invariant", help="By invariants, what an energy is made of, of one neighbour's direction."
        ),
    ] = False,
    json: Annotated[Path | None, typer.Option("--json", help="Also write the list to this file.")] = None,
) -> int:
    """Which (L, d) reach degree l, cheapest first?

    Lists the minimal pairs: at a smaller L or a smaller d alone, l is out of reach. Holds for degree-bounded
    probes of one direction.

    Examples:

      span-theorem require --l 5

      span-theorem require --l 5 --features exact --json require.json

      span-theorem require --l 5 --invariant
    """
    from span_theorem.console import console, table
    from span_theorem.errors import InputError
    from span_theorem.output import require_writable, write_json
    from span_theorem.requirement import (
        COST,
        MOST_COUNTED,
        document,
        invariant_requirements,
        requirements,
    )

    if invariant and features != "upto":
        raise InputError(
            "--invariant is about all Y_km, k <= L, of one convolution: expected --features upto"
        )
    require_writable(json)
    pairs = invariant_requirements(l) if invariant else requirements(l, features)
    if json is not None:
        write_json(json, document(l, features, pairs, invariant))
    out = console()
    title = f"Minimal (L, d) that reach l = {l}, {features} features"
    if invariant:
        title = f"Minimal (L, d) whose invariants resolve a bond angle up to P_{l}"
    rows = table(title, ["L", "d", "L⌊d/2⌋" if invariant else "dL", "cost", "paths"])
    for pair in pairs:
        paths = "not counted" if pair.multiplicity is None else pair.multiplicity
        rows.add_row(*(str(v) for v in (pair.L, pair.d, pair.boundary, pair.cost, paths)))
    out.print(rows)
    out.print(f"{COST[0].upper()}{COST[1:]}.")
    target = 0 if invariant else l
    limit = f" Counted up to l = {MOST_COUNTED}." if invariant else ""
    out.print(
        f"Paths = multiplicity of l = {target} in Sym^{{<=d}}: the ways in which the features couple to it.{limit}"
    )
    out.print(SWEPT_SCOPE if invariant else SCOPE)
    if json is not None:
        typer.echo(f"Written: {json}")
    return 0
