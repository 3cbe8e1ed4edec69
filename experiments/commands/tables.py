"""`python -m experiments tables`: LaTeX and Markdown of studies, from their result folders alone."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from experiments.lab.tables import Table


def tables(
    results: Annotated[
        list[Path], typer.Argument(help="Folders of studies, or a folder that holds several of them.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the tables.")] = Path("tables"),
    page: Annotated[
        Path | None,
        typer.Option(
            help="A Markdown page whose generated parts are rewritten: tables and claims between markers."
        ),
    ] = None,
) -> int:
    """LaTeX of every table of studies (booktabs alone), and a document that shows them all.

    Examples:

      python -m experiments tables docs/results -o tables

      python -m experiments tables docs/results --page docs/results.md
    """
    from experiments.lab.names import RESULT
    from experiments.report.page import rewrite
    from experiments.report.study import read_study, study_paths
    from span_theorem import latex
    from span_theorem.console import console
    from span_theorem.errors import InputError
    from span_theorem.output import make_folder, write_text

    found = [(path, read_study(path)) for path in study_paths(results)]
    studies = {path: study for path, study in found if study is not None}
    if not studies:
        raise InputError(
            f"{', '.join(map(str, results))}: there is no study, expected a folder with {RESULT}"
        )
    out = console()
    if page is not None:
        rewrite(page, [*studies.values()])
        out.print(f"written: {page}")
        return 0
    make_folder(output)
    shown: dict[str, Table] = {}
    for path, study in studies.items():
        for table in study.tables:
            if table.name in shown:  # the same was run on something else
                table = replace(table, name=f"{path.resolve().parent.name}-{table.name}")
            shown[table.name] = table
            source = f"{study.name}/{RESULT}"
            text = table.latex(source, "python -m experiments tables")
            write_text(output / f"{latex.label(table.name)}.tex", text)
    names = [f"{latex.label(name)}.tex" for name in shown]
    write_text(output / "all-studies.tex", latex.document(names))
    out.print(f"{len(names)} tables written to {output}")
    return 0
