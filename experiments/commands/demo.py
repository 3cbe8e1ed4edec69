"""`python -m experiments demo`: the diagnostic on what the package embeds, with nothing to download."""

from pathlib import Path
from typing import Annotated

import typer

from span_theorem.output import make_folder, write_json

BACKBONE = "sevennet:7net-0"
SITE, TOWARD = 12, 11  # ester oxygen to acetyl carbon
SOLVERS = ("equivariant", "free")


def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the results.")] = Path(
        "results/demo"
    ),
    n_train: Annotated[int, typer.Option(min=1, help="Training frames to draw.")] = 300,
    n_test: Annotated[int, typer.Option(min=1, help="Test frames to draw.")] = 150,
    seed: Annotated[int, typer.Option(min=0, help="Seed of every random choice.")] = 0,
) -> int:
    """Diagnose SevenNet-0 on the embedded aspirin frames with both solvers.

    Examples:

      python -m experiments demo

      python -m experiments demo -o /tmp/demo --n-train 100 --n-test 50

    Exit status: 0 both solvers measure the predicted boundary, 1 one does not, 2 unusable input.
    """
    from experiments.backbones import open_backbone
    from experiments.data import load
    from experiments.diagnosis import Settings
    from experiments.direction import MarkedPair
    from experiments.report.figure import draw_recoveries, require_matplotlib
    from experiments.report.paths import figure_paths
    from experiments.report.run import run_with_progress
    from experiments.report.table import print_diagnosis
    from experiments.split import draw
    from span_theorem.console import console

    make_folder(output)
    pictures = figure_paths(output / "recovery")
    require_matplotlib()
    training = draw(load("embedded:train"), n_train, seed)
    test = draw(load("embedded:test"), n_test, seed)
    network = open_backbone(BACKBONE)
    out = console()
    results = []
    for solver in SOLVERS:
        settings = Settings(pair=MarkedPair(SITE, TOWARD), solver=solver, seed=seed)
        result = run_with_progress(network, training, test, settings)
        write_json(output / f"{solver}.json", result)
        print_diagnosis(result, out)
        results.append(result)
    draw_recoveries(results, pictures)
    for path in pictures:
        out.print(f"figure: {path}")
    return 1 if any(result["agrees"] is False for result in results) else 0
