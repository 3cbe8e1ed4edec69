"""`python -m experiments aspirin`: the whole study, four networks a data set, resumable."""

from pathlib import Path
from typing import Annotated

import typer

from span_theorem.output import make_folder


def aspirin(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the results.")] = Path(
        "results/aspirin"
    ),
    data: Annotated[
        str | None, typer.Option(help="Only one of the data sets: rmd17 or embedded; default: both.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Fewer frames and probes: minutes instead of an hour.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of every random choice.")] = 0,
) -> int:
    """Four networks on aspirin, l = 1 to 7, d = 1, 2, 3: what each probe recovers, and where it ends.

    Writes aspirin-DATA.json, .png and .svg. Finished parts are kept in the folder: killed at any moment and started
    again, the command goes on where it was and ends with the same files. rMD17 has to be fetched before
    (`python -m experiments data fetch rmd17 --molecule aspirin`); the embedded frames are part of the package.

    Examples:

      python -m experiments aspirin --data embedded --quick

      python -m experiments aspirin -o results/aspirin

      python -m span_theorem tables --results results/aspirin -o tables

    Exit status: 0 no ceiling dL is crossed, 1 one is, 2 unusable input.
    """
    from experiments.report.study_run import run_and_report
    from experiments.study import FULL, QUICK, STUDIES

    make_folder(output)
    plan = QUICK if quick else FULL
    good = [run_and_report(name, plan, seed, output) for name in ([data] if data else STUDIES)]
    return 0 if all(good) else 1
