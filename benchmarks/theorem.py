"""How fast is an instance of the theorem verified, how does that grow, and how far does the direct route get?

Every figure is that of a whole process, interpreter start and imports included, on one thread.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.direct import sizes
from benchmarks.measure import Process, measure

# command, wall seconds and bytes that it must stay below
TARGETS: tuple[tuple[str, float | None, float | None], ...] = (
    ("check --L 2 --d 2 --method exact", 0.5, None),
    ("grid --max-L 4 --max-d 4 --method exact", 2.0, None),
    ("check --L 10 --d 10 --method exact", 0.4, 10**9),
    ("check --L 100 --d 100 --method exact", 10.0, 10**9),
    ("check --L 16 --d 16 --method rank", 15.0, 10**9),
    ("check --L 4 --d 4 --method both", 15.0, 10**9),
    ("require --l 1000", 2.0, None),
    ("multiplicity --L 60 --d 60", 20.0, 10**9),
    ("show --L 4 --d 3 --l 12", None, None),
    ("show --L 6 --d 2 --l 12", None, None),
    ("show --L 3 --d 4 --l 12", None, None),
)
# certificates: options, wall seconds to make and check one, bytes of the file
CERTIFICATES: tuple[tuple[str, float | None, float | None], ...] = (
    ("--L 2 --d 2", None, None),
    ("--L 30 --d 30 --form explicit", 20.0, 30e6),
    ("--L 100 --d 100", 60.0, None),
    ("--L 10 --d 10 --features exact", None, None),
)
INSTANCES = ((2, 2), (3, 2), (2, 4), (3, 3), (4, 3), (4, 4), (5, 5), (10, 10))
# L = d up to which each route is measured
GROWTH = {
    "certificate": ("exact", (2, 4, 8, 12, 16, 32, 50, 70, 100)),
    "rank": ("rank", (2, 4, 8, 12, 16)),
    "numeric": ("numeric", (2, 4, 6)),
}
REDUCED = ((1, 2), (2, 2), (3, 2), (1, 3), (2, 3))
FIGURE = Path(__file__).parents[1] / "docs" / "images" / "theorem-growth.svg"
DIRECT_MAX_BYTES = 4e9
DIRECT_MAX_FLOP = 2e12


def run() -> dict[str, Any]:
    """Measure the targets, certificates, growth with dL, and the routes that one would take today."""
    sympy = measure(["import sympy"], repeats=3, option="-c")
    tables = {
        "targets": [_target(command, seconds, memory, sympy) for command, seconds, memory in TARGETS],
        "certificates": [
            _certificate(options, seconds, size, sympy) for options, seconds, size in CERTIFICATES
        ],
        "growth": [
            _growth(route, method, n) for route, (method, measured) in GROWTH.items() for n in measured
        ],
        "routes": [_routes(*i) for i in INSTANCES],
        "multiplicities": [_reduced(*i) for i in REDUCED],
    }
    _draw(tables["growth"])
    return tables


def _times(found: Process) -> dict[str, Any]:
    return {
        "wall s": round(found.wall_s, 2),
        "cpu s": round(found.cpu_s, 2),
        "peak MB": round(found.peak_bytes / 1e6),
    }


def _target(command: str, seconds: float | None, memory: float | None, sympy: Process) -> dict[str, Any]:
    found = measure(["span_theorem", *command.split()], repeats=3 if seconds is None or seconds < 5 else 1)
    met = (seconds is None or found.wall_s < seconds) and (memory is None or found.peak_bytes < memory)
    return {
        "command": command,
        **_times(found),
        "cpu / import sympy": round(found.cpu_s / sympy.cpu_s, 2),
        "target s": seconds,
        "target MB": memory and round(memory / 1e6),
        "met": met and found.status == 0,
    }


def _certificate(options: str, seconds: float | None, size: float | None, sympy: Process) -> dict[str, Any]:
    """Made by the command, checked by the verifier alone."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "certificate.json"
        made = measure(["span_theorem", "certify", *options.split(), "-o", str(file)])
        checked = measure(["span_theorem.verify", str(file)])
        written = file.stat().st_size
    wall = made.wall_s + checked.wall_s
    return {
        "certify": options,
        "MB": round(written / 1e6, 3),
        "made, wall s": round(made.wall_s, 2),
        "made, cpu s": round(made.cpu_s, 2),
        "checked, wall s": round(checked.wall_s, 2),
        "checked, cpu s": round(checked.cpu_s, 2),
        "checked, peak MB": round(checked.peak_bytes / 1e6),
        "cpu / import sympy": round((made.cpu_s + checked.cpu_s) / sympy.cpu_s, 2),
        "target s": seconds,
        "met": (seconds is None or wall < seconds)
        and (size is None or written < size)
        and made.status == checked.status == 0,
    }


def _growth(route: str, method: str, n: int) -> dict[str, Any]:
    found = measure(["span_theorem", "check", "--L", str(n), "--d", str(n), "--method", method])
    if found.status:
        raise RuntimeError(f"check --L {n} --d {n} --method {method}: status {found.status}")
    return {"route": route, "L": n, "d": n, "dL": n * n, **_times(found)}


def _reduced(L: int, d: int) -> dict[str, Any]:
    """Multiplicities in Sym^d: e3nn's, which must agree, and this project's."""
    ours = measure(["span_theorem", "multiplicity", "--L", str(L), "--d", str(d)])
    theirs = measure(["benchmarks.reduced", str(L), str(d)])
    return {
        "L": L,
        "d": d,
        "multiplicity cpu s": round(ours.cpu_s, 2),
        "ReducedTensorProducts cpu s": round(theirs.cpu_s, 2),
        "peak MB": round(theirs.peak_bytes / 1e6),
        "agree": theirs.status == 0,
    }


def _draw(rows: list[dict[str, Any]]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.5, 3.6), layout="constrained")
    axes = figure.subplots()
    for route, marker in zip(GROWTH, "os^", strict=True):
        points = [(row["dL"], row["cpu s"]) for row in rows if row["route"] == route]
        axes.loglog(*zip(*points, strict=True), marker=marker, label=route)
    axes.set_xlabel("boundary dL (L = d)")
    axes.set_ylabel("processor time of the process (s)")
    axes.legend()
    axes.grid(alpha=0.3)
    figure.savefig(FIGURE, metadata={"Date": None})


def _routes(L: int, d: int) -> dict[str, Any]:
    exact = measure(["span_theorem", "check", "--L", str(L), "--d", str(d), "--method", "rank"])
    points, monomials = sizes(L, d)
    row: dict[str, Any] = {
        "L": L,
        "d": d,
        "monomials": monomials,
        "rank wall s": round(exact.wall_s, 2),
        "rank cpu s": round(exact.cpu_s, 2),
        "rank peak MB": round(exact.peak_bytes / 1e6),
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
