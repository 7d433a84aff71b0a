"""Word counts: ours and the library's never under-count the same words."""

from typing import Any

import numpy as np
import pytest

from gauger.benchmark.rivals.corpus import corpus
from gauger.benchmark.rivals.counts import CONTEST, ours
from gauger.engine.common.hashing import hash_words
from gauger.kernels.sketches import countmin

CORPUS = corpus("some", ["the sea, the wide sea", "The poem of the sea"] * 5)
COUNTS = {"the": 20, "sea": 15, "poem": 5}


def test_ours() -> None:
    counts: Any = ours(CORPUS)()
    hashes, _ = hash_words(CORPUS.key, list(COUNTS))
    found = np.empty(len(hashes), np.uint32)
    countmin.query_many(counts, hashes, CORPUS.key, found)
    assert dict(zip(COUNTS, found.tolist(), strict=True)) == COUNTS


def test_library() -> None:
    pytest.importorskip("datasketches")
    for make in CONTEST.rivals[0].works.values():
        sketch: Any = make(CORPUS)()
        assert {word: sketch.get_estimate(word) for word in COUNTS} == COUNTS
