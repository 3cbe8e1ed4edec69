"""Feature files: read back exactly, for their own frames only, and refused when damaged."""

import io
import json
import pickle
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch
from ase import Atoms
from e3nn.o3 import Irreps
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.backbones import Options, Potential, card_of, open_backbone
from experiments.backbones.batch import Batch
from experiments.backbones.extraction import extract
from experiments.backbones.feature_file import read_features, structure_keys, write_features
from experiments.backbones.feature_format import _checksum
from experiments.backbones.verification import verify
from experiments.commands.extract import extract as command
from experiments.data import write_npz
from experiments.structures import Structures
from span_theorem.command import application, run
from span_theorem.errors import InputError
from tests.experiments.molecules import (
    features_of,
    predictions_of,
    site_features_of,
    site_jacobian_of,
    tensors,
)
from tests.experiments.synthetic import Spectrum, random_frames

TRAIN, TEST = random_frames(23, seed=0, source="training"), random_frames(5, seed=1, source="test")


class Predicting(Spectrum):
    """A synthetic backbone with a toy potential: the energy is half the squared distance of atoms 0 and 1."""

    def predictions_of(self, numbers, positions):
        bond = positions[:, 1] - positions[:, 0]
        forces = torch.zeros_like(positions)
        forces[:, 0], forces[:, 1] = bond, -bond
        return bond.square().sum(-1) / 2, forces


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("features") / "whole.npz"
    write_features(path, extract(Predicting([0, 1, 2]), [TRAIN, TEST]))
    return path


@pytest.fixture(scope="module")
def sited(tmp_path_factory):
    path = tmp_path_factory.mktemp("features") / "sited.npz"
    write_features(path, extract(Spectrum([0, 1, 2]), [TRAIN], site=1, jacobian=True))
    return path


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, len(TRAIN) - 1), min_size=1, max_size=8))
def test_any_selection_comes_back_to_the_bit(whole, chosen):
    live, stored = Predicting([0, 1, 2]), read_features(whole)
    numbers, positions = tensors(TRAIN.subset(chosen))
    assert torch.equal(features_of(stored, numbers, positions), features_of(live, numbers, positions))
    for mine, theirs in zip(
        predictions_of(stored, numbers, positions), predictions_of(live, numbers, positions), strict=True
    ):
        assert torch.equal(mine, theirs)


def test_it_is_a_backbone_with_the_verification_of_the_original(whole):
    backbone = open_backbone(f"features:{whole}")
    assert isinstance(backbone, Potential)
    assert backbone.name == "synthetic:0+1+2"
    assert backbone.irreps == Irreps("0e+1o+2e")
    original = verify(Predicting([0, 1, 2]), Structures.joined([TRAIN, TEST]))
    assert verify(backbone, TEST) == original
    assert len(card_of(backbone).settings["feature_file"]) == 64


def test_the_file_says_what_made_it(sited):
    with np.load(sited, allow_pickle=False) as archive:
        metadata = json.loads(str(archive["metadata"]))
    assert metadata["site"] == 1
    assert metadata["parity"] == "o3"
    assert metadata["frames"][0]["checksum"] == TRAIN.checksum
    assert metadata["card"]["layer"] == metadata["layer"] == "features"
    assert {"python", "torch", "e3nn"} <= set(metadata["versions"])


def test_other_frames_are_refused(whole):
    backbone = read_features(whole)
    numbers, positions = tensors(random_frames(3, seed=9))
    with pytest.raises(InputError, match="belongs to other frames: frame 0 of those asked for"):
        features_of(backbone, numbers, positions)
    _, mixed = tensors(TRAIN.subset([0, 1]))
    mixed[1, 2, 0] = np.nextafter(float(mixed[1, 2, 0]), np.inf)
    with pytest.raises(InputError, match=r"frame 1 .*from training, test"):
        features_of(backbone, numbers, mixed)


def test_another_molecule_is_refused(whole):
    _, positions = tensors(TRAIN)
    with pytest.raises(InputError, match="belongs to other frames"):
        features_of(read_features(whole), torch.tensor([6, 6, 8]), positions)


@given(st.floats(-1e3, 1e3))
def test_a_frame_is_its_content(x):
    def key(number, y, cell=None):
        atoms = Atoms([number], [[x, y, 1.0]], cell=cell and [cell] * 3, pbc=cell is not None)
        return structure_keys(Batch.of(Structures.from_ase([atoms])))

    assert np.array_equal(key(6, 0.0), key(6, -0.0))
    assert np.array_equal(key(6, 0.0, 3.0), key(6, -0.0, 3.0))
    assert not np.array_equal(key(6, 0.0), key(7, 0.0))
    assert not np.array_equal(key(6, 0.0), key(6, 0.0, 3.0))
    assert not np.array_equal(key(6, 0.0, 4.0), key(6, 0.0, 3.0))


def test_the_jacobian_is_the_live_ones(sited):
    numbers, positions = tensors(TRAIN.subset([4, 2]))
    features, jacobian = site_jacobian_of(Spectrum([0, 1, 2]), numbers, positions, 1)
    stored = read_features(sited)
    for mine, theirs in zip(
        site_jacobian_of(stored, numbers, positions, 1), (features, jacobian), strict=True
    ):
        assert torch.equal(mine, theirs)
    moved = positions.clone().requires_grad_()
    weights = torch.linspace(-1, 1, 9, dtype=torch.float64)
    (gradient,) = torch.autograd.grad((features_of(stored, numbers, moved)[:, 1] @ weights).sum(), moved)
    torch.testing.assert_close(gradient, torch.einsum("fcax,c->fax", jacobian, weights))


def test_what_is_not_stored_is_refused(whole, sited):
    numbers, positions = tensors(TRAIN.subset([0]))
    with pytest.raises(InputError, match="holds the features of atom 1, not of atom 0"):
        site_features_of(read_features(sited), numbers, positions, 0)
    assert features_of(read_features(sited), numbers, positions)[:, 0].isnan().all()
    with pytest.raises(InputError, match="holds no Jacobian"):
        site_jacobian_of(read_features(whole), numbers, positions, 1)
    with pytest.raises(InputError, match="holds no Jacobian"):
        features_of(read_features(whole), numbers, positions.requires_grad_())
    with pytest.raises(InputError, match="holds layer 'features', not '2'"):
        open_backbone(f"features:{whole}", Options(layer="2"))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(whole, tmp_path, share):
    content = whole.read_bytes()
    damaged = tmp_path / "damaged.npz"
    damaged.write_bytes(content[: int(share * len(content))])
    with pytest.raises(InputError, match=r"damaged\.npz"):
        read_features(damaged)


def test_any_flipped_byte_is_noticed(whole, tmp_path):
    numbers, positions = tensors(TRAIN)
    expected = features_of(read_features(whole), numbers, positions)
    content = whole.read_bytes()
    damaged = tmp_path / "damaged.npz"
    for place in np.random.default_rng(0).integers(0, len(content), 40):
        changed = bytearray(content)
        changed[place] ^= 0xFF
        damaged.write_bytes(bytes(changed))
        try:
            found = features_of(read_features(damaged), numbers, positions)
        except InputError:
            continue
        assert torch.equal(found, expected)  # a byte that carries nothing, such as a time stamp


def rewrite(source, target, change, sealed=True):
    """Copy a feature file with its metadata and arrays changed, under a checksum of what is in it if ``sealed``."""
    with np.load(source) as archive:
        arrays = {key: archive[key] for key in archive}
    metadata = json.loads(str(arrays.pop("metadata")))
    change(metadata, arrays)
    if sealed:
        metadata["checksum"] = _checksum(metadata, arrays)
    np.savez(target, metadata=np.array(json.dumps(metadata)), **arrays)


def into(place, value):
    """A change of one field of the metadata."""
    *path, last = place.split(".")

    def change(metadata, arrays):
        for step in path:
            metadata = metadata[step]
        metadata[last] = value

    return change


def of(key, alter):
    """A change of one array."""

    def change(metadata, arrays):
        arrays[key] = alter(arrays[key])

    return change


@pytest.mark.parametrize(
    "change",
    [
        into("irreps", "3x0e+2x1o"),
        into("layer", "1"),
        into("backbone", "another"),
        into("verification.rotation", 0.0),
        into("card.licence", "MIT"),
        into("versions.torch", "1.0"),
        of("features", lambda values: values + 1),
        of("atoms", lambda values: values[::-1]),
    ],
)
def test_the_checksum_covers_metadata_and_arrays(whole, tmp_path, change):
    rewrite(whole, tmp_path / "same.npz", lambda metadata, arrays: None, sealed=False)
    read_features(tmp_path / "same.npz")
    rewrite(whole, tmp_path / "damaged.npz", change, sealed=False)
    with pytest.raises(InputError, match=r"damaged\.npz"):
        read_features(tmp_path / "damaged.npz")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (into("format", "span-theorem features 2"), "has format 'span-theorem features 2'"),
        (lambda metadata, arrays: metadata.pop("card"), "missing required field card"),
        (lambda metadata, arrays: metadata["verification"].pop("parity"), "missing required field parity"),
        (into("colour", "red"), "colour: unknown field"),
        (into("card.colour", "red"), "card.colour: unknown field"),
        (into("irreps", "0e"), "irreps is '0e', but '1x0e"),
        (into("irreps", "nonsense"), "are no irreps"),
        (into("layer", "2"), "layer is '2', but 'features'"),
        (into("backbone", 3), "backbone: expected str, found 3"),
        (into("backbone", "a\x1b[2J"), "backbone: expected text without control characters"),
        (into("card.parameters", "many"), 'card.parameters: expected int, found "many"'),
        (into("verification.rotation", 0.9), "not equivariant under rotations.* is 0.9"),
        (into("verification.batch", 0.9), "depends on the batch"),
        (into("verification.rotation_by_irrep", {"0e": 0.0}), "was verified for 0e, expected 0e, 1o, 2e"),
        (
            lambda metadata, arrays: metadata["verification"].update(tolerance=1e-10, batch=1e-9),
            "depends on the batch.* 1e-09, expected at most 1e-10",
        ),
        (into("verification.parity", "so3"), "parity is 'o3', but 'so3'"),
        (into("site", 1), "its site is 1"),
        (lambda metadata, arrays: arrays.pop("atoms"), "lacks atoms"),
        (lambda metadata, arrays: arrays.pop("forces"), "energies or forces, expected both"),
        (lambda metadata, arrays: arrays.update(more=np.zeros(1)), "unknown array 'more'"),
        (of("features", lambda values: values[:-1]), "features has shape"),
        (of("features", lambda values: values.astype(int)), "features has type <i8"),
        (of("features", lambda values: values.astype(">f8")), "features has type >f8"),
        (of("features", lambda values: values * np.nan), "not finite"),
        (of("frame_keys", lambda values: values.astype(float)), "frame_keys has type"),
        (of("numbers", lambda values: values[None]), "numbers has shape"),
        (of("numbers", lambda values: values + 1), "have other atoms"),
        (of("first", lambda values: values + 1), "first goes from 1"),
        (of("first", lambda values: values[:-1]), "first has shape"),
        (of("structure", lambda values: values + 100), "expected increasing indices"),
        (of("atoms", lambda values: values + 100), "expected increasing indices"),
        (of("atoms", lambda values: values[::-1].copy()), "expected increasing indices"),
    ],
)
def test_an_inconsistent_file_is_refused(whole, tmp_path, change, message):
    damaged = tmp_path / "damaged.npz"
    rewrite(whole, damaged, change)
    with pytest.raises(InputError, match=message):
        read_features(damaged)


def test_errors_are_compared_with_the_projects_tolerance(whole, tmp_path):
    """A file that names a generous tolerance of its own is refused all the same."""

    def generous(metadata, arrays):
        metadata["verification"] |= {"tolerance": 1.0, "rotation": 0.9}

    rewrite(whole, tmp_path / "generous.npz", generous)
    with pytest.raises(InputError, match=r"is 0\.9, expected at most 0\.0001"):
        read_features(tmp_path / "generous.npz")


class Bomb:
    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return open, (self.path, "w")


def test_pickles_are_never_loaded(whole, tmp_path):
    exploded, bomb = tmp_path / "exploded", tmp_path / "bomb.npz"
    bomb.write_bytes(pickle.dumps(Bomb(exploded)))
    with pytest.raises(InputError):
        read_features(bomb)
    array = io.BytesIO()
    np.save(array, np.array([Bomb(exploded)], dtype=object), allow_pickle=True)
    bomb.write_bytes(whole.read_bytes())
    with zipfile.ZipFile(bomb, "a") as archive:
        archive.writestr("jacobian.npy", array.getvalue())
    with pytest.raises(InputError):
        read_features(bomb)
    assert not exploded.exists()


def test_extraction_refuses_what_cannot_be_kept():
    backbone = Spectrum([0, 1])
    with pytest.raises(InputError, match="a Jacobian is kept for one atom"):
        extract(backbone, [TRAIN], jacobian=True)
    with pytest.raises(InputError, match="the site 3 is out of range: expected 0 to 2"):
        extract(backbone, [TRAIN], site=3)


USERS = """
from e3nn.o3 import Irreps, spherical_harmonics
class factory:
    name, irreps = "mine", Irreps("0e+1o")
    def features(self, numbers, positions):
        return spherical_harmonics([0, 1], positions.roll(-1, 1) - positions, normalize=True)
"""


def test_the_command_writes_a_file_that_reads_back(tmp_path, capsys):
    (tmp_path / "mine.py").write_text(USERS)
    zeros = replace(TRAIN, energies=np.zeros(len(TRAIN)), forces=np.zeros_like(TRAIN.positions))
    write_npz(zeros, tmp_path / "frames.npz")
    app = application("")
    app.command()(command)
    options = [
        "extract",
        "--backbone",
        f"{tmp_path}/mine.py:factory",
        "--structures",
        f"{tmp_path}/frames.npz",
    ]
    output = tmp_path / "features.npz"
    assert run(app, "test", [*options, "-o", str(output)]) == 2
    assert "--trust" in capsys.readouterr().err
    assert run(app, "test", [*options, "-o", f"{tmp_path}/features.h5", "--trust"]) == 2
    assert "ends in .npz" in capsys.readouterr().err
    assert run(app, "test", [*options, "-o", str(output), "--trust", "--site", "2", "--jacobian"]) == 0
    assert "labels O3" in capsys.readouterr().out
    numbers, positions = tensors(TRAIN)
    assert features_of(open_backbone(f"features:{output}"), numbers, positions)[:, 2].isfinite().all()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
