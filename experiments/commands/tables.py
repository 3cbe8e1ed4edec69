"""`python -m experiments tables`: LaTeX and Markdown of studies, from their result folders alone."""

from pathlib import Path
from typing import Annotated

import typer


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
    from experiments.report.study import named_apart, read_study, study_paths
    from span_theorem import latex
    from span_theorem.console import console
    from span_theorem.errors import InputError
    from span_theorem.output import make_folder, write_text

    studies = named_apart({path: read_study(path) for path in study_paths(results)})
    if not studies:
        raise InputError(
            f"{', '.join(map(str, results))}: there is no study, expected a folder with {RESULT}"
        )
    out = console()
    if page is not None:
        rewrite(page, studies)
        out.print(f"written: {page}")
        return 0
    make_folder(output)
    names = []
    for study in studies:
        for table in study.tables:
            text = table.latex(f"{study.name}/{RESULT}", "python -m experiments tables")
            names.append(f"{latex.label(table.name)}.tex")
            write_text(output / names[-1], text)
    write_text(output / "all-studies.tex", latex.document(names))
    out.print(f"{len(names)} tables written to {output}")
    return 0
