"""Values: what stands for nothing is null, identifiers keep their digits, and placeholders are no prompts."""

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from gauger.engine.intake import values

LOST = "has lost digits: it was kept as a floating-point number"
MARKERS = ["\\N", "NULL", "null", "Null", "None", "none", "-", "NaN", "nan", "N/A", "undefined", "", "  ", "{}", " - "]


def cleaned(name: str, array: pa.Array) -> list[Any]:
    found = values.clean(name, array)
    found.cast.array.validate(full=True)
    assert found.cast.array.offset == 0
    assert found.used == len(array) - found.cast.array.null_count
    return found.cast.array.to_pylist()


@pytest.mark.parametrize("name", ["account_id", "org_id", "client_address", "user_agent_original", "request_model"])
def test_null_markers_are_nulls(name: str) -> None:
    found = values.clean(name, pa.array(MARKERS))
    assert found.cast.array.null_count == len(MARKERS)
    assert (found.given, found.cast.faults) == (0, ())


def test_null_markers_of_other_columns_are_missing_not_wrong() -> None:
    for name in ("start_time", "account_created_at", "request_temperature", "usage_output_tokens", "request_stream"):
        found = values.clean(name, pa.array(["\\N", "NULL", None]))
        assert (found.cast.array.null_count, found.given, found.cast.faults) == (3, 0, ())


def test_prompts_stay_as_they_are() -> None:
    assert cleaned("prompt_text", pa.array([" - ", "NULL", " a "])) == [" - ", "NULL", " a "]


def test_placeholder_accounts_are_nobody() -> None:
    assert cleaned("account_id", pa.array(["default_user_id", "default_user"])) == [None, "default_user"]
    assert cleaned("request_model", pa.array(["default_user_id"])) == ["default_user_id"]


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (pa.array([" acct-1 ", "acct-1\t"]), ["acct-1", "acct-1"]),
        (pa.array(["12345", "12345.0", "12345.", "12.5", "1.2345E4"]), ["12345", "12345", "12345", "12.5", "12345"]),
        (pa.array(["12e45", "1.2.0", "v1.0"]), ["12e45", "1.2.0", "v1.0"]),
        (pa.array([12345.0, 1e15, 12.5, None, float("nan")]), ["12345", "1000000000000000", "12.5", None, None]),
        (pa.array([2**60, 7]), [str(2**60), "7"]),
        (pa.array([Decimal("12345.00"), Decimal("0.50")]), ["12345", "0.50"]),
        (pa.array([["", "a"], ["b"], [], None], pa.list_(pa.string())), ["a", "b", None, None]),
        (pa.array([b"a", b" b"]), ["a", "b"]),
    ],
)
def test_identifiers_keep_their_digits(array: pa.Array, expected: list[str | None]) -> None:
    assert cleaned("account_id", array) == expected
    assert values.clean("account_id", array).cast.faults == ()


@pytest.mark.parametrize("array", [pa.array(["a", "1.23E+11"]), pa.array(["a", "9007199254740993.0"])])
def test_identifiers_that_lost_digits_are_refused(array: pa.Array) -> None:
    [(rows, reason)] = values.clean("account_id", array).cast.faults
    assert (rows.tolist(), reason) == ([False, True], LOST)
    [(rows, reason)] = values.clean("account_id", pa.array([5.0, 2.0**53])).cast.faults
    assert (rows.tolist(), reason) == ([False, True], LOST)


def test_what_was_given_and_what_was_used() -> None:
    found = values.clean("client_address", pa.array(["203.0.113.5:1", "nowhere", "-", None]))
    assert (found.given, found.used) == (2, 1)
    found = values.clean("usage_output_tokens", pa.array([1.0, float("nan"), 2.5]))
    assert (found.given, found.used) == (2, 1)
    found = values.clean("user_agent_original", pa.array([b"curl/8", b"\xff", None]))
    assert (found.given, found.used) == (2, 1)


def test_a_date_will_do_for_the_age_of_an_account() -> None:
    assert values.clean("account_created_at", pa.array(["2026-11-20"])).used == 1
    assert values.clean("start_time", pa.array(["2026-11-20"])).used == 0


# Values out of records


def nested(value: Any, depth: int) -> Any:
    for level in range(depth):
        value = {"a": value} if level % 2 else [value]
    return value


@pytest.mark.parametrize("depth", [300, 999])
def test_what_is_nested_too_deeply_to_be_written_is_nothing(depth: int) -> None:
    lists: Any = "user-1"
    for _ in range(depth):
        lists = [lists]
    assert values.plain("account_id", lists) is None
    assert values.plain("start_time", {"$date": nested(5, depth)}) is None


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("user_agent_original", ["", None, "-", "curl/8", "x"], "curl/8"),
        ("user_agent_original", ["-"], None),
        ("user_agent_original", [["curl/8"]], "curl/8"),
        ("response_finish_reasons", ["stop"], ["stop"]),
        ("start_time", {"$date": 5}, '{"$date":5}'),
        ("prompt_text", ["a"], ["a"]),
        ("account_id", 7, 7),
    ],
)
def test_plain_values(name: str, value: Any, expected: Any) -> None:
    assert values.plain(name, value) == expected


@pytest.mark.parametrize(
    ("name", "value", "nothing"),
    [
        ("account_id", "default_user_id", True),
        ("account_id", " NULL ", True),
        ("account_id", 0, False),
        ("org_id", "default_user_id", False),
        ("prompt_text", "[]", True),
        ("prompt_text", "Sort it", False),
        ("response_finish_reasons", [], True),
        ("request_stream", False, False),
    ],
)
def test_what_says_nothing_lets_another_place_serve(name: str, value: Any, nothing: bool) -> None:
    assert values.says_nothing(name, value) is nothing


# Prompts that are none

PLACEHOLDERS = """redacted-by-litellm|REDACTED|[REDACTED]|<redacted>|Content redacted by policy|the prompt was redacted
    |prompt: [REDACTED]|Redacted for privacy|{}|[]|null|None|\\N|***|********|[object Object]|default-message-value
    |[content hidden]|<masked>|[Filtered]| - |"redacted"|_redacted_"""
PROMPTS = """redacted for you I write this|Explain redacted documents|removed|hidden|*** help ***|[removed] please|{}{}
    |0|no|ok|d41d8cd98f00b204e9800998ecf8427e|Is null a value?|{"a": 1}"""


def test_placeholders_are_told_from_prompts() -> None:
    none, some = ([text.strip("\n ") for text in texts.split("|")] for texts in (PLACEHOLDERS, PROMPTS))
    assert values.placeholders(pa.array([*none, None, *some])).tolist() == [True] * len(none) + [False] * (
        1 + len(some)
    )
    assert all(values.says_nothing("prompt_text", text) for text in none)
    assert not any(values.says_nothing("prompt_text", text) for text in some)


def test_a_chat_that_breaks_off_is_told_from_json() -> None:
    chat = '[{"role": "user", "content": "Sort \\u00e9", "n": true}]'
    cut = [chat[:length] for length in range(9, len(chat))]
    cut += [' { "messages": [', '[{"content":"a"},\n', '{"role": "tool", "content": "line\nline']
    wrong = ['{"role": "tool", "content": "a "quoted" word"}', '{"role": "tool", "content": "line\nline"}\nGo on.']
    whole = [chat, '{"text": "Sort', 'Mend this: [{"role":', "", None, '{"role": ' + "[" * 100_000]
    assert values.cut_chats(pa.array([*cut, *wrong, *whole])).tolist() == [True] * len(cut) + [False] * 8


@pytest.mark.parametrize("name", ["account_id", "client_address", "prompt_text"])
@pytest.mark.parametrize(
    "column", [["a", "b"], ["a", " - "], ["a", None], ["a", 1], ["localhost"], ["default_user_id"], []]
)
def test_all_are_only_said_to_say_something_where_each_does(name: str, column: list[Any]) -> None:
    each = not any(values.says_nothing(name, value) for value in column)
    assert each or not values.all_say_something(name, column)
    texts_alone = all(isinstance(value, str) for value in column)
    assert values.all_say_something(name, column) == (each and texts_alone and name != "prompt_text")
