"""The sweep: accounts that nothing was learnt from, weighed by what was, a unit of a large day at a time.

Each is asked what the learnt ones are asked: whom it resembles among the bounded set, what its neighbours' habits are,
and where its scores lie among the reference's. It is nobody's neighbour itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gauger.engine.common.threads import lazy
from gauger.engine.evidence.calibration import tail_probability
from gauger.engine.evidence.feature_rows import FeatureRows
from gauger.engine.evidence.known_elsewhere import KnownElsewhere
from gauger.engine.evidence.learning import Learnt, tails_of
from gauger.engine.evidence.neighbours import units
from gauger.engine.evidence.pool import SIFT_NEIGHBOURS, Neighbours, Pool
from gauger.engine.evidence.sifting import PooledCalls, Sifting, joined_among, shares_of
from gauger.engine.statistics.background import folds_of
from gauger.engine.statistics.joining import concatenate
from gauger.engine.statistics.population import Population


@dataclass(frozen=True)
class SweptPool(Pool):
    """A pool whose first accounts are asked; after them come those learnt from, with what was learnt of them."""

    asked: Population
    learnt: Learnt

    @classmethod
    def of(cls, asked: Population, learnt: Learnt) -> SweptPool:
        """Pool of some accounts of today's, at least one, and of those learnt from."""
        pool = learnt.pool
        new = concatenate([asked.without_calls(), pool.new.without_calls()])
        return cls(new, pool.old, pool.key, pool.settings, asked, learnt, shared=pool.shared)

    @property
    def wanted(self) -> int:
        """As in ``Pool``: those asked."""
        return len(self.asked)

    @property
    def compared(self) -> list[str]:
        """As in ``Pool``: what was of the accounts learnt from, whoever is asked."""
        return self.learnt.pool.compared

    @lazy
    def calls(self) -> PooledCalls:
        """Sampled calls of the accounts asked."""
        asked, number = self.asked, len(self.asked)
        return PooledCalls(
            features=FeatureRows((asked.sample_features, asked.sample_row)),
            owner=asked.sample_owner,
            today=np.ones(number, bool),
            folds=folds_of(asked.account_ids, self.key),
            identity=asked.sample_identity,
        )

    @lazy
    def neighbours(self) -> Neighbours:
        """As in ``Pool``; rows of accounts learnt from come behind."""
        near = self.learnt.pool.neighbours
        vectors = near.whitener.transform(units([self.asked.sums]))
        similarity, rows = near.index.search(vectors, near.rows.shape[1])
        return Neighbours(
            near.whitener,
            near.index,
            vectors,
            np.concatenate([similarity, near.similarity]),
            self._behind(rows, near.rows),
        )

    @lazy
    def known_elsewhere(self) -> KnownElsewhere:
        """As in ``Pool``, of those asked."""
        return self.learnt.pool.known_elsewhere.of_others(self.calls)

    def _behind(self, asked: np.ndarray, learnt: np.ndarray) -> np.ndarray:
        """Neighbour lists of all, which name accounts learnt from by their rows among these."""
        return np.concatenate([asked.astype(np.int32), learnt.astype(np.int32)]) + np.int32(len(self.asked))

    @lazy
    def sifting(self) -> Sifting:
        """As in ``Pool``, by the rounds that were learnt; scores are of those asked."""
        learnt, today = self.learnt.pool.sifting, self.learnt.pool.today
        number, shares = len(self.asked), []
        for heard in learnt.rounds:
            vectors, probability = heard.learnt.means(self.calls)
            similarity, rows = heard.learnt.index.search(vectors, heard.neighbours.shape[1])
            near = self._behind(rows, heard.neighbours)
            shares.append(shares_of(similarity, near, self.today, SIFT_NEIGHBOURS, number))
        first, last = learnt.rounds[0], learnt.rounds[1:]
        scores = joined_among(shares[0], first.shares[:, ~today])
        null = np.mean([heard.shares[:, ~today] for heard in last], axis=0)
        trained = joined_among(np.mean(shares[1:], axis=0), null)
        return Sifting(
            scores,
            trained,
            replace(learnt.last, call_probability=probability, vectors=vectors, neighbours=near),
            learnt.rounds,
        )


def call_tails(population: Population, chosen: np.ndarray, learnt: Learnt) -> np.ndarray:
    """Tail probabilities of some sampled calls of today's accounts among the reference's calls; float64[chosen].

    chosen : bool[m]
    """
    heard = learnt.pool.sifting.last.learnt
    rows = FeatureRows((population.sample_features, population.sample_row[chosen]))
    folds = folds_of(population.account_ids, learnt.pool.key)[population.sample_owner[chosen]]
    return tail_probability(rows.project(heard.weights, folds), heard.null)


def sweep(asked: Population, learnt: Learnt) -> tuple[SweptPool, dict[str, np.ndarray]]:
    """Tail probabilities of some of today's accounts; float64[asked] each."""
    pool = SweptPool.of(asked, learnt)
    return pool, tails_of(pool, learnt.scale.rank)
