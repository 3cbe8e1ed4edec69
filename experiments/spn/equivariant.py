"""`equivariant`: Clebsch-Gordan-coupled polynomials of degree ≤ d, one weight per path, ridge in closed form.

The limit of `free` for infinitely many orientations, where every SO(3) path is allowed: averaged over orientations the
residuals of the network itself (invariant) and the injected field (degree l) do not mix, so each is fitted alone, all
2l+1 components together, and orientations need not be sampled. Where parities hold it leaves out the paths of the
wrong parity, which `free`, shown rotations but no reflections, may use if the frames are of one handedness. Where the
features couple to no polynomial of a frequency's degree and parity, there is no path and no prediction.

All channels enter degree one. Where a degree has more paths than :data:`MOST_PATHS`, only the leading principal
components of every irrep's channels enter it, as many as keep it below.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.samples import Inputs, Targets
from experiments.spn.protocol import Array, Fit, Layout, Prediction
from numerics.coupling import Irrep, Jet, coupled_groups, path_count
from numerics.harmonics import wigner_d
from numerics.ridge import NormalEquations, choose_explicit, ridge_cost, solve_explicit
from span_theorem.budget import Estimate

# of one degree, for energies and for forces: a force fit has 3 n_atoms times as many rows
MOST_PATHS = {False: 800, True: 550}
# Products of small components are smaller still: weaker than the usual ones, and penalised as they are scaled, so that
# components of little power do not enter with large weights.
STRENGTHS = tuple(10.0**power for power in range(-12, 3))
INVARIANT: Irrep = (0, 1)
FRAMES_AT_ONCE = 16  # whose Wigner matrices are made together
BLOCK_BYTES = 1e7  # of the design matrix at a time: written and read while it is in the cache


@dataclass(frozen=True, eq=False)
class _Channels:
    """Principal components of one irrep's channels, of equal power before they are mixed, leading ones first."""

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

    def estimate(self, inputs: Inputs, targets: Sequence[Targets]) -> Estimate:
        """See :class:`experiments.spn.protocol.Solver`."""
        first = targets[0]
        forces = first.of_forces
        paths = float(self.degree * MOST_PATHS[forces])
        components = sum(2 * l + 1 for l in first.frequencies)
        rows = float(len(inputs) * components * (first.base.shape[1] if forces else 1))
        memory, seconds = ridge_cost(int(paths))
        return Estimate(memory + 4 * BLOCK_BYTES, seconds * len(first.frequencies) + rows * paths**2 / 2e10)

    def fit(self, inputs: Inputs, targets: Sequence[Targets], validation: NDArray[np.bool_]) -> list[Fit]:
        """See :class:`experiments.spn.protocol.Solver`."""
        self._forces = targets[0].of_forces
        self._channels = self._principal_components(inputs.values[~validation])
        bases = np.stack([one.base[:, None] for one in targets], axis=-1)
        self._null = self._fit_irrep(INVARIANT, inputs, bases, validation)
        self._directions = [dict(one.directions) for one in targets]
        self._weights: dict[int, Array] = {}
        chosen: dict[int, list[float]] = {}
        for l in targets[0].frequencies:
            fields = np.stack([one.components(l) for one in targets], axis=-1)
            fitted = self._fit_irrep(self._irrep(l), inputs, fields, validation)
            if fitted is not None:
                self._weights[l], chosen[l] = fitted
        parameters = {l: len(weights) for l, weights in self._weights.items()}
        return [
            Fit({l: strengths[index] for l, strengths in chosen.items()}, parameters)
            for index in range(len(targets))
        ]

    def predict(self, inputs: Inputs) -> list[Prediction]:
        """See :class:`experiments.spn.protocol.Solver`."""
        shape: tuple[int, ...] = (len(inputs), inputs.orientations)
        shape += (inputs.jacobian.shape[2],) if self._forces and inputs.jacobian is not None else ()
        nulls = None if self._null is None else self._predict_irrep(INVARIANT, inputs, self._null[0])
        components = {l: self._predict_irrep(self._irrep(l), inputs, self._weights[l]) for l in self._weights}
        predictions = []
        for index, directions in enumerate(self._directions):
            null = np.zeros(shape) if nulls is None else np.broadcast_to(nulls[..., index], shape)
            injected = {
                l: np.einsum(
                    "nkm,nm...->nk...",
                    _seen_from_molecule(directions[l], inputs.rotations),
                    found[..., index],
                )
                for l, found in components.items()
            }
            own = {l: found[..., index] for l, found in components.items()}
            predictions.append(Prediction(dict.fromkeys(directions, null), injected, own))
        return predictions

    def _irrep(self, l: int) -> Irrep:
        # Y_l of a direction has parity (-1)^l
        return l, (-1) ** l if self.layout.parity else 1

    def _fit_irrep(
        self, irrep: Irrep, inputs: Inputs, fields: Array, validation: NDArray[np.bool_]
    ) -> tuple[Array, list[float]] | None:
        """Weights (paths, t) of the paths to one irrep and their ridge strengths; ``None`` without a path.

        Args:
            fields: (n, 2l+1[, 3 n_atoms], t), one column a target.
        """
        number, count = self._path_number(irrep), fields.shape[-1]
        if not number:
            return None
        fitted, reserved = (NormalEquations.empty(number, count) for _ in range(2))
        for equations, chosen in ((fitted, ~validation), (reserved, validation)):
            values = fields[chosen]
            for frames, rows in self._rows(irrep, inputs.select(chosen)):
                equations.add(rows.reshape(-1, number), values[frames].reshape(-1, count))
        if not np.any(fitted.gram.diagonal() > 0):
            return None
        strengths = choose_explicit(fitted, reserved, np.eye(count), STRENGTHS, as_scaled=True)
        fitted += reserved
        solved = {strength: solve_explicit(fitted, strength, as_scaled=True) for strength in set(strengths)}
        return np.stack([solved[one][:, i] for i, one in enumerate(strengths)], axis=1), strengths

    def _predict_irrep(self, irrep: Irrep, inputs: Inputs, weights: Array) -> Array:
        """Predicted field by component: (n, 2l+1, t) or (n, 2l+1, 3 n_atoms, t)."""
        return np.concatenate([rows @ weights for _, rows in self._rows(irrep, inputs)])

    def _rows(self, irrep: Irrep, inputs: Inputs) -> Iterator[tuple[slice, Array]]:
        """Design matrix a few frames at a time: (n, 2l+1, paths), or (n, 2l+1, 3 n_atoms, paths)."""
        width = self._path_number(irrep) * (2 * irrep[0] + 1)
        if self._forces and inputs.jacobian is not None:
            width *= inputs.jacobian.shape[2]
        step = max(1, int(BLOCK_BYTES / 8 / width))
        for start in range(0, len(inputs), step):
            frames = slice(start, start + step)
            jets = self._jets(inputs, frames)
            shape: tuple[int, ...] = (len(inputs.values[frames]), 2 * irrep[0] + 1)
            shape += (inputs.jacobian.shape[2],) if self._forces and inputs.jacobian is not None else ()
            rows, done = np.empty((*shape, self._path_number(irrep))), 0
            for degree in range(1, self.degree + 1):
                number = self._channel_number(degree, irrep)
                leading = {
                    key: Jet(
                        jet.values[:, :number], None if jet.tangents is None else jet.tangents[:, :number]
                    )
                    for key, jet in jets.items()
                }
                for jet in coupled_groups(leading, degree, irrep):
                    columns = rows[..., done : done + jet.values.shape[1]]
                    done += jet.values.shape[1]
                    if jet.tangents is None:
                        columns[...] = jet.values.transpose(0, 2, 1)
                    else:  # δF̂ = -∂p/∂x
                        np.negative(jet.tangents.transpose(0, 3, 2, 1), out=columns)
            yield frames, rows

    def _path_number(self, irrep: Irrep) -> int:
        return sum(
            path_count(self._counts(self._channel_number(degree, irrep)), degree, irrep)
            for degree in range(1, self.degree + 1)
        )

    def _channel_number(self, degree: int, irrep: Irrep) -> int:
        """Channels of every irrep that enter a degree: as many as keep its paths to ``irrep`` few enough."""
        most = max((len(channels.mixing) for channels in self._channels.values()), default=0)
        if degree == 1:
            return most
        # upwards: of many channels to a high degree there are more paths than can be counted
        number = min(1, most)
        while (
            number < most and path_count(self._counts(number + 1), degree, irrep) <= MOST_PATHS[self._forces]
        ):
            number += 1
        return number

    def _counts(self, number: int) -> dict[Irrep, int]:
        return {irrep: min(number, len(channels.mixing)) for irrep, channels in self._channels.items()}

    def _jets(self, inputs: Inputs, frames: slice) -> dict[Irrep, Jet]:
        values = self._by_irrep(inputs.values[frames])
        tangents: Mapping[Irrep, Array] = {}
        if self._forces and inputs.jacobian is not None:
            tangents = self._by_irrep(inputs.jacobian[frames].astype(np.float64))
        jets = {}
        for irrep, channels in self._channels.items():
            mixed = channels.mixing @ (values[irrep] - channels.mean)
            derivative = None
            if irrep in tangents:
                derivative = np.einsum("ec,ncmt->netm", channels.mixing, tangents[irrep], optimize=True)
            jets[irrep] = Jet(mixed, derivative)
        return jets

    def _by_irrep(self, features: Array) -> dict[Irrep, Array]:
        """Features (n, dim, ...) by irrep, each (n, channels, 2l+1, ...)."""
        blocks: dict[Irrep, list[Array]] = {}
        for (channels, term), columns in zip(self.layout.irreps, self.layout.irreps.slices(), strict=True):
            irrep = (term.l, term.p if self.layout.parity else 1)
            part = features[:, columns]
            blocks.setdefault(irrep, []).append(part.reshape(len(part), channels, term.dim, *part.shape[2:]))
        return {irrep: np.concatenate(parts, axis=1) for irrep, parts in blocks.items()}

    def _principal_components(self, features: Array) -> dict[Irrep, _Channels]:
        smallest = (1e-7 * np.abs(features).max()) ** 2  # below float32 rounding a channel is constant
        found = {}
        for irrep, block in self._by_irrep(features).items():
            mean = block.mean(axis=0) if irrep == INVARIANT else np.zeros((block.shape[1], 1))
            centred = block - mean
            power = np.mean(centred**2, axis=(0, 2))
            varies = power > smallest
            if not varies.any():
                continue
            scale = np.where(varies, 1 / np.sqrt(np.where(varies, power, 1)), 0)[:, None]
            covariance = np.tensordot(centred * scale, centred * scale, axes=([0, 2], [0, 2]))
            _, vectors = np.linalg.eigh(covariance / len(centred))
            found[irrep] = _Channels(mean, (vectors * scale).T[::-1][: int(varies.sum())])
        return found


def _seen_from_molecule(direction: Array, rotations: Array) -> Array:
    """D(R)ᵀ c for c (2l+1,) and rotations (n, k, 3, 3): (n, k, 2l+1)."""
    l = len(direction) // 2
    blocks = np.array_split(rotations, max(1, len(rotations) // FRAMES_AT_ONCE))
    return np.concatenate([direction @ wigner_d(l, turns) for turns in blocks])
