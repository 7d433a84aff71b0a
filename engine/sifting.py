"""Sifting: finding five odd calls among twenty-six (DESIGN 6.3).

Stage 1 learns, fold by fold, the direction that separates today's calls from the reference's, and scores every call
with the direction learnt *without* its account's fold. Stage 2 keeps each account's oddest calls, on both sides alike,
and asks whom their mean resembles. Self-training repeats stage 1 with the calls stage 2 believes in. Selection is
symmetric and cross-fitted throughout, or the null would be a lie.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa

from gauger.engine.calibration import tail_probability
from gauger.engine.measure import hash_column
from gauger.engine.neighbours import Whitener, nearest, today_share, unit
from gauger.kernels.accumulate import add_features
from gauger.kernels.features import FEATURES

FOLDS = 5
# Products of int8 features sum exactly in float32 up to this many rows (1,024 x 127^2 < 2^24), whatever the order a
# matrix library adds in.
_EXACT_ROWS = 1_024
# Calls of a side a direction is learnt from. One learnt from 50,000 of 410,000 calls is lost among 20,000 honest
# accounts, where a campaign of 500 padded by 80 % sends 0.6 % of the calls: recall 5 %, and 35 % with all of them.
_GRAM_ROWS = 1_000_000
_ROUNDS = 3  # of self-training: a faint campaign among 20,000 accounts grows 1, 5, 12, 40 %
# Accounts above this quantile of the reference's scores are believed. Of 20,000 accounts of a day 0.98 believes 400
# honest ones and learns from them: recall 50 % after two rounds, and 70 % at 0.998.
_BELIEVED = 0.998
_BELIEVED_MIN = 10


class Rows(Protocol):
    """An int8[m, FEATURES] array, or what can be indexed like one by an array of row numbers."""

    def __getitem__(self, rows: np.ndarray, /) -> np.ndarray:
        """Some rows."""


@dataclass(frozen=True)
class Background:
    """Number and sum of the feature rows of all a reference's accounts, for each fold; they merge by addition.

    A run compares its accounts with at most 16,000 of the reference's, and a mean of these alone is as uncertain as
    what a small campaign changes in today's: 325 accounts padded by 80 % among 20,000 were found at 0 %, and at 40 %
    against the mean of three times as many.
    """

    count: np.ndarray  # int64[FOLDS]
    total: np.ndarray  # int64[FOLDS, FEATURES]

    def without(self, fold: int) -> np.ndarray:
        """Mean of all folds but one."""
        others = [f for f in range(FOLDS) if f != fold]
        return self.total[others].sum(axis=0) / max(1, int(self.count[others].sum()))


def folds_of(account_ids: list[str], key: np.ndarray) -> np.ndarray:
    """The fold of each account, by keyed hash: the same on every day; int64."""
    return (hash_column(key, pa.array(account_ids, pa.string())) % np.uint64(FOLDS)).astype(np.int64)


def background_of(features: Rows, rows: np.ndarray, folds: np.ndarray) -> Background:
    """The background of some rows of int8[m, FEATURES]; rows, folds : int64, row numbers and the fold of each."""
    count, total = np.bincount(folds, minlength=FOLDS), np.zeros((FOLDS, FEATURES), np.int64)
    for fold in range(FOLDS):
        own = rows[folds == fold]
        for start in range(0, len(own), 8 * _EXACT_ROWS):
            total[fold] += features[own[start : start + 8 * _EXACT_ROWS]].sum(axis=0, dtype=np.int64)
    return Background(count.astype(np.int64), total)


@dataclass(frozen=True)
class Calls:
    """Sampled calls of both sides, today's accounts first."""

    features: Rows  # int8[m, FEATURES]
    owner: np.ndarray  # int64[m], account
    today: np.ndarray  # bool[accounts]
    folds: np.ndarray  # int64[accounts], 0 .. FOLDS - 1, by keyed hash
    identity: np.ndarray  # uint64[m]
    background: Background | None = None  # of the whole reference; None: what is in ``features`` is all there is


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


def moments(features: Rows, rows: np.ndarray, folds: np.ndarray, workers: int = 1) -> Moments:
    """Moments of some rows of int8[m, FEATURES], by the fold of each.

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

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(one, range(FOLDS)))
    return Moments(count, total, gram)


def directions(positive: Moments, negative: Moments, ridge: float, background: Background | None = None) -> np.ndarray:
    """Fisher's linear discriminant for each fold, learnt without it; float32[FOLDS, FEATURES].

    ``ridge`` is added to every variance, in units of the mean variance. The mean of ``background``, where there is one,
    takes the place of ``negative``'s.
    """
    result = np.empty((FOLDS, FEATURES), np.float32)
    for fold in range(FOLDS):
        mean_positive, spread_positive = positive.without(fold)
        mean_negative, spread_negative = negative.without(fold)
        if background is not None:
            mean_negative = background.without(fold)
        spread = 0.5 * (spread_positive + spread_negative)
        spread[np.diag_indices(FEATURES)] += ridge * np.trace(spread) / FEATURES + 1e-9
        result[fold] = np.linalg.solve(spread, mean_positive - mean_negative)
    return result


def score_calls(calls: Calls, weights: np.ndarray, workers: int = 1) -> np.ndarray:
    """Out-of-fold score of each call; float32[m]."""
    scores = np.empty(len(calls.owner), np.float32)
    folds = calls.folds[calls.owner]

    def block(rows: np.ndarray, fold: int) -> None:
        scores[rows] = calls.features[rows].astype(np.float32) @ weights[fold]

    with ThreadPoolExecutor(workers) as pool:
        parts = []
        for fold in range(FOLDS):
            rows = np.flatnonzero(folds == fold)
            for start in range(0, len(rows), 8 * _EXACT_ROWS):
                parts.append(pool.submit(block, rows[start : start + 8 * _EXACT_ROWS], fold))
        for part in parts:
            part.result()
    return scores


def oddest(probabilities: np.ndarray, owner: np.ndarray, accounts: int, share: float, least: int) -> np.ndarray:
    """Mask of each account's max(least, share) least probable calls; ``owner`` is ascending."""
    order = np.lexsort((probabilities, owner))
    sizes = np.bincount(owner, minlength=accounts)
    start = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    place = np.empty(len(owner), np.int64)
    place[order] = np.arange(len(owner)) - start[owner[order]]
    return place < np.maximum(least, np.ceil(share * sizes))[owner]


def _means(calls: Calls, chosen: np.ndarray, workers: int = 1) -> np.ndarray:
    """Unit mean of each account's chosen calls; float32[accounts, FEATURES]."""
    accounts = len(calls.today)
    result = np.empty((accounts, FEATURES), np.float32)
    rows = np.flatnonzero(chosen)
    owner = calls.owner[rows]  # ascending

    def block(first: int) -> None:
        last = min(first + 4 * _EXACT_ROWS, accounts)
        part = slice(*np.searchsorted(owner, [first, last]))
        sums, squares = np.zeros((last - first, FEATURES), np.int32), np.zeros(last - first, np.int64)
        add_features(owner[part] - first, calls.features[rows[part]], sums, squares)
        result[first:last] = unit(sums)

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(block, range(0, accounts, 4 * _EXACT_ROWS)))
    return result


@dataclass(frozen=True)
class Sifted:
    """One round's result."""

    scores: np.ndarray  # float64[accounts], share of today among the neighbours of the oddest calls' mean
    call_probability: np.ndarray  # float64[m], tail probability of each call among the reference's calls
    chosen: np.ndarray  # bool[m], the oddest calls
    vectors: np.ndarray  # float32[accounts, d], whitened means of the oddest calls
    neighbours: np.ndarray  # int64[accounts, k], whom they resemble


def _stage_two(calls: Calls, scores: np.ndarray, k: int, workers: int) -> Sifted:
    reference = ~calls.today[calls.owner]
    probability = tail_probability(scores, scores[reference])
    chosen = oddest(probability, calls.owner, len(calls.today), share=0.15, least=3)
    means = _means(calls, chosen, workers)
    vectors = Whitener.fit(means[~calls.today]).transform(means, workers)
    similarity, rows = nearest(vectors, k, workers)
    return Sifted(today_share(similarity, rows, calls.today, k), probability, chosen, vectors, rows)


def _bounded(calls: Calls, side: np.ndarray, most: int) -> np.ndarray:
    """Rows of one side, at most ``most``, those with the smallest identities."""
    rows = np.flatnonzero(side)
    if len(rows) <= most:
        return rows
    return rows[np.sort(np.argpartition(calls.identity[rows], most)[:most])]


def sift(calls: Calls, *, k: int, workers: int, gram_rows: int = _GRAM_ROWS, rounds: int = _ROUNDS) -> list[Sifted]:
    """Sifted evidence of both sides: the first round, then ``rounds`` of self-training."""
    folds = calls.folds[calls.owner]
    is_today = calls.today[calls.owner]

    def of(side: np.ndarray) -> Moments:
        rows = _bounded(calls, side, gram_rows)
        return moments(calls.features, rows, folds[rows], workers)

    def scored(positive: Moments, ridge: float) -> Sifted:
        weights = directions(positive, negative, ridge, calls.background)
        return _stage_two(calls, score_calls(calls, weights, workers), k, workers)

    negative = of(~is_today)
    result = [scored(of(is_today), 0.1)]
    for _ in range(rounds):
        last = result[-1]
        alarm = np.quantile(last.scores[~calls.today], _BELIEVED)
        believed = calls.today & (last.scores > alarm)
        if believed.sum() < _BELIEVED_MIN:
            believed = np.zeros(len(calls.today), bool)
            believed[np.argsort(np.where(calls.today, -last.scores, np.inf), kind="stable")[:_BELIEVED_MIN]] = True
        result.append(scored(of(last.chosen & believed[calls.owner]), 0.3))
    return result
