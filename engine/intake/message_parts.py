"""Message parts: the roles and texts of one message of a chat, in the shapes that providers and tools write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from gauger.engine.intake.attachments import PAYLOADS, attached, is_payload

_ROLES = {
    "assistant": (
        *("assistant", "model", "ai", "gpt", "bot", "chatbot", "aimessage", "agent"),
        *("chatgpt", "bing", "bard", "function_call", "tool_call"),  # ShareGPT's
    ),
    "system": ("system", "developer", "systemmessage"),
    "tool": (
        *("tool", "function", "ipython", "observation", "toolmessage", "functionmessage", "tool_result"),
        *("tool_response", "function_response"),
    ),
}
_ROLE_OF = {name: role for role, names in _ROLES.items() for name in names}
_TEXT_TYPES = (None, "text", "input_text", "output_text", "message", "string")
_RESULTS = ("functionResponse", "function_response", "toolResult", "tool_result", "tool_call_response")
_NOT_TEXT = {
    *("type", "role", "id", "name", "call_id", "tool_call_id", "tool_use_id", "toolUseId", "status", "url"),
    *("image_url", "file_id", "media_type", "mimeType", "mime_type", "format", "detail", "signature"),
    *("encrypted_content", "cache_control", "arn", "thoughtSignature", *PAYLOADS),
}
_NAME_WORDS_MIN = 8  # a name of so many words is none
_LETTERS_MIN = 12
_DEPTH_MAX = 24


@dataclass
class Parts:
    """Texts of a message."""

    texts: list[str] = field(default_factory=list)  # its own, part by part
    results: list[str] = field(default_factory=list)  # answers of tools
    others: list[str] = field(default_factory=list)  # documents, arguments of tools, reasoning, anything else
    answers: bool = False  # whether there is a tool's answer, of text or not
    is_given: bool = False  # whether there is anything, of text or not
    unread: int = 0  # attachments that hold no text that can be read


def role_of(message: Any) -> str:
    """The role of a message: user, assistant, system or tool."""
    if not isinstance(message, dict):
        return "user"
    kind = word(message.get("type"))
    if kind.endswith("_output"):
        return "tool"
    if kind.endswith("_call") or kind == "reasoning":
        return "assistant"
    role = message.get("role") or message.get("from") or message.get("author") or kind
    role = role.get("role") if isinstance(role, dict) else role
    if kind == "constructor" and isinstance(message.get("id"), list) and message["id"]:  # LangChain's, by its class
        role = message["id"][-1]
    return _ROLE_OF.get(word(role).lower().removesuffix("chunk"), "user")


def word(value: Any) -> str:
    """A text as it is; nothing for anything else, which may be nested as deeply as JSON can be."""
    return value if isinstance(value, str) else ""


def parts_of(message: Any) -> Parts:
    """The texts of a message: a text, or an object in any of the shapes known."""
    found = Parts()
    if isinstance(message, str):
        found.texts.append(message)
    elif isinstance(message, dict):
        role, kind = role_of(message), message.get("type")
        envelope = next((name for name in ("data", "kwargs") if isinstance(message.get(name), dict)), None)
        inner = message if envelope is None else message[envelope]  # LangChain's envelopes
        used, body = _body(inner, role)
        if role == "tool":
            # An answer in a shape of its own is an answer whole.
            found.results += _whole(inner if used is None else body, found)
            found.answers = True
        elif kind in _TEXT_TYPES or body is not None:
            _read(body, found)
        if role != "tool" or used is not None:
            found.others += text_leaves({name: one for name, one in inner.items() if name != used}, 3, found)
        if envelope is not None:
            found.others += text_leaves({name: one for name, one in message.items() if name != envelope}, 3, found)
    found.texts = [text for text in found.texts if text.strip()]
    found.is_given = isinstance(message, dict) and any(message.get(name) for name in _BODIES)
    return found


_BODIES = ("content", "parts", "text", "value", "message")


def _body(message: dict[str, Any], role: str) -> tuple[str | None, Any]:
    """What a message holds, and the field that it is in: the first of those that it may be in."""
    names = ("output", *_BODIES) if role == "tool" else _BODIES
    name = next((name for name in names if message.get(name) not in (None, "", [])), None)
    return name, None if name is None else message[name]


def _read(body: Any, found: Parts, depth: int = 0) -> None:
    for part in body if isinstance(body, list) else [body]:
        if isinstance(part, str):
            found.texts.append(part)
        elif isinstance(part, dict):
            _read_part(part, found, depth)


def _read_part(part: dict[str, Any], found: Parts, depth: int) -> None:
    kind = part.get("type")
    result = next((name for name in _RESULTS if name in part or kind == name), None)
    if result is not None:
        payload = part.get(result, part)
        found.results += _whole(payload, found)
        found.answers = True
        return
    guarded = part.get("guardContent")  # Bedrock's mark around the user's text
    if isinstance(guarded, dict) and isinstance(guarded.get("text"), dict) and depth < _DEPTH_MAX:
        _read_part(guarded["text"], found, depth + 1)
        return
    if kind is None and isinstance(part.get("parts"), list) and depth < _DEPTH_MAX:  # ChatGPT's exports
        _read(part["parts"], found, depth + 1)
        return
    text = next((part[name] for name in ("text", "content", "value") if isinstance(part.get(name), str)), None)
    if kind in _TEXT_TYPES and text is not None:
        found.texts.append(text)
        part = {name: value for name, value in part.items() if value is not text}
    found.others += text_leaves(part, 3, found)


def _whole(value: Any, found: Parts) -> list[str]:
    """Everything a tool answered, as one text."""
    if isinstance(value, str):
        text = value
    else:
        bare = None if (text := "\n".join(text_leaves(value, 1, found))) else _without_strings(value, 0)
        text = text or ("" if not bare else orjson.dumps(bare).decode())
    return [text] if text.strip() else []


def _without_strings(value: Any, depth: int) -> Any:
    """The numbers of a value that holds no text: what is left of strings are names and the bytes of images."""
    if depth > _DEPTH_MAX or isinstance(value, str):
        return None
    if isinstance(value, dict):
        inner = {name: _without_strings(one, depth + 1) for name, one in value.items()}
        return {name: one for name, one in inner.items() if one not in (None, {}, [])}
    if isinstance(value, list):
        return [kept for one in value if (kept := _without_strings(one, depth + 1)) not in (None, {}, [])]
    return value


def text_leaves(value: Any, words_min: int, found: Parts | None = None) -> list[str]:
    """Strings anywhere in a JSON-like value that hold at least so many words; names of things do not count.

    Not deeper than a log nests; a string that is a JSON object or list is looked into, and so is a file in it.
    found : counts the files that hold no text
    """
    return list(_leaves(value, _Walk(words_min, found or Parts()), words_min, 0))


@dataclass(frozen=True)
class _Walk:
    words_min: int  # of a file in it as well
    found: Parts


def _says(text: str, words_min: int) -> bool:
    """Whether a string may be language: so many words, or letters of a script that may write without spaces."""
    return len(text.split(maxsplit=words_min)) >= words_min or (len(text) >= _LETTERS_MIN and not text.isascii())


def _leaves(value: Any, walk: _Walk, words_min: int, depth: int, *, payload: bool = False) -> Iterator[str]:
    if depth > _DEPTH_MAX:
        return
    if isinstance(value, str):
        file = attached(value, payload=payload)
        if file is not None:
            walk.found.unread += file.text is None
            if file.text is not None:
                yield from _leaves(file.text, walk, walk.words_min, depth + 1)
            return
        if value[:1] in ("{", "[") and depth < _DEPTH_MAX:
            try:
                yield from _leaves(orjson.loads(value), walk, words_min, depth + 1)
                return
            except orjson.JSONDecodeError:
                pass
        if _says(value, words_min):
            yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            is_text = name in PAYLOADS and value.get("type") == "text"
            few = _NAME_WORDS_MIN if name in _NOT_TEXT and isinstance(inner, str) and not is_text else words_min
            yield from _leaves(inner, walk, few, depth + 1, payload=is_payload(name, value))
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, walk, words_min, depth + 1)
