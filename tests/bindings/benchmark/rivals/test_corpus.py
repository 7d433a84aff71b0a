"""The prompts of a contest: every form holds the same."""

import numpy as np

from gauger.benchmark.rivals.corpus import corpus
from gauger.kernels.sketches import minhash
from gauger.kernels.text import texts

PROMPTS = ["Write a poem about the sea.", "too short", "", "Ünïcode words, and then some more of them"]


def test_forms_agree() -> None:
    given = corpus("some", PROMPTS)
    assert given.strings == PROMPTS
    assert given.content.tobytes().decode() == "".join(PROMPTS)
    assert given.head(2).strings == PROMPTS[:2]
    assert given.head(2).content.tobytes().decode() == "".join(PROMPTS[:2])
    assert given.words[:4] == ["write", "a", "poem", "about"]
    assert [list(map(bytes.decode, row)) for row in given.shingles] == given.shingle_strings
    assert len(given.shingles) == 3  # the empty prompt has none
    assert given.batch.num_rows == 4


def test_shingle_hashes_are_those_behind_the_signatures() -> None:
    given = corpus("some", PROMPTS)
    hashes, offsets = given.shingle_hashes
    # A prompt of fewer than three words has no full shingle and is left out.
    assert np.diff(offsets).tolist() == [len(row) for row in given.shingles if len(row) > 1]
    alone, signed = np.empty((2, minhash.SLOTS), np.uint32), np.empty((4, minhash.SLOTS), np.uint32)
    minhash.sign_sets(hashes, offsets, given.key, alone)
    texts.sign_texts(*given.buffers, given.key, signed)
    assert np.array_equal(alone, signed[[0, 3]])
