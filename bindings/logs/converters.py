"""Converters: the few shapes of foreign log fields that renaming alone does not bring to a canonical column.

A converter takes one JSON-like value (never null) and returns a plain one, or None when it holds nothing of
use. A column map names them with ``as``.
"""

import hashlib
from collections.abc import Callable
from typing import Any

Converter = Callable[[Any], Any]


def chat(value: Any) -> Any:
    """A whole chat stays as it is: what it says is told apart when the call is whole (``intake.conversation``)."""
    return value


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
    "messages": chat,
    "system_hash": sha256,
    "instructions_hash": sha256,
    "sha256": sha256,
    "milliseconds": milliseconds,
}
