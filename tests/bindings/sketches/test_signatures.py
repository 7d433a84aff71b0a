"""Signatures of columns: any layout gives the same rows, rows stay aligned, similarity within its bound."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gauger
from gauger.kernels.sketches import minhash
from tests.bindings.columns import COLUMN, ID_FORMS, OTHER, SECRET, TEXT_FORMS, TEXTS
from tests.kernels import naive
from tests.kernels.strategies import QUICK

EMPTY = [minhash.EMPTY] * minhash.SLOTS
KEY = SECRET.key.tolist()


def sign(values: Any) -> np.ndarray:
    return gauger.signatures(values, secret=SECRET)


def twin(text: str | None) -> list[int]:
    """Signature by the naive twin."""
    hashes = naive.word_hashes((text or "").encode(), KEY)
    return naive.signature(naive.shingles(hashes, KEY), KEY)


def test_rows_are_the_twins() -> None:
    rows = sign(TEXTS)
    assert rows.dtype == np.uint32
    assert rows.flags.c_contiguous
    assert rows.tolist() == [twin(text) for text in TEXTS]


@pytest.mark.parametrize("form", TEXT_FORMS)
@QUICK
@given(COLUMN)
def test_any_form_of_text_gives_the_same_rows(form: str, column: list[str | None]) -> None:
    assert np.array_equal(sign(TEXT_FORMS[form](column)), sign(pa.array(column, pa.string())))


@pytest.mark.parametrize("form", ID_FORMS)
@QUICK
@given(st.lists(st.one_of(st.none(), st.lists(st.integers(0, 2**31 - 1), max_size=8)), min_size=1, max_size=6))
def test_any_form_of_token_ids_gives_the_same_rows(form: str, column: list[list[int] | None]) -> None:
    expected = sign(pa.array(column, pa.list_(pa.int32())))
    assert np.array_equal(sign(ID_FORMS[form]([*column, [1, 2, 3]]))[:-1], expected)
    assert expected.shape == (len(column), minhash.SLOTS)


def test_nulls_and_texts_without_words_are_rows_of_empty_slots() -> None:
    rows = sign(["a b c", None, "", "?!"])
    assert rows[1:].tolist() == [EMPTY] * 3
    assert sign(TEXT_FORMS["bytes under null"]([None, "a"]))[0].tolist() == EMPTY
    assert sign([[7, 8], None, []])[1:].tolist() == [EMPTY] * 2


def test_no_rows_at_all() -> None:
    for nothing in ([], pa.chunked_array([], pa.string()), pa.array([], pa.list_(pa.int64()))):
        assert sign(nothing).shape == (0, minhash.SLOTS)


def test_other_types_are_refused() -> None:
    with pytest.raises(gauger.KernelInputError, match="text or lists of token ids"):
        sign([1, 2])


def test_minimum_is_the_union() -> None:
    rows = sign([[1, 2, 3, 4], [2, 3, 4, 5], [1, 2, 3, 4, 5]])
    assert np.array_equal(np.minimum(rows[0], rows[1]), rows[2])


def test_another_secret_gives_unrelated_rows() -> None:
    texts = ["one two three four five six"]
    assert gauger.jaccard(sign(texts), gauger.signatures(texts, secret=OTHER))[0] < 0.1


@pytest.mark.parametrize("similarity", [0.2, 0.5, 0.9])
def test_similarity_is_within_its_standard_error(similarity: float) -> None:
    """Lists of ids whose sets of 3-shingles overlap by a known share."""
    union, pairs = 300, 200
    shared = round(similarity * union)
    ends = (union + shared) // 2 + 2, (union - shared) // 2
    ids = np.random.default_rng(3).integers(0, 2**31, (pairs, union + 2))
    errors = gauger.jaccard(sign(list(ids[:, : ends[0]])), sign(list(ids[:, ends[1] :]))) - shared / union
    theory = np.sqrt(similarity * (1 - similarity) / minhash.SLOTS)
    assert np.sqrt(np.mean(errors**2)) <= 1.1 * theory
    assert abs(errors.mean()) <= 4 * theory / np.sqrt(pairs)


def test_similarity_broadcasts_as_numpy_does() -> None:
    rows = sign(["a b c d", "A b, c d!", "x y z", ""])
    assert gauger.jaccard(rows, rows[0])[:2].tolist() == [1.0, 1.0]
    assert gauger.jaccard(rows[:, None], rows[None]).shape == (4, 4)
    assert isinstance(gauger.jaccard(rows[0], rows[1]), float)


def test_similarity_of_nothing_to_nothing_is_not_known() -> None:
    rows = sign(["a b c", "", None])
    assert np.isnan(gauger.jaccard(rows[1], rows[2]))
    assert gauger.jaccard(rows[0], rows[1]) == 0.0


@pytest.mark.parametrize("rows", [np.zeros((2, 128)), np.zeros((2, 64), np.uint32), np.uint32(1), "text"])
def test_what_is_no_signature_is_refused(rows: Any) -> None:
    with pytest.raises(gauger.KernelInputError, match="signatures are uint32"):
        gauger.jaccard(rows, np.zeros((2, 128), np.uint32))


def test_rows_that_do_not_pair_are_refused() -> None:
    with pytest.raises(gauger.KernelInputError, match="do not pair"):
        gauger.jaccard(np.zeros((2, 128), np.uint32), np.zeros((3, 128), np.uint32))
