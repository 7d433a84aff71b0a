"""Measuring what a recorder took, and appending it to a spool: one file a UTC day, completed now and then."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gauger.engine.common.errors import GaugerError
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import DAY_US, Settings
from gauger.engine.intake import casting, structure
from gauger.engine.intake.measuring import Measurer
from gauger.engine.segments.recorded import Recorded, record, to_bytes
from gauger.engine.segments.spool import SpoolWriter
from gauger.host.coercion import batches
from gauger.host.connection import Became
from gauger.host.limits import Limits
from gauger.host.log_records import calls_of
from gauger.host.reference_words import ReferenceWords
from gauger.host.taking import LogRecord
from gauger.logs.columns import ColumnMap

_LOG = logging.getLogger("gauger.host")
_DAYS_OPEN = 4  # files at once: calls around midnight, and some that came late
_LOOK_SECONDS = 10.0  # between two looks at how full the spool is
_COMPLAIN_SECONDS = 60.0
_EPOCH = date(1970, 1, 1)


class Spooling:
    """The files that one process writes. Used by one thread."""

    def __init__(
        self,
        folder: Path,
        secret: Secret,
        settings: Settings,
        limits: Limits,
        column_map: ColumnMap | None = None,
        words: ReferenceWords | None = None,
    ) -> None:
        """column_map : of log records; words : of the reference, against which novelty is measured"""
        self._folder, self._secret, self._settings, self._limits = folder, secret, settings, limits
        self._map, self._words = column_map, words
        self._measurer = Measurer.of(secret, settings)
        self._about = {"recorder": secrets.token_hex(8), "host": socket.gethostname(), "pid": os.getpid()}
        self._about["gram_width"] = settings.gram_width
        self._files: dict[date, SpoolWriter] = {}
        self._opened: dict[date, float] = {}  # monotonic
        self._noted: dict[str, Any] = {}
        self._looked, self._full, self._complained = -_LOOK_SECONDS, False, -_COMPLAIN_SECONDS

    def warm(self) -> None:
        """Load what measures, or compile it: no call waits for it then."""
        call = {
            "start_time": datetime.now(UTC),
            "account_id": "",
            "client_address": "::1",
            "prompt_text": "a b c d e f",
        }
        whole = [
            call,
            {**call, "context_texts": [b'["one two three"]'], "response_id": "r"},
            {**call, "prompt_text": None},
        ]
        ids = {"start_time": call["start_time"], "account_id": "", "prompt_token_ids": b"[1,2,3]"}
        for calls in (whole, [ids]):
            for batch in batches(calls, Counter()):
                to_bytes(record(batch, self._measurer, self._settings))

    def write(self, taken: list[Any]) -> Became:
        """Measure calls, and those of log records, and append them to the files of their days."""
        became = Became()
        if self._words is not None and (words := self._words.newer()) is not None:
            self._measurer = Measurer.of(self._secret, self._settings, words)
        records = [one for one in taken if isinstance(one, tuple)]
        calls = [one for one in taken if not isinstance(one, tuple)]
        if records:
            self._read(records, became)
        for batch in self._coerced(calls, became):
            self._batch(batch, became)
        return became

    def _read(self, records: list[LogRecord], became: Became) -> None:
        """Take in log records; where that fails, one by one."""
        if self._map is None:
            became.refused["no columns were given to read it by"] += len(records)
            return
        try:
            batch, broken, rows = calls_of(records, self._map)
        except Exception as error:
            if len(records) == 1:
                became.refused[_unforeseen(error)] += 1
                return
            for record in records:
                self._read([record], became)
            return
        became.more += rows - len(records)
        became.refused.update(broken)
        if batch.num_rows:
            self._batch(batch, became)

    def _coerced(self, calls: list[dict[str, Any]], became: Became) -> list[pa.RecordBatch]:
        """Calls as batches; where that fails, call by call."""
        try:
            bad = Counter[str]()
            found = list(batches(calls, bad))
            became.coerced.update(bad)
            return found
        except Exception as error:
            if len(calls) == 1:
                became.refused[_unforeseen(error)] += 1
                return []
            return [batch for call in calls for batch in self._coerced([call], became)]

    def _batch(self, batch: pa.RecordBatch, became: Became) -> None:
        """A batch; what cannot be measured together is measured call by call, so that one takes no other along."""
        for day, own in _by_day(batch):
            try:
                found = record(own, self._measurer, self._settings)
            except Exception as error:
                if own.num_rows == 1:
                    became.refused[_unforeseen(error)] += 1
                    continue
                for row in range(own.num_rows):
                    self._batch(own.slice(row, 1), became)
                continue
            self._append(day, found, became)

    def _append(self, day: date, found: Recorded, became: Became) -> None:
        became.refused.update(found.reasons)
        taken = len(found.rows)
        try:
            if self._is_full():
                became.dropped["spool full"] += taken
                return
            self._file_of(day).append(found)
            became.recorded += taken
        except OSError as error:
            became.dropped[f"spool cannot be written: {os.strerror(error.errno or 0)}"] += taken
            self._complain(error)
            self._let_go(day)
        except Exception as error:
            became.dropped[_unforeseen(error)] += taken

    def _let_go(self, day: date) -> None:
        """Leave a file as it is: what is whole of it counts, and the next calls go into another."""
        if (file := self._files.pop(day, None)) is not None:
            del self._opened[day]
            file.discard()

    def _complain(self, error: OSError) -> None:
        if time.monotonic() - self._complained > _COMPLAIN_SECONDS:
            self._complained = time.monotonic()
            _LOG.warning("gauger recorder: %s: %s; calls are dropped", self._folder, os.strerror(error.errno or 0))

    def _file_of(self, day: date) -> SpoolWriter:
        if day not in self._files:
            while len(self._files) >= _DAYS_OPEN:
                self._complete(min(self._opened, key=lambda one: self._opened[one]), self._noted)
            self._files[day] = SpoolWriter(self._folder, day, self._secret, self._about)
            self._opened[day] = time.monotonic()
        return self._files[day]

    def _is_full(self) -> bool:
        """Whether the spool holds as much as it may; looked at now and then."""
        if time.monotonic() - self._looked > _LOOK_SECONDS and self._folder.is_dir():
            self._looked = time.monotonic()
            with os.scandir(self._folder) as found:
                self._full = sum(_size(entry) for entry in found) > self._limits.spool_bytes
        return self._full

    def note(self, counts: dict[str, Any]) -> None:
        """Write down what became of all calls so far, in the newest file."""
        self._noted = counts
        if self._files:
            try:
                self._files[max(self._files)].note(counts)
            except OSError as error:
                self._complain(error)
        self.rotate()

    def due(self) -> float | None:
        """Seconds until a file has to be completed; None where none is open."""
        if not self._files:
            return None
        return max(0.0, min(self._opened.values()) + self._limits.segment_seconds - time.monotonic()) + 0.01

    def rotate(self) -> None:
        """Complete files that are old or large."""
        now = time.monotonic()
        for day, file in list(self._files.items()):
            old = now - self._opened[day] >= self._limits.segment_seconds
            if old or file.bytes >= self._limits.segment_bytes:
                self._complete(day, self._noted)

    def complete(self, counts: dict[str, Any]) -> None:
        """Complete all files."""
        self._noted = counts
        for day in list(self._files):
            self._complete(day, counts)

    def _complete(self, day: date, counts: dict[str, Any]) -> None:
        file = self._files.pop(day)
        del self._opened[day]
        try:
            file.complete(counts)
        except OSError as error:
            file.discard()  # it stays open: what is whole of it counts
            self._complain(error)


def _unforeseen(error: Exception) -> str:
    """The reason that an error is: never what was worked on, which may be a prompt."""
    error.__traceback__ = error.__context__ = None  # frames hold prompts
    return str(error) if isinstance(error, GaugerError) else f"unexpected {type(error).__name__}"


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_size
    except OSError:  # taken away meanwhile
        return 0


def _by_day(batch: pa.RecordBatch) -> list[tuple[date, pa.RecordBatch]]:
    """Calls by the UTC day of their start; those without one count as today's, and are refused there."""
    today = datetime.now(UTC).date()
    if "start_time" not in batch.schema.names:
        return [(today, batch)]
    structure.check("start_time", batch.column("start_time"))
    times = casting.times(casting.decode(batch.column("start_time"))).array
    numbers = pc.fill_null(times.cast(pa.int64()), (today - _EPOCH).days * DAY_US).to_numpy() // DAY_US
    days = np.unique(numbers).tolist()
    if len(days) == 1:
        return [(_day(days[0], today), batch)]
    return [(_day(day, today), batch.filter(pa.array(numbers == day))) for day in days]


def _day(number: int, today: date) -> date:
    """A day by its number; today for one that no calendar has, whose calls are refused."""
    try:
        return _EPOCH + timedelta(days=number)
    except OverflowError:
        return today
