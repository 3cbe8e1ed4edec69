"""How fast is an instance of the theorem verified, and how far does the direct route get?

Every figure is that of a whole process, interpreter start and imports included, on one thread.
"""

from typing import Any

from benchmarks.direct import sizes
from benchmarks.measure import measure

# command, wall seconds and bytes that it must stay below
TARGETS = (
    ("check --L 2 --d 2 --method exact", 0.5, None),
    ("grid --max-L 4 --max-d 4 --method exact", 2.0, None),
    ("check --L 10 --d 10 --method exact", 10.0, 10**9),
    ("check --L 4 --d 4 --method both", 15.0, 10**9),
)
INSTANCES = ((2, 2), (3, 2), (2, 4), (3, 3), (4, 3), (4, 4), (5, 5), (10, 10))
DIRECT_MAX_BYTES = 4e9
DIRECT_MAX_FLOP = 2e12


def run() -> dict[str, Any]:
    """Measure the targets, then both routes for growing (L, d)."""
    return {"targets": [_target(*target) for target in TARGETS], "routes": [_routes(*i) for i in INSTANCES]}


def _target(command: str, seconds: float, memory: int | None) -> dict[str, Any]:
    found = measure(["span_theorem", *command.split()], repeats=3)
    met = found.wall_s < seconds and (memory is None or found.peak_bytes < memory) and found.status == 0
    return {
        "command": command,
        "wall s": round(found.wall_s, 2),
        "cpu s": round(found.cpu_s, 2),
        "peak MB": round(found.peak_bytes / 1e6),
        "target s": seconds,
        "target MB": memory and round(memory / 1e6),
        "met": met,
    }


def _routes(L: int, d: int) -> dict[str, Any]:
    exact = measure(["span_theorem", "check", "--L", str(L), "--d", str(d), "--method", "exact"])
    points, monomials = sizes(L, d)
    row: dict[str, Any] = {
        "L": L,
        "d": d,
        "monomials": monomials,
        "exact wall s": round(exact.wall_s, 2),
        "exact cpu s": round(exact.cpu_s, 2),
        "exact peak MB": round(exact.peak_bytes / 1e6),
    }
    memory = 24.0 * points * monomials  # the matrix, its copy and U or V
    flop = 20.0 * points * monomials * min(points, monomials)
    if memory > DIRECT_MAX_BYTES or flop > DIRECT_MAX_FLOP:
        return row | {"direct": f"not feasible: {memory / 2**30:.2g} GiB"}
    direct = measure(["benchmarks.direct", str(L), str(d)])
    return row | {
        "direct": "run" if direct.status == 0 else "failed",
        "direct wall s": round(direct.wall_s, 2),
        "direct cpu s": round(direct.cpu_s, 2),
        "direct peak MB": round(direct.peak_bytes / 1e6),
    }
