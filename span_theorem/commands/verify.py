"""`python -m span_theorem verify`: does a certificate prove what it says?"""

from pathlib import Path
from typing import Annotated

import typer


def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A certificate, as `certify` writes it.")],
) -> int:
    """Check a certificate; every claim in it is computed again, nothing is believed.

    The same as `python span_theorem/verify.py FILE`, a single file that needs nothing but Python and can be
    copied anywhere. Exit status 0: it proves the statement printed; 1: it does not, the first entry that fails is
    named; 2: it is no certificate.

    Examples:

      span-theorem certify --L 2 --d 2 -o certificate.json

      span-theorem verify certificate.json
    """
    from span_theorem.console import LONG, console, mark, progress_bar
    from span_theorem.errors import InputError
    from span_theorem.law import SCOPE
    from span_theorem.verify import examine

    with progress_bar("checking", LONG + 1):
        status, message = examine(str(file))
    if status == 2:
        raise InputError(f"{str(file)!r} is no certificate that can be checked: {message}")
    out = console()
    if status == 0:
        out.print(message, style="bold")
        out.print(
            "Lower bound: every entry checked. Upper bound: by degree and parity, argued in docs/theory.md."
        )
    else:
        out.print(f"It does not prove its statement. {message}")
    out.print("Verdict:", mark(status == 0, "valid", "NOT valid"))
    out.print(SCOPE)
    return status
