"""Recall at a fixed share of false positives, exactly, with the confidence intervals that belong to it."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

RATES = (0.001, 0.01)
_RESAMPLES = 400
_Z = 1.959963984540054  # 97.5 % point of the normal distribution


@dataclass(frozen=True)
class Recall:
    """Recall above the score that a share of the honest exceeds, with a 95 % bootstrap interval."""

    recall: float
    low: float
    high: float
    accounts: int  # of the campaign
    benign: int  # honest accounts behind the threshold
    tied: float = 0.0  # share of the campaign exactly at the threshold, beside honest accounts that no rate lets pass


def threshold(benign: np.ndarray, rate: float) -> float:
    """The smallest score that at most ``rate`` of the honest exceed: as ``gauger evaluate`` has it."""
    allowed = int(rate * len(benign) + 1e-9)  # 0.001 * 1000 must be 1
    return float(np.partition(benign, len(benign) - 1 - allowed)[len(benign) - 1 - allowed])


def recall_at(benign: np.ndarray, members: np.ndarray, rate: float) -> float:
    """Share of the members above the threshold; an account without a score is never above."""
    return float(np.mean(_known(members) > threshold(_known(benign), rate)))


def recall_with_interval(benign: np.ndarray, members: np.ndarray, rate: float, seed: int = 0) -> Recall:
    """Recall with a percentile bootstrap over honest and campaign accounts alike.

    The threshold of a tenth of a percent rests on a few accounts: an interval that took it for given would be far too
    short. Where the honest tie at the threshold, resampling moves it not at all.
    """
    benign, members = _known(benign), _known(members)
    random = np.random.default_rng(seed)
    # Only the tail can be the threshold: how often each of it is drawn is all of a resample that counts.
    tail = np.sort(benign)[::-1][: max(50, int(4 * rate * len(benign)) + 20)]
    allowed = int(rate * len(benign) + 1e-9)
    recalls = np.empty(_RESAMPLES)
    for number in range(_RESAMPLES):
        drawn = random.poisson(1.0, len(tail))
        place = int(np.searchsorted(np.cumsum(drawn), allowed + 1))
        limit = tail[min(place, len(tail) - 1)]
        recalls[number] = np.mean(members[random.integers(0, len(members), len(members))] > limit)
    low, high = np.quantile(recalls, (0.025, 0.975))
    tied = float(np.mean(members == threshold(benign, rate)))
    return Recall(recall_at(benign, members, rate), float(low), float(high), len(members), len(benign), tied)


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson, JASA 1927); the whole range without trials."""
    if trials == 0:
        return 0.0, 1.0
    share = successes / trials
    scale = 1.0 + _Z**2 / trials
    middle = (share + _Z**2 / (2 * trials)) / scale
    half = _Z * math.sqrt(share * (1 - share) / trials + _Z**2 / (4 * trials**2)) / scale
    return max(0.0, middle - half), min(1.0, middle + half)


def padding_at_half(recalls: dict[float, float]) -> float | None:
    """The share of padding at which recall falls to one half, between the measured ones by straight lines.

    recalls : padding -> recall. None where recall stays above one half at every padding; 0 where it never was.
    """
    points = sorted(recalls.items())
    if not points:
        return None
    if points[0][1] < 0.5:
        return points[0][0]
    for (less, above), (more, below) in pairwise(points):
        if above >= 0.5 > below:
            return less + (above - 0.5) / (above - below) * (more - less)
    return None


def _known(scores: np.ndarray) -> np.ndarray:
    scores = np.asarray(scores, np.float64)
    return np.where(np.isnan(scores), -np.inf, scores)
