"""Envoy: an external authorization service over HTTP (``envoy.filters.http.ext_authz`` with ``http_service``).

Envoy sends it the head of each request, and the body where ``with_request_body`` is set. It answers 200, or what a
policy in force says; ``x-gauger-action`` names the action either way. Set ``failure_mode_allow: true``.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from gauger.adapters.calls import beside, is_call
from gauger.adapters.environment import Parts
from gauger.adapters.listening import Application, Channel, answer, body_of
from gauger.host.policy import ALLOW, STATUS

_TOKEN = b"x-gauger-token"  # a client's own ``authorization`` is among the headers


def service(given: Parts, account_header: str, token: str | None = None) -> Application:
    """The service.

    account_header : in which Envoy says whose the request is, as from a checked token: one that clients cannot set
    token : that Envoy has to send in ``x-gauger-token``. Without it the answer is 503, which ``failure_mode_allow`` is
        about: a wrong setting must not close the door to everybody
    """
    name = account_header.lower().encode()
    expected = b"" if token is None else token.encode()

    async def application(scope: Mapping[str, Any], receive: Channel, send: Channel) -> None:
        headers = dict(scope["headers"])
        body = await body_of(receive)
        if token is not None and not secrets.compare_digest(headers.get(_TOKEN, b""), expected):
            await answer(send, 503, b"x-gauger-token is missing or wrong\n")
            return
        account = headers.get(name, b"").decode("latin-1")
        address = headers.get(b"x-envoy-external-address", b"").decode("latin-1") or None
        action = ALLOW
        if given.verdicts is not None and given.policy is not None:
            action = given.policy.decide(given.verdicts.of(account, address)).action
        if given.recorder is not None and body and is_call(scope):
            agent = headers.get(b"user-agent", b"").decode("latin-1") or None
            blocked = {"error": {"type": f"HTTP {STATUS[action]}"}} if action in STATUS else {}
            given.recorder.record_log(body, beside(account, address, agent) | blocked, under="request")
        told = [(b"x-gauger-action", action.encode()), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": STATUS.get(action, 200), "headers": told})
        await send({"type": "http.response.body", "body": b""})

    return application
