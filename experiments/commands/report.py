"""`python -m experiments report`: tables and one figure from result files, without computing anything."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    results: Annotated[
        list[Path], typer.Argument(help="Files written by `diagnose --json`, `aspirin` or `controls`.")
    ],
    figure: Annotated[
        Path | None,
        typer.Option(
            "--figure",
            "-o",
            help="Stem of a PNG and an SVG: a curve a diagnosis, a study, or a control.",
        ),
    ] = None,
) -> int:
    """Print diagnoses again and draw them into one figure, or print and draw one study or one control.

    Examples:

      python -m experiments report results/aspirin/aspirin-rmd17.json -o study

      python -m experiments report docs/results/control-dose.json -o dose

      python -m experiments report result.json

      python -m experiments report equivariant.json free.json -o recovery
    """
    from experiments.controls.run import show_again
    from experiments.report.figure import draw_recoveries
    from experiments.report.paths import figure_paths
    from experiments.report.results import read_diagnosis, read_study
    from experiments.report.study_figure import draw_study
    from experiments.report.study_table import print_study
    from experiments.report.table import print_diagnosis
    from span_theorem.console import console
    from span_theorem.results import showing

    pictures = figure_paths(figure) if figure is not None else ()
    out = console()
    if len(results) == 1 and (rows := show_again(results[0], pictures)) is not None:
        out.print(rows)
        for path in pictures:
            out.print(f"figure: {path}")
        return 0
    if len(results) == 1 and (study := read_study(results[0])) is not None:
        with showing(results[0]):
            draw_study(study, pictures)
            print_study(study, out)
        for path in pictures:
            out.print(f"figure: {path}")
        return 0
    diagnoses = [read_diagnosis(path) for path in results]
    for path, diagnosis in zip(results, diagnoses, strict=True):
        with showing(path):
            print_diagnosis(diagnosis, out)
    with showing(results[0]):
        draw_recoveries(diagnoses, pictures)
    for path in pictures:
        out.print(f"figure: {path}")
    return 0
