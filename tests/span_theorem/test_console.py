"""A wait is announced before it begins, and a bar shows only where someone can see it."""

import pytest

from span_theorem.console import progress_bar, shown_rows


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.1, ""), (59, ""), (150, "work: this will take about 2 min\n")]
)
def test_more_than_a_minute_is_announced(seconds, said, capsys):
    with progress_bar("work", seconds) as progress:
        assert capsys.readouterr().err == said
        progress(1, 2)
    assert capsys.readouterr().err == ""


def test_a_bar_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with progress_bar("work", 3) as progress:
        progress(1, 2)
    assert "work" in capsys.readouterr().err


def test_of_a_long_table_both_ends_are_shown():
    rows, sentence = shown_rows(1000)
    assert (rows[0], rows[-1], len(rows)) == (0, 999, 400)
    assert sentence.startswith("600 of 1000 rows")
