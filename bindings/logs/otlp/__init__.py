"""OTLP: documents of OpenTelemetry, traces and logs alike, as one record a span or event."""
