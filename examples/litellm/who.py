"""Whose a key is. A proxy with a database needs nothing of this: it knows its keys."""

from typing import Any

from litellm.proxy._types import UserAPIKeyAuth


async def authenticate(request: Any, api_key: str) -> UserAPIKeyAuth:
    """The user is what stands behind the prefix."""
    return UserAPIKeyAuth(api_key=api_key, user_id=api_key.removeprefix("sk-"))
