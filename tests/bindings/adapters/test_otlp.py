"""The receiver, asked by the exporter of OpenTelemetry's SDK and by senders that mean harm."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gauger.adapters import otlp
from gauger.adapters.listening import BODY_BYTES, Listener, routed
from gauger.host import Recorder
from tests.bindings.adapters.hosts import Place
from tests.bindings.logs.otlp.writing import span, traces

TEXT = "Explain the tides to a sailor"
CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}
CHAT["gen_ai.input.messages"] = json.dumps([{"role": "user", "parts": [{"type": "text", "content": TEXT}]}])


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def recorder(place: Place) -> Iterator[Recorder]:
    found = Recorder(place.spool, key=place.key, columns=otlp.MAP, limits=otlp.LIMITS)
    yield found
    found.close()


@pytest.fixture
def url(recorder: Recorder) -> Iterator[str]:
    take = otlp.receiver(recorder)
    listener = Listener(routed({("POST", path): take for path in otlp.PATHS}, None), "127.0.0.1:0", None)
    yield f"http://127.0.0.1:{listener.port}"
    listener.stop()


@pytest.mark.parametrize("packed", ["Gzip", "NoCompression"])
def test_spans_of_the_sdk_are_calls(place: Place, recorder: Recorder, url: str, packed: str) -> None:
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    exporter = OTLPSpanExporter(f"{url}/v1/traces", compression=Compression[packed])
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter, max_export_batch_size=64))
    tracer = provider.get_tracer("tests")
    for number in range(200):
        with tracer.start_as_current_span("POST", attributes={"user.id": f"user-{number % 5}"}):
            with tracer.start_as_current_span("chat m") as call:
                call.set_attributes(CHAT)
            with tracer.start_as_current_span("SELECT", attributes={"db.system": "pg"}):
                pass
    provider.shutdown()
    assert recorder.flush(120)
    found = place.accounts()
    # A span and the one above it may be in two batches of the exporter: then nobody says whose the call is.
    lost = place.reasons()["account_id is missing"]
    assert (found.total() + lost, set(found)) == (200, {f"user-{number}" for number in range(5)})
    assert lost < 20
    assert TEXT.encode() not in place.nbytes()


def test_json_is_taken_as_well(place: Place, recorder: Recorder, url: str) -> None:
    document = traces(span("call", "", {**CHAT, "user.id": "ann"}))
    found = httpx.post(f"{url}/v1/traces", json=document)
    assert (found.status_code, found.json()) == (200, {})
    assert recorder.flush(120)
    assert place.accounts() == {"ann": 1}


def bomb() -> bytes:
    """A gibibyte of zeros as a mebibyte."""
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(1 << 10)) + packer.flush()


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"\xff" * 50, {}, 400),
        (b"{", {"content-type": "application/json"}, 400),
        (b"[1]", {"content-type": "application/json; charset=utf-8"}, 400),
        (b"no gzip", {"content-encoding": "gzip"}, 413),
        (gzip.compress(b"cut off", mtime=0)[:-4], {"content-encoding": "gzip"}, 413),
        (b"", {"content-encoding": "zstd"}, 413),
        (bytes(BODY_BYTES + 1), {}, 413),
        (gzip.compress(bytes(BODY_BYTES + 1), mtime=0), {"content-encoding": "gzip"}, 413),
    ],
)
def test_what_is_damaged_or_too_large_is_refused(
    recorder: Recorder, url: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    with httpx.Client(base_url=url, timeout=20) as client:
        assert client.post("/v1/traces", content=body, headers=headers).status_code == status
        assert client.post("/v1/traces", content=b"").status_code == 200  # an export of nothing
        assert client.get("/v1/traces").status_code == 404
    assert recorder.counts.offered == 1


def test_a_bomb_costs_no_memory(recorder: Recorder, url: str) -> None:
    def peak() -> int:
        status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
        return int(status["VmHWM"].split()[0]) << 10

    body, before = bomb(), peak()
    assert httpx.post(f"{url}/v1/traces", content=body, headers={"content-encoding": "gzip"}).status_code == 413
    assert peak() - before < 256 << 20
    assert recorder.counts.offered == 0


def test_a_document_as_large_as_a_body_may_be_is_one_record(place: Place, recorder: Recorder, url: str) -> None:
    text = json.dumps([{"role": "user", "parts": [{"type": "text", "content": f"{TEXT} " * 3_000}]}])
    spans: list[Any] = [span(str(n), "", {**CHAT, "user.id": "ann", "gen_ai.input.messages": text}) for n in range(100)]
    assert httpx.post(f"{url}/v1/traces", json=traces(*spans), timeout=20).status_code == 200
    assert recorder.flush(120)
    assert place.accounts() == {"ann": 100}
