"""The source, reading from the mock cluster of librdkafka."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import confluent_kafka
import pytest

from gauger.adapters import calls
from gauger.adapters.kafka import KafkaSource
from gauger.engine.common.errors import InputError
from gauger.host import Recorder
from tests.bindings.adapters.hosts import MEASURES_SECONDS, Place, wait_until

TOPIC = "calls"


class Cluster:
    """Brokers within a producer, which live as long as it does."""

    def __init__(self) -> None:
        self._producer = confluent_kafka.Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "", "log_level": 0})
        self._producer.list_topics(TOPIC, timeout=10)  # makes it
        found = self._producer.list_topics(timeout=10).brokers.values()
        servers = ",".join(f"{one.host}:{one.port}" for one in found)
        # Who left the group is waited for, here: with the usual setting 45 seconds.
        self.settings = {"bootstrap.servers": servers, "session.timeout.ms": 6_000, "heartbeat.interval.ms": 500}

    def write(self, numbers: range, length: int = 0, partitions: int = 1) -> None:
        """Calls as a gateway writes them, and a record that is none."""
        for number in numbers:
            text = f"Explain tide {number} to a sailor " + "again " * length
            call = {"timestamp": "2026-03-16T10:00:00Z", "account_id": f"a{number % 3}", "request": {"prompt": text}}
            self._producer.produce(TOPIC, json.dumps(call), partition=number % partitions)
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


@contextmanager
def reading(place: Place, cluster: Cluster) -> Iterator[tuple[Recorder, KafkaSource]]:
    recorder = recorder_of(place)
    source = KafkaSource(recorder, [TOPIC], cluster.settings)
    try:
        yield recorder, source
    finally:
        source.stop()
        recorder.close()


def recorder_of(place: Place) -> Recorder:
    return Recorder(place.spool, key=place.key, columns=calls.MAP)


def test_a_topic_is_read_once_and_said_to_be_read_when_it_is_in_the_spool(
    place: Place, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.write(range(90))
    with reading(place, cluster) as (recorder, source):
        flush, may = recorder.flush, list[bool]()
        monkeypatch.setattr(recorder, "flush", lambda seconds: bool(may) and flush(seconds))
        wait_until(lambda: recorder.counts.recorded == 90, MEASURES_SECONDS)
        assert cluster.committed() < 0  # nobody said how far
        may.append(True)
        source.stop()
        assert cluster.committed() == 91
        assert place.accounts() == {"a0": 30, "a1": 30, "a2": 30}
        assert recorder.counts.refused == {"record is no JSON object": 1}
    cluster.write(range(90, 120))
    with reading(place, cluster) as (recorder, _):  # another of the same group goes on where it ended
        wait_until(lambda: recorder.counts.recorded == 30, MEASURES_SECONDS)
    assert (recorder.counts.offered, place.accounts().total(), len(place.prompts())) == (31, 120, 120)


def test_a_topic_waits_where_the_recorder_is_slower(place: Place, cluster: Cluster) -> None:
    cluster.write(range(292), length=10_000, partitions=4)  # 17.5 MB, more than the queue takes
    with reading(place, cluster) as (recorder, _):
        wait_until(lambda: recorder.counts.offered == 293 and recorder.counts.waiting == 0, MEASURES_SECONDS)
    assert recorder.counts.dropped == {}
    assert place.accounts().total() == 292


@pytest.mark.parametrize("settings", [{"no.such.setting": 1}, {"auto.offset.reset": "somewhere"}])
def test_settings_it_does_not_take_are_named(place: Place, settings: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="Kafka"):
        KafkaSource(recorder_of(place), [TOPIC], settings)
