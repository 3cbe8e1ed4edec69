"""`equivariant`: Clebsch-Gordan-coupled polynomials of degree ≤ d, one weight per path, ridge in closed form.

The fit is done in its dual form with the equivariant polynomial kernel (`numerics.coupling`), so its cost does not
grow with the number of paths. It is the limit of `free` for infinitely many orientations. Where the features couple
to no polynomial of a frequency's order and parity, there is no path and no prediction.
"""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from experiments.spn.protocol import Array, Layout, Targets
from numerics.coupling import Order, equivariant_gram
from numerics.ridge import STRENGTHS, kernel_ridge, ridge_cost, validation_errors
from span_theorem.budget import Estimate

# Mean diagonal of a kernel of which ⟨h, h⟩ = 1 on average: below it the coupling vanishes identically (as the
# antisymmetric product of one channel with itself does) and what is left is rounding.
NO_PATH = 1e-14


class EquivariantSPN:
    """Kernel ∫ (1 + ⟨h, D(R) h'⟩)^degree D^l(R) dR on channels of equal power, ⟨h, h⟩ = 1 on average.

    Args:
        degree: d ≥ 1.
        layout: irreps of the features, and whether their parity labels hold.
    """

    oriented = False

    def __init__(self, degree: int, layout: Layout):
        self.degree = degree
        self.layout = layout

    def estimate(self, n_samples: int, frequencies: Collection[int]) -> Estimate:
        """See :class:`experiments.spn.protocol.Solver`: one Gram matrix a frequency, all held at once."""
        sizes = [n_samples * (2 * l + 1) for l in frequencies]
        memory, _ = ridge_cost(max(sizes))
        seconds = sum(ridge_cost(size)[1] for size in sizes)
        return Estimate(memory + 16.0 * sum(size**2 for size in sizes), seconds)

    def fit(self, features: Array, targets: Targets, validation: NDArray[np.bool_]) -> "EquivariantSPN":
        """See :class:`experiments.spn.protocol.Solver`."""
        self._scales = self._channel_scales(features[~validation])
        self._samples = self._normalised(features)
        grams = equivariant_gram(self._samples, self._samples, self.degree, [self._order(l) for l in targets])
        self.strengths: dict[int, float] = {}
        self._weights: dict[int, Array] = {}
        for l, target in targets.items():
            gram = grams.get(self._order(l))
            if gram is None or np.mean(np.diag(gram)) < NO_PATH:
                continue
            rows = np.repeat(validation, 2 * l + 1)
            values = target.reshape(-1, 1)
            errors = validation_errors(
                gram[np.ix_(~rows, ~rows)], values[~rows], gram[np.ix_(rows, ~rows)], values[rows]
            )
            self.strengths[l] = STRENGTHS[int(np.argmin(errors[:, 0]))]
            self._weights[l] = kernel_ridge(gram, values, self.strengths[l])
        return self

    def predict(self, features: Array) -> dict[int, Array]:
        """See :class:`experiments.spn.protocol.Solver`."""
        orders = [self._order(l) for l in self._weights]
        grams = equivariant_gram(self._normalised(features), self._samples, self.degree, orders)
        return {
            l: (grams[self._order(l)] @ weights).reshape(len(features), -1)
            for l, weights in self._weights.items()
        }

    def _order(self, l: int) -> Order:
        # Y_l of a direction has parity (-1)^l
        return l, (-1) ** l if self.layout.parity else 1

    def _by_order(self, features: Array) -> dict[Order, Array]:
        blocks: dict[Order, list[Array]] = {}
        for (channels, irrep), columns in zip(self.layout.irreps, self.layout.irreps.slices(), strict=True):
            order = (irrep.l, irrep.p if self.layout.parity else 1)
            blocks.setdefault(order, []).append(features[:, columns].reshape(-1, channels, irrep.dim))
        return {order: np.concatenate(parts, axis=1) for order, parts in blocks.items()}

    def _channel_scales(self, features: Array) -> dict[Order, tuple[Array, Array]]:
        """For every order, the mean (invariants only) and the factor that gives each channel the same power."""
        blocks = self._by_order(features)
        scales = {}
        for order, block in blocks.items():
            mean = block.mean(axis=0) if order == (0, 1) else np.zeros(block.shape[1:])
            power = np.mean((block - mean) ** 2, axis=(0, 2))
            varies = power > (1e-7 * np.abs(block).max()) ** 2  # below float32 rounding a channel is constant
            total = block.shape[2] * varies.sum() * len(blocks)
            scales[order] = (
                mean,
                np.where(varies, 1 / np.sqrt(np.where(varies, power * total, 1)), 0)[:, None],
            )
        return scales

    def _normalised(self, features: Array) -> dict[Order, Array]:
        return {
            order: (block - self._scales[order][0]) * self._scales[order][1]
            for order, block in self._by_order(features).items()
        }
