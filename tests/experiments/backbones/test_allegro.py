"""Allegro: features of edges and their sums, against allegro's own model."""

import numpy as np
import pytest
import torch

pytest.importorskip("allegro")

from experiments.backbones import Options, open_backbone
from experiments.backbones.allegro import Allegro, build, flat, names
from experiments.backbones.batch import Batch
from experiments.backbones.edge import Ends, NearestEdge, edge_jacobian
from experiments.backbones.nequip_framework import trainable
from experiments.backbones.shipped import check_config
from experiments.backbones.site import backward_jacobian, site_features, site_jacobian
from experiments.backbones.verification import turned, verify
from experiments.data import read_structures
from experiments.lab.cell import Cell
from experiments.lab.runner import run
from experiments.spn import Probe
from numerics.harmonics import random_rotation
from span_theorem.errors import InputError
from tests.experiments.crystals import crystals, images

NAME = "aspirin-gfn2-allegro"
SPECIES = ["H", "O", "Na", "Si", "Cl", "Cu"]
CONFIG = {
    "seed": 0, "model_dtype": "float32", "type_names": SPECIES, "r_max": 5.0, "l_max": 2, "parity": False,
    "num_layers": 2, "num_scalar_features": 8, "num_tensor_features": 4, "avg_num_neighbors": 20.0,
    "polynomial_cutoff_p": 5,
}  # fmt: skip


@pytest.fixture(scope="module")
def model():
    return build(CONFIG)


def adapted(model, layer=None):
    return Allegro("allegro:crystals", model, Options(layer=layer), "initial weights")


@pytest.mark.parametrize("layer", ["0", "1", "2"])
def test_sums_and_edges_pass_verification(model, layer):
    backbone = adapted(model, layer)
    for one in (backbone, NearestEdge(backbone, 4.0)):
        found = verify(one, crystals())
        assert found.parity == "o3"
        assert max(found.rotation, found.repetition, found.wrapping, found.translation, found.batch) < 1e-5
    assert backbone.irreps.lmax == (0 if layer == "2" else 2)


def test_energies_and_forces_are_those_of_its_own_graphs(model):
    from nequip.data import AtomicDataDict, from_ase
    from nequip.data.transforms import ChemicalSpeciesToAtomTypeMapper, NeighborListTransform

    from experiments.backbones.nequip_framework import builder_state

    with builder_state():
        mapper, pairs = ChemicalSpeciesToAtomTypeMapper(SPECIES), NeighborListTransform(r_max=5.0)
        own = AtomicDataDict.batched_from_list([pairs(mapper(from_ase(atoms))) for atoms in images()])
        expected = model(own)
    energies, forces = adapted(model).energy_forces(Batch.of(crystals()))
    torch.testing.assert_close(energies, expected["total_energy"].reshape(-1), rtol=1e-6, atol=1e-5)
    torch.testing.assert_close(forces.double(), expected["forces"].double(), rtol=0, atol=2e-4)
    assert float(forces.abs().max()) > 1e-3


def test_scalars_of_the_last_layer_are_what_the_readout_reads(model):
    """Allegro keeps the scalars of all layers side by side: an independent way to those of each."""
    from nequip.data import AtomicDataDict as keys

    backbone, batch = adapted(model), Batch.of(crystals())
    graph = backbone._graph(*backbone._around(batch, torch.arange(len(batch.numbers))))
    for name, module in backbone._modules.items():
        graph = module(graph)
        if name == "allegro":
            break
    accumulated = graph[keys.EDGE_FEATURES_KEY]
    for layer in range(3):
        scalars = adapted(model, str(layer))._edges(dict(graph))[:, :8]
        torch.testing.assert_close(scalars, accumulated[:, 8 * layer : 8 * layer + 8])


def test_an_edge_turns_with_the_crystal_and_the_sum_over_edges_is_the_site(model):
    backbone, batch = adapted(model), Batch.of(crystals())
    _, pairs = backbone._around(batch, torch.tensor([0]))
    ends = Ends(pairs.centre, pairs.neighbour, pairs.shift)
    features = backbone.edge_features(batch, ends)
    assert len(features) > 10
    torch.testing.assert_close(features.sum(dim=0), backbone.features(batch)[0], atol=1e-4, rtol=1e-4)
    matrix = torch.as_tensor(random_rotation(np.random.default_rng(0)))
    moved = backbone.edge_features(batch.moved(batch.positions @ matrix.T, batch.cell @ matrix.T), ends)
    expected = turned(features.double(), backbone.irreps, matrix)
    torch.testing.assert_close(moved.double(), expected, atol=1e-5 * float(features.abs().max()), rtol=0)
    assert float((moved - features).abs().max()) > 1e-2 * float(features.abs().max())


def test_some_sites_and_derivatives_are_those_of_the_whole(model):
    backbone, batch, sites = adapted(model), Batch.of(crystals()), torch.tensor([3, 9, 10, 17])
    torch.testing.assert_close(site_features(backbone, batch, sites), backbone.features(batch)[sites])
    values, derivative = site_jacobian(backbone, batch, sites)
    whole, expected = backward_jacobian(lambda moved: backbone.features(moved)[sites], batch)
    torch.testing.assert_close(values, whole)
    torch.testing.assert_close(derivative, expected, atol=1e-5 * float(expected.abs().max()), rtol=0)


def test_the_derivative_of_an_edge_is_a_finite_difference():
    model = build(CONFIG | {"model_dtype": "float64"})
    backbone, batch = adapted(model), Batch.of(crystals().subset([3]))
    ends = Ends(torch.tensor([0]), torch.tensor([1]), torch.zeros(1, 3, dtype=torch.int64))
    _, derivative = edge_jacobian(backbone, batch, ends)
    step = torch.zeros_like(batch.positions)
    step[2, 1] = 1e-5
    ahead, behind = (
        backbone.edge_features(batch.moved(batch.positions + s * step), ends)[0] for s in (1, -1)
    )
    torch.testing.assert_close(derivative[2, :, 1], (ahead - behind) / 2e-5, atol=1e-7, rtol=1e-6)
    assert float(derivative[2].abs().max()) > 1e-3


def test_an_edge_beyond_the_cutoff_is_refused(model):
    batch = Batch.of(crystals().subset([0]))
    ends = Ends(torch.tensor([0]), torch.tensor([1]), torch.tensor([[3, 0, 0]]))
    with pytest.raises(
        InputError, match=r"no edge between atoms .* Å apart: expected at most its cutoff, 5 Å"
    ):
        adapted(model).edge_features(batch, ends)


@pytest.mark.parametrize("changes", [{}, {"num_layers": 1}, {"num_tensor_features": 1, "l_max": 1}])
def test_the_bound_of_parameters_is_one(changes):
    config = CONFIG | changes
    fewest = check_config(config, "a.json", "allegro").fewest_parameters()
    actual = sum(one.numel() for one in trainable(build(config)).values())
    assert actual / 3 < fewest <= actual


def test_a_configuration_is_flat_and_nothing_in_it_is_run():
    nested = {"_target_": "os.system", "command": "true"}
    with pytest.raises(InputError, match="radial_chemical_embed"):
        build(CONFIG | {"radial_chemical_embed": nested})
    with pytest.raises(InputError, match=r"embedding of the model is os.system: expected allegro"):
        flat({"l_max": 2, "radial_chemical_embed": nested})
    embedding = {"_target_": "allegro.nn.TwoBodyBesselScalarEmbed", "num_bessels": 8}
    assert flat({"l_max": 2, "radial_chemical_embed": embedding}) == {"l_max": 2, "num_bessels": 8}


def test_a_kind_of_network_is_named_by_its_family():
    assert names() == (NAME,)
    with pytest.raises(InputError, match=f"architecture allegro, expected nequip: name it allegro:{NAME}"):
        open_backbone(f"nequip:{NAME}")
    with pytest.raises(InputError, match="unknown Allegro backbone 'x'"):
        open_backbone("allegro:x")


def test_an_edge_recovers_more_than_the_site(model):
    """With d = 1 an edge carries Y_2 of its own direction, which a sum over neighbours mixes with the others'."""
    cells = [
        Cell(
            f"allegro:{NAME}", "embedded:train", "embedded:test", probe=Probe("equivariant", 1), labels=False,
            forces=False, n_train=60, n_test=30, l_max=3, orientations=5, read=read,
        )
        for read in ("site", "edge")
    ]  # fmt: skip
    site, edge = (measured.sums["energy"].sum(axis=0) for measured in run(cells).measured.values())
    power, missed = np.moveaxis(edge, -1, 0)[:2]
    assert (missed[:2] < 2e-2 * power[:2]).all()
    assert (missed[2] > 0.5 * power[2]).all()
    assert (np.moveaxis(site, -1, 0)[1][:2] > missed[:2]).all()


def test_a_network_of_atoms_has_no_edges():
    cell = Cell("density:2", read="edge", labels=False, forces=False, n_train=20, n_test=10)
    assert "has features of atoms, none of edges" in run([cell]).failures[0].reason


def test_forces_are_fitted_at_an_edge_too():
    cell = Cell(
        f"allegro:{NAME}", probe=Probe("equivariant", 1), n_train=30, n_test=10, l_max=2, read="edge",
        orientations=5, force_structures=20,
    )  # fmt: skip
    (measured,) = run([cell]).measured.values()
    power, missed = np.moveaxis(measured.sums["force"].sum(axis=0), -1, 0)[:2]
    assert np.isfinite(missed).all()
    assert (missed[:2] < power[:2]).all()


def test_the_shipped_one_is_of_its_frames():
    structures = read_structures("embedded:test").subset(range(3))
    found = verify(open_backbone(f"allegro:{NAME}"), structures)
    assert found.parity == "o3"
