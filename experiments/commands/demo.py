"""`python -m experiments demo`: the aspirin study on what the package embeds, with nothing to download."""

from pathlib import Path
from typing import Annotated

import typer

from span_theorem.output import make_folder


def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the results.")] = Path(
        "results/demo"
    ),
    seed: Annotated[int, typer.Option(min=0, help="Seed of every random choice.")] = 0,
) -> int:
    """Four shipped networks on the embedded aspirin frames: the quick form of `aspirin --data embedded`.

    Examples:

      python -m experiments demo

      python -m experiments demo -o /tmp/demo

    Exit status: 0 no ceiling dL is crossed, 1 one is, 2 unusable input.
    """
    from experiments.report.study_run import run_and_report
    from experiments.study import QUICK

    make_folder(output)
    return 0 if run_and_report("embedded", QUICK, seed, output) else 1
