"""The direct route to the spans, as one would write it today: what the theorem's benchmark is set beside.

e3nn's features at random points, all monomials as columns, least squares for every Y_lm, rank by SVD.
"""

import sys
from itertools import combinations_with_replacement
from math import comb


def sizes(L: int, d: int) -> tuple[int, int]:
    """Number of random points (four for every harmonic to be fitted) and of monomials."""
    return 4 * (d * L + 3) ** 2, comb((L + 1) ** 2 + d, d)


def direct_span(L: int, d: int, seed: int = 0) -> tuple[list[bool], int]:
    """Which degrees l = 0..dL+2 least squares fits to 1e-8, and the rank of the monomials."""
    import numpy as np
    import torch
    from e3nn import o3

    points, _ = sizes(L, d)
    directions = torch.from_numpy(np.random.default_rng(seed).standard_normal((points, 3)))
    values = o3.spherical_harmonics(list(range(L + 1)), directions, True, "component").numpy()
    columns = [
        values[:, list(chosen)].prod(axis=1)
        for k in range(d + 1)
        for chosen in combinations_with_replacement(range(values.shape[1]), k)
    ]
    matrix = np.stack(columns, axis=1)
    basis, singular_values, _ = np.linalg.svd(matrix, full_matrices=False)
    rank = int((singular_values > singular_values[0] * max(matrix.shape) * np.finfo(float).eps).sum())
    basis = basis[:, :rank]
    fitted = []
    for l in range(min(d * L + 2, 12) + 1):  # e3nn tabulates no higher degree
        target = o3.spherical_harmonics(l, directions, True, "component").numpy()
        fitted.append(float(np.abs(target - basis @ (basis.T @ target)).max()) < 1e-8)
    return fitted, rank


if __name__ == "__main__":
    found, dimension = direct_span(int(sys.argv[1]), int(sys.argv[2]))
    print(found, dimension)
