"""Conformity: does an account move like the accounts that talk like it?

An account's own timing and address habits, binned, are scored against the histogram of its content neighbours over the
reference's histogram. Using the neighbourhood's statistics directly would let honest look-alikes inherit them
(DESIGN 6.4). A reference account is scored against *today's* accounts nearest to it, so both sides face today's habits.
"""

from __future__ import annotations

import numpy as np

FEATURES = ("calls_log2", "active_hours", "gap_variation", "gap_median_s", "addresses_per_call")
BINS = 8


def _bins(values: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Quantile bin of each value by the reference's quantiles, 0 .. BINS - 1; BINS = not available."""
    known = values[reference & ~np.isnan(values)]
    if len(known) == 0:
        return np.full(len(values), BINS, np.int64)
    edges = np.quantile(known, np.arange(1, BINS) / BINS)
    return np.where(np.isnan(values), BINS, np.searchsorted(edges, values, "right"))


def conformity_scores(statistics: dict[str, np.ndarray], neighbours: np.ndarray, today: np.ndarray) -> np.ndarray:
    """Log-likelihood ratio of each account's habits: its today-neighbours against the reference; float64[n].

    statistics : float64[n] each; neighbours : int64[n, k] nearest accounts; today : bool[n]
    NaN for accounts with fewer than five of today's accounts among their neighbours: there is no neighbourhood.
    """
    total = np.zeros(len(today))
    among = today[neighbours]
    weight = among.sum(axis=1)
    for name in FEATURES:
        bins = _bins(statistics[name], ~today)
        overall = np.bincount(bins[~today], minlength=BINS + 1) + 1.0
        own = bins[neighbours]
        same = ((own == bins[:, None]) & among).sum(axis=1)
        # One pseudo-neighbour spread as the reference is keeps small neighbourhoods near the overall histogram.
        prior = overall[bins] / overall.sum()
        total += np.where(bins == BINS, 0.0, np.log((same + 2.0 * prior) / (weight + 2.0) / prior))
    return np.where(weight >= 5, total, np.nan)
