"""The NequIP adapter against nequip itself, and what its files must refuse."""

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("nequip")

from e3nn import o3  # noqa: E402
from scipy.spatial.transform import Rotation  # noqa: E402

from experiments.backbones import (  # noqa: E402
    Options,
    open_backbone,
    shipped,
)
from experiments.backbones.nequip import NequIP, build, names, open_shipped  # noqa: E402
from experiments.backbones.nequip_framework import builder_state, trainable  # noqa: E402
from experiments.backbones.protocol import Potential  # noqa: E402
from experiments.backbones.shipped import check_config  # noqa: E402
from span_theorem.errors import InputError  # noqa: E402
from tests.experiments.molecules import features_of, predictions_of  # noqa: E402

NAME = "aspirin-rmd17-0"
ASPIRIN = Path(shipped.FOLDER).parents[1] / "data" / "aspirin.xyz"


@pytest.fixture(scope="module")
def backbone():
    return open_backbone(f"nequip:{NAME}")


@pytest.fixture(scope="module")
def frames():
    """Atomic numbers and six frames shaken by 0.05 Å."""
    from ase.io import read

    atoms = read(ASPIRIN)
    noise = np.random.default_rng(7).normal(scale=0.05, size=(6, len(atoms), 3))
    return torch.tensor(atoms.numbers), torch.tensor(atoms.positions + noise)


@pytest.fixture
def copied(tmp_path):
    """A folder with the shipped files of one backbone, to be damaged."""
    for path in shipped.FOLDER.glob(f"{NAME}.*"):
        shutil.copy(path, tmp_path)
    return tmp_path


def reseal(folder: Path) -> None:
    """Write the checksums that the damaged files have, so that what is tested lies behind the checksum."""
    from experiments.backbones.shipped.format import paths
    from span_theorem.reading import sha256

    weights, config, card_path = paths(folder, NAME)
    card = json.loads(card_path.read_text())
    card |= {"weights_sha256": sha256(weights), "config_sha256": sha256(config)}
    card_path.write_text(json.dumps(card))


def nequip_forward(backbone, numbers, positions):
    """Energies and forces by nequip's own whole model, on data made by nequip's own transforms."""
    from ase import Atoms
    from nequip.data import AtomicDataDict, from_ase
    from nequip.data.transforms import ChemicalSpeciesToAtomTypeMapper, NeighborListTransform

    files = shipped.read(NAME)
    with builder_state():
        mapper = ChemicalSpeciesToAtomTypeMapper(files.config["type_names"])
        pairs = NeighborListTransform(r_max=files.config["r_max"])
        one = [pairs(mapper(from_ase(Atoms(numbers.numpy(), frame.numpy())))) for frame in positions]
        out = backbone._model(AtomicDataDict.batched_from_list(one))
    return out["total_energy"].reshape(-1), out["forces"].reshape(positions.shape)


def test_is_a_potential_with_layers_of_order_two(backbone):
    assert isinstance(backbone, Potential)
    assert backbone.irreps == o3.Irreps("16x0e+16x1o+16x2e")
    assert list(backbone.card.layers) == ["0", "1", "2"]
    assert backbone.card.layer == backbone.card.default_layer == "1"
    assert backbone.card.elements == {1, 6, 8}


def test_energies_and_forces_are_those_of_nequip(backbone, frames):
    numbers, positions = frames
    energies, forces = predictions_of(backbone, numbers, positions)
    expected_energies, expected_forces = nequip_forward(backbone, numbers, positions)
    torch.testing.assert_close(energies, expected_energies, rtol=0, atol=1e-4)
    torch.testing.assert_close(forces.double(), expected_forces.double(), rtol=0, atol=1e-4)


def test_forces_are_minus_the_gradient_of_the_energy(backbone, frames):
    numbers, positions = frames
    direction = torch.randn(
        positions[:1].shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64
    )
    step = 1e-3
    ahead, _ = predictions_of(backbone, numbers, positions[:1] + step * direction)
    behind, _ = predictions_of(backbone, numbers, positions[:1] - step * direction)
    _, forces = predictions_of(backbone, numbers, positions[:1])
    slope = float((ahead - behind) / (2 * step))
    assert slope == pytest.approx(-float((forces * direction).sum()), rel=2e-2, abs=2e-2)


def test_features_are_differentiable_in_positions(backbone, frames):
    numbers, positions = frames
    moved = positions[:1].clone().requires_grad_()
    weights = torch.randn(backbone.irreps.dim, generator=torch.Generator().manual_seed(1))
    (gradient,) = torch.autograd.grad((features_of(backbone, numbers, moved)[0, 12] @ weights).sum(), moved)
    direction = torch.randn(gradient.shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    step = 1e-3

    def value(shift):
        return float(features_of(backbone, numbers, positions[:1] + shift * direction)[0, 12] @ weights)

    slope = (value(step) - value(-step)) / (2 * step)
    assert slope == pytest.approx(float((gradient * direction).sum()), rel=1e-2)


def test_features_turn_and_invert_as_labelled(frames):
    numbers, positions = frames
    rotations = torch.tensor(Rotation.random(3, rng=3).as_matrix())
    for layer in ("0", "1", "2"):
        backbone = open_backbone(f"nequip:{NAME}", Options(layer=layer))
        features = features_of(backbone, numbers, positions)
        for matrix in (*rotations, *-rotations):
            turned = features_of(backbone, numbers, positions @ matrix.T)
            expected = features.double() @ backbone.irreps.D_from_matrix(matrix).T
            assert (turned - expected).norm() / expected.norm() < 1e-5


def test_features_do_not_depend_on_the_batch(backbone, frames):
    numbers, positions = frames
    together = features_of(backbone, numbers, positions)
    alone = torch.cat([features_of(backbone, numbers, frame[None]) for frame in positions])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-5 * float(together.abs().max()))


def test_two_loads_give_the_same_bits(backbone, frames):
    again = open_backbone(f"nequip:{NAME}")
    assert torch.equal(features_of(backbone, *frames), features_of(again, *frames))


def test_loading_leaves_torch_and_its_generators_as_they_were():
    import random

    torch.manual_seed(5), np.random.seed(5), random.seed(5)  # noqa: NPY002
    before = torch.get_default_dtype(), torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    python = random.getstate()
    open_backbone(f"nequip:{NAME}")
    assert torch.get_default_dtype() is before[0]
    assert torch.equal(torch.get_rng_state(), before[1])
    assert (np.random.get_state()[1] == before[2]).all()  # noqa: NPY002
    assert random.getstate() == python


def test_features_do_not_depend_on_torchs_default_dtype(backbone, frames):
    from nequip.utils.dtype import torch_default_dtype

    expected = features_of(backbone, *frames)
    with torch_default_dtype(torch.float64):
        assert torch.equal(features_of(open_backbone(f"nequip:{NAME}"), *frames), expected)


@pytest.mark.parametrize("name", names())
def test_every_shipped_backbone_is_small_and_matches_its_card(name):
    files = shipped.read(name)
    assert sum(path.stat().st_size for path in shipped.FOLDER.glob(f"{name}.*")) <= 1_000_000
    assert files.card.name == name
    assert files.card.n_parameters == sum(value.size for value in files.parameters.values())
    assert files.config["l_max"] == files.card.l_max
    opened = open_shipped(name, Options())
    assert opened.card.parameters == files.card.n_parameters
    assert dict(opened.card.layers) == files.card.layers


def test_shipped_backbones_are_listed():
    assert NAME in names()


def test_an_unknown_element_is_refused(backbone, frames):
    numbers, positions = frames
    with pytest.raises(InputError, match="element N"):
        features_of(backbone, torch.where(numbers == 8, 7, numbers), positions)


@pytest.mark.parametrize(
    ("spec", "message"), [("nothing", "unknown NequIP backbone"), ("none.ckpt", "unknown")]
)
def test_an_unknown_name_is_refused(spec, message):
    with pytest.raises(InputError, match=message):
        open_backbone(f"nequip:{spec}")


def test_an_unknown_layer_is_refused():
    with pytest.raises(InputError, match="no layer '7': expected one of 0, 1, 2"):
        open_backbone(f"nequip:{NAME}", Options(layer="7"))


def test_corrupt_weights_are_refused_by_their_checksum(copied):
    path = copied / f"{NAME}.npz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match="does not match its model card"):
        open_backbone(f"nequip:{copied / NAME}.card.json")


def test_truncated_weights_are_refused(copied):
    path = copied / f"{NAME}.npz"
    path.write_bytes(path.read_bytes()[:5000])
    reseal(copied)
    with pytest.raises(InputError, match="expected a weights file"):
        open_backbone(f"nequip:{copied / NAME}.card.json")


def test_pickled_weights_are_refused(copied):
    np.savez(copied / f"{NAME}.npz", x=np.array([{}], dtype=object))
    reseal(copied)
    with pytest.raises(InputError, match="pickled objects, which are not loaded"):
        open_backbone(f"nequip:{copied / NAME}.card.json")


def test_missing_weights_are_refused(copied):
    (copied / f"{NAME}.npz").unlink()
    with pytest.raises(InputError, match="cannot read"):
        open_backbone(f"nequip:{copied / NAME}.card.json")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"l_max": 1}, "weights of backbone"),
        ({"num_features": 8}, "weights of backbone"),
        ({"num_layers": 2}, "unexpected parameter"),
        ({"num_layers": 4}, "lack parameter"),
        ({"model_dtype": "float64"}, "expected finite torch.float64"),
        ({"colour": "red"}, "colour: unknown field"),
        ({"model_dtype": "int8"}, "model_dtype: invalid enum value"),
        ({"l_max": 9}, "l_max: expected int <= 8, found 9"),
        ({"num_features": 10**9}, "num_features: expected int <= 4096"),
        ({"num_features": 4096}, "at least [0-9,]* parameters, expected no more than the 51,776"),
        ({"radial_mlp_width": 4096}, "at least [0-9,]* parameters"),
        ({"num_features": [16, 16]}, "num_features: expected 3 numbers"),
        ({"per_type_energy_shifts": [0.0]}, "per_type_energy_shifts: expected 3 numbers"),
        ({"avg_num_neighbors": {"H": 1.0}}, "avg_num_neighbors: expected"),
        ({"pair_potential": {"_target_": "nequip.nn.pair_potential.ZBL"}}, "pair_potential: unknown field"),
        ({"r_max": "${oc.env:HOME}"}, "r_max: expected float, found"),
        ({"type_names": ["H", "C", "${oc.env:HOME}"]}, r"type_names\[2\]"),
        ({"type_names": ["H", "C", "Xx1"]}, "atom type 'Xx1'"),
    ],
)
def test_a_configuration_of_another_model_is_refused(copied, change, message):
    path = copied / f"{NAME}.config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    reseal(copied)
    with pytest.raises(InputError, match=message):
        open_backbone(f"nequip:{copied / NAME}.card.json")


def test_fewest_parameters_is_a_close_lower_bound():
    """Of what nequip builds, for any mixture of orders, widths and depths."""
    base = dict(shipped.read(NAME).config)
    for change in (
        {},
        {"parity": True},
        {"num_features": [5, 3, 2]},
        {"num_features": [5, 3, 2, 4], "l_max": 3, "num_layers": 1},
        {"radial_mlp_depth": 3, "num_bessels": 5, "type_embed_num_features": 7},
        {"readout_mlp_hidden_layers_depth": 3, "readout_mlp_hidden_layers_width": 40},
    ):
        config = {**base, **change}
        built = sum(value.numel() for value in trainable(build(config)).values())
        assert built / 5 < check_config(config, "config").fewest_parameters() <= built


def test_a_card_of_other_layers_is_refused(copied):
    path = copied / f"{NAME}.card.json"
    card = json.loads(path.read_text())
    path.write_text(json.dumps({**card, "layers": {**card["layers"], "1": "16x0e"}}))
    with pytest.raises(InputError, match="has the layers"):
        open_backbone(f"nequip:{path}")


def test_weights_that_are_not_finite_are_refused(copied):
    files = shipped.read(NAME, copied)
    key = next(iter(files.parameters))
    broken = dict(files.parameters) | {key: np.full_like(files.parameters[key], np.nan)}
    shipped.write(shipped.Shipped(NAME, files.config, broken, files.card), copied)
    with pytest.raises(InputError, match="expected finite"):
        open_backbone(f"nequip:{copied / NAME}.card.json")


class Bomb:
    """Unpickling this makes a file."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return (open, (self.path, "w"))


@pytest.mark.parametrize("file", ["model.ckpt", "model.nequip.zip"])
def test_an_untrusted_file_is_refused_unopened(tmp_path, file):
    sign = tmp_path / "sign"
    (tmp_path / file).write_bytes(pickle.dumps(Bomb(sign)))
    with pytest.raises(InputError, match="expected your trust"):
        open_backbone(f"nequip:{tmp_path / file}")
    assert not sign.exists()


@pytest.mark.parametrize("file", ["model.ckpt", "model.nequip.zip"])
def test_a_trusted_file_that_is_no_model_is_refused(tmp_path, file):
    (tmp_path / file).write_bytes(b"not a model")
    with pytest.raises(InputError, match="is not a nequip checkpoint or package"):
        open_backbone(f"nequip:{tmp_path / file}", Options(trust=True))


def test_a_model_with_more_than_one_parity_is_read_as_labelled(frames):
    numbers, positions = frames
    config = dict(shipped.read(NAME).config) | {"parity": True, "num_features": 2, "num_layers": 2}
    backbone = NequIP("both parities", build(config), Options(layer="0"), source="")
    matrix = -torch.tensor(Rotation.random(rng=4).as_matrix())
    expected = features_of(backbone, numbers, positions).double() @ backbone.irreps.D_from_matrix(matrix).T
    assert (features_of(backbone, numbers, positions @ matrix.T) - expected).norm() / expected.norm() < 1e-5
