"""Where nobody watches, long work says now and then how far it is, in plain lines."""

from experiments import progress
from experiments.progress import progress_bar


def test_plain_lines_without_a_terminal(monkeypatch, capsys):
    clock = iter(range(0, 1000, 15))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with progress_bar("features", 4) as bar:
        for done in range(1, 5):
            bar.update(bar.task_ids[0], completed=done, description=f"step\x1b {done}")
    lines = capsys.readouterr().err.splitlines()
    assert lines
    assert len(lines) < 4
    assert all("of 4" in line and "\x1b" not in line for line in lines)


def test_what_is_soon_done_says_nothing(capsys):
    with progress_bar("features", 4) as bar:
        bar.advance(bar.task_ids[0], 4)
    assert capsys.readouterr().err == ""
