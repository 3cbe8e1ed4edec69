"""What the two routes to the ranks of one instance need, from the sizes of their spaces."""

from itertools import product

from span_theorem.budget import Estimate
from span_theorem.law import require_instance
from span_theorem.multiplicity import weight_counts
from span_theorem.weights import weight_numbers

LARGEST = 400
"""dL, d or number of channels beyond which nothing is counted: it is far too much."""


def swept_estimate(L: int, d: int, output_degree: int, channels: int) -> Estimate:
    """For :func:`span_theorem.swept.swept_ranks`; measured from (1, 2) to (3, 5), good to a factor of four.

    >>> swept_estimate(3, 4, 0, 2).seconds < 10 < swept_estimate(4, 8, 0, 4).seconds
    True
    """
    require_instance(L, d)
    if max(d * L, d, channels) > LARGEST:
        return _far_too_much(L, d, channels)
    points = (d * L + 1) ** 2
    half = d // 2
    sizes = _sizes(L, channels, d - half)
    work = 0.0
    for k in range(1, d - half + 1):
        top = k * L if k < half else min(k * L, output_degree + (d - k) * L)
        features = dict.fromkeys(range(L + 1), channels)
        fixing = (k * L + 1) ** 2
        work += sum(_step(sizes[k - 1], features, l, points, fixing) for l in range(top + 1))
    work += _step(sizes[d - half], sizes[half], output_degree, points, points)
    widest = max(n * (2 * l + 1) for l, n in sizes[d - half].items())
    return Estimate(3e8 + 60 * points * widest + 8e2 * points**2, 0.2 + work)


def numeric_swept_estimate(L: int, d: int, output_degree: int, channels: int) -> Estimate:
    """For :func:`span_theorem.swept_numeric.swept_numeric`: all paths at all nodes."""
    require_instance(L, d)
    if max(d * L, d, channels) > LARGEST:
        return _far_too_much(L, d, channels)
    columns, nodes = (d * L + 1) ** 2, (d * L + 1) * (2 * d * L + 1)
    counts = _counts(L, channels, d)
    outputs = counts[d].get(output_degree, 0) * (2 * output_degree + 1)
    # the parts of the last coupling are kept until it is done
    parts = sum(n * (2 * l + 1) for l, n in counts[max(d - 1, 0)].items())
    flops = outputs * columns * (nodes + 4 * columns) + 20 * nodes * parts * channels * (L + 1)
    return Estimate(6e8 + 16 * nodes * (outputs + parts) + 16 * outputs * columns, 4 + 1e-9 * flops)


def _far_too_much(L: int, d: int, channels: int) -> Estimate:
    size = float(min(max(d * L, d, channels), 10**20))
    return Estimate(6e7 + 100 * size**4, 1e-7 * size**6)


def _sizes(L: int, channels: int, degree: int) -> list[dict[int, int]]:
    """For k = 0..degree, the dimension of the equivariant functions of degree <= k with values in V_l, at most."""
    return [
        {l: min(n, (k * L + 1) ** 2 * (2 * l + 1)) for l, n in maps.items()}
        for k, maps in enumerate(_counts(L, channels, degree))
    ]


def _counts(L: int, channels: int, degree: int) -> list[dict[int, int]]:
    """For k = 0..degree, how many equivariant polynomials of degree <= k with values in V_l there are."""
    counts = [channels * count for count in weight_counts(L, "upto").values()]
    total: dict[int, int] = {}
    result = []
    for k, numbers in enumerate(weight_numbers(counts, range(degree + 1), degree * L + 1)):
        for l in range(k * L + 1):
            deficit = k * L - l
            total[l] = total.get(l, 0) + numbers[deficit] - (numbers[deficit - 1] if deficit else 0)
        result.append(dict(total))
    return result


def _step(first: dict[int, int], second: dict[int, int], l: int, points: int, fixing: int) -> float:
    """Seconds for all couplings of two lists to V_l, and for the reduction of them by ``fixing`` points."""
    width = fixing * (2 * l + 1)
    rows = seconds = 0.0
    for (a, m), (b, n) in product(first.items(), second.items()):
        if abs(a - b) <= l <= a + b:
            rows += m * n
            # terms of a transvectant times multiplications and reductions modulo p
            seconds += (
                1.5e-8 * m * n * points * min((2 * a + 1) * (2 * b + 1), (2 * l + 1) * (2 * min(a, b) + 1))
            )
    kept = min(rows, width)
    return seconds + rows * width * (1.5e-7 + 1e-9 * kept)
