"""What another provider found: accounts whose oddest calls are like those of its finding, and unlike the own reference.

A finding is handed over as a few centroids, unit means of the oddest calls of ten accounts and more. As in ``sifting``
calls are weighed by how far they lie in the direction from the own reference's calls to the finding's, and each
account is the mean of its calls so weighed. Its score is its likeness to the nearest centroids beyond that to the
nearest accounts of the own reference. Ten accounts padded by 80 %, which nothing else finds, were found at 20 to 100 %
by likeness alone, and at 90 to 100 % beyond the reference's.

Both sides are asked alike and a score is ranked among the reference's own, so centroids that honest accounts are like
flag no more of them than the alarm level lets be flagged: the receiver trusts nobody who sends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from gauger.engine.evidence.calibration import evidence, pooled_tail_probability, tail_probability
from gauger.engine.evidence.neighbours import Index, Whitener
from gauger.engine.evidence.sifting import PooledCalls, moments, places, score_calls, weighted_means, weights_of
from gauger.engine.statistics.background import FOLDS
from gauger.kernels.text.features import FEATURES

KNOWN_ELSEWHERE = "known_elsewhere"
SHARED_MOST = 16  # findings weighed at once: each takes about as long as a round of sifting
_RIDGE = 0.3  # as in self-training
_NEAREST = 3  # centroids: one is luck, and of all of them those of other prompts blur
_USUAL = 20  # nearest accounts of the reference
_FITTED_CALLS = 100_000  # enough for a covariance of 656 dimensions


@dataclass(frozen=True)
class SharedFinding:
    """A finding of another provider."""

    name: str
    centroids: np.ndarray  # float32[c, FEATURES], unit
    accounts: np.ndarray  # int64[c], behind each


@dataclass(frozen=True)
class Usual:
    """The own reference's calls: what a finding is told apart from."""

    mean: np.ndarray  # float64[FEATURES]
    spread: np.ndarray  # float64[FEATURES, FEATURES], covariance with the ridge

    @classmethod
    def of(cls, calls: PooledCalls) -> Usual:
        """From at most ``_FITTED_CALLS`` calls of a pool's reference, those with the smallest identities."""
        rows = np.flatnonzero(~calls.today[calls.owner])
        if len(rows) > _FITTED_CALLS:
            rows = rows[np.sort(np.argpartition(calls.identity[rows], _FITTED_CALLS)[:_FITTED_CALLS])]
        found = moments(calls.features, rows, rows % FOLDS)  # in folds for the threads' sake
        count = max(1, len(rows))
        mean = found.total.sum(axis=0) / count
        spread = found.gram.sum(axis=0) / count - np.outer(mean, mean)
        spread[np.diag_indices(FEATURES)] += _RIDGE * np.trace(spread) / FEATURES + 1e-9
        return cls(mean, spread)

    def direction(self, finding: SharedFinding) -> np.ndarray:
        """Fisher's, from the reference's calls to the finding's; float32[FOLDS, FEATURES], the same for each fold.

        Centroids have no length: that of the mean call is taken, and 0.9 or 1.4 times it found as many.
        """
        mean = finding.accounts @ finding.centroids.astype(np.float64) / finding.accounts.sum()
        step = mean * (np.linalg.norm(self.mean) / max(float(np.linalg.norm(mean)), 1e-9)) - self.mean
        return np.tile(np.linalg.solve(self.spread, step).astype(np.float32), (FOLDS, 1))


@dataclass(frozen=True)
class Compared:
    """What accounts are held against: one finding, and the own reference as it looks beside it."""

    weights: np.ndarray  # float32[FOLDS, FEATURES]
    null: np.ndarray  # float32, scores of the reference's calls, ascending
    whitener: Whitener
    index: Index  # of the reference's weighted means
    centroids: np.ndarray  # float32[c, d], whitened
    scores: np.ndarray  # float64[reference], of its accounts

    def of_others(self, calls: PooledCalls) -> np.ndarray:
        """Tail probabilities of accounts nothing was learnt from; float64[accounts]."""
        probability = tail_probability(score_calls(calls, self.weights), self.null)
        place = places(probability, calls.owner, len(calls.today))
        vectors = self.whitener.transform(weighted_means(calls, weights_of(probability, place)))
        similarity = self.index.search(vectors, _USUAL)[0]
        return tail_probability(_beyond(vectors, similarity, self.centroids), self.scores)


def compared_with(calls: PooledCalls, usual: Usual, finding: SharedFinding) -> tuple[Compared, np.ndarray]:
    """What is learnt from a pool about one finding, and the tail probability of each account; float64[accounts]."""
    today, weights = calls.today, usual.direction(finding)
    scores = score_calls(calls, weights)
    probability = pooled_tail_probability(scores, today[calls.owner])
    place = places(probability, calls.owner, len(today))
    means = weighted_means(calls, weights_of(probability, place))
    whitener = Whitener.fit(means[~today])
    vectors, centroids = whitener.transform(means), whitener.transform(finding.centroids)
    index = Index(vectors[~today])
    likeness = np.empty(len(today))
    likeness[~today] = _beyond(vectors[~today], index.search_all(_USUAL)[0], centroids)
    likeness[today] = _beyond(vectors[today], index.search(vectors[today], _USUAL)[0], centroids)
    learnt = Compared(weights, np.sort(scores[~today[calls.owner]]), whitener, index, centroids, likeness[~today])
    return learnt, pooled_tail_probability(likeness, today)


def _beyond(vectors: np.ndarray, usual: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """Likeness to the nearest centroids beyond that to the nearest of the reference; float64[n].

    vectors : float32[n, d]; usual : float32[n, k], similarities of the nearest of the reference
    """
    nearest = np.sort(np.einsum("nd,cd->nc", vectors, centroids), axis=1)[:, -_NEAREST:]
    return nearest.mean(axis=1, dtype=np.float64) - usual.mean(axis=1, dtype=np.float64)


@dataclass(frozen=True)
class KnownElsewhere:
    """What several findings say of accounts."""

    compared: tuple[Compared, ...]
    tails: np.ndarray  # float64[findings, accounts]

    @classmethod
    def among(cls, calls: PooledCalls, shared: Sequence[SharedFinding]) -> KnownElsewhere:
        """Of the accounts of a pool; there is at least one finding."""
        usual = Usual.of(calls)
        found = [compared_with(calls, usual, finding) for finding in shared]
        return cls(tuple(learnt for learnt, _ in found), np.stack([tails for _, tails in found]))

    def of_others(self, calls: PooledCalls) -> KnownElsewhere:
        """Of other accounts of today's, by what was learnt."""
        return KnownElsewhere(self.compared, np.stack([one.of_others(calls) for one in self.compared]))

    @property
    def scores(self) -> np.ndarray:
        """Evidence, -log10, of the finding an account is most like; float64[accounts]. To be ranked once more."""
        return evidence(reduce(np.fmin, self.tails))
