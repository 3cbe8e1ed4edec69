"""Which structures are the same, however they were written: rounded, moved, turned, wrapped, atoms in another order.

Two steps. A fingerprint, smooth in the positions and the same for all these ways of writing, finds the pairs that may
be equal; then their distances are compared one by one, with elements, and their positions where atoms stand in the
same order, which tells a structure from its mirror image. Nothing is compared by rounding: a digit at the edge of a
rounding would make two of one.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from experiments.structures import Structure, Structures

Array = NDArray[np.float64]

TOLERANCE = 1e-5
"""Å. Rounding to six decimals changes a distance by 2e-6 Å; frames of the shortest trajectories are 1e-3 Å apart."""
CUTOFF = 6.0
"""Å, of the distances in a fingerprint, and of those compared in periodic structures."""
WIDTHS = np.array([1.5, 3.0, 6.0])
"""Å, of the Gaussians in a fingerprint."""
RELATIVE = 1e-4
"""Largest relative change of a fingerprint when distances change by :data:`TOLERANCE` (slopes are below 6 per Å)."""
PART = 2_000_000
"""Distances computed at a time."""


def shared(training: Structures, test: Structures) -> NDArray[np.int64]:
    """Indices (k, 2) of structures that both have: in ``test``, and one in ``training``; each of the former once."""
    ours, theirs = _kinds((training, test))
    prints = fingerprints(training)
    found = []
    for index, (kind, own) in enumerate(zip(theirs, fingerprints(test), strict=True)):
        near = (np.abs(prints - own) <= RELATIVE * np.abs(own) + 1e-12).all(axis=1) & (ours == kind)
        match = next((int(i) for i in np.flatnonzero(near) if same(training[int(i)], test[index])), None)
        if match is not None:
            found.append((index, match))
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def same(a: Structure, b: Structure) -> bool:
    """Whether two structures are the same to :data:`TOLERANCE`, up to rotation, shift, wrapping and order of atoms."""
    if sorted(a.numbers) != sorted(b.numbers) or a.pbc.sum() != b.pbc.sum() or not _same_distances(a, b):
        return False
    if (a.numbers == b.numbers).all():
        proper, mirrored = (_superposed(a, b, mirrored) for mirrored in (False, True))
        return proper or not mirrored
    return True


def fingerprints(structures: Structures) -> Array:
    """(n, 3) mean over atoms of Σ_j √(Z_i Z_j) exp(-r²/w²) (1 - (r/R)²)², R the cutoff, one column a width w."""
    result = np.zeros((len(structures), len(WIDTHS)))
    free = ~structures.periodic
    for size in np.unique(structures.sizes[free]):
        chosen = np.flatnonzero(free & (structures.sizes == size))
        step = max(1, PART // size**2)
        for start in range(0, len(chosen), step):
            part = chosen[start : start + step]
            atoms = structures.first[part][:, None] + np.arange(size)
            positions, weights = structures.positions[atoms], np.sqrt(structures.numbers[atoms])
            distances = np.linalg.norm(positions[:, :, None] - positions[:, None], axis=-1)
            distances[:, np.arange(size), np.arange(size)] = np.inf
            terms = _terms(distances, weights[:, :, None] * weights[:, None])
            result[part] = terms.sum(axis=(1, 2)) / size
    for index in np.flatnonzero(~free):
        one = structures[int(index)]
        pairs = np.sqrt(one.numbers[:, None] * one.numbers)[:, :, None]
        result[index] = sum(_terms(d, pairs).sum(axis=(0, 1, 2)) for d in _image_distances(one)) / len(one)
    return result


def _terms(distances: Array, weights: Array) -> Array:
    near = np.maximum(0.0, 1 - (distances / CUTOFF) ** 2) ** 2 * weights
    return near[..., None] * np.exp(-(np.minimum(distances[..., None] / WIDTHS, 30.0) ** 2))


def _image_distances(one: Structure) -> Iterator[Array]:
    """Distances (n_atoms, n_atoms, k) to images of all atoms that may lie within the cutoff, infinite to itself."""
    cell, fractions = _complete(one)
    positions = np.where(one.pbc, fractions % 1.0, fractions) @ cell
    heights = 1 / np.linalg.norm(np.linalg.inv(cell), axis=0)
    reach = np.where(one.pbc, np.ceil(CUTOFF / heights) + 1, 0).astype(int)
    shifts = np.indices(tuple(2 * reach + 1)).reshape(3, -1).T - reach
    apart = positions[None] - positions[:, None]
    step = max(1, PART // len(one) ** 2)
    for start in range(0, len(shifts), step):
        part = shifts[start : start + step]
        distances = np.linalg.norm(apart[:, :, None] + part @ cell, axis=-1)
        for itself in np.flatnonzero(~part.any(axis=1)):
            np.fill_diagonal(distances[:, :, itself], np.inf)
        yield distances


def _complete(one: Structure) -> tuple[Array, Array]:
    """A cell whose vectors without a period are unit vectors across the others, and the fractions of the positions."""
    cell = np.where(one.pbc[:, None], one.cell, 0.0)
    periods = cell[one.pbc]
    across = np.linalg.svd(periods)[2][len(periods) :]
    if len(periods) == 2:
        across = np.cross(*periods)[None] / np.linalg.norm(np.cross(*periods))
    cell[~one.pbc] = across
    return cell, one.positions @ np.linalg.inv(cell)


def _distances(one: Structure) -> dict[tuple[int, int], Array]:
    """Sorted distances by pair of elements: all of a free structure, those within the cutoff of a periodic one."""
    if one.pbc.any():
        distances = np.concatenate(list(_image_distances(one)), axis=-1)
        distances[distances > CUTOFF + 1] = np.inf
    else:
        distances = np.linalg.norm(one.positions[:, None] - one.positions, axis=-1)[..., None]
        np.fill_diagonal(distances[..., 0], np.inf)
    found = {}
    elements = np.unique(one.numbers)
    for i, first in enumerate(elements):
        for second in elements[i:]:
            block = distances[one.numbers == first][:, one.numbers == second]
            found[int(first), int(second)] = np.sort(block[np.isfinite(block)])
    return found


def _same_distances(a: Structure, b: Structure) -> bool:
    ours, theirs = _distances(a), _distances(b)
    periodic = a.pbc.any()
    for pair, mine in ours.items():
        other = theirs[pair]
        if periodic:  # one that lies at the cutoff may be within for one of them alone
            number = int((mine < CUTOFF).sum())
            mine, other = mine[:number], other[:number]
        if len(mine) != len(other) or (np.abs(mine - other) > TOLERANCE).any():
            return False
    return True


def _superposed(a: Structure, b: Structure, mirrored: bool) -> bool:
    """Whether a rotation, with a reflection if ``mirrored``, and a shift move the atoms of one onto those of "
    "the other."""
    periods = int(a.pbc.sum())
    if periods in (2, 3):
        if (a.pbc != b.pbc).any():
            return False
        (first, ours), (second, theirs) = _complete(a), _complete(b)
        turn = np.linalg.inv(first) @ second
        if mirrored and periods == 2:  # turn the way across around
            flip = np.where(a.pbc, 1.0, -1.0)
            turn, theirs = np.linalg.inv(first) @ (flip[:, None] * second), theirs * flip
        orthogonal = np.abs(turn @ turn.T - np.eye(3)).max() < 1e-5
        if not orthogonal or (np.linalg.det(turn) < 0) != mirrored:
            return False
        moved = (theirs - theirs[0]) - (ours - ours[0])
        moved -= np.where(a.pbc, np.round(moved), 0.0)
        return bool((np.linalg.norm((moved - moved.mean(axis=0)) @ first, axis=1) < TOLERANCE).all())
    if periods == 1:
        return True  # the distances have to do
    ours, theirs = (one.positions - one.positions.mean(axis=0) for one in (a, b))
    u, _, v = np.linalg.svd(ours.T @ theirs)
    sign = np.sign(np.linalg.det(u @ v)) * (-1 if mirrored else 1)
    turn = u @ np.diag([1.0, 1.0, sign]) @ v
    return bool((np.linalg.norm(ours @ turn - theirs, axis=1) < 2 * TOLERANCE).all())


def _kinds(both: tuple[Structures, Structures]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """A number for every structure; equal where elements, sorted, and the number of periods are."""
    known: dict[tuple[int, bytes], int] = {}
    sorted_numbers: dict[bytes, bytes] = {}

    def kind(one: Structure) -> int:
        key = one.numbers.tobytes()
        elements = sorted_numbers.setdefault(key, np.sort(one.numbers).tobytes())
        return known.setdefault((int(one.pbc.sum()), elements), len(known))

    first, second = (np.array([kind(one) for one in structures]) for structures in both)
    return first, second
