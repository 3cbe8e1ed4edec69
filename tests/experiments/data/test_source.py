import subprocess
import sys
from pathlib import Path

import pytest

from experiments.data import Reading, read_structures
from span_theorem.errors import InputError


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("absent.npz", "cannot read absent.npz: it does not exist, expected an npz file"),
        ("absent", "absent does not exist, expected a file: npz, xyz"),
        (__file__, "unknown kind of file '.py', expected npz, xyz, extxyz, traj"),
        ("embedded:validation", "there is no embedded set 'validation'"),
        ("rmd17:aspirin", "there is no rMD17 file 'aspirin', expected a name like rmd17:aspirin/train_01"),
        ("rmd17:../../etc/train_01", "there is no rMD17 file"),
        ("rmd17:aspirin/train_06", "no checksums are pinned for split 6 of aspirin, expected one of 1, 2"),
        ("rmd17:benzene/train_01", "no checksums are pinned for rMD17 molecule 'benzene'"),
        (
            "rmd17:aspirin/test_02",
            "expected after: python -m experiments data fetch rmd17 --molecule aspirin --split 2",
        ),
        ("rmd17:benzene/archive_train_01", "--split 1 --from DIR"),
    ],
)
def test_refuses(cache: Path, spec: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read_structures(spec)
    assert "\n" not in str(caught.value)


def test_named_sets_have_their_units() -> None:
    with pytest.raises(InputError, match="units eV do not apply to embedded:train"):
        read_structures("embedded:train", Reading("eV"))


def test_a_folder_is_not_frames(tmp_path: Path) -> None:
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(InputError, match=r"cannot read .*folder\.npz"):
        read_structures(tmp_path / "folder.npz")


def test_importing_and_reading_npz_needs_neither_torch_nor_ase() -> None:
    code = (
        "import sys; from experiments.data import read_structures; read_structures('embedded:test');"
        "print(sorted({'torch', 'e3nn', 'ase', 'pooch', 'tblite'} & set(sys.modules)))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"
