"""Archives of every kind, damaged at random: refused in one line or read as written, cached ones computed again."""

import io
import json
import shutil
import tracemalloc
import zipfile

import numpy as np
import pytest
import torch

from experiments.archive import read_archive
from experiments.backbones import shipped
from experiments.backbones.batch import Batch
from experiments.backbones.extraction import extract
from experiments.backbones.feature_file import read_features, write_features
from experiments.backbones.shipped.format import paths
from experiments.data import read_structures, write_npz
from experiments.features import FeatureReader
from span_theorem.errors import InputError
from span_theorem.reading import sha256
from tests.experiments.synthetic import random_frames
from tests.experiments.test_features import Counting, parts, read
from tests.fuzz.damage import case, damaged, refused

FRAMES = random_frames(6, 0)
NETWORK = "aspirin-gfn2-0"


def test_a_part_of_the_cache(tmp_path, fuzz_seeds):
    reader = FeatureReader(tmp_path)
    expected = read(reader, Counting(), FRAMES, 1, jacobian=True)
    (part,) = parts(tmp_path)
    whole = part.read_bytes()
    for seed in fuzz_seeds:
        with case(seed) as random:
            part.write_bytes(damaged(whole, random))
            result = read(reader, Counting(), FRAMES, 1, jacobian=True)
            assert result.values.tobytes() == expected.values.tobytes()
            assert result.jacobian.tobytes() == expected.jacobian.tobytes()
            assert [path.name for path in part.parent.iterdir() if path.suffix == ".npz"] == [part.name]


def test_frames_of_a_user(tmp_path, fuzz_seeds):
    path = tmp_path / "frames.npz"
    write_npz(FRAMES, path)
    whole = path.read_bytes()
    for seed in fuzz_seeds:
        with case(seed) as random:
            path.write_bytes(damaged(whole, random))
            frames = refused(lambda: read_structures(path))
            assert frames is None or frames.checksum == FRAMES.checksum


def test_a_feature_file(tmp_path, fuzz_seeds):
    path = tmp_path / "features.npz"
    write_features(path, extract(Counting(), [FRAMES], site=1, jacobian=True))
    whole = path.read_bytes()
    batch = Batch.of(FRAMES)
    shown = batch, batch.first[:-1] + 1
    expected = read_features(path).site_features(*shown)
    for seed in fuzz_seeds:
        with case(seed) as random:
            path.write_bytes(damaged(whole, random))
            backbone = refused(lambda: read_features(path))
            assert backbone is None or torch.equal(backbone.site_features(*shown), expected)


def test_shipped_weights(tmp_path, fuzz_seeds):
    weights, _, card = paths(tmp_path, NETWORK)
    for path in paths(shipped.FOLDER, NETWORK):
        shutil.copy(path, tmp_path)
    expected = shipped.read(NETWORK, tmp_path).parameters
    whole, content = weights.read_bytes(), json.loads(card.read_text())
    for seed in fuzz_seeds:
        with case(seed) as random:
            weights.write_bytes(damaged(whole, random))
            assert weights.read_bytes() == whole or refused(lambda: shipped.read(NETWORK, tmp_path)) is None
            # whoever damages weights may write the checksum that they have
            card.write_text(json.dumps({**content, "weights_sha256": sha256(weights)}))
            found = refused(lambda: shipped.read(NETWORK, tmp_path).parameters)
            assert found is None or all(np.array_equal(found[key], expected[key]) for key in expected)


HEADERS = (
    "{'descr': '%s', 'fortran_order': False, 'shape': %s, }",
    "{'descr': '%s', 'fortran_order': 7, 'shape': %s, }",
    "{'descr': '%s', 'shape': %s}",
    "{'descr': [('a', '%s')], 'fortran_order': False, 'shape': %s}",
    "%s %s",
    "{'descr': '%s', 'fortran_order': False, 'shape': %s" + "(" * 9000,
)
TYPES = ("<f8", "|O", "<U3", ">i4", "<M8[s]", "|V8", "<f99", "x", "|S0", "<U268435456")
SHAPES = (
    "(2, 3)",
    "(10**9,)",
    "(1000000000, 1000000000)",
    "(-2, -3)",
    "()",
    "(0, 99999999999999999999)",
    "7",
    "(1.5,)",
)


def test_headers_that_lie_take_no_memory(tmp_path, fuzz_seeds):
    """The checksums are right: whoever makes such a file means it."""
    path = tmp_path / "lie.npz"
    for seed in fuzz_seeds:
        with case(seed) as random:
            header = random.choice(HEADERS) % (random.choice(TYPES), random.choice(SHAPES))
            version = random.choice(((1, 0), (1, 0), (2, 0), (3, 0), (9, 9)))
            size = len(header).to_bytes(2 if version == (1, 0) else 4, "little")
            data = random.randbytes(random.choice((0, 8, 48)))
            with zipfile.ZipFile(
                path, "w", random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
            ) as archive:
                archive.writestr(
                    "x.npy", b"\x93NUMPY" + bytes(version) + size + header.encode("latin1") + data
                )
            tracemalloc.start()
            arrays = refused(lambda: read_archive(path))
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert peak < 2**23
            assert arrays is None or arrays["x"].nbytes == len(data)


@pytest.mark.parametrize(
    "compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_arrays_of_every_kind_come_back(tmp_path, compression):
    arrays = {
        "c": np.arange(6.0).reshape(2, 3),
        "fortran": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "scalar": np.float32(2),
        "empty": np.zeros((0, 3)),
        "text": np.array("häß ☃"),
        "texts": np.array([["a"], ["bc"]]),
        "nothing": np.array(""),
        "big": np.arange(4, dtype=">i4"),
        "complex": np.array([1j]),
        "truth": np.array([True]),
    }
    path = tmp_path / "arrays.npz"
    with zipfile.ZipFile(path, "w", compression) as archive:
        for key, array in arrays.items():
            content = io.BytesIO()
            np.save(content, array)
            archive.writestr(f"{key}.npy", content.getvalue())
    if compression in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with pytest.raises(InputError, match="packed in a way that numpy does not write"):
            read_archive(path)
        return
    result = read_archive(path)
    assert list(result) == list(arrays)
    for key, array in arrays.items():
        assert (result[key].dtype, result[key].shape) == (array.dtype, array.shape)
        np.testing.assert_array_equal(result[key], array)
    assert list(read_archive(path, ("big", "absent"))) == ["big"]


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "bomb.npz"
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (%d,), }" % 2**21
    start = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for key in range(3):
            archive.writestr(f"{key}.npy", start + bytes(2**24))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("experiments.archive.LIMIT", 2**25)
        tracemalloc.start()
        with pytest.raises(InputError, match="GiB of arrays, at most"):
            read_archive(path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert read_archive(path, ("1",))["1"].nbytes == 2**24
    assert peak < 2**20


@pytest.mark.parametrize("lost", [0, 1, 3])
def test_a_directory_that_leaves_an_array_out(tmp_path, lost):
    path = tmp_path / "frames.npz"
    write_npz(FRAMES, path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("last.npy", b"")
        archive.filelist.pop(lost)  # what is written as the directory when the archive is closed
    with pytest.raises(InputError, match="its directory leaves something out"):
        read_structures(path)
