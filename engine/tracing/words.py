"""Words of a text as canaries see them: runs of letters, in one case and one composition."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
LETTERS_MIN, LETTERS_MAX = 4, 14  # of a word for pairs: shorter ones are function words, longer ones compounds
_COMMON = 300  # the most frequent words of a text, left out
_TEXTS_MIN = 3  # that a word occurs in
_MOST = 6_000


def words_of(text: str) -> list[str]:
    """Words in order. Casing, composition and what stands between two words make no difference."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return _WORD.findall(text.casefold())


def is_word(word: object) -> bool:
    """Whether it is one word, written as ``words_of`` gives it."""
    return isinstance(word, str) and words_of(word) == [word]


def of_middle_frequency(texts: Iterable[str]) -> list[str]:
    """Words of a sample of texts that are neither common nor rare, most frequent first, at most 6,000.

    Those of 4 to 14 letters in three texts or more, behind the 300 that most texts have. A pair of two of them drawn by
    lot is hardly ever written by chance, yet none of both is rare enough to be filtered by itself.
    """
    counts = Counter(word for text in texts for word in set(words_of(text)))
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[_COMMON:]
    fit = [word for word, number in ranked if number >= _TEXTS_MIN and LETTERS_MIN <= len(word) <= LETTERS_MAX]
    return [word for word in fit if word.isalpha()][:_MOST]
