"""How many radial functions each degree gets, and which sizes can be fitted at all with the labels at hand."""

from collections.abc import Sequence
from dataclasses import dataclass

from experiments.choose.invariants import Expansion
from span_theorem.budget import Estimate

MOST_COLUMNS = 2500
"""Of the largest size, so that its equations are solved in seconds."""
LABELS_A_COLUMN = 2.0
"""Fewest labels that are fitted for each column."""
MOST_RADIAL = (8, 6, 4)
"""Radial functions in products of one, two and three densities."""
SHARE = (0.2, 0.8, 1.0)
"""Of the columns that degrees up to one, two and three may take together where higher ones are wanted."""


@dataclass(frozen=True)
class Plan:
    """What is fitted.

    Attributes:
        expansion: of the largest size.
        sizes: (L, d) that are fitted.
        left_out: (L, d) that were wanted but have too many columns.
        columns: what the largest size may have.
    """

    expansion: Expansion
    sizes: tuple[tuple[int, int], ...]
    left_out: tuple[tuple[int, int], ...]
    columns: int


def plan(elements: Sequence[int], cutoff: float, max_L: int, max_d: int, labels: int) -> Plan:
    """The richest expansion that the labels and the limit on columns allow.

    Args:
        elements: ascending atomic numbers.
        cutoff: Å.
        max_L, max_d: the largest size wanted.
        labels: number that the smallest fit has.
    """
    limit = int(min(MOST_COLUMNS, labels / LABELS_A_COLUMN))
    expansion = Expansion(tuple(elements), cutoff, ())
    for degree in range(1, max_d + 1):
        share = limit * (SHARE[degree - 1] if degree < max_d else 1.0)
        fitting = _richest(expansion, MOST_RADIAL[degree - 1], max_L if degree > 1 else 0, share)
        if fitting is None:
            break
        expansion = fitting
    wanted = [(L, d) for d in range(1, max_d + 1) for L in range(max_L + 1 if d > 1 else 1)]
    sizes = tuple((L, d) for L, d in wanted if d <= expansion.max_d and expansion.terms[d - 1].max_L >= L)
    return Plan(expansion, sizes, tuple(size for size in wanted if size not in sizes), limit)


def _richest(expansion: Expansion, radial: int, max_L: int, columns: float) -> Expansion | None:
    """One degree more: as many radial functions as fit all L; with one alone, as many L as fit."""
    most = min([radial, *(term.radial for term in expansion.terms)])
    best = None
    for L, number in [(L, 1) for L in range(max_L + 1)] + [(max_L, number) for number in range(2, most + 1)]:
        candidate = expansion.raised(number, L)
        if candidate.columns > columns:
            break
        best = candidate
    return best


def estimate(plan: Plan, pairs: int, labels: int, folds: int) -> Estimate:
    """Memory in bytes and seconds on one core, good to a factor of three: two passes, equations, their solutions.

    Args:
        plan: see :class:`Plan`.
        pairs: of neighbours, in all structures.
        labels: energies and force components.
        folds: their number.
    """
    expansion, columns = plan.expansion, float(plan.expansion.columns)
    sizes = [len(expansion.elements) * expansion.belongs(*size).sum() for size in plan.sizes]
    passes = 2 * (3.0 * pairs * expansion.doubles) / 1.4e8
    solving = folds * sum(3e-10 * float(size) ** 3 for size in sizes)
    return Estimate(5e8 + 8 * (folds + 6) * columns**2, 10 + passes + labels * columns**2 / 2e10 + solving)
