"""The tokeniser in Python makes exactly the words and shingles of the kernels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauger.benchmark.rivals import tokenising
from gauger.engine.common.hashing import hash_words
from gauger.engine.common.secret import Secret

KEY = Secret.random().key
TEXTS = [
    "",
    "Hello!",
    "How do I, É?",
    "naïve CAFÉ — “quoted” \u00a0\u2028 ümlaut",
    "中文 and 日本語、カナ。 mixed한국어words ไทย",
    "tabs\tand\nnewlines\r\x00zero under_score 3.14",
    "\U0001f600 emoji \U00020000 ideograph \uffff \u3003\u3004",
    "İstanbul ΣΑΣ ß",
]
ANY = st.text(st.characters(codec="utf-8"), max_size=60)


def check(text: str) -> None:
    """The same words, in the same order."""
    words = tokenising.words(text)
    assert words == [word.encode() for word in tokenising.word_strings(text)]
    hashes, _ = hash_words(KEY, [text])
    assert len(hashes) == len(words)
    if words:
        each, offsets = hash_words(KEY, [word.decode() for word in words])
        assert np.array_equal(np.diff(offsets), np.ones(len(words)))  # a word is one word
        assert np.array_equal(each, hashes)


@pytest.mark.parametrize("text", TEXTS)
def test_words_are_those_of_the_kernels(text: str) -> None:
    check(text)


@given(ANY)
def test_words_of_any_text_are_those_of_the_kernels(text: str) -> None:
    check(text)


@given(st.text(st.characters(codec="ascii"), max_size=60))
def test_words_of_ascii_are_those_of_the_kernels(text: str) -> None:
    check(text)


def test_shingles_are_three_folded_words() -> None:
    assert tokenising.shingles("How do I, É?") == [b"how do i", "do i É".encode()]
    assert tokenising.shingles("Hello, you!") == [b"hello you"]
    assert tokenising.shingles("?!") == []
