"""Whether one quantity goes with others, by rank."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pandas import DataFrame


def rank_correlations(table: "DataFrame", of: str, others: Sequence[str], by: Sequence[str]) -> "DataFrame":
    """Rank correlations of one column with others, one row a group and column.

    Args:
        table: tidy.
        of, others: columns with numbers; one that a group lacks is left out of it.
        by: columns whose values tell groups apart.

    Returns:
        ``by``, ``with``, ``n`` and what :func:`rank_correlation` gives.
    """
    import pandas

    rows = []
    for key, group in table.groupby(list(by), sort=False):
        names = dict(zip(by, key, strict=True)) | {"n": len(group)}
        for other in others:
            if group[other].notna().all():
                rows.append(names | {"with": other} | rank_correlation(group[of], group[other]))
    return pandas.DataFrame(rows)


def rank_correlation(x: Sequence[float], y: Sequence[float]) -> dict[str, float]:
    """Spearman's r with its 95% interval (Bonett and Wright 2000), pairs counted as independent.

    Returns:
        ``r``, ``r_low``, ``r_high``; NaN where one of both does not vary.
    """
    from scipy.stats import rankdata

    ranks = [rankdata(values) for values in (x, y)]
    if any(np.ptp(values) == 0 for values in ranks):
        return dict.fromkeys(("r", "r_low", "r_high"), np.nan)
    r = float(np.clip(np.corrcoef(ranks)[0, 1], -1, 1))
    half = 1.96 * np.sqrt((1 + r**2 / 2) / (len(ranks[0]) - 3)) if len(ranks[0]) > 3 else np.inf
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = np.tanh(np.arctanh(r) + np.array([-half, half]))
    return {"r": r, "r_low": float(low), "r_high": float(high)}
