"""Power spectrum over the sphere: how much of a function's mean square lies at each degree l."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from numerics.harmonics import spherical_harmonics
from numerics.quadrature import SphereQuadrature

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PowerSpectrum:
    """Mean squares over the sphere of k functions, split by degree.

    Attributes:
        by_degree: (l_max+1, k), the mean square of the part of degree l = 0..l_max.
        above: (k,), the mean square of what is left, degrees above l_max.
    """

    by_degree: Array
    above: Array


def power_spectrum(values: Array, rule: SphereQuadrature, l_max: int) -> PowerSpectrum:
    """Split f = Σ_lm c_lm Y_lm + rest with c_lm = <f Y_lm>; degree l has the mean square Σ_m c_lm² (Parseval).

    The power at degree l is exact for functions of degree ≤ ``rule.degree`` - l: a part of degree λ spoils only the
    degrees l > rule.degree - λ (aliasing). As 2 l_max ≤ ``rule.degree`` the projection is orthogonal on the nodes
    themselves, so nothing is negative and no small power is a difference of large ones.

    Args:
        values: (n_nodes, k), the functions at ``rule.directions``.
        rule: nodes and weights.
        l_max: highest degree that is told apart.

    Raises:
        ValueError: ``rule`` is not exact to degree 2 l_max, or there is not one row a node.

    >>> from numerics.quadrature import sphere_quadrature
    >>> rule = sphere_quadrature(4)
    >>> height = rule.directions[:, 1:2]
    >>> (power_spectrum(1 + height, rule, 2).by_degree[:, 0] + 0).round(6).tolist()
    [1.0, 0.333333, 0.0]
    """
    if not 0 <= 2 * l_max <= rule.degree:
        raise ValueError(
            f"l_max must be 0..{rule.degree // 2} on a rule of degree {rule.degree}, got {l_max}"
        )
    if values.ndim != 2 or len(values) != len(rule.weights):
        raise ValueError(f"values must have shape ({len(rule.weights)}, k), got {values.shape}")
    harmonics = spherical_harmonics(l_max, rule.directions)
    coefficients = harmonics.T @ (rule.weights[:, None] * values)
    rest = values - harmonics @ coefficients
    by_degree = [np.sum(coefficients[l * l : (l + 1) ** 2] ** 2, axis=0) for l in range(l_max + 1)]
    return PowerSpectrum(np.array(by_degree), rule.weights @ rest**2)
