"""One table, four renderers: each shows every cell, and none lets text be taken for markup."""

import json
import shutil
import subprocess
from html.parser import HTMLParser

import pandas
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from experiments.lab.tables import _MATHEMATICS, Column, Table, estimate, number, ratio, tex
from span_theorem import latex
from span_theorem.console import console
from span_theorem.output import write_text

FRAME = pandas.DataFrame(
    {
        "network": ["a & b", "a & b", "<c>|d_e"],
        "d": [1, 2, 2],
        "rho": [0.5, -0.0001, 0.25],
        "rho_low": [0.4, -0.2, None],
        "rho_high": [0.6, 0.1, None],
        "path": [True, True, False],
    }
)


def table(caption="ρ(l) ≥ 5%, R²_inj & more"):
    columns = {"<network": "network", "d": "d", "ρ(dL)": estimate("rho"), "<note": lambda row: f"{row['d']}→"}
    return Table.of("a table_1", caption, FRAME, columns, group="network")


def test_cells_columns_and_groups_are_those_of_the_data():
    made = table()
    assert made.columns == (Column("network", True), Column("d"), Column("ρ(dL)"), Column("note", True))
    assert made.rows == (
        ("a & b", "1", "0.500 [0.400, 0.600]", "1→"),
        ("a & b", "2", "0.000 [-0.200, 0.100]", "2→"),
        ("<c>|d_e", "2", "no path", "2→"),
    )
    assert made.breaks == (2,)
    assert Table.from_dict(json.loads(json.dumps(made.to_dict()))) == made
    assert Table.of("x", "x", FRAME, {"d": "d"}).breaks == ()
    assert Table.of("x", "x", FRAME.iloc[:0], {"d": "d"}, group="d").rows == ()


def test_figures_in_words():
    row = pandas.Series({"rho": 0.12345, "rho_low": 0.1, "rho_high": 0.2, "path": True, "path_at": False})
    assert estimate("rho", digits=2)(row) == "0.12 [0.10, 0.20]"
    assert estimate("rho", path="path_at")(row) == "no path"
    assert estimate("other")(row) == ""
    assert estimate("rho")(pandas.Series({"rho": float("nan"), "rho_low": 0.0, "rho_high": 0.0})) == ""
    assert (number(None), number(float("nan")), number(-1e-9), number(1.23456, 2)) == (
        "",
        "",
        "0.000",
        "1.23",
    )
    assert (ratio(None), ratio(float("nan")), ratio(11.74), ratio(1e9)) == ("", "", "11.7", "> 1000")


def test_the_terminal_shows_every_cell_and_a_line_between_groups(capsys):
    console().print(table().terminal())
    lines = capsys.readouterr().out.splitlines()
    for row in table().rows:
        assert any(all(cell in line for cell in row) for line in lines)
    (first,) = (i for i, line in enumerate(lines) if "0.000 [-0.200" in line)
    (second,) = (i for i, line in enumerate(lines) if "no path" in line)
    assert second == first + 2


def test_text_in_brackets_is_no_markup_on_a_terminal(capsys):
    console().print(Table("x", "[i]y", (Column("[bold]h"),), (("[red]0.1[/blue]",),)).terminal())
    printed = capsys.readouterr().out
    assert all(text in printed for text in ("[i]y", "[bold]h", "[red]0.1[/blue]"))


def test_markdown_is_a_pipe_table():
    heading, rule, *rows = table().markdown().splitlines()
    assert heading == "| network | d | ρ(dL) | note |"
    assert rule == "| --- | ---: | ---: | --- |"
    assert rows[0] == "| a & b | 1 | 0.500 [0.400, 0.600] | 1→ |"
    assert rows[2].startswith("| <c>\\|d_e | 2 |")
    assert len(rows) == 3


class Cells(HTMLParser):
    """What a browser would show, cell by cell, and the elements that it would make."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.caption, self.tags = [], "", set()
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self._open = tag
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        self._open = ""

    def handle_data(self, data):
        if self._open == "caption":
            self.caption += data
        elif self._open in ("td", "th"):
            self.rows[-1][-1] += data


@given(st.lists(st.text("<>&;/=\"' abltg#é"), min_size=4, max_size=4))
@example(["<b>", "&lt;i>", "</td>", "<!-- x"])
def test_html_shows_text_and_makes_nothing_of_it(texts):
    heading, first, second, caption = texts
    found = Cells(Table("x", caption, (Column(heading),), ((first,), (second,))).html())
    assert found.rows == [[heading], [first], [second]]
    assert found.caption == caption
    assert found.tags <= {"table", "caption", "thead", "tbody", "tr", "th", "td"}


def test_every_sign_of_the_tables_has_its_latex():
    for sign, command in _MATHEMATICS.items():
        assert tex(f"a{sign}b") == f"a{command}b"
    assert tex("R²_inj") == r"$R^2_{\mathrm{inj}}$"  # not ² and then _inj
    assert tex("10⁻³ & 5%_x") == r"10$^{-3}$ \& 5\%\_x"


@pytest.mark.parametrize("rows", [3, 90])
def test_latex_compiles_with_booktabs_alone(tmp_path, rows):
    signs = tuple((sign, "a_b^c", "{}~\\", "50% & #1 $") for sign in _MATHEMATICS)
    made = table()
    made = Table(
        made.name, made.caption, made.columns, (made.rows + signs + made.rows * 40)[:rows], made.breaks
    )
    text = made.latex("result/study.json", "a command")
    text.encode("ascii")
    assert text.count(r"\toprule") == text.count(r"\bottomrule") == -(-rows // 40)
    assert r"\midrule" in text
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not installed: install texlive to compile the tables")
    write_text(tmp_path / "a-table-1.tex", text)
    write_text(tmp_path / "all.tex", latex.document(["a-table-1.tex"]))
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"],
        cwd=tmp_path,
        capture_output=True,
    )
    assert done.returncode == 0, done.stdout[-2000:]
