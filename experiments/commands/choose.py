"""`python -m experiments choose`: which L and d labelled structures ask for."""

from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.reading import Cluster, Composition, EnergyKey, ForcesKey, Units, warn

HELP = r"""Which L and d labelled structures ask for, before any network is trained.

A linear model of invariants of degree ≤ d in density features of degree ≤ L (a small linear ACE) is fitted to energies
and forces in closed form for every (L, d) and compared on structures that were not fitted. An L is enough if no larger
one lowers the force error by the tolerance, judged by intervals of paired differences over clusters of structures.

Examples:

  python -m experiments choose --structures train.extxyz

  python -m experiments choose --structures embedded:train --max-L 5 \
      --max-d 2 -o results/choose

  python -m experiments choose --structures train.extxyz --tolerance 5meV/A \
      --cluster trajectory

Exit status: 0 done, whatever the answer; 2 unusable input.
"""


def choose(
    structures: Annotated[
        str,
        typer.Option(
            help="Structures with energies, forces or both: a file, or a name such as embedded:train."
        ),
    ],
    max_L: Annotated[int, typer.Option("--max-L", min=0, max=10, help="Largest L.")] = 6,
    max_d: Annotated[int, typer.Option("--max-d", min=1, max=3, help="Largest polynomial degree.")] = 3,
    tolerance: Annotated[
        str,
        typer.Option(help="A fall of the error that counts as none: a share of the labels' RMS, or 5meV/A."),
    ] = "0.02",
    cutoff: Annotated[float, typer.Option(min=0.1, max=20, help="Of neighbours, Å.")] = 5.0,
    cluster: Cluster = None,
    units: Units = None,
    energy_key: EnergyKey = None,
    forces_key: ForcesKey = None,
    composition: Composition = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the folds.")] = 0,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for study.json, cells.csv and the figure.")
    ] = None,
) -> int:
    from experiments.choose import result
    from experiments.choose.choosing import Settings
    from experiments.choose.choosing import choose as run_choose
    from experiments.choose.tolerance import Tolerance
    from experiments.data.reading import Reading
    from experiments.data.source import read_structures
    from experiments.lab.drawing import require_matplotlib
    from experiments.progress import progress_bar
    from experiments.report.study import print_report
    from span_theorem.console import console
    from span_theorem.output import make_folder, require_writable

    settings = Settings(max_L, max_d, Tolerance.parse(tolerance), cutoff, seed)
    if output is not None:
        require_matplotlib()
        make_folder(output)
        for path in result.files(output):
            require_writable(path)
    read = read_structures(structures, Reading(units, energy_key, forces_key, cluster, composition), warn)
    with progress_bar("fits", None) as bar:
        choice = run_choose(read, settings, lambda: bar.advance(bar.task_ids[0]))
    found = result.report(choice)
    out = console()
    print_report(found, out)
    for path in result.write(choice, found, output) if output is not None else ():
        out.print(f"written: {path}")
    return 0


choose.__doc__ = HELP
