"""Converters: the few shapes of foreign log fields that renaming alone does not bring to a canonical column.

A converter takes one JSON-like value (never null) and returns a plain one, or None when it holds nothing of
use. A column map names them with ``as``.
"""

import hashlib
from collections.abc import Callable
from typing import Any

from gauger.engine.intake.conversation import ELSEWHERE
from gauger.engine.intake.message_parts import text_leaves
from gauger.logs.account_names import account, session

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


def elsewhere(_: Any) -> dict[str, bool]:
    """A chat that is not in the log: the value says where it lies, and the row is refused with that reason."""
    return {ELSEWHERE: True}


def texts(value: Any) -> list[str]:
    """What a value says anywhere in it, in three words or more: metadata hold names as well, new ones in every call."""
    return text_leaves(value, words_min=3)


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
