"""Converters: the few shapes of foreign log fields that renaming alone does not bring to a canonical column.

A converter takes one JSON-like value (never null) and returns a plain one, or None when it holds nothing of
use. A column map names them with ``as``.
"""

import hashlib
import re
from collections.abc import Callable
from typing import Any

import orjson

from gauger.engine.intake.conversation import ELSEWHERE
from gauger.engine.intake.message_parts import text_leaves

Converter = Callable[[Any], Any]


def chat(value: Any) -> Any:
    """A whole chat stays as it is: what it says is told apart when the call is whole (``intake.conversation``)."""
    return value


def sha256(value: Any) -> str | None:
    """SHA-256 (hex) of a value that must not be kept in clear, such as an API key; None of one nested too deeply."""
    try:
        return hashlib.sha256(str(value).encode()).hexdigest()
    except RecursionError:
        return None


def milliseconds(value: Any) -> float | None:
    """Milliseconds as seconds."""
    try:
        return float(value) / 1000
    except (TypeError, ValueError):
        return None


# What gateways write where no user is known: the same for everybody.
_NOBODY = frozenset({"default_user_id"})
_SESSION = re.compile(r"_session_([0-9A-Za-z-]*)$")


def account(value: Any) -> Any:
    """A user's name without the session that agents add to it; nothing for a name that stands for everybody.

    Agents write ``user_<hash>_account_<uuid>_session_<uuid>``, or the same three as a JSON object.
    """
    if not isinstance(value, str):
        return value
    written = _object(value)
    if written is not None:
        names = (written.get(name) for name in ("account_uuid", "user_id", "device_id"))
        return next((name for name in names if isinstance(name, str) and name), None)
    return None if value in _NOBODY else _SESSION.sub("", value)


def session(value: Any) -> str | None:
    """The session that agents add to a user's name; None where there is none."""
    if not isinstance(value, str):
        return None
    written = _object(value)
    if written is not None:
        found = written.get("session_id")
        return found if isinstance(found, str) else None
    match = _SESSION.search(value)
    return match[1] if match else None


def elsewhere(_: Any) -> dict[str, bool]:
    """A chat that is not in the log: the value says where it lies, and the row is refused with that reason."""
    return {ELSEWHERE: True}


def texts(value: Any) -> list[str]:
    """What a value says anywhere in it, in three words or more: metadata hold names as well, new ones in every call."""
    return text_leaves(value, words_min=3)


def _object(text: str) -> dict[str, Any] | None:
    if text[:1] != "{":
        return None
    try:
        written = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return written if isinstance(written, dict) else None


CONVERTERS: dict[str, Converter] = {
    "messages": chat,
    "system_hash": sha256,
    "instructions_hash": sha256,
    "sha256": sha256,
    "milliseconds": milliseconds,
    "account": account,
    "session": session,
    "elsewhere": elsewhere,
    "texts": texts,
}
