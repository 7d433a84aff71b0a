"""ASGI: FastAPI, Starlette, vLLM (``--middleware gauger.adapters.asgi.Middleware``), Ray Serve.

Bodies pass through as they come, streams included; a copy of the request is recorded when the answer has ended.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from gauger.adapters.calls import MAP, beside, is_call
from gauger.adapters.environment import Parts, parts
from gauger.host.policy import STATUS

Scope = MutableMapping[str, Any]
Channel = Callable[..., Awaitable[Any]]
_COPIED_MAX = 4 << 20  # bytes of a body; a longer one is counted as dropped


def account_of(scope: Scope) -> str:
    """The account of a request: a digest of its API key. A host that knows better gives its own function."""
    headers = dict(reversed(scope["headers"]))  # of several the first, as hosts have it
    key = headers.get(b"authorization") or headers.get(b"x-api-key") or headers.get(b"api-key") or b""
    scheme, _, token = key.strip().partition(b" ")
    key = token.strip() if scheme.lower() == b"bearer" else key.strip()
    return hashlib.sha256(key).hexdigest() if key else ""


class Middleware:
    """Records calls, and does what a policy says. ``scope["state"]["gauger"]`` holds the decision for the host."""

    def __init__(self, app: Any, given: Parts | None = None, account: Callable[[Scope], str] = account_of) -> None:
        """given : what to use; by default what the environment says"""
        self._app, self._account = app, account
        self._parts = parts(MAP) if given is None else given

    def _status(self, scope: Scope, account: str, address: str | None) -> int | None:
        """What to answer in place of the model; None: the model answers."""
        if self._parts.policy is None or self._parts.verdicts is None:
            return None
        decision = self._parts.policy.decide(self._parts.verdicts.of(account, address))
        scope.setdefault("state", {})["gauger"] = decision
        return STATUS.get(decision.action)

    async def __call__(self, scope: Scope, receive: Channel, send: Channel) -> None:
        """One request, or the host's life from its start to its end."""
        recorder, body, seen = self._parts.recorder, bytearray(), dict[str, Any]()

        async def received() -> Any:
            message = await receive()
            if message["type"] == "http.request" and len(body) <= _COPIED_MAX:
                body.extend(message.get("body", b""))
            elif message["type"] == "lifespan.shutdown" and recorder is not None:
                recorder.close()
            return message

        async def sent(message: Any) -> None:
            if message["type"] == "http.response.start" and message["status"] >= 400:
                seen["error"] = {"type": f"HTTP {message['status']}"}
            await send(message)

        if not is_call(scope):
            await self._app(scope, received if scope["type"] == "lifespan" else receive, send)
            return
        account, address = self._account(scope), (scope.get("client") or (None,))[0]
        agents = (value.decode("latin-1") for name, value in scope["headers"] if name == b"user-agent")
        seen |= {**beside(account, address, next(agents, None)), "error": None}
        if (status := self._status(scope, account, address)) is not None:
            await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
            return
        try:
            await self._app(scope, received, sent)
        except Exception as problem:
            seen["error"] = {"type": type(problem).__name__}
            raise
        finally:
            if recorder is not None:
                recorder.record_log(bytes(body), seen, under="request")
