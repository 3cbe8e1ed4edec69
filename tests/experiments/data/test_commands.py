from pathlib import Path

import numpy as np
import pytest

from experiments.commands.data import app
from experiments.data import inventory
from experiments.data.card import write_package
from span_theorem.command import run
from tests.experiments.data.server import serving
from tests.experiments.data.test_card import PLAN, trajectory


@pytest.fixture
def embedded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for the embedded one."""
    folder = tmp_path / "embedded"
    folder.mkdir()
    write_package(PLAN, [trajectory(seed, 50) for seed in range(3)], folder)
    monkeypatch.setattr("experiments.data.embedded_sets.FOLDER", folder)
    monkeypatch.setattr(inventory, "FOLDER", folder)
    return folder


def data(*arguments: str) -> int:
    return run(app, "experiments data", arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("fetch",), "Missing argument 'dataset'"),
        (("fetch", "qm9"), "'qm9' is not"),
        (("fetch", "rmd17", "--split", "6"), "--split is '6', expected 1 to 5 or all"),
        (("fetch", "rmd17", "--molecule", "benzene"), "no checksums are pinned for rMD17 molecule 'benzene'"),
        (("fetch", "rmd17", "--timeout", "0"), "--timeout is 0, expected a positive number"),
        (("fetch", "rmd17", "--from", "absent"), "absent is not a folder"),
        (("fetch", "rmd17", "--base-url", "example.org"), "expected one that begins with http"),
        (("generate",), "--output"),
        (("generate", "-o", "x", "--frames", "0"), "frames is 0, expected at least 1"),
        (("generate", "-o", "x", "--jobs", "many"), "--jobs"),
    ],
)
def test_mistakes_are_one_line_and_status_two(
    cache: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    assert data(*arguments) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert len(printed.err.splitlines()) == 1
    assert printed.out == ""
    assert not cache.exists()


def test_list_and_verify(embedded: Path, cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert data("list") == 0
    printed = capsys.readouterr().out
    assert "embedded:train" in printed
    assert "8" in printed
    assert str(cache) in printed.replace("\n", "")
    assert data("verify") == 0
    assert "all checksums agree" in capsys.readouterr().out
    cache.mkdir(parents=True)
    (cache / "rmd17_aspirin_train_01.npz").write_bytes(b"not it")
    assert data("verify") == 1
    assert "rmd17_aspirin_train_01.npz is damaged" in capsys.readouterr().out
    assert data("list") == 0


@pytest.mark.rmd17
def test_fetch_takes_its_address_from_the_environment(
    real_rmd17: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(real_rmd17) as (address, requests):
        monkeypatch.setenv("SPAN_THEOREM_RMD17_URL", f"{address}/normal/")
        assert data("fetch", "rmd17", "--molecule", "ethanol") == 0
        assert len(requests) == 2
        assert data("fetch", "rmd17", "--base-url", f"{address}/absent", "--split", "1") == 2
        assert "404" in capsys.readouterr().err
        assert data("fetch", "rmd17", "--split", "1") == 0
    assert len(list(cache.glob("*.npz"))) == 4
    assert capsys.readouterr().out.count("rmd17_aspirin_t") == 2


def test_import_warns_about_frames_that_are_not_pinned(
    tmp_path: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "npz_data").mkdir()
    (tmp_path / "splits").mkdir()
    arrays = {"coords": np.zeros((3, 1, 3)), "energies": np.zeros(3), "forces": np.zeros((3, 1, 3))}
    np.savez(tmp_path / "npz_data" / "rmd17_uracil.npz", nuclear_charges=np.array([1]), **arrays)
    for part in ("train", "test"):
        (tmp_path / "splits" / f"index_{part}_01.csv").write_text("0\n2\n")
    assert data("fetch", "rmd17", "--molecule", "uracil", "--split", "1", "--from", str(tmp_path)) == 0
    printed = capsys.readouterr()
    assert "WARNING: 2 of these are not known to equal a published split file" in printed.err
    assert "rmd17:uracil/archive_train_01" in printed.err
    assert data("list") == 0
    assert "rmd17:uracil/archive_test_01" in capsys.readouterr().out
