"""How late an event loop is over a long time: the server of ``request``, bare and with gauger, at a steady rate.

Both are asked at once, each by a client of its own, and verdicts are published anew every few seconds. What a loop
waits for a core is taken off.
"""

import random
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench.hosts import traffic
from bench.hosts.latency import published
from bench.hosts.request import Server, prepared
from gauger.engine.common.secret import Secret

_ACCOUNTS, _BODIES, _PUBLISH_SECONDS, _ASK_SECONDS = 100_000, 2_000, 20.0, 10.0


def _ask(server: Server, bodies: list[bytes], rate: float, until: float, late: list[dict[str, float]]) -> None:
    """Ask at a rate until a time, and how late the loop was every few seconds."""
    each, told = max(1, round(rate / 20)), time.monotonic()
    place = 0
    while time.monotonic() < until:
        begun = time.monotonic()
        server.ask([bodies[(place + one) % len(bodies)] for one in range(each)])
        place += each
        if begun - told > _ASK_SECONDS:
            late.append(server.gaps())
            told = begun
        time.sleep(max(0.0, begun + each / rate - time.monotonic()))


def measure(minutes: float, rate: float = 100.0) -> dict[str, Any]:
    """rate : requests a second to either server"""
    chance = random.Random(3)
    bodies = [traffic.body(chance) for _ in range(_BODIES)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = prepared(folder, _ACCOUNTS)
        secret = Secret.from_file(folder / "key")
        servers = {"bare": Server({}), "gauger": Server(environment)}
        for server in servers.values():
            server.ask(bodies[:500])
            server.gaps()
        late: dict[str, list[dict[str, float]]] = {kind: [] for kind in servers}
        until, swaps = time.monotonic() + 60 * minutes, 0
        clients = [
            threading.Thread(target=_ask, args=(server, bodies, rate, until, late[kind]))
            for kind, server in servers.items()
        ]
        for client in clients:
            client.start()
        while time.monotonic() < until:
            published(folder / "verdicts", secret, _ACCOUNTS)
            swaps += 1
            time.sleep(_PUBLISH_SECONDS)
        for client in clients:
            client.join()
        for server in servers.values():
            server.stop()
    found = {kind: _said(spans) for kind, spans in late.items()}
    return {"minutes": minutes, "requests_per_second": rate, "swaps": swaps, "late_ms": found}


def _said(spans: list[dict[str, float]]) -> dict[str, float]:
    """Of the worst of each span of ten seconds: the middle, the 99 % and the largest."""
    worst = [span["max"] for span in spans]
    names = ("median_worst", "p99_worst", "max")
    return {name: round(float(np.percentile(worst, at)), 2) for name, at in zip(names, (50, 99, 100), strict=True)}
