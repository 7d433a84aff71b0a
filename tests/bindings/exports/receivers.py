"""Receivers on loopback that fail as they are told to; they keep what they took."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answering = Callable[["Receiver", bytes], None]


class Receiver(BaseHTTPRequestHandler):
    """Hands each request to a function, which answers by ``say``."""

    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # an answer in one packet
    requests: list[tuple[str, dict[str, str], bytes]]  # path, headers, body
    taken: Counter[str]
    answering: Answering

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.requests.append((self.path, dict(self.headers), body))
        type(self).answering(self, body)

    def say(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Answer as a whole."""
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def receiver(answering: Answering) -> Iterator[tuple[str, type[Receiver]]]:
    """An address, and what was received there."""
    kind = type("Own", (Receiver,), {"requests": [], "taken": Counter(), "answering": staticmethod(answering)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", kind
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def always(status: int, body: bytes = b"", **headers: str) -> Answering:
    """The same answer each time; nothing is taken."""
    return lambda one, _: one.say(status, body, **headers)


def take_events(one: Receiver, body: bytes) -> None:
    """Take events of Splunk, or lines of OCSF."""
    for line in body.splitlines():
        event = json.loads(line)
        one.taken[event.get("event", event)["finding_info"]["uid"]] += 1


def splunk(one: Receiver, body: bytes) -> None:
    """Refuse every third request, and of several events all after the first, as Splunk does with a bad one."""
    if len(one.requests) % 3 == 1:
        one.say(503, b'{"text":"Server is busy","code":9}')
    elif len(body.splitlines()) > 1:
        take_events(one, body.splitlines()[0])
        one.say(400, b'{"text":"Invalid data format","code":6,"invalid-event-number":1}')
    else:
        take_events(one, body)
        one.say(200, b'{"text":"Success","code":0}')


def elastic(one: Receiver, body: bytes) -> None:
    """Refuse every third request, of the others every third document for a while, and what is called bad for good."""
    if len(one.requests) % 3 == 1:
        one.say(503)
        return
    items = []
    for place, action in enumerate(map(json.loads, body.splitlines()[::2])):
        name = action["index"]["_id"]
        status = 400 if name.endswith("bad") else 429 if place % 3 == 2 else 201
        one.taken[name] += status == 201
        items.append({"index": {"_id": name, "status": status}})
    one.say(200, json.dumps({"errors": True, "items": items}).encode())
