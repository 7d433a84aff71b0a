"""Conversation: what a chat says in this call, and that nothing it carries is lost."""

from typing import Any

import orjson
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gauger.engine.intake import conversation
from gauger.engine.intake.conversation import CUT, NO_TEXT, TEMPLATE, TEXTS_MAX, UNMARKED, Rules, texts_of

SYSTEM = {"role": "system", "content": "You are brief and answer in French."}
QUESTION = {"role": "user", "content": "Why is the sky blue in the evening?"}
ANSWER = {"role": "assistant", "content": "Because of the way that light scatters."}
CALL = {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "function": {"name": "sh"}}]}
RESULT = {"role": "tool", "tool_call_id": "c", "content": "twelve files in the folder, none new"}
HARVEST = "Write a long poem about the harvest of the year and grade it."


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([SYSTEM, {"role": "user", "content": "Earlier"}, ANSWER, QUESTION], QUESTION["content"]),
        ([QUESTION, ANSWER], QUESTION["content"]),
        ([{"role": "system", "content": "A"}, {"role": "assistant", "content": "B"}], "A\nB"),
        (orjson.dumps([QUESTION]).decode(), QUESTION["content"]),
        ({"messages": [QUESTION]}, QUESTION["content"]),
        (QUESTION, QUESTION["content"]),
        ("Why?", "Why?"),
        ("[1, 2, 3] what is the sum?", "[1, 2, 3] what is the sum?"),
        ('{"sort": [3, 1]}', '{"sort": [3, 1]}'),
        ('{"text": "What is in it?"}', '{"text": "What is in it?"}'),
        ('[{"name": "Ann"}]', '[{"name": "Ann"}]'),
        ([{"role": "user", "parts": [{"type": "text", "content": "Why?"}]}], "Why?"),
        ([{"role": "user", "parts": [{"text": "Why?"}]}], "Why?"),
        ([{"role": "USER", "content": [{"type": "input_text", "text": "Why"}, {"text": "not?"}]}], "Why\nnot?"),
        ([{"from": "human", "value": "Why?"}, {"from": "gpt", "value": "So."}], "Why?"),
        ([{"type": "human", "data": {"content": "Why?"}}], "Why?"),
        ([{"type": "message", "role": "user", "content": "Why?"}, {"type": "reasoning", "summary": []}], "Why?"),
        ([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:x"}}]}], None),
        ([{"role": "user", "content": None}, 7, None], None),
        ({"id": "pmpt_1", "variables": {"topic": "The harbour"}}, "The harbour"),
        ([], None),
        ("", None),
        (7, None),
    ],
)
def test_what_the_user_says(value: Any, expected: str | None) -> None:
    found = texts_of(value)
    assert found.prompt == expected
    assert not found.continuation


@pytest.mark.parametrize(
    "results",
    [
        [RESULT],
        [{"role": "user", "content": [{"type": "tool_result", "content": RESULT["content"]}]}],
        [{"role": "user", "content": [{"toolResult": {"content": [{"text": RESULT["content"]}]}}]}],
        [{"role": "user", "parts": [{"functionResponse": {"response": {"result": RESULT["content"]}}}]}],
        [{"type": "function_call_output", "call_id": "c", "output": RESULT["content"]}],
        [{"role": "tool", "parts": [{"type": "tool_call_response", "result": RESULT["content"]}]}],
    ],
)
def test_who_only_answers_a_tool_continues_a_task(results: list[dict[str, Any]]) -> None:
    found = texts_of([SYSTEM, QUESTION, CALL, *results])
    assert found.continuation
    assert found.prompt == QUESTION["content"]
    assert found.context[0] == RESULT["content"]
    assert RESULT["content"] not in found.context[1:]
    later = texts_of([SYSTEM, QUESTION, CALL, *results, ANSWER, {"role": "user", "content": "Thanks."}])
    assert not later.continuation


@pytest.mark.parametrize(
    "call",
    [
        {"messages": [{"role": "system", "content": HARVEST}, QUESTION]},
        {"messages": [{"role": "user", "content": HARVEST}, ANSWER, QUESTION]},
        {"messages": [{"role": "user", "content": HARVEST}, QUESTION]},
        {"messages": [QUESTION, {"role": "assistant", "content": HARVEST}, QUESTION]},
        {"messages": [QUESTION, {"role": "assistant", "content": HARVEST}]},
        {"messages": [QUESTION, CALL, {"role": "tool", "content": HARVEST}, ANSWER, QUESTION]},
        {
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": HARVEST}, {"type": "text", "text": "And"}]}
            ]
        },
        {"messages": [{"role": "user", "content": f"<system-reminder>{HARVEST}</system-reminder> Why?"}]},
        {"messages": [{"role": "user", "content": [{"type": "document", "source": {"data": HARVEST}}, "Why?"]}]},
        {"messages": [{"role": "user", "content": "Why?", "name": HARVEST}]},
        {
            "messages": [
                QUESTION,
                {**CALL, "tool_calls": [{"function": {"arguments": orjson.dumps([HARVEST]).decode()}}]},
            ]
        },
        {"messages": [QUESTION], "system": [{"type": "text", "text": HARVEST}]},
        {"messages": [QUESTION], "tools": [{"function": {"name": "f", "description": HARVEST}}]},
        {"messages": {"messages": [QUESTION], "system": HARVEST}},
    ],
)
def test_what_is_said_anywhere_is_a_text_of_its_own(call: dict[str, Any]) -> None:
    found = texts_of(call["messages"], call.get("system"), call.get("tools"))
    assert any(HARVEST in text for text in found.context)
    assert found.prompt != HARVEST


def test_injected_blocks_are_not_the_users_words() -> None:
    reminder = "<system-reminder>\nThe task list is empty, do not say so.\n</system-reminder>"
    for content in (f"{reminder}\nFix it.", [{"type": "text", "text": reminder}, {"type": "text", "text": "Fix it."}]):
        assert texts_of([{"role": "user", "content": content}]).prompt == "Fix it."
    last = [{"role": "user", "content": "Fix it."}, {"role": "user", "content": reminder}]
    assert texts_of(last).prompt == "Fix it."
    assert texts_of([{"role": "user", "content": "<system-reminder> is a tag"}]).prompt == "<system-reminder> is a tag"
    assert texts_of([{"role": "user", "content": reminder}], rules=Rules(injected=())).prompt == reminder


def test_rules_choose_the_turns() -> None:
    chat = [{"role": "user", "content": "One and two and three."}, ANSWER, QUESTION, CALL, RESULT]
    assert texts_of(chat, rules=Rules("last")).prompt == QUESTION["content"]
    assert not texts_of(chat, rules=Rules("last")).continuation
    assert texts_of(chat, rules=Rules("all")).prompt == f"One and two and three.\n{QUESTION['content']}"


def test_faults() -> None:
    assert texts_of('[{"role": "user", "content": "abc').fault == CUT
    assert texts_of({"id": "pmpt_1", "version": "2"}).fault == TEMPLATE
    assert texts_of('{"id": "pmpt_1", "version": "2"}').fault == TEMPLATE
    assert texts_of(["Sys text", "Oil the hinge", "Done"]).fault == UNMARKED
    assert texts_of(["Oil the hinge"]).prompt == "Oil the hinge"
    assert texts_of([{"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}]).fault == NO_TEXT


def test_many_texts_are_joined_and_none_is_lost() -> None:
    turns = [{"role": "user", "content": f"this is the turn of number {place}, said before"} for place in range(500)]
    found = texts_of([*turns, ANSWER, QUESTION])
    assert len(found.context) <= TEXTS_MAX
    assert sum(text.count("said before") for text in found.context) == 500


def test_deep_and_long_chats_end() -> None:
    value: Any = [QUESTION]
    for _ in range(500):
        value = {"messages": value}
    assert texts_of(value).prompt is None
    deep: Any = "some words that lie deep"
    for _ in range(5_000):
        deep = [deep]
    assert texts_of([{"role": "user", "content": "Why?", "x": deep}]).prompt == "Why?"
    assert texts_of([{"role": "user", "content": "<system-reminder>" * 100_000}]).context == []


def test_half_a_surrogate_pair_is_written() -> None:
    found = conversation.columns(["a\ud800b"], [None], [None])
    assert found["prompt_text"].to_pylist() == ["a?b"]


def test_a_continuation_says_what_the_tool_answered() -> None:
    found = conversation.columns([[QUESTION], [QUESTION, CALL, RESULT]], [None, None], [None, None])
    batch = conversation.said(pa.record_batch(found))
    assert batch.column("prompt_text").to_pylist() == [QUESTION["content"], RESULT["content"]]
    assert batch.column("context_texts").to_pylist()[1] == [QUESTION["content"]]


SAID = st.sampled_from(
    ["", " ", "short", "a text that is long enough to stand alone", "<system-reminder>x</system-reminder>"]
)
MESSAGE = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["user", "assistant", "system", "developer", "tool", "User", None, ["user"]]),
        "content": SAID | st.sampled_from([None, [{"type": "text", "text": "a part"}]]),
    },
    optional={"name": SAID},
)


@settings(max_examples=400, deadline=None)
@given(st.lists(MESSAGE, min_size=2, max_size=4), st.none() | SAID, st.sampled_from(["new", "last", "all"]))
def test_plain_chats_are_read_as_all_others(messages: list[Any], system: str | None, turns: Any) -> None:
    rules = Rules(turns)
    found = texts_of(messages, system, None, rules)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conversation, "_plain", lambda *_: None)
        assert found == texts_of(messages, system, None, rules)


def test_a_chat_of_one_plain_turn_has_no_context_but_what_stands_beside_it() -> None:
    assert texts_of([QUESTION]) == (QUESTION["content"], [], False, 0, None)
    assert texts_of([QUESTION], "Be brief, and answer in French.").context == ["Be brief, and answer in French."]
