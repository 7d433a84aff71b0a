"""The recorder: calls of a serving host, measured apart from it and left in a spool.

``record`` copies what a call says into a queue and returns. One thread a process hands what waits to the process that
measures (``apart``) twice a second. Whatever fails is counted and never raised:

    offered = recorded + refused, by reason + dropped, by reason + waiting
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing import util
from pathlib import Path
from typing import Any

from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import Settings
from gauger.host.apart import Apart, Task
from gauger.host.keys import secret_of
from gauger.host.limits import Limits
from gauger.host.taking import take, take_record

_LOG = logging.getLogger("gauger.host")
_SLICE = 2_048  # calls handed over at a time
_CLOSE_SECONDS = 2.0


@dataclass(frozen=True)
class Counts:
    """What became of the calls that this process was offered."""

    offered: int
    recorded: int
    waiting: int
    refused: dict[str, int] = field(default_factory=dict)  # cannot be scored, by reason
    dropped: dict[str, int] = field(default_factory=dict)  # could have been, by reason
    coerced: dict[str, int] = field(default_factory=dict)  # values that became null or were mended, by field


class Recorder:
    """Records the calls of a host. Any thread may call any of its methods at any time; none of them raises.

    spool : the folder that recorded calls are left in; made if missing
    key : the secret, or the file that holds it: that of the state the calls will be scored with. Without it, the file
        that GAUGER_KEY_FILE names, else the user's own
    verdicts : what ``gauger serve`` publishes; novelty is against the reference words in it
    columns : the column map of records that ``record_log`` takes: a shipped one's name or a TOML file
    limits : bytes and seconds

    A forked child records by itself: what waits in its parent stays its parent's. Making one raises StateError for a
    key that cannot be read.
    """

    def __init__(
        self,
        spool: str | os.PathLike[str],
        *,
        key: Secret | str | os.PathLike[str] | None = None,
        verdicts: str | os.PathLike[str] | None = None,
        columns: str | None = None,
        settings: Settings | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._limits = limits or Limits()
        places = (None if place is None else str(Path(place).absolute()) for place in (spool, verdicts))
        folder, published = places
        named = str(Path(columns).absolute()) if columns is not None and Path(columns).is_file() else columns
        task = Task(str(folder), settings or Settings(), self._limits, named, published)
        self._apart = Apart(task, secret_of(key))
        self._closed = False
        self._start_over()
        _ALL.add(self)
        atexit.register(_close, weakref.ref(self))
        util.register_after_fork(self, _close_at_the_end)

    def _start_over(self) -> None:
        """As new: at first, and in a forked child, where neither threads nor locks of the parent mean anything."""
        self._lock = threading.RLock()
        self._wake, self._hurry = threading.Event(), threading.Event()  # something waits; it should not wait longer
        self._done = threading.Condition(self._lock)
        self._waiting: list[tuple[Any, int]] = []
        self._bytes = 0
        self._offered = self._recorded = self._taken = 0
        self._refused: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()
        self._coerced: Counter[str] = Counter()
        self._thread: threading.Thread | None = None
        self._apart.start_over()

    def record(self, call: Mapping[str, Any]) -> None:
        """Take in a call: its fields under canonical names, of any type; a chat as ``messages``. A few microseconds."""
        self._offer(take, call)

    def record_log(
        self, record: Mapping[str, Any] | bytes, beside: Mapping[str, Any] | None = None, under: str | None = None
    ) -> None:
        """Take in a record of a log, as JSON or an object: ``columns`` say where its call is.

        beside : fields that the host vouches for; they count where the record has others of these names
        under : a field that the whole record becomes the value of, so that nothing a client wrote stands beside them
        """
        self._offer(take_record, record, beside, under)

    def _offer(self, take: Callable[..., tuple[Any, int]], *given: Any) -> None:
        try:
            taken = take(*given)
        except KeyboardInterrupt:
            raise
        except BaseException:  # no mapping, or one whose own code fails or exits: a host must not notice
            taken = None
        with self._lock:
            self._offered += 1
            if taken is None:
                self._refused["not a mapping"] += 1
            elif self._closed:
                self._dropped["closed"] += 1
            elif taken[1] > self._limits.call_bytes:
                self._dropped["call too large"] += 1
            elif self._bytes + taken[1] > self._limits.queue_bytes:
                self._dropped["queue full"] += 1
            else:
                self._waiting.append(taken)
                self._bytes += taken[1]
                if self._thread is None:
                    self._start()
                if len(self._waiting) == 1:
                    self._wake.set()
                if self._bytes > self._limits.queue_bytes // 2:
                    self._hurry.set()

    def _start(self) -> None:
        try:
            self._thread = threading.Thread(target=self._run, name="gauger recorder", daemon=True)
            self._thread.start()
        except RuntimeError:  # no thread to be had, now or any more: the queue fills, and that is counted
            self._thread = None

    def _run(self) -> None:
        """The background thread."""
        while not self._closed:
            self._wake.wait()
            self._wake.clear()
            self._hurry.wait(self._limits.flush_seconds)  # for others, so that they are measured together
            self._hurry.clear()
            if not self._closed:
                self._drain()

    def _drain(self) -> None:
        """Hand over all that waits now; what comes meanwhile waits for others: few at a time cost ten times as much."""
        left = len(self._waiting)
        while left > 0:
            with self._lock:
                calls = self._waiting[: min(left, _SLICE)]
                del self._waiting[: len(calls)]
                self._taken = len(calls)
                self._bytes -= sum(size for _, size in calls)
            left -= len(calls)
            self._hand_over([call for call, _ in calls])
        with self._lock:
            if self._waiting:
                self._wake.set()
            self._done.notify_all()

    def _hand_over(self, calls: list[Any]) -> None:
        try:
            became = self._apart.write(calls, self._record())
        except Exception as error:  # nobody foresaw it; it may be the memory that is full
            error.__traceback__ = None  # its frames hold prompts
            with self._lock:
                self._dropped[f"unexpected {type(error).__name__}"] += self._taken
                self._taken = 0
            _LOG.warning("gauger recorder: unexpected %s", type(error).__name__)
            return
        with self._lock:
            self._offered += became.more
            self._recorded += became.recorded
            self._refused.update(became.refused)
            self._dropped.update(became.dropped)
            self._coerced.update(became.coerced)
            self._taken = 0

    @property
    def counts(self) -> Counts:
        """What became of the calls so far."""
        with self._lock:
            waiting = len(self._waiting) + self._taken
            tables = (dict(self._refused), dict(self._dropped), dict(self._coerced))
            return Counts(self._offered, self._recorded, waiting, *tables)

    def _record(self) -> dict[str, Any]:
        return vars(self.counts)

    def flush(self, seconds: float = 10.0) -> bool:
        """Wait until what was offered so far is in the spool, at most so many seconds; whether nothing waits."""
        deadline = time.monotonic() + seconds
        with self._lock:
            self._hurry.set()
            self._wake.set()
            return self._done.wait_for(lambda: self.counts.waiting == 0, max(0.0, deadline - time.monotonic()))

    def close(self, seconds: float = _CLOSE_SECONDS) -> None:
        """Hand over what waits, for at most so many seconds. Later calls are dropped."""
        deadline = time.monotonic() + seconds
        with self._lock:
            if self._closed:
                return
            self._closed, thread = True, self._thread
            self._apart.deadline = deadline
            self._hurry.set()
            self._wake.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(seconds)
        if thread is None or not thread.is_alive():
            while self._waiting and time.monotonic() < deadline:
                with self._lock:
                    calls, self._waiting = self._waiting[:_SLICE], self._waiting[_SLICE:]
                    self._taken = len(calls)
                self._hand_over([call for call, _ in calls])
        with self._lock:
            if self._waiting:
                self._dropped["closed"] += len(self._waiting)
            self._waiting, self._bytes = [], 0
        if thread is None or not thread.is_alive():
            self._apart.complete(self._record())

    def __repr__(self) -> str:
        return f"Recorder({self.counts})"

    def __reduce__(self) -> str:
        raise TypeError("a Recorder holds a key and a thread and is never pickled: make one there")


_ALL: weakref.WeakSet[Recorder] = weakref.WeakSet()


def _close(found: weakref.ref[Recorder]) -> None:
    if (recorder := found()) is not None:
        recorder.close()


def _close_at_the_end(recorder: Recorder) -> None:
    """In a child of ``multiprocessing``, which ends without ``atexit``."""
    util.Finalize(None, _close, args=(weakref.ref(recorder),), exitpriority=10)


def _after_fork() -> None:
    for recorder in list(_ALL):
        recorder._start_over()


os.register_at_fork(after_in_child=_after_fork)
