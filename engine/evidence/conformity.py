"""Conformity, or peer-group analysis: does an account move like the accounts that talk like it, its peers?

An account's own habits, binned, are scored against the histogram of its content neighbours over the reference's
histogram. Using the neighbourhood's statistics directly would let honest look-alikes inherit them. A reference
account is scored against *today's* accounts nearest to it, so both sides face today's habits. Peers are neighbours by
the oddest calls: by the mean of all its calls a padded account has none of its own campaign.

Sums over many habits are strong where a campaign has all of them, and noisy where it has one: so each group of habits
is a score of its own, and they are combined as tail probabilities are.
"""

from functools import partial

import numpy as np

from gauger.engine.evidence.pool import Pool

_VOLUME = ("calls_log2",)
_TIMING = ("active_hours", "gap_variation", "gap_median_s", "hour_entropy")
_ADDRESSES = ("addresses_per_call",)
_SETTINGS = ("output_tokens_mean", "output_tokens_variation", "account_age_days", "conversations_per_call")
GROUPS: dict[str, tuple[str, ...]] = {
    "conformity_volume": _VOLUME,
    "conformity_timing": _TIMING,
    "conformity_addresses": _ADDRESSES,
    "conformity_settings": _SETTINGS,
    "conformity_pace": (*_VOLUME, "active_hours", "gap_variation", "gap_median_s", *_ADDRESSES),
    "conformity_habits": (*_VOLUME, *_TIMING, *_ADDRESSES, *_SETTINGS),
}
BINS = 8
NEIGHBOURS_MIN = 5  # of today's: fewer are no neighbourhood
# Pseudo-neighbours with the reference's habits: they keep small neighbourhoods near the overall histogram.
_ADDED = 5.0
_UNLIKE_MIN = -1.0  # least log-likelihood ratio of one habit in ``habit_likeness``


def _bins(values: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Quantile bin of each value by the reference's quantiles, int8, 0 .. BINS - 1; BINS = not available."""
    known = values[reference & ~np.isnan(values)]
    if len(known) == 0:
        return np.full(len(values), BINS, np.int8)
    edges = np.quantile(known, np.arange(1, BINS) / BINS)
    return np.where(np.isnan(values), BINS, np.searchsorted(edges, values, "right")).astype(np.int8)


def _log_ratio(name: str, among: np.ndarray, pool: Pool) -> np.ndarray:
    """log(share of today's peers in the account's bin / share of the reference in it); 0 where not available.

    name : of the statistic; among : bool[wanted, k], which of the peers are today's
    """
    bins = _bins(pool.statistics[name], ~pool.today)
    overall = np.bincount(bins[~pool.today], minlength=BINS + 1) + 1.0
    own = bins[: pool.wanted]
    same = ((bins[pool.peers] == own[:, None]) & among).sum(axis=1)
    usual = overall[own] / overall.sum()
    ratio = np.log((same + _ADDED * usual) / (among.sum(axis=1) + _ADDED) / usual)
    return np.where(own == BINS, 0.0, ratio)


def group_score(habits: tuple[str, ...], pool: Pool) -> np.ndarray:
    """Log-likelihood ratio of each account's habits: its today-peers against the reference; float64[wanted].

    habits : names of statistics; those that are not there say nothing. NaN for accounts with fewer than
    ``NEIGHBOURS_MIN`` of today's accounts among their peers, and without any of the statistics.
    """
    known = [name for name in habits if name in pool.statistics]
    if not known:
        return np.full(pool.wanted, np.nan)
    among = pool.once("today's among the peers", lambda: pool.today[pool.peers])
    ratios = [pool.once(f"peers by {name}", partial(_log_ratio, name, among, pool)) for name in known]
    return np.where(among.sum(axis=1) >= NEIGHBOURS_MIN, np.sum(ratios, axis=0), np.nan)


def not_compared(pool: Pool) -> list[str]:
    """Sentences: which habits both sides know and too few accounts of one side have."""
    return [
        f"{name} is there for {today:.0%} of today's accounts and {earlier:.0%} of the reference's: it is not compared"
        for name, (today, earlier) in pool.filled.items()
        if name in GROUPS["conformity_habits"] and name not in pool.compared
    ]


def habit_likeness(group: dict[str, np.ndarray], others: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """How much more the habits of accounts are a group's than the others': log-likelihood ratios, float64.

    group, others : statistics of both; those that one side lacks say nothing. One habit that differs counts little:
    an operator changes one, not all.
    Returns those of the group's accounts, each left out of the histogram it meets, and those of the others.
    """
    count = len(next(iter(group.values())))
    result_own, result_theirs = np.zeros(count), np.zeros(len(next(iter(others.values()))))
    for name in GROUPS["conformity_habits"]:
        if name not in group or name not in others or np.isnan(group[name]).all() or np.isnan(others[name]).all():
            continue
        values = np.concatenate([group[name], others[name]])
        bins = _bins(values, np.arange(len(values)) >= count)
        own, theirs = bins[:count], bins[count:]
        usual = np.bincount(theirs, minlength=BINS + 1) + 1.0
        usual /= usual.sum()
        number = np.bincount(own, minlength=BINS + 1)
        for side, result, itself in ((own, result_own, 1), (theirs, result_theirs, 0)):
            share = (number[side] - itself + _ADDED * usual[side]) / (len(own) - itself + _ADDED)
            result += np.where(side == BINS, 0.0, np.maximum(np.log(share / usual[side]), _UNLIKE_MIN))
    return result_own, result_theirs
