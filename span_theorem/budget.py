"""Refusing a computation that cannot fit, with the estimate, before anything is allocated."""

import os
import resource
from dataclasses import dataclass
from math import log2

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
    try:
        with open("/sys/fs/cgroup/memory.max", encoding="ascii") as lines:
            limit = lines.read().strip()
        limits += [float(limit)] if limit.isdigit() else []
    except OSError:
        pass  # no control group
    own, _ = resource.getrlimit(resource.RLIMIT_AS)
    if own != resource.RLIM_INFINITY:
        limits.append(float(own))
    return min(limits)


def exact_estimate(L: int, d: int) -> Estimate:
    """For :func:`span_theorem.exact.exact_span`; measured from L = d = 10 to 16, good to a factor of three."""
    n = _degree(L, d)
    # the largest block with the rows waiting for reduction, then all blocks of two steps
    memory = 6e7 + 250 * n**2 + 6 * n**3
    return Estimate(memory, 0.2 + 2e-9 * n**4 + 8e-8 * n**3)


def numeric_estimate(L: int, d: int) -> Estimate:
    """For :func:`span_theorem.numeric.numeric_span`, whose QR and singular values dominate; good to a factor of three.

    Measured at L = d = 2, 4, 6 (imports) and 10 (820 s of processor time for 2.3e13 operations).
    """
    n = _degree(L, d) + 3
    columns, nodes = n**2, 2 * n**2
    rows = max(columns, 25_000)
    memory = 6e8 + 8 * (4 * nodes * columns + 6 * columns**2)
    flops = 2 * rows * columns**2 + 10 * columns**3 + nodes * rows * (columns + _clipped(d))
    return Estimate(memory, 4 + 4e-11 * flops)


def multiplicity_estimate(L: int, d: int, powers: int | None = None) -> Estimate:
    """For :func:`span_theorem.multiplicity.multiplicities`, or with ``powers=1`` for all powers together.

    By residues (:func:`span_theorem.weights.by_residues`); measured up to L = d = 100, good to a factor of three.
    """
    n, power, size = _degree(L, d), _clipped(d), (_clipped(L) + 1) ** 2
    bits = power * log2(2 + size / (power + 1)) + size * log2(1 + power / size)
    transforms = power if powers is None else 1.0
    primes, roots = 1 + bits / 28, 4 * n + 2
    memory = 6e7 + 16 * (power + 1) * roots + transforms * n * (8 * primes + bits / 8 + 40)
    return Estimate(
        memory, 2e-9 * primes * roots * (power**2 / 4 + 100 * transforms) + 1e-7 * transforms * n * primes
    )


def _degree(L: int, d: int) -> float:
    return max(_clipped(L) * _clipped(d), _clipped(L))


def _clipped(value: int) -> float:
    # the sixth power of a product of two is taken: no float overflows, and nothing of that size is affordable
    return float(min(value, 10**20))


def _quantity(value: float) -> str:
    return f"{value:,.0f}" if 10 <= value < 1e6 else f"{value:.1e}" if value >= 1e6 else f"{value:.1f}"
