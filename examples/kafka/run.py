"""Writes a gateway's records to a topic, has ``gauger serve`` read it, and waits until they are weighed.

The broker is the one that librdkafka has for tests. With a real one only ``gauger serve --kafka`` is needed.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from confluent_kafka import Producer

sys.path.insert(0, str(Path(__file__).parents[1]))
from send import ACCOUNTS, CALLS, prompt
from told import told

TOPIC = "llm-calls"


def record(number: int) -> bytes:
    """A call as LiteLLM's loggers write it."""
    metadata = {"user_api_key_user_id": f"user-{number % ACCOUNTS}"}
    messages = [{"role": "user", "content": prompt(number)}]
    about = {"id": f"call-{number}", "call_type": "acompletion", "startTime": time.time(), "model": "mock"}
    return json.dumps({**about, "metadata": metadata, "messages": messages}).encode()


subprocess.run([sys.executable, "-m", "gauger", "warmup"], check=True)
producer = Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "", "log_level": 0})
brokers = producer.list_topics(TOPIC, timeout=10).brokers.values()
servers = ",".join(f"{one.host}:{one.port}" for one in brokers)
for number in range(CALLS):
    producer.produce(TOPIC, record(number))
producer.flush()
print(f"{CALLS} records written by {ACCOUNTS} accounts")

with tempfile.TemporaryDirectory() as work:
    places = [word for name in ("spool", "state", "out") for word in (f"--{name}", f"{work}/{name}")]
    source = ["--kafka", TOPIC, "--columns", "litellm", "--kafka-setting", f"bootstrap.servers={servers}"]
    serving = subprocess.Popen([sys.executable, "-m", "gauger", "serve", *places, *source, "--every", "0.1"])
    try:
        print(told(Path(work, "out"), CALLS))
    finally:
        serving.terminate()
        serving.wait()
