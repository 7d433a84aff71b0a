"""Documents: OTLP-JSON as one record a span or GenAI event, whichever signal it holds.

A record is the fields of a span, with ``attributes`` as one plain object in which ``gen_ai.input.messages`` holds the
chat, and ``duration_seconds``. The events of the logs signal become records of the same shape. No document comes to
nothing: one without spans or events is a record that says so.
"""

from collections.abc import Iterator
from typing import Any

from gauger.logs.otlp import chats, events, traces
from gauger.logs.otlp.attributes import decoded, objects
from gauger.logs.otlp.chats import OPERATION
from gauger.logs.otlp.traces import OTHER, Span

# Names of a list of resources: those of OTLP, as Protobuf spells them, and of Tempo's answers.
_TRACES = ("resourceSpans", "resource_spans", "batches")
_LOGS = ("resourceLogs", "resource_logs")
_METRICS = ("resourceMetrics", "resource_metrics", "resourceProfiles")
_SCOPES = ("scopeSpans", "scope_spans", "instrumentationLibrarySpans", "scopeLogs", "scope_logs")
_ROWS = ("spans", "logRecords", "log_records")
# Fields as Protobuf spells them, where that is another way than JSON does.
_CAMEL = {
    "trace_id": "traceId",
    "span_id": "spanId",
    "parent_span_id": "parentSpanId",
    "start_time_unix_nano": "startTimeUnixNano",
    "end_time_unix_nano": "endTimeUnixNano",
    "time_unix_nano": "timeUnixNano",
    "observed_time_unix_nano": "observedTimeUnixNano",
    "event_name": "eventName",
}


class Documents:
    """The documents of one file, in order: a span above calls may come in a later document than they."""

    def __init__(self) -> None:
        self._awaited = traces.Awaited()

    def __call__(self, document: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The records of one document, in order; at least one."""
        found = False
        for record in (*self._of_traces(document), *_of_logs(document)):
            found = True
            yield record
        if not found:
            yield {"attributes": {OPERATION: "metric" if any(name in document for name in _METRICS) else OTHER}}

    def _of_traces(self, document: dict[str, Any]) -> Iterator[dict[str, Any]]:
        spans = [_span(fields, inherited) for fields, inherited in _rows(document, _TRACES)]
        if not spans and "spanId" in _spelt(document):  # a span a line
            spans = [_span(_spelt(document), {})]
        traces.settle(spans, self._awaited)
        for span in spans:
            record = {**span.fields, "attributes": span.attributes}
            seconds = _seconds_between(span.fields.get("startTimeUnixNano"), span.fields.get("endTimeUnixNano"))
            if seconds is not None:
                record["duration_seconds"] = seconds
            yield record


def _of_logs(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return events.records((_spelt(fields), inherited) for fields, inherited in _rows(document, _LOGS))


def _rows(document: dict[str, Any], signal: tuple[str, ...]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Spans or log records with the attributes of their resource; what is no object is an empty one."""
    for one in objects(_first(document, signal)):
        resource = one.get("resource")
        inherited = decoded(resource.get("attributes")) if isinstance(resource, dict) else {}
        for scope in objects(_first(one, _SCOPES)):
            rows = _first(scope, _ROWS)
            for row in rows if isinstance(rows, list) else []:
                yield (_spelt(row) if isinstance(row, dict) else {}), inherited


def _first(value: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((value[name] for name in names if name in value), None)


def _spelt(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields under the names of JSON."""
    if fields.keys().isdisjoint(_CAMEL):
        return fields
    return {_CAMEL.get(name, name): one for name, one in fields.items()}


def _span(fields: dict[str, Any], inherited: dict[str, Any]) -> Span:
    turns, carried = chats.of_span_events(fields.get("events"))
    own = {**carried, **decoded(fields.get("attributes"))}
    attributes = {**inherited, **own}
    chats.gathered(attributes, turns)
    chats.whole(attributes)
    return Span(fields, attributes, own)


def _seconds_between(start: Any, end: Any) -> float | None:
    try:
        return max(0.0, (int(end) - int(start)) / 1e9)
    except (TypeError, ValueError, OverflowError):
        return None
