"""Figures, numbers and sentences of a result in LaTeX."""

from __future__ import annotations

from span_theorem.errors import InputError
from span_theorem.latex import escape
from span_theorem.results import Record


def estimate(value: float, interval: tuple[float, float]) -> str:
    """Value and interval with two decimals, without negative zeros.

    >>> estimate(0.9134, (0.9, 0.92)), estimate(-0.001, (-0.2, 0.0))
    ('0.91 [0.90, 0.92]', '0.00 [-0.20, 0.00]')
    """
    return f"{decimals(value)} [{decimals(interval[0])}, {decimals(interval[1])}]"


def decimals(value: float) -> str:
    """Two decimals; what rounds to zero has no sign."""
    return f"{round(value, 2) + 0.0:.2f}"


def recovered(figures: Record) -> str:
    """ρ of an object with ``rho`` and ``rho_ci``.

    Raises:
        InputError: one of them is missing, null, or not what it should be.
    """
    value, interval = figures.number("rho"), figures.interval("rho_ci")
    if value is None or interval is None:
        raise InputError(f"{figures.path}: {figures.place} has no rho, expected a number with an interval")
    return estimate(value, interval)


def thousands(value: int) -> str:
    r"""An integer with thin spaces.

    >>> thousands(4576825)
    '4\\,576\\,825'
    """
    return f"{value:,}".replace(",", r"\,")


def in_words(result: Record) -> str:
    """The conclusions of a result in LaTeX.

    Raises:
        InputError: the field is missing or no list.
    """
    return " ".join(escape(str(sentence)) for sentence in result.values("conclusions")).replace(
        "ρ", r"$\rho$"
    )
