"""Intake: what is admitted, what is refused and why, and that nothing touches a broken array."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gauger.engine.common.errors import InputError, KernelInputError
from gauger.engine.common.schema import CALL_SCHEMA
from gauger.engine.intake import admission as intake
from gauger.engine.intake.values import says_nothing

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CANARY = "canary-7f3a"


def batch(rows: int = 3, **columns: object) -> pa.RecordBatch:
    base: dict[str, object] = {
        "start_time": pa.array([NOON] * rows),
        "account_id": [f"account-{row}" for row in range(rows)],
        "prompt_text": [f"prompt {row}" for row in range(rows)],
    }
    return pa.record_batch({name: value for name, value in (base | columns).items() if value is not None})


def refusals(given_batch: pa.RecordBatch) -> dict[int, str]:
    admitted = intake.admit(given_batch)
    admitted.calls.validate(full=True)
    assert sorted([*admitted.rows, *admitted.rejected]) == list(range(given_batch.num_rows))
    assert admitted.calls.num_rows == len(admitted.rows)
    assert admitted.rows.dtype == admitted.rejected.dtype == np.int64
    return dict(zip(admitted.rejected.tolist(), admitted.reasons, strict=True))


def test_good_rows_come_through_in_canonical_types_and_order() -> None:
    calls = intake.admit(batch(usage_output_tokens=[1.0, 2.0, None], unknown=["x"] * 3)).calls
    assert calls.schema.names == ["start_time", "account_id", "prompt_text", "usage_output_tokens"]
    assert all(calls.schema.field(name).equals(CALL_SCHEMA.field(name)) for name in calls.schema.names)
    assert calls.column("usage_output_tokens").to_pylist() == [1, 2, None]


def test_bad_rows_are_refused_one_by_one_with_the_reason() -> None:
    given_batch = batch(
        8,
        account_id=["a", None, "", "a", "a", "a", "a", "a"],
        start_time=["2026-11-20T12:00:00Z"] * 3
        + [None, "yesterday", "1999-01-01T00:00:00Z"]
        + ["2026-11-20T12:00:00Z"] * 2,
        prompt_text=["p"] * 6 + [None, ""],
    )
    assert refusals(given_batch) == {
        1: "account_id is missing",
        2: "account_id is missing",
        3: "start_time is missing",
        4: "start_time is in no known form of a time",
        5: "start_time is impossible",
        6: "prompt is missing",
        7: "prompt is empty",
    }


def test_what_stands_for_a_prompt_is_none() -> None:
    prompts = ["redacted-by-litellm", "{}", "null, they say"]
    assert refusals(batch(3, prompt_text=prompts)) == dict.fromkeys((0, 1), "prompt is a placeholder")


def test_a_text_like_half_a_chat_is_somebodys_words_and_told() -> None:
    half = '[{"role": "user", "content": "Sort the'
    admitted = intake.admit(batch(3, prompt_text=["", half, "Sort it"]))
    assert admitted.rows.tolist() == [1, 2]
    assert admitted.half_chats().tolist() == [True, False]
    ids = batch(2, prompt_token_ids=pa.array([[1], [2]], pa.list_(pa.int32())))
    assert intake.admit(ids.drop_columns(["prompt_text"])).half_chats().tolist() == [False, False]


def test_refused_rows_have_their_account_where_it_is_known() -> None:
    given_batch = batch(4, account_id=["a", "\\N", " b ", "c"], prompt_text=["", "", "", "p"])
    admitted = intake.admit(given_batch)
    assert admitted.accounts == ["a", None, "b"]
    assert admitted.calls.column("account_id").to_pylist() == ["c"]


def test_how_columns_are_filled_is_counted_over_all_rows() -> None:
    addresses = ["203.0.113.5:51234", "-", "the office", None]
    filled = intake.admit(batch(4, prompt_text=["p", "", "p", "p"], client_address=addresses)).filled
    assert filled == {"start_time": (4, 4), "account_id": (4, 4), "prompt_text": (4, 4), "client_address": (2, 1)}


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary_view()])
def test_bad_utf8_refuses_its_own_row_only(kind: pa.DataType) -> None:
    prompts = pa.array([b"good", b"bad \xff", "gr\u00fc\u00df".encode()], kind)
    accounts = pa.array([b"\xed\xa0\x80", b"b", b"c"], kind)
    assert refusals(batch(prompt_text=prompts, account_id=accounts)) == {
        0: "account_id is not valid UTF-8",
        1: "prompt is not valid UTF-8",
    }


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_text_columns_that_lie_about_utf8(kind: pa.DataType) -> None:
    as_binary = pa.binary() if kind == pa.string() else pa.large_binary()
    buffers = pa.array([b"good", b"bad \xff", b"good"], as_binary).buffers()
    assert refusals(batch(prompt_text=pa.Array.from_buffers(kind, 3, buffers))) == {1: "prompt is not valid UTF-8"}


def test_token_ids_stand_in_for_text_and_are_checked() -> None:
    tokens = pa.array([[1, 2], [], None, [-1], [2**31], [3, None]], pa.large_list(pa.int64()))
    outside = "prompt holds a token id outside 0..2147483647"
    assert refusals(batch(6, prompt_text=None, prompt_token_ids=tokens)) == {
        1: "prompt is empty",
        2: "prompt is missing",
        3: outside,
        4: outside,
        5: outside,
    }


def test_text_wins_over_token_ids_and_an_empty_batch_is_admitted_empty() -> None:
    calls = intake.admit(batch(prompt_token_ids=[[1], [2], [3]])).calls
    assert "prompt_token_ids" not in calls.schema.names
    admitted = intake.admit(batch(3).slice(0, 0))
    assert admitted.calls.num_rows == len(admitted.rows) == len(admitted.reasons) == 0


def test_a_required_column_of_nulls_or_of_no_text_type_refuses_the_rows() -> None:
    assert set(refusals(batch(prompt_text=pa.nulls(3))).values()) == {"prompt is missing"}
    assert set(refusals(batch(account_id=[{"id": 1}] * 3)).values()) == {"account_id is not text"}


def test_missing_required_columns_are_named_and_one_that_appears_twice() -> None:
    twice = pa.RecordBatch.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["account_id", "account_id"])
    missing = r"no column account_id, prompt_text or prompt_token_ids; .*--columns"
    for given_batch, message in (
        (pa.record_batch({"start_time": [NOON]}), missing),
        (twice, "column account_id appears 2 times"),
    ):
        with pytest.raises(InputError, match=message):
            intake.admit(given_batch)


def test_bad_optional_values_become_null() -> None:
    calls = intake.admit(
        batch(
            request_temperature=["0.5", "warm", None],
            usage_output_tokens=[1.5, 2.0, float("nan")],
            request_stream=["true", "perhaps", "0"],
            client_address=pa.array([b"10.0.0.1", b"\xff", None]),
        )
    ).calls
    assert calls.column("request_temperature").to_pylist() == [0.5, None, None]
    assert calls.column("usage_output_tokens").to_pylist() == [None, 2, None]
    assert calls.column("request_stream").to_pylist() == [True, None, False]
    assert calls.column("client_address").to_pylist() == ["10.0.0.1", None, None]


def test_slices_come_out_contiguous_with_their_own_rows() -> None:
    tokens = pa.array([[row, row] for row in range(9)], pa.list_(pa.int32()))
    for columns in ({}, {"prompt_text": None, "prompt_token_ids": tokens}):
        sliced = batch(9, **columns).slice(4, 3)
        calls = intake.admit(sliced).calls
        assert calls.column("account_id").to_pylist() == ["account-4", "account-5", "account-6"]
        assert all(array.offset == 0 for array in calls.columns)
        if columns:
            assert calls.column("prompt_token_ids").values.offset == 0
            assert calls.column("prompt_token_ids").to_pylist() == [[4, 4], [5, 5], [6, 6]]


def test_reasons_never_hold_values() -> None:
    broken = pa.array([CANARY.encode() + b"\xff"], pa.binary())
    given_batch = batch(1, account_id=[""], start_time=[CANARY], prompt_text=broken)
    assert CANARY not in "".join(refusals(given_batch).values())


def crafted(kind: pa.DataType, offsets: list[int], width: type) -> pa.Array:
    content = [pa.array([1, 2, 3], pa.int32())] if pa.types.is_list(kind) else []
    buffers = [None, pa.py_buffer(np.array(offsets, width))]
    buffers += [] if content else [pa.py_buffer(b"abc")]
    return pa.Array.from_buffers(kind, len(offsets) - 1, buffers, children=content)


@pytest.mark.parametrize(
    ("column", "kind", "width"),
    [
        ("prompt_text", pa.string(), np.int32),
        ("prompt_text", pa.large_string(), np.int64),
        ("account_id", pa.binary(), np.int32),
        ("prompt_token_ids", pa.list_(pa.int32()), np.int32),
    ],
)
@pytest.mark.parametrize("offsets", [[0, 1 << 30, 2, 3], [0, 3, 1, 3], [0, -4, 2, 3]], ids=["over", "back", "below"])
def test_crafted_offsets_are_stopped_before_any_value_is_read(
    column: str, kind: pa.DataType, width: type, offsets: list[int]
) -> None:
    columns: dict[str, object] = {column: crafted(kind, offsets, width)}
    if column == "prompt_token_ids":
        columns["prompt_text"] = None
    with pytest.raises(KernelInputError, match=f"column {column}: broken Arrow data"):
        intake.admit(batch(**columns))


def test_dictionary_indices_out_of_bounds_are_stopped() -> None:
    wild = pa.DictionaryArray.from_arrays(pa.array([0, 1, 7], pa.int32()), pa.array(["a", "b"]), safe=False)
    with pytest.raises(KernelInputError, match="column prompt_text"):
        intake.admit(batch(prompt_text=wild))


LAYOUTS = [pa.string(), pa.large_string(), pa.string_view(), pa.binary()]
LAYOUTS += [pa.dictionary(pa.int32(), pa.string()), pa.dictionary(pa.int8(), pa.large_string())]


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.none() | st.text(max_size=12), min_size=1, max_size=30),
    kind=st.sampled_from(LAYOUTS),
    cut=st.integers(0, 5),
)
def test_every_layout_gives_the_same_rows(texts: list[str | None], kind: pa.DataType, cut: int) -> None:
    def laid_out(prompts: list[str | None]) -> pa.Array:
        array = pa.array(prompts)
        return array.dictionary_encode().cast(kind) if pa.types.is_dictionary(kind) else array.cast(kind)

    admitted = intake.admit(batch(len(texts), prompt_text=laid_out(texts)).slice(min(cut, len(texts))))
    given = [text for text in texts[min(cut, len(texts)) :] if text]
    kept = [text for text in given if text.isspace() or not says_nothing("prompt_text", text)]
    assert admitted.calls.column("prompt_text").to_pylist() == kept
    assert len(admitted.rows) + len(admitted.rejected) == len(texts) - min(cut, len(texts))
    admitted.calls.validate(full=True)
