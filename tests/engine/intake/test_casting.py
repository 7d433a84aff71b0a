"""Casting: values keep their meaning across layouts, bad ones become null."""

import uuid
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from gauger.engine.common.schema import TIMESTAMP
from gauger.engine.intake.admission import casting

INT64, FLOAT64, BOOL, STRING = pa.int64(), pa.float64(), pa.bool_(), pa.string()
VIEWS = pa.array(["a", "b"], pa.string_view())


def values(array: pa.Array, kind: pa.DataType) -> list[Any]:
    cast = casting.cast(array, kind)
    assert cast.array.type == kind
    assert cast.array.offset == 0
    cast.array.validate(full=True)
    return cast.array.to_pylist()


@pytest.mark.parametrize(
    ("kind", "array", "expected"),
    [
        (INT64, pa.array([1, None, 2**40]), [1, None, 2**40]),
        (INT64, pa.array([1.0, 2.5, float("nan"), float("inf"), 1e300]), [1, None, None, None, None]),
        (INT64, pa.array([True, False]), [1, 0]),
        (INT64, pa.array(["7", "7.0", "seven", "1e3", ""]), [7, 7, None, 1000, None]),
        (INT64, pa.array(["7", None]), [7, None]),
        (INT64, pa.array([2**64 - 1, 5], pa.uint64()), [None, 5]),
        (INT64, pa.array([Decimal("3.00"), Decimal("3.50")]), [3, None]),
        (INT64, pa.array([[1], [2]]), [None, None]),
        (INT64, pa.nulls(2), [None, None]),
        (FLOAT64, pa.array([1, None]), [1.0, None]),
        (FLOAT64, pa.array([0.5, float("nan"), float("-inf")], pa.float32()), [0.5, None, None]),
        (FLOAT64, pa.array(["0.5", "x", "nan"]), [0.5, None, None]),
        (FLOAT64, pa.array([True]), [1.0]),
        (FLOAT64, pa.array([1500], pa.duration("ms")), [1.5]),
        (FLOAT64, pa.array([{"a": 1}]), [None]),
        (FLOAT64, pa.array(["0.5", "0.5"]).dictionary_encode(), [0.5, 0.5]),
        (BOOL, pa.array([True, None]), [True, None]),
        (BOOL, pa.array([1, 0, 2]), [True, False, None]),
        (BOOL, pa.array([1.0, 0.5]), [True, None]),
        (BOOL, pa.array(["True", " false", "1", "0", "yes"]), [True, False, True, False, None]),
        (BOOL, pa.array([[True]]), [None]),
        (casting.TEXTS, pa.array([["stop", None], None, []]), [["stop", None], None, []]),
        (casting.TEXTS, pa.array([["stop"]], pa.large_list(pa.large_string())), [["stop"]]),
        (casting.TEXTS, pa.array(["stop", '["a", "b"]', "[broken", None]), [["stop"], ["a", "b"], None, None]),
        (casting.TEXTS, pa.array([b"stop", b"\xff"]), [["stop"], ["\ufffd"]]),
        (casting.TEXTS, pa.array([[b"stop"], [b"\xff"]]), [["stop"], None]),
        (casting.TEXTS, pa.array([[1, 2]]), [[None, None]]),
        (casting.TEXTS, pa.array([3]), [None]),
        (STRING, pa.array([12, None]), ["12", None]),
        (STRING, pa.array([12.0, float("nan")]), ["12", None]),
        (STRING, pa.array([b"ab"], pa.binary(2)), ["ab"]),
        (STRING, pa.array([uuid.UUID(int=1).bytes], pa.uuid()), [str(uuid.UUID(int=1))]),
        (STRING, pc.run_end_encode(pa.array(["a", "a", "b"])), ["a", "a", "b"]),
        (STRING, pa.array(["a", "b", "a"]).dictionary_encode().slice(1), ["b", "a"]),
        (STRING, pa.array(["a", "b"], pa.string_view()).slice(1), ["b"]),
        (STRING, pa.DictionaryArray.from_arrays(pa.array([1, None, 0, 1]), VIEWS).slice(1), [None, "a", "b"]),
        (STRING, pa.RunEndEncodedArray.from_arrays([2, 3], VIEWS).slice(1), ["a", "b"]),
        (pa.int32(), pa.array([2**31, -(2**31), 2**31 - 1]), [None, -(2**31), 2**31 - 1]),
        (pa.int32(), pa.array([2**32], pa.uint64()), [None]),
    ],
)
def test_values_keep_their_meaning_or_are_null(kind: pa.DataType, array: pa.Array, expected: list[Any]) -> None:
    if array.type == pa.list_(pa.binary()):  # a list of text that is no UTF-8, as only a careless writer makes it
        array = array.view(pa.list_(pa.string()))
    assert values(array, kind) == expected


LISTS = (pa.list_(pa.int32()), pa.large_list(INT64), pa.list_(pa.uint16()), pa.list_(FLOAT64), pa.list_view(INT64))


@pytest.mark.parametrize("kind", [*LISTS, pa.list_(pa.int32(), 2)])
def test_token_ids(kind: pa.DataType) -> None:
    array = pa.array([[9, 9], [1, 2], None, [3, 4]], kind)
    assert values(array, casting.TOKEN_IDS) == [[9, 9], [1, 2], None, [3, 4]]
    assert values(array.slice(1), casting.TOKEN_IDS) == [[1, 2], None, [3, 4]]


def test_token_ids_written_as_json_or_of_another_type() -> None:
    cast = casting.cast(pa.array(["[1, 2]", "[]", "[1.5]", "x", None, "[-1]", "[true]"]), casting.TOKEN_IDS)
    assert cast.array.to_pylist() == [[1, 2], [], None, None, None, None, None]
    assert [(rows.nonzero()[0].tolist(), reason) for rows, reason in cast.faults] == [
        ([3, 6], "is not a list of token ids"),
        ([2, 5], "holds a token id outside 0..2147483647"),
    ]
    [(rows, reason)] = casting.cast(pa.array([1, None]), casting.TOKEN_IDS).faults
    assert (rows.tolist(), reason) == ([True, False], "is not a list of token ids")


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (pa.array(["2026-11-20T12:00:00Z", "x", "", None]), "is in no known form of a time"),
        (pa.array([1.795e9, 3.0, float("nan"), None]), "is impossible"),
        (pa.array([b"2026-11-20T12:00:00Z", b"\xff", b"", None], pa.binary()), "is impossible"),
        (pa.array([{"seconds": 1_795_000_000}, {"seconds": 3}, None, None]), "is impossible"),
    ],
)
def test_times_name_what_is_wrong_but_not_what_is_missing(array: pa.Array, reason: str) -> None:
    [(rows, found)] = casting.cast(array, TIMESTAMP).faults
    assert found == reason
    assert rows.tolist() == [False, True, False, False]
    assert casting.cast(array, TIMESTAMP).array.is_null().to_pylist() == [False, True, True, True]


def test_a_date_is_a_time_only_where_that_is_asked_for() -> None:
    dates = pa.array(["2026-11-20"]).cast(pa.date32())
    [(rows, reason)] = casting.times(dates).faults
    assert (rows.tolist(), reason) == ([True], "is a date without a time of day")
    assert casting.times(dates, dates=True).array.cast(STRING).to_pylist() == ["2026-11-20 00:00:00.000000Z"]
