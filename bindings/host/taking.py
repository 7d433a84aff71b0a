"""Taking a call from a host's thread: what is known of its fields, as it is now, in a few microseconds.

Values that cannot change are taken as they are. Lists and objects, which the host may change, become JSON at once. No
field is judged here, and none can raise: what cannot be taken is left out and counted where the call is coerced.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import orjson

_BITS_MAX = 64  # of an integer; no field has more
# Named here too, because the schema needs Arrow; a test holds them together.
CALL_FIELDS = (
    "start_time",
    "account_id",
    "org_id",
    "api_key_hash",
    "conversation_id",
    "response_id",
    "payment_fingerprint",
    "account_created_at",
    "client_address",
    "user_agent_original",
    "client_ja4",
    "prompt_text",
    "prompt_token_ids",
    "context_texts",
    "continuation",
    "attachments",
    "operation_name",
    "request_model",
    "request_temperature",
    "request_top_p",
    "request_max_tokens",
    "request_choice_count",
    "request_stream",
    "request_logprobs",
    "response_finish_reasons",
    "usage_output_tokens",
    "error_type",
    "accepted",
)
CHAT_FIELDS = ("messages", "system_instructions", "tool_definitions")
_KNOWN = frozenset({*CALL_FIELDS, *CHAT_FIELDS})
_LISTS = frozenset({*CHAT_FIELDS, "prompt_text", "prompt_token_ids", "context_texts", "response_finish_reasons"})
_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY
_PIECES_MAX = 1_000  # of a value that cannot be said as a whole, tried one by one: some milliseconds at most
_DEPTH_MAX = 16  # to which it is taken to pieces
_CALL_BYTES = 600  # of a call whose texts are empty, as it waits


# A record of a log, which a column map tells the call of: JSON; JSON of an object whose fields count where the record
# has the same, or None; the field that the record is put under, beside those fields, or None where they are its own.
# A plain tuple, because thousands of them are pickled at once.
LogRecord = tuple[bytes, bytes | None, str | None]


class Unusable:
    """In place of a value that cannot be taken."""


UNUSABLE = Unusable()


def take(call: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """The fields of a call that mean something, and about how many bytes they hold. Raises TypeError for no mapping.

    ``start_time`` is now where the call has none. A list or an object as ``prompt_text`` is a user's message.
    """
    found: dict[str, Any] = {}
    size = _CALL_BYTES
    for name in call.keys() & _KNOWN:
        value = call[name]
        if type(value) is not str:
            value = _fixed(name, value)
        if isinstance(value, str):
            size += len(value) if value.isascii() else 4 * len(value)
        elif isinstance(value, bytes):
            size += len(value)
        found[name] = value
    if isinstance(found.get("prompt_text"), bytes):
        parts = found.pop("prompt_text")
        found.setdefault("messages", b'[{"role":"user","content":' + parts + b"}]")
    if found.get("start_time") is None:
        found["start_time"] = datetime.now(UTC)
    return found, size


def take_record(
    record: Mapping[str, Any] | bytes, beside: Mapping[str, Any] | None, under: str | None
) -> tuple[LogRecord, int]:
    """A record of a log as it is now: JSON, or an object that becomes JSON at once. Raises TypeError for neither.

    beside, under : as of a ``LogRecord``, which is a tuple where a call is a dictionary
    """
    body = record if isinstance(record, bytes) else _json_of(record)
    own = None if beside is None else _json_of(beside)
    return (body, own, under), _CALL_BYTES + len(body) + (0 if own is None else len(own))


def _fixed(name: str, value: Any) -> Any:
    """A value that nobody can change any more, of Python's own types: JSON for what holds others, else its text."""
    if value is None or value is True or value is False:
        return value
    try:
        kind = type(value)
        if kind is int:
            return value if value.bit_length() <= _BITS_MAX else UNUSABLE
        if kind is float:
            return value
        if kind is datetime:
            return value if value.tzinfo is None else value.astimezone(UTC)
        if isinstance(value, bytes | bytearray | memoryview):
            return bytes(value).decode(errors="replace")
        if isinstance(value, str | int | float):
            return str(value)  # of a class of the host's own, as an Enum's
        if name in _LISTS:
            return _json_of(value)
        return UNUSABLE if isinstance(value, Mapping | list | tuple | set) else str(value)
    except Exception:  # whatever the host's own class raises
        return UNUSABLE


def _json(value: Any) -> bytes:
    try:
        return orjson.dumps(value, default=_plain, option=_OPTIONS)
    except TypeError:  # a lone surrogate, or an integer beyond 64 bits
        found = well_formed(json.dumps(value, default=_plain, ensure_ascii=False)).encode()
        orjson.loads(found)  # raises where lists are in each other deeper than whoever measures will follow
        return found


def _json_of(value: Any) -> bytes:
    """A value as JSON, without what of it cannot be said in JSON: one part must not hide the others."""
    try:
        return _json(value)
    except Exception:  # whatever a value of the host's own raises, or nesting beyond what an encoder follows
        return _json_in_pieces(value, [_PIECES_MAX])


def _json_in_pieces(value: Any, left: list[int], depth: int = 0) -> bytes:
    """``_json_of`` part by part. left : how many more may be tried; raises where nothing of the value can be said."""
    left[0] -= 1
    if left[0] < 0 or depth > _DEPTH_MAX:
        raise TypeError("too many parts")
    with suppress(Exception):
        return orjson.dumps(value, default=_plain, option=_OPTIONS)
    if isinstance(value, str):
        return orjson.dumps(well_formed(value))
    pieces = []
    if isinstance(value, Mapping):
        for name in list(value):
            with suppress(Exception):
                said = _json_in_pieces(value[name], left, depth + 1)
                pieces.append(orjson.dumps(well_formed(str(name))) + b":" + said)
        return b"{" + b",".join(pieces) + b"}"
    if not isinstance(value, list | tuple):
        raise TypeError("no value of JSON")
    for one in value:
        with suppress(Exception):
            pieces.append(_json_in_pieces(one, left, depth + 1))
    return b"[" + b",".join(pieces) + b"]"


def _plain(value: Any) -> Any:
    """An object of a host's library as what JSON knows."""
    dump = getattr(value, "model_dump", None) or getattr(value, "dict", None)
    if callable(dump):
        return dump()
    return list(value) if isinstance(value, set | tuple | frozenset) else str(value)


def well_formed(text: str) -> str:
    """A text with U+FFFD for each half of a surrogate pair: a Python text may hold them, and no UTF-8 can."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
