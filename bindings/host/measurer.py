"""The process that measures for the recorders of a machine: ``python -m gauger.host.measurer SOCKET``.

It is started by ``apart``, is given its task on standard input, and says on standard output when it is ready, or why it
cannot be. It ends a few seconds after the last recorder has left, or when it is told to.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import sys
import time
from collections import Counter
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from gauger.boundary import explained
from gauger.engine.common.errors import GaugerError
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import Settings
from gauger.host.apart import READY
from gauger.host.connection import Became, is_own, receive, send
from gauger.host.limits import Limits
from gauger.host.reference_words import ReferenceWords
from gauger.host.spooling import Spooling
from gauger.logs.columns import load_column_map

_LINGER_SECONDS = 5.0
_TICK_SECONDS = 0.5
_BACKLOG = 128
_STUCK_SECONDS = 10.0  # a recorder that does not go on sending is left


class Measurer:
    """Takes calls of many recorders, one message at a time."""

    def __init__(self, place: Path, given: dict[str, Any]) -> None:
        settings = Settings(**{**given["settings"], "neighbours": tuple(given["settings"]["neighbours"])})
        self._limits = Limits(**given["limits"])
        secret, columns, verdicts = Secret.from_hex(given["key"]), given["columns"], given["verdicts"]
        column_map = None if columns is None else load_column_map(columns)
        words = None if verdicts is None else ReferenceWords(Path(verdicts), secret)
        self._spooling = Spooling(Path(given["spool"]), secret, settings, self._limits, column_map, words)
        self._spooling.warm()
        self._counts: dict[int, dict[str, Any]] = {}  # of each connection
        self._gone: dict[str, Any] = {}  # of those that left
        self._stopping = False
        place.unlink(missing_ok=True)
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(place))
        self._door.listen(_BACKLOG)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._door, selectors.EVENT_READ, self._accept)

    def stop(self, *_: Any) -> None:
        """Take nothing more, once what is here is written."""
        self._stopping = True

    def run(self) -> None:
        """Go on until nobody is left."""
        alone_since = time.monotonic()
        while not self._stopping:
            for key, _ in self._selector.select(_TICK_SECONDS):
                key.data()
            if self._counts:
                alone_since = time.monotonic()
            elif time.monotonic() - alone_since > _LINGER_SECONDS:
                break
            if (due := self._spooling.due()) is not None and due < 2 * _TICK_SECONDS:
                self._spooling.note(self._total())
        for key, _ in self._selector.select(0):  # what was sent before it was told
            if key.fileobj is not self._door:
                key.data()
        self._spooling.complete(self._total())

    def _accept(self) -> None:
        with suppress(OSError):
            found, _ = self._door.accept()
            if is_own(found):
                found.settimeout(_STUCK_SECONDS)
                self._selector.register(found, selectors.EVENT_READ, partial(self._serve, found))
                self._counts[found.fileno()] = {}
            else:
                found.close()

    def _serve(self, found: socket.socket) -> None:
        """One message of a recorder. Whatever it holds, the others go on."""
        try:
            taken, counts = receive(found)
            send(found, self._written(taken))
            self._counts[found.fileno()] = counts
            self._spooling.note(self._total())
        except Exception:  # it is gone, or says what is no message
            self._gone = _added(self._gone, self._counts.pop(found.fileno(), {}))
            self._selector.unregister(found)
            found.close()

    def _written(self, taken: list[Any]) -> Became:
        try:
            return self._spooling.write(taken)
        except Exception as error:  # nobody foresaw it; it may be the memory that is full
            return Became(dropped=Counter({f"unexpected {type(error).__name__}": len(taken)}))

    def _total(self) -> dict[str, Any]:
        """What became of the calls of all recorders."""
        total = self._gone
        for counts in self._counts.values():
            total = _added(total, counts)
        return {**total, "waiting": 0, "at": time.time()}


def _added(left: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    """Counts of both, entry by entry."""
    found = dict(left)
    for name, value in right.items():
        if isinstance(value, dict):
            found[name] = _added(found.get(name, {}), value)
        elif name != "at":
            found[name] = found.get(name, 0) + value
    return found


def main() -> None:
    """The process."""
    if os.fork():  # whoever started it is no parent of what goes on: it need not wait for its end
        os._exit(0)
    os.umask(0o077)
    place = Path(sys.argv[1])
    try:
        found = Measurer(place, orjson.loads(sys.stdin.buffer.read()))
    except (GaugerError, OSError) as error:
        print(explained(error).message, flush=True)
        return
    signal.signal(signal.SIGTERM, found.stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.write(sys.stdout.fileno(), READY)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    try:
        found.run()
    finally:
        place.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
