"""Listening: bounded, for this machine alone unless there is a token, and nothing but what is routed."""

import http.client
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from gauger.adapters.listening import Listener, address_of, answer, body_of, routed
from gauger.engine.common.errors import InputError

TOKEN = "a token of some length"


async def echo(scope: Any, receive: Any, send: Any) -> None:
    body = await body_of(receive, 1_000)
    await answer(send, 413 if body is None else 200, b"" if body is None else body)


@pytest.fixture
def port() -> Iterator[int]:
    application = routed({("POST", "/echo"): echo, ("GET", "/open"): echo}, TOKEN, open_paths=("/open",))
    listener = Listener(application, "127.0.0.1:0", TOKEN)
    yield listener.port
    listener.stop()


def asked(port: int, method: str, path: str, body: bytes = b"", token: str | None = TOKEN) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, body, {} if token is None else {"authorization": f"Bearer {token}"})
    found = connection.getresponse()
    content = found.read()
    connection.close()
    return found.status, content


def test_what_is_routed_is_answered_to_who_has_the_token(port: int) -> None:
    assert asked(port, "POST", "/echo", b"hello") == (200, b"hello")
    assert asked(port, "POST", "/echo", b"hello", None)[0] == 401
    assert asked(port, "POST", "/echo", b"hello", "another")[0] == 401
    assert asked(port, "POST", "/echo", b"hello", TOKEN[:-1])[0] == 401
    assert asked(port, "GET", "/open", token=None) == (200, b"")
    assert asked(port, "GET", "/echo")[0] == 404
    assert asked(port, "POST", "/other")[0] == 404


def test_bodies_are_bounded(port: int) -> None:
    assert asked(port, "POST", "/echo", b"x" * 1_000)[0] == 200
    assert asked(port, "POST", "/echo", b"x" * 1_001)[0] == 413


def test_what_is_no_http_does_not_stop_it(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"\0\xff" * 100)
    assert asked(port, "POST", "/echo", b"hello") == (200, b"hello")


def test_other_machines_need_a_token() -> None:
    with pytest.raises(InputError, match="--token-file"):
        Listener(echo, "0.0.0.0:0", None)
    for wrong in ("9464", "localhost", "localhost:http", "127.0.0.1:99999"):
        with pytest.raises(InputError, match=r"127\.0\.0\.1:9464"):
            address_of(wrong)
    assert address_of("[::1]:80") == ("::1", 80)


def test_a_port_that_is_taken(port: int) -> None:
    with pytest.raises(InputError, match="cannot be listened on"):
        Listener(echo, f"127.0.0.1:{port}", None)
