import shutil
from pathlib import Path

import numpy as np
import pytest

from experiments.data import read_structures
from experiments.data.local import import_folder
from experiments.data.rmd17 import PARTS, file_name
from span_theorem.errors import InputError
from tests.experiments.data.conftest import made_up, stacked


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A folder in the figshare archive's layout with made-up benzene frames and five splits of them."""
    root = tmp_path / "download" / "rmd17"
    (root / "npz_data").mkdir(parents=True)
    (root / "splits").mkdir()
    numbers, positions, energies, forces = stacked(made_up(40))
    np.savez(
        root / "npz_data" / "rmd17_benzene.npz",
        nuclear_charges=numbers.astype(np.uint8),
        coords=positions,
        energies=energies,
        forces=forces,
        old_indices=np.arange(40),
    )
    rng = np.random.default_rng(1)
    for number in range(1, 6):
        order = rng.permutation(40)
        for part, chosen in zip(PARTS, (order[:10], order[10:25]), strict=True):
            np.savetxt(root / "splits" / f"index_{part}_{number:02d}.csv", chosen, fmt="%d")
    return root.parent


def test_archive_splits_are_cut_by_the_index_files(archive: Path, cache: Path) -> None:
    imported = import_folder(archive, "benzene")
    assert [one.path.name for one in imported] == [
        f"archive_{file_name('benzene', part, number)}" for number in range(1, 6) for part in PARTS
    ]
    assert not any(one.published for one in imported)
    indices = np.loadtxt(archive / "rmd17" / "splits" / "index_test_04.csv", dtype=int)
    np.testing.assert_array_equal(
        read_structures("rmd17:benzene/archive_test_04").positions, made_up(40).subset(indices).positions
    )


def test_archive_split_that_changes_in_the_cache_is_not_read(archive: Path, cache: Path) -> None:
    (imported, _) = import_folder(archive / "rmd17", "benzene", 2)
    shutil.copy(cache / "archive_rmd17_benzene_test_02.npz", imported.path)
    with pytest.raises(InputError, match=r"is damaged \(its checksum differs\)"):
        read_structures("rmd17:benzene/archive_train_02")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1\n2\n40\n", "line 3 is 40, expected an index from 0 to 39"),
        ("1\n-1\n", "line 2 is -1"),
        ("1.5\n", "line 1 is 1.5"),
        ("one\n", "is not a list of frame indices"),
        ("", "is empty"),
    ],
)
def test_refuses_index_files(archive: Path, cache: Path, text: str, message: str) -> None:
    (archive / "rmd17" / "splits" / "index_train_01.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        import_folder(archive, "benzene", 1)
    assert list(cache.iterdir()) == []


def test_refuses_absent_pieces(archive: Path, cache: Path) -> None:
    with pytest.raises(InputError, match=r"rmd17_uracil\.npz: it does not exist"):
        import_folder(archive, "uracil", 1)
    (archive / "rmd17" / "splits" / "index_test_01.csv").unlink()
    with pytest.raises(InputError, match=r"index_test_01\.csv: it does not exist"):
        import_folder(archive, "benzene", 1)


def test_refuses_folders(tmp_path: Path, cache: Path) -> None:
    with pytest.raises(InputError, match="absent is not a folder"):
        import_folder(tmp_path / "absent", "aspirin")
    with pytest.raises(InputError, match=r"holds no rMD17 files, expected rmd17_aspirin_train_01\.npz"):
        import_folder(tmp_path, "aspirin")
    (tmp_path / "rmd17.tar.bz2").touch()
    with pytest.raises(InputError, match=r"unpack rmd17.tar.bz2 first"):
        import_folder(tmp_path, "aspirin")


def test_refuses_a_file_that_only_has_the_name(tmp_path: Path, archive: Path, cache: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    shutil.copy(archive / "rmd17" / "npz_data" / "rmd17_benzene.npz", folder / "rmd17_aspirin_train_01.npz")
    with pytest.raises(InputError, match=r"is not the published file \(its SHA-256 differs\)"):
        import_folder(folder, "aspirin", 1)
    with pytest.raises(InputError, match=r"rmd17_ethanol_train_01\.npz does not exist"):
        import_folder(folder, "ethanol", 1)
    assert list(cache.iterdir()) == []


@pytest.mark.rmd17
def test_imports_the_real_split_files(real_rmd17: Path, cache: Path) -> None:
    imported = import_folder(real_rmd17, "aspirin", 2)
    assert [one.path.name for one in imported] == [
        "rmd17_aspirin_train_02.npz",
        "rmd17_aspirin_test_02.npz",
    ]
    assert len(read_structures("rmd17:aspirin/train_02")) == 1000


@pytest.mark.rmd17
def test_an_archive_with_the_real_frames_gives_the_published_split(
    real_rmd17: Path, tmp_path: Path, cache: Path
) -> None:
    """The split files of one molecule, put together to an archive, come out as what they were."""
    parts = {part: np.load(real_rmd17 / f"rmd17_aspirin_{part}_01.npz") for part in PARTS}
    (tmp_path / "npz_data").mkdir()
    (tmp_path / "splits").mkdir()
    order = np.random.default_rng(0).permutation(2000)
    keys = ("coords", "energies", "forces")
    mixed = {key: np.concatenate([parts[part][key] for part in PARTS])[order] for key in keys}
    np.savez(
        tmp_path / "npz_data" / "rmd17_aspirin.npz",
        nuclear_charges=parts["train"]["nuclear_charges"],
        **mixed,
    )
    place = np.argsort(order)
    np.savetxt(tmp_path / "splits" / "index_train_01.csv", place[:1000], fmt="%d")
    np.savetxt(tmp_path / "splits" / "index_test_01.csv", place[1000:], fmt="%d")
    assert all(one.published for one in import_folder(tmp_path, "aspirin", 1))
    real = read_structures(real_rmd17 / "rmd17_aspirin_train_01.npz")
    assert read_structures("rmd17:aspirin/train_01").checksum == real.checksum
    # the same frames in another order are not the published split
    np.savetxt(tmp_path / "splits" / "index_train_01.csv", place[:1000][::-1], fmt="%d")
    (cache / "rmd17_aspirin_train_01.npz").unlink()
    assert not import_folder(tmp_path, "aspirin", 1)[0].published
    assert not (cache / "rmd17_aspirin_train_01.npz").exists()
