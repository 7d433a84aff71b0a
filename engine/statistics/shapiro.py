"""Shapiro and Wilk's W of many small samples at once.

Royston, "Remark AS R94" (Applied Statistics 44, 1995): W = (sum of a_i x_(i))^2 / sum of (x_i - mean)^2, with his
approximation to the coefficients, the one SciPy uses for a sample at a time.
"""

from functools import cache
from statistics import NormalDist

import numpy as np

_LAST = (-2.706056, 4.434685, -2.071190, -0.147981, 0.221157)  # in powers of 1 / sqrt(n), highest first
_BUT_ONE = (-3.582633, 5.682633, -1.752461, -0.293762, 0.042981)


@cache
def coefficients(size: int) -> np.ndarray:
    """Weights of the order statistics of a sample of three or more, least first; float64[size]."""
    if size == 3:
        return np.array([-np.sqrt(0.5), 0.0, np.sqrt(0.5)])
    scores = np.array([NormalDist().inv_cdf((i - 0.375) / (size + 0.25)) for i in range(1, size + 1)])
    total = float(scores @ scores)
    root = 1.0 / np.sqrt(size)
    ends = [np.polyval([*_LAST, scores[-1] / np.sqrt(total)], root)]
    if size > 5:
        ends.append(np.polyval([*_BUT_ONE, scores[-2] / np.sqrt(total)], root))
    known = len(ends)
    rest = total - 2.0 * float(scores[-known:] @ scores[-known:])
    scores = scores / np.sqrt(rest / (1.0 - 2.0 * sum(end * end for end in ends)))
    for place, end in enumerate(ends):
        scores[-1 - place], scores[place] = end, -end
    return scores


def shapiro_wilk(values: np.ndarray, owner: np.ndarray, owners: int, least: int) -> np.ndarray:
    """W of each owner's values, float64[owners]; NaN for fewer than ``least`` (3 or more), or where all are equal.

    values : float64, in any order; owner : int64 each
    """
    order = np.lexsort((values, owner))
    values = values[order]
    sizes = np.bincount(owner, minlength=owners)
    starts = np.cumsum(sizes) - sizes
    result = np.full(owners, np.nan)
    for size in np.unique(sizes[sizes >= max(3, least)]).tolist():
        rows = np.flatnonzero(sizes == size)
        table = values[starts[rows][:, None] + np.arange(size)]
        spread = ((table - table.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
        top = (table * coefficients(size)).sum(axis=1) ** 2
        varied = table[:, -1] - table[:, 0] > 1e-9 * np.abs(table[:, -1])
        result[rows] = np.divide(top, spread, out=np.full(len(rows), np.nan), where=varied)
    return np.minimum(result, 1.0)
