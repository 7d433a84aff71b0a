"""What receivers answer, also those who mean no good."""

import pytest
from urllib3.util import parse_url

from gauger.exports.answers import Answer, acknowledged, acknowledgements_of, number_of, statuses
from gauger.exports.formats import Record


def said(data: bytes, status: int = 200) -> Answer:
    return Answer(status, data, None, "")


def test_statuses_of_documents() -> None:
    data = b'{"items": [{"index": {"_id": "a", "status": 201}}, {"index": {"_id": "b", "status": 409}}, {"index": {}}]}'
    batch = [Record(name, b"") for name in "abc"]
    assert statuses(said(data), batch) == {"a": 201, "b": 200, "c": 504}


@pytest.mark.parametrize(
    "data", [b"", b"7", b"null", b"[" * 100_000, b'{"acks": 7, "ackId": "7", "items": {}}', b"\xff"]
)
def test_answers_that_say_nothing(data: bytes) -> None:
    assert statuses(said(data), [Record("a", b"")]) == {"a": 504}
    assert number_of(said(data)) is None
    assert acknowledged(said(data), {7}) == set()


def test_numbers_that_are_acknowledged() -> None:
    data = b'{"acks": {"0": true, "1": false, "2": 1, "999": true}}'
    assert acknowledged(said(data), {0, 1, 2, 3}) == {0}
    assert acknowledged(said(data, 503), {0}) == set()


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("https://s.example:8088/services/collector", "https://s.example:8088/services/collector/ack?channel=c"),
        (
            "https://s.example/proxy/services/collector/event?x=1",
            "https://s.example/proxy/services/collector/ack?channel=c",
        ),
        ("https://s.example/other", None),
    ],
)
def test_where_acknowledgements_are_asked_for(address: str, wanted: str | None) -> None:
    assert acknowledgements_of(parse_url(address), "c") == wanted
