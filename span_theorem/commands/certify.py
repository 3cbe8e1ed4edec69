"""`python -m span_theorem certify`: a proof of one instance (L, d) that a reader checks with additions."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from span_theorem.law import SCOPE, Features


def certify(
    L: Annotated[int, typer.Option("--L", min=0, help="Highest degree of the features.")],
    d: Annotated[int, typer.Option("--d", min=0, help="Highest degree of the polynomials.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The certificate, a JSON file.")],
    features: Annotated[Features, typer.Option(help="upto: all Y_lm, l <= L; exact: Y_Lm alone.")] = "upto",
    form: Annotated[
        Literal["explicit", "compact"] | None,
        typer.Option(help="Of upto: every product, or those with m = 0 and a rule. By default by size."),
    ] = None,
) -> int:
    """Write a certificate that the instance (L, d) of the theorem holds.

    `upto`: for every (l, m) the factors of a product, to be checked with additions; `exact`: products whose
    determinants are not zero. `verify FILE` checks it, and so does span_theorem/verify.py alone, anywhere.

    Examples:

      span-theorem certify --L 2 --d 2 -o certificate.json

      span-theorem certify --L 3 --d 3 --features exact -o certificate.json

      span-theorem certify --L 100 --d 100 -o certificate.json
    """
    from span_theorem.certificate import certificate, certificate_estimate, require_certifiable, text
    from span_theorem.console import progress_bar
    from span_theorem.output import require_writable, write_text

    chosen = require_certifiable(L, d, features, form)
    require_writable(output)
    with progress_bar("certificate", certificate_estimate(L, d, features, chosen).seconds) as progress:
        document = certificate(L, d, features, chosen, progress)
    write_text(output, text(document))
    typer.echo(document["statement"])
    typer.echo(f"Written: {output} ({document['form']}, {len(document['entries'])} entries)")
    typer.echo(f"Nothing is checked yet: python -m span_theorem verify {output}")
    typer.echo(SCOPE)
    return 0
