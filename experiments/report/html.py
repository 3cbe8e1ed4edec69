"""The page: studies and diagnoses as one HTML file, which holds all it shows and fetches nothing."""

import csv
import gzip
import hashlib
import io
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from experiments.crosscheck import CrossCheck
from experiments.lab.drawing import drawing, svg
from experiments.lab.names import CELLS
from experiments.lab.tables import Column, Table
from experiments.report.comparison import Comparison, compare
from experiments.report.figure import recovery_figure
from experiments.report.study import StudyResult
from experiments.report.table import frequencies, pairs
from experiments.report.vector import inline
from span_theorem.errors import InputError, MissingPackage
from span_theorem.output import write_text
from span_theorem.reading import read_bytes, read_text
from span_theorem.results import showing

_SHOWN_VALUES = 8
_PART = re.compile(r"(?=\b(?:Question|Result): )")


@dataclass(frozen=True)
class Badge:
    """A verdict in one word, and whether that is good, bad, open or only a note."""

    word: str
    tone: str


HOLDS = {True: Badge("holds", "good"), False: Badge("fails", "bad"), None: Badge("open", "open")}
VERDICTS = {
    "reached": Badge("reached", "good"),
    "below": Badge("below", "note"),
    "crossed": Badge("crossed", "bad"),
    "undecided": Badge("undecided", "open"),
}


@dataclass(frozen=True)
class Said:
    """A sentence, with the badge of a claim or without."""

    sentence: str
    badge: Badge | None


@dataclass(frozen=True)
class Download:
    """A file that the page hands out: compressed, as base64."""

    name: str
    data: str

    @classmethod
    def of(cls, name: str, content: bytes) -> "Download":
        """From the plain file."""
        # without a time, the same content gives the same page
        return cls(name, b64encode(gzip.compress(content, 9, mtime=0)).decode())


@dataclass(frozen=True)
class Section:
    """One result on the page.

    Attributes:
        anchor: its place on the page.
        name: heading.
        badge: of the whole.
        question: one sentence.
        statement: background, question and result, a paragraph each.
        claims: see :class:`Said`.
        figure: an ``svg`` element, or nothing.
        tables, provenance: what was found, and how.
        csv: tidy, where it is at hand.
        scope: what was and was not tested.
    """

    anchor: str
    name: str
    badge: Badge
    question: str
    statement: Sequence[str]
    claims: Sequence[Said]
    figure: str
    tables: Sequence[Table]
    provenance: Sequence[Table]
    csv: Download | None
    scope: Sequence[str]


def study_section(study: StudyResult, folder: Path, anchor: str) -> Section:
    """A study with the figure and cells that lie in its folder.

    Raises:
        InputError: one of them cannot be read.
    """
    statement = [part.strip() for part in _PART.split(study.statement)]
    asked = re.search(r"Question: (.*?\?)", study.statement)
    question = asked[1][:1].upper() + asked[1][1:] if asked else study.statement
    # a name from a file leads nowhere else
    picture, cells = folder / f"{Path(study.name).name}.svg", folder / CELLS
    figure, download, counted = "", None, list[tuple[str, str]]()
    if picture.exists():
        text = read_text(picture, "the study's figure")
        figure = inline(
            text, str(picture), f"{anchor}-", f"Figure of {study.name}; its numbers are in the tables."
        )
    if cells.exists():
        content = read_bytes(cells, "the study's cells")
        download, counted = Download.of(f"{study.name}.csv", content), _counted(content)
    settings = {key: value for key, value in study.settings.items() if key != "varied"}
    return Section(
        anchor,
        study.name,
        HOLDS[study.holds],
        question,
        statement,
        [
            Said(
                claim.sentence,
                None if claim.kind == "statement" and claim.holds is None else HOLDS[claim.holds],
            )
            for claim in study.claims
        ],
        figure,
        study.tables,
        [
            _pairs("settings", "Settings", [*settings.items(), *counted]),
            _pairs(
                "cells", "Cells: fields and the values they take", study.settings.get("varied", {}).items()
            ),
            _records("backbones", "Backbones", study.backbones),
            _records("structures", "Structures, by checksum", study.structures),
            _pairs("left-out", "Left out, and why", study.left_out.items()),
            _pairs("versions", "Versions", study.versions.items()),
        ],
        download,
        study.scope,
    )


def diagnosis_section(result: Mapping[str, Any], anchor: str) -> Section:
    """A diagnosis as its JSON file holds it."""
    check = CrossCheck.from_dict(result)
    name = f"{result['backbone']}, {result['solver']}, d = {result['d']}"
    settings = {key: value for key, value in result["settings"].items() if key != "pairs"}
    return Section(
        anchor,
        name,
        VERDICTS[result["verdict"]],
        f"Which injected angular frequencies does {result['solver']} of degree {result['d']} recover from "
        f"{result['backbone']}, layer {result['card']['layer']}, L = {result['L']}?",
        [],
        [
            Said(check.sentence(), VERDICTS[result["verdict"]]),
            *(Said(note, None) for note in result["notes"]),
        ],
        _drawn([result], f"{anchor}-", f"Recovered share by angular frequency, {name}"),
        [frequencies(result, full=True), *([pairs(result)] if len(result["pairs"]) > 1 else [])],
        [
            _pairs("settings", "Settings", _flat(settings).items()),
            _records(
                "structures", "Structures", {part: result[f"{part}_frames"] for part in ("training", "test")}
            ),
            _pairs("backbone", "Backbone", _flat({**result["card"], **result["verification"]}).items()),
            _pairs("versions", "Versions", result.get("versions", {}).items()),
        ],
        Download.of(f"{anchor}.csv", tidy_csv([result]).encode()),
        result["scope"],
    )


def section(path: Path, result: StudyResult | Mapping[str, Any], anchor: str) -> Section:
    """The part of the page that shows one result (see :func:`study_section` and :func:`diagnosis_section`)."""
    with showing(path):
        if isinstance(result, StudyResult):
            return study_section(result, path.parent, anchor)
        return diagnosis_section(result, anchor)


def compared(first: tuple[Path, Any], second: tuple[Path, Any]) -> Comparison:
    """Two studies, by their cells, or two diagnoses, side by side.

    Args:
        first, second: file and what was read from it.

    Raises:
        InputError: they are of two kinds, have nothing in common, or their cells cannot be read.
    """
    texts = []
    for path, result in (first, second):
        if isinstance(result, StudyResult):
            texts.append(read_text(path.parent / CELLS, "the study's cells"))
        else:
            texts.append(tidy_csv([result]))
    results = [result for _, result in (first, second)]
    studies = [isinstance(result, StudyResult) for result in results]
    if any(studies) and not all(studies):
        raise InputError("a study cannot be compared with a diagnosis: expected two results of one kind")
    with showing(second[0]):
        comparison = compare((_name(*first), _name(*second)), *texts)
    if any(studies):
        return comparison
    return replace(
        comparison, figure=_drawn(results, "comparison-", f"Recovered shares of {comparison.heading}")
    )


def _name(path: Path, result: Any) -> str:
    return str(path.parent if isinstance(result, StudyResult) else path)


def page(sections: Sequence[Section], comparison: Comparison | None = None, title: str | None = None) -> str:
    """The page's text.

    Args:
        sections: one a result.
        comparison: of two of them.
        title: by default the names of the results.

    Raises:
        MissingPackage: jinja2 is not installed.
    """
    require_jinja()
    from jinja2 import Environment, StrictUndefined

    folder = files("experiments.report") / "templates"
    parts = {
        name: (folder / f"report.{name}").read_text(encoding="utf-8") for name in ("html.jinja", "css", "js")
    }
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    shown = [section.name for section in sections]
    return environment.from_string(parts["html.jinja"]).render(
        title=title
        or "Spectral ceilings: " + (", ".join(shown) if len(shown) <= 3 else f"{len(shown)} results"),
        version=version("span-theorem"),
        style=parts["css"],
        script=parts["js"],
        script_hash=b64encode(hashlib.sha256(parts["js"].encode()).digest()).decode(),
        sections=sections,
        comparison=comparison,
    )


def write_page(
    path: Path, sections: Sequence[Section], comparison: Comparison | None = None, title: str | None = None
) -> None:
    """Write the page (see :func:`page`).

    Raises:
        InputError: it cannot be written.
    """
    write_text(path, page(sections, comparison, title))


def require_jinja() -> None:
    """Fail before the work, not after it, if no page can be made.

    Raises:
        MissingPackage: jinja2 is not installed.
    """
    if find_spec("jinja2") is None:
        raise MissingPackage("the page needs jinja2: pip install 'span-theorem[report]'")


def _drawn(results: Sequence[Mapping[str, Any]], prefix: str, alternative: str) -> str:
    with drawing():
        return inline(svg(recovery_figure(results)), "the figure", prefix, alternative)


def tidy_csv(results: Sequence[Mapping[str, Any]]) -> str:
    """CSV of diagnoses: a row a frequency, with backbone, L and the settings beside the figures and their ends."""
    rows = []
    for result in results:
        settings = {name: value for name, value in result["settings"].items() if name != "probe"}
        beside = _flat({**settings, **{name: result[name] for name in ("backbone", "L", "solver", "d")}})
        for degree in result["degrees"]:
            row = dict(beside)
            for key, value in degree.items():
                name = key.removesuffix("_ci")
                if name == key:
                    row[key] = value
                elif value is not None:
                    row |= {f"{name}_low": value[0], f"{name}_high": value[1]}
            rows.append(row)
    file = io.StringIO()
    columns = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def _counted(content: bytes) -> list[tuple[str, str]]:
    """How many clusters or structures the intervals rest on."""
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8", "replace"))))
    found = []
    for name, words in (("n_clusters", "clusters"), ("n_structures", "test structures")):
        numbers = sorted(
            {int(float(row[name])) for row in rows if re.fullmatch(r"\d+(\.0)?", row.get(name) or "")}
        )
        if numbers:
            found.append(
                (f"{words} of a cell", " to ".join(map(str, dict.fromkeys((numbers[0], numbers[-1])))))
            )
    return found


def _pairs(name: str, caption: str, rows: Iterable[tuple[str, Any]]) -> Table:
    columns = (Column("field", True), Column("value", True))
    return Table(name, caption, columns, tuple((key, _short(value)) for key, value in rows))


def _records(name: str, caption: str, records: Mapping[str, Any]) -> Table:
    """One row a record, one column a field that holds a single value in any of them."""
    flat = {key: _flat(record) for key, record in records.items()}
    fields = list(dict.fromkeys(field for record in flat.values() for field in record))
    return Table(
        name,
        caption,
        (Column("", True), *(Column(field, True) for field in fields)),
        tuple((key, *(_short(record.get(field, "")) for field in fields)) for key, record in flat.items()),
    )


def _flat(record: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{key}.")
        elif not isinstance(value, list):
            found[prefix + key] = value
    return found


def _short(value: Any) -> str:
    if isinstance(value, list | tuple):
        more = f" … ({len(value)} values)" if len(value) > _SHOWN_VALUES else ""
        return ", ".join(map(str, value[:_SHOWN_VALUES])) + more
    return "" if value is None else str(value)
