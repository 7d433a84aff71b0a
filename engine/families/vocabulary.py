"""The frequent grams of a sample of prompts: numbered, counted, and each prompt as a list of their numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gauger.engine.common.settings import GRAM_WIDTH
from gauger.engine.families.frames import Grams
from gauger.kernels.families import frames
from gauger.kernels.families import vocabulary as kernels

_TALLY_BITS_MAX = 25  # 32 MB of counters: at 50 million grams one in ten thousand rare grams passes for frequent
_TALLY_MAX = 255  # where its counters stop
_REPEATED_MAX = 1.5  # occurrences a prompt above which a gram is a separator or an encoding, and no part of a frame


@dataclass(frozen=True)
class Vocabulary:
    """Frequent grams of n prompts in canonical order."""

    offsets: np.ndarray  # int64[n + 1]
    numbers: np.ndarray  # int32, grams of prompt i at offsets[i]:offsets[i + 1], each once, in order of appearance
    values: np.ndarray  # uint32[g], the grams
    counts: np.ndarray  # int64[g], prompts that hold each
    width: int  # tokens in a gram

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def grams(self) -> Grams:
        """Its numbers, as if they were grams: what frames over numbers match."""
        return Grams(self.offsets, self.numbers.view(np.uint32))

    def part(self, prompts: np.ndarray, grams: np.ndarray) -> Vocabulary:
        """Of some prompts some grams, numbered in the order given."""
        renamed = np.full(len(self.values), -1, np.int32)
        renamed[grams] = np.arange(len(grams))
        some = self.grams().take(prompts)
        numbers = renamed[some.values]
        kept = np.concatenate([[0], np.cumsum(numbers >= 0)])
        offsets, numbers = kept[some.offsets].astype(np.int64), numbers[numbers >= 0]
        counts = np.bincount(numbers, minlength=len(grams)).astype(np.int64)
        return Vocabulary(offsets, numbers, self.values[grams], counts, self.width)


def frequent_grams(grams: Grams, count_min: int, width: int = GRAM_WIDTH) -> Vocabulary:
    """The grams that at least ``count_min`` prompts hold, without those that mostly repeat within a prompt."""
    bits = int(np.clip(np.ceil(np.log2(max(1, len(grams.values)))), 12, _TALLY_BITS_MAX))
    tally = np.zeros(1 << bits, np.uint8)
    kernels.tally_grams(grams.values, tally)
    offsets = np.zeros(len(grams) + 1, np.int64)
    numbers = np.empty(len(grams.values), np.int32)
    # Most of what passes is truly frequent; where it is not, the table is too short and made anew.
    rows, found, tally_min = 1 << max(10, bits - 5), -1, min(count_min, _TALLY_MAX)
    while found < 0:
        index, statistics = np.full(4 * rows, -1, np.int32), np.zeros((rows, kernels.STATISTICS), np.uint32)
        given, numbered = kernels.Grams(grams.offsets, grams.values), kernels.Grams(offsets, numbers)
        found = kernels.number_grams(given, tally, tally_min, index, statistics, numbered)
        rows *= 4
    statistics = statistics[:found]
    counts = statistics[:, kernels.COUNT].astype(np.int64)
    usable = (counts >= count_min) & (statistics[:, kernels.OCCURRENCES] <= _REPEATED_MAX * counts)
    kernels.renumber(offsets, numbers, np.where(usable, np.cumsum(usable) - 1, -1).astype(np.int32))
    values = np.ascontiguousarray(statistics[usable, kernels.GRAM])
    return Vocabulary(offsets, numbers[: offsets[-1]], values, counts[usable], width)


class MemberCounter:
    """Counts the grams of some prompts of a vocabulary at a time."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        count = len(vocabulary.values)
        self._held, self._seen = np.zeros(count, np.int32), np.empty(count, np.int32)

    def count(self, prompts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Grams of some prompts, in order of number, and how many of those hold each."""
        vocabulary = self._vocabulary
        numbered = kernels.Grams(vocabulary.offsets, vocabulary.numbers)
        found = frames.count_members(prompts, numbered, self._held, self._seen)
        grams = np.sort(self._seen[:found])
        counts = self._held[grams]
        self._held[grams] = 0
        return grams, counts

    def holdings(self, prompts: np.ndarray, grams: np.ndarray) -> np.ndarray:
        """How many of some grams each prompt holds, int64[len(prompts)]."""
        wanted = np.zeros(len(self._held) + 1, bool)
        wanted[grams] = True
        offsets, numbers = self._vocabulary.offsets, self._vocabulary.numbers
        own = [wanted[numbers[offsets[prompt] : offsets[prompt + 1]]].sum() for prompt in prompts.tolist()]
        return np.asarray(own, np.int64)
