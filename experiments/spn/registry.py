"""The SPN solvers by name: a new one is one file and one line here."""

from collections.abc import Callable

from experiments.spn.equivariant import EquivariantSPN
from experiments.spn.free import FreeSPN
from experiments.spn.protocol import Layout, Solver
from span_theorem.errors import InputError

SOLVERS: dict[str, Callable[[int, Layout], Solver]] = {
    "equivariant": lambda degree, layout: EquivariantSPN(degree, layout),
    "free": lambda degree, layout: FreeSPN(degree),
}


def require_solver(name: str) -> None:
    """Refuse a name that is no solver.

    Raises:
        InputError: no solver of that name.
    """
    if name not in SOLVERS:
        raise InputError(f"unknown solver '{name}': expected one of {', '.join(SOLVERS)}")


def make_solver(name: str, degree: int, layout: Layout) -> Solver:
    """A new solver of the given degree (see :func:`require_solver` for errors)."""
    require_solver(name)
    return SOLVERS[name](degree, layout)
