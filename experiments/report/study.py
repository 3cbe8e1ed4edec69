"""A study's result folder read back, and a study printed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from experiments.lab.names import CELLS, KIND, RESULT
from experiments.lab.tables import Table
from span_theorem.checked import checked
from span_theorem.errors import InputError
from span_theorem.reading import read_json

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame
    from rich.console import Console


class Sayable(Protocol):
    """A claim."""

    @property
    def holds(self) -> bool | None: ...

    def words(self) -> str: ...


class Printable(Protocol):
    """What can be printed: a report, or a result read back."""

    @property
    def tables(self) -> Sequence[Table]: ...

    @property
    def claims(self) -> Sequence[Sayable]: ...

    @property
    def scope(self) -> Sequence[str]: ...


@dataclass(frozen=True)
class Claimed:
    """A claim as a result file holds it (see :func:`experiments.lab.claims.to_dict`)."""

    kind: str
    holds: bool | None
    sentence: str
    figures: Mapping[str, Any]

    def words(self) -> str:
        """The claim with its figures."""
        return self.sentence


@dataclass(frozen=True)
class StudyResult:
    """A study as its file holds it (see :func:`experiments.lab.study.study_dict`)."""

    kind: str
    name: str
    statement: str
    holds: bool | None
    claims: tuple[Claimed, ...]
    tables: tuple[Table, ...]
    scope: tuple[str, ...]
    settings: Mapping[str, Any]
    backbones: Mapping[str, Any]
    structures: Mapping[str, Any]
    left_out: Mapping[str, str]
    versions: Mapping[str, str]


@dataclass(frozen=True)
class StudyFolder:
    """A study's result folder.

    Attributes:
        path: of the folder.
        result: its study.json.
    """

    path: Path
    result: StudyResult

    @classmethod
    def read(cls, path: Path) -> "StudyFolder":
        """From its folder.

        Raises:
            InputError: it holds no study (see :func:`read_study`).
        """
        result = read_study(path)
        if result is None:
            raise InputError(f"{path} holds no study: expected a folder with {RESULT}")
        return cls(path, result)

    def to_frame(self) -> "DataFrame":
        """One row a cell and frequency, every figure with the ends of its interval."""
        from pandas import read_csv

        return read_csv(self.path / CELLS)

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """The study's figure as its run drew it, on ``ax`` or a figure of its own.

        Raises:
            InputError: the folder holds none.
        """
        from matplotlib import pyplot as plt

        file = self.path / f"{self.result.name}.png"
        if not file.exists():
            raise InputError(f"{file} does not exist: expected the study's figure, which `study` draws")
        picture = plt.imread(file)
        if ax is None:
            width = 8.0
            size = (width, width * picture.shape[0] / picture.shape[1])
            ax = plt.figure(figsize=size).add_axes((0, 0, 1, 1))
        ax.imshow(picture)
        ax.set_axis_off()
        return ax

    def _repr_html_(self) -> str:
        marks = {True: "holds", False: "fails", None: "open"}
        claims = "".join(f"<li>{marks[one.holds]}: {escape(one.words())}</li>" for one in self.result.claims)
        tables = "".join(table.html() for table in self.result.tables)
        return f"<p>{escape(self.result.statement)}</p><ul>{claims}</ul>{tables}"


def result_path(path: Path) -> Path:
    """The file of a result: a study's folder stands for its study.json."""
    return path / RESULT if path.is_dir() and (path / RESULT).exists() else path


def study_paths(paths: Sequence[Path]) -> list[Path]:
    """Files of results; a folder that is none stands for all studies in it."""
    found: list[Path] = []
    for path in paths:
        inner = sorted(path.glob(f"*/{RESULT}")) if path.is_dir() and not (path / RESULT).exists() else []
        found += inner or [result_path(path)]
    return found


def read_study(path: Path) -> StudyResult | None:
    """A study, ``None`` if the file is of another kind.

    Args:
        path: of a study's folder or its study.json.

    Raises:
        InputError: the file is missing, is not JSON, or a field is missing or not what it should be.
    """
    path = result_path(path)
    content = read_json(path, "a result file")
    if content.get("kind") != KIND:
        return None
    if "tables" not in content:
        raise InputError(
            f"{path} is of an earlier version: expected a study with tables; run the study again"
        )
    study = checked(content, StudyResult, path)
    for index, table in enumerate(study.tables):
        for number, row in enumerate(table.rows):
            if len(row) != len(table.columns):
                raise InputError(
                    f"{path}: tables[{index}].rows[{number}]: expected {len(table.columns)} cells, found {len(row)}"
                )
    return study


def named_apart(studies: Mapping[Path, StudyResult | None]) -> list[StudyResult]:
    """Studies with tables of names of their own: one that was run on something else gets its folder's name.

    Args:
        studies: by the path of the result; ``None`` for what is no study.
    """
    found: dict[str, StudyResult] = {}
    for path, study in studies.items():
        if study is None:
            continue
        if study.name in found:
            folder = path.resolve().parent.name
            tables = tuple(replace(table, name=f"{folder}-{table.name}") for table in study.tables)
            study = replace(study, name=folder, tables=tables)
        found[study.name] = study
    return [*found.values()]


def print_report(report: Printable, console: "Console") -> None:
    """Tables, claims and scope on a terminal."""
    for table in report.tables:
        console.print(table.terminal())
    marks = {True: "holds", False: "FAILS", None: "     "}
    for claim in report.claims:
        console.print(f"{marks[claim.holds]}  {claim.words()}")
    for sentence in report.scope:
        console.print(sentence)
