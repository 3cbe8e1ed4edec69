"""The results that are committed: the tables a paper needs are there, compile together, and documents quote them."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from experiments.controls.registry import CONTROLS
from span_theorem.latex import document
from span_theorem.results import read_results
from span_theorem.tables import render_tables
from tests.span_theorem.test_latex import compile_with_pdflatex, needs_pdflatex

DOCS = Path(__file__).parents[1] / "docs"
RESULTS = DOCS / "results"

FIGURE = re.compile(r"(-?\d+\.?\d*) \[(-?\d+\.?\d*), (-?\d+\.?\d*)\]")


@pytest.fixture(scope="module")
def files():
    """LaTeX of every table, by file name."""
    return render_tables(read_results(RESULTS))


def test_every_table_of_the_paper_is_made(files):
    kinds = Counter(result.text("kind") for result in read_results(RESULTS))
    assert kinds["study"] == 2
    assert {"grid", "multiplicity", "polygon", "folds", *(f"control-{name}" for name in CONTROLS)} <= set(
        kinds
    )
    assert {"aspirin-rmd17-headline.tex", "aspirin-rmd17-replicates.tex"} <= set(files)
    *tables, together = files.values()
    assert together == document(list(files)[:-1])
    assert all(text.count(r"\toprule") for text in tables)


@needs_pdflatex
def test_all_tables_compile_in_one_document_and_fit_the_page(files, tmp_path):
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    log, good = compile_with_pdflatex(tmp_path, "all-tables.tex")
    assert good, log[-2000:]
    assert "Overfull" not in log
    assert "Float too large" not in log


def sections():
    """Parts of the results page, with the result files that each names: by path, or as the control it runs."""
    for part in re.split(r"\n(?=#+ )", (DOCS / "results.md").read_text(encoding="utf-8")):
        names = re.findall(r"docs/results/([\w.-]+\.json)", part)
        names += [f"control-{name}.json" for name in re.findall(r"experiments controls ([a-z]+)\n", part)]
        yield part.splitlines()[0].strip("# "), part, names


def estimates(node):
    """Every number of a result that has an interval, with it."""
    if isinstance(node, dict):
        for name, value in node.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                ends = node.get(f"{name}_ci") or node.get("ci")
                if ends and None not in ends:
                    yield value, *ends
            yield from estimates(value)
    elif isinstance(node, list):
        for value in node:
            yield from estimates(value)


@pytest.mark.parametrize(("title", "text", "names"), sections(), ids=lambda value: str(value)[:30])
def test_every_figure_quoted_with_an_interval_stands_in_the_results_named(title, text, names):
    quoted = FIGURE.findall(text.replace("−", "-"))
    if not quoted:
        return
    assert names, f"the section '{title}' quotes figures and names no result"
    known = [found for name in names for found in estimates(json.loads((RESULTS / name).read_text()))]
    for figures in quoted:
        rounding = [0.51 * 10.0 ** -len(figure.partition(".")[2]) for figure in figures]
        # as they are, in per cent, or in thousandths of a unit
        assert any(
            all(
                abs(unit * number - float(figure)) <= error
                for number, figure, error in zip(found, figures, rounding, strict=True)
            )
            for found in known
            for unit in (1, 100, 1000)
        ), f"'{title}' quotes {figures}, which is nowhere in {', '.join(names)}"


def test_pictures_that_documents_show_are_there():
    for page in DOCS.glob("*.md"):
        for picture in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
            assert (DOCS / picture).exists(), f"{page.name} shows {picture}"
