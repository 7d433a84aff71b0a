"""Listening: metrics, health and receivers over HTTP, bounded and for this machine alone unless told otherwise."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from gauger.engine.common.errors import InputError

Channel = Callable[..., Awaitable[Any]]
Application = Callable[[Mapping[str, Any], Channel, Channel], Awaitable[None]]  # ASGI
Routes = Mapping[tuple[str, str], Application]  # by method and path
BODY_BYTES = 16 << 20
_CONNECTIONS, _IDLE_SECONDS, _BODY_SECONDS, _BACKLOG = 256, 5, 10.0, 128
_HEAD_SECONDS = 10.0  # to say what is asked for
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def address_of(text: str) -> tuple[str, int]:
    """Host and port of HOST:PORT. Raises InputError for what is none."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 <= int(port) < 65_536:
        raise InputError(f"{text}: give an address as 127.0.0.1:9464")
    return host.strip("[]"), int(port)


async def answer(send: Channel, status: int, body: bytes, kind: str = "text/plain") -> None:
    """Answer a request."""
    headers = [(b"content-type", kind.encode()), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def body_of(receive: Channel, most: int = BODY_BYTES) -> bytes | None:
    """The body of a request; None where it is larger than it may be, comes too slowly, or its sender is gone."""
    import asyncio

    pieces, size = [], 0
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    return None
                pieces.append(message.get("body", b""))
                size += len(pieces[-1])
                if size > most:
                    return None
                if not message.get("more_body"):
                    return b"".join(pieces)
    except TimeoutError:
        return None


def routed(routes: Routes, token: str | None, open_paths: tuple[str, ...] = ()) -> Application:
    """One application of several. All but the open paths ask for the bearer token, if there is one."""
    expected = None if token is None else b"Bearer " + token.encode()

    async def application(scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        given = dict(scope["headers"]).get(b"authorization", b"")
        if expected is not None and scope["path"] not in open_paths and not secrets.compare_digest(given, expected):
            await answer(send, 401, b"a bearer token is needed\n")
            return
        found = routes.get((scope["method"], scope["path"])) or routes.get((scope["method"], "*"))
        if found is None:
            await answer(send, 404, b"not found\n")
            return
        await found(scope, receive, send)

    return application


def _bounded() -> Any:
    """A protocol of uvicorn's that ends connections which do not say in time what they want."""
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class Bounded(H11Protocol):
        """One connection."""

        def connection_made(self, transport: Any) -> None:
            """As of ``asyncio.Protocol``."""
            super().connection_made(transport)
            self.loop.call_later(_HEAD_SECONDS, self._end_if_silent)

        def _end_if_silent(self) -> None:
            if self.cycle is None and not self.transport.is_closing():
                self.transport.close()

    return Bounded


class Listener:
    """A server in a thread."""

    def __init__(self, application: Application, address: str, token: str | None) -> None:
        """Raises InputError for an address of other machines without a token, or one that cannot be listened on."""
        import socket

        import uvicorn

        host, port = address_of(address)
        if host not in LOOPBACK and token is None:
            raise InputError(f"{address}: other machines can reach it; give --token-file, or listen on 127.0.0.1")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((host, port))
            self._socket.listen(_BACKLOG)
        except OSError as error:
            self._socket.close()
            raise InputError(f"{address}: cannot be listened on ({error.strerror})") from None
        self.port = self._socket.getsockname()[1]
        config = uvicorn.Config(
            application,
            lifespan="off",
            access_log=False,
            log_level="warning",
            limit_concurrency=_CONNECTIONS,
            timeout_keep_alive=_IDLE_SECONDS,
            backlog=_BACKLOG,
            http=_bounded(),
            server_header=False,
        )
        self._server = uvicorn.Server(config)
        run = {"sockets": [self._socket]}
        self._thread = threading.Thread(target=self._server.run, kwargs=run, name="gauger http", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._server.should_exit = True
        self._thread.join(5.0)
