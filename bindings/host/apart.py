"""Measuring apart: a host hands its calls to a process that measures them, one for all workers of a machine.

In the host's own process the interpreter's lock would pass between its threads at every step of measuring, which costs
a request five times what the measuring does. Apart, a host loads neither Arrow nor Numba, and nothing that measures can
bring it down. The process is started by the first worker that finds none, and ends when the last one is gone.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import pickle
import socket
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from gauger.engine.common.private import opener
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import Settings
from gauger.host.connection import Became, is_own, receive, send
from gauger.host.copies import own_folder
from gauger.host.limits import Limits

_LOG = logging.getLogger("gauger.host")
_START_SECONDS = 600.0  # to load the kernels, or compile them where there is no cache
_REPLY_SECONDS = 60.0
_PAUSE_SECONDS, _RETRY_SECONDS = 0.05, 10.0
READY = b"ready\n"


@dataclass(frozen=True)
class Task:
    """What a measuring process is told when it starts."""

    spool: str
    settings: Settings
    limits: Limits
    columns: str | None
    verdicts: str | None

    @property
    def name(self) -> str:
        """What its socket is called: workers that want the same share one."""
        return hashlib.blake2b(orjson.dumps(asdict(self)), digest_size=6).hexdigest()


class Apart:
    """The other side of one recorder. Used by one thread."""

    def __init__(self, task: Task, secret: Secret) -> None:
        self._task, self._secret = task, secret
        self._name = f"{task.name}-{secret.key_id[:8]}.socket"  # not in the spool, whose path may be too long
        self._socket: socket.socket | None = None
        self.start_over()

    def start_over(self) -> None:
        """As new; after a fork the connection is the parent's."""
        self._leave()
        self.deadline = float("inf")  # monotonic, until when there is time
        self._not_before = 0.0  # monotonic, when a process that failed is started again
        self._problem = "no measuring process"

    def _leave(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket, self._answered = None, False

    def write(self, taken: list[Any], counts: dict[str, Any]) -> Became:
        """Have calls measured and written; counts : what became of all before them."""
        for last in (False, True):
            try:
                connection = self._connected()
            except OSError as error:
                return _dropped(len(taken), f"{self._problem} ({os.strerror(error.errno or 0)})")
            if connection is None:
                return _dropped(len(taken), self._problem)
            fresh = not self._answered
            try:
                send(connection, (taken, counts))
                found: Became = receive(connection)
                self._answered = True
                return found
            except TimeoutError:  # it may have them: asked again they could be written twice
                self._leave()
                return _dropped(len(taken), "the measuring process did not answer")
            except (OSError, EOFError, pickle.UnpicklingError):
                self._leave()
                if last or not fresh:  # else it was leaving when we came, and took nothing
                    break
        return _dropped(len(taken), "the measuring process ended")

    def _connected(self) -> socket.socket | None:
        """The connection; a process is started where there is none. None where there is none in time."""
        until = min(self.deadline, time.monotonic() + _START_SECONDS)
        while self._socket is None:
            self._socket = self._connect()
            if self._socket is None:
                if time.monotonic() < self._not_before:
                    return None
                self._start()
                if time.monotonic() > until:
                    return None
                time.sleep(_PAUSE_SECONDS)
        return self._socket

    def _connect(self) -> socket.socket | None:
        found = socket.socket(socket.AF_UNIX)
        try:
            found.settimeout(_REPLY_SECONDS)
            found.connect(str(own_folder() / self._name))
            if is_own(found):
                return found
        except OSError:
            pass
        found.close()
        return None

    def _start(self) -> None:
        """Start a process and wait until it is ready, unless another worker does so just now.

        The lock goes with the process: as long as it lives nobody starts another. Raises OSError.
        """
        place = own_folder() / self._name
        with open(place.with_suffix(".lock"), "ab", opener=opener) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            process = subprocess.Popen(
                [sys.executable, "-m", "gauger.host.measurer", str(place)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=[lock.fileno()],
                start_new_session=True,
                cwd="/",
            )
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(OSError), process.stdin as given:
            given.write(orjson.dumps({**asdict(self._task), "key": self._secret.handed_over()}))
        with process.stdout as told:
            said = told.readline()
        process.wait()  # it left its work to a child of its own
        if said != READY:
            self._problem = f"cannot measure: {said.decode(errors='replace').strip() or 'the process ended'}"
            self._not_before = time.monotonic() + _RETRY_SECONDS
            _LOG.warning("gauger recorder: %s", self._problem)

    def complete(self, counts: dict[str, Any]) -> None:
        """Say what became of all calls, and leave."""
        if self._socket is not None:
            with suppress(OSError, EOFError):
                send(self._socket, ([], counts))
                receive(self._socket)
        self._leave()


def _dropped(calls: int, reason: str) -> Became:
    return Became(dropped=Counter({reason: calls}))
