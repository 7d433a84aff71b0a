"""OTLP documents for tests, made of plain values."""

from typing import Any

from bench.world.gateways import pairs, tagged

START = 1_795_176_000_000_000_000  # 2026-11-20T12:00:00Z


def span(name: str, above: str, attributes: dict[str, Any], *, trace: str = "t", **fields: Any) -> dict[str, Any]:
    """A span whose name is its id as well; ``above`` is "" for a root."""
    return {
        "traceId": trace,
        "spanId": name,
        "parentSpanId": above,
        "name": name,
        "startTimeUnixNano": str(START),
        "attributes": pairs(attributes),
        **fields,
    }


def event(name: str, attributes: dict[str, Any], body: Any = None, **fields: Any) -> dict[str, Any]:
    """A log record that is an event."""
    written = {} if body is None else {"body": tagged(body)}
    return {
        "timeUnixNano": str(START),
        "eventName": name,
        "attributes": pairs(attributes),
        **written,
        **fields,
    }


def traces(*spans: Any, resource: dict[str, Any] | None = None) -> dict[str, Any]:
    """A document of spans."""
    scope = {"scope": {"name": "test"}, "spans": list(spans)}
    return {"resourceSpans": [{"resource": {"attributes": pairs(resource or {})}, "scopeSpans": [scope]}]}


def logs(*records: Any, resource: dict[str, Any] | None = None) -> dict[str, Any]:
    """A document of log records."""
    scope = {"scope": {"name": "test"}, "logRecords": list(records)}
    return {"resourceLogs": [{"resource": {"attributes": pairs(resource or {})}, "scopeLogs": [scope]}]}
