"""Sending to receivers on loopback that fail: nothing lost, nothing twice."""

import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from email.utils import formatdate
from types import SimpleNamespace

import pytest

from gauger.exports.delivery import Door
from gauger.exports.findings import exported
from gauger.exports.formats import FORMATS, Record
from tests.bindings.exports.made_up import made_up
from tests.bindings.exports.receivers import Answering, Receiver, always, elastic, receiver, splunk, take_events

EVENTS = "/services/collector/event"


def records(name: str, number: int = 250) -> list[Record]:
    findings = list(exported(made_up(("campaign",) * number, accounts=["a", "b"]), None))
    return list(FORMATS[name].records(findings))


def door(address: str, name: str, sleep: Callable[[float], None] = lambda _: None, seconds: float = 60.0) -> Door:
    return Door(address, name, FORMATS[name].content_type, seconds=seconds, sleep=sleep)


def first(answering: Answering) -> Answering:
    """So to the first request; to others that all is taken."""

    def answer(one: Receiver, body: bytes) -> None:
        if len(one.requests) == 1:
            answering(one, body)
        else:
            take_events(one, body)
            one.say(200)

    return answer


def test_splunk_that_fails_every_third_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAUGER_HEC_TOKEN", "t0ken")
    given = records("hec")
    with receiver(splunk) as (address, found):
        sent = door(f"{address}{EVENTS}", "hec").send(given)
    assert (sent.taken, sent.refused) == (250, [])
    assert found.taken == Counter(one.uid for one in given)
    assert {headers["Authorization"] for _, headers, _ in found.requests} == {"Splunk t0ken"}
    assert len({headers["X-Splunk-Request-Channel"] for _, headers, _ in found.requests}) == 1


def test_elastic_that_refuses_documents_for_a_while_and_one_for_good() -> None:
    given = records("elastic-bulk")
    bad = Record("x-bad", given[0].data.replace(given[0].uid.encode(), b"x-bad"))
    slept: list[float] = []
    with receiver(elastic) as (address, found):
        sent = door(f"{address}/_bulk", "elastic-bulk", slept.append).send([*given, bad])
    assert +found.taken == Counter(one.uid for one in given)
    assert (sent.taken, sent.refused) == (250, [(bad, "document refused (400)")])
    assert slept


def test_an_older_document_than_the_one_that_is_there_is_taken() -> None:
    given = records("elastic-bulk", 1)
    items = [{"index": {"_id": given[0].uid, "status": 409}}]
    with receiver(always(200, json.dumps({"errors": True, "items": items}).encode())) as (address, found):
        assert door(f"{address}/_bulk", "elastic-bulk").send(given).taken == 1
    assert len(found.requests) == 1


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"items": 7}', b'{"items": [7, {}, {"index": 1}, {"index": {"_id": 3, "status": "x"}}]}'],
)
def test_an_answer_of_elastic_that_says_nothing_of_a_document(body: bytes) -> None:
    with receiver(always(200, body)) as (address, found):
        sent = door(f"{address}/_bulk", "elastic-bulk").send(records("elastic-bulk", 2))
    assert (sent.taken, len(sent.refused), len(found.requests)) == (0, 2, 6)


def test_what_is_refused_for_good_is_not_tried_again() -> None:
    with receiver(always(403)) as (address, found):
        sent = door(address, "ocsf").send(records("ocsf", 3))
    assert (sent.taken, {why for _, why in sent.refused}) == (0, {"HTTP 403"})
    assert len(found.requests) == 1


def test_a_redirect_is_not_followed() -> None:
    with receiver(always(302, Location="http://127.0.0.1:9/elsewhere")) as (address, _):
        sent = door(address, "ocsf").send(records("ocsf", 3))
    assert (sent.taken, {why for _, why in sent.refused}) == (0, {"HTTP 302"})


def test_nobody_there_is_asked_six_times_and_then_once_a_batch() -> None:
    with receiver(always(200)) as (address, _):
        pass
    slept: list[float] = []
    sent = door(address, "ocsf", slept.append).send(records("ocsf"))
    assert (sent.taken, {why for _, why in sent.refused}) == (0, {"no answer (NewConnectionError)"})
    assert len(slept) == 5
    assert all(2**n <= pause <= 1.5 * 2**n for n, pause in enumerate(slept))


def test_a_receiver_that_is_not_to_be_trusted_is_not_asked_again() -> None:
    slept: list[float] = []
    with receiver(always(200)) as (address, found):
        sent = door(address.replace("http:", "https:"), "ocsf", slept.append).send(records("ocsf", 2))
    assert (sent.taken, {why.partition(";")[0] for _, why in sent.refused}) == (0, {"TLS failed"})
    assert (found.requests, slept) == ([], [])


def test_too_large_is_halved_until_it_fits() -> None:
    def small(one: Receiver, body: bytes) -> None:
        if len(body) > most:
            one.say(413)
        else:
            take_events(one, body)
            one.say(200)

    given = records("ocsf", 10)
    most = 3 * len(given[0].data) + 99
    large = Record("large", given[0].data * 4)
    with receiver(small) as (address, found):
        sent = door(address, "ocsf").send([*given, large])
    assert found.taken == Counter(one.uid for one in given)
    assert (sent.taken, sent.refused) == (10, [(large, "HTTP 413")])


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [
        ("7", 7, 7),
        ("86400", 120, 120),
        ("0", 0, 0),
        ("1e999", 1, 1.5),
        ("9" * 400, 120, 120),
        ("9" * 5_000, 1, 1.5),
        ("soon", 1, 1.5),
        ("-5", 1, 1.5),
        ("in a minute", 50, 60),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0, 0),
    ],
)
def test_a_receiver_is_given_the_time_it_asks_for_within_bounds(asked: str, least: float, most: float) -> None:
    asked = formatdate(time.time() + 60, usegmt=True) if asked == "in a minute" else asked
    slept: list[float] = []
    with receiver(first(always(429, Retry_After=asked))) as (address, found):
        sent = door(address, "ocsf", slept.append).send(records("ocsf", 1))
    assert (sent.taken, len(found.requests)) == (1, 2)
    assert least <= slept[0] <= most


def test_each_try_is_signed_anew_and_checked_in_five_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = base64.b64encode(b"key of a test, 24 bytes and more").decode()
    monkeypatch.setenv("GAUGER_WEBHOOK_SECRET", f"whsec_{secret}")
    now = iter([1_000_000_000.0, 1_000_000_600.0])
    monkeypatch.setattr("gauger.exports.keys.time", SimpleNamespace(time=lambda: next(now)))
    with receiver(first(always(503))) as (address, found):
        door(address, "ocsf").send(records("ocsf", 3))
    (_, early, _), (_, late, body) = found.requests
    assert early["webhook-id"] == late["webhook-id"], "tried again, it is the same message"
    assert early["webhook-signature"] != late["webhook-signature"]
    assert (early["webhook-timestamp"], late["webhook-timestamp"]) == ("1000000000", "1000000600")
    signed = f"{late['webhook-id']}.{late['webhook-timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.new(base64.b64decode(secret), signed, hashlib.sha256).digest()).decode()
    assert late["webhook-signature"] == f"v1,{wanted}"


def cut_off(one: Receiver, body: bytes) -> None:
    """Take all, promise an answer of a hundred bytes, and close after two."""
    take_events(one, body)
    one.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}")
    one.close_connection = True


def test_an_answer_that_breaks_off_was_an_answer() -> None:
    given = records("hec", 3)
    with receiver(cut_off) as (address, found):
        sent = door(f"{address}{EVENTS}", "hec").send(given)
    assert sent.taken == 3
    assert found.taken == Counter(one.uid for one in given)


def test_an_answer_that_drips_is_not_waited_for() -> None:
    def drip(one: Receiver, body: bytes) -> None:
        one.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        one.close_connection = True
        while not over.wait(0.05):
            one.wfile.write(b" ")
            one.wfile.flush()

    over = threading.Event()
    with receiver(drip) as (address, _):
        began = time.monotonic()
        sent = door(address, "ocsf", seconds=0.3).send(records("ocsf", 1))
        took = time.monotonic() - began
        over.set()
    assert sent.taken == 1
    assert took < 5


def test_no_answer_at_all_and_no_http() -> None:
    def late(one: Receiver, _: bytes) -> None:
        over.wait(10)
        one.close_connection = True

    over = threading.Event()
    with receiver(first(late)) as (address, found):
        assert door(address, "ocsf", seconds=0.2).send(records("ocsf", 1)).taken == 1
        assert len(found.requests) == 2
        over.set()

    def nonsense(one: Receiver, _: bytes) -> None:
        one.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")
        one.close_connection = True

    with receiver(nonsense) as (address, found):
        sent = door(address, "ocsf").send(records("ocsf", 1))
    assert (sent.taken, len(found.requests)) == (0, 6)
    assert sent.refused[0][1] == "no answer (ProtocolError)"


def acknowledging(done: dict[int, int]) -> Answering:
    """Splunk that acknowledges a number at the so-manieth question, or never."""

    def answer(one: Receiver, body: bytes) -> None:
        asked = [path for path, _, _ in one.requests if "/ack" in path]
        if "/ack?channel=" in one.requests[-1][0]:
            acks = {number: len(asked) >= done.get(number, 99) for number in json.loads(body)["acks"]}
            one.say(200, json.dumps({"acks": acks}).encode())
        else:
            take_events(one, body)
            one.say(200, json.dumps({"text": "Success", "code": 0, "ackId": len(one.requests) - 1}).encode())

    return answer


def test_splunk_that_acknowledges_some() -> None:
    given = records("hec", 4)
    with receiver(acknowledging({0: 1, 1: 3, 3: 1})) as (address, found):
        sent = door(f"{address}{EVENTS}", "hec").send(given)
    assert (sent.taken, sent.refused) == (3, [(given[2], "taken, not acknowledged")])
    assert found.taken == Counter(one.uid for one in given), "it is not sent again, as it may be written yet"
    asked = [json.loads(body)["acks"] for path, _, body in found.requests if "/ack" in path]
    assert asked == [[0, 1, 2, 3], [1, 2], [1, 2], [2], [2], [2]]


def test_a_key_never_appears_in_what_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAUGER_HEC_TOKEN", "t0ken")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        sent = door(f"http://127.0.0.1:{closed.getsockname()[1]}{EVENTS}", "hec").send(records("hec", 1))
    assert "t0ken" not in repr(sent.refused[0][1])
