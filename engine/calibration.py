"""Tail probabilities by rank, and their combination."""

from __future__ import annotations

from collections.abc import Sequence

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


def combine(probabilities: Sequence[np.ndarray], weights: Sequence[float] | None = None) -> np.ndarray:
    """Half-Cauchy combination of tail probabilities; NaN entries are left out, with their weights.

    2/pi arccot of the weighted mean of cot(pi p / 2). It is the Cauchy combination test (ACAT: Liu and Xie, JASA 2020)
    with the absolute value of a Cauchy variable in place of the variable: as valid in the tail, whatever the dependence
    (Gui, Jiang and Wang, Biometrika 2025, on all of this kind), but a part near 1 takes nothing away from the others.
    With ACAT one honest habit cancelled any other evidence: addresses shared within a campaign padded by 80 % flagged
    0 % of it, and 99 % so. Fisher's method is invalid here: the inputs depend on one another.
    """
    stacked = np.clip(np.stack(list(probabilities)), 1e-12, 1.0)
    known = ~np.isnan(stacked)
    weight = np.where(known, np.ones(len(stacked))[:, None] if weights is None else np.asarray(weights)[:, None], 0.0)
    odds = np.where(known, 1.0 / np.tan(np.where(known, stacked, 0.5) * (np.pi / 2.0)), 0.0)
    total = weight.sum(axis=0)
    mean = np.divide((weight * odds).sum(axis=0), total, out=np.full(total.shape, np.nan), where=total > 0)
    return np.arctan2(1.0, mean) * (2.0 / np.pi)


def evidence(probability: np.ndarray) -> np.ndarray:
    """-log10 of a tail probability: 3 is one honest account in a thousand."""
    with np.errstate(invalid="ignore"):
        return -np.log10(probability)
