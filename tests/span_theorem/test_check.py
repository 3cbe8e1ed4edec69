"""The commands as a user meets them: fields, exit statuses, and loud contradictions."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from span_theorem import exact, numeric
from span_theorem.cli import main
from span_theorem.instance import check_span
from span_theorem.law import SCOPE


def lie(span, l, rank):
    """The same numeric result with another rank at degree l, where it has that degree."""
    if l >= len(span.degrees):
        return span
    degrees = list(span.degrees)
    degrees[l] = replace(degrees[l], rank=rank)
    return replace(span, degrees=tuple(degrees))


def test_fields(tmp_path, capsys):
    file = tmp_path / "check.json"
    assert main(["check", "--L", "2", "--d", "2", "--json", str(file)]) == 0
    result = json.loads(file.read_text())
    assert (result["L"], result["d"], result["features"], result["boundary"]) == (2, 2, "upto", 4)
    assert (result["span_dim"], result["expected_dim"], result["verified"]) == (25, 25, True)
    assert [row["l"] for row in result["degrees"]] == list(range(7))
    assert [row["rank"] for row in result["degrees"]] == [1, 3, 5, 7, 9, 0, 0]
    assert [row["full_rank"] for row in result["degrees"]] == [1, 3, 5, 7, 9, 11, 13]
    assert [row["multiplicity"] for row in result["degrees"]] == [5, 3, 5, 1, 1, 0, 0]
    assert [row["expected"] for row in result["degrees"]] == [True] * 5 + [False] * 2
    assert result["proved"]
    assert result["exact"]["route"] == "certificate"
    assert result["prime"] is None
    assert result["contradiction"] == []
    assert result["numeric"]["products"] == "all monomials"
    assert set(result["versions"]) == {"python", "span-theorem", "python-flint", "numpy", "e3nn", "torch"}
    printed = capsys.readouterr().out
    assert SCOPE in printed
    assert "proved, confirmed numerically" in printed


@pytest.mark.parametrize("method", ["exact", "rank", "numeric", "both"])
@pytest.mark.parametrize("features", ["upto", "exact"])
def test_every_method_verifies(method, features, tmp_path):
    arguments = ["check", "--L", "3", "--d", "2", "--method", method, "--features", features]
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    for file in files:
        assert main([*arguments, "--json", str(file)]) == 0
    assert files[0].read_bytes() == files[1].read_bytes()
    result = json.loads(files[0].read_text())
    assert result["proved"] is (method != "numeric")
    if method != "numeric":
        route = "certificate" if features == "upto" and method != "rank" else "rank"
        assert result["exact"]["route"] == route
        assert result["prime"] == (2**61 - 1 if route == "rank" else None)


@pytest.mark.parametrize(("L", "d"), [(0, 0), (0, 3), (3, 0)])
def test_degenerate_instances(L, d):
    for features in ("upto", "exact"):
        result = check_span(L, d, features)
        assert result.verified
        assert result.span_dim == 1
        assert result.multiplicities.saturated is (None if L == 0 else True)


@pytest.mark.parametrize(("l", "rank"), [(1, 2), (4, 0), (5, 11)])
def test_contradiction_is_loud(l, rank, monkeypatch, tmp_path, capsys):
    honest = numeric.numeric_span
    monkeypatch.setattr(numeric, "numeric_span", lambda *arguments: lie(honest(*arguments), l, rank))
    file = tmp_path / "check.json"
    assert main(["check", "--L", "2", "--d", "2", "--json", str(file)]) == 1
    printed = capsys.readouterr().out
    assert "CONTRADICTION" in printed
    assert f"rank onto l = {l}" in printed
    result = json.loads(file.read_text())
    assert not result["verified"]
    assert len(result["contradiction"]) == 1
    assert main(["grid", "--max-L", "2", "--max-d", "2", "--method", "both"]) == 1
    assert "CONTRADICT" in capsys.readouterr().out


def test_a_failing_law_exits_1(monkeypatch, capsys):
    # a feature set without its last weight: the arithmetic must notice, not repeat the law
    honest = exact.weight_polynomials
    monkeypatch.setattr(exact, "weight_polynomials", lambda *arguments: [*honest(*arguments)[:-1], []])
    assert main(["check", "--L", "2", "--d", "2", "--method", "rank"]) == 1
    assert "NOT verified" in capsys.readouterr().out


def test_a_refused_certificate_exits_1(monkeypatch, capsys):
    monkeypatch.setattr("span_theorem.certificate.product", lambda l, m, L: [[L, 0, 1]])
    assert main(["check", "--L", "2", "--d", "2", "--method", "exact"]) == 1
    printed = capsys.readouterr().out
    assert "the certificate is refused: entry 0" in printed
    assert "NOT verified" in printed


def test_long_tables_are_printed_in_part(capsys):
    assert main(["check", "--L", "30", "--d", "20", "--method", "exact"]) == 0
    printed = capsys.readouterr().out
    assert "203 of 603 rows are not printed" in printed
    assert "│ 600 │" in printed
    assert "│ 300 │" not in printed


def test_ranks_are_compared_degree_by_degree():
    # the total is right, the degrees are not
    honest = check_span(2, 2, method="exact")
    assert honest.exact
    swapped = replace(honest, exact=replace(honest.exact, ranks=(1, 3, 5, 0, 9, 7, 0)))
    assert swapped.span_dim == swapped.expected_dim
    assert not swapped.verified
    assert not swapped.proved


def test_an_unclear_gap_confirms_nothing(monkeypatch, capsys):
    honest = numeric.numeric_span

    def unclear(*arguments):
        span = honest(*arguments)
        return replace(span, span=replace(span.span, smallest_kept=2 * span.span.tolerance))

    monkeypatch.setattr(numeric, "numeric_span", unclear)
    assert main(["check", "--L", "1", "--d", "1", "--method", "numeric"]) == 1
    assert main(["check", "--L", "1", "--d", "1", "--method", "both"]) == 0
    assert "numeric route undecided" in capsys.readouterr().out


def test_grid(tmp_path, capsys):
    file = tmp_path / "grid.json"
    assert main(["grid", "--max-L", "3", "--max-d", "2", "--json", str(file)]) == 0
    result = json.loads(file.read_text())
    assert result["verified"]
    assert [(i["L"], i["d"]) for i in result["instances"]] == [(L, d) for L in (1, 2, 3) for d in (1, 2)]
    assert "6 of 6 instances" in capsys.readouterr().out


def test_multiplicity(tmp_path, capsys):
    file = tmp_path / "m.json"
    assert main(["multiplicity", "--L", "2", "--d", "2", "--json", str(file)]) == 0
    assert json.loads(file.read_text())["total"] == [5, 3, 5, 1, 1]
    assert main(["multiplicity", "--L", "0", "--d", "2"]) == 0
    assert "3 copies of l = 0" in capsys.readouterr().out


def test_require(tmp_path, capsys):
    file = tmp_path / "r.json"
    assert main(["require", "--l", "5", "--json", str(file)]) == 0
    pairs = json.loads(file.read_text())["pairs"]
    assert [(pair["L"], pair["d"]) for pair in pairs] == [(5, 1), (1, 5), (3, 2), (2, 3)]
    assert SCOPE in capsys.readouterr().out
    assert main(["require", "--l", "0"]) == 0


def test_piped_output_is_not_cropped():
    command = [sys.executable, "-m", "span_theorem", "multiplicity", "--L", "3", "--d", "8"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "…" not in printed
    assert str(multiplicity_total(3, 8)) in printed


def multiplicity_total(L, d):
    from span_theorem.multiplicity import polynomial_count

    return polynomial_count(L, d)


def test_exact_check_imports_nothing_heavy():
    command = "import sys; from span_theorem.cli import main; "
    command += "main(['check', '--L', '2', '--d', '2', '--method', 'exact']); "
    command += "main(['check', '--L', '10', '--d', '10', '--method', 'rank']); "
    command += "print(sorted({'torch', 'e3nn', 'sympy', 'numpy', 'scipy'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"
