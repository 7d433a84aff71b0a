"""Calls as they come over HTTP: which requests are some, and what is recorded beside their bodies."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Scope = Mapping[str, Any]  # of a request (ASGI)

MAP = "openai"
_KEYS = frozenset({b"authorization", b"x-api-key", b"api-key"})
_PATHS = ("/chat/completions", "/completions", "/responses", "/messages")


def is_call(scope: Scope) -> bool:
    """Whether a request asks a model: what is embedded or uploaded says nothing of whoever sends it."""
    return scope["type"] == "http" and scope["method"] == "POST" and scope["path"].endswith(_PATHS)


def beside(account: str, address: str | None, user_agent: str | None) -> dict[str, Any]:
    """What the host vouches for: these fields count, whatever the body has.

    An account that the host cannot name is an object, which names nobody: such a call is refused. With a text that is
    empty the map would go on to what the client calls itself, and whoever sends no key could speak in another's name.
    """
    return {
        "timestamp": datetime.now(UTC),
        "account_id": account or {},
        "client_ip": address,
        "user_agent": user_agent,
    }


def account_of(scope: Scope) -> str:
    """The account of a request: a digest of its API key. A host that knows better gives its own function."""
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _KEYS and name not in found:  # of several the first, as hosts have it
            found[name] = value
    key = found.get(b"authorization") or found.get(b"x-api-key") or found.get(b"api-key") or b""
    scheme, _, token = key.strip().partition(b" ")
    key = token.strip() if scheme.lower() == b"bearer" else key.strip()
    return hashlib.sha256(key).hexdigest() if key else ""


def user_agent_of(scope: Scope) -> str | None:
    """What sent a request, as it says itself."""
    for name, value in scope["headers"]:
        if name == b"user-agent":
            return str(value, "latin-1")
    return None
