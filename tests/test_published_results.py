"""The results that are committed: every study has its folder, tables compile, documents quote what is there."""

import json
import re
from pathlib import Path

import numpy as np
import pandas
import pytest
from scipy.stats import t

from experiments.report.page import MARKED, generated
from experiments.report.study import named_apart, read_study, study_paths
from experiments.studies.registry import STUDIES
from span_theorem.latex import document
from span_theorem.results import read_results
from span_theorem.tables import render_tables
from tests.span_theorem.test_latex import compile_with_pdflatex, needs_pdflatex

DOCS = Path(__file__).parents[1] / "docs"
RESULTS = DOCS / "results"
PAGE = (DOCS / "results.md").read_text(encoding="utf-8")

FIGURE = re.compile(r"(-?\d+\.?\d*) \[(-?\d+\.?\d*), (-?\d+\.?\d*)\]")


def published():
    return named_apart({path: read_study(path) for path in study_paths([RESULTS])})


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_has_its_folder(name):
    study = read_study(RESULTS / name)
    assert study.name == name
    assert study.tables
    assert study.holds is not False
    cells = pandas.read_csv(RESULTS / name / "cells.csv")
    assert {"backbone", "training", "seed", "l", "n_structures"} <= set(cells)
    assert cells["cell"].nunique() == study.settings["cells"]
    for suffix in ("png", "svg"):
        assert (RESULTS / name / f"{name}.{suffix}").stat().st_size > 1000


@pytest.mark.parametrize("page", [DOCS / "results.md", DOCS.parent / "README.md"], ids=lambda page: page.name)
def test_pages_are_what_the_results_make_of_them(page):
    text = page.read_text(encoding="utf-8")
    assert generated(text, published()) == text, f"{page.name} is stale: make results"


def test_the_pages_show_every_table_and_every_claim():
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    shown = {(match[2], match[3]) for match in MARKED.finditer(PAGE + readme)}
    studies = published()
    assert shown == {("claims", study.name) for study in studies} | {
        ("table", table.name) for study in studies for table in study.tables
    }


@needs_pdflatex
def test_all_tables_compile_in_one_document_and_fit_the_page(tmp_path):
    files = render_tables(read_results(RESULTS))
    files.pop("all-tables.tex")
    for study in published():
        for table in study.tables:
            files[f"{table.name}.tex"] = table.latex(study.name, "a command")
    for name, text in (files | {"all.tex": document(list(files))}).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    log, good = compile_with_pdflatex(tmp_path, "all.tex")
    assert good, log[-2000:]
    assert "Overfull" not in log
    assert "Float too large" not in log


def sections():
    """Parts of the results page as written by hand, with the result files that each names."""
    for part in re.split(r"\n(?=#+ )", MARKED.sub("", PAGE)):
        yield part.splitlines()[0].strip("# "), part, re.findall(r"docs/results/([\w.-]+\.json)", part)


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


def over_networks(result):
    """t intervals over the networks of every group of a result that has replicates."""
    for group in result.get("groups", []):
        for entries in zip(*(one["degrees"] for one in group["replicates"]), strict=True):
            for name in ("rho", "r2_injected"):
                values = np.array([entry[name] for entry in entries], dtype=float)
                if len(values) > 1:
                    half = t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
                    yield values.mean(), values.mean() - half, values.mean() + half


@pytest.mark.parametrize(("title", "text", "names"), sections(), ids=lambda value: str(value)[:30])
def test_figures_with_an_interval_stand_in_a_generated_part_or_in_the_results_named(title, text, names):
    quoted = FIGURE.findall(text.replace("−", "-"))
    results = [json.loads((RESULTS / name).read_text()) for name in names]
    known = [found for result in results for found in (*estimates(result), *over_networks(result))]
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
    for page in (*DOCS.glob("*.md"), DOCS.parent / "README.md"):
        for picture in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / picture).exists(), f"{page.name} shows {picture}"
