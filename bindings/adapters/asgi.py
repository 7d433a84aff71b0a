"""ASGI: FastAPI, Starlette, vLLM (``--middleware gauger.adapters.asgi.Middleware``), Ray Serve.

Bodies pass through as they come, streams included; a copy of the request is recorded when the answer has ended.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any

from gauger.adapters.environment import Parts, parts
from gauger.host.policy import STATUS

Scope = MutableMapping[str, Any]
Channel = Callable[..., Awaitable[Any]]
_PATHS = ("/chat/completions", "/completions", "/responses", "/messages")
_COPIED_MAX = 4 << 20  # bytes of a body; a longer one is counted as dropped


def account_of(scope: Scope) -> str:
    """The account of a request: a digest of its API key. A host that knows better gives its own function."""
    headers = dict(scope["headers"])
    key = headers.get(b"authorization") or headers.get(b"x-api-key") or headers.get(b"api-key") or b""
    return hashlib.sha256(key.removeprefix(b"Bearer ")).hexdigest() if key else ""


class Middleware:
    """Records calls, and does what a policy says. ``scope["state"]["gauger"]`` holds the decision for the host."""

    def __init__(self, app: Any, given: Parts | None = None, account: Callable[[Scope], str] = account_of) -> None:
        """given : what to use; by default what the environment says"""
        self._app, self._account = app, account
        self._parts = parts("openai") if given is None else given

    def _closing(self, receive: Channel) -> Channel:
        """Messages of the host's life: when it ends, what was recorded is written."""

        async def received() -> Any:
            message = await receive()
            if message["type"] == "lifespan.shutdown" and self._parts.recorder is not None:
                self._parts.recorder.close()
            return message

        return received

    async def __call__(self, scope: Scope, receive: Channel, send: Channel) -> None:
        """One request."""
        if scope["type"] == "lifespan" and self._parts.recorder is not None:
            await self._app(scope, self._closing(receive), send)
            return
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].endswith(_PATHS):
            await self._app(scope, receive, send)
            return
        seen: dict[str, Any] = {"timestamp": datetime.now(UTC), "account_id": self._account(scope), "error": None}
        seen["client_ip"] = (scope.get("client") or (None,))[0]
        if self._parts.policy is not None and self._parts.verdicts is not None:
            verdict = self._parts.verdicts.of(seen["account_id"], seen["client_ip"])
            scope.setdefault("state", {})["gauger"] = decision = self._parts.policy.decide(verdict)
            if (status := STATUS.get(decision.action)) is not None:
                await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
                await send({"type": "http.response.body", "body": b""})
                return
        body = bytearray()

        async def received() -> Any:
            message = await receive()
            if message["type"] == "http.request" and len(body) <= _COPIED_MAX:
                body.extend(message.get("body", b""))
            return message

        async def sent(message: Any) -> None:
            if message["type"] == "http.response.start" and message["status"] >= 400:
                seen["error"] = {"type": f"HTTP {message['status']}"}
            await send(message)

        try:
            await self._app(scope, received, sent)
        finally:
            agents = (value.decode("latin-1") for name, value in scope["headers"] if name == b"user-agent")
            seen["user_agent"] = next(agents, None)
            if self._parts.recorder is not None:
                self._parts.recorder.record_log(bytes(body), seen, under="request")
