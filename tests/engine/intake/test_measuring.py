"""Measures: buffers as Arrow lays them out, keyed tables, and word sketches that add up."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gauger.engine.intake import measuring as measure
from gauger.engine.intake.measuring import Measurer, Measures, WordSketch
from gauger.kernels.machine import keys
from gauger.kernels.text import features
from tests.engine import calls
from tests.kernels import naive

NAIVE_KEY = calls.SECRET.key.tolist()
QUICK = settings(max_examples=40, deadline=None, derandomize=True, database=None)
PROMPTS = ["the river and the sea", "The RIVER and the sea ", "one two", "", "river " * 30]


def measures_of(prompts: list, sketch: WordSketch | None = None, column: str = "prompt_text") -> Measures:
    batch = calls.batch_of([{column: prompt} for prompt in prompts], (column,))
    return calls.measurer_of(calls.SECRET).measure(batch, sketch or WordSketch())


@given(texts=st.lists(st.text(max_size=9), max_size=9), start=st.integers(0, 9), length=st.integers(0, 9))
@QUICK
def test_text_buffers_are_the_texts_of_a_slice(texts: list[str], start: int, length: int) -> None:
    array = pa.array(texts, pa.string()).slice(min(start, len(texts)), length)
    values, offsets = measure.text_buffers(array)
    assert (values.dtype, offsets.dtype) == (np.uint8, np.int64)
    spans = zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)
    assert [values[low:high].tobytes().decode() for low, high in spans] == array.to_pylist()


@given(ids=st.lists(st.lists(st.integers(0, 2**31 - 1), max_size=5), max_size=9), start=st.integers(0, 9))
@QUICK
def test_list_buffers_are_the_lists_of_a_slice(ids: list[list[int]], start: int) -> None:
    array = pa.array(ids, pa.list_(pa.int32())).slice(min(start, len(ids)))
    values, offsets = measure.list_buffers(array)
    assert (values.dtype, offsets.dtype) == (np.int32, np.int64)
    spans = zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)
    assert [values[low:high].tolist() for low, high in spans] == array.to_pylist()


def test_words_are_hashed_as_by_the_naive_twin() -> None:
    words, offsets = measure.hash_words(calls.SECRET.key, PROMPTS)
    expected = [naive.word_hashes(text.encode(), NAIVE_KEY) for text in PROMPTS]
    assert offsets.tolist() == [0, *np.cumsum([len(hashes) for hashes in expected]).tolist()]
    assert words.tolist() == [hashed for hashes in expected for hashed in hashes]


def test_metadata_is_hashed_by_siphash_and_null_is_zero() -> None:
    column = pa.array(["x", "unread", "192.0.2.1", None, "", "x"]).slice(2)
    key0, key1 = NAIVE_KEY[keys.STRING], NAIVE_KEY[keys.STRING + 1]
    expected = [naive.siphash(key0, key1, text.encode())[0] for text in ("192.0.2.1", "", "x")]
    assert measure.hash_column(calls.SECRET.key, column).tolist() == [expected[0], 0, *expected[1:]]


def test_the_same_normalised_prompt_has_the_same_hash() -> None:
    hashes = measures_of(PROMPTS).prompt_hashes.tolist()
    assert hashes[0] == hashes[1]
    assert len({tuple(pair) for pair in hashes}) == len(PROMPTS) - 1


def test_measures_have_the_promised_shapes_and_types() -> None:
    result = measures_of(PROMPTS)
    rows = len(PROMPTS)
    assert (result.prompt_hashes.shape, result.prompt_hashes.dtype) == ((rows, 2), np.uint64)
    assert (result.features.shape, result.features.dtype) == ((rows, features.FEATURES), np.int8)
    assert (result.signatures.shape, result.signatures.dtype) == ((rows, 128), np.uint8)
    assert (result.flags.shape, result.flags.dtype) == ((rows,), np.uint8)
    assert result.words.tolist() == [5, 5, 2, 0, 30]
    assert np.isnan(result.novelty).all()
    assert result.gram_offsets[-1] <= len(result.grams)
    assert np.diff(result.gram_offsets).tolist() == [9, 9, 6, 0, 34]


def test_a_key_changes_every_hash() -> None:
    other = Measurer(calls.Secret(b"another key here"))
    batch = calls.batch_of([{"prompt_text": text} for text in PROMPTS if text], ("prompt_text",))
    mine, theirs = (m.measure(batch, WordSketch()) for m in (calls.measurer_of(calls.SECRET), other))
    assert not set(mine.prompt_hashes.ravel().tolist()) & set(theirs.prompt_hashes.ravel().tolist())
    assert np.all((mine.signatures != theirs.signatures).any(axis=1))


def test_word_sketches_count_words_and_merge_by_addition() -> None:
    whole, left, right = WordSketch(), WordSketch(), WordSketch()
    measures_of(PROMPTS, whole)
    measures_of(PROMPTS[:2], left)
    measures_of(PROMPTS[2:], right)
    left.merge(right)
    assert whole.total == left.total == 5 + 5 + 2 + 30
    np.testing.assert_array_equal(whole.counts, left.counts)
    np.testing.assert_array_equal(whole.registers, left.registers)
    assert whole.counts.sum(axis=1).tolist() == [whole.total] * measure.WORD_COUNT_DEPTH
    distinct = len({word for text in PROMPTS for word in text.lower().split()})
    assert whole.distinct() == pytest.approx(distinct, abs=0.5)


def test_novelty_is_the_mean_self_information_under_the_reference() -> None:
    reference = WordSketch()
    known = ["the river and the sea"] * 3 + ["the hills"]
    measures_of(known, reference)
    counts = Counter(" ".join(known).split())
    asked = ["the river", "unheard words here", "the the hills"]
    batch = calls.batch_of([{"prompt_text": text} for text in asked], ("prompt_text",))
    novelty = Measurer(calls.SECRET, reference).measure(batch, WordSketch()).novelty
    total = sum(counts.values())
    for text, measured in zip(asked, novelty.tolist(), strict=True):
        parts = [math.log((total + 1) / (counts[word] + 1)) for word in text.split()]
        assert measured == pytest.approx(sum(parts) / len(parts), rel=1e-6)


def test_a_prompt_of_no_words_has_no_novelty() -> None:
    reference = WordSketch()
    measures_of(["the river"], reference)
    batch = calls.batch_of([{"prompt_text": "?!"}], ("prompt_text",))
    assert np.isnan(Measurer(calls.SECRET, reference).measure(batch, WordSketch()).novelty).all()


def test_token_ids_are_measured_too() -> None:
    result = measures_of([[5, 6, 7], [5, 6, 7], [7, 6, 5], [9]], column="prompt_token_ids")
    assert result.words.tolist() == [3, 3, 3, 1]
    assert result.prompt_hashes[0].tolist() == result.prompt_hashes[1].tolist() != result.prompt_hashes[2].tolist()
    assert result.flags.tolist() == [0] * 4
    assert np.diff(result.gram_offsets).tolist() == [7, 7, 7, 5]


@pytest.mark.parametrize("column", ["prompt_text", "prompt_token_ids"])
def test_no_calls_give_no_measures(column: str) -> None:
    sketch = WordSketch()
    result = measures_of([], sketch, column)
    assert len(result.words) == 0
    assert result.gram_offsets.tolist() == [0]
    assert sketch.total == 0
