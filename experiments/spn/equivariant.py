"""`equivariant`: Clebsch-Gordan-coupled polynomials of degree ≤ d, one weight per path, ridge in closed form.

The fit is done in its dual form with the equivariant polynomial kernel (`numerics.coupling`), so its cost does not
grow with the number of paths. Where every SO(3) path is allowed it is the limit of `free` for infinitely many
orientations. Where parities hold it leaves out the paths of the wrong parity, which `free`, shown rotations but no
reflections, may use if the frames are of one handedness. Where the features couple to no polynomial of a
frequency's order and parity, there is no path and no prediction.
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
    """Kernel ∫ (1 + ⟨h, D(R) h'⟩)^degree D^l(R) dR on components of equal power, ⟨h, h⟩ = 1 on average.

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
        highest = self.degree * self.layout.irreps.lmax  # coupling reaches no further: no memory is needed
        sizes = [n_samples * (2 * l + 1) for l in frequencies if l <= highest] or [0]
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
        """For every order, the mean (invariants only) and the factors that give each component the same power.

        These are the means and variances that `free` finds when it is shown every orientation.
        """
        smallest = (1e-7 * np.abs(features).max()) ** 2  # below float32 rounding a channel is constant
        moments = {}
        for order, block in self._by_order(features).items():
            mean = block.mean(axis=0) if order == (0, 1) else np.zeros(block.shape[1:])
            moments[order] = mean, np.mean((block - mean) ** 2, axis=(0, 2))
        components = sum((2 * l + 1) * np.sum(power > smallest) for (l, _), (_, power) in moments.items())
        return {
            order: (
                mean,
                np.where(
                    power > smallest,
                    1 / np.sqrt(np.maximum(power, max(smallest, 1e-300)) * max(components, 1)),
                    0,
                )[:, None],
            )
            for order, (mean, power) in moments.items()
        }

    def _normalised(self, features: Array) -> dict[Order, Array]:
        return {
            order: (block - self._scales[order][0]) * self._scales[order][1]
            for order, block in self._by_order(features).items()
        }
