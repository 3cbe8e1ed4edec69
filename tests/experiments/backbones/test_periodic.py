"""Backbones on periodic structures: the package's own calculators, and what verification must stop."""

import numpy as np
import pytest
import torch
from e3nn.o3 import Irreps, spherical_harmonics

from experiments.backbones import Options, open_backbone
from experiments.backbones.batch import Batch
from experiments.backbones.extraction import extract
from experiments.backbones.feature_file import read_features, write_features
from experiments.backbones.free_molecule import of_batches
from experiments.backbones.site import backward_jacobian, site_features, site_jacobian
from experiments.backbones.verification import verify
from experiments.data import read_structures
from experiments.environments import parse_rule
from experiments.neighbours import edges
from experiments.structures import Structures
from span_theorem.errors import InputError
from tests.experiments.crystals import crystals, images, model_of_metals
from tests.experiments.synthetic import Spectrum, random_frames

PERIODIC = crystals().subset([0, 1, 2])


class Density:
    """Sums over neighbours within 4 Å of Y_l times a smooth radial function, in float64."""

    name, irreps = "density", Irreps("1x0e+1x1o+1x2e")

    def vectors(self, batch):
        found = edges(batch, 4.0)
        return found.centre, found.vectors(batch.positions)

    def features(self, batch):
        centre, vectors = self.vectors(batch)
        length = vectors.norm(dim=1, keepdim=True)
        messages = (
            spherical_harmonics([0, 1, 2], vectors, True, normalization="component") * (4 - length) ** 2
        )
        return torch.zeros(len(batch.numbers), 9, dtype=messages.dtype).index_add(0, centre, messages)


class Nearest(Density):
    """The same, deaf to images: of every pair of atoms one edge at most, without its shift."""

    def vectors(self, batch):
        centre, neighbour = edges(batch, 4.0).index.unique(dim=1)
        kept = centre != neighbour
        centre, neighbour = centre[kept], neighbour[kept]
        return centre, batch.positions[neighbour] - batch.positions[centre]


class OfCell(Density):
    """The same, with a feature that knows the volume of the cell."""

    def features(self, batch):
        features = super().features(batch).clone()
        features[:, 0] += 0.1 * batch.cell.det()[batch.structure_of]
        return features


def test_a_density_of_images_passes_every_check():
    found = verify(Density(), PERIODIC)
    assert found.parity == "o3"
    assert max(found.rotation, found.repetition, found.wrapping, found.translation, found.batch) < 1e-12
    assert verify(Density(), random_frames(3, 0)).repetition is None


@pytest.mark.parametrize(
    ("backbone", "message"),
    [
        (Nearest(), "depends on the cell that an atom is written in"),
        (OfCell(), "knows a cell from its repetition"),
    ],
)
def test_what_is_wrong_with_cells_stops(backbone, message):
    with pytest.raises(InputError, match=message):
        verify(backbone, PERIODIC)


def test_what_knows_free_molecules_alone_refuses_cells_and_takes_a_mixture():
    with pytest.raises(InputError, match="structure 0 is periodic, and backbone synthetic"):
        verify(Spectrum([0, 1]), PERIODIC)
    mixed = Structures.joined([random_frames(2, 0, n_atoms=4), random_frames(2, 1, n_atoms=3)])
    together = of_batches(Spectrum([0, 1])).features(Batch.of(mixed))
    alone = [of_batches(Spectrum([0, 1])).features(Batch.of(mixed.subset([i]))) for i in range(4)]
    torch.testing.assert_close(together, torch.cat(alone))
    assert verify(Spectrum([0, 1]), mixed).parity == "o3"


@pytest.mark.filterwarnings("ignore:No tensor product accelerator")
@pytest.mark.parametrize(("name", "modal"), [("7net-0", None), ("7net-mf-0", "PBE")])
def test_sevennets_energies_and_forces_are_its_calculators(name, modal):
    pytest.importorskip("sevenn")
    from sevenn.calculator import SevenNetCalculator

    backbone = open_backbone(f"sevennet:{name}", Options(branch=modal))
    calculator = SevenNetCalculator(name, modal=modal, device="cpu")
    energies, forces = backbone.energy_forces(Batch.of(crystals()))
    for atoms, energy, force in zip(images(), energies, forces.split(crystals().sizes.tolist()), strict=True):
        atoms.calc = calculator
        assert energy.item() == pytest.approx(atoms.get_potential_energy(), rel=1e-6)
        np.testing.assert_allclose(force.numpy(), atoms.get_forces(), atol=2e-4)


def test_nequips_energies_and_forces_are_those_of_its_own_graphs():
    """A NequIP for crystals, with initial weights: nequip's own transforms and model against the adapter."""
    pytest.importorskip("nequip")
    from nequip.data import AtomicDataDict, from_ase
    from nequip.data.transforms import ChemicalSpeciesToAtomTypeMapper, NeighborListTransform

    from experiments.backbones.nequip import NequIP, build
    from experiments.backbones.nequip_framework import builder_state

    species = ["H", "O", "Na", "Si", "Cl", "Cu"]
    config = {
        "seed": 0, "model_dtype": "float32", "type_names": species, "r_max": 5.0, "num_layers": 2, "l_max": 2,
        "parity": False, "num_features": 8, "radial_mlp_depth": 1, "radial_mlp_width": 16, "avg_num_neighbors": 20.0,
    }  # fmt: skip
    model = build(config)
    backbone = NequIP("nequip:crystals", model, Options(), "initial weights")
    with builder_state():
        mapper, pairs = ChemicalSpeciesToAtomTypeMapper(species), NeighborListTransform(r_max=5.0)
        own = AtomicDataDict.batched_from_list([pairs(mapper(from_ase(atoms))) for atoms in images()])
        expected = model(own)
    energies, forces = backbone.energy_forces(Batch.of(crystals()))
    torch.testing.assert_close(energies, expected["total_energy"].reshape(-1), rtol=1e-6, atol=1e-5)
    torch.testing.assert_close(forces.double(), expected["forces"].double(), rtol=0, atol=2e-4)
    assert float(forces.abs().max()) > 1e-3
    found = verify(backbone, crystals())
    assert found.parity == "o3"
    assert max(found.rotation, found.repetition, found.wrapping) < 1e-5
    batch, sites = Batch.of(crystals()), torch.tensor([3, 9, 10, 17])
    values, derivative = site_jacobian(backbone, batch, sites)
    whole, expected = backward_jacobian(lambda moved: backbone.features(moved)[sites], batch)
    torch.testing.assert_close(values, whole, atol=1e-5, rtol=0)
    torch.testing.assert_close(derivative, expected, atol=1e-5 * float(expected.abs().max()), rtol=0)
    every = torch.arange(len(batch.numbers))
    torch.testing.assert_close(
        site_features(backbone, batch, every), backbone.features(batch), atol=1e-5, rtol=0
    )


@pytest.mark.filterwarnings("ignore")
def test_energies_and_forces_of_the_nequip_of_metals_are_its_calculators():
    """The shipped network of alloys and a surface, by nequip's own neighbours, model and calculator."""
    pytest.importorskip("nequip")
    from nequip.data.transforms import ChemicalSpeciesToAtomTypeMapper, NeighborListTransform
    from nequip.integrations.ase import NequIPCalculator

    from experiments.backbones.nequip_framework import builder_state

    model, config = model_of_metals()
    with builder_state():
        transforms = [
            ChemicalSpeciesToAtomTypeMapper(config["type_names"]),
            NeighborListTransform(r_max=config["r_max"]),
        ]
        calculator = NequIPCalculator(model, "cpu", transforms=transforms)
    structures = read_structures("metals:test").subset([0, 1, 50, 51, 100, 101])
    assert structures.pbc.sum() == 16  # the last two are slabs
    energies, forces = open_backbone("nequip:metals-emt").energy_forces(Batch.of(structures))
    for atoms, energy, force in zip(
        structures.to_ase(), energies, forces.split(structures.sizes.tolist()), strict=True
    ):
        atoms.calc = calculator
        # energies of atoms cancel nearly: their rounding is that of a sum of about 1 eV
        assert energy.item() == pytest.approx(float(atoms.get_potential_energy()), rel=1e-6, abs=1e-6)
        np.testing.assert_allclose(force.numpy(), atoms.get_forces(), atol=2e-4)
    found = verify(open_backbone("nequip:metals-emt"), structures)
    assert found.parity == "o3"
    assert max(found.rotation, found.repetition, found.wrapping) < 1e-5


def test_a_feature_file_holds_structures_of_any_kind(tmp_path):
    path, rule = tmp_path / "crystals.npz", parse_rule("nearest(Na, Cl)")
    write_features(path, extract(Density(), [PERIODIC, crystals(1)], rule, jacobian=True))
    stored = read_features(path)
    marked = rule(PERIODIC)
    batch = Batch.of(PERIODIC.subset([0]))
    sites = torch.from_numpy(marked.site[:1])
    assert torch.equal(stored.site_features(batch, sites), Density().features(batch)[sites])
    for mine, theirs in zip(
        site_jacobian(stored, batch, sites), site_jacobian(Density(), batch, sites), strict=True
    ):
        assert torch.equal(mine, theirs)
    assert verify(stored, PERIODIC).repetition < 1e-12
    stretched = Batch.of(PERIODIC.subset([0]))
    with pytest.raises(InputError, match="belongs to other frames"):
        stored.site_features(stretched.moved(stretched.positions, 1.001 * stretched.cell), sites)
    with pytest.raises(InputError, match="holds the features of atom"):
        stored.site_features(batch, torch.tensor([int(marked.toward[0])]))
