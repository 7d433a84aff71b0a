"""A service that traces its model calls, as OpenTelemetry's conventions for GenAI have it."""

import json
import sys
from pathlib import Path

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

sys.path.insert(0, str(Path(__file__).parents[1]))
from send import ACCOUNTS, CALLS, prompt, wait

URL = "http://127.0.0.1:4319"

wait(URL)
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{URL}/v1/traces")))
tracer = provider.get_tracer("service")
for number in range(CALLS):
    with tracer.start_as_current_span("chat mock") as span:
        said = [{"role": "user", "parts": [{"type": "text", "content": prompt(number)}]}]
        span.set_attribute("gen_ai.operation.name", "chat")
        span.set_attribute("gen_ai.request.model", "mock")
        span.set_attribute("gen_ai.input.messages", json.dumps(said))
        span.set_attribute("user.id", f"user-{number % ACCOUNTS}")
provider.shutdown()
print(f"{CALLS} spans sent by {ACCOUNTS} accounts")
