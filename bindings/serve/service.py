"""The service: take in, weigh, publish, close days. One loop, each step of it short; nothing is lost by a restart."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from gauger.engine.plan.published import closed_beside
from gauger.engine.reference.directory import StateDirectory
from gauger.serve import weighing
from gauger.serve.spool_folder import SpoolFolder
from gauger.serve.weighing import Weighed, Weighing

_LOG = logging.getLogger("gauger.serve")
_STEP_SECONDS = 1.0
_REST = 2.0  # times as long as a weighing took nothing is weighed after it: it has a third of the machine at most
_RETRY_SECONDS = 60.0
_STUCK_SECONDS = 120.0


@dataclass(frozen=True)
class Plan:
    """What the service does when."""

    spool: Path
    state: Path
    out: Path
    publish: Path
    every_seconds: float = 900.0  # between two weighings of a day that is not over
    lateness_seconds: float = 3_600.0  # after midnight UTC a day stays open for calls that come late
    days_kept: int = 2  # files of closed days stay so long
    options: tuple[str, ...] = ()  # of ``gauger score``


@dataclass
class Status:
    """How the service does, for metrics and health."""

    stepped: float = 0.0  # last pass of the loop, monotonic
    weighed: Weighed | None = None  # the last one that succeeded
    weighed_at: float = 0.0
    ended: Counter[str] = field(default_factory=Counter)  # weighings, by how they ended
    closed: int = 0  # days
    error: str | None = None  # of the last weighing, where it failed

    @property
    def is_healthy(self) -> bool:
        """Whether the loop goes on and the last weighing did not fail."""
        return self.error is None and time.monotonic() - self.stepped < _STUCK_SECONDS


class Service:
    """Folds the spool of all hosts into days, findings and verdicts."""

    def __init__(self, plan: Plan) -> None:
        """Raises StateError for a state that cannot be used, and OSError where folders cannot be made."""
        self.plan, self.status, self.stop = plan, Status(), threading.Event()
        self.secret = StateDirectory(plan.state).secret
        self.spool = SpoolFolder(plan.spool, self.secret)
        plan.out.mkdir(parents=True, exist_ok=True)
        plan.publish.parent.mkdir(parents=True, exist_ok=True)
        self._weighing: Weighing | None = None
        self._next = 0.0  # monotonic
        self._bytes: dict[date, int] = {}  # of each day's files when it was weighed

    def run(self) -> None:
        """Go on until ``stop`` is set; a weighing that is going on then is ended and done again after a restart."""
        try:
            while not self.stop.is_set():
                self.step()
                self.stop.wait(_STEP_SECONDS)
        finally:
            if self._weighing is not None:
                self._weighing.stop()

    def step(self) -> None:
        """One pass: take in, look after the weighing, start the next one that is due."""
        self.status.stepped = time.monotonic()
        try:
            self.spool.take()
            if self._weighing is not None:
                self._look_after(self._weighing)
            if self._weighing is None and time.monotonic() >= self._next:
                self._start()
        except OSError as error:  # a full or unmounted disk: tried again
            self.status.error = f"{error.filename or self.plan.spool}: {error.strerror}"
            _LOG.warning("gauger serve: %s", self.status.error)
            self._next = time.monotonic() + _RETRY_SECONDS

    def _look_after(self, going: Weighing) -> None:
        ended = going.poll()
        if ended is None:
            return
        self._weighing, now = None, time.monotonic()
        self.status.error = ended.error
        if ended.error is not None:
            self.status.ended["failed"] += 1
            self._bytes.pop(going.day, None)
            self._next = now + _RETRY_SECONDS
            _LOG.warning("gauger serve: %s was not weighed: %s", ended.day, ended.error)
            return
        self.status.ended["done"] += 1
        self.status.weighed, self.status.weighed_at = ended, time.time()
        self._next = now + max(self.plan.every_seconds - ended.seconds, _REST * ended.seconds)
        _LOG.info("gauger serve: %s weighed in %.0f s", ended.day, ended.seconds)
        if going.closes:
            self.spool.close(going.day, going.files)
            self.spool.tidy(self.plan.days_kept)
            self.status.closed += 1
            self._publish_closed()
            self._next = now  # the next day waits

    def _start(self) -> None:
        """Weigh the oldest day that is over, else the newest day that has new calls."""
        days = self.spool.days()
        now, lateness = datetime.now(UTC), self.plan.lateness_seconds
        over = [day for day in days if is_over(day, now, lateness) and self.spool.checked(day)]
        chosen = over[0] if over else days[-1] if days else None
        if chosen is None:
            return
        files = self.spool.checked(chosen) if over else self.spool.files(chosen)
        held = sum(file.stat().st_size for file in files if file.exists())
        if not over and self._bytes.get(chosen) == held:
            self._next = time.monotonic() + _STEP_SECONDS
            return
        self._bytes[chosen] = held
        place = closed_beside(self.plan.publish) if over else self.plan.publish
        options = ["--state", str(self.plan.state), "--publish", str(place), *self.plan.options]
        self._weighing = weighing.start(chosen, files, self.plan.out, closes=bool(over), options=options)

    def _publish_closed(self) -> None:
        """Publish the verdicts of the day that was closed, unless another day is weighed anyway."""
        if not self.spool.days():
            temporary = self.plan.publish.with_suffix(".partial")
            temporary.unlink(missing_ok=True)
            os.link(closed_beside(self.plan.publish), temporary)
            os.replace(temporary, self.plan.publish)

    def record(self) -> dict[str, Any]:
        """How it does, as JSON."""
        status = self.status
        return {
            "healthy": status.is_healthy,
            "error": status.error,
            "weighed": None if status.weighed is None else status.weighed.day.isoformat(),
            "weighed_at": status.weighed_at or None,
            "days_open": [day.isoformat() for day in self.spool.days()],
        }


def is_over(day: date, now: datetime, lateness_seconds: float) -> bool:
    """Whether no more calls of a day, in UTC, are waited for."""
    end = datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC)
    return (now - end).total_seconds() >= lateness_seconds
