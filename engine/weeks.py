"""Weeks: kept days joined, so that a campaign too thin for any one day is heavy enough to be weighed.

An account that sends four calls a day has no evidence on any day, and twenty-eight calls in a week. Days keep sums and
samples, and those merge: sums add, samples are joined by smallest keyed hash, links are a set. Statistics do not merge;
a week's are the means of its days', weighted by calls, on both sides alike.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gauger.engine.population import Population
from gauger.engine.reference import concatenate
from gauger.engine.settings import Settings
from gauger.kernels.features import FEATURES


def join_days(days: Sequence[Population], settings: Settings) -> Population:
    """One population of several days', one row an account, in order of id."""
    whole = concatenate(days)
    names, place = np.unique(np.asarray(whole.account_ids, object), return_inverse=True)
    count = len(names)
    calls, sums = np.zeros(count, np.int64), np.zeros((count, FEATURES), np.int32)
    np.add.at(calls, place, whole.calls)
    np.add.at(sums, place, whole.sums)
    owner = place[whole.sample_owner]
    order = np.lexsort((whole.sample_identity, owner))
    number = np.arange(len(order)) - np.searchsorted(owner[order], owner[order], "left")
    kept = order[number < settings.sample_calls]
    links = np.unique(
        np.stack([place[whole.link_owner].astype(np.uint64), whole.link_channel.astype(np.uint64), whole.link_value]),
        axis=1,
    )
    return Population(
        account_ids=names.tolist(),
        calls=calls,
        sums=sums,
        statistics={name: _mean(values, whole.calls, place, count) for name, values in whole.statistics.items()}
        | {"calls_log2": np.log2(np.maximum(1, calls))},
        sample_owner=owner[kept],
        sample_identity=whole.sample_identity[kept],
        sample_row=whole.sample_row[kept],
        sample_features=whole.sample_features,
        link_owner=links[0].astype(np.int64),
        link_channel=links[1].astype(np.uint8),
        link_value=links[2],
    )


def _mean(values: np.ndarray, calls: np.ndarray, place: np.ndarray, count: int) -> np.ndarray:
    """Mean of each account's days, weighted by calls; NaN where no day has the statistic."""
    known = ~np.isnan(values)
    weight = np.bincount(place[known], calls[known], minlength=count)
    total = np.bincount(place[known], values[known] * calls[known], minlength=count)
    return np.divide(total, weight, out=np.full(count, np.nan), where=weight > 0)
