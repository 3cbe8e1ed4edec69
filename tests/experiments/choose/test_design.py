"""The linear model's rows: against direct sums over neighbours, finite differences, and what must not change them."""

from dataclasses import replace

import numpy as np
import pytest
from ase.build import bulk, molecule
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial.legendre import Legendre

from experiments.choose.design import design
from experiments.choose.invariants import Expansion, Term
from experiments.choose.radial import radial_functions
from experiments.structures import Structures
from numerics.harmonics import random_rotation

SMALL = Expansion((1, 6, 8), 4.0, (Term(3, 0), Term(2, 3), Term(1, 2)))


def acid(seed=0):
    atoms = molecule("CH3COOH")
    atoms.rattle(0.1, seed=seed)
    return Structures.from_ase([atoms])


def crystal():
    atoms = bulk("NaCl", "rocksalt", a=5.0)
    atoms.numbers[:] = 6, 8
    atoms.rattle(0.2, seed=3)
    return Structures.from_ase([atoms])


def moved(structures, positions):
    return replace(structures, positions=positions)


@pytest.mark.parametrize(
    "structures", [acid(), crystal()], ids=["molecule", "crystal smaller than the cutoff"]
)
def test_forces_are_minus_the_derivatives_of_energies(structures):
    weights = np.random.default_rng(1).normal(size=3 + SMALL.columns)
    forces = (design(structures, SMALL, True).forces @ weights).reshape(-1, 3)
    step = 1e-5
    for atom, axis in ((0, 0), (1, 2)):
        change = np.zeros_like(structures.positions)
        change[atom, axis] = step
        ahead, behind = (
            float(
                (
                    design(moved(structures, structures.positions + sign * change), SMALL, False).energies
                    @ weights
                )[0]
            )
            for sign in (1, -1)
        )
        np.testing.assert_allclose(forces[atom, axis], (behind - ahead) / (2 * step), rtol=1e-6, atol=1e-7)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 99), st.booleans())
def test_rows_do_not_depend_on_orientation_handedness_place_or_order_of_atoms(seed, mirrored):
    rng = np.random.default_rng(seed)
    structures = acid(seed)
    turn = random_rotation(rng) * (-1 if mirrored else 1)
    order = rng.permutation(len(structures.numbers))
    other = replace(
        structures,
        numbers=structures.numbers[order],
        positions=(structures.positions @ turn.T + rng.normal(size=3))[order],
    )
    before, after = design(structures, SMALL, True), design(other, SMALL, True)
    np.testing.assert_allclose(after.energies, before.energies, rtol=1e-9, atol=1e-9)
    turned = before.forces.reshape(len(order), 3, -1)[order]
    turned = np.einsum("ij,njc->nic", turn, turned)
    np.testing.assert_allclose(after.forces.reshape(turned.shape), turned, rtol=1e-9, atol=1e-9)


def test_a_supercell_has_as_many_times_the_energy_and_the_same_forces():
    one = crystal()
    atoms = one.to_ase()[0] * (2, 1, 1)
    two = Structures.from_ase([atoms])
    before, after = design(one, SMALL, True), design(two, SMALL, True)
    np.testing.assert_allclose(after.energies, 2 * before.energies, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(after.forces[: len(before.forces)], before.forces, rtol=1e-9, atol=1e-9)


def test_products_of_two_densities_are_sums_over_pairs_of_neighbours():
    """By the addition theorem Σ_m A_nlm A_n'lm = (2l+1) Σ_jk R_n(r_j) R_n'(r_k) P_l(cos θ_jk), each once."""
    rng = np.random.default_rng(2)
    places = np.concatenate([np.zeros((1, 3)), rng.normal(size=(4, 3)) * 1.5])
    # helium is at the centre and neon around it; neon's own surroundings are columns of their own
    structures = Structures.of_molecule([2, 10, 10, 10, 10], places[None])
    expansion = Expansion((2, 10), 6.0, (Term(2, 0), Term(2, 3)))
    row = design(structures, expansion, False).energies[0]
    helium = row[2 : 2 + len(expansion)]
    lengths = np.linalg.norm(places[1:], axis=1)
    radial, _ = radial_functions(lengths, 6.0, 2)
    cosines = places[1:] @ places[1:].T / np.outer(lengths, lengths)
    expected = [radial[:, n].sum() for n in range(2)]
    for l in range(4):
        table = radial.T @ Legendre.basis(l)(cosines) @ radial * np.sqrt(2 * l + 1)
        expected += [table[0, 0], table[0, 1], table[1, 1]]
    found = helium[np.abs(helium) > 1e-12]
    np.testing.assert_allclose(np.sort(np.abs(found)), np.sort(np.abs(expected)), rtol=1e-9)


def test_polynomials_of_a_size_are_those_of_a_smaller_expansion():
    smaller = Expansion(SMALL.elements, SMALL.cutoff, (Term(3, 0), Term(2, 1)))
    structures = acid()
    rows, fewer = (design(structures, one, False).energies[0, 3:].reshape(3, -1) for one in (SMALL, smaller))
    np.testing.assert_allclose(np.sort(rows[:, SMALL.belongs(1, 2)]), np.sort(fewer), rtol=1e-10, atol=1e-12)
    assert len(SMALL) == len(SMALL.size_of) > SMALL.belongs(2, 3).sum() > SMALL.belongs(2, 2).sum()


def test_radial_functions_end_smoothly_and_have_their_slopes():
    r = np.linspace(0.5, 4.9, 30)
    values, slopes = radial_functions(r, 5.0, 6)
    ahead, behind = (radial_functions(r + sign * 1e-6, 5.0, 6)[0] for sign in (1, -1))
    np.testing.assert_allclose(slopes, (ahead - behind) / 2e-6, atol=1e-7)
    for end in radial_functions(np.array([5.0]), 5.0, 6):
        np.testing.assert_allclose(end, 0, atol=1e-12)
    assert np.linalg.matrix_rank(values) == 6


def test_an_atom_alone_is_counted_and_feels_nothing():
    atoms = molecule("CH3COOH")
    atoms.append("O")
    atoms.positions[-1] = [50, 0, 0]
    rows = design(Structures.from_ase([atoms]), SMALL, True)
    assert rows.energies[0, :3].tolist() == [4, 2, 3]
    assert not rows.forces[-3:].any()
