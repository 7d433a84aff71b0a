"""The streaming table: time of a call alone and in batches, memory under an endless stream, agreement with itself.

Run as ``python -m bench.families.streaming``. Signatures of real prompts where the corpora are there, else drawn ones.
"""

from __future__ import annotations

import json
import resource
import time
from dataclasses import asdict, dataclass

import numpy as np

from bench.families.near_duplicates import read, sign
from bench.world.corpora import corpora_directory
from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import Settings
from gauger.engine.families.known import KnownFamilies
from gauger.engine.intake.measuring import Measures
from gauger.engine.intake.parts import MEASURE_ROWS
from gauger.engine.serving.streaming import StreamingFamilies
from gauger.kernels.sketches import minhash
from gauger.kernels.warm import warmup

ENDLESS = 50_000_000


@dataclass(frozen=True)
class Alone:
    """Calls assigned, or checked, one at a time; the table is full."""

    what: str
    calls: int
    p50_us: float
    p99_us: float


@dataclass(frozen=True)
class Stream:
    """A stream of calls in batches of MEASURE_ROWS."""

    what: str
    calls: int
    microseconds_per_call: float
    table_bytes: int
    resident_growth_bytes: int  # of the process, after the first tenth of the stream
    assigned: int
    started: int
    evicted_candidates: int


def measures_of(signatures: np.ndarray, random: np.random.Generator) -> Measures:
    """Measured calls of given signatures, every one another prompt of fifty words."""
    count, nothing = len(signatures), np.zeros(0, np.int8)
    hashes = random.integers(0, 2**64, (count, 2), np.uint64)
    words = np.full(count, 50, np.int32)
    offsets = np.zeros(count + 1, np.int64)
    return Measures(
        hashes, words, signatures, nothing, np.zeros(count, np.float32), nothing, offsets, np.zeros(0, np.uint32)
    )


def _resident() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def endless(table: StreamingFamilies, calls: int, random: np.random.Generator) -> Stream:
    """A stream of signatures like nothing else."""
    taken, early = 0.0, 0
    for start in range(0, calls, MEASURE_ROWS):
        batch = measures_of(random.integers(0, 256, (MEASURE_ROWS, minhash.SLOTS), np.uint8), random)
        none = np.zeros(MEASURE_ROWS, np.int64)
        began = time.perf_counter()
        table.assign(batch, none, 0)
        taken += time.perf_counter() - began
        if start <= calls // 10:
            early = _resident()
    return _stream("prompts like no other", table, calls, taken, _resident() - early)


def real(table: StreamingFamilies, signatures: np.ndarray, random: np.random.Generator) -> Stream:
    """Real prompts, in no order."""
    taken, before = 0.0, _resident()
    for rows in np.array_split(random.permutation(len(signatures)), max(1, len(signatures) // MEASURE_ROWS)):
        batch, none = measures_of(signatures[rows], random), np.zeros(len(rows), np.int64)
        began = time.perf_counter()
        table.assign(batch, none, 0)
        taken += time.perf_counter() - began
    return _stream("real prompts", table, len(signatures), taken, _resident() - before)


def _stream(what: str, table: StreamingFamilies, calls: int, taken: float, growth: int) -> Stream:
    counts = table.counts()
    return Stream(
        what, calls, 1e6 * taken / calls, int(table.held()["bytes"]), growth, counts.assigned, counts.started,
        counts.evicted_candidates,
    )  # fmt: skip


def alone(table: StreamingFamilies, signatures: np.ndarray, random: np.random.Generator) -> list[Alone]:
    """One call after another: assigned, then checked."""
    whole = measures_of(signatures, random)
    calls = [
        whole._replace(
            prompt_hashes=whole.prompt_hashes[row : row + 1],
            words=whole.words[:1],
            signatures=signatures[row : row + 1],
        )
        for row in range(len(signatures))
    ]
    none, rows = np.zeros(1, np.int64), []
    for what in ("assigned", "checked"):
        times = np.empty(len(calls))
        for at, call in enumerate(calls):
            began = time.perf_counter()
            _ = table.assign(call, none, 0) if what == "assigned" else table.find(call)
            times[at] = time.perf_counter() - began
        rows.append(Alone(what, len(calls), *(1e6 * np.percentile(times, [50, 99])).tolist()))
    return rows


def measure(share: float = 1.0, seed: int = 1) -> list[dict[str, object]]:
    """All of it, at a share of the full number of calls."""
    warmup()
    random, corpora = np.random.default_rng(seed), corpora_directory()
    if corpora is None:
        print("streaming: the shared corpora are missing (set GAUGER_CORPORA): drawn signatures only")
        signatures = random.integers(0, 256, (int(share * 100_000), minhash.SLOTS), np.uint8)
    else:
        signatures = sign(list(read(corpora, min(1.0, share), random)), Secret.random().key)
    table = StreamingFamilies(KnownFamilies(), Settings())
    rows: list[Stream | Alone] = [real(table, signatures, random)]
    chosen = signatures[random.permutation(len(signatures))[:20_000]]
    rows += alone(table, chosen, random)
    rows.append(endless(StreamingFamilies(KnownFamilies(), Settings()), int(share * ENDLESS), random))
    return [asdict(row) for row in rows]


if __name__ == "__main__":
    for figures in measure():
        print(json.dumps(figures))
