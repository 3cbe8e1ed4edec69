"""The SPN solvers by name: a new one is one file and one line here."""

from collections.abc import Callable
from dataclasses import dataclass, field

from experiments.spn.equivariant import EquivariantSPN
from experiments.spn.free import FreeSPN
from experiments.spn.mlp import POLYNOMIAL_DEGREE, MlpSPN, Training
from experiments.spn.protocol import Layout, Solver
from span_theorem.errors import InputError

HIGHEST_DEGREE = {"equivariant": 4, "free": 5, "mlp": 3}
BY_DEGREE = {degree: name for name, degree in POLYNOMIAL_DEGREE.items() if degree}


@dataclass(frozen=True)
class Probe:
    """Which SPN is asked for.

    Attributes:
        solver: a name in :data:`SOLVERS`.
        degree: d, from 1 to what :data:`HIGHEST_DEGREE` has for the solver.
        activation: of `mlp`; ``None`` for the one that is a polynomial of degree ``degree``.
        training: of `mlp`.

    Raises:
        InputError: an unknown solver or activation, a degree out of range, or an activation of another degree.
    """

    solver: str = "equivariant"
    degree: int = 2
    activation: str | None = None
    training: Training = field(default_factory=Training)

    def __post_init__(self) -> None:
        if self.solver not in SOLVERS:
            raise InputError(f"unknown solver '{self.solver}': expected one of {', '.join(SOLVERS)}")
        highest = HIGHEST_DEGREE[self.solver]
        if not 1 <= self.degree <= highest:
            raise InputError(
                f"the degree d = {self.degree} is out of range for {self.solver}: expected 1 to {highest}"
            )
        if self.activation is None:
            return
        if self.solver != "mlp":
            raise InputError(f"activation {self.activation} is for solver mlp, not for {self.solver}")
        if self.activation not in POLYNOMIAL_DEGREE:
            raise InputError(
                f"unknown activation '{self.activation}': expected one of {', '.join(POLYNOMIAL_DEGREE)}"
            )
        if POLYNOMIAL_DEGREE[self.activation] not in (None, self.degree):
            raise InputError(
                f"activation {self.activation} makes a polynomial of degree "
                f"{POLYNOMIAL_DEGREE[self.activation]}: expected d = {POLYNOMIAL_DEGREE[self.activation]}"
            )

    @property
    def polynomial(self) -> bool:
        """Whether the SPN is a polynomial of degree ``degree``, as the theorem supposes."""
        return is_polynomial(self.activation)


def is_polynomial(activation: str | None) -> bool:
    """Whether an SPN with this activation is a polynomial; ``None`` stands for one that is by construction."""
    return activation is None or POLYNOMIAL_DEGREE[activation] is not None


SOLVERS: dict[str, Callable[[Probe, Layout, int], Solver]] = {
    "equivariant": lambda probe, layout, seed: EquivariantSPN(probe.degree, layout),
    "free": lambda probe, layout, seed: FreeSPN(probe.degree),
    "mlp": lambda probe, layout, seed: MlpSPN(
        probe.activation or BY_DEGREE[probe.degree], probe.training, seed
    ),
}


def make_solver(probe: Probe, layout: Layout, seed: int) -> Solver:
    """A new solver; ``seed`` serves those that sample at random."""
    return SOLVERS[probe.solver](probe, layout, seed)
