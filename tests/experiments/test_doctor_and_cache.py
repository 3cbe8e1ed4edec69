"""What is installed, what lies in the cache, and emptying it without touching what is not this project's."""

import io
from importlib.metadata import version

import pytest

from experiments.cli import main
from span_theorem.cli import main as theorem
from span_theorem.command import run
from span_theorem.extras import extra_of, missing


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SPAN_THEOREM_CACHE", str(tmp_path))
    (tmp_path / "features" / "ab").mkdir(parents=True)
    (tmp_path / "features" / "ab" / "0.npz").write_bytes(b"x" * 3_000_000)
    (tmp_path / "measurements.sqlite").write_bytes(b"x" * 1000)
    (tmp_path / "measurements.sqlite-wal").write_bytes(b"x")
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "mine.txt").write_text("mine")
    return tmp_path


def test_what_lies_in_the_cache_is_listed(cache, capsys):
    assert main(["cache", "list"]) == 0
    printed = capsys.readouterr().out
    assert "3.0 MB" in printed
    assert str(cache) in printed
    assert "letters" not in printed


def test_emptying_takes_what_is_named_and_nothing_of_others(cache, capsys):
    assert main(["cache", "empty", "measurements.sqlite", "--yes"]) == 0
    assert sorted(path.name for path in cache.iterdir()) == ["features", "letters"]
    assert main(["cache", "empty", "--yes"]) == 0
    assert [path.name for path in cache.iterdir()] == ["letters"]
    assert "emptied: features, 1 files, 3.0 MB" in capsys.readouterr().out
    assert main(["cache", "empty", "../letters", "--yes"]) == 2
    assert "is no part of the cache" in capsys.readouterr().err
    assert (cache / "letters" / "mine.txt").exists()


def test_without_a_yes_nothing_is_taken(cache, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert main(["cache", "empty"]) != 0
    assert (cache / "features").exists()


def test_a_link_in_the_cache_is_not_followed(cache, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "mine.npz").write_text("mine")
    (cache / "rmd17").symlink_to(elsewhere)
    main(["cache", "empty", "--yes"])
    assert (elsewhere / "mine.npz").exists()


def test_the_doctor_names_what_is_missing_and_how_to_get_it(monkeypatch, cache, capsys):
    from experiments.commands import doctor

    monkeypatch.setattr(doctor, "find_spec", lambda name: None)
    assert main(["doctor"]) == 0
    printed = capsys.readouterr().out
    assert "missing: pip install 'span-theorem[nequip]'" in printed
    assert version("span-theorem") in printed
    assert "3.0 MB" in printed


@pytest.mark.parametrize("program", [main, theorem])
def test_version_and_short_help(program, capsys):
    assert program(["--version"]) == 0
    assert capsys.readouterr().out == f"span-theorem {version('span-theorem')}\n"
    assert program(["-h"]) == 0
    assert "Usage" in capsys.readouterr().out


def test_a_package_that_is_missing_is_named_with_its_extra(capsys, monkeypatch):
    listed = ['e3nn>=0.5.6; extra == "numeric"', 'mace-torch; extra == "mace"', "numpy>=2.0"]
    monkeypatch.setattr("span_theorem.extras.requires", lambda name: listed)
    assert extra_of("numpy") is None
    assert extra_of("mace") == "mace"
    assert "pip install 'span-theorem[numeric]'" in missing("e3nn")

    def app(**settings):
        raise ModuleNotFoundError("no e3nn", name="e3nn.o3")

    assert run(app, "program", []) == 2
    assert "this needs the package e3nn, which is not installed" in capsys.readouterr().err
