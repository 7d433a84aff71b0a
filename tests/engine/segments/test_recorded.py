"""Recorded calls: the same as measured from a log, as bytes and back, in whatever pieces they came."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest

from gauger.engine.common.errors import StateError
from gauger.engine.segments.columns import pack, prepared, unpack
from gauger.engine.segments.recorded import Recorded, RecordedPart, from_bytes, record, to_bytes
from gauger.engine.state.accounts import fields
from gauger.engine.state.state import Prepared, State
from tests.engine import calls

CALLS = calls.some_calls(90, accounts=7, seed=3)
MEASURER = calls.measurer_of(calls.SECRET)


def recorded(some: Sequence[calls.Call], columns: Sequence[str] = calls.WHOLE_COLUMNS) -> Recorded:
    return record(calls.batch_of(some, columns), MEASURER, calls.SETTINGS)


def again(found: Recorded) -> Recorded:
    return from_bytes(b"".join(to_bytes(found)))


def folded(batches: Sequence[Prepared], rows: Sequence[np.ndarray]) -> State:
    state = calls.new_state()
    for batch, own in zip(batches, rows, strict=True):
        state.fold(batch, rows=own)
    return state


def same(left: State, right: State) -> bool:
    """But for words, which calls bring along, and are not of a batch."""
    left.words = right.words
    return calls.bytes_of(left) == calls.bytes_of(right)


@pytest.mark.parametrize("columns", [calls.WHOLE_COLUMNS, calls.TEXT_COLUMNS, calls.BARE_COLUMNS, calls.ID_COLUMNS])
def test_calls_come_back_as_they_were(columns: Sequence[str]) -> None:
    found = recorded(CALLS, columns)
    back = again(found)
    assert found.batch is not None
    assert back.batch is not None
    assert (back.offered, back.batch.content, back.batch.columns) == (90, found.batch.content, found.batch.columns)
    assert same(folded([found.batch], [found.rows]), folded([back.batch], [back.rows]))
    for one, other in zip(found.batch.measures, back.batch.measures, strict=True):
        np.testing.assert_array_equal(one[: len(other)], other)
    for name in ("counts", "registers"):
        np.testing.assert_array_equal(getattr(found.words, name), getattr(back.words, name))
    assert (found.words.total, found.account) == (back.words.total, back.account)


def test_refused_calls_are_told_and_hold_no_text() -> None:
    some = [{**CALLS[0], "account_id": None}, CALLS[1], {**CALLS[2], "prompt_text": None}]
    back = again(recorded(some))
    assert (back.offered, back.rows.tolist(), back.refused.tolist()) == (3, [1], [0, 2])
    assert back.reasons == ["account_id is missing", "prompt is missing"]
    assert back.accounts == [None, CALLS[2]["account_id"]]
    nothing = again(recorded([some[0]]))
    assert nothing.batch is None
    content = b"".join(to_bytes(recorded(CALLS)))
    assert not any(call["prompt_text"].encode() in content for call in CALLS)


def test_a_column_that_some_have_is_zero_in_the_others_as_where_it_says_nothing() -> None:
    """Hosts write what a second had; the day is the same as if all of it had come at once."""
    cuts = [(CALLS[:30], calls.WHOLE_COLUMNS), (CALLS[30:60], calls.BARE_COLUMNS), (CALLS[60:], calls.TEXT_COLUMNS)]
    pieces = [again(recorded(some, columns)) for some, columns in cuts]
    batches = [piece.batch for piece in pieces if piece.batch is not None]
    rows = [np.arange(start, start + 30) for start in (0, 30, 60)]
    block = pack(batches, [0, 0, 0], rows, calls.SECRET.key)
    state = calls.new_state()
    for section in block.calls:
        if section:
            batch, _, own = prepared([unpack(memoryview(section), block.layout)], "text", frozenset(block.columns))
            state.fold(batch, rows=own)
    expected = folded(batches, rows)
    for rows_of in (lambda one: one.accounts.rows, lambda one: one.links.rows, lambda one: one.sample.rows):
        assert len(rows_of(state)) == len(rows_of(expected)) > 0
    order, other = (np.argsort(one.accounts.account_ids) for one in (state, expected))
    for name in fields():
        np.testing.assert_array_equal(state.accounts.rows[name][order], expected.accounts.rows[name][other], name)


def test_parts_count_rows_one_after_another() -> None:
    part = RecordedPart.of(4, 10, [recorded(CALLS[:3]), recorded(CALLS[3:8])])
    assert part.rows.tolist() == list(range(10, 18))
    assert [first for first, _ in part.placed()] == [0, 3]
    assert [(file, places.tolist()) for file, places in part.by_file()] == [(4, list(range(8)))]
    assert part.content == "text"


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_what_is_cut_is_damaged(share: float) -> None:
    content = b"".join(to_bytes(recorded(CALLS)))
    with pytest.raises(StateError, match="damaged"):
        from_bytes(content[: int(share * len(content))])


def test_a_batch_of_no_use_is_refused_as_a_log_is() -> None:
    with pytest.raises(Exception, match="no column"):
        record(pa.record_batch({"account_id": ["a"]}), MEASURER, calls.SETTINGS)
