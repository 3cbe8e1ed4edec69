"""Closed-form fits against stacked least squares, and what a fold may not see."""

from dataclasses import replace

import numpy as np

from experiments.choose import known
from experiments.choose.choosing import Settings, choose
from experiments.choose.design import design
from experiments.choose.errors import squared_errors
from experiments.choose.fits import Task, fit
from experiments.choose.folds import deal
from experiments.choose.invariants import Expansion, Term
from experiments.choose.labels import Labels
from experiments.choose.surroundings import survey

EXPANSION = Expansion((1, 6), 4.5, (Term(3, 0), Term(2, 1)))
SIZES = ((0, 1), (1, 2))


def mixed(number=24, seed=0):
    """Clusters of carbon and hydrogen, compositions and references of all kinds."""
    structures = known.structures(known.triplets(1), number, seed=seed)
    numbers = structures.numbers.copy()
    numbers[np.random.default_rng(seed).random(len(numbers)) < 0.3] = 1
    references = np.where(numbers == 1, -13.6, -1000.0).reshape(number, -1).sum(axis=1)
    return replace(structures, numbers=numbers, energies=structures.energies + references)


def task_of(structures, **labels):
    fold = deal(structures, 3, 0)
    given = replace(Labels.of(structures, EXPANSION.elements), **labels)
    return Task(structures, given, EXPANSION, fold, SIZES, survey(structures, 4.5).pairs)


def test_weights_solve_the_ridge_with_free_constants():
    task = task_of(mixed())
    fits = fit(task)
    for fold in range(3):
        others = np.flatnonzero(task.fold != fold)
        rows = design(task.structures.subset(others), EXPANSION, True)
        (energies, e), (forces, f) = task.weighted(others, rows)
        for index, size in enumerate(SIZES):
            columns = task.selected(size)
            x, y = np.concatenate([energies, forces]), np.concatenate([e, f])
            # the penalty as further rows; power of a column is what counts leave of it
            counts, rest = x[:, :2], x[:, columns]
            rest_free = rest - counts @ np.linalg.lstsq(counts, rest, rcond=None)[0]
            norms = np.linalg.norm(rest_free, axis=0)
            penalty = np.diag(np.sqrt(fits.strengths[fold, index]) * norms)
            stacked = np.block([[counts, rest], [np.zeros((len(columns), 2)), penalty]])
            expected = np.linalg.lstsq(stacked, np.concatenate([y, np.zeros(len(columns))]), rcond=1e-15)[0]
            weights = fits.weights[fold, :, 1 + index]
            np.testing.assert_allclose(x[:, [0, 1, *columns]] @ expected, x @ weights, atol=1e-5)


def test_references_of_elements_change_nothing():
    structures = mixed()
    plain = known.structures(known.triplets(1), 24)
    shifted, bare = (
        fit(task_of(replace(structures, energies=energies)))
        for energies in (structures.energies, plain.energies)
    )
    np.testing.assert_allclose(shifted.weights[:, 2:], bare.weights[:, 2:], rtol=1e-4, atol=1e-6)


def test_labels_of_a_fold_have_no_part_in_the_fit_that_is_tested_on_it():
    structures = mixed()
    task = task_of(structures)
    fold = task.fold
    energies, forces = structures.energies.copy(), structures.forces.copy()
    energies[fold == 1] += 1.0
    forces[np.isin(structures.structure_of, np.flatnonzero(fold == 1))] *= -2
    spoiled = Task(
        structures,
        replace(task.labels, energies=task.labels.energies + energies - structures.energies, forces=forces),
        EXPANSION,
        fold,
        SIZES,
        task.pairs,
    )
    before, after = fit(task), fit(spoiled)
    np.testing.assert_array_equal(before.weights[1], after.weights[1])
    assert not np.allclose(before.weights[0], after.weights[0])


def test_errors_are_those_of_predictions():
    task = task_of(mixed())
    fits = fit(task)
    errors = squared_errors(task, fits, np.ones(24, dtype=bool))
    one = task.structures.subset([5])
    rows = design(one, EXPANSION, True)
    weights = fits.weights[task.fold[5]]
    carbon = one.numbers == 6
    residual = (one.forces - (rows.forces @ weights[:, 2]).reshape(-1, 3))[carbon]
    np.testing.assert_allclose(errors.forces[5, 1, 2], np.sum(residual**2))
    assert errors.force_counts[5].tolist() == [3 * np.sum(~carbon), 3 * np.sum(carbon)]
    energy = (task.labels.energies[5] - rows.energies @ weights[:, 1])[0] / 5
    np.testing.assert_allclose(errors.energies[5, 1], energy**2)


def test_folds_follow_structures_into_any_order_orientation_and_unit():
    structures = mixed()
    order = np.random.default_rng(0).permutation(24)
    other = replace(structures, forces=23.06 * structures.forces).subset(order)
    np.testing.assert_array_equal(deal(other, 5, 3), deal(structures, 5, 3)[order])


def test_blocks_hold_every_structure_once_and_no_more_than_they_may(monkeypatch):
    task = task_of(mixed())
    coordinate = 8.0 * EXPANSION.doubles
    monkeypatch.setattr("experiments.choose.fits.BLOCK_BYTES", 3 * 2.5 * task.pairs.max() * coordinate)
    blocks = [block for block, _ in task.blocks(0)]
    assert np.concatenate(blocks).tolist() == np.flatnonzero(task.fold == 0).tolist()
    assert len(blocks) > 2
    # the first of a block may reach over from the one before
    assert all(task.pairs[block[1:]].sum() <= 2.5 * task.pairs.max() for block in blocks)


def test_atoms_without_neighbours_are_said_and_do_no_harm():
    structures = mixed()
    positions = structures.positions.copy()
    positions[::5] += [40, 0, 0]
    choice = choose(replace(structures, positions=positions), Settings(max_L=1, max_d=2))
    assert "24 atoms have no neighbour within the cutoff: their constants are fitted alone." in choice.notes


def test_clusters_stay_together():
    structures = replace(mixed(), cluster=np.arange(24) // 4)
    fold = deal(structures, 3, 0).reshape(6, 4)
    assert (fold == fold[:, :1]).all()
    assert np.bincount(fold[:, 0]).tolist() == [2, 2, 2]


def test_an_element_of_one_cluster_alone_is_not_tested():
    structures = mixed()
    numbers = structures.numbers.copy()
    numbers[:5] = 8
    choice = choose(replace(structures, numbers=numbers), Settings(max_L=1, max_d=2))
    assert any("1 structures have an element that no other fold has" in note for note in choice.notes)
    assert 8 not in choice.elements or choice.elements[8].counts.sum() == 0
