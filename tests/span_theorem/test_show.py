"""`python -m span_theorem show`: what it prints, writes and refuses."""

import json

import pytest

from span_theorem.cli import main


def run(capsys, *arguments):
    status = main(["show", *map(str, arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_the_boundary_is_written_out_in_full(capsys):
    status, out, _ = run(capsys, "--L", 2, "--d", 2, "--l", 4)
    assert status == 0
    assert "Y[2, -1] = sqrt(15)*x*y" in out
    assert "unique up to scale" in out
    assert "c = 1" in out
    assert all(f"P[4, {m}] = " in out for m in range(-4, 5))
    assert "P[4, -4] = sqrt(35)*Y[2, -2]*Y[2, 2]/5" in out
    assert "Result: verified." in out
    assert "no function-class bound" in out


@pytest.mark.parametrize(("L", "d", "l"), [(4, 3, 12), (6, 2, 12), (3, 4, 12)])
def test_larger_boundaries_are_written_out(capsys, L, d, l):
    status, out, _ = run(capsys, "--L", L, "--d", d, "--l", l)
    assert status == 0
    assert "unique up to scale" in out
    assert f"P[{l}, 0] = " in out or f"P[{l}, {l}] = " in out
    assert "Result: verified." in out


def test_below_the_boundary_a_basis_is_written_out(capsys):
    status, out, _ = run(capsys, "--L", 2, "--d", 2, "--l", 2)
    assert status == 0
    assert "5 linearly independent" in out
    assert "Map 5 of 5" in out
    assert "c = 0" in out


@pytest.mark.parametrize(
    ("L", "d", "l", "features"), [(2, 2, 5, "upto"), (3, 2, 1, "exact"), (2, 2, 10**12, "upto")]
)
def test_where_there_is_no_map_it_says_so(capsys, L, d, l, features):
    status, out, _ = run(capsys, "--L", L, "--d", d, "--l", l, "--features", features)
    assert status == 0
    assert f"from the features to V_{l} exist" in out
    assert "P[" not in out


def test_long_results_are_cut_on_the_screen_but_whole_in_the_file(capsys, tmp_path):
    path = tmp_path / "maps.json"
    status, out, _ = run(capsys, "--L", 3, "--d", 3, "--l", 5, "--json", path)
    assert status == 0
    assert "P[5, 0]" in out
    assert "P[5, 1]" not in out
    assert "--all-components" in out
    _, in_full, _ = run(capsys, "--L", 3, "--d", 3, "--l", 5, "--all-components")
    assert "P[5, 1]" in in_full
    assert "Not all components" not in in_full
    content = json.loads(path.read_text())
    assert len(content["maps"]) == content["multiplicity"] == content["n_maps"]
    assert all([c["m"] for c in found["components"]] == list(range(-5, 6)) for found in content["maps"])


def test_the_file_holds_what_was_asked_and_found(capsys, tmp_path):
    path = tmp_path / "maps.json"
    run(capsys, "--L", 2, "--d", 2, "--l", 4, "--json", path)
    content = json.loads(path.read_text())
    assert [content[key] for key in ("kind", "L", "d", "features", "l", "boundary")] == [
        "show",
        2,
        2,
        "upto",
        4,
        4,
    ]
    assert content["verified"] is True
    (found,) = content["maps"]
    assert found["restriction"] == "1"
    assert found["equivariant"] is True
    assert found["factors"] == [{"l": 2, "power": 2}]
    assert [(h["l"], h["m"]) for h in content["harmonics"]][:4] == [(0, 0), (1, -1), (1, 0), (1, 1)]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--L", -1, "--d", 2, "--l", 4),
        ("--L", 2, "--d", -2, "--l", 4),
        ("--L", 2, "--d", 2, "--l", -4),
        ("--L", 2.5, "--d", 2, "--l", 4),
        ("--L", 2, "--d", "two", "--l", 4),
        ("--d", 2, "--l", 4),
        ("--L", 2, "--l", 4),
        ("--L", 2, "--d", 2),
        ("--L", 2, "--d", 2, "--l", 4, "--features", "most"),
        ("--L", 2, "--d", 2, "--l", 4, "--json", "/nonexistent/folder/maps.json"),
        ("--L", 9, "--d", 9, "--l", 9),
        ("--L", 4, "--d", 5, "--l", 3),
    ],
)
def test_unusable_input_gives_one_line_and_status_two(capsys, arguments):
    status, out, err = run(capsys, *arguments)
    assert status == 2
    assert out == ""
    assert len(err.strip().splitlines()) == 1
    assert "error:" in err


def test_a_failed_verification_gives_status_one(capsys, monkeypatch):
    from span_theorem.equivariant_map import EquivariantMap

    monkeypatch.setattr(EquivariantMap, "equivariant", False)
    status, out, _ = run(capsys, "--L", 2, "--d", 2, "--l", 4)
    assert status == 1
    assert "NOT VERIFIED" in out


def test_help_has_examples(capsys):
    status, out, _ = run(capsys, "--help")
    assert status == 0
    assert "span-theorem show --L 2 --d 2 --l 4" in out
