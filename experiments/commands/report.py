"""`python -m experiments report`: a page, tables, claims and a figure from result files, without computing anything."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    results: Annotated[
        list[Path],
        typer.Argument(help="Folders of studies, or of several; files written by `diagnose --json`."),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="The page, if it ends in .html; else the stem of a PNG and SVG of the diagnoses.",
        ),
    ] = None,
    figure: Annotated[
        Path | None, typer.Option("--figure", help="Stem of a PNG and SVG of the diagnoses.")
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="Of the page, or of that figure.")] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Tidy table of the diagnoses, a row a frequency.")
    ] = None,
    compare: Annotated[
        bool,
        typer.Option("--compare", help="Two results side by side, with differences (needs -o PAGE.html)."),
    ] = False,
) -> int:
    r"""One HTML page of studies and diagnoses, or, without one, their tables and claims in the terminal.

    The page is a single file that fetches nothing: verdicts, figures, tables, settings, provenance, cells as CSV.

    Examples:

      python -m experiments report docs/results -o report.html

      python -m experiments report equivariant.json free.json --compare \
          -o report.html

      python -m experiments report result.json --figure recovery
    """
    from experiments.lab.names import RESULT
    from experiments.report.figure import draw_recoveries
    from experiments.report.html import compared, require_jinja, section, tidy_csv, write_page
    from experiments.report.paths import figure_paths
    from experiments.report.results import read_any
    from experiments.report.study import StudyResult, print_report, study_paths
    from experiments.report.table import print_diagnosis
    from span_theorem.console import console
    from span_theorem.errors import InputError
    from span_theorem.output import require_writable, together, write_text

    page = output if output is not None and output.suffix in (".html", ".htm") else None
    figure = output if page is None and output is not None else figure
    found = [(path, read_any(path)) for path in study_paths(results)]
    diagnoses = [result for _, result in found if not isinstance(result, StudyResult)]
    if not found:
        raise InputError(
            f"{', '.join(map(str, results))}: there is no result, expected a folder with {RESULT}"
        )
    if figure is not None and not diagnoses:
        raise InputError("there is no diagnosis to draw: a study's figure lies in its folder")
    if compare and len(found) != 2:
        raise InputError(f"--compare takes two results: there are {len(found)}")
    if compare and page is None:
        raise InputError("--compare makes a page: expected -o PAGE.html")
    if csv is not None and not diagnoses:
        raise InputError("there is no diagnosis to write as CSV: a study's cells.csv lies in its folder")
    pictures = figure_paths(figure) if figure is not None else ()
    require_writable(csv)
    out = console()
    if page is not None:
        require_jinja()
        require_writable(page)
        sections = [section(path, result, f"result-{index}") for index, (path, result) in enumerate(found, 1)]
        write_page(page, sections, compared(*found) if compare else None, title)
    else:
        for _, result in found:
            if isinstance(result, StudyResult):
                print_report(result, out)
            else:
                print_diagnosis(result, out)
    with together():
        if csv is not None:
            write_text(csv, tidy_csv(diagnoses))
        draw_recoveries(diagnoses, pictures, title)
    for path in pictures:
        out.print(f"figure: {path}")
    if csv is not None:
        out.print(f"table: {csv}")
    if page is not None:
        out.print(f"page: {page}")
    return 0
