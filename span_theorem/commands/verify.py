"""`python -m span_theorem verify`: does a certificate prove what it says?"""

from pathlib import Path
from typing import Annotated

import typer


def verify(
    file: Annotated[Path, typer.Argument(help="A certificate, as `certify` writes it.")],
) -> int:
    """Check a certificate; every claim in it is computed again, nothing is believed.

    The same as `python span_theorem/verify.py FILE`, a single file that needs nothing but Python and can be
    copied anywhere. Exit status 0: it proves the statement printed; 1: it does not, the first entry that fails is
    named; 2: it is no certificate.

    Examples:

      span-theorem certify --L 2 --d 2 -o certificate.json

      span-theorem verify certificate.json
    """
    from span_theorem.errors import InputError
    from span_theorem.reading import read_bytes
    from span_theorem.verify import MAX_BYTES, Invalid, prove, read
    ...
