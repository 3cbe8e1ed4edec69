"""`polygon` and `folds` on the command line, and their tables read back."""

import json
from dataclasses import replace

import pytest

from span_theorem import folds as folds_module
from span_theorem import polygon as polygon_module
from span_theorem.cli import main
from span_theorem.errors import InputError
from span_theorem.polygon import POLYGON_SCOPE
from span_theorem.results import read_result
from span_theorem.tables import render_tables
from tests.span_theorem.test_latex import compile_with_pdflatex, needs_pdflatex
from tests.span_theorem.test_tables import body, read

HUGE = "1" + "0" * 30
COMMANDS = {
    "c5": "polygon --n 5 --max-L 6 --max-d 5",
    "c3-k6": "polygon --n 3 --max-L 4 --max-d 3 --k 6",
    "folds": "folds --max-n 5 --max-L 10 --max-d 2",
}
MARKS = {True: r"$\bullet$", False: "--"}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("polygons")
    for name, command in COMMANDS.items():
        assert main([*command.split(), "--json", str(folder / f"{name}.json")]) == 0
    return folder


@pytest.fixture(scope="module")
def tables(results):
    files = render_tables([read_result(results / f"{name}.json") for name in COMMANDS])
    for name, text in files.items():
        (results / name).write_text(text)
    return results


def test_polygon_prints_what_was_found(capsys):
    assert main(COMMANDS["c5"].split()) == 0
    out = capsys.readouterr().out
    assert out.count("recovered") == 22 + 10
    assert out.count("lost") == 8 + 20
    assert "verified (60 of 60 instances)" in out
    assert POLYGON_SCOPE in out


def test_folds_prints_what_was_found(capsys):
    assert main(COMMANDS["folds"].split()) == 0
    out = capsys.readouterr().out
    assert sum(line.count(" seen ") for line in out.splitlines() if "│" in line) == 9 + 8 + 7 + 6
    assert "verified (40 of 40 instances)" in out


def test_polygon_fields(results):
    content = read(results / "c5.json")
    assert (content["kind"], content["n"], content["k"], content["verified"]) == ("polygon", 5, 5, True)
    for instance in content["instances"]:
        L, d, marked = instance["L"], instance["d"], instance["features"] == "marked"
        assert instance["recovered"] == instance["expected"] == (d * L >= 5 if marked else L >= 5)
        assert instance["rank"] == (2 * d * L + 1 if marked else 2 * d * (L // 5) + 1)


@pytest.mark.parametrize("name", ["c5", "c3-k6"])
def test_the_polygon_table_reads_back_as_its_json(tables, name):
    content = read(tables / f"{name}.json")
    found = {(i["L"], i["features"], i["d"]): i["recovered"] for i in content["instances"]}
    rows = body(tables / f"{name}.tex")
    assert len(rows) == 2 * content["max_L"]
    for row in rows:
        features = {"one vertex": "marked", "density": "density"}[row[1]]
        wanted = [MARKS[found[int(row[0]), features, d]] for d in range(1, content["max_d"] + 1)]
        assert row[2:] == wanted
    assert "every instance proved" in (tables / f"{name}.tex").read_text()


def test_the_folds_table_reads_back_as_its_json(tables):
    content = read(tables / "folds.json")
    found = {(i["n"], i["L"]): i["identified"] for i in content["instances"]}
    rows = body(tables / "folds.tex")
    assert [int(row[0]) for row in rows] == [2, 3, 4, 5]
    for row in rows:
        assert row[1:] == [MARKS[found[int(row[0]), L]] for L in range(1, 11)]


@needs_pdflatex
def test_the_tables_compile(tables):
    log, good = compile_with_pdflatex(tables, "all-tables.tex")
    assert good, log[-2000:]
    assert "Overfull" not in log


@pytest.mark.parametrize(("command", "home"), [("c5", polygon_module), ("folds", folds_module)])
def test_a_failing_law_exits_1_and_shows_in_the_table(command, home, monkeypatch, tmp_path, capsys):
    name = "polygon_grid" if command == "c5" else "polygon_spans"
    honest = getattr(home, name)
    # one orientation is lost although the law has it
    monkeypatch.setattr(
        home,
        name,
        lambda *a: tuple(replace(s, added=2) if (s.n, s.L, s.d) == (5, 5, 2) else s for s in honest(*a)),
    )
    path = tmp_path / "failed.json"
    assert main([*COMMANDS[command].split(), "--json", str(path)]) == 1
    out = capsys.readouterr().out
    assert "NOT verified" in out
    assert "(!)" in out
    assert not read(path)["verified"]
    text = render_tables([read_result(path)])["failed.tex"]
    assert "-- FAILS" in text
    assert "NOT every instance proved" in text


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("polygon --max-L 2 --max-d 2", "Missing option '--n'"),
        ("polygon --n 1 --max-L 2 --max-d 2", "--n"),
        ("polygon --n 2.5 --max-L 2 --max-d 2", "integer"),
        ("polygon --n 5 --max-L 0 --max-d 2", "--max-L"),
        ("polygon --n 5 --max-L 2 --max-d 0", "--max-d"),
        ("polygon --n 5 --max-L 2 --max-d 2 --k 0", "--k"),
        ("polygon --n 5 --max-L 2 --max-d 2 --json /no/such/folder/x.json", "/no/such/folder/x.json"),
        (f"polygon --n {HUGE} --max-L 2 --max-d 2", "GiB"),
        (f"polygon --n 5 --max-L {HUGE} --max-d 2", "GiB"),
        (f"polygon --n 5 --max-L 2 --max-d {HUGE}", "GiB"),
        (f"polygon --n 5 --max-L 2 --max-d 2 --k {HUGE}", "GiB"),
        ("folds --max-n 1", "--max-n"),
        ("folds --max-L 0", "--max-L"),
        (f"folds --max-n {HUGE}", "GiB"),
        ("folds --json /", "folder"),
    ],
)
def test_one_line_and_status_2(line, named, capsys):
    assert main(line.split()) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert named in captured.err


@pytest.mark.parametrize("name", ["c5", "folds"])
@pytest.mark.parametrize("spoil", ["missing", "field", "type"])
def test_a_spoilt_file_is_named(results, tmp_path, name, spoil):
    content = read(results / f"{name}.json")
    if spoil == "missing":
        del content["instances"][3]
    elif spoil == "field":
        del content["instances"][3]["verified"]
    else:
        content["instances"][3]["L"] = "two"
    path = tmp_path / "spoilt.json"
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"spoilt\.json: field instances"):
        render_tables([read_result(path)])


@pytest.mark.parametrize("command", ["polygon", "folds"])
def test_help_shows_examples(command, capsys):
    assert main([command, "--help"]) == 0
    assert f"span-theorem {command} --" in capsys.readouterr().out
