"""What a campaign does with what it was served before it trains on it: nothing, paraphrase by rules, or filtering."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

NOTHING, PARAPHRASED, FILTERED = ACTIONS = ("as served", "paraphrased", "filtered")
_REPLACED, _SWAPPED, _LEFT_OUT, _ADDED = 0.25, 0.05, 0.05, 0.05  # shares of words
_NEAR = 30  # ranks of frequency between a word and what stands in its place


def paraphrase(texts: Sequence[np.ndarray], words: int, seed: int) -> list[np.ndarray]:
    """A quarter of the words replaced, each always by the same other of its frequency; some swapped, left out, added.

    words : size of the vocabulary, whose ids are ranks of frequency. Two words in a row stay so in about half of cases.
    """
    random = np.random.default_rng(seed)
    other = np.arange(words + 1)
    for first in range(100, words, _NEAR):  # function words have no synonyms
        other[first : first + _NEAR] = random.permutation(other[first : first + _NEAR])
    found = []
    for text in texts:
        draws = random.random((2, len(text)))
        said = np.where(draws[0] < _REPLACED, other[text], text)
        for at in np.flatnonzero(draws[1][1:] < _SWAPPED).tolist():
            said[at], said[at + 1] = said[at + 1], said[at]
        times = 1 - (random.random(len(said)) < _LEFT_OUT).astype(int) + (random.random(len(said)) < _ADDED)
        out = np.repeat(said, times)
        double = np.flatnonzero(np.diff(out, prepend=-1) == 0)
        out[double] = random.integers(1, 100, len(double))  # what was added is a function word
        found.append(out.astype(np.int32))
    return found


class Filter:
    """Leaves out a word that makes a pair which a reference has never seen."""

    def __init__(self, reference: Sequence[np.ndarray]) -> None:
        known = [_pairs(text) for text in reference]
        self._known = np.unique(np.concatenate([*known, np.array([np.iinfo(np.int64).max])]))

    def __call__(self, texts: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The texts without the second word of such pairs."""
        found = []
        for text in texts:
            pairs = _pairs(text)
            unseen = self._known[np.searchsorted(self._known, pairs)] != pairs
            found.append(text[~np.concatenate([[False], unseen])])
        return found


def lost(before: Sequence[np.ndarray], after: Sequence[np.ndarray]) -> float:
    """The share of words that are gone."""
    return 1 - sum(map(len, after)) / sum(map(len, before))


def _pairs(text: np.ndarray) -> np.ndarray:
    return (text[:-1].astype(np.int64) << 32) | text[1:]
