"""Invariant polynomials of degree ≤ d of equivariant features: all coupling paths to l = 0, or what the limit lets.

For a spectrum (:func:`random_polynomials`) every irrep's channels are mixed at random into a few where a degree has
more paths, all paths of these are taken, and that is repeated: by polarisation enough such mixtures span all. For a fit
(:func:`leading_polynomials`) all paths of the leading components, as many as the limit lets: in turn those that vary
most while the atom moves and those that vary most from structure to structure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from numerics.coupling import Irrep, Jet, coupled_groups, path_count

if TYPE_CHECKING:
    from e3nn.o3 import Irreps

Array = NDArray[np.float64]

INVARIANT: Irrep = (0, 1)
COPIES = 4
"""Mixtures at least, where not all paths are taken."""
SMALLEST = 1e-3
"""Principal components of less than this share of the largest one's amplitude are left out: float32 features are good
to a few 1e-6, and products of them raise what is rounding."""

VANISHING = 1e-5
"""Largest value below this share of the largest polynomial's: a path that vanishes identically, as pseudo-scalars of
three atoms do, and holds nothing but the rounding of float32 features, a few 1e-6 at worst."""

Features = Mapping[Irrep, Array]
"""By irrep, (n, channels, 2l+1)."""


@dataclass(frozen=True, eq=False)
class InvariantPolynomials:
    """Which polynomials, chosen on some features, evaluated on any.

    Attributes:
        means: (channels, 1) by irrep, zero but for invariants.
        mixings: by degree, one or several mixtures, each by irrep (mixed, channels).
        complete: by degree, whether all paths are there.
    """

    means: Mapping[Irrep, Array]
    mixings: Mapping[int, tuple[Mapping[Irrep, Array], ...]]
    complete: Mapping[int, bool]

    def evaluate(self, features: Features) -> Array:
        """(n, number of polynomials), no constant among them, lower degrees first; some may vanish identically."""
        centred = {irrep: features[irrep] - mean for irrep, mean in self.means.items()}
        columns = []
        for degree, mixtures in self.mixings.items():
            for mixture in mixtures:
                jets = {irrep: Jet(mixing @ centred[irrep]) for irrep, mixing in mixture.items()}
                columns += [jet.values[:, :, 0] for jet in coupled_groups(jets, degree, INVARIANT)]
        number = len(next(iter(features.values())))
        return np.hstack(columns) if columns else np.zeros((number, 0))


def not_rounding(columns: Array) -> NDArray[np.bool_]:
    """Which columns (n, k) are more than the rounding of a path that vanishes identically."""
    size = np.abs(columns).max(axis=0, initial=0.0)
    kept: NDArray[np.bool_] = size > VANISHING * size.max(initial=0.0)
    return kept


def random_polynomials(
    features: Features, degree: int, limit: int, rng: np.random.Generator
) -> InvariantPolynomials:
    """Polynomials of degree ≤ ``degree`` of channels of equal power, at most about ``limit`` of one degree."""
    scaled = {irrep: np.diag(scale)[scale > 0] for irrep, scale in _scales(features).items()}
    scaled = {irrep: mixing for irrep, mixing in scaled.items() if len(mixing)}
    counts = {irrep: len(mixing) for irrep, mixing in scaled.items()}
    mixings: dict[int, tuple[Mapping[Irrep, Array], ...]] = {}
    complete = {}
    for t in range(1, degree + 1):
        complete[t] = t == 1 or _most(counts, t, limit) is None
        if complete[t]:
            mixings[t] = (scaled,)
            continue
        few = _at_most(counts, _most(counts, t, limit // COPIES) or 1)
        copies = max(COPIES, limit // max(path_count(few, t, INVARIANT), 1))
        mixings[t] = tuple(
            {irrep: rng.normal(size=(few[irrep], len(one))) @ one for irrep, one in scaled.items()}
            for _ in range(copies)
        )
    return InvariantPolynomials({irrep: np.zeros((1, 1)) for irrep in scaled}, mixings, complete)


def leading_polynomials(
    features: Features, structure: NDArray[np.int64], degree: int, limit: int
) -> InvariantPolynomials:
    """Polynomials of degree ≤ ``degree`` of the leading components, at most ``limit`` of one degree beyond the first.

    Args:
        features: on which the components are chosen.
        structure: (n,) which structure a row is of.
    """
    means, components = {}, {}
    for irrep, scale in _scales(features).items():
        mean = features[irrep].mean(axis=0) if irrep == INVARIANT else np.zeros((len(scale), 1))
        mixing = _components((features[irrep] - mean) * scale[:, None], structure) * scale
        if len(mixing):
            means[irrep], components[irrep] = mean, mixing
    counts = {irrep: len(mixing) for irrep, mixing in components.items()}
    mixings, complete = {}, {}
    for t in range(1, degree + 1):
        number = None if t == 1 else _most(counts, t, limit)
        complete[t] = number is None
        mixings[t] = ({irrep: mixing[:number] for irrep, mixing in components.items()},)
    return InvariantPolynomials(means, mixings, complete)


def by_irrep(values: Array, irreps: "Irreps") -> dict[Irrep, Array]:
    """Features (n, irreps.dim) by irrep."""
    blocks: dict[Irrep, list[Array]] = {}
    for (channels, term), columns in zip(irreps, irreps.slices(), strict=True):
        part = values[:, columns].reshape(len(values), channels, term.dim)
        blocks.setdefault((term.l, term.p), []).append(part)
    return {irrep: np.concatenate(parts, axis=1) for irrep, parts in blocks.items()}


def _at_most(counts: Mapping[Irrep, int], number: int) -> dict[Irrep, int]:
    return {irrep: min(count, number) for irrep, count in counts.items()}


def _most(counts: Mapping[Irrep, int], degree: int, limit: int) -> int | None:
    """How many channels of every irrep have at most ``limit`` paths, at least one; ``None`` if all have."""
    most = max(counts.values(), default=0)
    # upwards: of many channels to a high degree there are more paths than can be counted
    for number in range(2, most + 1):
        if path_count(_at_most(counts, number), degree, INVARIANT) > limit:
            return number - 1
    return None


def _scales(features: Features) -> dict[Irrep, Array]:
    """For every channel what makes its mean square one; 0 for one that is constant as far as float32 can tell."""
    largest = max(float(np.abs(values).max()) for values in features.values())
    scales = {}
    for irrep, values in features.items():
        centred = values - values.mean(axis=0) if irrep == INVARIANT else values
        varies = np.mean(centred**2, axis=(0, 2)) > (1e-6 * largest) ** 2
        power = np.mean(values**2, axis=(0, 2))
        scales[irrep] = np.where(varies, 1 / np.sqrt(np.where(varies, power, 1)), 0)
    return scales


def _components(scaled: Array, structure: NDArray[np.int64]) -> Array:
    """Mixing (components, channels) to uncorrelated components of mean square one, leading ones first."""
    number = structure[-1] + 1
    means = np.stack([scaled[structure == one].mean(axis=0) for one in range(number)])
    total, static = (_covariance(values) for values in (scaled, means))
    order = [_principal(one) for one in (_covariance(scaled - means[structure]), static)]
    # in turn; where one kind is used up, the other goes on
    longest = max(len(vectors) for vectors in order)
    turns = [vectors[index] for index in range(longest) for vectors in order if index < len(vectors)]
    largest = np.sqrt(max(float(np.linalg.eigvalsh(total)[-1]), 1e-300))
    found: list[Array] = []
    for vector in turns:
        for other in found:
            vector = vector - (vector @ total @ other) * other
        size = np.sqrt(max(float(vector @ total @ vector), 0.0))
        if size > SMALLEST * largest * np.linalg.norm(vector):
            found.append(vector / size)
    return np.array(found).reshape(-1, len(total))


def _principal(covariance: Array) -> Array:
    values, vectors = np.linalg.eigh(covariance)
    rows: Array = vectors[:, values > SMALLEST**2 * max(values[-1], 1e-300)].T[::-1]
    return rows


def _covariance(values: Array) -> Array:
    found: Array = np.tensordot(values, values, axes=([0, 2], [0, 2])) / (len(values) * values.shape[2])
    return found
