"""`python -m span_theorem tables`: from the JSON of `grid` and `check` to LaTeX, and back."""

import json
import re

import pytest

from span_theorem.cli import main
from tests.span_theorem.test_latex import compile_with_pdflatex, needs_pdflatex


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Result files as the commands write them."""
    folder = tmp_path_factory.mktemp("results")
    commands = [
        f"grid --max-L 3 --max-d 3 --method exact --json {folder}/grid.json",
        f"grid --max-L 2 --max-d 2 --method both --features exact --json {folder}/grid_exact.json",
        f"check --L 2 --d 2 --method both --json {folder}/check-2-2.json",
        f"check --L 3 --d 2 --features exact --method exact --json {folder}/check-3-2-exact.json",
        f"multiplicity --L 2 --d 3 --json {folder}/multiplicity-2-3.json",
        f"multiplicity --L 5 --d 5 --json {folder}/multiplicity-5-5.json",
        f"multiplicity --L 1 --d 13 --features exact --json {folder}/multiplicity-1-13.json",
    ]
    for command in commands:
        assert main(command.split()) == 0
    return folder


@pytest.fixture
def results(made, tmp_path):
    """The same files, free to be spoilt."""
    folder = tmp_path / "results"
    folder.mkdir()
    for path in made.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def run(capsys, results, output):
    status = main(["tables", "--results", str(results), "-o", str(output)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def body(path):
    """The cells of a table's rows, read back from its LaTeX."""
    text = path.read_text(encoding="utf-8")
    found = []
    for part in text.split(r"\midrule")[1:]:
        lines = part.split(r"\bottomrule")[0].strip().splitlines()
        found += [line.removesuffix(r" \\").split(" & ") for line in lines if line != r"\addlinespace"]
    return found


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("source", "made_file"), [("grid", "grid.tex"), ("grid_exact", "grid-exact.tex")])
def test_the_grid_reads_back_as_its_json(capsys, results, tmp_path, source, made_file):
    status, _, _ = run(capsys, results, tmp_path / "out")
    assert status == 0
    instances = read(results / f"{source}.json")["instances"]
    rows = body(tmp_path / "out" / made_file)
    assert len(rows) == len(instances)
    for row, instance in zip(rows, instances, strict=True):
        multiplicity = {degree["l"]: degree["multiplicity"] for degree in instance["degrees"]}
        figures = [instance[name] for name in ("L", "d", "boundary", "span_dim", "expected_dim")]
        assert [int(cell) for cell in row[:6]] == [*figures, multiplicity[instance["boundary"]]]
        assert row[6] == "proved"
        assert row[7] == ("agrees" if instance["numeric"] else "--")


@pytest.mark.parametrize("name", ["check-2-2", "check-3-2-exact"])
def test_the_table_over_l_reads_back_as_its_json(capsys, results, tmp_path, name):
    assert run(capsys, results, tmp_path / "out")[0] == 0
    content = read(results / f"{name}.json")
    rows = body(tmp_path / "out" / f"{name}.tex")
    assert len(rows) == content["boundary"] + 3
    for row, degree in zip(rows, content["degrees"], strict=True):
        assert [int(cell) for cell in row[:4]] == [
            degree[field] for field in ("l", "rank", "full_rank", "multiplicity")
        ]
        assert row[4] == ("spanned" if degree["expected"] else "absent")
        assert row[5] == ("spanned" if degree["rank"] else "absent")
    caption = re.search(r"\\caption{(.*)}", (tmp_path / "out" / f"{name}.tex").read_text())[1]
    assert f"dimension {content['span_dim']}, by the law {content['expected_dim']}" in caption
    assert "no function-class bound" in caption


@pytest.mark.parametrize("name", ["multiplicity-2-3", "multiplicity-1-13"])
def test_multiplicities_read_back_as_their_json(capsys, results, tmp_path, name):
    assert run(capsys, results, tmp_path / "out")[0] == 0
    content = read(results / f"{name}.json")
    *rows, dims = body(tmp_path / "out" / f"{name}.tex")
    assert [int(row[0]) for row in rows] == list(range(content["boundary"] + 1))
    assert [int(row[-1]) for row in rows] == content["total"]
    # a column for every power, as long as they fit the page
    shown = content["powers"][: len(dims) - 2]
    assert len(shown) == (4 if name == "multiplicity-2-3" else 0)
    for k, power in enumerate(shown, 1):
        assert [int(row[k]) for row in rows if row[k] != "--"] == power["multiplicities"]
        assert int(dims[k]) == power["dim"]
    assert int(dims[-1]) == content["total_dim"]


def test_a_multiplicity_that_is_wrong_is_said(capsys, results, tmp_path):
    path = results / "multiplicity-2-3.json"
    content = read(path) | {"multiplicity_one_at_boundary": False, "dims_agree": False}
    content["total"][-1] = 2
    path.write_text(json.dumps(content))
    assert run(capsys, results, tmp_path / "out")[0] == 0
    text = (tmp_path / "out" / "multiplicity-2-3.tex").read_text()
    assert "occurs 2 times, NOT ONCE" in text
    assert "DO NOT AGREE" in text
    path.write_text(json.dumps(content | {"total": content["total"][:-1]}))
    assert_refused(run(capsys, results, tmp_path / "out"), "total has 6 entries", "expected 7")
    path.write_text(json.dumps(content | {"total": [*content["total"][:-1], 0.5]}))
    assert_refused(run(capsys, results, tmp_path / "out"), "total[6] is 0.5", "expected an integer")


def test_verdicts_say_what_failed(capsys, results, tmp_path):
    path = results / "check-2-2.json"
    content = read(path)
    content["proved"] = False
    content["contradiction"] = ["rank onto l = 4: exact 9, numeric 8"]
    content["degrees"][4]["rank"] = 8
    path.write_text(json.dumps(content))
    assert run(capsys, results, tmp_path / "out")[0] == 0
    text = (tmp_path / "out" / "check-2-2.tex").read_text()
    assert "exact: FAILS, numeric: CONTRADICTS" in text
    assert body(tmp_path / "out" / "check-2-2.tex")[4] == ["4", "8", "9", "1", "spanned", "in part"]


def test_a_numeric_verdict_alone_is_held_against_the_law(capsys, results, tmp_path):
    path = results / "check-2-2.json"
    content = read(path) | {"exact": None, "proved": False}
    path.write_text(json.dumps(content))
    assert run(capsys, results, tmp_path / "out")[0] == 0
    assert "; numeric: agrees." in (tmp_path / "out" / "check-2-2.tex").read_text()
    content["degrees"][4]["rank"] = 8
    path.write_text(json.dumps(content))
    assert run(capsys, results, tmp_path / "out")[0] == 0
    assert "; numeric: CONTRADICTS." in (tmp_path / "out" / "check-2-2.tex").read_text()
    content["degrees"][4]["rank"] = 9
    content["numeric"]["clear"] = False
    path.write_text(json.dumps(content))
    assert run(capsys, results, tmp_path / "out")[0] == 0
    assert "; numeric: undecided." in (tmp_path / "out" / "check-2-2.tex").read_text()


@needs_pdflatex
def test_all_tables_compile_in_one_document(capsys, results, tmp_path):
    status, out, _ = run(capsys, results, tmp_path / "out")
    assert status == 0
    assert out.count("Written:") == 8
    log, good = compile_with_pdflatex(tmp_path / "out", "all-tables.tex")
    assert good, log[-2000:]
    assert "Overfull" not in log


def test_results_without_a_table_are_passed_over(capsys, results, tmp_path):
    assert main(["show", "--L", "1", "--d", "1", "--l", "1", "--json", str(results / "show.json")]) == 0
    (results / "notes.txt").write_text("not a result")
    assert run(capsys, results, tmp_path / "out")[0] == 0
    assert not (tmp_path / "out" / "show.tex").exists()


def assert_refused(outcome, *words):
    status, _, err = outcome
    assert status == 2
    assert len(err.strip().splitlines()) == 1
    for word in words:
        assert word in err


def test_without_anything_to_write_it_says_how_to_make_some(capsys, results, tmp_path):
    for path in results.glob("*.json"):
        path.unlink()
    assert_refused(run(capsys, results, tmp_path / "out"), "becomes a table", "span_theorem grid --max-L")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("{", "JSON"),
        ("", "JSON"),
        ('{"kind": "grid", "x": NaN}', "NaN"),
        ("[" * 100_000, "JSON"),
        ("[1, 2]", "holds no JSON object"),
        ('{"L": 2}', "field 'kind'"),
        ('{"kind": 3}', "field 'kind'"),
        ('{"kind": "horoscope"}', "unknown kind of result 'horoscope'"),
        ('{"kind": "check"}', "field L is missing"),
        ('{"kind": "grid", "features": "upto", "instances": []}', "instances is empty"),
        ('{"kind": "grid", "features": "upto", "instances": 5}', "expected a list"),
        ('{"kind": "grid", "features": "upto", "instances": [7]}', "instances[0] is 7, expected an object"),
        ('{"kind": "grid", "features": "upto", "instances": [{"L": 2.5}]}', "instances[0].L is 2.5"),
        ('{"kind": "check", "L": true}', "field L is true, expected an integer"),
    ],
)
def test_a_broken_file_is_named(capsys, results, tmp_path, content, word):
    (results / "broken.json").write_text(content)
    assert_refused(run(capsys, results, tmp_path / "out"), "broken.json", word)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("field", ["degrees", "span_dim", "expected_dim", "boundary", "numeric", "proved"])
def test_a_missing_field_is_named(capsys, results, tmp_path, field):
    content = read(results / "grid.json")
    del content["instances"][4][field]
    (results / "grid.json").write_text(json.dumps(content))
    assert_refused(run(capsys, results, tmp_path / "out"), "grid.json", f"instances[4].{field}")


def test_bytes_that_are_not_text_are_refused(capsys, results, tmp_path):
    (results / "broken.json").write_bytes(b"\xff\xfe\x00{")
    assert_refused(run(capsys, results, tmp_path / "out"), "broken.json")


def test_names_that_collide_are_refused(capsys, results, tmp_path):
    (results / "grid-exact.json").write_bytes((results / "grid.json").read_bytes())
    assert_refused(run(capsys, results, tmp_path / "out"), "grid-exact.tex", "rename")
    (results / "grid-exact.json").rename(results / "all-tables.json")
    assert_refused(run(capsys, results, tmp_path / "out"), "all-tables.tex", "rename")


def test_folders_that_cannot_be_used_are_refused(capsys, results, tmp_path):
    assert_refused(run(capsys, tmp_path / "absent", tmp_path / "out"), "absent")
    assert_refused(run(capsys, results / "grid.json", tmp_path / "out"), "grid.json")
    (tmp_path / "file").write_text("")
    assert_refused(run(capsys, results, tmp_path / "file"), "file")
    assert_refused(run(capsys, results, tmp_path / "file" / "below"), "below")
    (tmp_path / "taken" / "grid.tex").mkdir(parents=True)
    assert_refused(run(capsys, results, tmp_path / "taken"), "grid.tex")


@pytest.mark.parametrize("arguments", [[], ["--results", "."], ["-o", "."]])
def test_missing_options_are_named(capsys, arguments):
    status = main(["tables", *arguments])
    captured = capsys.readouterr()
    assert_refused((status, captured.out, captured.err), "Missing option")
