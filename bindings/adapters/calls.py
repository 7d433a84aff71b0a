"""Calls as they come over HTTP: which requests are some, and what is recorded beside their bodies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

MAP = "openai"
_PATHS = ("/chat/completions", "/completions", "/responses", "/messages")


def is_call(scope: Mapping[str, Any]) -> bool:
    """Whether a request (ASGI) asks a model: what is embedded or uploaded says nothing of whoever sends it."""
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
