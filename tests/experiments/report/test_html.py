"""The page in a real browser: it fetches nothing, complains of nothing, sorts, tells a point's figures, saves its CSV.

What comes from files is text on it and nothing else.
"""

import csv
import io
import json
import re
from dataclasses import asdict
from html import escape
from itertools import pairwise

import pandas
import pytest

from experiments.cli import main
from experiments.diagnosis import diagnose
from experiments.lab import figures
from experiments.lab.cell import Cell
from experiments.lab.drawing import drawing, save, svg, tips
from experiments.lab.sources import Sources
from experiments.lab.tables import Column, Table
from experiments.report.comparison import Estimate, minus
from experiments.report.study import Claimed, StudyResult
from experiments.report.vector import inline
from experiments.spn import Probe
from span_theorem.errors import InputError
from tests.browser import ABSENT, CHROMIUM, browser
from tests.experiments.synthetic import Spectrum, random_frames

SPITEFUL = '<img src="http://example.org/x.png" onerror="console.log(1)"><script>console.log(2)</script>'
ROWS = (("b", "10 [9, 11]"), ("a", "-1 [-2, 0]"), ("c", "9 [8, 10]"), (SPITEFUL, ""))
STUDY = StudyResult(
    "study",
    "coin",
    "Background: coins are thrown. Question: which side? Result: a table.",
    False,
    (
        Claimed("reached", True, "Heads: in all 3 cases.", {}),
        Claimed("absent", False, "Edges: found.", {}),
        Claimed("found", None, f"Open, {SPITEFUL}.", {}),
        Claimed("statement", None, "A remark.", {}),
    ),
    (Table("coin", "Throws", (Column("side", True), Column("n")), ROWS),),
    ("Tested: a coin.",),
    settings={"seed": 7, "cells": 2, "varied": {"backbone": [SPITEFUL]}},
    backbones={"coin": {"parameters": 3, "settings": {"weights_sha256": "ab" * 32}}},
    structures={"cd" * 32: {"source": "thrown", "n_frames": 5, "numbers": [1, 1]}},
    left_out={"dice": "missing"},
    versions={"numpy": "2"},
)
CELLS = pandas.DataFrame(
    {
        "backbone": "coin",
        "seed": 7,
        "l": [1, 2, 3],
        "rho": [0.9, 0.4, 0.1],
        "rho_low": [0.8, 0.3, 0.0],
        "rho_high": [1.0, 0.5, 0.2],
        "n_structures": 150,
    }
)


def written(folder, cells=CELLS, **changes):
    """A study's folder with all its files."""
    folder.mkdir()
    (folder / "study.json").write_text(json.dumps(asdict(STUDY) | changes))
    cells.to_csv(folder / "cells.csv", index=False)
    with drawing():
        figure, (panel,) = figures.panels(1, 1)
        figures.curves(panel, cells, "backbone", figures.looks(["coin"]))
        save(figure, [folder / "coin.svg"])
    return folder


@pytest.fixture(scope="module")
def diagnosis():
    names = {"training": "training", "test": "test", "rule": "pair(0, 1)"}
    cell = Cell("network", **names, probe=Probe("free"), orientations=4, test_orientations=2)
    structures = {"training": random_frames(40, 0), "test": random_frames(20, 1)}
    found = diagnose([cell], Sources(backbones={"network": Spectrum([0, 1, 2])}, structures=structures))
    return found.to_dict()


@pytest.fixture(scope="module")
def page(tmp_path_factory, diagnosis):
    folder = tmp_path_factory.mktemp("page")
    written(folder / "coin")
    (folder / "free.json").write_text(json.dumps(diagnosis))
    assert (
        main(["report", str(folder / "coin"), str(folder / "free.json"), "-o", str(folder / "x.html")]) == 0
    )
    return folder / "x.html"


@pytest.fixture(scope="module")
def tab(page):
    if CHROMIUM is None:
        pytest.skip(ABSENT)
    with browser() as opened:
        opened.open(page)
        yield opened


def test_it_complains_of_nothing_and_fetches_nothing(tab, page):
    assert tab.complaints() == []
    assert [address for address in tab.requests() if not address.startswith("data:")] == [page.as_uri()]
    assert tab.run("document.querySelectorAll('img, script[src], link, iframe').length") == 0


def test_a_complaint_and_a_request_would_be_seen(tmp_path):
    if CHROMIUM is None:
        pytest.skip(ABSENT)
    (tmp_path / "bad.html").write_text(f"<title>x</title>{SPITEFUL.replace('http://example.org/', '')}")
    with browser() as opened:
        opened.open(tmp_path / "bad.html")
        assert len(opened.complaints()) >= 2
        assert any(address.endswith("/x.png") for address in opened.requests())


def test_claims_stand_on_top_with_their_verdicts(tab):
    badges = "[...document.querySelectorAll('#claims .badge')].map(one => one.textContent)"
    assert tab.run(badges) == ["fails", "holds", "fails", "open", "reached", "reached"]
    assert SPITEFUL in tab.run("document.getElementById('claims').textContent")


def test_a_click_sorts_by_number_and_a_second_one_turns_it_round(tab):
    column = (
        "[...document.querySelector('#result-1 table').tBodies[0].rows].map(row => row.cells[{}].textContent)"
    )
    click = "document.querySelectorAll('#result-1 table th button')[{}].click()"
    assert tab.run(column.format(0)) == [side for side, _ in ROWS]
    tab.run(click.format(1))
    assert tab.run(column.format(1)) == ["-1 [-2, 0]", "9 [8, 10]", "10 [9, 11]", ""]
    assert tab.run("document.querySelectorAll('#result-1 th[aria-sort=ascending]').length") == 1
    tab.run(click.format(1))
    assert tab.run(column.format(0))[1:] == ["b", "c", "a"]
    tab.run(click.format(0))
    assert tab.run(column.format(0)) == sorted((side for side, _ in ROWS), key=str.lower)


def test_a_point_tells_its_figure_with_its_interval(tab):
    tab.run("document.querySelector('#result-1 figure').scrollIntoView()")
    box = "document.querySelectorAll('#result-1 figure use[style*=\"#0072b2\"]')[1].getBoundingClientRect()"
    x, y = tab.run(f"[{box}.x + {box}.width / 2, {box}.y + {box}.height / 2]")
    tab.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    assert tab.run("document.getElementById('tip').hidden") is False
    assert tab.run("document.getElementById('tip').textContent") == "coin, l = 2: ρ = 0.400 [0.300, 0.500]"
    tab.call("Input.dispatchMouseEvent", type="mouseMoved", x=1, y=1)
    assert tab.run("document.getElementById('tip').hidden") is True


def test_text_of_a_figure_is_text(tab):
    assert "angular frequency" in tab.run("document.querySelector('#result-2 figure svg').textContent")
    assert tab.run("document.querySelector('#result-2 svg text').getComputedTextLength()") > 0


def test_the_csv_it_saves_is_the_studys(tab, page):
    tab.run("URL.createObjectURL = blob => { window.saved = blob; return 'blob:none'; }")
    tab.run("HTMLAnchorElement.prototype.click = function () { window.name_saved = this.download; }")
    tab.run("document.querySelector('#result-1 a.csv').dispatchEvent(new Event('click', {cancelable: true}))")
    text = tab.run("new Promise(async done => { while (!window.saved) await new Promise(requestAnimationFrame);"
                   " done(await window.saved.text()); })")  # fmt: skip
    assert text == (page.parent / "coin" / "cells.csv").read_text()
    assert tab.run("window.name_saved") == "coin.csv"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_the_page_in_either_scheme(tab, scheme):
    """Contrast of at least 4.5, as the Web Content Accessibility Guidelines ask."""
    tab.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    chosen = ".good, .bad, .open, .note, p, a, caption, th, td, .scope, figure text"
    colours = tab.run(
        f"[...document.querySelectorAll('{chosen}')].map(one => [getComputedStyle(one).color, "
        "one.tagName === 'text' ? getComputedStyle(one).fill : '', "
        "getComputedStyle(one.tagName === 'TH' ? one : document.body).backgroundColor])"
    )
    for colour, fill, ground in {tuple(one) for one in colours}:
        lighter, darker = sorted((luminance(fill or colour), luminance(ground)), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (colour, fill, ground)
    assert (luminance(ground) < 0.1) is (scheme == "dark")


def luminance(colour):
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_a_phone_scrolls_tables_and_figures_and_not_the_page(tab):
    tab.resize(360, 640, mobile=True)
    assert tab.run("document.documentElement.scrollWidth") <= 360
    tab.resize(1100, 800)


def test_printing_opens_what_is_folded_and_cuts_nothing_off(tab):
    tab.call("Emulation.setEmulatedMedia", media="print")
    tab.run("window.dispatchEvent(new Event('beforeprint'))")
    assert tab.run("document.querySelectorAll('details:not([open])').length") == 0
    cut = "[...document.querySelectorAll('.scroll')].filter(one => one.scrollHeight > one.clientHeight + 1).length"
    assert tab.run(cut) == 0
    tab.call("Emulation.setEmulatedMedia", media="")


def test_a_screen_reader_finds_headings_names_and_table_headers(tab):
    nodes = tab.call("Accessibility.getFullAXTree")["nodes"]
    named = {}
    for node in nodes:
        if not node["ignored"]:
            named.setdefault(node["role"]["value"], []).append(node.get("name", {}).get("value", ""))
    assert {"coin fails", "Claims"} <= {name.strip() for name in named["heading"]}
    assert all(named["image"])
    assert all(named["region"])
    assert all(name for name in named["columnheader"])
    levels = tab.run("[...document.querySelectorAll('h1, h2, h3')].map(one => +one.tagName[1])")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_provenance_is_there(page):
    text = page.read_text()
    for words in ("ab" * 32, "cd" * 32, "thrown", "150", "Left out", "Versions"):
        assert words in text, words


def test_two_studies_side_by_side(tmp_path, capsys):
    moved = CELLS.assign(seed=8, rho=CELLS["rho"] - 0.2)
    moved = moved.assign(rho_low=moved["rho"] - 0.1, rho_high=moved["rho"] + 0.1)
    paths = [str(written(tmp_path / "a")), str(written(tmp_path / "b", moved))]
    page = tmp_path / "x.html"
    assert main(["report", *paths, "--compare", "-o", str(page)]) == 0
    text = page.read_text()
    assert "They differ in seed: 7 and 8" in text
    # √(0.1² + 0.1²) on either side
    assert text.count("-0.200 [-0.341, -0.059]") == len(CELLS)
    assert main(["report", paths[0], "--compare", "-o", str(page)]) == 2
    assert "--compare takes two results" in capsys.readouterr().err
    assert main(["report", *paths, "--compare"]) == 2
    assert "expected -o PAGE.html" in capsys.readouterr().err
    other = written(tmp_path / "c", CELLS.assign(backbone=["x", "y", "z"]))
    assert main(["report", paths[0], str(other), "--compare", "-o", str(page)]) == 2
    assert "no cell in common (apart by backbone): there is nothing" in capsys.readouterr().err


def test_gains_of_the_null_model_are_no_settings(tmp_path):
    """They vary with l, and a diagnosis holds them without intervals."""
    one, other = (CELLS.assign(seed=seed, null_gain=seed * 0.1 ** CELLS["l"]) for seed in (7, 8))
    paths = [str(written(tmp_path / name, cells)) for name, cells in (("a", one), ("b", other))]
    assert main(["report", *paths, "--compare", "-o", str(tmp_path / "x.html")]) == 0
    assert "They differ in seed: 7 and 8" in (tmp_path / "x.html").read_text()


@pytest.mark.parametrize("content", ["", "l,rho,rho_low,rho_high\n", "l,rho,rho_low,rho_high\n1,x,y,z\n"])
def test_spoilt_cells_are_one_line(tmp_path, capsys, content):
    folders = [written(tmp_path / name) for name in "ab"]
    for folder in folders:
        (folder / "cells.csv").write_text(content)
    page = tmp_path / "x.html"
    assert main(["report", *map(str, folders), "--compare", "-o", str(page)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not page.exists()


def test_a_studys_name_leads_nowhere_else(tmp_path):
    folder = written(tmp_path / "coin", name="../other/secret")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "secret.svg").write_text(
        (folder / "coin.svg").read_text().replace("coin", "sesame")
    )
    assert main(["report", str(folder), "-o", str(tmp_path / "x.html")]) == 0
    assert "sesame" not in (tmp_path / "x.html").read_text()


def test_two_diagnoses_side_by_side(tmp_path, diagnosis, capsys):
    for name, change in (("a", {}), ("b", {"seed": 3})):
        result = {**diagnosis, "settings": {**diagnosis["settings"], **change}}
        (tmp_path / f"{name}.json").write_text(json.dumps(result))
    paths = [str(tmp_path / f"{name}.json") for name in "ab"]
    assert main(["report", *paths, "--compare", "-o", str(tmp_path / "x.html")]) == 0
    text = (tmp_path / "x.html").read_text()
    assert "seed: 0 and 3" in text
    assert 'aria-label="Figure of the comparison"' in text
    written(tmp_path / "coin")
    assert (
        main(["report", paths[0], str(tmp_path / "coin"), "--compare", "-o", str(tmp_path / "x.html")]) == 2
    )
    assert "one kind" in capsys.readouterr().err


def test_a_title_and_a_table_of_ones_own(tmp_path, diagnosis, capsys):
    (tmp_path / "a.json").write_text(json.dumps(diagnosis))
    words = [
        "report",
        str(tmp_path / "a.json"),
        "--title",
        f"My {SPITEFUL}",
        "--csv",
        str(tmp_path / "a.csv"),
    ]
    assert main([*words, "-o", str(tmp_path / "x.html")]) == 0
    assert (
        f"<h1>My {escape(SPITEFUL, quote=True)}</h1>".replace("&quot;", "&#34;")
        in (tmp_path / "x.html").read_text()
    )
    frame = pandas.read_csv(tmp_path / "a.csv")
    assert list(frame["rho"]) == pytest.approx([one["rho"] for one in diagnosis["degrees"]])
    assert set(frame["solver"]) == {"free"}
    assert main(["report", str(written(tmp_path / "coin")), "--csv", str(tmp_path / "b.csv")]) == 2
    assert "no diagnosis to write as CSV" in capsys.readouterr().err


def test_a_difference_of_known_intervals():
    """Of a figure with itself it is symmetric; with one that is exact it is the other's interval, moved."""
    wide = Estimate(0.5, 0.2, 0.9)
    same = minus(wide, wide)
    assert same.value == 0
    assert same.high == pytest.approx(-same.low)
    assert minus(wide, Estimate(0.1, 0.1, 0.1)) == pytest.approx((0.4, 0.1, 0.8))


def test_a_figures_file_is_drawing_and_nothing_else():
    text = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">'
        '<script>alert(1)</script><foreignObject><b/></foreignObject><g id="a" onload="alert(1)">'
        '<a xlink:href="javascript:alert(1)"><text>x</text></a>'
        '<image xlink:href="http://example.org/x.png"/><use xlink:href="http://example.org/x.svg#y"/>'
        '<path d="M 0 0.123456" style="fill: url(http://example.org/x); stroke: #000000"/>'
        '<use xlink:href="#a"/><text>1 &lt; 2</text></g></svg>'
    )
    made = inline(text, "x.svg", "p-", "a figure")
    assert not re.search("script|foreign|onload|javascript|example|<a", made)
    assert 'd="M 0 0.12"' in made
    assert 'style="stroke: currentColor"' in made
    assert 'href="#p-a"' in made
    assert "1 &lt; 2" in made


@pytest.mark.parametrize(
    "text", ["", "<svg", "<html/>", "<svg/>", '<!DOCTYPE svg [<!ENTITY a "b">]><svg viewBox="0 0 1 1"/>']
)
def test_a_file_that_is_no_figure(text):
    with pytest.raises(InputError, match=r"x\.svg is not an SVG figure"):
        inline(text, "x.svg", "p-", "a figure")


def test_tips_go_to_their_points_or_nowhere():
    with drawing():
        figure, (panel,) = figures.panels(1, 1)
        (line,) = panel.plot([0, 1, 2], [0, 1, 0], "o")
        tips(line, ["first", "<second>", "third"])
        (path,) = panel.plot([0, 2], [1, 1])
        tips(path, ["whole"])
        text = svg(figure)
    assert re.findall(r"<use [^>]*><title>(.*?)</title></use>", text) == [
        "first",
        "&lt;second&gt;",
        "third",
    ]
    assert text.count("<title>whole</title>") == 1
    with drawing():
        panel.set_ylim(100, 101)  # all markers lie outside
        assert "<title>first" not in svg(figure)


def test_the_csv_of_a_diagnosis_holds_its_figures(page, diagnosis, tab):
    text = tab.run(
        "new Response(new Blob([Uint8Array.from(atob(document.querySelectorAll('a.csv')[1].href.split(',')[1]),"
        " c => c.charCodeAt(0))]).stream().pipeThrough(new DecompressionStream('gzip'))).text()"
    )
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [float(row["rho_low"]) for row in rows] == [one["rho_ci"][0] for one in diagnosis["degrees"]]
