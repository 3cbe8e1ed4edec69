"""The independent route: e3nn's harmonics at quadrature nodes, projected onto every H_l, rank by SVD.

Shares nothing with the exact route but the definition of the features: real instead of complex functions,
values instead of coefficients, products enumerated or drawn at random instead of grown factor by factor.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations_with_replacement, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numerics.harmonics import spherical_harmonics
from numerics.quadrature import sphere_quadrature
from numerics.rank import NumericalRank, numerical_rank, rounding_tolerance
from span_theorem.law import Features, require_instance
from span_theorem.multiplicity import polynomial_count

MAX_MONOMIALS = 25_000
"""Up to here all monomials are taken (23,751 for L = d = 4), beyond it random products."""

TOLERANCE_SOURCE = "max(number of products, number of harmonics) x 2.2e-16 x largest singular value"
OVERSAMPLING = 16
BATCH_BYTES = 32 * 2**20


@dataclass(frozen=True)
class NumericSpan:
    """Numerical ranks of the products of at most ``d`` features.

    Attributes:
        degrees: rank onto H_l with its singular values around the gap, l = 0..dL+2.
        span: rank of the whole span.
        products: ``all monomials`` or ``random products``.
        product_count: how many products.
        nodes: number of quadrature nodes.
        seed: of the random products (kept also where none were drawn).
    """

    L: int
    d: int
    features: Features
    degrees: tuple[NumericalRank, ...]
    span: NumericalRank
    products: str
    product_count: int
    nodes: int
    seed: int

    @property
    def clear(self) -> bool:
        """Whether every singular value lies clearly above or below the tolerance."""
        return self.span.clear and all(degree.clear for degree in self.degrees)

    def to_dict(self) -> dict[str, Any]:
        return {
            "products": self.products,
            "product_count": self.product_count,
            "quadrature_nodes": self.nodes,
            "seed": self.seed,
            "tolerance": self.span.tolerance,
            "tolerance_source": TOLERANCE_SOURCE,
            "clear": self.clear,
            "span": self.span.to_dict(),
            "degrees": [{"l": l, **rank.to_dict()} for l, rank in enumerate(self.degrees)],
        }


def numeric_span(
    L: int,
    d: int,
    features: Features = "upto",
    seed: int = 0,
    mixing: NDArray[np.float64] | None = None,
) -> NumericSpan:
    """Numerical ranks of the projections onto H_0 .. H_(dL+2) of the polynomials of degree <= ``d``.

    Args:
        L: highest degree of the features (``upto``) or their only degree (``exact``).
        d: highest degree of the polynomials.
        seed: seeds the random products.
        mixing: (n, n) matrix applied to the n features first; the ranks do not change if it is invertible.

    >>> [rank.rank for rank in numeric_span(1, 2).degrees]
    [1, 3, 5, 0, 0]
    """
    require_instance(L, d, features)
    highest = d * L + 2
    # a product has degree <= dL, the harmonic it is projected on <= dL + 2
    rule = sphere_quadrature(d * L + highest)
    harmonics = spherical_harmonics(highest, rule.directions)
    values = spherical_harmonics(L, rule.directions)[:, L * L if features == "exact" else 0 :]
    if mixing is not None:
        values = values @ mixing.T
    projection = rule.weights[:, None] * harmonics

    count = polynomial_count(L, d, features)
    enumerated = count <= MAX_MONOMIALS
    if not enumerated:
        count = harmonics.shape[1] + OVERSAMPLING
    batch = max(harmonics.shape[1], BATCH_BYTES // (8 * len(rule.weights)))
    triangle: NDArray[np.float64] = np.zeros((0, harmonics.shape[1]))
    source = _monomials(values, d, batch) if enumerated else _random_products(values, d, count, batch, seed)
    for products in source:
        # the size of a product is no information about the span: every one counts the same
        norms = np.sqrt(rule.weights @ products**2)
        coefficients = (products / np.where(norms > 0, norms, 1.0)).T @ projection
        # R of the QR decomposition has the singular values of all rows so far, also of any choice of columns
        triangle = np.asarray(np.linalg.qr(np.vstack([triangle, coefficients]), mode="r"))

    everything = np.linalg.svd(triangle, compute_uv=False)
    tolerance = rounding_tolerance((count, harmonics.shape[1]), everything[0])
    degrees = tuple(
        numerical_rank(np.linalg.svd(triangle[:, l * l : (l + 1) ** 2], compute_uv=False), tolerance)
        for l in range(highest + 1)
    )
    return NumericSpan(
        L,
        d,
        features,
        degrees,
        numerical_rank(everything, tolerance),
        "all monomials" if enumerated else "random products",
        count,
        len(rule.weights),
        seed,
    )


def _monomials(values: NDArray[np.float64], d: int, batch: int) -> Iterator[NDArray[np.float64]]:
    """All monomials of degree <= d in the columns of (n, f) ``values``, as (n, <= batch) arrays."""
    for k in range(d + 1):
        choices = combinations_with_replacement(range(values.shape[1]), k)
        while chosen := list(islice(choices, batch)):
            products = np.ones((len(values), len(chosen)))
            for factor in np.array(chosen, dtype=int).reshape(len(chosen), k).T:
                products *= values[:, factor]
            yield products


def _random_products(
    values: NDArray[np.float64], d: int, count: int, batch: int, seed: int
) -> Iterator[NDArray[np.float64]]:
    """Products of d random affine combinations of the columns: generic ones span what all monomials span."""
    rng = np.random.default_rng(seed)
    affine = np.column_stack([np.ones(len(values)), values])
    for start in range(0, count, batch):
        size = min(batch, count - start)
        products = np.ones((len(values), size))
        for _ in range(d):
            products *= affine @ rng.standard_normal((affine.shape[1], size))
            products /= np.abs(products).max(axis=0)
        yield products
