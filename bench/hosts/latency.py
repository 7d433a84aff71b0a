"""What a call waits for on its own thread: ``record`` and ``Verdicts.of``, in CPU time of that thread."""

import random
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.hosts import traffic
from gauger.engine.common.secret import Secret
from gauger.engine.serving.published import publish, sorted_accounts
from gauger.host import Recorder, Verdicts
from gauger.host.limits import Limits

_CALLS, _ASKED = 50_000, 300_000


def quantiles(work: Callable[[Any], object], given: Sequence[Any]) -> dict[str, float]:
    """CPU time of each piece of work, in microseconds."""
    clock, found = time.thread_time_ns, []
    for one in given:
        start = clock()
        work(one)
        found.append(clock() - start)
    values = np.asarray(found) / 1e3
    return {f"p{share:g}": round(float(np.percentile(values, share)), 2) for share in (50, 99, 99.9)}


def published(path: Path, secret: Secret, accounts: int) -> list[str]:
    """Verdicts on so many accounts, one in a hundred of them in a finding; their ids."""
    names = [f"account-{number:09d}" for number in range(accounts)]
    numbers = np.arange(accounts)
    arrays = sorted_accounts(secret, names, numbers % 100 - 99, np.full(accounts, 1.0), numbers % 997 == 0)
    nothing = {"link": np.uint64, "prompt": np.uint64}
    arrays |= {f"{name}_hashes": np.zeros(0, kind) for name, kind in nothing.items()}
    arrays |= {f"{name}_finding": np.zeros(0, np.int32) for name in ("link", "prompt", "frame")}
    finding = {"campaign_id": 1, "assessment": "campaign", "probability": 0.9, "evidence": 300.0, "accounts": 1}
    head = {"findings": [{**finding, "calls": 1, "explanation": "new population"}], "as_of": time.time()}
    publish(path, head | {"expires": time.time() + 9e5, "gram_width": 5}, arrays, secret)
    return names


def measure(accounts: int) -> dict[str, Any]:
    """accounts : that are published"""
    chance = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        secret, path = Secret.random(), Path(folder) / "verdicts"
        names = published(path, secret, accounts)
        size = path.stat().st_size
        verdicts = Verdicts.open(path, key=secret)
        asked = [(names[chance.randrange(accounts)], "10.0.0.1") for _ in range(_ASKED)]
        known = quantiles(lambda one: verdicts.of(*one), asked)
        new = quantiles(lambda one: verdicts.of(*one), [(f"x{name}", address) for name, address in asked[:50_000]])
        del names, asked
        recorder = Recorder(Path(folder) / "spool", key=secret, limits=Limits(queue_bytes=1 << 30))
        calls = [traffic.call(chance) for _ in range(_CALLS)]
        recorded = quantiles(recorder.record, calls)
        recorder.close(60)
    return {
        "accounts": accounts,
        "file_bytes": size,
        "verdict_us": known,
        "verdict_new_us": new,
        "record_us": recorded,
    }
