"""Sending to receivers on loopback that fail: nothing lost, nothing twice, and keys only where they belong."""

import base64
import hashlib
import hmac
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from gauger.commands import export as command
from gauger.commands.main import main
from gauger.engine.common.errors import InputError
from gauger.exports.delivery import Door, put_aside
from gauger.exports.findings import exported
from gauger.exports.formats import FORMATS, Record
from tests.bindings.exports.made_up import made_up


class Receiver(BaseHTTPRequestHandler):
    """Refuses every third request; an Elastic-like one also every third document."""

    requests: list[tuple[dict[str, str], bytes]]
    taken: Counter[str]
    status: int

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.requests.append((dict(self.headers), body))
        answer = b"{}"
        if len(self.requests) % 3 == 1:
            self._answer(self.status, b"")
            return
        if self.path == "/_bulk":
            lines = [json.loads(line) for line in body.splitlines()]
            items = []
            for place, action in enumerate(lines[::2]):
                name = action["index"]["_id"]
                refused = 400 if name.endswith("bad") else 429 if place % 3 == 2 else 201
                self.taken[name] += refused == 201
                items.append({"index": {"_id": name, "status": refused}})
            answer = json.dumps({"errors": True, "items": items}).encode()
        else:
            for line in body.splitlines():
                self.taken[json.loads(line)["event"]["finding_info"]["uid"]] += 1
        self._answer(200, answer)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def receiver(status: int = 503) -> Iterator[tuple[str, type[Receiver]]]:
    kind = type("Own", (Receiver,), {"requests": [], "taken": Counter(), "status": status})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", kind
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def records(name: str, number: int = 250) -> list[Record]:
    findings = list(exported(made_up(("campaign",) * number, accounts=["a", "b"]), None))
    return list(FORMATS[name].records(findings))


def test_splunk_that_fails_every_third_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAUGER_HEC_TOKEN", "t0ken")
    given = records("hec")
    with receiver() as (address, found):
        sent = Door(f"{address}/services/collector/event", "hec", "application/json", wait=0).send(given)
    assert (sent.taken, sent.refused) == (250, [])
    assert found.taken == Counter(one.uid for one in given)
    assert {headers["Authorization"] for headers, _ in found.requests} == {"Splunk t0ken"}


def test_elastic_that_refuses_documents_for_a_while_and_one_for_good(tmp_path: Path) -> None:
    given = records("elastic-bulk")
    bad = Record("x-bad", given[0].data.replace(given[0].uid.encode(), b"x-bad"))
    slept: list[float] = []
    with receiver() as (address, found):
        door = Door(f"{address}/_bulk", "elastic-bulk", "application/x-ndjson", wait=0, sleep=slept.append)
        sent = door.send([*given, bad])
    assert found.taken == Counter(one.uid for one in given)
    assert (sent.taken, [one.uid for one, _ in sent.refused]) == (250, ["x-bad"])
    assert slept
    put_aside(sent, tmp_path / "dead")
    (letter,) = (tmp_path / "dead").iterdir()
    assert (letter.name, letter.read_bytes(), letter.stat().st_mode & 0o777) == ("x-bad.json", bad.data, 0o600)


def test_a_receiver_that_never_takes_anything() -> None:
    with receiver(status=403) as (address, found):
        sent = Door(address, "ocsf", "application/x-ndjson", wait=0).send(records("ocsf", 3))
    assert (sent.taken, {why for _, why in sent.refused}) == (0, {"HTTP 403"})
    assert len(found.requests) == 1, "what is refused for good is not tried again"


def test_a_redirect_is_not_followed() -> None:
    with receiver(status=302) as (address, _):
        sent = Door(address, "ocsf", "application/x-ndjson", wait=0).send(records("ocsf", 3))
    assert (sent.taken, {why for _, why in sent.refused}) == (0, {"HTTP 302"})


def test_nobody_there() -> None:
    with receiver() as (address, _):
        pass
    sent = Door(address, "ocsf", "application/x-ndjson", wait=0).send(records("ocsf", 3))
    assert (sent.taken, {why for _, why in sent.refused}) == (0, {"MaxRetryError"})


def test_a_signature_that_a_receiver_can_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAUGER_WEBHOOK_SECRET", "whsec_" + base64.b64encode(b"key of a test").decode())
    with receiver() as (address, found):
        Door(address, "hec", "application/json", wait=0).send(records("hec", 3))
    (first, _), (headers, body) = found.requests
    assert first["webhook-id"] == headers["webhook-id"], "tried again, it is the same message"
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.new(b"key of a test", signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{wanted}"


def test_a_secret_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAUGER_WEBHOOK_SECRET", "whsec_not base64!")
    with pytest.raises(InputError, match="not in base64") as caught:
        Door("http://127.0.0.1:9", "ocsf", "", wait=0).send(records("ocsf", 1))
    assert "not base64!" not in str(caught.value)


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://host/x", "host"])
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(InputError, match="not an http or https address"):
        Door(address, "ocsf", "")


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gauger.results.run.read_run", lambda out: made_up())
    result = CliRunner().invoke(main, ["export", str(tmp_path), "--format", "ocsf"])
    assert [json.loads(line)["class_uid"] for line in result.stdout.splitlines()] == [2004]
    whole = CliRunner().invoke(main, ["export", str(tmp_path), "--format", "ocsf", "--assessed", "campaign, unclear"])
    assert len(whole.stdout.splitlines()) == 2
    with receiver(status=403) as (address, _):
        given = ["--format", "ocsf", "--url", address, "--dead-letters", str(tmp_path / "dead")]
        failed = CliRunner().invoke(main, ["export", str(tmp_path), *given])
    assert failed.exit_code == 1
    assert "1 record not taken (HTTP 403)" in failed.stderr
    assert len(list((tmp_path / "dead").iterdir())) == 1


def test_the_formats_of_the_command_are_those_there_are() -> None:
    assert list(FORMATS) == list(command._FORMATS)
