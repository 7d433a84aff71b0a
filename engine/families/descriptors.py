"""What the calls of a family say: who sends them, when, and what they ask for.

Every figure is a function of the set of calls. What its columns cannot tell is NaN, never zero.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ive

from gauger.engine.common.settings import HOUR_US
from gauger.engine.intake.elicitation import DATA_SET, REASONING, RUBRIC

PACE_CALLS_MIN = 5  # fewer calls have no pace
HOURS_MAX = 62 * 24  # one stray timestamp must not make a list of a million hours


@dataclass(frozen=True)
class Descriptors:
    """Figures of f families; float64[f] unless said otherwise, NaN = not available.

    accounts : int64[f], accounts that sent a call
    largest_account_share : calls of the account that sent most / calls, 1 / accounts .. 1. One vendor's app behind one
        key is near 1.
    account_gini : Gini coefficient of calls over accounts, sum (2 i - n - 1) x_i / ((n - 1) sum x) with x ascending,
        i = 1 .. n; 0 where all send alike, 1 where one sends all; NaN for one account. Herfindahl's index says nothing
        here: it is near 0 for any family of many accounts.
    account_gini_chance : what it would be if each call came from any of the accounts alike (``_gini_by_chance``). A
        Gini coefficient of this size or less: work dealt out to accounts, as a campaign does. More: some use it a lot
        and most a little, as with an app or a tool in many hands.
    hourly : int64, calls in each UTC hour from that of the first call to that of the last, end to end; family f has
        hourly[hourly_offsets[f]:hourly_offsets[f + 1]], nothing below PACE_CALLS_MIN calls or beyond HOURS_MAX hours
    hour_calls_median, hour_calls_peak : calls in an hour that has any, median and most; NaN below PACE_CALLS_MIN calls
    burstiness : of the gaps between the family's calls, B = (s - m) / (s + m), m their mean, s their standard
        deviation (Goh and Barabasi, "Burstiness and memory in complex systems", EPL 81, 2008); -1 a clock, 0 chance
        (Poisson), 1 bursts. NaN below PACE_CALLS_MIN calls or where all came at once. Accounts that take turns are
        below 0 together even if each alone looks random; people, who sleep, are above.
    elicitation, reasoning, rubrics, data_sets : share of calls whose prompt holds a phrase of any kind; that asks for
        step-by-step reasoning; for grading by rubric; for a data set (``intake.elicitation``), 0 .. 1. NaN for token
        ids.
    """

    accounts: np.ndarray
    largest_account_share: np.ndarray
    account_gini: np.ndarray
    account_gini_chance: np.ndarray
    hourly_offsets: np.ndarray
    hourly: np.ndarray
    hour_calls_median: np.ndarray
    hour_calls_peak: np.ndarray
    burstiness: np.ndarray
    elicitation: np.ndarray
    reasoning: np.ndarray
    rubrics: np.ndarray
    data_sets: np.ndarray


def _counted(owner: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct (owner, value) pairs, sorted, and how often each occurs."""
    order = np.lexsort((values, owner))
    owner, values = owner[order], values[order]
    fresh = np.ones(len(order), bool)
    fresh[1:] = (owner[1:] != owner[:-1]) | (values[1:] != values[:-1])
    starts = np.flatnonzero(fresh)
    return owner[starts], values[starts], np.diff(np.append(starts, len(order)))


def _ranks(owner: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Place of each row within its owner's, from 0, and rows of each owner; ``owner`` ascends."""
    number = np.bincount(owner, minlength=count)
    first = np.cumsum(number) - number
    return np.arange(len(owner)) - first[owner], number


def _concentration(family: np.ndarray, account: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Accounts, share of the largest and Gini coefficient of each family."""
    owner, _, calls = _counted(family, account)
    calls = calls[np.lexsort((calls, owner))]  # owners stay where they are: it is the first key
    rank, number = _ranks(owner, count)
    total, largest = np.bincount(owner, calls, minlength=count), np.zeros(count, np.int64)
    np.maximum.at(largest, owner, calls)
    uneven = np.zeros(count, np.int64)
    np.add.at(uneven, owner, (2 * rank + 1 - number[owner]) * calls)
    gini = np.where(number > 1, uneven / np.maximum(1.0, (number - 1.0) * total), np.nan)
    return number, largest / np.maximum(1.0, total), gini


def _gini_by_chance(mean: np.ndarray) -> np.ndarray:
    """Gini coefficient of Poisson counts that are not 0 and have this mean, float64; 0 for a mean of 1.

    For Poisson counts of rate r, E|X - Y| = 2 r exp(-2 r) (I0(2 r) + I1(2 r)) (Ramasubban, "The mean difference and
    the mean deviation of some discontinuous distributions", Biometrika 45, 1958). An account that sent nothing is not
    in the family: with p = exp(-r), E|X - Y| = (1 - p)^2 E|X' - Y'| + 2 p r for counts X', Y' that are not 0, of mean
    r / (1 - p).
    """
    rate = np.maximum(mean - 1.0, 1e-9)
    for _ in range(60):  # r = mean (1 - exp(-r)) has one solution above 0, and this falls or climbs to it
        rate = np.maximum(mean * -np.expm1(-rate), 1e-12)
    present = -np.expm1(-rate)
    difference = 2.0 * rate * (ive(0, 2.0 * rate) + ive(1, 2.0 * rate))
    truncated = (difference - 2.0 * (1.0 - present) * rate) / present**2
    return np.where(mean > 1.0 + 1e-6, np.maximum(0.0, truncated / (2.0 * mean)), 0.0)


def _burstiness(family: np.ndarray, times: np.ndarray, count: int) -> np.ndarray:
    order = np.lexsort((times, family))
    family, times = family[order], times[order]
    same = family[1:] == family[:-1]
    owner, gap = family[1:][same], np.diff(times)[same] / 1e6
    number = np.maximum(1, np.bincount(owner, minlength=count))
    mean = np.bincount(owner, gap, minlength=count) / number
    spread = np.sqrt(np.bincount(owner, (gap - mean[owner]) ** 2, minlength=count) / number)
    enough = (np.bincount(family, minlength=count) >= PACE_CALLS_MIN) & (mean > 0)
    return np.where(enough, (spread - mean) / np.where(enough, spread + mean, 1.0), np.nan)


def _median(owner: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """Median of each owner's values, NaN without any; ``owner`` ascends."""
    values = values[np.lexsort((values, owner))]
    _, number = _ranks(owner, count)
    first = np.cumsum(number) - number
    known = np.flatnonzero(number > 0)
    result = np.full(count, np.nan)
    low, high = first + (number - 1) // 2, first + number // 2
    result[known] = (values[low[known]] + values[high[known]]) / 2.0
    return result


def describe(
    family: np.ndarray, times: np.ndarray, account: np.ndarray, flags: np.ndarray | None, count: int
) -> Descriptors:
    """Describe ``count`` families, each of at least one call.

    family, times, account : int64[calls], family row, microseconds, account row
    flags : uint8[calls], elicitation flags of the call's prompt; None = not available
    """
    accounts, largest, gini = _concentration(family, account, count)
    calls = np.bincount(family, minlength=count)
    owner, hour, number = _counted(family, times // HOUR_US)
    paced = calls >= PACE_CALLS_MIN
    first, last = np.full(count, np.iinfo(np.int64).max), np.full(count, np.iinfo(np.int64).min)
    np.minimum.at(first, owner, hour)
    np.maximum.at(last, owner, hour)
    span = np.where(paced & (last - first < HOURS_MAX), last - first + 1, 0)
    offsets = np.concatenate([[0], np.cumsum(span)]).astype(np.int64)
    hourly = np.zeros(offsets[-1], np.int64)
    listed = span[owner] > 0
    hourly[offsets[owner[listed]] + hour[listed] - first[owner[listed]]] = number[listed]
    peak = np.zeros(count, np.int64)
    np.maximum.at(peak, owner, number)

    def share(mask: int) -> np.ndarray:
        if flags is None:
            return np.full(count, np.nan)
        return np.bincount(family, (flags & mask) > 0, minlength=count) / np.maximum(1, calls)

    return Descriptors(
        accounts=accounts,
        largest_account_share=largest,
        account_gini=gini,
        account_gini_chance=np.where(accounts > 1, _gini_by_chance(calls / np.maximum(1, accounts)), np.nan),
        hourly_offsets=offsets,
        hourly=hourly,
        hour_calls_median=np.where(paced, _median(owner, number, count), np.nan),
        hour_calls_peak=np.where(paced, peak, np.nan),
        burstiness=_burstiness(family, times, count),
        elicitation=share(REASONING | RUBRIC | DATA_SET),
        reasoning=share(REASONING),
        rubrics=share(RUBRIC),
        data_sets=share(DATA_SET),
    )
