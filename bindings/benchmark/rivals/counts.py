"""How often each word occurs, by count-min: datasketches, the only one of the field with a compiled sketch."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from gauger.benchmark.rivals import tokenising
from gauger.benchmark.rivals.contest import TEXT, TOKENS, Contest, Rival, Work
from gauger.benchmark.rivals.corpus import Corpus
from gauger.engine.intake.measuring import WORD_COUNT_DEPTH, WORD_COUNT_WIDTH
from gauger.kernels.text import texts

_WORDS = "words"


def ours(corpus: Corpus) -> Work:
    """Counts of a corpus's words, from its bytes."""
    values, offsets = corpus.buffers

    def work() -> np.ndarray:
        counts = np.zeros((WORD_COUNT_DEPTH, WORD_COUNT_WIDTH), np.uint32)
        texts.count_words(values, offsets, corpus.key, counts)
        return counts

    return work


def _sketch() -> Any:
    from datasketches import count_min_sketch

    return count_min_sketch(WORD_COUNT_DEPTH, WORD_COUNT_WIDTH)


def _from_text(corpus: Corpus) -> Work:
    strings = corpus.strings

    def work() -> object:
        sketch = _sketch()
        words = (word for text in strings for word in tokenising.word_strings(text))
        deque(map(sketch.update, words), maxlen=0)
        return sketch

    return work


def _from_tokens(corpus: Corpus) -> Work:
    words = corpus.words

    def work() -> object:
        sketch = _sketch()
        deque(map(sketch.update, words), maxlen=0)
        return sketch

    return work


def _tokenise(corpus: Corpus) -> Work:
    strings = corpus.strings
    return lambda: deque((word for text in strings for word in tokenising.word_strings(text)), maxlen=0)


CONTEST = Contest(
    task="word counts",
    prompts=4_000,
    ours={TEXT: ours},
    tokenisers={_WORDS: _tokenise},
    rivals=(Rival("datasketches", ("datasketches",), {TEXT: _from_text, TOKENS: _from_tokens}, _WORDS),),
)
