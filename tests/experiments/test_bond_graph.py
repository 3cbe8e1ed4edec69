"""The graph of bonds: names, rings, a flat drawing, how much a direction sways."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from experiments.bond_graph import BondGraph, bond_graph, flat_drawing, likeness, sway
from experiments.data import read_structures
from experiments.environments import Pair
from experiments.structures import Structures
from span_theorem.errors import InputError


def loose_water(n_frames, seed):
    """Oxygen and two hydrogens in independent isotropic directions from it, at 0.96 and 1.0 Å."""
    rng = np.random.default_rng(seed)
    units = rng.normal(size=(n_frames, 2, 3))
    units *= np.array([[[0.96], [1.0]]]) / np.linalg.norm(units, axis=2, keepdims=True)
    positions = np.concatenate([np.zeros((n_frames, 1, 3)), units], axis=1)
    return Structures.of_molecule([8, 1, 1], positions, source="loose water")


def test_atoms_of_aspirin_have_the_names_of_their_chemistry():
    graph = bond_graph(read_structures("embedded:test").subset(range(3)))
    names = [graph.name(atom) for atom in range(graph.n_atoms)]
    assert sorted(names) == sorted(
        ["C(3r)"] * 6 + ["C(3)"] * 2 + ["C(4)"] + ["O(1)"] * 2 + ["O(2)"] * 2 + ["H(1)"] * 8
    )
    assert names[12] == "O(2)"
    assert graph.name(11) == "C(3)"
    assert graph.kind(Pair(12, 11)) == "O(2) to C(3)"
    assert graph.kind(Pair(12, 11), ordered=False) == "C(3)-O(2)"
    methyl = next(atom for atom in range(21) if names[atom] == "C(4)")
    hydrogen = next(atom for atom in graph.neighbours(methyl) if graph.symbols[atom] == "H")
    assert graph.like_neighbours(Pair(methyl, hydrogen)) == 2
    assert graph.like_neighbours(Pair(hydrogen, methyl)) == 0


def test_rings_are_cycles_and_nothing_that_hangs_on_them():
    tail = BondGraph(("C",) * 5, ((0, 1), (0, 2), (1, 2), (2, 3), (3, 4)))
    assert [tail.in_ring(atom) for atom in range(5)] == [True, True, True, False, False]
    # between two rings, in none
    chain = BondGraph(("C",) * 7, ((0, 1), (0, 2), (1, 2), (2, 3), (3, 4), (4, 5), (4, 6), (5, 6)))
    assert [chain.in_ring(atom) for atom in range(7)] == [True, True, True, False, True, True, True]


def test_atoms_apart_have_no_graph():
    water = loose_water(2, 0)
    apart = replace(water, positions=9 * water.positions)
    with pytest.raises(InputError, match="loose water: expected a molecule with a bond"):
        bond_graph(apart)


@given(st.integers(0, 2**32 - 1))
@limits(max_examples=20)
def test_a_drawing_of_flat_atoms_keeps_their_distances(seed):
    rng = np.random.default_rng(seed)
    flat = np.concatenate([rng.normal(size=(6, 2)), np.zeros((6, 1))], axis=1)
    turned = Rotation.random(rng=rng).apply(flat) + rng.normal(size=3)
    drawn = flat_drawing(turned)
    assert drawn.shape == (6, 2)
    distances = np.linalg.norm(flat[:, None] - flat[None], axis=2)
    np.testing.assert_allclose(np.linalg.norm(drawn[:, None] - drawn[None], axis=2), distances, atol=1e-9)


@given(st.integers(0, 2**32 - 1))
@limits(max_examples=20)
def test_a_rigid_molecule_does_not_sway_however_it_turns(seed):
    rng = np.random.default_rng(seed)
    rigid = rng.normal(size=(5, 3))
    frames = np.stack([turn.apply(rigid) for turn in Rotation.random(6, rng=rng)]) + rng.normal(
        size=(6, 1, 3)
    )
    assert sway(Structures.of_molecule(np.full(5, 6), frames), Pair(0, 1)) < 1e-4


def test_a_bond_that_swings_sways_by_its_angle():
    angle = np.radians(10)
    heavy = np.random.default_rng(0).normal(size=(40, 3))
    frames = [np.vstack([heavy, [[0, 0, 0], [np.cos(a), np.sin(a), 0]]]) for a in (angle, -angle)]
    found = sway(Structures.of_molecule(np.full(42, 6), np.array(frames)), Pair(40, 41))
    assert found == pytest.approx(10, abs=0.2)


def test_directions_and_likeness_of_water():
    frames = loose_water(5, 0)
    graph = bond_graph(frames)
    assert graph.directions == [(0, 1), (0, 2), (1, 0), (2, 0)]
    assert graph.others(Pair(0, 1)) == (2,)
    values = likeness(graph, frames, Pair(0, 1))
    assert values["like neighbours of the site"] == 1
    assert values["bonds of the site"] == 2
    assert values["bond length"] == pytest.approx(0.96)
