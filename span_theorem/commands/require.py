"""`python -m span_theorem require`: the cheapest (L, d) that reach a wanted degree."""

from pathlib import Path
from typing import Annotated

import typer

from span_theorem.law import SCOPE, Features

MAX_L = 1000


def require(
    l: Annotated[int, typer.Option("--l", min=0, max=MAX_L, help="The degree to be reached.")],
    features: Annotated[Features, typer.Option(help="upto: all Y_km, k <= L; exact: Y_Lm alone.")] = "upto",
    json: Annotated[Path | None, typer.Option("--json", help="Also write the list to this file.")] = None,
) -> int:
    """Which (L, d) reach degree l, cheapest first?

    Lists the minimal pairs: at a smaller L or a smaller d alone, l is out of reach. Holds for degree-bounded
    probes of one direction.

    Examples:

      span-theorem require --l 5

      span-theorem require --l 5 --features exact --json require.json
    """
    from span_theorem.console import console, table
    from span_theorem.output import require_writable, write_json
    from span_theorem.requirement import COST, document, requirements

    require_writable(json)
    pairs = requirements(l, features)
    if json is not None:
        write_json(json, document(l, features, pairs))
    out = console()
    rows = table(f"Minimal (L, d) that reach l = {l}, {features} features", ["L", "d", "dL", "cost", "paths"])
    for pair in pairs:
        rows.add_row(*(str(v) for v in (pair.L, pair.d, pair.boundary, pair.cost, pair.multiplicity)))
    out.print(rows)
    out.print(f"{COST[0].upper()}{COST[1:]}.")
    out.print(f"Paths = multiplicity of l = {l} in Sym^{{<=d}}: the ways in which the features couple to it.")
    out.print(SCOPE)
    if json is not None:
        typer.echo(f"Written: {json}")
    return 0
