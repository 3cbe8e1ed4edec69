import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from experiments.data import read_structures, rmd17
from experiments.data.download import download
from experiments.data.rmd17 import content_checksum
from span_theorem.errors import InputError
from tests.experiments.data.conftest import made_up, stacked
from tests.experiments.data.server import serving

NAME = "rmd17_aspirin_train_01.npz"


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with one made-up file of rMD17's form, its checksums pinned instead of the real ones."""
    folder = tmp_path / "published"
    folder.mkdir()
    numbers, positions, energies, forces = stacked(made_up(50))
    np.savez(
        folder / NAME,
        nuclear_charges=numbers.astype(np.uint8),
        coords=positions,
        energies=energies,
        forces=forces,
    )
    sha256 = hashlib.sha256((folder / NAME).read_bytes()).hexdigest()
    registry = tmp_path / "registry.txt"
    registry.write_text(f"# pinned\n{NAME} {sha256} {content_checksum(folder / NAME)}\n")
    monkeypatch.setattr(rmd17, "REGISTRY", registry)
    rmd17.registry.cache_clear()
    yield folder
    rmd17.registry.cache_clear()


def test_downloads_once_and_loads(published: Path, cache: Path) -> None:
    with serving(published) as (address, requests):
        path = download(NAME, f"{address}/normal/")
        assert path == cache / NAME
        assert path.read_bytes() == (published / NAME).read_bytes()
        assert download(NAME, f"{address}/normal/") == path
        assert requests == [f"/normal/{NAME}"]
    assert len(read_structures("rmd17:aspirin/train_01")) == 50


@pytest.mark.parametrize(
    ("manner", "message"),
    [
        ("truncated", r"broke off, expected rmd17_.* \(broken off after [\d,]+ bytes of [\d,]+\)"),
        ("unsized", r"what came is not the published file \(its SHA-256 differs\), expected [0-9a-f]{64}"),
        ("corrupted", r"what came is not the published file \(its SHA-256 differs\)"),
        ("interrupted", r"the connection failed or broke off, expected .*\(broken off after"),
        ("slow", r"only [\d,]+ bytes after 0.4 s, expected the whole file"),
        ("silent", r"no answer within 0.4 s"),
        ("absent", r"404 Not Found, expected the file \(is the base address right\?\)"),
        ("broken", r"500 Server Error"),
    ],
)
def test_nothing_wrong_is_left_behind(published: Path, cache: Path, manner: str, message: str) -> None:
    with serving(published) as (address, _), pytest.raises(InputError, match=message) as caught:
        download(NAME, f"{address}/{manner}/", timeout=0.4, retries=0)
    assert f"{address}/{manner}/{NAME}" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list(cache.iterdir()) == []
    with pytest.raises(InputError, match="is not in the cache"):
        read_structures("rmd17:aspirin/train_01")


@pytest.mark.parametrize("manner", ["truncated", "corrupted", "interrupted", "slow"])
def test_a_failed_download_leaves_the_damaged_file_unread(published: Path, cache: Path, manner: str) -> None:
    cache.mkdir(parents=True)
    (cache / NAME).write_bytes(b"damaged before")
    with serving(published) as (address, _), pytest.raises(InputError):
        download(NAME, f"{address}/{manner}/", timeout=0.4, retries=0)
    with pytest.raises(InputError, match="is damaged"):
        read_structures("rmd17:aspirin/train_01")


def test_a_damaged_file_is_replaced(published: Path, cache: Path) -> None:
    cache.mkdir(parents=True)
    (cache / NAME).write_bytes(b"damaged before")
    with serving(published) as (address, _):
        download(NAME, f"{address}/normal/")
    assert len(read_structures("rmd17:aspirin/train_01")) == 50


def test_tries_again_after_a_broken_connection(published: Path, cache: Path) -> None:
    with serving(published) as (address, requests):
        download(NAME, f"{address}/recovering/", retries=1)
        assert len(requests) == 2
    assert len(read_structures("rmd17:aspirin/train_01")) == 50


def test_does_not_try_again_what_is_absent(published: Path, cache: Path) -> None:
    with serving(published) as (address, requests):
        with pytest.raises(InputError):
            download(NAME, f"{address}/absent/", retries=5)
        assert len(requests) == 1


def test_server_down(published: Path, cache: Path) -> None:
    with serving(published) as (address, _):
        pass
    with pytest.raises(InputError, match=r"the connection failed or broke off.*Connection refused") as caught:
        download(NAME, f"{address}/normal", retries=0)
    assert "0x" not in str(caught.value)


def test_cache_that_cannot_be_written(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SPAN_THEOREM_CACHE", str(tmp_path / "file"))
    with serving(published) as (address, _), pytest.raises(InputError, match="cannot write into the cache"):
        download(NAME, f"{address}/normal", retries=0)


def test_address_without_a_scheme(cache: Path) -> None:
    with pytest.raises(InputError, match="expected one that begins with http"):
        download(NAME, "ftp://example.org/", retries=0)


@pytest.mark.rmd17
@pytest.mark.parametrize("part", ["train", "test"])
def test_the_real_files_are_the_pinned_ones(real_rmd17: Path, cache: Path, part: str) -> None:
    name = f"rmd17_aspirin_{part}_03.npz"
    with serving(real_rmd17) as (address, _):
        download(name, f"{address}/normal")
        (cache / name).unlink()
        with pytest.raises(InputError, match="SHA-256 differs"):
            download(name, f"{address}/corrupted", retries=0)
        with pytest.raises(InputError, match="broken off after 768,"):
            download(name, f"{address}/truncated", retries=0)
        assert list(cache.iterdir()) == []
        download(name, f"{address}/normal")
    frames = read_structures(f"rmd17:aspirin/{part}_03")
    with np.load(real_rmd17 / name) as raw:
        np.testing.assert_allclose(frames.energies, raw["energies"] * 0.0433641, rtol=1e-6)
    assert len(frames) == 1000
