"""The generated parts of a page are those of the studies, and what stands between them stays."""

import json
import re
from dataclasses import asdict

import pytest

from experiments.cli import main
from experiments.lab.tables import Column, Table
from experiments.report.page import generated, rewrite
from experiments.report.study import Claimed, StudyResult, read_study
from span_theorem.errors import InputError

TABLE = Table(
    "coin-headline", "Throws", (Column("side", True), Column("n")), (("heads", "3"), ("tails\\1", "4"))
)
STUDY = StudyResult(
    "study",
    "coin",
    "Question: which side?",
    False,
    (Claimed("reached", True, "Heads: in all 3 cases.", {}), Claimed("absent", False, "Edges: found.", {})),
    (TABLE,),
    ("Tested: a coin.",),
    settings={},
    backbones={},
    structures={},
    left_out={},
    versions={},
)
PAGE = """# Results

<!-- table coin-headline -->
| old | table |
<!-- end -->

Between them, by hand: <!-- a comment -->

<!-- claims coin -->
<!-- end -->
"""


def test_marked_parts_are_made_and_the_rest_stays():
    page = generated(PAGE, [STUDY])
    assert page == PAGE.replace("| old | table |", TABLE.markdown()).replace(
        "<!-- claims coin -->\n",
        "<!-- claims coin -->\n- Heads: in all 3 cases.\n- Edges: found. **Does not hold.**\n",
    )
    assert generated(page, [STUDY]) == page
    assert generated("no markers", [STUDY]) == "no markers"


@pytest.mark.parametrize("marker", ["table coin-other", "claims dice", "table coin"])
def test_a_marker_of_nothing_is_refused(marker):
    with pytest.raises(InputError, match=f"the page asks for {marker}, which no study here has"):
        generated(f"<!-- {marker} -->\n<!-- end -->", [STUDY])


def test_a_page_is_written_anew_or_not_at_all(tmp_path):
    path = tmp_path / "page.md"
    path.write_text(PAGE)
    rewrite(path, [STUDY])
    assert path.read_text() == generated(PAGE, [STUDY])
    spoilt = PAGE.replace("claims coin", "claims dice")
    path.write_text(spoilt)
    with pytest.raises(InputError):
        rewrite(path, [STUDY])
    assert path.read_text() == spoilt
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(InputError, match=r"missing\.md"):
        rewrite(tmp_path / "missing.md", [STUDY])


def written(folder, **changes):
    """A study's folder with its file, as far as it is read back."""
    content = asdict(STUDY) | changes
    (folder / "study.json").write_text(
        json.dumps({key: value for key, value in content.items() if value != ...})
    )
    return folder


def test_a_study_is_read_back_from_its_folder_or_its_file(tmp_path):
    found = read_study(written(tmp_path))
    assert found == read_study(tmp_path / "study.json")
    assert (found.claims, found.tables, found.scope) == (STUDY.claims, STUDY.tables, STUDY.scope)
    assert read_study(written(tmp_path, kind="diagnosis")) is None


def test_tables_of_what_was_run_twice_stand_side_by_side(tmp_path):
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        written(tmp_path / name)
    assert main(["tables", str(tmp_path), "-o", str(tmp_path / "tables")]) == 0
    files = {path.name: path.read_text() for path in (tmp_path / "tables").iterdir()}
    assert files.keys() == {"coin-headline.tex", "second-coin-headline.tex", "all-studies.tex"}
    assert all(f"\\input{{{name}}}" in files["all-studies.tex"] for name in files if "coin" in name)
    labels = [re.findall(r"\\label\{(.*?)\}", text) for text in files.values()]
    assert len(set(map(tuple, labels))) == 3
    page = tmp_path / "page.md"
    marks = ("table coin-headline", "table second-coin-headline", "claims coin", "claims second")
    page.write_text("".join(f"<!-- {mark} -->\n<!-- end -->\n" for mark in marks))
    assert main(["tables", str(tmp_path), "--page", str(page)]) == 0
    assert page.read_text().count(STUDY.claims[0].words()) == 2
    assert page.read_text().count(STUDY.tables[0].markdown()) == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"tables": [TABLE.to_dict() | {"rows": [["heads"]]}]},
            r"tables\[0\].rows\[0\]: expected 2 cells, found 1",
        ),
        ({"tables": [TABLE.to_dict() | {"rows": [["heads", 3]]}]}, r"rows\[0\]\[1\]: expected str, found 3"),
        ({"tables": [TABLE.to_dict() | {"breaks": ["1"]}]}, "breaks"),
        ({"tables": [TABLE.to_dict() | {"columns": [{"heading": "x"}]}]}, "rows|left"),
        ({"tables": {}}, "tables"),
        (
            {"claims": [{"kind": "reached", "sentence": "x", "holds": "yes", "figures": {}}]},
            r"claims\[0\].holds",
        ),
        ({"claims": [{"kind": "reached", "sentence": "x", "figures": {}}]}, r"claims\[0\].*holds"),
        ({"name": 3}, "name"),
        ({"tables": ..., "groups": []}, "of an earlier version: .*run the study again"),
    ],
)
def test_a_spoilt_study_is_one_line_with_the_place(tmp_path, changes, words):
    with pytest.raises(InputError, match=words) as caught:
        read_study(written(tmp_path, **changes))
    assert str(tmp_path / "study.json") in str(caught.value)
    assert "\n" not in str(caught.value)
