"""LaTeX that any engine with booktabs can read."""

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from span_theorem.latex import ROWS_PER_PAGE, Column, Table, document, escape, label

SPECIAL = r"\{}~^<>&%$#_"


def compile_with_pdflatex(folder, name):
    """Run pdflatex on ``name`` in ``folder``; its log, and whether it made a PDF without an error."""
    outcome = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", name],
        cwd=folder,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=120,
    )
    return outcome.stdout, outcome.returncode == 0 and (folder / name).with_suffix(".pdf").exists()


def _has_booktabs():
    if shutil.which("pdflatex") is None or shutil.which("kpsewhich") is None:
        return False
    return subprocess.run(["kpsewhich", "booktabs.sty"], capture_output=True, timeout=60).returncode == 0


needs_pdflatex = pytest.mark.skipif(
    not _has_booktabs(), reason="pdflatex with booktabs (TeX Live) is not installed"
)


@settings(deadline=None)
@given(st.text(alphabet=SPECIAL + "aZ9 ", max_size=20))
def test_escaping_leaves_no_special_character_bare(text):
    rest = escape(text)
    for command in (r"\textbackslash{}", r"\textasciitilde{}", r"\textasciicircum{}", "$<$", "$>$"):
        rest = rest.replace(command, "")
    for character in "{}&%$#_":
        rest = rest.replace(f"\\{character}", "")
    assert not set(rest) & set(SPECIAL)


@settings(deadline=None)
@given(st.text(max_size=30))
def test_a_label_is_safe_and_settled(name):
    made = label(name)
    assert made
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")
    assert label(made) == made


def example(n_rows):
    rows = tuple((str(i), f"{i * i}", escape("50% & more_")) for i in range(n_rows))
    return Table(
        "example", escape("A_caption of 100%"), (Column("$i$"), Column("$i^2$"), Column("text", "l")), rows
    )


@pytest.mark.parametrize("n_rows", [0, 1, ROWS_PER_PAGE, ROWS_PER_PAGE + 1, 3 * ROWS_PER_PAGE])
def test_every_row_is_printed_once_and_long_tables_go_on(n_rows):
    text = example(n_rows).render("example.json")
    bodies = [part.split(r"\bottomrule")[0] for part in text.split(r"\midrule")[1:]]
    printed = [line.split(" & ")[0] for body in bodies for line in body.strip().splitlines()]
    assert printed == [str(i) for i in range(n_rows)]
    assert len(bodies) == max(1, -(-n_rows // ROWS_PER_PAGE))
    assert text.count(r"\label{tab:example}") == 1


@needs_pdflatex
def test_tables_compile_with_booktabs_alone(tmp_path):
    (tmp_path / "example.tex").write_text(example(90).render("example.json"), encoding="utf-8")
    (tmp_path / "main.tex").write_text(document(["example.tex"]), encoding="utf-8")
    log, good = compile_with_pdflatex(tmp_path, "main.tex")
    assert good, log[-2000:]
    assert "Overfull" not in log


@needs_pdflatex
def test_a_broken_table_is_noticed(tmp_path):
    broken = Table("broken", "unescaped_caption", (Column("a"),), (("1 & 2",),))
    (tmp_path / "broken.tex").write_text(broken.render("broken.json"), encoding="utf-8")
    (tmp_path / "main.tex").write_text(document(["broken.tex"]), encoding="utf-8")
    assert not compile_with_pdflatex(tmp_path, "main.tex")[1]
