"""Hostile calls through a recorder: what raised into the host, and which calls were lost to others' values.

Every call has an account of its own, which has to be found in the spool; all offered have to be accounted for.
"""

import os
import random
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.hosts import hostile
from gauger.engine.common.secret import Secret
from gauger.engine.segments.spool import SpoolReader
from gauger.host import Recorder
from gauger.host.limits import Limits
from gauger.host.recorder import Counts

_BLOCK, _EXAMPLES = 1_000, 5


def measure(calls: int, seed: int = 1) -> dict[str, Any]:
    """calls : how many are recorded"""
    chance, secret = random.Random(seed), Secret.random()
    escaped: list[str] = []
    lost: list[int] = []
    unbalanced, start = 0, time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_RUNTIME_DIR"] = name
        spool = Path(name) / "spool"
        recorder = Recorder(spool, key=secret, limits=Limits(segment_seconds=5.0, queue_bytes=1 << 30))
        for first in range(0, calls, _BLOCK):
            numbers = range(first, min(first + _BLOCK, calls))
            for number in numbers:
                given = hostile.call(chance, number)
                try:
                    recorder.record(given)
                except BaseException as error:  # what a host would see
                    escaped.append(f"{number}: {type(error).__name__}")
            assert recorder.flush(120)
            unbalanced += not _is_balanced(recorder.counts)
            found = _accounts(spool, secret)
            lost += [number for number in numbers if f"hostile-{number}" not in found]
        counts = recorder.counts
        recorder.close(30)
    return {
        "calls": calls,
        "seconds": round(time.monotonic() - start),
        "recorded": counts.recorded,
        "refused": counts.refused,
        "dropped": counts.dropped,
        "coerced": sum(counts.coerced.values()),
        "escaped": len(escaped),
        "lost": len(lost),
        "unbalanced": unbalanced,
        "examples": {"escaped": escaped[:_EXAMPLES], "lost": lost[:_EXAMPLES]},
    }


def _is_balanced(counts: Counts) -> bool:
    told = counts.recorded + sum(counts.refused.values()) + sum(counts.dropped.values()) + counts.waiting
    return counts.offered == told


def _accounts(spool: Path, secret: Secret) -> set[str]:
    """The accounts in a spool; complete files are removed."""
    found: set[str] = set()
    for path in sorted(spool.glob("*.*")):
        try:
            pieces = list(SpoolReader(path, secret).calls())
        except FileNotFoundError:  # completed just now
            return found | _accounts(spool, secret)
        for piece in pieces:
            if piece.batch is not None:
                found.update(piece.batch.account_ids.dictionary.to_pylist())
        if path.suffix == ".segment":
            path.unlink()
    return found
