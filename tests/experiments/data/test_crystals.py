"""Rattled crystals and metals: sets by name, and labels that are derivatives of one another."""

import numpy as np
import pytest

from experiments.cli import main
from experiments.data import Reading, read_structures
from experiments.data.crystals import KINDS, METALLIC, rattled, with_emt
from span_theorem.errors import InputError


@pytest.mark.parametrize(("name", "labelled"), [("crystals", False), ("metals", True)])
def test_a_set_by_name(name, labelled):
    training, test = (read_structures(f"{name}:{part}") for part in ("train", "test"))
    for part, structures in (("train", training), ("test", test)):
        assert len(structures) == KINDS[name].each[part] * len(KINDS[name].crystals)
        assert structures.periodic.all()
        assert (structures.energies is not None) == (structures.forces is not None) == labelled
    assert not np.isin(training.positions, test.positions).any()
    assert read_structures(f"{name}:train").checksum == training.checksum
    with pytest.raises(InputError, match=f"no set {name}:x: expected {name}:train or {name}:test"):
        read_structures(f"{name}:x")


def test_labels_are_left_out_where_they_are_not_read():
    assert read_structures("metals:test", Reading(labels=False)).energies is None


def test_forces_are_derivatives_of_energies():
    structures = rattled("metals", 1, seed=5)
    forces = with_emt(structures).forces
    assert np.abs(forces).max() > 0.1
    for atom in (0, 5, len(forces) - 1):
        energies = []
        for step in (1e-4, -1e-4):
            moved = structures.positions.copy()
            moved[atom, 1] += step
            energies.append(with_emt(type(structures)(
                structures.numbers, moved, structures.first, structures.cell, structures.pbc
            )).energies.sum())  # fmt: skip
        assert forces[atom, 1] == pytest.approx(-(energies[0] - energies[1]) / 2e-4, abs=1e-5)


def test_every_element_of_the_metals_is_one_of_the_theory():
    from ase.calculators.emt import parameters
    from ase.data import chemical_symbols

    assert set(parameters) >= METALLIC
    present = np.unique(rattled("metals", 1, 0).numbers)
    assert {chemical_symbols[z] for z in present} == {"Al", "Ni", "Cu", "Pd", "Ag"}


def test_the_command_writes_labels(tmp_path, capsys):
    path = tmp_path / "metals.extxyz"
    assert main(("data", "crystals", "--metals", "--labels", "emt", "--each", "2", "-o", str(path))) == 0
    written, made = read_structures(path), with_emt(rattled("metals", 2, 0))
    np.testing.assert_allclose(written.energies, made.energies, atol=1e-9)
    np.testing.assert_allclose(written.forces, made.forces, atol=1e-7)
    assert np.array_equal(written.pbc, made.pbc)
    assert main(("data", "crystals", "--labels", "emt", "-o", str(tmp_path / "x.extxyz"))) == 2
    assert "effective-medium theory has no Cl, Fe, H, Mg, Na, O, S, Si, Zn" in capsys.readouterr().err
    assert not (tmp_path / "x.extxyz").exists()
