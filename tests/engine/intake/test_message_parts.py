"""Shapes of messages that providers and tools write: who speaks, and that nothing they say is lost."""

from typing import Any

import pytest

from gauger.engine.intake.conversation import texts_of
from gauger.engine.intake.message_parts import parts_of, role_of

PIXELS = "iVBORw0KGgo" * 500


@pytest.mark.parametrize(
    ("message", "role"),
    [
        ({"from": "human", "value": "x"}, "user"),
        ({"from": "chatgpt", "value": "x"}, "assistant"),
        ({"from": "function_call", "value": "x"}, "assistant"),
        ({"from": "observation", "value": "x"}, "tool"),
        ({"author": {"role": "tool"}, "content": {"parts": ["x"]}}, "tool"),
        ({"role": "CHATBOT", "message": "x"}, "assistant"),
        ({"type": "AIMessageChunk", "content": "x"}, "assistant"),
        ({"type": "constructor", "id": ["langchain", "SystemMessage"], "kwargs": {"content": "x"}}, "system"),
        ({"type": "function_call_output", "output": "x"}, "tool"),
        ({"type": "mcp_call", "output": "x"}, "assistant"),
        ({"role": "developer", "content": "x"}, "system"),
    ],
)
def test_roles(message: dict[str, Any], role: str) -> None:
    assert role_of(message) == role


@pytest.mark.parametrize(
    "message",
    [
        "Mend the sail",
        {"role": "user", "content": "Mend the sail"},
        {"role": "user", "content": [{"type": "text", "text": "Mend the sail"}]},
        {"role": "user", "content": [{"text": "Mend the sail"}]},
        {"role": "user", "content": [{"guardContent": {"text": {"text": "Mend the sail", "qualifiers": ["query"]}}}]},
        {"role": "user", "parts": [{"text": "Mend the sail"}]},
        {"role": "user", "parts": {"text": "Mend the sail"}},
        {"role": "user", "parts": [{"type": "text", "content": "Mend the sail"}]},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Mend the sail"}]},
        {"author": {"role": "user"}, "content": {"content_type": "text", "parts": ["Mend the sail"]}},
        {"type": "human", "data": {"content": "Mend the sail", "additional_kwargs": {}}},
        {"lc": 1, "type": "constructor", "id": ["HumanMessage"], "kwargs": {"content": "Mend the sail"}},
        {"role": "USER", "message": "Mend the sail"},
        {"from": "human", "value": "Mend the sail"},
    ],
)
def test_what_a_user_says(message: Any) -> None:
    assert parts_of(message).texts == ["Mend the sail"]
    assert texts_of([message]).prompt == "Mend the sail"
    assert texts_of([[message]]).prompt == "Mend the sail"  # a batch of one


@pytest.mark.parametrize(
    "message",
    [
        {"role": "tool", "content": "Three knots of wind"},
        {"role": "tool", "content": [{"type": "text", "text": "Three knots of wind"}]},
        {"type": "function_call_output", "output": "Three knots of wind"},
        {"type": "custom_tool_call_output", "output": [{"type": "input_text", "text": "Three knots of wind"}]},
        {"role": "function", "parts": [{"functionResponse": {"response": {"result": "Three knots of wind"}}}]},
        {"role": "user", "content": [{"toolResult": {"content": [{"text": "Three knots of wind"}]}}]},
        {"role": "user", "content": [{"type": "tool_result", "content": "Three knots of wind"}]},
        {"role": "tool", "parts": [{"type": "tool_call_response", "response": "Three knots of wind"}]},
        {"role": "TOOL", "tool_results": [{"outputs": [{"weather": "Three knots of wind"}]}]},
        {"from": "tool_response", "value": "Three knots of wind"},
    ],
)
def test_what_a_tool_answers(message: dict[str, Any]) -> None:
    parts = parts_of(message)
    assert (parts.texts, parts.results, parts.answers) == ([], ["Three knots of wind"], True)


def test_names_of_any_depth_are_no_names() -> None:
    deep: Any = "user"
    for level in range(999):
        deep = {"parts": [deep]} if level % 2 else {"text": {"guardContent": {"text": deep}}}
    assert role_of({"role": deep, "content": "Why?"}) == role_of({"type": deep}) == "user"
    assert parts_of({"role": "user", "content": ["Why?", deep]}).texts == ["Why?"]
    assert texts_of('[{"id": %s, "variables": {"a": "Why do ships float?"}}]' % ("[" * 999 + "]" * 999)).fault is None


def test_numbers_of_a_tool_are_an_answer_and_pixels_none() -> None:
    answer = {"functionResponse": {"name": "depth", "response": {"metres": 7}}}
    assert parts_of({"role": "user", "parts": [answer]}).results == ['{"response":{"metres":7}}']
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXELS}}
    parts = parts_of({"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": [picture]}]})
    assert (parts.results, parts.others, parts.answers) == ([], [], True)
    shot = {"type": "computer_call_output", "output": {"type": "computer_screenshot", "image_url": "data:" + PIXELS}}
    assert parts_of(shot).results == []


@pytest.mark.parametrize(
    "message",
    [
        {"role": "user", "content": "Short", "note": "Said beside the content"},
        {"role": "user", "content": "Short", "text": "Said beside the content"},
        {"type": "human", "data": {"content": "Short", "note": "Said beside the content"}},
        {"type": "human", "data": {"content": "Short"}, "note": "Said beside the content"},
        {"type": "mcp_call", "arguments": "{}", "output": "Said beside the content"},
        {"role": "tool", "content": "Short", "note": "Said beside the content"},
        {"role": "user", "content": [{"type": "document", "source": {"data": "Said beside the content " * 3}}]},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Said beside the content"}]},
    ],
)
def test_text_where_nobody_looks_is_kept(message: dict[str, Any]) -> None:
    assert any("Said beside the content" in text for text in parts_of(message).others)


def test_a_request_is_read_whole() -> None:
    request = {
        "model": "m",
        "system": "You are the cook on this ship.",
        "messages": [{"role": "user", "content": "What is for supper?"}],
        "tools": [{"name": "larder", "description": "Lists what the larder holds"}],
    }
    found = texts_of(request)
    assert found.prompt == "What is for supper?"
    assert "You are the cook on this ship." in found.context
    assert any("Lists what the larder holds" in text for text in found.context)
    assert texts_of({"prompt": "Why?"}).prompt == "Why?"
    assert texts_of([{"context": "", "messages": [{"author": "user", "content": "Why?"}]}]).prompt == "Why?"


def test_a_tool_call_alone_is_not_a_request() -> None:
    assert texts_of([{"type": "custom_tool_call", "name": "shell", "input": "ls -l /var/log"}]).prompt is not None
    found = texts_of([{"role": "user", "content": "List it"}, {"type": "custom_tool_call", "input": "ls -l /var/log"}])
    assert (found.prompt, found.context) == ("List it", ["ls -l /var/log"])
