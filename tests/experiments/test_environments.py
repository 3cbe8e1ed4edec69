"""Rules mark what they say, images included; neighbours are those of going through all images."""

import json

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk, molecule
from ase.io import write
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.backbones.batch import Batch
from experiments.cli import main
from experiments.environments import Environments, Nearest, Pair, Within, parse_rule
from experiments.injection import Injection, direction_of
from experiments.neighbours import edges, pairs
from experiments.structures import Structures
from span_theorem.errors import InputError
from tests.experiments.crystals import crystals, images, neighbours
from tests.experiments.synthetic import random_frames


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.tuples(*[st.booleans()] * 3), st.floats(1.0, 5.0))
def test_pairs_are_those_of_going_through_all_images(seed, pbc, cutoff):
    rng = np.random.default_rng(seed)
    cell = np.diag(rng.uniform(2.5, 5, size=3)) + rng.normal(scale=0.4, size=(3, 3))
    n_atoms = int(rng.integers(1, 5))
    atoms = Atoms("H" * n_atoms, rng.normal(scale=3, size=(n_atoms, 3)), cell=cell, pbc=pbc)
    site, toward, shift = pairs(atoms.positions, cell, np.array(pbc), cutoff)
    found = list(zip(site.tolist(), toward.tolist(), *shift.T.tolist(), strict=True))
    assert len(found) == len(set(found))
    assert set(found) == neighbours(atoms, cutoff)


def test_edges_of_a_batch_are_those_of_its_structures():
    structures = crystals()
    found = edges(Batch.of(structures), 4.0)
    vectors = found.vectors(torch.tensor(structures.positions))
    assert float(vectors.norm(dim=1).max()) < 4.0
    own = torch.tensor(structures.structure_of)
    assert torch.equal(own[found.centre], own[found.neighbour])
    numbers = [len(neighbours(atoms, 4.0)) for atoms in images()]
    assert torch.bincount(own[found.centre], minlength=4).tolist() == numbers


def test_molecules_of_one_size_have_the_same_edges_by_either_way():
    molecules = random_frames(3, 0, n_atoms=5)
    together = edges(Batch.of(molecules), 3.0)
    alone = Structures.joined([molecules, random_frames(1, 1, n_atoms=2)])
    by_list = edges(Batch.of(alone), 3.0)
    kept = by_list.centre < 15
    assert torch.equal(together.index, by_list.index[:, kept])


@pytest.mark.parametrize(
    "text", ["pair(12, 11)", "bonds", "bonds(O, C)", "within(3.5)", "within(3.5, O, C)", "nearest(O, C)"]
)
def test_a_rule_is_its_text(text):
    assert str(parse_rule(text)) == text
    assert parse_rule(f" {text.replace(', ', ',')} ") == parse_rule(text)


@pytest.mark.parametrize(
    "text",
    ["", "pair", "pair(1)", "pair(1, -2)", "pair(1, 2); x", "bond", "bonds(O)", "bonds(O, Xx)", "within", "within(0)",
     "within(-1)", "within(nan)", "within(1e9)", "within(O, C)", "nearest(O, C, N)", "nearest(", "Bonds"],
)  # fmt: skip
def test_a_text_that_is_no_rule_is_one_line(text):
    with pytest.raises(InputError, match=r"expected pair\(12, 11\), bonds") as caught:
        parse_rule(text)
    assert "\n" not in str(caught.value)


def test_bonds_of_rock_salt_go_to_six_neighbours():
    salt = Structures.from_ase([bulk("NaCl", "rocksalt", 5.64), bulk("NaCl", "rocksalt", 5.64, cubic=True)])
    for text in ("bonds(Na, Cl)", "bonds(Cl, Na)", "within(2.82, Na, Cl)"):
        found = parse_rule(text)(salt)
        assert len(found) == 6 * (1 + 4)
        np.testing.assert_allclose(found.lengths, 2.82)
    # the six directions are the axes, both ways
    directions = parse_rule("bonds(Na, Cl)")(salt.subset([0])).directions
    axes = np.concatenate([np.eye(3), -np.eye(3)])
    assert {*map(tuple, directions.round(9) + 0.0)} == {*map(tuple, axes + 0.0)}


def test_the_nearest_of_an_atom_is_no_image_of_itself():
    alone = Structures.from_ase([Atoms("HO", [[0, 0, 0], [0, 0, 4.0]], cell=[2.0, 20, 20], pbc=True)])
    found = Nearest()(alone)
    assert found.ends.tolist() == [[0, 1], [1, 0]]
    np.testing.assert_allclose(found.lengths, 4.0)
    assert len(Within(None, 4.5)(alone)) == 2 * 3  # images of the other atom 2 Å to either side, 4.47 Å away


def test_a_pair_points_to_the_nearest_image():
    structures = Structures.from_ase(
        [Atoms("HO", [[0.5, 0, 0], [9.5, 0, 0]], cell=[10, 10, 10], pbc=pbc) for pbc in (True, False)]
    )
    found = Pair(0, 1)(structures)
    np.testing.assert_allclose(found.vectors, [[-1, 0, 0], [9, 0, 0]])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 99), st.sampled_from(["bonds", "nearest", "within(3.2)"]))
def test_directions_turn_with_the_structure_and_do_not_know_the_cell_an_atom_is_written_in(seed, text):
    rng = np.random.default_rng(seed)
    structures, rule = crystals(seed), parse_rule(text)
    found = rule(structures)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    turned = rule(structures.turned(np.broadcast_to(turn, (len(structures), 1, 3, 3))))
    np.testing.assert_allclose(turned.directions, found.directions @ turn.T, atol=1e-9)
    steps = rng.integers(-2, 3, size=(len(structures.numbers), 3)) * structures.pbc[structures.structure_of]
    moved = np.einsum("ai,aij->aj", steps, structures.cell[structures.structure_of])
    wrapped = rule(
        Structures(
            structures.numbers,
            structures.positions + moved,
            structures.first,
            structures.cell,
            structures.pbc,
        )
    )
    order = [np.lexsort((*one.directions.T.round(6), one.site, one.structure)) for one in (found, wrapped)]
    np.testing.assert_allclose(wrapped.directions[order[1]], found.directions[order[0]], atol=1e-9)


def test_forces_of_many_environments_are_minus_the_gradient_of_the_energy():
    structures = crystals()
    # of even degree: at odd ones a direction and the way back cancel
    rule, injection = parse_rule("within(2.9)"), Injection(2, direction_of(2, 0), 0.4)
    forces = injection.forces(rule(structures))
    assert np.abs(forces).max() > 0.05
    step = 1e-5
    for atom in (0, 5, 9, 12, len(structures.numbers) - 1):
        for axis in range(3):
            values = []
            for sign in (1, -1):
                moved = structures.positions.copy()
                moved[atom, axis] += sign * step
                other = Structures(
                    structures.numbers, moved, structures.first, structures.cell, structures.pbc
                )
                values.append(injection.energies(rule(other)).sum())
            assert forces[atom, axis] == pytest.approx(-(values[0] - values[1]) / (2 * step), abs=1e-6)


def test_structures_without_environments_are_left_out():
    found = parse_rule("bonds(Na, Cl)")(crystals()).of_structures()
    assert len(found.structures) == 1
    assert set(found.structure) == {0}


def test_a_sample_is_seeded_and_in_order():
    every = parse_rule("bonds")(crystals())
    few = every.sample(10, seed=1)
    assert len(few) == 10
    assert (np.diff(few.structure) >= 0).all()
    np.testing.assert_array_equal(few.vectors, every.sample(10, seed=1).vectors)
    assert not np.array_equal(few.vectors, every.sample(10, seed=2).vectors)
    assert every.sample(10**6, seed=0) is every


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "bonds(O, C)",
            r"crystals: bonds\(O, C\) gives no environment, for there is no C: expected of Cl, Cu, H, Na, O, Si",
        ),
        ("within(0.5)", r"within\(0.5\) gives no environment, for no two such atoms"),
        ("nearest(Na, Si)", "no two such atoms"),
        ("pair(0, 7)", "toward 7 is out of range: expected 0 to 1"),
        ("pair(1, 1)", "site and marked atom are both 1: expected two different atoms"),
    ],
)
def test_environments_that_do_not_exist_are_one_line(text, message):
    with pytest.raises(InputError, match=message) as caught:
        parse_rule(text)(crystals())
    assert "\n" not in str(caught.value)


def test_an_image_of_the_site_itself_is_no_end():
    one = np.array([0])
    with pytest.raises(InputError, match=r"both 0 \(an image of it\): expected two different atoms"):
        Environments(crystals(), one, one, one, np.array([[1, 0, 0]]))


def test_atoms_in_one_place_have_no_direction():
    same = Structures.of_molecule([6, 6], np.zeros((1, 2, 3)))
    with pytest.raises(InputError, match="are 0 Å apart, so their direction is undefined"):
        Pair(0, 1)(same)


def test_atoms_are_listed_with_their_bonds_through_cell_faces(tmp_path, capsys):
    water, salt = molecule("H2O"), bulk("NaCl", "rocksalt", a=5.64, cubic=True)
    write(tmp_path / "both.extxyz", [water, salt])
    path, out = str(tmp_path / "both.extxyz"), tmp_path / "atoms.json"
    assert main(["data", "atoms", path, "--json", str(out)]) == 0
    oxygen, *hydrogens = json.loads(out.read_text())["atoms"]
    assert oxygen["name"] == "O0"
    assert [name for name, _ in oxygen["bonds"]] == ["H1", "H2"]
    assert oxygen["bonds"][0][1] == pytest.approx(water.get_distance(0, 1))
    assert [one["bonds"][0][0] for one in hydrogens] == ["O0", "O0"]
    assert main(["data", "atoms", path, "--structure", "1", "--json", str(out)]) == 0
    for one in json.loads(out.read_text())["atoms"]:
        assert [length for _, length in one["bonds"][:6]] == pytest.approx([2.82] * 6)
    capsys.readouterr()
    assert main(["data", "atoms", path, "--structure", "2"]) == 2
    assert "has 2 structures: there is no structure 2" in capsys.readouterr().err
