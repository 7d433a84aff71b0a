"""Sifting: finding five odd calls among twenty-six.

Stage 1 learns, fold by fold, the direction that separates today's calls from the reference's, and scores every call
with the direction learnt *without* its account's fold. Stage 2 takes the mean of each account's calls, weighted by how
odd they are, on both sides alike, and asks whom it resembles. Self-training repeats stage 1 with the oddest calls of
the accounts stage 2 believes in. Weights are symmetric and cross-fitted throughout, or the null would be a lie.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gauger.engine.common import threads
from gauger.engine.common.vectors import unit
from gauger.engine.evidence.calibration import combine, evidence, pooled_tail_probability, tail_probability
from gauger.engine.evidence.feature_rows import FeatureRows
from gauger.engine.evidence.neighbours import Index, Whitener, today_share
from gauger.engine.statistics.background import FOLDS, Background
from gauger.kernels.accounts.accumulate import add_weighted_features
from gauger.kernels.accounts.ranks import places_within
from gauger.kernels.text.features import FEATURES

# Products of int8 features sum exactly in float32 up to this many rows (1,024 x 127^2 < 2^24), whatever the order a
# matrix library adds in.
_EXACT_ROWS = 1_024
# PooledCalls of a side a direction is learnt from. One learnt from 50,000 of 410,000 calls is lost among 20,000 honest
# accounts, where a campaign of 500 padded by 80 % sends 0.6 % of the calls: recall 5 %, and 35 % with all of them.
_GRAM_ROWS = 1_000_000
_JOINED_ROUNDS = 2  # the last ones: see ``Sifting``
_ROUNDS = 4  # of self-training: a faint campaign among 20,000 accounts grows 10, 39, 49, 57, 66 %
# Accounts above this quantile of the reference's scores are believed. Of 20,000 accounts of a day 0.98 believes 400
# honest ones and learns from them: recall 50 % after two rounds, and 70 % at 0.998.
_BELIEVED = 0.998
_BELIEVED_MIN = 10
# Believed accounts are learnt from by so many of their oddest calls: more of them and the direction blurs.
LEARNT_SHARE, LEARNT_MIN = 0.15, 3
# A call weighs what its evidence, in nats, has beyond 1, up to 6. Among 20,000 accounts, with the *true* direction, the
# plain mean of the oddest 15 % finds 73 % of a campaign padded by 80 % whatever is learnt, and this 83 %.
_WEIGHED_FROM, _WEIGHED_TO, _WEIGHTS_PER_NAT = 1.0, 6.0, 4


@dataclass(frozen=True)
class PooledCalls:
    """Sampled calls of both sides, today's accounts first."""

    features: FeatureRows  # m of them
    owner: np.ndarray  # int64[m], account
    today: np.ndarray  # bool[accounts]
    folds: np.ndarray  # int64[accounts], 0 .. FOLDS - 1, by keyed hash
    identity: np.ndarray  # uint64[m]
    background: Background | None = None  # of the whole reference; None: what is in ``features`` is all there is
    foreground: Background | None = None  # the same of all of today's accounts


@dataclass(frozen=True)
class Moments:
    """Count, sum and Gram matrix of feature rows for each fold; they merge by addition and are exact integers."""

    count: np.ndarray  # float64[FOLDS]
    total: np.ndarray  # float64[FOLDS, FEATURES]
    gram: np.ndarray  # float64[FOLDS, FEATURES, FEATURES]

    def without(self, fold: int) -> tuple[np.ndarray, np.ndarray]:
        """Mean and covariance of all folds but one."""
        others = [f for f in range(FOLDS) if f != fold]
        count = max(1.0, float(self.count[others].sum()))
        mean = self.total[others].sum(axis=0) / count
        return mean, self.gram[others].sum(axis=0) / count - np.outer(mean, mean)


def moments(features: FeatureRows | np.ndarray, rows: np.ndarray, folds: np.ndarray) -> Moments:
    """Moments of some feature rows, by the fold of each.

    rows, folds : int64, row numbers and the fold of each
    """
    count, total = np.zeros(FOLDS), np.zeros((FOLDS, FEATURES))
    gram = np.zeros((FOLDS, FEATURES, FEATURES))

    def one(fold: int) -> None:
        own = rows[folds == fold]
        count[fold] = len(own)
        for start in range(0, len(own), _EXACT_ROWS):
            block = features[own[start : start + _EXACT_ROWS]].astype(np.float32)
            total[fold] += block.sum(axis=0, dtype=np.float64)
            gram[fold] += block.T @ block

    threads.each(one, range(FOLDS))
    return Moments(count, total, gram)


def directions(
    positive: Moments,
    negative: Moments,
    ridge: float,
    background: Background | None = None,
    foreground: Background | None = None,
) -> np.ndarray:
    """Fisher's linear discriminant for each fold, learnt without it; float32[FOLDS, FEATURES].

    ``ridge`` is added to every variance, in units of the mean variance. The means of ``foreground`` and ``background``,
    where there are any, take the places of ``positive``'s and ``negative``'s.
    """
    result = np.empty((FOLDS, FEATURES), np.float32)
    for fold in range(FOLDS):
        mean_positive, spread_positive = positive.without(fold)
        mean_negative, spread_negative = negative.without(fold)
        if background is not None:
            mean_negative = background.without(fold)
        if foreground is not None:
            mean_positive = foreground.without(fold)
        spread = 0.5 * (spread_positive + spread_negative)
        spread[np.diag_indices(FEATURES)] += ridge * np.trace(spread) / FEATURES + 1e-9
        result[fold] = np.linalg.solve(spread, mean_positive - mean_negative)
    return result


def score_calls(calls: PooledCalls, weights: np.ndarray) -> np.ndarray:
    """Out-of-fold score of each call; float32[m]."""
    return calls.features.project(weights, calls.folds[calls.owner])


def places(probabilities: np.ndarray, owner: np.ndarray, accounts: int) -> np.ndarray:
    """Place of each call among its account's, 0 for the least probable; int64[m]. ``owner`` is ascending."""
    starts, place = np.searchsorted(owner, np.arange(accounts + 1)), np.empty(len(owner), np.int64)

    def block(first: int, last: int) -> None:
        places_within(starts, probabilities, first, last, place)

    threads.blocks(block, accounts, 4 * _EXACT_ROWS)
    return place


def oddest(place: np.ndarray, owner: np.ndarray, accounts: int, share: float, least: int) -> np.ndarray:
    """Mask of each account's max(least, share) least probable calls, by their places."""
    sizes = np.bincount(owner, minlength=accounts)
    return place < np.maximum(least, np.ceil(share * sizes))[owner]


def weights_of(probabilities: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Weight of each call in its account's mean; uint8[m]. The least probable call of each account weighs something."""
    strength = np.clip(-np.log(probabilities) - _WEIGHED_FROM, 0.0, _WEIGHED_TO)
    return np.maximum((_WEIGHTS_PER_NAT * strength).astype(np.uint8), (place == 0).astype(np.uint8))


def weighted_means(calls: PooledCalls, weights: np.ndarray) -> np.ndarray:
    """Unit weighted mean of each account's calls; float32[accounts, FEATURES]. Weights are integers: sums are exact."""
    accounts = len(calls.today)
    result = np.empty((accounts, FEATURES), np.float32)
    rows = np.flatnonzero(weights)
    owner = calls.owner[rows]  # ascending

    def block(first: int, last: int) -> None:
        part = slice(*np.searchsorted(owner, [first, last]))
        sums = np.zeros((last - first, FEATURES), np.int32)
        add_weighted_features(owner[part] - first, weights[rows[part]], calls.features[rows[part]], sums)
        result[first:last] = unit(sums)

    threads.blocks(block, accounts, 4 * _EXACT_ROWS)
    return result


def joined(shares: np.ndarray, today: np.ndarray) -> np.ndarray:
    """Evidence, -log10, of shares of today's accounts among several numbers of neighbours; float64[accounts].

    shares : float64[numbers, accounts]. Small campaigns and those of many templates are seen among few neighbours,
    large and faint ones among many.
    """
    return evidence(combine([pooled_tail_probability(share, today) for share in shares]))


def joined_among(shares: np.ndarray, null: np.ndarray) -> np.ndarray:
    """The same of other accounts, by the shares of the reference's; float64[numbers, n], float64[numbers, r]."""
    return evidence(combine([tail_probability(*pair) for pair in zip(shares, null, strict=True)]))


@dataclass(frozen=True)
class Round:
    """What a round learnt, enough to sift accounts that it did not learn from."""

    weights: np.ndarray  # float32[FOLDS, FEATURES], direction of each fold
    null: np.ndarray  # float32, scores of the reference's calls, ascending
    whitener: Whitener
    index: Index  # of the weighted means of the accounts learnt from

    def means(self, calls: PooledCalls) -> tuple[np.ndarray, np.ndarray]:
        """Of other accounts' calls: whitened weighted means, and the tail probability of each call."""
        probability = tail_probability(score_calls(calls, self.weights), self.null)
        place = places(probability, calls.owner, len(calls.today))
        return self.whitener.transform(weighted_means(calls, weights_of(probability, place))), probability


@dataclass(frozen=True)
class Sifted:
    """One round's result."""

    learnt: Round
    shares: np.ndarray  # float64[numbers, accounts], of today's among the nearest of the weighted mean
    scores: np.ndarray  # float64[accounts], their evidence, joined
    call_probability: np.ndarray  # float64[m], tail probability of each call among the reference's calls
    chosen: np.ndarray  # bool[m], the oddest calls
    vectors: np.ndarray  # float32[accounts, d], whitened weighted means
    neighbours: np.ndarray  # int64[accounts, k], whom they resemble


def _stage_two(calls: PooledCalls, weights: np.ndarray, numbers: Sequence[int]) -> Sifted:
    today, owner = calls.today, calls.owner
    scores = score_calls(calls, weights)
    probability = pooled_tail_probability(scores, today[owner])
    place = places(probability, owner, len(today))
    chosen = oddest(place, owner, len(today), LEARNT_SHARE, LEARNT_MIN)
    means = weighted_means(calls, weights_of(probability, place))
    whitener = Whitener.fit(means[~today])
    index = Index(whitener.transform(means))
    similarity, rows = index.search_all(max(numbers))
    shares = shares_of(similarity, rows, today, numbers)
    learnt = Round(weights, np.sort(scores[~today[owner]]), whitener, index)
    return Sifted(learnt, shares, joined(shares, today), probability, chosen, index.vectors, rows)


def shares_of(
    similarity: np.ndarray, rows: np.ndarray, today: np.ndarray, numbers: Sequence[int], asked: int | None = None
) -> np.ndarray:
    """``today_share`` for several numbers of neighbours; float64[numbers, asked]."""
    return np.stack([today_share(similarity, rows, today, min(k, rows.shape[1]), asked) for k in numbers])


def _bounded(calls: PooledCalls, side: np.ndarray, most: int) -> np.ndarray:
    """Rows of one side, at most ``most``, those with the smallest identities."""
    rows = np.flatnonzero(side)
    if len(rows) <= most:
        return rows
    return rows[np.sort(np.argpartition(calls.identity[rows], most)[:most])]


def rounds_of(
    calls: PooledCalls, *, numbers: Sequence[int], gram_rows: int = _GRAM_ROWS, rounds: int = _ROUNDS
) -> Iterator[Sifted]:
    """The first round, then ``rounds`` of self-training, one by one: each holds hundreds of megabytes."""

    def of(side: np.ndarray) -> Moments:
        rows = _bounded(calls, side, gram_rows)
        return moments(calls.features, rows, calls.folds[calls.owner[rows]])

    def sifted(positive: Moments, ridge: float, foreground: Background | None = None) -> Sifted:
        return _stage_two(calls, directions(positive, negative, ridge, calls.background, foreground), numbers)

    is_today = calls.today[calls.owner]
    negative = of(~is_today)
    last = sifted(of(is_today), 0.1, calls.foreground)
    yield last
    for _ in range(rounds):
        positive = of(last.chosen & _believed(last.scores, calls.today)[calls.owner])
        del last
        last = sifted(positive, 0.3)
        yield last


def _believed(scores: np.ndarray, today: np.ndarray) -> np.ndarray:
    """Mask of today's accounts that are learnt from."""
    believed = today & (scores > np.quantile(scores[~today], _BELIEVED))
    if believed.sum() < _BELIEVED_MIN:
        believed = np.zeros(len(today), bool)
        believed[np.argsort(np.where(today, -scores, np.inf), kind="stable")[:_BELIEVED_MIN]] = True
    return believed


@dataclass(frozen=True)
class Sifting:
    """What all rounds say."""

    first: np.ndarray  # float64[accounts], evidence of the first round
    self_trained: np.ndarray  # float64[accounts], of the last two, whose shares are averaged: half of each is its luck
    last: Sifted
    rounds: tuple[Heard, ...]  # the first and the last two


@dataclass(frozen=True)
class Heard:
    """A round that counts, with what it says of the accounts it learnt from."""

    learnt: Round
    shares: np.ndarray  # float64[numbers, accounts]
    neighbours: np.ndarray  # int32[accounts, k]


def sift(calls: PooledCalls, *, numbers: Sequence[int]) -> Sifting:
    """Sifted evidence of both sides.

    numbers : of neighbours among which today's accounts are counted
    """
    first, heard = None, deque[Heard](maxlen=_JOINED_ROUNDS)
    for last in rounds_of(calls, numbers=numbers):
        one = Heard(last.learnt, last.shares, last.neighbours.astype(np.int32))
        if first is None:
            first, scores = one, last.scores
        heard.append(one)
        del one
    assert first is not None
    trained = joined(np.mean([one.shares for one in heard], axis=0), calls.today)
    return Sifting(scores, trained, last, (first, *heard))
