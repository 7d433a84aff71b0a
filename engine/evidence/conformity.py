"""Conformity: does an account move like the accounts that talk like it?

An account's own habits, binned, are scored against the histogram of its content neighbours over the reference's
histogram. Using the neighbourhood's statistics directly would let honest look-alikes inherit them (DESIGN 6.4). A
reference account is scored against *today's* accounts nearest to it, so both sides face today's habits. Neighbours are
those of the oddest calls: by the mean of all its calls a padded account has none of its own campaign.

Sums over many habits are strong where a campaign has all of them, and noisy where it has one: so each group of habits
is a score of its own, and they are combined as tail probabilities are.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from gauger.kernels.accounts.groups import Held, Pairs, holders_near

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
SHARED = "shared_addresses"
BINS = 8
NEIGHBOURS_MIN = 5  # of today's: fewer are no neighbourhood
# Pseudo-neighbours with the reference's habits: they keep small neighbourhoods near the overall histogram.
_ADDED = 5.0
_ADDED_SHARED = 2.0
_COUNTED = 65_536  # pairs of account and value that a thread counts at a time
_UNLIKE_MIN = -1.0  # least log-likelihood ratio of one habit in ``habit_likeness``


def _bins(values: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Quantile bin of each value by the reference's quantiles, int8, 0 .. BINS - 1; BINS = not available."""
    known = values[reference & ~np.isnan(values)]
    if len(known) == 0:
        return np.full(len(values), BINS, np.int8)
    edges = np.quantile(known, np.arange(1, BINS) / BINS)
    return np.where(np.isnan(values), BINS, np.searchsorted(edges, values, "right")).astype(np.int8)


def _log_ratio(values: np.ndarray, neighbours: np.ndarray, among: np.ndarray, today: np.ndarray) -> np.ndarray:
    """log(share of today's neighbours in the account's bin / share of the reference in it); 0 where not available."""
    bins = _bins(values, ~today)
    overall = np.bincount(bins[~today], minlength=BINS + 1) + 1.0
    same = ((bins[neighbours] == bins[:, None]) & among).sum(axis=1)
    usual = overall[bins] / overall.sum()
    ratio = np.log((same + _ADDED * usual) / (among.sum(axis=1) + _ADDED) / usual)
    return np.where(bins == BINS, 0.0, ratio)


def conformity_scores(
    statistics: dict[str, np.ndarray], neighbours: np.ndarray, today: np.ndarray
) -> dict[str, np.ndarray]:
    """Log-likelihood ratios of each account's habits: its today-neighbours against the reference; float64[n] by group.

    statistics : float64[n] each, those that are not there say nothing; neighbours : int64[n, k] nearest accounts;
    today : bool[n]
    NaN for accounts with fewer than ``NEIGHBOURS_MIN`` of today's accounts among their neighbours, and without any of
    a group's statistics.
    """
    among = today[neighbours]
    enough = among.sum(axis=1) >= NEIGHBOURS_MIN
    names = [name for name in GROUPS["conformity_habits"] if name in statistics]
    ratios = {name: _log_ratio(statistics[name], neighbours, among, today) for name in names}
    nothing = np.full(len(today), np.nan)
    result = {}
    for group, members in GROUPS.items():
        known = [ratios[name] for name in members if name in ratios]
        result[group] = np.where(enough, np.sum(known, axis=0), np.nan) if known else nothing
    return result


def habit_likeness(group: dict[str, np.ndarray], others: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """How much more the habits of accounts are a group's than the others': log-likelihood ratios, float64.

    group, others : statistics of both; those that one side lacks say nothing. One habit that differs counts little:
    an operator changes one, not all.
    Returns those of the group's accounts, each left out of the histogram it meets, and those of the others.
    """
    count = len(next(iter(group.values())))
    result_own, result_theirs = np.zeros(count), np.zeros(len(next(iter(others.values()))))
    for name in GROUPS["conformity_habits"]:
        if name not in group or name not in others:
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


def shared_values(
    owner: np.ndarray,
    value: np.ndarray,
    day: np.ndarray,
    neighbours: np.ndarray,
    accounts: int,
    workers: int = 1,
) -> np.ndarray:
    """Log-likelihood ratio of sharing a value with one's content neighbours of the same day; float64[accounts].

    owner, value : int64 and uint64, distinct pairs, what each account was seen with
    day : int64[accounts], the day each account is of; neighbours : int64[accounts, k]

    Of an account's values the greatest of log(share of its neighbours that have it / share of all accounts of *other*
    days that have it) counts; 0 where no neighbour has one, NaN for an account without values. What other days had,
    such as the way out of a company or of a carrier, is worth little; what is new and shared by those that talk alike
    is worth much. Both sides are asked alike, each account against its own day.
    """
    result = np.full(accounts, np.nan)
    result[owner] = 0.0
    _, day = np.unique(day, return_inverse=True)
    days = int(day.max(initial=0)) + 1
    distinct, number = np.unique(value, return_inverse=True)
    seen = np.bincount(number * days + day[owner], minlength=len(distinct) * days).reshape(-1, days)
    asked = np.zeros(accounts, bool)
    asked[owner] = True
    size = np.bincount(day[asked], minlength=days)
    # Alone with a value on its day, an account shares it with nobody: most values are no further work.
    rows = np.flatnonzero(seen[number, day[owner]] >= 2)
    if len(rows) == 0:
        return result
    rows = rows[np.lexsort((number[rows], owner[rows]))]
    holder, number = owner[rows], number[rows]
    held, pairs = Held(np.searchsorted(holder, np.arange(accounts + 1)), number), Pairs(holder, number)
    near, known_day = np.ascontiguousarray(neighbours), np.where(asked, day, -1)
    comparable, same = np.empty((2, len(rows)), np.int64)

    def block(first: int) -> None:
        holders_near(held, pairs, near, known_day, first, min(first + _COUNTED, len(rows)), comparable, same)

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(block, range(0, len(rows), _COUNTED)))
    elsewhere = seen[number].sum(axis=1) - seen[number, day[holder]]
    usual = (elsewhere + 0.5) / (size.sum() - size[day[holder]] + 1.0)
    ratio = np.log((same + _ADDED_SHARED * usual) / (comparable + _ADDED_SHARED) / usual)
    np.maximum.at(result, holder, np.where(same > 0, ratio, 0.0))
    return result
