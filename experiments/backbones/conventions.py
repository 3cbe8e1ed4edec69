"""Why features are not equivariant as declared: the layouts of components that other packages use, tried one by one.

A convention is a permutation or rotation T of a feature's components; it explains the features h of a network if T h
turns as declared. Three things differ from e3nn's (multiplicity, then m, blocks one after another; l = 1 is x, y, z):

- axes: which axis is the polar one, that is Y_l of a cyclic permutation of (x, y, z);
- signs: (-1)^m, the phase of Condon and Shortley;
- layout: all channels of one m together (m-major, channels last), or all irreps of one channel (channels first).
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from numerics.harmonics import wigner_d

if TYPE_CHECKING:
    from e3nn.o3 import Irreps
    from torch import Tensor

Map = Callable[["Tensor"], "Tensor"]

CYCLES = {
    "": np.eye(3),
    "harmonics of (y, z, x), with z as the polar axis": np.array([[0.0, 1, 0], [0, 0, 1], [1, 0, 0]]),
    "harmonics of (z, x, y)": np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]]),
}


def explanation(irreps: "Irreps", error: Callable[[Map], float], tolerance: float) -> str | None:
    """The convention under which features turn as declared, in words; ``None`` if none of these does.

    Args:
        irreps: as declared.
        error: equivariance error of the features behind a map of their components (…, irreps.dim).
        tolerance: largest error.
    """
    for words, change in _conventions(irreps):
        if words and error(change) <= tolerance:
            return words
    return None


def _conventions(irreps: "Irreps") -> "Iterator[tuple[str, Map]]":
    """The simplest first."""
    import torch

    for layout, order in _layouts(irreps).items():
        index = torch.from_numpy(order)
        for axes, cycle in CYCLES.items():
            for signs in ("", "signs (-1)^m"):
                blocks = []
                for multiplicity, irrep in irreps:
                    # what is stored is D h; D^T h is as e3nn has it
                    turn = wigner_d(irrep.l, cycle)
                    if signs:
                        turn = np.diag((-1.0) ** np.arange(-irrep.l, irrep.l + 1)) @ turn
                    blocks += [torch.from_numpy(turn)] * multiplicity
                matrix = torch.block_diag(*blocks)
                words = ", ".join(one for one in (layout, axes, signs) if one)
                yield words, partial(_read_as, index, matrix)


def _read_as(index: "Tensor", matrix: "Tensor", values: "Tensor") -> "Tensor":
    return values[..., index] @ matrix


def _layouts(irreps: "Irreps") -> "dict[str, np.ndarray]":
    """By name, where e3nn's component i stands among those stored."""
    place, start = np.arange(irreps.dim), 0
    m_major = place.copy()
    for multiplicity, irrep in irreps:
        stop = start + multiplicity * irrep.dim
        m_major[start:stop] = place[start:stop].reshape(irrep.dim, multiplicity).T.ravel()
        start = stop
    found = {"": place, "m-major, channels last (all channels of one m together)": m_major}
    multiplicities = {multiplicity for multiplicity, _ in irreps}
    if len(multiplicities) == 1 and len(irreps) > 1:
        (channels,) = multiplicities
        sizes = np.cumsum([irrep.dim for _, irrep in irreps])
        by_channel = np.split(place.reshape(channels, -1), sizes[:-1], axis=1)
        found["channels first (all irreps of one channel together)"] = np.concatenate(
            [part.ravel() for part in by_channel]
        )
    return found
