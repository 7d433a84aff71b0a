"""Shingles: three words in a row, and what shorter prompts have."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gauger.kernels.text.shingles import shingle_rows
from tests.kernels import naive
from tests.kernels.passes import run_text
from tests.kernels.strategies import KEY, NAIVE_KEY, QUICK, WORD64, pack

TRIPLES = st.lists(st.tuples(WORD64, WORD64, WORD64), min_size=1, max_size=20)


@QUICK
@given(TRIPLES)
def test_kernel_is_the_twin(rows: list[tuple[int, int, int]]) -> None:
    out = shingle_rows(np.array(rows, np.uint64), KEY)
    assert out.tolist() == [naive.shingles(row, NAIVE_KEY)[0] for row in rows]  # ``shingle_each``


def test_columns_of_another_layout_are_copied() -> None:
    rows = np.arange(12, dtype=np.uint64).reshape(4, 3)
    assert np.array_equal(shingle_rows(np.asfortranarray(rows), KEY), shingle_rows(rows, KEY))


@QUICK
@given(st.permutations([1, 2, 3]))
def test_word_order_matters(order: list[int]) -> None:
    same = shingle_rows(np.array([order, [1, 2, 3]], np.uint64), KEY)
    assert (same[0] == same[1]) == (order == [1, 2, 3])


def test_one_and_two_words_have_a_shingle_of_their_own() -> None:
    """Seen through signatures: equal words, equal signature; any other short prompt, another one."""
    texts = [b"one", b"one!", b"one two", b"two one", b"one one", b"one two three", b"one two three four"]
    signatures = [row.tobytes() for row in run_text(*pack(texts)).signatures]
    assert signatures[0] == signatures[1]
    assert len(set(signatures)) == len(texts) - 1
