"""A long stream through one process: what its memory does, what a call costs in all, and how fast it can go."""

import os
import random
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.hosts import traffic
from bench.hosts.request import cpu_us, measurers
from gauger.engine.common.secret import Secret
from gauger.host import Recorder
from gauger.host.limits import Limits

_DISTINCT, _AT_ONCE = 20_000, 1_000


def rss(process: int) -> int:
    """Bytes of memory a process has of its own."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))


def measure(calls: int) -> dict[str, Any]:
    """calls : recorded, as fast as they are taken in"""
    chance = random.Random(4)
    given = [traffic.call(chance) for _ in range(_DISTINCT)]
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_RUNTIME_DIR"] = name
        recorder = Recorder(Path(name) / "spool", key=Secret.random(), limits=Limits(spool_bytes=1 << 40))
        for call in given:
            recorder.record(call)
        recorder.flush(120)
        (helper,) = measurers(Path(name))
        start, before = time.monotonic(), (cpu_us(os.getpid()), cpu_us(helper))
        own, other = [rss(os.getpid())], [rss(helper)]
        for first in range(0, calls, _AT_ONCE):
            for number in range(first, first + _AT_ONCE):
                recorder.record(given[number % _DISTINCT])
            while recorder.counts.waiting > 10 * _AT_ONCE:
                time.sleep(0.005)
            if first % (calls // 10) < _AT_ONCE:
                own.append(rss(os.getpid()))
                other.append(rss(helper))
                for file in (Path(name) / "spool").glob("*.segment"):
                    file.unlink()
        recorder.flush(120)
        seconds, counts = time.monotonic() - start, recorder.counts
        spent = (cpu_us(os.getpid()) - before[0]) / calls, (cpu_us(helper) - before[1]) / calls
        recorder.close()
    return {
        "calls": calls,
        "recorded": counts.recorded,
        "calls_per_second": round(calls / seconds),
        "host_cpu_us": round(spent[0], 2),
        "measuring_cpu_us": round(spent[1], 2),
        "host_mib": [round(value / 2**20, 1) for value in own],
        "measuring_mib": [round(value / 2**20, 1) for value in other],
    }
