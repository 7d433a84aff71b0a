"""How often each word occurs, by count-min: datasketches, the only one of the field with a compiled sketch."""

from collections import deque
from collections.abc import Iterable
from typing import Any

import numpy as np

from gauger.benchmark.rivals.contest import TEXT, WORDS, Contest, Rival, Work, looped, tokenise
from gauger.benchmark.rivals.corpus import Corpus
from gauger.engine.intake.measuring import WORD_COUNT_DEPTH, WORD_COUNT_WIDTH
from gauger.kernels.text import texts


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


def _update(words: Iterable[str]) -> object:
    sketch = _sketch()
    deque(map(sketch.update, words), maxlen=0)
    return sketch


CONTEST = Contest(
    task="word counts",
    prompts=4_000,
    ours={TEXT: ours},
    tokenisers={WORDS: tokenise},
    rivals=(Rival("datasketches", ("datasketches",), looped(_update), WORDS),),
)
