"""Refusing a computation that cannot fit, with the estimate, before anything is allocated."""

import os
import resource
from dataclasses import dataclass

from span_theorem.errors import InputError

MAX_SECONDS = 12 * 3600.0


@dataclass(frozen=True)
class Estimate:
    """What a computation is expected to need: memory in bytes, time in seconds on one core."""

    memory: float
    seconds: float

    def __add__(self, other: "Estimate") -> "Estimate":
        """One computation after the other."""
        return Estimate(max(self.memory, other.memory), self.seconds + other.seconds)


def require_affordable(what: str, estimate: Estimate, hint: str) -> None:
    """Refuse a computation that would not fit in memory or would run for more than twelve hours.

    Raises:
        InputError: with the estimate, what is available and ``hint``.
    """
    available = available_memory()
    if estimate.memory > available:
        raise InputError(
            f"{what} would need about {_quantity(estimate.memory / 2**30)} GiB of memory, "
            f"{available / 2**30:.1f} GiB are available; expected {hint}"
        )
    if estimate.seconds > MAX_SECONDS:
        raise InputError(
            f"{what} would take about {_quantity(estimate.seconds / 3600)} hours, "
            f"at most {MAX_SECONDS / 3600:.0f} are accepted; expected {hint}"
        )


def available_memory() -> float:
    """Bytes that this process may still take: the machine's free memory or the process's own limit."""
    limits = [float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))]
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            limits += [1024.0 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")]
    except OSError:
        pass  # not Linux: the physical memory has to do
    own, _ = resource.getrlimit(resource.RLIMIT_AS)
    if own != resource.RLIM_INFINITY:
        limits.append(float(own))
    return min(limits)


def exact_estimate(L: int, d: int) -> Estimate:
    """For :func:`span_theorem.exact.exact_span`; measured from L = d = 5 to 20, good to a factor of three."""
    n = _size(L, d)
    # the largest block with the rows waiting for reduction, then all blocks of two steps
    memory = 6e7 + 250 * n**2 + 6 * n**3
    return Estimate(memory, 1e-8 * n**4 + 1.5e-7 * d * n**3 + 2e-5 * d)


def numeric_estimate(L: int, d: int) -> Estimate:
    """For :func:`span_theorem.numeric.numeric_span`, whose QR and singular values dominate."""
    n = _size(L, d) + 3
    columns, nodes = n**2, 2 * n**2
    rows = max(columns, 25_000)
    memory = 6e8 + 8 * (4 * nodes * columns + 6 * columns**2)
    return Estimate(
        memory, 4 + 2e-9 * rows * columns**2 + 1e-8 * columns**3 + 1e-9 * nodes * rows * (columns + d)
    )


def multiplicity_estimate(L: int, d: int) -> Estimate:
    """For :func:`span_theorem.multiplicity.multiplicities`: big integers, d polynomials in q of length 2kL + 1."""
    L, d = min(L, 10**9), min(d, 10**9)
    coefficients = d * (2.0 * d * L + 1)
    words = 1 + min(d, 2 * L) / 8
    factors = sum(min(L - m + 1, d) for m in range(min(L, 10**4) + 1)) * 2.0
    return Estimate(5e7 + 150 * coefficients * words, 2e-9 * factors * coefficients * words)


def _size(L: int, d: int) -> float:
    # floats overflow only beyond 1e308, and n**4 is asked for
    return float(min(max(L * d, L), 10**60))


def _quantity(value: float) -> str:
    return f"{value:,.0f}" if 10 <= value < 1e6 else f"{value:.1e}" if value >= 1e6 else f"{value:.1f}"
