"""`python -m benchmarks [NAME ...]`: measure, print the tables, write benchmarks/results/NAME.json."""

import argparse
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.measure import machine
from span_theorem.console import console, table
from span_theorem.output import write_json

# a benchmark is a module with run() -> {title: [row, ...]}, a row a dict of cells; one line plugs it in
BENCHMARKS = {
    "theorem": "benchmarks.theorem",
    "features": "benchmarks.features",
    "reading": "benchmarks.reading",
    "memory": "benchmarks.memory",
    "diagnose": "benchmarks.diagnose",
    "spn": "benchmarks.spn",
    "bootstrap": "benchmarks.bootstrap",
    "scale": "benchmarks.scale",
    "studies": "benchmarks.studies",
}
SLOW = {"studies"}  # a quarter of an hour: only where it is named
RESULTS = Path(__file__).parent / "results"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"of {', '.join(BENCHMARKS)}; default: all but {', '.join(SLOW)}",
    )
    names = parser.parse_args().names or [name for name in BENCHMARKS if name not in SLOW]
    if unknown := [name for name in names if name not in BENCHMARKS]:
        print(
            f"benchmarks: error: no benchmark {unknown[0]!r}, expected one of {', '.join(BENCHMARKS)}",
            file=sys.stderr,
        )
        return 2
    RESULTS.mkdir(exist_ok=True)
    for name in names:
        measured_on = machine()
        tables = import_module(BENCHMARKS[name]).run()
        path = RESULTS / f"{name}.json"
        write_json(path, {"benchmark": name, "machine": measured_on, **tables})
        for title, rows in tables.items():
            _print(f"{name}: {title}", rows)
        print(f"Written: {path}")
    return 0


def _print(title: str, rows: list[dict[str, Any]]) -> None:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    result = table(title, columns)
    for row in rows:
        result.add_row(*("" if row.get(key) is None else str(row[key]) for key in columns))
    console().print(result)


if __name__ == "__main__":
    sys.exit(main())
