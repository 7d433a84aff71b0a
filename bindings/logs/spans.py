"""Spans: an OTLP-JSON trace document as one record per span.

A record is the span's own fields with ``attributes`` decoded to one plain object, and ``duration_seconds``.
Instrumentations write the prompt in four ways; all end as ``gen_ai.input.messages``:
an attribute of that name (JSON or structured), numbered attributes ``gen_ai.prompt.0.content``, events
``gen_ai.user.message``, or an event that carries the attribute.
"""

import re
from collections.abc import Iterator
from typing import Any

_MESSAGES = "gen_ai.input.messages"
_NUMBERED = re.compile(r"gen_ai\.prompt\.(\d{1,6})\.(role|content)")
_MESSAGE_EVENT = re.compile(r"gen_ai\.(system|user|assistant|tool)\.message")
_SCALARS = ("stringValue", "boolValue", "doubleValue", "intValue", "bytesValue")
_DEPTH_MAX = 32


def of_document(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The spans of one document, in order, each as a record; a span that is no object is an empty record."""
    for resource_spans in _objects(document.get("resourceSpans")):
        resource = resource_spans.get("resource")
        inherited = _attributes(resource.get("attributes")) if isinstance(resource, dict) else {}
        for scope_spans in _objects(resource_spans.get("scopeSpans")):
            spans = scope_spans.get("spans")
            for span in spans if isinstance(spans, list) else []:
                yield _record(span, inherited) if isinstance(span, dict) else {}


def _record(span: dict[str, Any], inherited: dict[str, Any]) -> dict[str, Any]:
    attributes = dict(inherited)
    chat = []
    for event in _objects(span.get("events")):
        carried = _attributes(event.get("attributes"))
        spoken = _MESSAGE_EVENT.fullmatch(str(event.get("name")))
        if spoken:
            chat.append({"role": spoken[1], "content": carried.get("content")})
        else:
            attributes |= carried
    attributes |= _attributes(span.get("attributes"))
    if _MESSAGES not in attributes:
        messages = _numbered_messages(attributes) or chat
        if messages:
            attributes[_MESSAGES] = messages
    record = {**span, "attributes": attributes}
    seconds = _seconds_between(span.get("startTimeUnixNano"), span.get("endTimeUnixNano"))
    if seconds is not None:
        record["duration_seconds"] = seconds
    return record


def _numbered_messages(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    messages: dict[int, dict[str, Any]] = {}
    for key, value in attributes.items():
        numbered = _NUMBERED.fullmatch(key)
        if numbered:
            messages.setdefault(int(numbered[1]), {})[numbered[2]] = value
    return [messages[number] for number in sorted(messages)]


def _attributes(pairs: Any) -> dict[str, Any]:
    """OTLP's list of {key, value} as an object."""
    return {str(pair.get("key")): _value(pair.get("value")) for pair in _objects(pairs)}


def _value(tagged: Any, depth: int = 0) -> Any:
    """An OTLP ``AnyValue`` as a plain value; 64-bit integers stay the strings they are written as."""
    if not isinstance(tagged, dict) or depth > _DEPTH_MAX:
        return None
    for tag in _SCALARS:
        if tag in tagged:
            return tagged[tag]
    if isinstance(tagged.get("arrayValue"), dict):
        values = tagged["arrayValue"].get("values")
        return [_value(value, depth + 1) for value in values] if isinstance(values, list) else []
    if isinstance(tagged.get("kvlistValue"), dict):
        pairs = _objects(tagged["kvlistValue"].get("values"))
        return {str(pair.get("key")): _value(pair.get("value"), depth + 1) for pair in pairs}
    return None


def _objects(value: Any) -> list[dict[str, Any]]:
    return [element for element in value if isinstance(element, dict)] if isinstance(value, list) else []


def _seconds_between(start: Any, end: Any) -> float | None:
    try:
        return max(0.0, (int(end) - int(start)) / 1e9)
    except (TypeError, ValueError, OverflowError):
        return None
