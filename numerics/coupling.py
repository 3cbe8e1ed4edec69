"""Clebsch-Gordan coupling of functions on SO(3), and the equivariant polynomial kernel that it gives.

A function of a rotation, F(R) = Σ_l Σ_mn A^l_mn D^l_mn(R), is held by its coefficient matrices A^l; D^l is the Wigner
matrix in e3nn's real basis. The product of two such functions is one again, with coefficients

    (A·B)^l_μν = (2l+1) Σ_{l1,l2} Σ C^{l1 l2 l}_{m n μ} C^{l1 l2 l}_{m' n' ν} A^{l1}_mm' B^{l2}_nn',

C being Wigner's 3j symbols in the real basis, normalised to ΣC² = 1 (`e3nn.o3.wigner_3j`): this is the decomposition
of D^{l1} ⊗ D^{l2}.

For node features h = (h^l) with channels c, the invariant form ⟨h, D(R) h'⟩ has A^l_mn = Σ_c h^l_cm h'^l_cn. Averaging
the polynomial kernel (1 + ⟨h, D(R) h'⟩)^d against D^l over all rotations gives the matrix-valued kernel

    K^l(h, h') = ∫ (1 + ⟨h, D(R) h'⟩)^d D^l(R) dR = A^l[(1 + ⟨h, D h'⟩)^d] / (2l+1),

whose ridge regression fits every equivariant polynomial of degree ≤ d and order l, one weight per Clebsch-Gordan path:
the limit of ordinary kernel ridge regression with (1 + ⟨h, h'⟩)^d over infinitely many orientations of each sample.
"""

from collections.abc import Iterable, Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

Order = tuple[int, int]
"""(l, p): degree and parity, p = +1 or -1; p = +1 throughout where a network is equivariant under SO(3) only."""

ROWS_PER_BLOCK = 16

Coefficients = Mapping[Order, Array]
"""Coefficient matrices (..., 2l+1, 2l+1) of a function on SO(3), by order; an absent order is zero."""


@cache
def clebsch_gordan(l1: int, l2: int, l3: int) -> Array:
    """Real Wigner 3j symbols (2 l1 + 1, 2 l2 + 1, 2 l3 + 1), ΣC² = 1, in e3nn's basis (`e3nn.o3.wigner_3j`)."""
    import torch
    from e3nn.o3 import wigner_3j

    return wigner_3j(l1, l2, l3, dtype=torch.float64).numpy()


def product(first: Coefficients, second: Coefficients, orders: Iterable[Order]) -> dict[Order, Array]:
    """Coefficients of the pointwise product of two functions on SO(3), at the given orders only.

    Args:
        first, second: coefficients with the same leading dimensions.
        orders: which orders of the product to compute; those that no pair of orders couples to stay absent.
    """
    result: dict[Order, Array] = {}
    for l, p in orders:
        total = None
        for (l1, p1), a in first.items():
            for (l2, p2), b in second.items():
                if p1 * p2 != p or not abs(l1 - l2) <= l <= l1 + l2:
                    continue
                symbol = clebsch_gordan(l1, l2, l)
                # contract one index at a time: (m m') with (m n μ), then (n n'), then (m' n' ν)
                partial = np.tensordot(a, symbol, axes=([-2], [0]))  # (..., m', n, μ)
                partial = np.einsum("...xnu,...ny->...uxy", partial, b, optimize=True)
                flat = partial.reshape(*partial.shape[:-2], -1)
                term = flat @ symbol.reshape(-1, 2 * l + 1)
                total = term if total is None else total + term
        if total is not None:
            result[l, p] = (2 * l + 1) * total
    return result


def invariant_form(first: Mapping[Order, Array], second: Mapping[Order, Array]) -> dict[Order, Array]:
    """Coefficients of R ↦ ⟨h_i, D(R) h'_j⟩ for every pair of samples.

    Args:
        first: features by order, each (n, channels, 2l+1).
        second: features by order, each (n', channels, 2l+1).

    Returns:
        By order, (n, n', 2l+1, 2l+1).
    """
    return {order: np.einsum("icm,jcn->ijmn", first[order], second[order], optimize=True) for order in first}


def equivariant_gram(
    first: Mapping[Order, Array], second: Mapping[Order, Array], degree: int, orders: Iterable[Order]
) -> dict[Order, Array]:
    """Gram matrices of the equivariant polynomial kernel K^l of the given degree (see the module's text).

    Args:
        first: features by order, each (n, channels, 2l+1).
        second: features by order, each (n', channels, 2l+1).
        degree: d ≥ 0.
        orders: orders of the targets.

    Returns:
        By order, (n (2l+1), n' (2l+1)), sample-major; an order that no polynomial of this degree has is absent.
    """
    orders = tuple(orders)
    rows = len(next(iter(first.values())))
    columns = len(next(iter(second.values())))
    blocks: dict[Order, list[Array]] = {}
    # a few rows at a time: the coefficients of one block of pairs stay in the cache
    for start in range(0, rows, ROWS_PER_BLOCK):
        part = {order: features[start : start + ROWS_PER_BLOCK] for order, features in first.items()}
        for (l, p), block in _block(part, second, degree, orders).items():
            flat = block.transpose(0, 2, 1, 3).reshape(-1, columns * (2 * l + 1))
            blocks.setdefault((l, p), []).append(flat / (2 * l + 1))
    return {order: np.concatenate(parts) for order, parts in blocks.items()}


def _block(
    first: Mapping[Order, Array], second: Mapping[Order, Array], degree: int, orders: tuple[Order, ...]
) -> dict[Order, Array]:
    """Coefficients of (1 + ⟨h_i, D(R) h'_j⟩)^degree at the wanted orders, each (n, n', 2l+1, 2l+1)."""
    form = invariant_form(first, second)
    one = np.ones((len(next(iter(first.values()))), len(next(iter(second.values()))), 1, 1))
    if degree == 0:
        return {(0, 1): one} if (0, 1) in orders else {}
    base = form | {(0, 1): form.get((0, 1), 0) + one}
    power = base
    highest = max(l for l, _ in base)
    for step in range(2, degree + 1):
        inner = tuple((l, p) for l in range(step * highest + 1) for p in (1, -1))
        power = product(power, base, orders if step == degree else inner)
    return {order: power[order] for order in orders if order in power}
