"""Equivariant polynomials of node features: Clebsch-Gordan-coupled products, one column a path.

A homogeneous polynomial of degree t and irrep (l, p) in features h is a combination of *paths*: choose t channels,
couple the first two to an irrep l₁₂, the result with the third to l₁₂₃, and so on, the last coupling giving l. Channels
come in a fixed order, so a product and its permutations count once; paths that vanish identically (the odd coupling of
a channel with itself) are left out. From degree three on some of the paths that repeat a channel depend linearly on
others: harmless for a ridge regression.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from numerics.harmonics import wigner_3j

Array = NDArray[np.float64]

Irrep = tuple[int, int]
"""(l, p): degree and parity, p = +1 or -1; p = +1 throughout where a network is equivariant under SO(3) only."""


@dataclass(frozen=True)
class Jet:
    """Values of equivariant functions and their derivatives along some tangents.

    Attributes:
        values: (n, k, 2l+1).
        tangents: (n, k, t, 2l+1), or ``None`` where no derivative is wanted.
    """

    values: Array
    tangents: Array | None = None


@dataclass(frozen=True, eq=False)
class _Group:
    """Paths that share all their irreps. Path i couples path ``rest[i]`` of ``before`` with ``channel[i]``."""

    irrep: Irrep
    before: "_Group | None"
    rest: NDArray[np.int64]
    factor: Irrep
    channel: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.channel)


def path_count(channels: Mapping[Irrep, int], degree: int, irrep: Irrep) -> int:
    """Number of paths of one degree to one irrep.

    >>> path_count({(0, 1): 1, (1, -1): 2}, 2, (2, 1))  # the symmetric products of two vectors
    3
    """
    return sum(len(group) for group in _paths(channels, degree) if group.irrep == irrep)


def path_factors(channels: Mapping[Irrep, int], degree: int, irrep: Irrep) -> NDArray[np.int64]:
    """(paths, degree) degrees l of the channels that each path multiplies, in the order of :func:`coupled`.

    >>> path_factors({(0, 1): 1, (1, -1): 1}, 2, (0, 1)).tolist()
    [[0, 0], [1, 1]]
    """
    groups = [group for group in _paths(channels, degree) if group.irrep == irrep]
    rows = [np.tile(_factors(group), (len(group), 1)) for group in groups]
    return np.concatenate([np.zeros((0, degree), dtype=np.int64), *rows])


def coupled(features: Mapping[Irrep, Jet], degree: int, irrep: Irrep) -> Jet | None:
    """All paths of one degree to one irrep, evaluated.

    Args:
        features: by irrep, with tangents everywhere or nowhere.
        degree: t ≥ 1.
        irrep: of the result.

    Returns:
        Jet of (n, paths, 2l+1), ``None`` if there is no path.
    """
    jets = list(coupled_groups(features, degree, irrep))
    if not jets:
        return None
    tangents = None
    if jets[0].tangents is not None:
        tangents = np.concatenate([jet.tangents for jet in jets if jet.tangents is not None], axis=1)
    return Jet(np.concatenate([jet.values for jet in jets], axis=1), tangents)


def coupled_groups(features: Mapping[Irrep, Jet], degree: int, irrep: Irrep) -> Iterator[Jet]:
    """The same paths in the same order, a few at a time: for who has a place for them already."""
    channels = {key: jet.values.shape[1] for key, jet in features.items()}
    done: dict[_Group, Jet] = {}
    for group in _paths(channels, degree):
        if group.irrep == irrep:
            yield _evaluate(group, features, done)


def _factors(group: _Group) -> list[int]:
    before = [] if group.before is None else _factors(group.before)
    return [*before, group.factor[0]]


def _paths(channels: Mapping[Irrep, int], degree: int) -> "tuple[_Group, ...]":
    return _groups(tuple(sorted(item for item in channels.items() if item[1])), degree)


@lru_cache(maxsize=64)
def _groups(channels: tuple[tuple[Irrep, int], ...], degree: int) -> "tuple[_Group, ...]":
    """Groups of paths of exactly this degree."""
    if degree == 1:
        return tuple(
            _Group(irrep, None, np.arange(number), irrep, np.arange(number)) for irrep, number in channels
        )
    return tuple(
        group
        for before in _groups(channels, degree - 1)
        for factor, number in channels
        if factor >= before.factor
        for group in _products(before, factor, number, degree)
    )


def _products(before: _Group, factor: Irrep, number: int, degree: int) -> Iterator[_Group]:
    """Groups of the products of one group with the channels of one irrep."""
    rest, channel = _ordered_pairs(before, factor, number)
    (l1, p1), (l2, p2) = before.irrep, factor
    for l in range(abs(l1 - l2), l1 + l2 + 1):
        keep = np.ones(len(rest), dtype=bool)
        if degree == 2 and before.irrep == factor and l % 2:
            keep = rest != channel
        if keep.any():
            yield _Group((l, p1 * p2), before, rest[keep], factor, channel[keep])


def _ordered_pairs(before: _Group, factor: Irrep, number: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of a path and a channel that does not come before the path's last one."""
    rest, channel = (index.ravel() for index in np.indices((len(before), number)))
    keep = before.channel[rest] <= channel if factor == before.factor else np.ones(len(rest), dtype=bool)
    return rest[keep], channel[keep]


def _evaluate(group: _Group, features: Mapping[Irrep, Jet], done: dict[_Group, Jet]) -> Jet:
    if group.before is None:
        return features[group.irrep]
    # parts are shared by several groups of one enumeration
    part = done.get(group.before)
    if part is None:
        part = done[group.before] = _evaluate(group.before, features, done)
    factor = features[group.factor]
    if group.irrep[0] == 0:
        return _inner_products(group, part, factor)
    symbol = wigner_3j(group.before.irrep[0], group.factor[0], group.irrep[0])
    first, second = part.values[:, group.rest], factor.values[:, group.channel]
    by_second = np.tensordot(second, symbol, axes=([2], [1]))  # (n, paths, 2 l1 + 1, 2 l + 1)
    values = (first[:, :, None] @ by_second)[:, :, 0]
    if part.tangents is None or factor.tangents is None:
        return Jet(values)
    by_first = np.tensordot(first, symbol, axes=([2], [0]))  # (n, paths, 2 l2 + 1, 2 l + 1)
    tangents = part.tangents[:, group.rest] @ by_second
    tangents += factor.tangents[:, group.channel] @ by_first
    return Jet(values, tangents)


def _inner_products(group: _Group, part: Jet, factor: Jet) -> Jet:
    """Paths to l = 0, whose symbol is a multiple of the identity: all pairs by one product of matrices each."""
    n, number, width = factor.values.shape
    l = group.factor[0]
    second = factor.values * wigner_3j(l, l, 0)[0, 0, 0]
    values = (part.values @ second.swapaxes(1, 2))[:, group.rest, group.channel, None]
    if part.tangents is None or factor.tangents is None:
        return Jet(values)
    # (n, channel, path before, t), then the other way round; t stays innermost, so that gathering is cheap
    count = part.tangents.shape[2]
    by_second = second @ part.tangents.reshape(n, -1, width).swapaxes(1, 2)
    tangents = by_second.reshape(n, number, -1, count)[:, group.channel, group.rest]
    if part is factor:
        tangents += by_second.reshape(n, number, number, count)[:, group.rest, group.channel]
    else:
        first = part.values * wigner_3j(l, l, 0)[0, 0, 0]
        by_first = first @ factor.tangents.reshape(n, -1, width).swapaxes(1, 2)
        tangents += by_first.reshape(n, -1, number, count)[:, group.rest, group.channel]
    return Jet(values, tangents[..., None])
