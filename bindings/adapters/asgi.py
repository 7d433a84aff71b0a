"""ASGI: FastAPI, Starlette, vLLM (``--middleware gauger.adapters.asgi.Middleware``), Ray Serve.

Bodies pass through as they come, streams included; a copy of the request is recorded when the answer has ended.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import Any

from gauger.adapters.calls import MAP, account_of, beside, is_call, user_agent_of
from gauger.adapters.environment import Parts, parts
from gauger.adapters.listening import Channel, answer, body_of
from gauger.host.policy import STATUS

Scope = MutableMapping[str, Any]
_COPIED_MAX = 4 << 20  # bytes of a body; a longer one is counted as dropped


class Middleware:
    """Records calls, and does what a policy says. ``scope["state"]["gauger"]`` holds the decision for the host."""

    def __init__(self, app: Any, given: Parts | None = None, account: Callable[[Scope], str] = account_of) -> None:
        """given : what to use; by default what the environment says"""
        self._app, self._account = app, account
        self._parts = parts(MAP) if given is None else given

    async def __call__(self, scope: Scope, receive: Channel, send: Channel) -> None:
        """One request, or the host's life from its start to its end."""
        if not is_call(scope):
            await self._app(scope, self._until_the_end(receive) if scope["type"] == "lifespan" else receive, send)
            return
        account, address = self._account(scope), (scope.get("client") or (None,))[0]
        verdicts, policy, app = self._parts.verdicts, self._parts.policy, self._app
        if policy is not None and verdicts is not None:
            decision = policy.decide(verdicts.of(account, address))
            scope.setdefault("state", {})["gauger"] = decision
            if (status := STATUS.get(decision.action)) is not None:
                app = partial(_refused, status)
        body, seen = bytearray(), beside(account, address, user_agent_of(scope))
        seen["error"] = None

        async def received() -> Any:
            message = await receive()
            if message["type"] == "http.request" and len(body) <= _COPIED_MAX:
                body.extend(message.get("body", b""))
            return message

        def sent(message: Any) -> Awaitable[Any]:
            if message["type"] == "http.response.start" and message["status"] >= 400:
                seen["error"] = {"type": f"HTTP {message['status']}"}
            return send(message)

        try:
            await app(scope, received, sent)
        except Exception as problem:
            seen["error"] = {"type": type(problem).__name__}
            raise
        finally:
            if self._parts.recorder is not None:
                self._parts.recorder.record_log(bytes(body), seen, under="request")

    def _until_the_end(self, receive: Channel) -> Channel:
        """The events of the host's life; at its end what waits is handed over."""

        async def received() -> Any:
            message = await receive()
            if message["type"] == "lifespan.shutdown" and self._parts.recorder is not None:
                self._parts.recorder.close()
            return message

        return received


async def _refused(status: int, scope: Scope, receive: Channel, send: Channel) -> None:
    """Answer in place of the host. What was asked is recorded: who is blocked must not drop out of the findings."""
    await body_of(receive, _COPIED_MAX)
    await answer(send, status, b"")
