"""The network of an ASE calculator is the same backbone as that of its file, and the calculator stays as it was."""

import pytest
import torch
from ase.build import bulk
from ase.calculators.emt import EMT

from experiments import Options, Structures, open_backbone
from experiments.backbones.batch import Batch
from experiments.data import read_structures
from span_theorem.errors import InputError
from tests.experiments.crystals import model_of_metals


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "modal"), [("7net-0", None), ("7net-mf-0", "PBE")])
def test_sevennets_calculator(name, modal):
    pytest.importorskip("sevenn")
    from sevenn.calculator import SevenNetCalculator

    calculator = SevenNetCalculator(name, modal=modal, device="cpu")
    atoms = bulk("NaCl", "rocksalt", a=5.6, cubic=True)
    atoms.rattle(0.05, seed=0)
    atoms.calc = calculator
    before = atoms.get_potential_energy()
    backbone = open_backbone(calculator)
    batch = Batch.of(Structures.from_ase([atoms]))
    own = open_backbone(f"sevennet:{name}", Options(branch=modal))
    torch.testing.assert_close(backbone.features(batch), own.features(batch))
    assert backbone.energy_forces(batch)[0].item() == pytest.approx(before, rel=1e-6)
    assert backbone.card.labels == own.card.labels
    assert backbone.card.settings.get("branch") == modal
    calculator.reset()
    assert atoms.get_potential_energy() == before
    assert open_backbone(calculator, Options(layer="1")).card.layer == "1"


@pytest.mark.filterwarnings("ignore")
def test_nequips_calculator():
    pytest.importorskip("nequip")
    from nequip.integrations.ase import NequIPCalculator

    model, _ = model_of_metals()
    calculator = NequIPCalculator(model, "cpu")
    backbone = open_backbone(calculator)
    batch = Batch.of(read_structures("metals:test").subset([0, 60]))
    torch.testing.assert_close(
        backbone.features(batch), open_backbone("nequip:metals-emt").features(batch), rtol=0, atol=0
    )
    assert len(backbone.card.settings["weights_sha256"]) == 64
    assert all(one.requires_grad for one in model.parameters())
    calculator.model = torch.nn.Linear(1, 1)
    with pytest.raises(InputError, match="the calculator's network is a Linear, as compiled ones are"):
        open_backbone(calculator)


def test_another_calculator_is_one_line():
    with pytest.raises(InputError, match="no backbone is known for the calculator EMT"):
        open_backbone(EMT())
