"""`python -m span_theorem tables`: booktabs LaTeX from result files alone."""

from pathlib import Path
from typing import Annotated

import typer


def tables(
    results: Annotated[Path, typer.Option("--results", help="Folder of JSON files from --json options.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for the .tex files; made if missing.")
    ],
) -> int:
    r"""Write a LaTeX table for every result file in a folder.

    A file of `grid --json` becomes the verification grid over (L, d), one of `check --json` the table over l
    of its instance, one of `multiplicity --json` the table of l in every power; polygon, folds, studies and
    controls of the diagnostic become theirs. NAME.json becomes NAME.tex, a study NAME-headline.tex and
    NAME-replicates.tex. The document all-tables.tex shows them all. The tables need booktabs. Results of other
    commands, such as `require` and `show`, have no table and are named.

    Examples:

      span-theorem grid --max-L 4 --max-d 4 --method both \
          --json results/grid.json

      span-theorem check --L 2 --d 2 --json results/check-2-2.json

      span-theorem tables --results results -o tables
    """
    from span_theorem.errors import InputError
    from span_theorem.output import make_folder, write_text
    from span_theorem.results import read_results
    from span_theorem.tables import TABLES, render_tables

    records = read_results(results)
    if not any(record.fields["kind"] in TABLES for record in records):
        target = results / "grid.json"
        raise InputError(
            f"nothing in {results} becomes a table: expected a result of {', '.join(TABLES)}, as "
            f"`python -m span_theorem grid --max-L 4 --max-d 4 --method both --json {target}` makes"
        )
    files = render_tables(records)
    make_folder(output)
    for record in records:
        if record.fields["kind"] not in TABLES:
            typer.echo(f"No table: {record.path} ({record.fields['kind']})")
    for name, text in files.items():
        write_text(output / name, text)
        typer.echo(f"Written: {output / name}")
    return 0
