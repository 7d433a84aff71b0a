"""Hashes of words and metadata against naive twins, and the Arrow buffers they are read from."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from gauger.engine.common.hashing import hash_column, hash_words, list_buffers, text_buffers
from gauger.kernels.machine import keys
from tests.kernels import naive
from tests.kernels.strategies import KEY, NAIVE_KEY, QUICK


def parts(values: np.ndarray, offsets: np.ndarray) -> list[np.ndarray]:
    assert offsets.dtype == np.int64
    return [values[low:high] for low, high in pairwise(offsets.tolist())]


@given(texts=st.lists(st.text(max_size=9), max_size=9), start=st.integers(0, 9), length=st.integers(0, 9))
@QUICK
def test_text_buffers_are_the_texts_of_a_slice(texts: list[str], start: int, length: int) -> None:
    array = pa.array(texts, pa.string()).slice(min(start, len(texts)), length)
    values, offsets = text_buffers(array)
    assert values.dtype == np.uint8
    assert [part.tobytes().decode() for part in parts(values, offsets)] == array.to_pylist()


@given(ids=st.lists(st.lists(st.integers(0, 2**31 - 1), max_size=5), max_size=9), start=st.integers(0, 9))
@QUICK
def test_list_buffers_are_the_lists_of_a_slice(ids: list[list[int]], start: int) -> None:
    array = pa.array(ids, pa.list_(pa.int32())).slice(min(start, len(ids)))
    values, offsets = list_buffers(array)
    assert values.dtype == np.int32
    assert [part.tolist() for part in parts(values, offsets)] == array.to_pylist()


def test_words_are_hashed_as_by_the_naive_twin() -> None:
    for prompts in (["the river and the sea", "The RIVER and the sea ", "one two", "", "river " * 30], ["a b c"]):
        expected = [naive.word_hashes(text.encode(), NAIVE_KEY) for text in prompts]
        assert [part.tolist() for part in parts(*hash_words(KEY, prompts))] == expected


def test_metadata_is_hashed_by_siphash_and_null_is_zero() -> None:
    column = pa.array(["x", "unread", "192.0.2.1", None, "", "x"]).slice(2)
    key0, key1 = NAIVE_KEY[keys.STRING], NAIVE_KEY[keys.STRING + 1]
    expected = [naive.siphash(key0, key1, text.encode())[0] for text in ("192.0.2.1", "", "x")]
    assert hash_column(KEY, column).tolist() == [expected[0], 0, *expected[1:]]
