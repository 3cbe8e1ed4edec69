"""From how many channels and neighbours on the invariants of a site span all that they can of one direction.

More of either never hurts: a weight may be zero. (L + 1)² other neighbours are as good as any number (the sums over
them, one vector of (L + 1)² numbers a channel, are then arbitrary), and one channel more than there are other
neighbours marks every one of them. So both searches end.
"""

from dataclasses import asdict, dataclass

from span_theorem.errors import InputError
from span_theorem.invariants import Instance, check_invariants


@dataclass(frozen=True)
class Enough:
    """The fewest other neighbours for a number of channels, None where no number is enough."""

    channels: int
    neighbours: int | None

    def to_dict(self) -> dict[str, int | None]:
        return asdict(self)


def enough(L: int, d: int, output_degree: int = 0, seed: int = 0) -> tuple[Enough, ...]:
    """For 1, 2, … channels, the fewest other neighbours from which on the span is full; ends where more channels
    do not help.

    *Enough* is proved, by the rank over F_p of one choice of surroundings. That fewer are not enough is what the random
    surroundings say, a rank being largest in general position; where the top degree has too few functions it is proved
    too (docs/theory.md).

    Raises:
        InputError: see :func:`span_theorem.invariants.check_invariants`.

    >>> enough(1, 2)
    (Enough(channels=1, neighbours=None), Enough(channels=2, neighbours=None), Enough(channels=3, neighbours=3))
    """

    def full(channels: int, neighbours: int) -> bool:
        return check_invariants(Instance(L, d, output_degree, channels, neighbours), "exact", seed).full

    most = (L + 1) ** 2
    fewest = next((n for n in range(1, most + 1) if full(n + 1, n)), None)
    if fewest is None:
        raise InputError(f"L = {L}, d = {d}: the span is not full with {most} marked neighbours")
    rows: list[Enough] = []
    while not rows or rows[-1].neighbours != fewest:
        channels = len(rows) + 1
        candidates = [*range(fewest, most), most] if full(channels, most) else []
        rows.append(Enough(channels, next((n for n in candidates if full(channels, n)), None)))
    return tuple(rows)
