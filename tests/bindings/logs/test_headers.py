"""Headers: one value out of every shape in which a log keeps them."""

from typing import Any

import orjson
import pytest

from gauger.logs.headers import header, headers, holds_headers

SHAPES: list[Any] = [
    {"User-Agent": "curl/8", "Accept": "*/*"},
    {"Accept": ["*/*"], "User-Agent": ["curl/8"]},
    {"user_agent": "curl/8"},
    {"USER-AGENT": ["", "curl/8"]},
    {"User-Agent": None, "user-agent": "curl/8"},
    [{"name": "Accept", "value": "*/*"}, {"name": "User-Agent", "value": "curl/8"}],
    [{"Key": "user-agent", "Value": "curl/8"}],
    [{"key": "User-Agent", "value": {"stringValue": "curl/8"}}],
    {"user-agent": [{"key": "User-Agent", "value": "curl/8"}]},
    [{"Accept": "*/*"}, {"User-Agent": "curl/8"}],
    ["Accept", "*/*", "User-Agent", "curl/8"],
    ["Accept: */*", "User-Agent: curl/8"],
    [["accept", "*/*"], ["user-agent", "curl/8"]],
    [(b"accept", b"*/*"), (b"user-agent", b"curl/8")],
    "Host: example.org\r\nUser-Agent: curl/8\r\n",
]


@pytest.mark.parametrize("shape", SHAPES, ids=range(len(SHAPES)))
@pytest.mark.parametrize("name", ["User-Agent", "user-agent", "user_agent"])
def test_every_shape(shape: Any, name: str) -> None:
    assert header(shape, name) == "curl/8"
    assert header(shape, "X-Request-Id") is None


@pytest.mark.parametrize("shape", [shape for shape in SHAPES[:-1] if "b'" not in str(shape)])
def test_the_same_as_json_in_a_string(shape: Any) -> None:
    assert header(orjson.dumps(shape).decode(), "user-agent") == "curl/8"


@pytest.mark.parametrize(
    "shape", [None, 7, "", "{", "[", [], {}, [None, 1], ["User-Agent"], {"User-Agent": []}, {"name": "User-Agent"}]
)
def test_where_there_is_none(shape: Any) -> None:
    assert header(shape, "user-agent") is None


def test_a_value_keeps_its_colons_and_a_list_that_holds_itself_ends() -> None:
    assert header(["Referer: https://example.org:8443/"], "referer") == "https://example.org:8443/"
    endless: list[Any] = []
    endless.append(endless)
    assert header({"a": endless}, "a") is None
    assert header(endless, "a") is None


def test_fields_that_hold_headers() -> None:
    assert all(map(holds_headers, ("headers", "Request_Headers", "multiValueHeaders", "header")))
    assert not any(map(holds_headers, ("header_count", "metadata")))


def test_headers_of_many_objects_are_those_of_each() -> None:
    objects = [shape for shape in SHAPES if isinstance(shape, dict)]
    for some in (objects, objects[:1], [*objects[:2], None, {}], [{"name": "User-Agent", "value": "curl/8"}]):
        names = {name for one in some if one is not None for name in one}
        assert headers(some, names, "user-agent") == [
            None if one is None else header(one, "user-agent") for one in some
        ]
