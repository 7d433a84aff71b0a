"""Chats: the messages of a call out of the many ways in which instrumentations write them.

All end as attribute ``gen_ai.input.messages``. Looked for in this order: that attribute; numbered attributes
(``gen_ai.prompt.0.content``, ``llm.prompts.0.content``, ``llm.input_messages.0.message.content``); events
``gen_ai.user.message`` and their like; an attribute that holds the request as JSON or text.
"""

import re
from typing import Any

from gauger.engine.intake.message_parts import word
from gauger.logs.otlp.attributes import decoded, numbered, objects, parsed

MESSAGES = "gen_ai.input.messages"
TOOLS = "gen_ai.tool.definitions"
OPERATION = "gen_ai.operation.name"
_NUMBERED = ("gen_ai.prompt", "llm.input_messages", "llm.prompts")
_NUMBERED_TOOLS = ("llm.tools", "llm.request.functions")
_WHOLE = (
    "gen_ai.prompt",
    "ai.prompt.messages",
    "ai.prompt",
    "langfuse.observation.input",
    "mlflow.spanInputs",
    "llm.prompts",
    "input.value",
    "traceloop.entity.input",
)
_SPOKEN = re.compile(r"gen_ai\.(system|user|assistant|tool)\.message")
_KEPT = ("content", "tool_calls", "id", "name")


def gathered(attributes: dict[str, Any], events: list[dict[str, Any]]) -> None:
    """Give ``attributes`` the messages and tools that they or the turns of events hold, under the names of today."""
    if not attributes.get(MESSAGES):
        messages = _messages(attributes) or events
        if messages:
            attributes[MESSAGES] = messages
    if not attributes.get(TOOLS):
        tools = next(filter(None, (numbered(attributes, prefix) for prefix in _NUMBERED_TOOLS)), None)
        if tools:
            attributes[TOOLS] = tools


def whole(attributes: dict[str, Any]) -> None:
    """Give ``attributes`` without messages those of a request that stands in one attribute, where there is one."""
    if not attributes.get(MESSAGES):
        found = next((attributes[name] for name in _WHOLE if attributes.get(name)), None)
        if found is None:
            found = turns_of_events(parsed(attributes.get("events")))
        if found:
            attributes[MESSAGES] = found


def turn(name: str, carried: dict[str, Any]) -> dict[str, Any] | None:
    """The turn that an event of that name speaks; None where it speaks none of the request."""
    spoken = _SPOKEN.fullmatch(name)
    if spoken is None:
        return None
    kept = {key: parsed(carried[key]) if key == "tool_calls" else carried[key] for key in _KEPT if key in carried}
    return _with_parts({"role": spoken[1], **kept})


def of_span_events(events: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The turns that the events of a span speak, and what else the events carry."""
    turns: list[dict[str, Any]] = []
    carried: dict[str, Any] = {}
    for event in objects(events):
        own = decoded(event.get("attributes"))
        spoken = turn(word(event.get("name")), own)
        if spoken is None:
            carried |= own
        else:
            turns.append(spoken)
    return turns, carried


def turns_of_events(events: Any) -> list[dict[str, Any]]:
    """The turns in a list of events that stands in an attribute, as Logfire writes it."""
    named = ((word(event.get("event.name")), event) for event in objects(events))
    return [spoken for spoken in (turn(name, event) for name, event in named) if spoken is not None]


def _messages(attributes: dict[str, Any]) -> list[Any]:
    for prefix in _NUMBERED:
        found = numbered(attributes, prefix)
        if found:
            return [_with_parts(one) for one in found]
    return []


def _with_parts(message: Any) -> Any:
    """A message whose parts were written as JSON text, as attributes hold no objects, with its parts."""
    if isinstance(message, dict):
        content = parsed(message.get("content"))
        if isinstance(content, list) and content and all(isinstance(one, dict) and "type" in one for one in content):
            return {**message, "content": content}
        if "contents" in message and not message.get("content"):
            return {**{key: one for key, one in message.items() if key != "contents"}, "content": message["contents"]}
    return message
