"""A large day out of a spool: what ``gauger serve`` starts when the day is over, with what it takes.

The calls of a log are recorded in frames of a busy worker, then scored against a reference.
"""

import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq

from bench.days.large_run import make_state, sampled
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import Settings
from gauger.host.limits import Limits
from gauger.host.spooling import Spooling
from gauger.host.taking import take

_FRAME = 1_000  # calls a frame: what a busy worker has in half a second
_MEMORY = "12GiB"


def measure(log: Path, reference: Path) -> dict[str, Any]:
    """log, reference : what ``bench.days.large`` made"""
    workers = os.cpu_count() or 1
    with tempfile.TemporaryDirectory(dir=log.parent) as name:
        folder = Path(name)
        make_state(reference, folder / "state", folder, workers)
        paths = sorted((log / "day").rglob("*.parquet"))
        with ProcessPoolExecutor(workers) as pool:
            given = [(folder, paths[number::workers]) for number in range(workers)]
            calls, spent = map(sum, zip(*pool.map(_recorded, given), strict=True))
        size = sum(path.stat().st_size for path in (folder / "spool").glob("*.segment"))
        places = ["--state", str(folder / "state"), "--out", str(folder / "out"), "--work", str(folder / "work")]
        words = [sys.executable, "-m", "gauger", "score", str(folder / "spool"), "--recorded", "--memory", _MEMORY]
        cost = sampled([*words, *places], folder / "said", folder / "work")
        assert cost.exit_code == 0, (folder / "said").read_text()[-2_000:]
        manifest = orjson.loads((folder / "out" / "manifest.json").read_bytes())
    return {
        "calls": calls,
        "measuring_cpu_us": round(1e6 * spent / calls, 1),
        "spool_bytes_a_call": round(size / calls),
        "memory_given": _MEMORY,
        "cost": asdict(cost),
        **{name: manifest[name] for name in ("scored", "accounts", "flagged_accounts", "findings")},
    }


def _recorded(given: tuple[Path, list[Path]]) -> tuple[int, float]:
    """Record the calls of some files of a log; how many, and the processor's seconds."""
    folder, paths = given
    limits = Limits(spool_bytes=1 << 40)  # nobody takes its files away meanwhile
    files = Spooling(folder / "spool", Secret.from_file(folder / "state" / "key"), Settings(), limits)
    calls, spent = 0, 0.0
    for path in paths:
        for batch in pq.ParquetFile(path).iter_batches(_FRAME):
            taken = [take(row)[0] for row in batch.to_pylist()]
            start = time.thread_time()
            found = files.write(taken)
            files.rotate()
            spent += time.thread_time() - start
            assert not found.dropped, found
            calls += found.recorded
    files.complete({})
    return calls, spent
