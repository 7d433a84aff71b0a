"""Taking a call: as it is at that moment, whatever its fields are, and never with an error of theirs."""

import enum
from collections import OrderedDict
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
import pytest

from gauger.engine.common.schema import CALL_SCHEMA, CONVERSATION
from gauger.host.taking import CALL_FIELDS, CHAT_FIELDS, UNUSABLE, take, take_record, well_formed


def test_the_fields_are_those_of_the_schema() -> None:
    assert tuple(CALL_SCHEMA.names) == CALL_FIELDS
    assert tuple(CONVERSATION) == CHAT_FIELDS


def test_a_call_is_copied_before_the_host_changes_it() -> None:
    messages: list[dict[str, Any]] = [{"role": "user", "content": "one"}]
    call = {
        "account_id": "a",
        "messages": messages,
        "start_time": datetime(2026, 11, 16, tzinfo=UTC),
        "other": object(),
    }
    taken, size = take(call)
    messages.append({"role": "user", "content": "two"})
    call["account_id"] = "b"
    assert orjson.loads(taken["messages"]) == [{"role": "user", "content": "one"}]
    assert taken["account_id"] == "a"
    assert "other" not in taken
    assert size > len(taken["messages"])


def test_a_call_without_a_time_is_of_now() -> None:
    before = datetime.now(UTC)
    assert before <= take({"account_id": "a"})[0]["start_time"] <= datetime.now(UTC)
    assert before <= take({"start_time": None})[0]["start_time"]


def test_parts_in_place_of_a_prompt_are_a_message() -> None:
    taken, _ = take({"prompt_text": [{"type": "text", "text": "hello"}]})
    assert orjson.loads(taken["messages"]) == [{"role": "user", "content": [{"type": "text", "text": "hello"}]}]
    assert "prompt_text" not in taken


class Odd:
    def __str__(self) -> str:
        raise RuntimeError("a secret prompt")


def deep(levels: int) -> Any:
    found: Any = "a"
    for _ in range(levels):
        found = [found]
    return found


@pytest.mark.parametrize("odd", [Odd(), 2**70, "\ud800", deep(300), deep(3_000), [Odd(), 1], {"a": Odd()}], ids=type)
def test_one_odd_part_of_a_chat_hides_no_other(odd: Any) -> None:
    """Who puts it there would else send prompts that nobody sees."""
    message = {"role": "user", "content": [{"type": "text", "text": "hello there"}, {"type": "image", "of": odd}]}
    taken, _ = take({"messages": [{"role": "system", "content": odd}, message]})
    last = orjson.loads(taken["messages"])[-1]
    assert last["role"] == "user"
    assert last["content"][0] == {"type": "text", "text": "hello there"}


def test_many_odd_parts_end_some_time() -> None:
    taken, size = take({"messages": [{"role": "user", "content": deep(3_000)}] * 5_000})
    assert isinstance(taken["messages"], bytes)
    assert size < 100_000


class Kind(enum.StrEnum):
    FIRST = "first"


class Text(str):
    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Odd(), UNUSABLE),
        ({"a": 1}, UNUSABLE),
        ([1], UNUSABLE),
        (Kind.FIRST, "first"),
        (Text("t"), "t"),
        (b"\xff", "\ufffd"),
        (np.float64(0.5), "0.5"),
        (7, 7),
        (None, None),
    ],
)
def test_a_field_of_any_type(value: Any, expected: Any) -> None:
    assert take({"account_id": value})[0]["account_id"] == expected


def nested(depth: int) -> list[Any]:
    found: list[Any] = []
    for _ in range(depth):
        found = [found]
    return found


def test_what_cannot_be_written_down_costs_its_field_alone() -> None:
    cyclic: list[Any] = []
    cyclic.append(cyclic)
    for value in (cyclic, [Odd()]):
        taken, _ = take({"account_id": "a", "messages": value})
        assert taken["account_id"] == "a"
        assert b"secret" not in taken["messages"]
    assert take({"account_id": "a", "messages": nested(100_000)})[0]["account_id"] == "a"
    taken, _ = take({"messages": [{"role": "user", "content": "x\ud800y"}]})
    assert "x\ufffdy" in taken["messages"].decode()
    assert take({"messages": (OrderedDict(role="user", content="t"), 2**80)})[0]["messages"] is not UNUSABLE


def test_sizes_grow_with_what_is_held() -> None:
    small, large = take({"prompt_text": "a"})[1], take({"prompt_text": "a" * 1_000})[1]
    assert large - small == 999
    assert take({"prompt_text": "ü" * 1_000})[1] - small == 3_999


@pytest.mark.parametrize("call", [None, 7, "text", [("account_id", "a")]])
def test_no_mapping(call: Any) -> None:
    with pytest.raises((TypeError, AttributeError)):
        take(call)


def test_records_are_taken_as_json() -> None:
    (body, own, under), size = take_record({"user": "u"}, {"account_id": "a"}, "request")
    assert (body, under) == (b'{"user":"u"}', "request")
    assert orjson.loads(own or b"") == {"account_id": "a"}
    assert size > len(body)
    assert take_record(b"{", None, None)[0] == (b"{", None, None)


def test_halves_of_pairs_are_replaced_and_pairs_are_not() -> None:
    assert well_formed("a\ud83d\ude00b\ud800c\udc00") == "a\U0001f600b\ufffdc\ufffd"
