"""Converters: the shapes chats come in, and what counts as the prompt."""

import hashlib
from typing import Any

import orjson
import pytest

from gauger.logs import converters

SYSTEM = {"role": "system", "content": "Be brief."}
QUESTION = {"role": "user", "content": "Why?"}
ANSWER = {"role": "assistant", "content": "Because."}


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([SYSTEM, {"role": "user", "content": "Earlier"}, ANSWER, QUESTION], "Why?"),
        ([QUESTION, ANSWER], "Why?"),
        ([SYSTEM, ANSWER], "Be brief.\nBecause."),
        (orjson.dumps([QUESTION]).decode(), "Why?"),
        ({"messages": [QUESTION]}, "Why?"),
        (QUESTION, "Why?"),
        ("Why?", "Why?"),
        (["Why?", "Really?"], "Really?"),
        ("[1, 2, 3] what is the sum?", "[1, 2, 3] what is the sum?"),
        ('{"sort": [3, 1]}', '{"sort": [3, 1]}'),
        ([{"role": "user", "parts": [{"type": "text", "content": "Why?"}]}], "Why?"),
        ([{"role": "user", "content": [{"type": "input_text", "text": "Why"}, {"text": "not?"}]}], "Why\nnot?"),
        ([QUESTION, {"role": "user", "content": [{"type": "tool_result", "content": "42"}]}], "Why?"),
        ([{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}], None),
        ([{"role": "user", "content": None}, 7, None], None),
        ([], None),
        ("", None),
        (7, None),
    ],
)
def test_user_text(value: Any, expected: str | None) -> None:
    assert converters.user_text(value) == expected


def test_system_hash_covers_all_system_messages_and_nothing_else() -> None:
    assert converters.system_hash([SYSTEM, QUESTION]) == sha256("Be brief.")
    developer = {"role": "developer", "content": "Be kind."}
    assert converters.system_hash([SYSTEM, QUESTION, developer]) == sha256("Be brief.\nBe kind.")
    assert converters.system_hash([QUESTION]) is None


def test_instructions_hash() -> None:
    assert converters.instructions_hash("Be brief.") == sha256("Be brief.")
    assert converters.instructions_hash('[{"type": "text", "content": "Be brief."}]') == sha256("Be brief.")
    assert converters.instructions_hash([]) is None


def test_deeply_nested_requests_end() -> None:
    value: Any = [QUESTION]
    for _ in range(500):
        value = {"messages": value}
    assert converters.user_text(value) is None


def test_milliseconds() -> None:
    assert converters.milliseconds("1500") == 1.5
    assert converters.milliseconds([1]) is None
