"""Account names: a user as gateways and agents write it. Hosts name accounts by it, too, and load no Arrow for it."""

from __future__ import annotations

import re
from typing import Any

import orjson

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


def _object(text: str) -> dict[str, Any] | None:
    if text[:1] != "{":
        return None
    try:
        written = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return written if isinstance(written, dict) else None
