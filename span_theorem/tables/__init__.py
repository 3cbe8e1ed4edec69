"""Tables for a paper, made from result files alone: one kind of result a file, one line in the registry."""

from collections.abc import Callable, Sequence
from pathlib import Path

from span_theorem.errors import InputError
from span_theorem.latex import Table, document
from span_theorem.results import Record, showing
from span_theorem.tables.activation import activation_table
from span_theorem.tables.architecture import architecture_table
from span_theorem.tables.calibration import calibration_table
from span_theorem.tables.capacity import capacity_table
from span_theorem.tables.degrees import degrees_table
from span_theorem.tables.dose import dose_table
from span_theorem.tables.folds import folds_table
from span_theorem.tables.grid import grid_table
from span_theorem.tables.molecule import molecule_table
from span_theorem.tables.multiplicity import multiplicity_table
from span_theorem.tables.polygon import polygon_table
from span_theorem.tables.study import study_tables
from span_theorem.tables.training import training_table
from span_theorem.tables.transfer import transfer_table
from span_theorem.tables.where import where_table

#: What a result file of each kind becomes.
TABLES: dict[str, Callable[[Record], Table | tuple[Table, ...]]] = {
    "study": study_tables,
    "grid": grid_table,
    "check": degrees_table,
    "multiplicity": multiplicity_table,
    "polygon": polygon_table,
    "folds": folds_table,
    "control-activation": activation_table,
    "control-capacity": capacity_table,
    "control-dose": dose_table,
    "control-calibration": calibration_table,
    "control-training": training_table,
    "control-architecture": architecture_table,
    "control-where": where_table,
    "control-molecule": molecule_table,
    "control-transfer": transfer_table,
}

#: Kinds that other commands write and of which there is no table.
WITHOUT_TABLE = frozenset({"show", "require", "diagnosis"})

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
