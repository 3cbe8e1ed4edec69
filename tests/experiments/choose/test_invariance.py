"""What may not change the answer: orientation, order of atoms and structures, units."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.choose import known
from experiments.choose.choosing import Settings, choose
from experiments.structures import Structures
from numerics.harmonics import random_rotation

SMALL = Settings(max_L=3, max_d=2)
KINDS = ("pairs", "one", "two", "noise")


@cache
def structures(kind):
    energy = {"pairs": known.pairs, "one": known.triplets(1), "two": known.triplets(2), "noise": known.pairs}[
        kind
    ]
    made = known.structures(energy, 50, atoms=4)
    if kind == "noise":
        rng = np.random.default_rng(1)
        return replace(made, energies=rng.normal(size=50), forces=rng.normal(size=(200, 3)))
    return made


@cache
def answers(kind):
    return [choose(structures(kind), SMALL).verdict(d) for d in (1, 2)]


def turned(made, seed):
    rng = np.random.default_rng(seed)
    turns = np.array([random_rotation(rng) for _ in made])[made.structure_of]
    positions = np.einsum("aij,aj->ai", turns, made.positions) + rng.normal(size=3)
    return replace(made, positions=positions, forces=np.einsum("aij,aj->ai", turns, made.forces))


def atoms_permuted(made, seed):
    rng = np.random.default_rng(seed)
    order = np.concatenate([first + rng.permutation(4) for first in made.first[:-1]])
    return replace(
        made, positions=made.positions[order], forces=made.forces[order], numbers=made.numbers[order]
    )


def structures_permuted(made, seed):
    return made.subset(np.random.default_rng(seed).permutation(len(made)))


def other_units(made, seed):
    factor = 10.0 ** np.random.default_rng(seed).uniform(-4, 4)
    return replace(made, energies=factor * made.energies, forces=factor * made.forces)


CHANGES = (turned, atoms_permuted, structures_permuted, other_units)


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(KINDS), st.sampled_from(CHANGES), st.integers(0, 999))
def test_the_answer_is_the_same(kind, change, seed):
    changed = choose(change(structures(kind), seed), SMALL)
    assert [changed.verdict(d) for d in (1, 2)] == answers(kind)


@pytest.mark.parametrize(("kind", "L"), [("pairs", 0), ("one", 1), ("two", 2)])
def test_the_answers_that_must_not_change_are_these(kind, L):
    assert answers(kind)[1].L == L


def test_a_free_molecule_in_a_large_cell_is_the_same():
    made = structures("one")
    boxed = Structures(
        made.numbers,
        made.positions,
        made.first,
        np.tile(np.diag([50.0, 60.0, 70.0]), (50, 1, 1)),
        np.ones((50, 3), dtype=bool),
        made.energies,
        made.forces,
    )
    before, after = (choose(one, SMALL).deciding.errors() for one in (made, boxed))
    for size, error in before.items():
        np.testing.assert_allclose(after[size].value, error.value, rtol=1e-3, atol=1e-6)
