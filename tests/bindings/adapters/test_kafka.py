"""The source, reading from the mock cluster of librdkafka."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gauger.engine.common.errors import InputError
from gauger.host import Recorder
from tests.bindings.adapters.hosts import MEASURES_SECONDS, Place, wait_until

confluent_kafka = pytest.importorskip("confluent_kafka")

from gauger.adapters.kafka import KafkaSource  # noqa: E402 (a host library may be absent)

TOPIC = "calls"


class Cluster:
    """Brokers within a producer, which live as long as it does."""

    def __init__(self) -> None:
        self._producer = confluent_kafka.Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "", "log_level": 0})
        self._producer.list_topics(TOPIC, timeout=10)  # makes it
        found = self._producer.list_topics(timeout=10).brokers.values()
        self.settings = {"bootstrap.servers": ",".join(f"{one.host}:{one.port}" for one in found)}

    def write(self, numbers: range, length: int = 0) -> None:
        """Calls as a gateway writes them, and a record that is none."""
        for number in numbers:
            text = f"Explain tide {number} to a sailor " + "again " * length
            call = {"start_time": "2026-03-16T10:00:00Z", "account_id": f"a{number % 3}", "prompt_text": text}
            self._producer.produce(TOPIC, json.dumps(call), partition=0)
        self._producer.produce(TOPIC, b"{ no JSON", partition=0)
        assert self._producer.flush(20) == 0

    def committed(self) -> int:
        """How far the group said that it read."""
        asked = confluent_kafka.Consumer({**self.settings, "group.id": "gauger"})
        (found,) = asked.committed([confluent_kafka.TopicPartition(TOPIC, 0)], timeout=10)
        asked.close()
        return int(found.offset)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def recorder_of(place: Place) -> Recorder:
    return Recorder(place.spool, key=place.key)


def test_a_topic_is_read_once_and_said_to_be_read_when_it_is_in_the_spool(
    place: Place, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.write(range(90))
    recorder = recorder_of(place)
    flush, may = recorder.flush, []
    monkeypatch.setattr(recorder, "flush", lambda seconds: bool(may) and flush(seconds))
    source = KafkaSource(recorder, [TOPIC], cluster.settings)
    wait_until(lambda: recorder.counts.recorded == 90, MEASURES_SECONDS)
    assert cluster.committed() < 0  # as far as anybody said
    may.append(True)
    source.stop()
    assert cluster.committed() == 91
    assert place.accounts() == {"a0": 30, "a1": 30, "a2": 30}
    assert recorder.counts.refused == {"record is no JSON object": 1}
    recorder.close()
    # Another of the same group goes on where it ended.
    cluster.write(range(90, 120))
    recorder = recorder_of(place)
    source = KafkaSource(recorder, [TOPIC], cluster.settings)
    wait_until(lambda: recorder.counts.recorded == 30, MEASURES_SECONDS)
    source.stop()
    assert (recorder.counts.offered, place.accounts().total(), len(place.prompts())) == (31, 120, 120)
    recorder.close()


def test_a_topic_waits_where_the_recorder_is_slower(place: Place, cluster: Cluster) -> None:
    cluster.write(range(300), length=20_000)  # 36 MB, more than the queue takes
    recorder = recorder_of(place)
    source = KafkaSource(recorder, [TOPIC], cluster.settings)
    wait_until(lambda: recorder.counts.offered == 301 and recorder.counts.waiting == 0, MEASURES_SECONDS)
    source.stop()
    assert recorder.counts.dropped == {}
    assert place.accounts().total() == 300
    recorder.close()


@pytest.mark.parametrize("settings", [{"no.such.setting": 1}, {"auto.offset.reset": "somewhere"}])
def test_settings_it_does_not_take_are_named(place: Place, settings: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="Kafka"):
        KafkaSource(recorder_of(place), [TOPIC], settings)
