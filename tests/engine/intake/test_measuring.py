"""Measures: shapes, keyed hashes, novelty, and word sketches that add up."""

import copy
import math
import pickle
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from gauger.engine.intake import measuring as measure
from gauger.engine.intake.measuring import Measurer, Measures, WordSketch
from gauger.kernels.text import features
from tests.engine import calls

PROMPTS = ["the river and the sea", "The RIVER and the sea ", "one two", "", "river " * 30]


def measures_of(prompts: list, sketch: WordSketch | None = None, column: str = "prompt_text") -> Measures:
    return calls.measure(calls.batch_of([{column: prompt} for prompt in prompts], (column,)), sketch)


def novelty_of(prompts: list[str], reference: WordSketch) -> np.ndarray:
    batch = calls.batch_of([{"prompt_text": prompt} for prompt in prompts], ("prompt_text",))
    return Measurer(calls.SECRET, reference).measure(batch, WordSketch()).novelty


def test_measures_have_the_promised_shapes_and_types() -> None:
    result, rows = measures_of(PROMPTS), len(PROMPTS)
    promised = {
        "prompt_hashes": ((rows, 2), np.uint64),
        "features": ((rows, features.FEATURES), np.int8),
        "signatures": ((rows, 128), np.uint8),
        "flags": ((rows,), np.uint8),
    }
    for name, shape in promised.items():
        assert (getattr(result, name).shape, getattr(result, name).dtype) == shape, name
    assert result.words.tolist() == [5, 5, 2, 0, 30]
    assert np.isnan(result.novelty).all()
    assert result.gram_offsets[-1] <= len(result.grams)
    assert np.diff(result.gram_offsets).tolist() == [9, 9, 6, 0, 34]
    hashes = result.prompt_hashes.tolist()
    assert hashes[0] == hashes[1], "the same normalised prompt"
    assert len({tuple(pair) for pair in hashes}) == len(PROMPTS) - 1


def test_a_key_changes_every_hash() -> None:
    batch = calls.batch_of([{"prompt_text": text} for text in PROMPTS if text], ("prompt_text",))
    mine, theirs = calls.measure(batch), calls.measure(batch, secret=calls.Secret(b"another key here"))
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
    reference, known = WordSketch(), ["the river and the sea"] * 3 + ["the hills"]
    measures_of(known, reference)
    counts = Counter(" ".join(known).split())
    asked = ["the river", "unheard words here", "the the hills"]
    for text, measured in zip(asked, novelty_of(asked, reference).tolist(), strict=True):
        expected = [math.log((counts.total() + 1) / (counts[word] + 1)) for word in text.split()]
        assert measured == pytest.approx(sum(expected) / len(expected), rel=1e-6)
    assert np.isnan(novelty_of(["?!"], reference)).all()  # of no words


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
    assert (len(result.words), result.gram_offsets.tolist(), sketch.total) == (0, [0], 0)


@pytest.mark.parametrize("copier", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_measurer_holds_keys_and_is_never_pickled(copier: Callable[[Measurer], object]) -> None:
    with pytest.raises(TypeError, match="never pickled"):
        copier(Measurer(calls.SECRET))
