"""Tail probabilities by rank, and their combination."""

from collections.abc import Sequence

import numpy as np

# Scores beyond all of the null are told apart on the scale of its last hundredth.
_LAST = 0.99


def tail_probability(scores: np.ndarray, null: np.ndarray) -> np.ndarray:
    """P(null >= score), by rank among the null's own scores: (1 + #{null >= s}) / (1 + n).

    Never below 1 / (1 + n), so evidence never claims more than the reference can support. Scores above all of the null
    are told apart short of that: (1 + exp(-(s - q) / b) / 2) / (1 + n), with q the null's 99 % quantile and b how far
    its greatest score is from it. NaN scores give NaN.
    """
    return _by_rank(scores, null, 0.0)


def pooled_tail_probability(scores: np.ndarray, today: np.ndarray) -> np.ndarray:
    """Tail probabilities of a pool: of today's accounts, as above; of the null's, each against the others.

    An account of the null counts as half an account at its own place (the mid-p value: Lancaster, JASA 1961), and
    whatever is above all others is told apart by one formula on both sides. Probabilities that will be combined must
    mean the same on both sides. If an account of the null counts itself whole, its best is 2 / (1 + n) and today's
    1 / (1 + n): every part combined adds accounts of today to those beyond all of the null, and of 300 honest accounts
    against 300, 4.5 are flagged in place of 1. If it does not count itself at all, half as many as there should be.

    scores : float64[n]
    today : bool[n], False for the null's accounts
    """
    return _by_rank(scores, scores[~today], np.where(today, 0.0, 0.5))


def _by_rank(scores: np.ndarray, null: np.ndarray, own: np.ndarray | float) -> np.ndarray:
    """Tail probabilities; ``own`` is what each score itself, where it is one of the null's, adds too much."""
    ordered = np.sort(null[~np.isnan(null)])
    above = len(ordered) - np.searchsorted(ordered, scores, "left") - own
    if len(ordered):
        usual = ordered[int(_LAST * (len(ordered) - 1))]
        scale = ordered[-1] - usual
        beyond = above <= own  # nobody else reaches these
        above[beyond] = 0.5 * np.exp(-(scores[beyond] - usual) / (scale if scale > 0 else 1.0))
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
