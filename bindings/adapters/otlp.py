"""OTLP over HTTP: GenAI spans and events as OpenTelemetry's exporters and collectors send them."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import orjson
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from gauger.adapters.listening import BODY_BYTES, Application, Channel, answer, body_of
from gauger.host import Recorder
from gauger.host.limits import Limits

MAP = "otlp"
LIMITS = Limits(call_bytes=4 * BODY_BYTES, queue_bytes=8 * BODY_BYTES)  # a batch of spans is one record
_MESSAGES: dict[str, Any] = {"/v1/traces": ExportTraceServiceRequest, "/v1/logs": ExportLogsServiceRequest}
PATHS = tuple(_MESSAGES)
_JSON, _PROTOBUF = "application/json", "application/x-protobuf"


def unpacked(body: bytes, encoding: bytes) -> bytes | None:
    """A body as it was before it was packed; None where it is damaged, packed otherwise, or holds too much."""
    if encoding in (b"", b"identity"):
        return body
    if encoding != b"gzip":
        return None
    stream = zlib.decompressobj(wbits=31)
    try:
        found = stream.decompress(body, BODY_BYTES + 1)
    except zlib.error:
        return None
    return found if stream.eof and len(found) <= BODY_BYTES else None


def receiver(recorder: Recorder) -> Application:
    """An application that records what is sent to it; the recorder reads by the map ``otlp``."""

    async def application(scope: Mapping[str, Any], receive: Channel, send: Channel) -> None:
        headers = dict(scope["headers"])
        body = await body_of(receive)
        content = None if body is None else unpacked(body, headers.get(b"content-encoding", b""))
        if content is None:
            await answer(send, 413, b"too large, damaged, or packed otherwise than by gzip\n")
            return
        is_json = headers.get(b"content-type", b"").startswith(_JSON.encode())
        message = _MESSAGES[scope["path"]]()
        try:
            if is_json:
                whole = orjson.loads(content)
            else:
                message.ParseFromString(content)
                whole = MessageToDict(message)
        except (orjson.JSONDecodeError, DecodeError):
            whole = None
        if not isinstance(whole, dict):
            await answer(send, 400, b"no OTLP\n")
            return
        recorder.record_log(content if is_json else whole)
        await answer(send, 200, b"{}" if is_json else b"", _JSON if is_json else _PROTOBUF)

    return application
