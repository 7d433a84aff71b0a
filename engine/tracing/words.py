"""Words of a text as canaries see them: runs of letters, in one case and one composition."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
LETTERS_MIN, LETTERS_MAX = 4, 14  # of a word for pairs: shorter ones are function words, longer ones compounds
_COMMON = 300  # the most frequent words of a text, left out
_TEXTS_MIN = 3  # that a word occurs in
_MOST = 6_000
_ATTESTED = (2, 5)  # texts that have a pair


def words_of(text: str) -> list[str]:
    """Words in order. Casing, composition and what stands between two words make no difference."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return _WORD.findall(text.casefold())


def is_word(word: object) -> bool:
    """Whether it is one word, written as ``words_of`` gives it."""
    return isinstance(word, str) and words_of(word) == [word]


def is_pair(pair: object) -> bool:
    """Whether it is two words with a space between, written so."""
    return isinstance(pair, str) and pair.count(" ") == 1 and all(map(is_word, pair.split(" ")))


def attested_pairs(texts: Iterable[str]) -> list[str]:
    """Pairs of words of middle frequency that two to five texts of a sample have, in order of the alphabet.

    Rare enough to tell something, and yet known to whoever filters pairs that his own texts lack.
    """
    said = [words_of(text) for text in texts]
    fit = set(_middle(said))
    counts: Counter[tuple[str, str]] = Counter()
    for words in said:
        counts.update({pair for pair in pairwise(words) if pair[0] != pair[1] and fit.issuperset(pair)})
    least, most = _ATTESTED
    return sorted(" ".join(pair) for pair, number in counts.items() if least <= number <= most)


def of_middle_frequency(texts: Iterable[str]) -> list[str]:
    """Words of a sample of texts that are neither common nor rare, most frequent first, at most 6,000.

    Those of 4 to 14 letters in three texts or more, behind the 300 that most texts have. A pair of two of them drawn by
    lot is hardly ever written by chance, yet none of both is rare enough to be filtered by itself.
    """
    return _middle(map(words_of, texts))


def _middle(texts: Iterable[list[str]]) -> list[str]:
    counts = Counter(word for words in texts for word in set(words))
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[_COMMON:]
    fit = [word for word, number in ranked if number >= _TEXTS_MIN and LETTERS_MIN <= len(word) <= LETTERS_MAX]
    return [word for word in fit if word.isalpha()][:_MOST]
