"""Columns: what is taken in, what is refused, and that no message quotes a value."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from gauger import KernelInputError
from gauger.sketches import values
from tests.bindings.columns import ID_FORMS, SECRET, TEXT_FORMS, TEXTS, run_ends

PRESENT = [text.encode() for text in TEXTS if text is not None]


def read(column: Any) -> list[bytes | None]:
    """A column of texts as the kernels see it."""
    found: list[bytes | None] = []
    for rows in map(values.texts, values.chunks(column)):
        nulls = np.zeros(len(rows), bool) if rows.nulls is None else rows.nulls
        spans = zip(rows.offsets[:-1], rows.offsets[1:], nulls, strict=True)
        found += [None if null else rows.values[start:end].tobytes() for start, end, null in spans]
    return found


def hashes(column: Any) -> np.ndarray:
    return np.concatenate([np.zeros(0, np.uint64), *values.present_hashes(column, SECRET.key)])


@pytest.mark.parametrize("form", TEXT_FORMS)
def test_every_form_of_text_is_the_same_rows(form: str) -> None:
    expected = [None if text is None else text.encode() for text in TEXTS]
    assert read(TEXT_FORMS[form](TEXTS)) == expected
    assert [text for rows in values.present_texts(TEXT_FORMS[form](TEXTS)) for text in as_bytes(rows)] == PRESENT


def as_bytes(rows: values.Rows) -> list[bytes]:
    """Rows without nulls as bytes."""
    assert rows.nulls is None
    return [rows.values[start:end].tobytes() for start, end in zip(rows.offsets[:-1], rows.offsets[1:], strict=True)]


@pytest.mark.parametrize("form", TEXT_FORMS)
def test_every_form_of_nothing_has_no_rows(form: str) -> None:
    assert read(TEXT_FORMS[form]([])) == []


def test_other_forms_of_text() -> None:
    assert read(run_ends(["a", "a", None, "b"])) == [b"a", b"a", None, b"b"]
    assert read(pa.RunEndEncodedArray.from_arrays([2, 3], pa.array(["a", None], pa.string_view()))[1:]) == [b"a", None]
    assert read(np.array(["a", "bc"])) == [b"a", b"bc"]
    assert read(["a", None, float("nan")]) == [b"a", None, None]
    assert read([]) == []
    assert read(pd.Series([None, float("nan")])) == [None, None]
    assert read([None, None]) == read(pl.Series([None, None])) == [None, None]
    assert read(text for text in ("a", "b")) == [b"a", b"b"]
    assert read(pa.array([b"\xff\xfe"], pa.binary())) == [b"\xff\xfe"]  # kernels take malformed UTF-8 as it is


@pytest.mark.parametrize("form", ID_FORMS)
def test_every_form_of_token_ids_is_the_same_rows(form: str) -> None:
    lists = [[1, 2, 3], [], None, [2**31 - 1, 0]]
    (ids, lengths, nulls), chunks = ([], [], []), values.chunks(ID_FORMS[form](lists))
    for rows in map(values.token_ids, chunks):
        ids += rows.values[rows.offsets[0] : rows.offsets[-1]].tolist()
        lengths += np.diff(rows.offsets).tolist()
        nulls += [False] * len(rows) if rows.nulls is None else rows.nulls.tolist()
    assert ids == [1, 2, 3, 2**31 - 1, 0]
    assert lengths == [3, 0, 0, 2]
    assert nulls == [False, False, True, False]


@pytest.mark.parametrize("ids", [[1, -1], [2**31], [None], [1.5]])
def test_what_is_no_token_id_is_refused(ids: list[Any]) -> None:
    (chunk,) = values.chunks([[1], ids])
    with pytest.raises(KernelInputError, match="row 1 of a chunk holds a token id outside"):
        values.token_ids(chunk)


@pytest.mark.parametrize("kind", ["int8", "uint8", "int16", "uint32", "int64", "uint64"])
def test_an_integer_hashes_the_same_in_every_width(kind: str) -> None:
    expected = hashes([3, 1, 2])
    assert np.array_equal(hashes(np.array([3, 1, 2], kind)), expected)
    assert np.array_equal(hashes(np.array([3, 9, 1, 9, 2, 9], kind)[::2]), expected)
    assert np.array_equal(hashes(pl.Series([3, None, 1, 2])), expected)
    assert np.array_equal(hashes(pd.Series([3, None, 1, 2], dtype="Int64")), expected)
    assert np.array_equal(hashes(pa.array([3, 1, None, 2]).dictionary_encode()), expected)
    assert len({*hashes([-1, 0, 2**63 - 1]).tolist(), *hashes(["-1", "0", "3"]).tolist()}) == 6


@pytest.mark.parametrize(
    "column",
    [
        "prompt text",
        b"prompt text",
        {"prompt text": 1},
        7,
        None,
        ["prompt text", 7],
        np.array([["prompt text"]]),
        np.array("prompt text"),
        pd.DataFrame({"column": ["prompt text"]}),
        ["prompt \ud800 text"],
        [object()],
    ],
    ids=lambda column: type(column).__name__,
)
def test_what_is_no_column_is_refused_without_being_quoted(column: Any) -> None:
    with pytest.raises(KernelInputError) as caught:
        read(column)
    assert "prompt" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("column", [[1.5], [True], pl.DataFrame({"a": ["b"]}), pa.table({"a": ["b"]}), [["a"]]])
def test_values_of_another_type_are_refused(column: Any) -> None:
    with pytest.raises(KernelInputError, match="text or integers are needed"):
        hashes(column)
    with pytest.raises(KernelInputError, match="text is needed"):
        read(column)


@pytest.mark.parametrize("offsets", [[0, 5, 3], [0, -4, 8], [0, 2**31 - 1, 8]])
def test_broken_offsets_never_reach_a_kernel(offsets: list[int]) -> None:
    buffers = [None, pa.py_buffer(np.array(offsets, np.int32).tobytes()), pa.py_buffer(b"abcdefgh")]
    with pytest.raises(KernelInputError, match="broken Arrow data"):
        values.chunks(pa.Array.from_buffers(pa.string(), 2, buffers))


def test_offsets_that_are_not_aligned_are_read() -> None:
    memory = pa.py_buffer(b"?" + np.array([0, 3, 8], np.int64).tobytes())
    buffers = [None, memory.slice(1), pa.py_buffer(b"abcdefgh")]
    array = pa.Array.from_buffers(pa.large_binary(), 2, buffers)
    assert read(array) == [b"abc", b"defgh"]
