"""The independent route to :mod:`span_theorem.swept`: e3nn's harmonics and couplings at quadrature nodes, ranks by SVD.

Shares nothing with the exact route but the surroundings: real harmonics instead of binary forms, all paths of Wigner 3j
symbols instead of transvectants of reduced spaces, floating point instead of F_p.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from numerics.coupling import Irrep, Jet, coupled
from numerics.harmonics import spherical_harmonics
from numerics.quadrature import sphere_quadrature
from numerics.rank import CLEAR, NumericalRank, numerical_rank, rounding_tolerance
from span_theorem.surroundings import Surroundings


@dataclass(frozen=True)
class SweptNumeric:
    """Numerical ranks of the projections onto H_l, l = 0..dL, of the functions of the swept direction.

    Attributes:
        degrees: with their singular values around the gap.
        paths: how many coupling paths were taken, all there are.
        nodes: of the quadrature.
    """

    degrees: tuple[NumericalRank, ...]
    paths: int
    nodes: int

    @property
    def clear(self) -> bool:
        """Whether every singular value lies clearly above or below the tolerance."""
        return all(degree.clear for degree in self.degrees)

    def to_dict(self) -> dict[str, object]:
        return {
            "paths": self.paths,
            "quadrature_nodes": self.nodes,
            "clear": self.clear,
            "degrees": [{"l": l, **rank.to_dict()} for l, rank in enumerate(self.degrees)],
        }


def swept_numeric(L: int, d: int, output_degree: int, surroundings: Surroundings) -> SweptNumeric:
    """The ranks for one site (see :func:`span_theorem.swept.swept_ranks`)."""
    rule = sphere_quadrature(2 * d * L)
    features = _features(L, surroundings, rule.directions)
    columns = [np.ones((len(rule.weights), 1))] if output_degree == 0 else []
    paths = len(columns)
    for k in range(1, d + 1):
        for parity in (1, -1):
            jet = coupled(features, k, (output_degree, parity))
            if jet is not None:
                paths += jet.values.shape[1]
                columns.append(jet.values.reshape(len(rule.weights), -1))
    if not columns:
        return SweptNumeric((numerical_rank([], 0.0),) * (d * L + 1), 0, len(rule.weights))
    functions = np.hstack(columns)
    # the size of a function is no information about the span: every one counts the same, but a path that vanishes
    # identically (three times V_2 to V_5) is rounding and nothing else
    norms = np.sqrt(rule.weights @ functions**2)
    functions /= np.where(norms > CLEAR * np.finfo(float).eps * norms.max(), norms, np.inf)
    coefficients = functions.T @ (rule.weights[:, None] * spherical_harmonics(d * L, rule.directions))
    triangle = np.asarray(np.linalg.qr(coefficients, mode="r"))
    tolerance = rounding_tolerance(coefficients.shape, float(np.linalg.norm(triangle, 2)))
    degrees = tuple(
        numerical_rank(np.linalg.svd(triangle[:, l * l : (l + 1) ** 2], compute_uv=False), tolerance)
        for l in range(d * L + 1)
    )
    return SweptNumeric(degrees, paths, len(rule.weights))


def _features(L: int, surroundings: Surroundings, directions: NDArray[np.float64]) -> dict[Irrep, Jet]:
    weights = np.array(surroundings.weights, dtype=np.float64)
    others = spherical_harmonics(L, np.array(surroundings.directions, dtype=np.float64))
    swept = spherical_harmonics(L, directions)
    values = weights[None, :, :1] * swept[:, None] + weights[None, :, 1:] @ others
    return {(l, (-1) ** l): Jet(values[:, :, l * l : (l + 1) ** 2]) for l in range(L + 1)}
