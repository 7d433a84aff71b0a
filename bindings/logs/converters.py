"""Converters: the few shapes of foreign log fields that renaming alone does not bring to a canonical column.

A converter takes one JSON-like value (never null) and returns a plain one, or None when it holds nothing of
use. A column map names them with ``as``.
"""

import hashlib
from collections.abc import Callable
from typing import Any

import orjson

Converter = Callable[[Any], Any]

_SYSTEM_ROLES = ("system", "developer")
_TEXT_PARTS = (None, "text", "input_text")  # a part's type: OpenAI chat and Anthropic, OpenAI responses, OTel
_DEPTH_MAX = 4  # messages inside a request inside a JSON string; deeper is no log format


def user_text(value: Any) -> str | None:
    """Text of a chat's last user message, or of all messages when no user speaks; a bare string is itself."""
    messages = _messages(value)
    spoken = [text for role, text in messages if role == "user"]
    if spoken:
        return spoken[-1]
    return "\n".join(text for _, text in messages) or None


def system_hash(value: Any) -> str | None:
    """SHA-256 (hex) of the system messages of a chat, joined by newlines."""
    text = "\n".join(text for role, text in _messages(value) if role in _SYSTEM_ROLES)
    return sha256(text) if text else None


def instructions_hash(value: Any) -> str | None:
    """SHA-256 (hex) of system instructions kept apart from the chat: a string or a list of parts."""
    text = _text(_parsed(value))
    return sha256(text) if text else None


def sha256(value: Any) -> str:
    """SHA-256 (hex) of a value that must not be kept in clear, such as an API key."""
    return hashlib.sha256(str(value).encode()).hexdigest()


def milliseconds(value: Any) -> float | None:
    """Milliseconds as seconds."""
    try:
        return float(value) / 1000
    except (TypeError, ValueError):
        return None


CONVERTERS: dict[str, Converter] = {
    "messages": user_text,
    "system_hash": system_hash,
    "instructions_hash": instructions_hash,
    "sha256": sha256,
    "milliseconds": milliseconds,
}


def _messages(value: Any, depth: int = 0) -> list[tuple[str, str]]:
    """The (role, text) pairs of a chat in order, messages without text left out; a string is the user's."""
    value = _parsed(value)
    if isinstance(value, str):
        return [("user", value)] if value else []
    if isinstance(value, dict):
        inner = value.get("messages")
        if inner is not None and depth < _DEPTH_MAX:
            return _messages(inner, depth + 1)
        value = [value]
    if not isinstance(value, list):
        return []
    messages = []
    for message in value:
        if isinstance(message, str):
            messages.append(("user", message))
        elif isinstance(message, dict):
            body = message.get("parts") if message.get("content") is None else message["content"]
            text = _text(body)
            if text:
                messages.append((str(message.get("role", "user")), text))
    return messages


def _text(body: Any) -> str:
    """A message body's text: a string, or its text parts joined by newlines; images and tools are ignored."""
    if isinstance(body, str):
        return body
    if isinstance(body, dict):
        body = [body]
    if not isinstance(body, list):
        return ""
    return "\n".join(text for text in map(_part_text, body) if text)


def _part_text(part: Any) -> str:
    if isinstance(part, dict) and part.get("type") in _TEXT_PARTS:
        part = part.get("text", part.get("content"))
    return part if isinstance(part, str) else ""


def _parsed(value: Any) -> Any:
    """The JSON inside a string that looks like it (OTel attributes, CSV cells), else the value itself."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            parsed = orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
        # A user may well ask about a piece of JSON: only what has the shape of a chat is read as one.
        elements = parsed if isinstance(parsed, list) else [parsed]
        if elements and all(_is_message(element) for element in elements):
            return parsed
    return value


def _is_message(value: Any) -> bool:
    return isinstance(value, dict) and bool(value.keys() & {"role", "parts", "content", "messages", "text"})
