"""What a control is: a module that answers the one question its docstring's first paragraph asks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from experiments.parts import Parts

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.table import Table


@dataclass(frozen=True)
class Context:
    """What a control gets.

    Attributes:
        seed: of every random choice.
        store: finished parts, so that a killed run goes on where it was.
        note: says in a few words what is being done now; shown on stderr, never part of a result.
    """

    seed: int
    store: Parts
    note: Callable[[str], None] = lambda text: None


class Control(Protocol):
    """What the module of a control offers, beside a docstring that says `Question: …?` in its first paragraph."""

    def run(self, context: Context) -> dict[str, Any]:
        """The result as JSON holds it, from the seed alone; writes and prints nothing.

        Fields that others read: ``agrees``, whether what the control claims holds (``None`` where it claims
        nothing), and ``skipped``, a list of {``what``, ``reason``} for what an absent package left out. The
        command adds ``kind``, ``question``, ``seed`` and ``versions``.

        Raises:
            MissingPackage: nothing can be measured without a package that is not installed.
        """
        ...

    def summarise(self, result: dict[str, Any]) -> "Table":
        """The headline figures of a result, for a terminal."""
        ...

    def draw(self, result: dict[str, Any]) -> "Figure":
        """The figure of a result; called inside :func:`experiments.report.save.drawing`."""
        ...
