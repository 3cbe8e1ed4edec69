"""Tables for a paper, made from result files alone: one kind of result a file, one line in the registry."""

from collections.abc import Callable, Sequence
from pathlib import Path

from span_theorem.errors import InputError
from span_theorem.latex import Table, document
from span_theorem.results import Record, showing
from span_theorem.tables.degrees import degrees_table
from span_theorem.tables.folds import folds_table
from span_theorem.tables.grid import grid_table
from span_theorem.tables.invariants import invariants_table
from span_theorem.tables.multiplicity import multiplicity_table
from span_theorem.tables.polygon import polygon_table

#: What a result file of each kind becomes.
TABLES: dict[str, Callable[[Record], Table | tuple[Table, ...]]] = {
    "grid": grid_table,
    "check": degrees_table,
    "multiplicity": multiplicity_table,
    "invariants": invariants_table,
    "polygon": polygon_table,
    "folds": folds_table,
}

#: Kinds that other commands write, of which there is no table here; those of studies are made by `experiments tables`.
WITHOUT_TABLE = frozenset({"show", "require", "certificate", "diagnosis", "study"})

DOCUMENT = "all-tables.tex"


def render_tables(results: Sequence[Record]) -> dict[str, str]:
    """LaTeX by file name: one file for every result, and a document that shows them all.

    Raises:
        InputError: a kind that is not known, two results that would make the same file, or a field that is
            missing or not what it should be.
    """
    files: dict[str, str] = {}
    sources: dict[str, Path] = {}
    for result in results:
        kind = result.text("kind")
        if kind in WITHOUT_TABLE:
            continue
        if kind not in TABLES:
            known = ", ".join(sorted({*TABLES, *WITHOUT_TABLE}))
            raise InputError(f"{result.path}: unknown kind of result '{kind}', expected one of {known}")
        with showing(result.path):
            made = TABLES[kind](result)
            rendered = [
                (f"{table.name}.tex", table.render(result.path.name))
                for table in (made if isinstance(made, tuple) else (made,))
            ]
        for name, text in rendered:
            if name in files or name == DOCUMENT:
                other = sources.get(name, "the document of all tables")
                raise InputError(f"{result.path} and {other} would both become {name}: rename one of them")
            files[name] = text
            sources[name] = result.path
    return files | {DOCUMENT: document(list(files))}
