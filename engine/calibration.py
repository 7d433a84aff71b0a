"""Tail probabilities by rank, and their combination."""

from __future__ import annotations

import numpy as np


def tail_probability(scores: np.ndarray, null: np.ndarray) -> np.ndarray:
    """P(null >= score), by rank among the null's own scores: (1 + #{null >= s}) / (1 + n).

    Never below 1 / (1 + n), so evidence never claims more than the reference can support. Scores above all of the null
    are told apart short of that: (1 + exp(-(s - m) / b) / 2) / (1 + n), with m the null's greatest score and b how far
    it is from the null's 99 % quantile. NaN scores give NaN.
    """
    ordered = np.sort(null[~np.isnan(null)])
    above = (len(ordered) - np.searchsorted(ordered, scores, "left")).astype(np.float64)
    if len(ordered):
        greatest = ordered[-1]
        scale = greatest - ordered[int(0.99 * (len(ordered) - 1))]
        beyond = scores > greatest
        above[beyond] = 0.5 * np.exp(-(scores[beyond] - greatest) / (scale if scale > 0 else 1.0))
    return np.where(np.isnan(scores), np.nan, (1.0 + above) / (1.0 + len(ordered)))


def combine(*probabilities: np.ndarray) -> np.ndarray:
    """Cauchy combination (ACAT) of tail probabilities, valid under dependence; NaN entries are left out.

    Source: Liu and Xie, "Cauchy combination test", JASA 2020. Fisher's method is invalid here: the inputs depend on
    one another.
    """
    stacked = np.clip(np.stack(probabilities), 1e-12, 1 - 1e-7)
    known = ~np.isnan(stacked)
    cauchy = np.where(known, np.tan((0.5 - np.where(known, stacked, 0.5)) * np.pi), 0.0)
    count = known.sum(axis=0)
    mean = np.divide(cauchy.sum(axis=0), count, out=np.full(count.shape, np.nan), where=count > 0)
    return 0.5 - np.arctan(mean) / np.pi


def evidence(probability: np.ndarray) -> np.ndarray:
    """-log10 of a tail probability: 3 is one honest account in a thousand."""
    with np.errstate(invalid="ignore"):
        return -np.log10(probability)
