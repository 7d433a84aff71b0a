"""Learning on a bounded set: the reference, and at most twice as many of today's accounts, chosen by keyed hash.

Where nearly all are today's, so are everybody's nearest, and shares say nothing: of 216,000 against 16,000, all fifty
nearest are today's for one honest account in forty. So neighbours are looked for among this set alone, whoever asks,
and a day of any size costs as much to learn. Its other accounts are weighed by ``sweep``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits

from gauger.engine.common import threads
from gauger.engine.common.hashing import hash_column
from gauger.engine.common.settings import Settings
from gauger.engine.evidence.calibration import combine, evidence, pooled_tail_probability, tail_probability
from gauger.engine.evidence.known_elsewhere import SharedFinding
from gauger.engine.evidence.parts import CONFORMITY, CONTENT, CONTENT_WEIGHT, parts_of
from gauger.engine.evidence.pool import Pool
from gauger.engine.statistics.people import People
from gauger.engine.statistics.population import Population
from gauger.engine.statistics.shared_text import own_background, own_text

EVERYTHING = "everything"
Rank = Callable[[str, np.ndarray], np.ndarray]
_TODAY_PER_REFERENCE = 2


@dataclass
class Scale:
    """The reference's scores of each part, each group and everything: what scores are ranked in."""

    null: dict[str, np.ndarray] = field(default_factory=dict)

    def learn(self, name: str, scores: np.ndarray, today: np.ndarray) -> np.ndarray:
        """Tail probabilities of a pool's accounts, both sides alike; float64[n + r]."""
        self.null[name] = scores[~today]
        return pooled_tail_probability(scores, today)

    def rank(self, name: str, scores: np.ndarray) -> np.ndarray:
        """Tail probabilities of other accounts of today's."""
        return tail_probability(scores, self.null[name])


@dataclass(frozen=True)
class Learnt:
    """What was learnt, and what it says of the accounts it was learnt from."""

    rows: np.ndarray  # int64, of today's accounts learnt from, ascending
    reference_rows: np.ndarray  # int64, of the reference's
    pool: Pool
    scale: Scale
    tails: dict[str, np.ndarray]  # float64[n + r], of each part, of each group and of everything


def chosen(people: People, eligible: np.ndarray, reference: int, key: np.ndarray) -> np.ndarray:
    """Rows of the accounts to learn from, int64, ascending: those of the smallest keyed hashes.

    eligible : bool[n]; reference : accounts of the reference
    """
    rows, most = np.flatnonzero(eligible), _TODAY_PER_REFERENCE * reference
    if len(rows) <= most:
        return rows
    hashes = hash_column(key, pa.array(people.account_ids, pa.string()))[rows]
    return rows[np.sort(np.argpartition(hashes, most)[:most])]


def learn(
    people: People,
    reference: Population,
    key: np.ndarray,
    settings: Settings,
    shared: Sequence[SharedFinding] = (),
) -> Learnt:
    """Learn from the accounts of both sides that have calls enough to be weighed; there must be some.

    shared : findings of other providers
    """
    old = own_text(reference.select(reference.calls >= settings.calls_min))
    rows = chosen(people, people.calls >= settings.calls_min, len(old), key)
    # The mean of everybody: in a large day, that of the few learnt from is as uncertain as what a campaign changes.
    whole = people.gather(rows)
    new = replace(own_text(whole), background=own_background(people.totals.background, whole, key))
    pool, scale = Pool(new, old, key, settings, shared=tuple(shared)), Scale()
    # Limits of a matrix library hold for the process: set by both at once, one would lift the other's.
    with threadpool_limits(1, user_api="blas"), threads.beside() as start:
        near = start(lambda: pool.neighbours)  # fills what is serial in the first rounds of sifting
        _ = pool.sifting
    near.result()
    tails = tails_of(pool, lambda name, scores: scale.learn(name, scores, pool.today))
    return Learnt(rows, np.flatnonzero(reference.calls >= settings.calls_min), pool, scale, tails)


def tails_of(pool: Pool, rank: Rank) -> dict[str, np.ndarray]:
    """Tail probabilities of each part, of each group and of everything together.

    rank : makes tail probabilities of the scores of a name. A combined probability is ranked among the reference's own,
        as evidence, on whose scale distances above the strongest mean something: whatever dependence there was between
        its parts, the rank is honest.
    """
    parts = parts_of(pool.settings, shared=bool(pool.shared))
    tails = {part.name: rank(part.name, part.score(pool)) for part in parts}
    content, habits = ([part for part in parts if part.group == group] for group in (CONTENT, CONFORMITY))

    def joined(name: str, chosen: Sequence[str], weights: Sequence[float]) -> None:
        tails[name] = rank(name, evidence(combine([tails[one] for one in chosen], weights)))

    names, weights = [part.name for part in habits], [part.weight for part in habits]
    joined(CONFORMITY, names, weights)
    joined(CONTENT, [part.name for part in content], [part.weight for part in content])
    joined(EVERYTHING, [CONTENT, *names], [CONTENT_WEIGHT, *weights])
    return tails
