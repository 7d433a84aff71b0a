"""Canaries found in outputs, and how probable that is by chance: exactly, whatever the outputs are like.

Let x[k, j] be 1 where candidate j of slot k occurs in the outputs. If the outputs do not depend on which candidate was
served, the served one is any of the slot's with the same probability, *given the outputs*. So the number T of served
pairs that occur is a sum of independent draws, slot k hit with probability p_k = sum_j x[k, j] / candidates, and
P(T >= t) is a tail of the Poisson-binomial distribution (Wang, "On the number of successes in independent trials",
Statistica Sinica 1993). It is computed in whole numbers. No model of language is assumed: how often words occur, how
they cluster and how outputs depend on each other is all in x, which is conditioned on. That is Fisher's randomisation
test, with the lottery in place of an experimenter's coin; a Poisson or a negative binomial test would have to guess it.

Against who writes outputs to be found, or not to be found:

- a pair counts once, however often it is repeated and in however many outputs;
- an output counts for one pair, the first candidate in it, served or not: a pasted list is one hit;
- outputs that are the same text are one output.

All three look at candidates without knowing which were served, so the test stays exact.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np

from gauger.engine.tracing.commitments import DRAWS_LOG10, Canaries
from gauger.engine.tracing.words import words_of


class Search:
    """Finds the candidates of some canaries in outputs, given one after the other."""

    def __init__(self, canaries: Canaries) -> None:
        self.canaries = canaries
        lot = canaries.lot
        used = np.unique(lot.pairs)
        self._words = {canaries.vocabulary[number]: number for number in used.tolist()}
        flat = lot.pairs.reshape(-1, 2).tolist()
        self._places = {(first, second): place for place, (first, second) in enumerate(flat)}
        self._seen: set[bytes] = set()
        self._texts = np.zeros(len(flat), np.int64)  # outputs by the candidate they count for
        self.outputs = 0

    def add(self, words: list[str]) -> None:
        """Take the words of an output."""
        self.outputs += 1
        digest = blake2b(" ".join(words).encode(), key=self.canaries.seed, digest_size=16).digest()
        if digest in self._seen:
            return
        self._seen.add(digest)
        place = self._first(words)
        if place is not None:
            self._texts[place] += 1

    def _first(self, words: list[str]) -> int | None:
        known, places = self._words, self._places
        before: int | None = None
        for word in words:
            number = known.get(word)
            if number is not None and before is not None:
                place = places.get((before, number))
                if place is not None:
                    return place
            before = number
        return None

    @property
    def distinct(self) -> int:
        """Outputs that differ."""
        return len(self._seen)

    @property
    def texts(self) -> np.ndarray:
        """Outputs that count for each candidate; int64[slots, candidates]."""
        return self._texts.reshape(self.canaries.slots, self.canaries.candidates)


def search(canaries: Canaries, texts: Iterable[str]) -> Search:
    """The search through some outputs."""
    found = Search(canaries)
    for text in texts:
        found.add(words_of(text))
    return found


@dataclass(frozen=True)
class CanaryTest:
    """What the outputs say of a campaign's canaries."""

    campaign: int
    committed: str
    sha256: str
    pairs: int  # served
    hits: int  # of them, that occur
    hit_outputs: int  # outputs that they occur in
    decoys: int
    decoy_hits: int
    expected: float  # hits, if the outputs do not depend on what was served
    log10_probability: float  # of so many hits or more, then
    outputs: int
    distinct_outputs: int
    found: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # served pairs that occur

    @property
    def log10_if_redrawn(self) -> float:
        """An upper bound of the same had the lottery been drawn 2^64 times for the best (Bonferroni)."""
        return min(0.0, self.log10_probability + DRAWS_LOG10)


def weigh(found: Search) -> CanaryTest:
    """The test of what was found."""
    canaries, texts = found.canaries, found.texts
    occurs = texts > 0
    rows = np.arange(canaries.slots)
    served = occurs[rows, canaries.lot.served]
    hits = int(served.sum())
    return CanaryTest(
        campaign=canaries.campaign,
        committed=canaries.created,
        sha256=canaries.digest(),
        pairs=canaries.slots,
        hits=hits,
        hit_outputs=int(texts[rows, canaries.lot.served].sum()),
        decoys=canaries.slots * (canaries.candidates - 1),
        decoy_hits=int(occurs.sum()) - hits,
        expected=float(occurs.sum() / canaries.candidates),
        log10_probability=log10_tail(occurs.sum(axis=1).tolist(), canaries.candidates, hits),
        outputs=found.outputs,
        distinct_outputs=found.distinct,
        found=tuple(pair for pair, hit in zip(canaries.served, served.tolist(), strict=True) if hit),
    )


def log10_tail(occurring: list[int], candidates: int, hits: int) -> float:
    """log10 of P(T >= hits), T the hits of one candidate a slot drawn at random; exact but for the last rounding.

    occurring : candidates of each slot that occur
    """
    if hits == 0:
        return 0.0
    ways = [1]  # to draw 0, 1, 2 ... hits
    for number in occurring:
        if number:  # a slot without any says nothing
            longer = [one * (candidates - number) for one in ways] + [0]
            for place, one in enumerate(ways):
                longer[place + 1] += one * number
            ways = longer
    tail = sum(ways[hits:])
    return min(0.0, _log10(tail) - _log10(sum(ways)))


def _log10(number: int) -> float:
    """log10 of a whole number of any size, which ``math.log10`` takes; -inf for 0."""
    return math.log10(number) if number else -math.inf
