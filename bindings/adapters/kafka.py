"""Kafka: calls that a gateway writes to a topic, a JSON record a message.

Offsets are committed once what lies before them is in the spool, so nothing is lost when it ends at any moment. A
record that comes again is told by its response id when the day is scored. What the recorder drops, as where the disk is
full, is counted, and not read again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException

from gauger.engine.common.errors import InputError
from gauger.host import Recorder

_LOG = logging.getLogger("gauger.adapters")
_POLL_SECONDS, _COMMIT_SECONDS, _FLUSH_SECONDS = 0.5, 2.0, 30.0
_BATCH = 500
_HELD_BYTES, _MESSAGE_BYTES = 4 << 20, 1_000  # that the recorder has at most; of a message beside its text


class KafkaSource:
    """Reads topics in a thread, from where the group ``gauger`` left off, or their beginning."""

    def __init__(self, recorder: Recorder, topics: list[str], settings: Mapping[str, Any]) -> None:
        """settings : of librdkafka, ``bootstrap.servers`` at least. Raises InputError for what it does not take."""
        own = {"group.id": "gauger", "auto.offset.reset": "earliest", "enable.auto.commit": False, "log_level": 3}
        try:
            self._consumer = Consumer({**own, **settings, "enable.auto.commit": False})
            self._consumer.subscribe(topics)
        except (KafkaException, TypeError, ValueError) as error:
            raise InputError(f"Kafka: {error}") from None
        self._recorder, self._stop, self._held = recorder, threading.Event(), 0
        self._thread = threading.Thread(target=self._run, name="gauger kafka", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        taken, committed = 0, time.monotonic()
        while not self._stop.is_set():
            try:
                taken += self._take()
                if taken and time.monotonic() - committed > _COMMIT_SECONDS:
                    self._commit()
                    taken, committed = 0, time.monotonic()
            except KafkaException as error:
                _LOG.warning("gauger kafka: %s", error.args[0].name())
                self._stop.wait(_COMMIT_SECONDS)
        with closing(self._consumer), suppress(KafkaException):  # what is not said to be read comes again
            self._commit()

    def _take(self) -> int:
        """Record what has come; how many messages. A topic can wait, so the recorder's queue is never filled up."""
        taken = 0
        for message in self._consumer.consume(_BATCH, _POLL_SECONDS):
            if (error := message.error()) is None:
                value = message.value() or b""
                self._recorder.record_log(value)
                taken, self._held = taken + 1, self._held + _MESSAGE_BYTES + len(value)
            elif error.code() != KafkaError._PARTITION_EOF:
                _LOG.warning("gauger kafka: %s", error.name())
            while self._held > _HELD_BYTES and not self._stop.is_set():
                self._held = 0 if self._recorder.flush(_FLUSH_SECONDS) else self._held
        return taken

    def _commit(self) -> None:
        """Say how far was read, once all of it is in the spool."""
        if self._recorder.flush(_FLUSH_SECONDS):
            self._consumer.commit(asynchronous=False)

    def stop(self) -> None:
        """Read no more, and say how far was read."""
        self._stop.set()
        self._thread.join(_FLUSH_SECONDS + _POLL_SECONDS)
