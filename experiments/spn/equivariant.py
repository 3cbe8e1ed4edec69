"""`equivariant`: Clebsch-Gordan-coupled polynomials of degree ≤ d, one weight per path, ridge in closed form.

The limit of `free` for infinitely many orientations, where every SO(3) path is allowed: averaged over orientations the
residuals of the network itself (invariant) and the injected field (order l) do not mix, so each is fitted alone, all
2l+1 components together, and orientations need not be sampled. Where parities hold it leaves out the paths of the
wrong parity, which `free`, shown rotations but no reflections, may use if the frames are of one handedness. Where the
features couple to no polynomial of a frequency's order and parity, there is no path and no prediction.

All channels enter degree one. Where a degree has more paths than :data:`MOST_PATHS`, only the leading principal
components of every order's channels enter it, as many as keep it below.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.samples import Inputs, Targets
from experiments.spn.protocol import Array, Layout, Prediction
from numerics.coupling import Jet, Order, coupled, path_count
from numerics.harmonics import wigner_d
from numerics.ridge import NormalEquations, ridge_cost, strength_errors
from span_theorem.budget import Estimate

# of one degree, for energies and for forces: a force fit has 3 n_atoms times as many rows
MOST_PATHS = {False: 800, True: 550}
# Products of small components are smaller still: weaker than the usual ones, and penalised as they are scaled, so that
# components of little power do not enter with large weights.
STRENGTHS = tuple(10.0**power for power in range(-12, 3))
INVARIANT: Order = (0, 1)
FRAMES_AT_ONCE = 16  # whose Wigner matrices are made together
BLOCK_BYTES = 5e7  # of the design matrix at a time: it is written once and read once


@dataclass(frozen=True, eq=False)
class _Channels:
    """Principal components of one order's channels, of equal power before they are mixed, leading ones first."""

    mean: Array  # (channels, 1), zero but for invariants
    mixing: Array  # (components, channels)


class EquivariantSPN:
    """See the module's text.

    Args:
        degree: d ≥ 1.
        layout: irreps of the features, and whether their parity labels hold.
    """

    def __init__(self, degree: int, layout: Layout):
        self.degree = degree
        self.layout = layout

    def estimate(self, inputs: Inputs, targets: Targets) -> Estimate:
        """See :class:`experiments.spn.protocol.Solver`."""
        forces = targets.of_forces
        paths = float(self.degree * MOST_PATHS[forces])
        components = sum(2 * l + 1 for l in targets.frequencies)
        rows = float(len(inputs) * components * (targets.base.shape[1] if forces else 1))
        memory, seconds = ridge_cost(int(paths))
        return Estimate(memory + 4 * BLOCK_BYTES, seconds * len(targets.frequencies) + rows * paths**2 / 2e10)

    def fit(self, inputs: Inputs, targets: Targets, validation: NDArray[np.bool_]) -> "EquivariantSPN":
        """See :class:`experiments.spn.protocol.Solver`."""
        self._forces = targets.of_forces
        self._channels = self._principal_components(inputs.values[~validation])
        base = targets.base[:, None]
        self._null = self._fit_order(INVARIANT, inputs, base, validation)
        self._directions = dict(targets.directions)
        self._weights: dict[int, Array] = {}
        self.regularisation: dict[int, float] = {}
        self.parameters: dict[int, int] = {}
        for l in targets.frequencies:
            fitted = self._fit_order(self._order(l), inputs, targets.components(l), validation)
            if fitted is not None:
                self._weights[l], self.regularisation[l] = fitted
                self.parameters[l] = len(fitted[0])
        return self

    def predict(self, inputs: Inputs) -> Prediction:
        """See :class:`experiments.spn.protocol.Solver`."""
        shape: tuple[int, ...] = (len(inputs), inputs.orientations)
        shape += (inputs.jacobian.shape[2],) if self._forces and inputs.jacobian is not None else ()
        null = np.zeros(shape)
        if self._null is not None:
            null += self._predict_order(INVARIANT, inputs, self._null[0])
        injected = {}
        for l, weights in self._weights.items():
            components = self._predict_order(self._order(l), inputs, weights)
            seen = _seen_from_molecule(self._directions[l], inputs.rotations)
            injected[l] = np.einsum("nkm,nm...->nk...", seen, components)
        return Prediction(dict.fromkeys(self._directions, null), injected)

    def _order(self, l: int) -> Order:
        # Y_l of a direction has parity (-1)^l
        return l, (-1) ** l if self.layout.parity else 1

    def _fit_order(
        self, order: Order, inputs: Inputs, fields: Array, validation: NDArray[np.bool_]
    ) -> tuple[Array, float] | None:
        """Weights of the paths to one order and their ridge strength; ``None`` without a path."""
        number = self._path_number(order)
        if not number:
            return None
        fitted, held = (NormalEquations.empty(number, 1) for _ in range(2))
        for equations, chosen in ((fitted, ~validation), (held, validation)):
            values = fields[chosen]
            for frames, rows in self._rows(order, inputs.select(chosen)):
                equations.add(rows.reshape(-1, number), values[frames].reshape(-1, 1))
        if not np.any(fitted.gram.diagonal() > 0):
            return None
        solve = NormalEquations.solve_as_scaled
        errors = strength_errors(fitted, held, np.ones((1, 1)), solve, STRENGTHS)
        strength = STRENGTHS[int(np.argmin(errors[:, 0]))]
        return solve(fitted + held, strength)[:, 0], strength

    def _predict_order(self, order: Order, inputs: Inputs, weights: Array) -> Array:
        """Predicted field by component: (n, 2l+1) or (n, 2l+1, 3 n_atoms)."""
        return np.concatenate([rows @ weights for _, rows in self._rows(order, inputs)])

    def _rows(self, order: Order, inputs: Inputs) -> Iterator[tuple[slice, Array]]:
        """Design matrix a few frames at a time: (n, 2l+1, paths), or (n, 2l+1, 3 n_atoms, paths)."""
        width = self._path_number(order) * (2 * order[0] + 1)
        if self._forces and inputs.jacobian is not None:
            width *= inputs.jacobian.shape[2]
        step = max(1, int(BLOCK_BYTES / 8 / width))
        for start in range(0, len(inputs), step):
            frames = slice(start, start + step)
            jets = self._jets(inputs, frames)
            shape: tuple[int, ...] = (len(inputs.values[frames]), 2 * order[0] + 1)
            shape += (inputs.jacobian.shape[2],) if self._forces and inputs.jacobian is not None else ()
            rows, done = np.empty((*shape, self._path_number(order))), 0
            for degree in range(1, self.degree + 1):
                number = self._channel_number(degree, order)
                leading = {
                    key: Jet(
                        jet.values[:, :number], None if jet.tangents is None else jet.tangents[:, :number]
                    )
                    for key, jet in jets.items()
                }
                jet = coupled(leading, degree, order)
                if jet is None:
                    continue
                columns = rows[..., done : done + jet.values.shape[1]]
                done += jet.values.shape[1]
                if jet.tangents is None:
                    columns[...] = jet.values.transpose(0, 2, 1)
                else:  # δF̂ = -∂p/∂x
                    np.negative(jet.tangents.transpose(0, 3, 2, 1), out=columns)
            yield frames, rows

    def _path_number(self, order: Order) -> int:
        return sum(
            path_count(self._counts(self._channel_number(degree, order)), degree, order)
            for degree in range(1, self.degree + 1)
        )

    def _channel_number(self, degree: int, order: Order) -> int:
        """Channels of every order that enter a degree: as many as keep its paths to ``order`` few enough."""
        number = max((len(channels.mixing) for channels in self._channels.values()), default=0)
        if degree == 1:
            return number
        while number > 1 and path_count(self._counts(number), degree, order) > MOST_PATHS[self._forces]:
            number -= 1
        return number

    def _counts(self, number: int) -> dict[Order, int]:
        return {order: min(number, len(channels.mixing)) for order, channels in self._channels.items()}

    def _jets(self, inputs: Inputs, frames: slice) -> dict[Order, Jet]:
        values = self._by_order(inputs.values[frames])
        tangents: Mapping[Order, Array] = {}
        if self._forces and inputs.jacobian is not None:
            tangents = self._by_order(inputs.jacobian[frames].astype(np.float64))
        jets = {}
        for order, channels in self._channels.items():
            mixed = channels.mixing @ (values[order] - channels.mean)
            derivative = None
            if order in tangents:
                derivative = np.einsum("ec,ncmt->netm", channels.mixing, tangents[order], optimize=True)
            jets[order] = Jet(mixed, derivative)
        return jets

    def _by_order(self, features: Array) -> dict[Order, Array]:
        """Features (n, dim, ...) by order, each (n, channels, 2l+1, ...)."""
        blocks: dict[Order, list[Array]] = {}
        for (channels, irrep), columns in zip(self.layout.irreps, self.layout.irreps.slices(), strict=True):
            order = (irrep.l, irrep.p if self.layout.parity else 1)
            part = features[:, columns]
            blocks.setdefault(order, []).append(part.reshape(len(part), channels, irrep.dim, *part.shape[2:]))
        return {order: np.concatenate(parts, axis=1) for order, parts in blocks.items()}

    def _principal_components(self, features: Array) -> dict[Order, _Channels]:
        smallest = (1e-7 * np.abs(features).max()) ** 2  # below float32 rounding a channel is constant
        found = {}
        for order, block in self._by_order(features).items():
            mean = block.mean(axis=0) if order == INVARIANT else np.zeros((block.shape[1], 1))
            centred = block - mean
            power = np.mean(centred**2, axis=(0, 2))
            varies = power > smallest
            if not varies.any():
                continue
            scale = np.where(varies, 1 / np.sqrt(np.where(varies, power, 1)), 0)[:, None]
            covariance = np.tensordot(centred * scale, centred * scale, axes=([0, 2], [0, 2]))
            _, vectors = np.linalg.eigh(covariance / len(centred))
            found[order] = _Channels(mean, (vectors * scale).T[::-1][: int(varies.sum())])
        return found


def _seen_from_molecule(direction: Array, rotations: Array) -> Array:
    """D(R)ᵀ c for c (2l+1,) and rotations (n, k, 3, 3): (n, k, 2l+1)."""
    l = len(direction) // 2
    blocks = np.array_split(rotations, max(1, len(rotations) // FRAMES_AT_ONCE))
    return np.concatenate([direction @ wigner_d(l, turns) for turns in blocks])
