"""The command line of the theorem: `python -m span_theorem`, installed as `span-theorem`."""

from collections.abc import Sequence

from span_theorem.command import application, run
from span_theorem.commands.certify import certify
from span_theorem.commands.check import check
from span_theorem.commands.folds import folds
from span_theorem.commands.grid import grid
from span_theorem.commands.invariants import invariants
from span_theorem.commands.multiplicity import multiplicity
from span_theorem.commands.polygon import polygon
from span_theorem.commands.prove import prove
from span_theorem.commands.require import require
from span_theorem.commands.show import show
from span_theorem.commands.tables import tables
from span_theorem.commands.verify import verify

app = application(
    "Which angular frequencies polynomials in spherical harmonics can carry: proved exactly, "
    "confirmed numerically."
)
for command in (
    check,
    grid,
    certify,
    verify,
    multiplicity,
    require,
    invariants,
    show,
    polygon,
    folds,
    tables,
    prove,
):
    app.command()(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit status: 0 verified or done, 1 the claim fails, 2 unusable input."""
    return run(app, "span-theorem", arguments)
