"""What a study claims, typed: each claim holds, does not hold, or is open, and says so in one sentence.

A frequency is there if its lower bound lies above the threshold, and absent if its upper bound lies below; in between
it is open. Bounds hold for all tests of a claim together (Bonferroni).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

from experiments.crosscheck import THRESHOLD
from experiments.lab.estimate import IN_TAIL, MANY
from numerics.jackknife import LEVEL

if TYPE_CHECKING:
    from pandas import DataFrame, Series

Place = Callable[["Series"], str]
"""Names a row of a table in words."""


class Claim(Protocol):
    """What a study says of its figures."""

    @property
    def holds(self) -> bool | None:
        """``None`` where the figures leave it open."""
        ...

    def words(self) -> str:
        """The claim with its figures."""
        ...


def is_there(lower: float, upper: float, threshold: float = THRESHOLD) -> bool | None:
    """Whether a figure lies above the threshold; ``None`` where its bounds leave that open.

    >>> is_there(0.1, 0.2), is_there(-0.01, 0.01), is_there(-0.3, 0.2)
    (True, False, None)
    """
    return True if lower > threshold else False if upper < threshold else None


def together(answers: Iterable[bool | None]) -> bool | None:
    """Whether all hold: not if one does not, open if one is open or nothing was asked.

    >>> together([True, True]), together([True, None]), together([None, False]), together([])
    (True, None, False, None)
    """
    given = set(answers)
    return False if False in given else True if given == {True} else None


def require_tests(number: int) -> int:
    """The number of tests, if so many can be bounded together.

    Raises:
        ValueError: fewer than :data:`experiments.lab.estimate.IN_TAIL` resamples would be left in a tail.
    """
    most = round((1 - LEVEL) * MANY / IN_TAIL)
    if number > most:
        raise ValueError(f"{number} tests cannot be bounded by {MANY} resamples: expected at most {most}")
    return max(number, 1)


@dataclass(frozen=True)
class Absent:
    """Nothing is there in any of the tests.

    Attributes:
        what: which tests, in words.
        tests: their number.
        crossing: tests in which something is there.
        open: tests that are undecided.
        largest: upper bound that is largest.
        place: its test.
        threshold: what a frequency that is there exceeds.
    """

    what: str
    tests: int
    crossing: tuple[str, ...]
    open: tuple[str, ...]
    largest: float
    place: str
    threshold: float = THRESHOLD

    @classmethod
    def of(cls, what: str, table: "DataFrame", place: Place) -> "Absent":
        """From rows with ``lower`` and ``upper``, each a test.

        Raises:
            ValueError: no row.
        """
        if table.empty:
            raise ValueError(f"{what}: there is no test")
        answers = [is_there(low, high) for low, high in zip(table["lower"], table["upper"], strict=True)]
        names = [place(row) for _, row in table.iterrows()]
        worst = int(table["upper"].to_numpy().argmax())
        return cls(
            what,
            len(table),
            tuple(name for name, answer in zip(names, answers, strict=True) if answer),
            tuple(name for name, answer in zip(names, answers, strict=True) if answer is None),
            float(table["upper"].iloc[worst]),
            names[worst],
        )

    @property
    def holds(self) -> bool | None:
        return False if self.crossing else None if self.open else True

    def words(self) -> str:
        if self.crossing:
            return f"{self.what}: something was recovered in {'; '.join(self.crossing)} ({self.tests} tests)."
        left = f"; open are {'; '.join(self.open)}" if self.open else ""
        return (
            f"{self.what}: nothing above {self.threshold} in {self.tests} test{'s' * (self.tests > 1)}; the largest "
            f"upper bound is {self.largest:.3f}, {self.place}{left}."
        )


@dataclass(frozen=True)
class Reached:
    """Something is there in each of several cases.

    Attributes:
        what: which cases, in words.
        number: of cases.
        short: those in which it is not.
    """

    what: str
    number: int
    short: tuple[str, ...] = ()

    @classmethod
    def unless(cls, what: str, cases: "Series", against: "Series") -> "Reached":
        """What holds in all cases but those that speak against it.

        Args:
            what: see the class.
            cases: in words, one a row of a table.
            against: whether a row does, of more rows perhaps.
        """
        return cls(what, len(cases), tuple(cases[against.reindex(cases.index)]))

    @property
    def holds(self) -> bool | None:
        return None if not self.number else not self.short

    def words(self) -> str:
        if not self.short:
            return f"{self.what}: in all {self.number} cases."
        return f"{self.what}: in {self.number - len(self.short)} of {self.number} cases; not {'; '.join(self.short)}."


@dataclass(frozen=True)
class Found:
    """From which level of a factor on a frequency is found.

    Attributes:
        what: who looks for what.
        level: the least one at which it is found, and at every higher one; ``None`` if not even at the highest.
        least, most: levels that were tried.
        unit: of the level, in words.
    """

    what: str
    level: float | None
    least: float
    most: float
    unit: str

    @property
    def holds(self) -> bool | None:
        return self.level is not None

    def words(self) -> str:
        if self.level is None:
            return f"{self.what}: not found with {self.most:,.4g} {self.unit}."
        first = "the least tried, " * (self.level == self.least)
        return f"{self.what}: found from {first}{self.level:,.4g} {self.unit} on."


@dataclass(frozen=True)
class Crossed:
    """Probes that are no polynomials go above the boundary: how many do.

    Attributes:
        what: which probes and where.
        crossing: how many are there, by their lower bounds.
        number: of all.
    """

    what: str
    crossing: int
    number: int

    @property
    def holds(self) -> bool | None:
        return self.crossing > 0 if self.number else None

    def words(self) -> str:
        return f"{self.what}: {self.crossing} of {self.number}."


@dataclass(frozen=True)
class Agreement:
    """Verdicts that agree with exact arithmetic.

    Attributes:
        what: whose verdicts.
        agreeing, number: how many of how many.
        detail: more, in words.
    """

    what: str
    agreeing: int
    number: int
    detail: str = ""

    @property
    def holds(self) -> bool | None:
        return self.agreeing == self.number if self.number else None

    def words(self) -> str:
        return (
            f"{self.what}: {self.agreeing} of {self.number} verdicts as exact arithmetic has them"
            f"{self.detail and f'; {self.detail}'}."
        )


@dataclass(frozen=True)
class Statement:
    """A figure in words. It claims nothing unless ``holds`` says so.

    Attributes:
        text: a sentence.
        holds: see :class:`Claim`.
    """

    text: str
    holds: bool | None = None

    def words(self) -> str:
        return self.text


def outcome(claims: Sequence[Claim]) -> bool | None:
    """Whether everything claimed holds; statements that claim nothing do not count."""
    return together(
        claim.holds for claim in claims if not (isinstance(claim, Statement) and claim.holds is None)
    )


def bounds_sentence(tests: int) -> str:
    """What bounds that hold together rest on, in words, and what a zero above dL says."""
    return (
        f"Bounds hold together with probability {LEVEL:.0%} ({tests} test{'s' * (tests != 1)}, Bonferroni) over "
        "clusters of test structures. Over all orientations a polynomial of degree d in equivariant features is "
        "orthogonal to every l > dL: a zero there is certain beforehand and checks software, equivariance and sample "
        "size, not the network."
    )


def to_dict(claim: Claim) -> dict[str, Any]:
    """For a result file."""
    return {
        "kind": type(claim).__name__.lower(),
        "holds": claim.holds,
        "sentence": claim.words(),
        "figures": asdict(claim),  # type: ignore[call-overload]
    }
