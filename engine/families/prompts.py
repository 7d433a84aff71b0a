"""The distinct prompts of a day in canonical order, that of their keyed hashes, wherever they lie."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from gauger.engine.common.settings import Settings
from gauger.engine.families.frames import Grams
from gauger.engine.families.matching import Matched, Matching
from gauger.engine.families.near_duplicates import Bookmark
from gauger.engine.state.prompts import Prompts

_SWEEP = 65_536  # prompts whose grams are in memory at once


class CountedPrompts(Protocol):
    """p distinct prompts; the place of a prompt is its rank by hash."""

    @property
    def hashes(self) -> np.ndarray:
        """uint64[p, 2], ascending."""
        ...

    @property
    def calls(self) -> np.ndarray:
        """int64[p], calls that carry each."""
        ...


class PromptTable(CountedPrompts, Protocol):
    """Distinct prompts with all that is measured of them."""

    @property
    def signatures(self) -> np.ndarray:
        """uint8[p, SLOTS]."""
        ...

    @property
    def words(self) -> np.ndarray:
        """int32[p]."""
        ...

    @property
    def bookmark(self) -> Bookmark | None:
        """Where a search among them keeps how far it got; None where there is no such place."""
        ...

    def matched(self, settings: Settings) -> Matched:
        """Their frames, learnt from those with the smallest keyed hashes, a fair sample."""
        ...


class KeptPrompts:
    """The prompts of a state in memory."""

    bookmark: Bookmark | None = None

    def __init__(self, prompts: Prompts) -> None:
        rows = prompts.rows
        hashes = rows["hash"]
        self._order = np.lexsort((hashes[:, 1], hashes[:, 0]))
        self._sizes, self._grams = rows["grams"], prompts.grams
        self.hashes = hashes[self._order]
        self.signatures = rows["signature"][self._order]
        self.words, self.calls = rows["words"][self._order], rows["calls"][self._order]

    def _slices(self) -> Iterator[tuple[np.ndarray, Grams]]:
        """Frame grams of all prompts in slices, each with the places of its prompts, int64."""
        place = np.empty(len(self._order), np.int64)
        place[self._order] = np.arange(len(self._order))
        for first, offsets, values in self._grams.slices(self._sizes, _SWEEP):
            yield place[first : first + len(offsets) - 1], Grams(offsets, values)

    def matched(self, settings: Settings) -> Matched:
        """As in ``PromptTable``."""
        matching = Matching(self.sample(settings.template_sample), settings)
        labels = np.empty(len(self.hashes), np.int32)
        counts = matching.match(self._slices(), labels)
        return Matched(labels, matching.matcher, matching.figures(counts))

    def sample(self, size: int) -> Grams:
        """Frame grams of the first ``size`` prompts, gathered in one sweep over the store."""
        places, sizes, parts = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0, np.uint32)]
        for place, grams in self._slices():
            inside = np.flatnonzero(place < size)
            found = grams.take(inside)
            places.append(place[inside])
            sizes.append(np.diff(found.offsets))
            parts.append(found.values)
        offsets = np.concatenate([[0], np.cumsum(np.concatenate(sizes))]).astype(np.int64)
        return Grams(offsets, np.concatenate(parts)).take(np.argsort(np.concatenate(places)))


class Belonging:
    """Which group each prompt is in, and how often it was sent: what a call is told by its prompt's hash.

    Prompts sent once that are in no group, most of a day's, need no entry.
    """

    def __init__(self, prompts: CountedPrompts, groups: np.ndarray) -> None:
        """groups : int64[p], -1 = none."""
        kept = np.flatnonzero((groups >= 0) | (prompts.calls > 1))
        self._hashes = prompts.hashes[kept]
        self._first = np.ascontiguousarray(self._hashes[:, 0])
        self._groups, self._calls = groups[kept].astype(np.int32), prompts.calls[kept].astype(np.int32)

    def of(self, hashes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Group (-1 = none) of each prompt that calls carry, and the calls with it; int32[n] each.

        hashes : uint64[n, 2]
        """
        groups, calls = np.full(len(hashes), -1, np.int32), np.ones(len(hashes), np.int32)
        if len(self._first) == 0:
            return groups, calls
        order = np.argsort(hashes[:, 0], kind="stable")  # looked up in order: the table is read once through
        wanted = hashes[order]
        place = np.searchsorted(self._first, wanted[:, 0])
        waiting = np.arange(len(order))
        # Two prompts with one first half stand beside each other: look on until the second half is right, too.
        while len(waiting):
            waiting = waiting[place[waiting] < len(self._first)]
            waiting = waiting[self._first[place[waiting]] == wanted[waiting, 0]]
            right = self._hashes[place[waiting], 1] == wanted[waiting, 1]
            found = waiting[right]
            groups[order[found]], calls[order[found]] = self._groups[place[found]], self._calls[place[found]]
            waiting = waiting[~right]
            place[waiting] += 1
        return groups, calls
