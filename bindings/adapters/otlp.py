"""OTLP over HTTP: GenAI spans and events as OpenTelemetry's exporters and collectors send them."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from gauger.adapters.listening import BODY_BYTES, Application, Channel, answer, body_of
from gauger.host import Recorder

MAP = "otlp"
_MESSAGES: dict[str, Any] = {"/v1/traces": ExportTraceServiceRequest, "/v1/logs": ExportLogsServiceRequest}
PATHS = tuple(_MESSAGES)
_JSON, _PROTOBUF = "application/json", "application/x-protobuf"


def unpacked(body: bytes, encoding: bytes) -> bytes | None:
    """A body as it was before it was packed; None where it is packed otherwise than by gzip, or holds too much."""
    if encoding in (b"", b"identity"):
        return body
    if encoding != b"gzip":
        return None
    try:
        found = zlib.decompressobj(wbits=31).decompress(body, BODY_BYTES + 1)
    except zlib.error:
        return None
    return found if len(found) <= BODY_BYTES else None


def receiver(recorder: Recorder) -> Application:
    """An application that records what is sent to it; the recorder reads by the map ``otlp``."""

    async def application(scope: Mapping[str, Any], receive: Channel, send: Channel) -> None:
        headers = dict(scope["headers"])
        body = await body_of(receive)
        content = None if body is None else unpacked(body, headers.get(b"content-encoding", b""))
        if content is None:
            await answer(send, 413, b"too large, or packed otherwise than by gzip\n")
            return
        if headers.get(b"content-type", b"").startswith(_JSON.encode()):
            recorder.record_log(content)
            await answer(send, 200, b"{}", _JSON)
            return
        message = _MESSAGES[scope["path"]]()
        try:
            message.ParseFromString(content)
        except DecodeError:
            await answer(send, 400, b"no OTLP\n")
            return
        recorder.record_log(MessageToDict(message))
        await answer(send, 200, b"", _PROTOBUF)

    return application
