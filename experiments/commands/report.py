"""`python -m experiments report`: tables, claims and one figure from result files, without computing anything."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    results: Annotated[
        list[Path], typer.Argument(help="Folders of studies, or files written by `diagnose --json`.")
    ],
    figure: Annotated[
        Path | None,
        typer.Option("--figure", "-o", help="Stem of a PNG and an SVG with one curve a diagnosis."),
    ] = None,
) -> int:
    """Print studies and diagnoses again; draw the diagnoses into one figure. A study's figure lies in its folder.

    Examples:

      python -m experiments report docs/results/aspirin

      python -m experiments report result.json

      python -m experiments report equivariant.json free.json -o recovery
    """
    from experiments.report.figure import draw_recoveries
    from experiments.report.paths import figure_paths
    from experiments.report.results import read_diagnosis
    from experiments.report.study import print_report, read_study
    from experiments.report.table import print_diagnosis
    from span_theorem.console import console
    from span_theorem.errors import InputError

    out = console()
    studies = [(path, read_study(path)) for path in results]
    diagnoses = [read_diagnosis(path) for path, study in studies if study is None]
    if figure is not None and not diagnoses:
        raise InputError("there is no diagnosis to draw: a study's figure lies in its folder")
    pictures = figure_paths(figure) if figure is not None else ()
    for _, study in studies:
        if study is not None:
            print_report(study, out)
    for diagnosis in diagnoses:
        print_diagnosis(diagnosis, out)
    draw_recoveries(diagnoses, pictures)
    for path in pictures:
        out.print(f"figure: {path}")
    return 0
